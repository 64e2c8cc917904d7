"""An SVG file, read with care: a drawing and nothing that runs or fetches, without what nobody sees."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from ..core.errors import BadInput

SVG = "{http://www.w3.org/2000/svg}"
FORBIDDEN = {"script", "foreignObject", "iframe", "animate", "set", "handler"}
GONE = {"metadata"}
COORDINATES = {"d", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy"}
FETCHES = re.compile(r"url\(\s*['\"]?(?!#)", re.IGNORECASE)
DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def read(path: Path) -> ET.Element:
    """Return the root, without namespaces, metadata, and digits that nobody sees. BadInput says what is wrong."""
    try:
        root = ET.fromstring(path.read_bytes())
    except ET.ParseError as error:
        line, column = error.position
        raise BadInput(
            f"{path}:{line}:{column + 1}: a broken SVG: {error.msg}",
            "the file as it was drawn",
            [
                f"git diff --stat -- {path}   # whether it was changed",
                f"scripts/record.sh {path.parent.name[:2]}   # draws it anew",
            ],
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


def size(root: ET.Element) -> tuple[float, float]:
    """Return width and height of a drawing that was read."""
    *_, across, down = (float(number) for number in re.split(r"[\s,]+", root.get("viewBox", "").strip()))
    return across, down


def _clean(element: ET.Element, path: Path) -> None:
    """Refuse what runs or fetches, and drop what is no part of the drawing."""
    element.tag = element.tag.removeprefix(SVG)
    if element.tag in FORBIDDEN or "}" in element.tag:
        raise BadInput(f"{path}: holds <{element.tag.rpartition('}')[2]}>", "a drawing and nothing that runs")
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        name = name.rpartition("}")[2]
        element.set(name, _attribute(element.tag, name, value, path))
    text = element.text or ""
    if (element.tag == "style" and re.search(r"@import|<", text)) or FETCHES.search(text):
        raise BadInput(f"{path}: its style fetches something", "a drawing that stands alone")
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.removeprefix(SVG) in GONE:
            element.remove(child)
        elif child.tag.startswith("{") and not child.tag.startswith(SVG):
            element.remove(child)  # notes that an editor left for itself
        else:
            _clean(child, path)


def _attribute(tag: str, name: str, value: str, path: Path) -> str:
    """Return an attribute's value as it may stand in a page."""
    if name.lower().startswith("on") or "javascript:" in value.lower():
        raise BadInput(f"{path}: <{tag} {name}=…> runs a program", "a drawing and nothing that runs")
    if FETCHES.search(value):
        raise BadInput(f"{path}: <{tag} {name}=…> fetches something", "a drawing that stands alone")
    if name == "href" and not value.startswith(("#", "data:image/png;base64,")):
        raise BadInput(f"{path}: <{tag}> points to {value[:60]!r}", "a drawing that stands alone")
    if name in COORDINATES:
        return DECIMALS.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value)
    return value
