"""Two drawings, one for light pages and one for dark ones → one that carries both palettes.

Where the two differ in colours, the drawing says `light-dark(…)` and follows the page's `color-scheme`; where they
differ in more, both parts are there and one is masked.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from copy import deepcopy

from . import svgfile

COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|rgba?\([^()]*\)|\b(?:white|black)\b")
PAINT = ("fill", "stroke", "stop-color", "color", "flood-color")
MASK = "only-"
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def merged(light: ET.Element, dark: ET.Element) -> ET.Element:
    """Return one drawing that serves both themes."""
    _same_ids(light, dark)
    parts = _both(light, dark)
    if len(parts) == 1:
        root = parts[0]
    else:  # two drawings that have nothing in common
        width, height = svgfile.size(light)
        root = ET.Element("svg", {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}"})
        root.extend(parts)
    if any(element.get("mask", "").startswith(f"url(#{MASK}") for element in root.iter()):
        root.append(_masks())
    return root


def light_first(style: str) -> str:
    """Return the style so that a browser which doesn't know light-dark() shows the light colour.

    >>> light_first("fill: light-dark(#000,#fff); stroke: none")
    'fill:#000;fill:light-dark(#000,#fff);stroke:none'
    """
    parts = []
    for part in filter(None, (text.strip() for text in style.split(";"))):
        if "light-dark(" in part:
            parts.append(re.sub(r"light-dark\(((?:[^(),]|\([^()]*\))+),(?:[^(),]|\([^()]*\))+\)", r"\1", part))
        parts.append(part)
    return ";".join(re.sub(r":\s+", ":", part) for part in parts)


def references(element: ET.Element) -> Iterator[str]:
    """Yield the ids that an element points to."""
    for name, value in element.attrib.items():
        yield from REFERENCE.findall(value)
        if name == "href" and value.startswith("#"):
            yield value[1:]
    if element.tag == "style":
        yield from REFERENCE.findall(element.text or "")


def rename(root: ET.Element, new: Callable[[str], str], which: set[str]) -> None:
    """Give these ids other names, wherever they stand."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id" and value in which:
                value = new(value)
            elif name == "href" and value[1:] in which and value.startswith("#"):
                value = f"#{new(value[1:])}"
            else:
                value = REFERENCE.sub(lambda match: f"url(#{new(match[1]) if match[1] in which else match[1]})", value)
            element.set(name, value)


def _same_ids(light: ET.Element, dark: ET.Element) -> None:
    """Give what has an id in the dark drawing the id that it has in the light one.

    matplotlib names a mark after its look, so that a dark mark has another id than the same mark in light, and whatever
    points to it would seem to be another thing.
    """
    named = [[element for element in root.iter() if element.get("id")] for root in (light, dark)]
    if [element.tag for element in named[0]] == [element.tag for element in named[1]]:
        names = {in_dark.get("id", ""): in_light.get("id", "") for in_light, in_dark in zip(*named, strict=True)}
        rename(dark, names.__getitem__, set(names))


def _both(light: ET.Element, dark: ET.Element) -> list[ET.Element]:
    """Return one element that serves both themes, or one for each."""
    attributes = _attributes(light, dark)
    alike = (
        attributes is not None
        and light.tag == dark.tag
        and len(light) == len(dark)
        and _alike(light.text, dark.text, light.tag == "style")
    )
    if not alike or attributes is None:
        return _one_each(light, dark)
    one = ET.Element(light.tag, attributes)
    one.text = _paired(light.text or "", dark.text or "") if light.tag == "style" else light.text
    one.tail = light.tail
    for in_light, in_dark in zip(light, dark, strict=True):
        one.extend(_both(in_light, in_dark))
    return [one]


def _attributes(light: ET.Element, dark: ET.Element) -> dict[str, str] | None:
    """Return attributes that serve both themes; None where they differ in more than colours."""
    if set(light.attrib) != set(dark.attrib):
        return None
    attributes = {}
    for name, value in light.attrib.items():
        other = dark.attrib[name]
        if value == other or name == "id":
            attributes[name] = value
        elif name in (*PAINT, "style") and _alike(value, other, True):
            attributes[name] = _paired(value, other)
        else:
            return None
    return attributes


def _alike(light: str | None, dark: str | None, coloured: bool) -> bool:
    light, dark = (light or "").strip(), (dark or "").strip()
    return light == dark or (coloured and COLOUR.split(light) == COLOUR.split(dark))


def _paired(light: str, dark: str) -> str:
    """Return a style in which every colour that differs is a pair.

    >>> _paired("fill: #000000; stroke: #fff", "fill: #eeeeee; stroke: #fff")
    'fill: light-dark(#000000,#eeeeee); stroke: #fff'
    """
    others = iter(COLOUR.findall(dark))

    def pair(match: re.Match[str]) -> str:
        other = next(others)
        return match[0] if match[0] == other else f"light-dark({match[0]},{other})"

    return COLOUR.sub(pair, light)


def _one_each(light: ET.Element, dark: ET.Element) -> list[ET.Element]:
    """Return both, each behind a mask that is white in its own theme and black in the other.

    A mask is what follows the theme: its colours can, and nothing else can.
    """
    light, dark = deepcopy(light), deepcopy(dark)
    rename(dark, lambda name: f"{name}-dark", {name for element in dark.iter() if (name := element.get("id"))})
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
