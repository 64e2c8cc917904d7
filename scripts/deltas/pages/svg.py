"""Two SVG files, one for each theme → one drawing that carries both palettes and can stand inside a page.

Where the two differ in colours, the drawing says `light-dark(…)` and follows the page's `color-scheme`; where they
differ in more, both parts are there and one is masked.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

from ..core.errors import BadInput

SVG = "{http://www.w3.org/2000/svg}"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|rgba?\([^()]*\)|\b(?:white|black)\b")
PAINT = ("fill", "stroke", "stop-color", "color", "flood-color")
FORBIDDEN = {"script", "foreignObject", "iframe", "animate", "set", "handler"}
GONE = {"metadata"}
MASK = "only-"
_ID = re.compile(r"url\(#([^)]+)\)")
_FETCHES = re.compile(r"url\(\s*['\"]?(?!#)", re.IGNORECASE)
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def merged(light: Path, dark: Path | None, prefix: str, title: str, description: str) -> str:
    """The drawing as markup. prefix: what makes its ids its own in a page. BadInput says what is wrong with a file."""
    root = _read(light)
    if dark is not None and dark.exists():
        parts = _both(root, _read(dark))
        if len(parts) == 1:
            root = parts[0]
        else:  # two drawings that have nothing in common
            width, height = _size(root)
            root = ET.Element("svg", {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}"})
            root.extend(parts)
    _dress(root, prefix, title, description)
    ET.indent(root, "")
    return ET.tostring(root, encoding="unicode", short_empty_elements=True).replace("\n", "").strip() + "\n"


def alone(markup: str) -> str:
    """The drawing as a file of its own: whoever shows it as an image gives it no stylesheet."""
    head, inner = markup.split(">", 1)
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>svg{{color-scheme:light dark}}</style>{inner}'


def _read(path: Path) -> ET.Element:
    """Without namespaces, metadata, and digits that nobody sees."""
    try:
        root = ET.fromstring(path.read_bytes())
    except ET.ParseError as error:
        line, column = error.position
        raise BadInput(
            f"{path}:{line}:{column + 1}: a broken SVG: {error.msg if hasattr(error, 'msg') else error}",
            "the file as it was drawn",
            [f"git checkout -- {path}", f"scripts/record.sh {path.parent.name[:2]}   # draws it anew"],
        ) from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", "an SVG file") from error
    if root.tag != f"{SVG}svg":
        raise BadInput(f"{path}: its root is {root.tag.rpartition('}')[2]}, not svg", "an SVG file")
    if not root.get("viewBox"):
        width, height = (re.match(r"[\d.]+", root.get(side, "")) for side in ("width", "height"))
        if not (width and height):
            raise BadInput(f"{path}: neither a viewBox nor a size", "an SVG that says how large it is")
        root.set("viewBox", f"0 0 {width[0]} {height[0]}")
    _clean(root, path)
    return root


def _clean(element: ET.Element, path: Path) -> None:
    element.tag = element.tag.removeprefix(SVG)
    if element.tag in FORBIDDEN or "}" in element.tag:
        raise BadInput(f"{path}: holds <{element.tag.rpartition('}')[2]}>", "a drawing and nothing that runs")
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        name = name.rpartition("}")[2]
        if name.lower().startswith("on") or "javascript:" in value.lower():
            raise BadInput(f"{path}: <{element.tag} {name}=…> runs a program", "a drawing and nothing that runs")
        if _FETCHES.search(value):
            raise BadInput(f"{path}: <{element.tag} {name}=…> fetches something", "a drawing that stands alone")
        if name == "href" and not value.startswith(("#", "data:image/png;base64,")):
            raise BadInput(f"{path}: <{element.tag}> points to {value[:60]!r}", "a drawing that stands alone")
        if name in ("d", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy"):
            value = _DECIMALS.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), value)
        element.set(name, value)
    if (element.tag == "style" and re.search(r"@import|<", element.text or "")) or _FETCHES.search(element.text or ""):
        raise BadInput(f"{path}: its style fetches something", "a drawing that stands alone")
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.removeprefix(SVG) in GONE:
            element.remove(child)
        elif child.tag.startswith("{") and not child.tag.startswith(SVG):
            element.remove(child)  # editors' own notes
        else:
            _clean(child, path)


# -- two palettes -----------------------------------------------------------------------------------------------------


def _both(light: ET.Element, dark: ET.Element) -> list[ET.Element]:
    """One element that serves both themes, or one for each."""
    same = (
        light.tag == dark.tag
        and len(light) == len(dark)
        and set(light.attrib) == set(dark.attrib)
        and _alike(light.text, dark.text, light.tag == "style")
    )
    attributes = {}
    if same:
        for name, value in light.attrib.items():
            other = dark.attrib[name]
            if value == other or name == "id":
                attributes[name] = value
            elif name in (*PAINT, "style") and _alike(value, other, True):
                attributes[name] = _paired(value, other)
            else:
                same = False
    if not same:
        return _one_each(light, dark)
    one = ET.Element(light.tag, attributes)
    one.text = _paired(light.text or "", dark.text or "") if light.tag == "style" else light.text
    one.tail = light.tail
    for mine, other in zip(light, dark, strict=True):
        one.extend(_both(mine, other))
    return [one]


def _alike(light: str | None, dark: str | None, coloured: bool) -> bool:
    light, dark = (light or "").strip(), (dark or "").strip()
    return light == dark or (coloured and COLOUR.split(light) == COLOUR.split(dark))


def _paired(light: str, dark: str) -> str:
    """
    >>> _paired("fill: #000000; stroke: #fff", "fill: #eeeeee; stroke: #fff")
    'fill: light-dark(#000000,#eeeeee); stroke: #fff'
    """
    others = iter(COLOUR.findall(dark))

    def pair(found: re.Match[str]) -> str:
        other = next(others)
        return found[0] if found[0] == other else f"light-dark({found[0]},{other})"

    return COLOUR.sub(pair, light)


def _one_each(light: ET.Element, dark: ET.Element) -> list[ET.Element]:
    """Both, each behind a mask that is white in its own theme and black in the other: colours follow the theme, all
    else does not."""
    light, dark = deepcopy(light), deepcopy(dark)
    _rename(dark, lambda name: f"{name}-dark", {each.get("id") for each in dark.iter() if each.get("id")})
    shown = []
    for element, theme in ((light, "light"), (dark, "dark")):
        shown.append(ET.Element("g", {"mask": f"url(#{MASK}{theme})"}))
        shown[-1].append(element)
    return shown


def _masks() -> ET.Element:
    defs = ET.Element("defs")
    everywhere = {"x": "-9999", "y": "-9999", "width": "29999", "height": "29999"}
    for theme, colours in (("light", "#fff,#000"), ("dark", "#000,#fff")):
        mask = ET.SubElement(defs, "mask", {"id": f"{MASK}{theme}", "maskUnits": "userSpaceOnUse", **everywhere})
        ET.SubElement(mask, "rect", {**everywhere, "style": f"fill:light-dark({colours})"})
    return defs


# -- in a page --------------------------------------------------------------------------------------------------------


def _dress(root: ET.Element, prefix: str, title: str, description: str) -> None:
    width, _ = _size(root)
    if any(element.get("mask", "").startswith(f"url(#{MASK}") for element in root.iter()):
        root.append(_masks())
    used = {name for element in root.iter() for name in _references(element)}
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        if "style" in element.attrib:
            element.set("style", _with_fallback(element.get("style")))
        for name in PAINT:  # an attribute cannot say two things
            if "light-dark(" in element.get(name, ""):
                paint = _with_fallback(f"{name}:{element.attrib.pop(name)}")
                element.set("style", f"{paint};{element.get('style', '')}".strip(";"))
        if element.tag == "style":
            element.text = f"#{prefix}{{{' '.join((element.text or '').split())}}}"  # its rules are its own
    _rename(root, lambda name: f"{prefix}-{name}", used)
    for child in [child for child in root if child.tag in ("title", "desc")]:
        root.remove(child)
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{prefix}-{tag}"})
        element.text = text
        root.insert(position, element)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("id", prefix)
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title")
    root.set("aria-describedby", f"{prefix}-desc")
    root.set("class", "d-drawing")
    root.set("style", f"{root.get('style', '')};max-width:{width * 4 / 3:.0f}px".strip(";"))


def _size(root: ET.Element) -> tuple[float, float]:
    *_, width, height = (float(number) for number in re.split(r"[\s,]+", root.get("viewBox").strip()))
    return width, height


def _with_fallback(style: str) -> str:
    """Where a browser doesn't know light-dark(), the light colour before it stays."""
    parts = []
    for part in filter(None, (each.strip() for each in style.split(";"))):
        if "light-dark(" in part:
            parts.append(re.sub(r"light-dark\(((?:[^(),]|\([^()]*\))+),(?:[^(),]|\([^()]*\))+\)", r"\1", part))
        parts.append(part)
    return ";".join(re.sub(r":\s+", ":", part) for part in parts)


def _references(element: ET.Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        yield from _ID.findall(value)
        if name == "href" and value.startswith("#"):
            yield value[1:]
    if element.tag == "style":
        yield from _ID.findall(element.text or "")


def _rename(root: ET.Element, new: Callable[[str], str], which: set[str]) -> None:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id" and value in which:
                value = new(value)
            elif name == "href" and value[1:] in which and value.startswith("#"):
                value = f"#{new(value[1:])}"
            else:
                value = _ID.sub(lambda m: f"url(#{new(m[1]) if m[1] in which else m[1]})", value)
            element.set(name, value)
