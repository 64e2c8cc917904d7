"""SVG files → a drawing that can stand inside a page: with both palettes, a title, and ids of its own.

A drawing is never shown so small that its smallest letters are smaller than LEGIBLE: where its place is narrower, the
place scrolls.
"""

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

from . import palettes, svgfile

if TYPE_CHECKING:  # a verb's --help must not wait for what only its work needs
    from markupsafe import Markup

PAPER = ("#f6f7f9", "#1e2329")  # light, dark: --d-card of deltas.css
LEGIBLE = 10  # CSS pixels
PIXELS = 4 / 3  # to a unit of a drawing, where there is room
COLUMN, TEXT = 560, 16  # a narrow drawing grows to that width, as long as its letters are no larger than the page's
LETTERS = re.compile(r"font(?:-size)?:[^;]*?([\d.]+)(?:px|pt)")


def merged(light: Path, dark: Path | None, prefix: str, title: str, description: str) -> str:
    """Return the drawing as markup. prefix: what makes its ids its own. BadInput says what is wrong with a file."""
    root = svgfile.read(light)
    if dark is not None and dark.exists():
        root = palettes.merged(root, svgfile.read(dark))
    _own_ids(root, prefix)
    _describe(root, prefix, title, description)
    ET.indent(root, "")
    return ET.tostring(root, encoding="unicode", short_empty_elements=True).replace("\n", "").strip() + "\n"


def alone(markup: str) -> str:
    """Return the drawing as a file of its own: whoever shows it as an image gives it no stylesheet.

    It brings its paper. Not every browser tells an image the color scheme of the page, and the drawing has to be
    legible on a ground of the other scheme, too.
    """
    head, inner = markup.split(">", 1)
    light, dark = PAPER
    paper = f"color-scheme:light dark;background:{light};background:light-dark({light},{dark})"
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>svg{{{paper}}}</style>{inner}'


def image(markup: str, source: str, description: str) -> "Markup":
    """Return an image that shows the drawing's file, as large as the drawing itself would be.

    It is loaded when it comes near. The browser knows its size before, so that nothing on the page moves.
    """
    from markupsafe import Markup

    root = ET.fromstring(markup)
    width, height = svgfile.size(root)
    size, style = Markup('width="{:.0f}" height="{:.0f}"').format(width, height), root.get("style", "")
    named = Markup('<img class="d-drawing" src="{}" alt="{}" {} style="{}" loading="lazy" decoding="async">')
    return named.format(source, description, size, style)


def smallest_text(root: ET.Element) -> float | None:
    """Return the size of the smallest letters, in units of the drawing; None for one without text that says its size.

    What scales a part of a drawing is not looked at: matplotlib scales pictures, and no text.
    """
    sizes = []
    for element in root.iter():
        if element.tag.rpartition("}")[2] in ("text", "tspan") and "".join(element.itertext()).strip():
            said = f"{element.get('style', '')};font-size:{element.get('font-size', '')}px"
            sizes += [float(match[1]) for match in [LETTERS.search(said)] if match]
    return min(sizes, default=None)


def widths(root: ET.Element) -> tuple[int, int]:
    """Return how wide a drawing has to be at least to be read, and how wide it is where there is room, in pixels."""
    width, letters = svgfile.size(root)[0], smallest_text(root)
    least = math.ceil(width * LEGIBLE / letters) if letters else 0
    grown = min(COLUMN, width * TEXT / letters) if letters else 0
    return least, round(max(least, width * PIXELS, grown))


def _own_ids(root: ET.Element, prefix: str) -> None:
    """Drop the ids that nobody uses, give the others the prefix, and write colours so that they work in a page."""
    used = {name for element in root.iter() for name in palettes.references(element)}
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        style = element.get("style")
        if style is not None:
            element.set("style", palettes.light_first(style))
        for name in palettes.PAINT:  # an attribute cannot say two things
            if "light-dark(" in element.get(name, ""):
                paint = palettes.light_first(f"{name}:{element.attrib.pop(name)}")
                element.set("style", f"{paint};{element.get('style', '')}".strip(";"))
        if element.tag == "style":
            element.text = f"#{prefix}{{{' '.join((element.text or '').split())}}}"  # its rules are for it alone
    palettes.rename(root, lambda name: f"{prefix}-{name}", used)


def _describe(root: ET.Element, prefix: str, title: str, description: str) -> None:
    """Say what the drawing shows, to those who do not see it, and let it be as wide as its place."""
    for child in [child for child in root if child.tag in ("title", "desc")]:
        root.remove(child)
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{prefix}-{tag}"})
        element.text = text
        root.insert(position, element)
    least, most = widths(root)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {
        "id": prefix,
        "role": "img",
        "aria-labelledby": f"{prefix}-title",
        "aria-describedby": f"{prefix}-desc",
        "class": "d-drawing",
        "style": f"{root.get('style', '')};min-width:{least}px;max-width:{most}px".strip(";"),
    }
