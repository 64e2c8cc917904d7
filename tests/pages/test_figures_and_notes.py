"""figures.json, SVG files and notes.toml: read with care, refused by name; two palettes become one drawing."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from deltas.core.errors import BadInput
from deltas.pages import gallery, notes
from deltas.pages import svg as drawing
from lab import HERE
from webpage import FIGURE, Page, draw, palettes, svg

BROKEN = {
    "not XML": svg().replace("</g>", ""),
    "cut off": svg()[:300],
    "empty": "",
    "no svg": "<html/>",
    "no size": svg().replace("viewBox", "view").replace("width=", "w=").replace("height=", "h="),
    "script": svg().replace("</svg>", "<script>alert(1)</script></svg>"),
    "handler": svg().replace("<text", '<text onload="alert(1)"'),
    "fetches": svg().replace("<text", '<image href="https://example.org/x.png"/><text'),
    "style that fetches": svg().replace("stroke-linejoin", "background: url(https://example.org); stroke-linejoin"),
    "style attribute that fetches": svg().replace("fill: none", "fill: url(https://example.org/x)"),
    "foreign": svg().replace("<text", "<foreignObject/><text"),
    "javascript": svg().replace("<text", '<a href="javascript:alert(1)"/><text'),
}


@pytest.mark.parametrize("which", ["", ".dark"])
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_svg_is_refused_by_name(tmp_path, what, which):
    draw(tmp_path)
    (tmp_path / f"loss-curve{which}.svg").write_text(BROKEN[what])
    with pytest.raises(BadInput) as refused:
        gallery.figures(tmp_path, "01-x")
    assert f"loss-curve{which}.svg" in refused.value.found


def listing(*figures, **more) -> str:
    return json.dumps({"program": "0", "baseline": "0", "figures": figures} | more)


DRAWN = FIGURE | {"data": "0", "files": {}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "figures.json:1:2"),
        ("[]", "the document is []"),
        ("{}", "no program"),
        (listing(1), "figures: item 1 is 1"),
        (listing(FIGURE), "no data"),
        (listing(DRAWN | {"name": "../x"}), "name is '../x'"),
        (listing(DRAWN | {"caption": ""}), "caption is ''"),
        (listing(DRAWN | {"rows": [[1]]}), "row 1 has 1 values for 2 columns"),
        (listing(DRAWN | {"rows": [[1, {}]]}), "is {}"),
        (listing(DRAWN, DRAWN), "taken"),
        (listing(more=1), "unknown key 'more'"),
        ('{"figures": NaN}', "NaN"),
    ],
)
def test_malformed_figures(tmp_path, content, said):
    (tmp_path / "figures.json").write_text(content)
    with pytest.raises(BadInput, match=re.escape(said)):
        gallery.figures(tmp_path, "01-x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[note]]\nhunk = 1\ntext = 'x'", "hunk is 1"),
        ("[[note]]\nhunk = 'forget'", "note 1"),
        ("[[note]]\nhunk = 'forget'\ntext = ' '", "text is ' '"),
        ("[note", "notes.toml"),
        ("note = 3", "note is 3"),
        ("x = 1", "unknown key 'x'"),
    ],
)
def test_malformed_notes(tmp_path, content, said):
    (tmp_path / "notes.toml").write_text(content)
    with pytest.raises(BadInput, match=re.escape(said)):
        notes.read(tmp_path)


# -- two palettes -----------------------------------------------------------------------------------------------------


def merged(folder, light: str, dark: str | None) -> str:
    (folder / "a.svg").write_text(light)
    if dark is not None:
        (folder / "a.dark.svg").write_text(dark)
    return drawing.merged(folder / "a.svg", folder / "a.dark.svg", "f01-a", "T <b>", "D &")


def test_colours_become_pairs_and_nothing_is_twice(tmp_path):
    markup = merged(tmp_path, svg(), svg(dark=True))
    page = Page(markup)
    assert [name for name, _ in page.tags].count("path") == 1
    assert "stroke:#0072b2;stroke:light-dark(#0072b2,#56b4e9)" in markup
    assert "mask" not in markup and "rdf" not in markup and "DOCTYPE" not in markup
    assert set(page.ids) == {"f01-a", "f01-a-title", "f01-a-desc", "f01-a-p1"}
    assert "url(#f01-a-p1)" in markup
    assert page.style.startswith("#f01-a{")  # `*` of one drawing must not style the page
    assert page.text.startswith("T <b> D &") and page.text.endswith("step <b>")
    assert "0.12 1" in markup


MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
    '<defs><path id="{id}" d="M 0 0 L 1 1" style="stroke: {colour}"/></defs><use xlink:href="#{id}" x="4"/></svg>'
)


def test_a_mark_that_is_named_after_its_look_is_seen_in_both_themes(tmp_path):
    light, dark = MARK.format(id="m1", colour="#000000"), MARK.format(id="m2", colour="#ffffff")
    root = ET.fromstring(merged(tmp_path, light, dark))
    uses, ids = list(root.iter("use")), {element.get("id") for element in root.iter()}
    assert len(uses) == 1 and uses[0].get("href").removeprefix("#") in ids
    assert "light-dark(#000000,#ffffff)" in root.find("defs/path").get("style")


def test_whatever_a_recorded_figure_points_to_is_there():
    for stage, figure in recorded_figures():
        root = ET.fromstring(figure["svg"])
        ids = {element.get("id") for element in root.iter()}
        lost = {use.get("href") for use in root.iter("use")} - {f"#{name}" for name in ids}
        assert not lost, (stage, figure["name"])


def test_what_differs_in_more_than_colours_is_there_twice(tmp_path):
    dark = svg(dark=True).replace("M 0.123456 1", "M 5 5").replace('id="p1"', 'id="p1"')
    page = Page(merged(tmp_path, svg(), dark))
    masks = [attributes["mask"] for _, attributes in page.tags if "mask" in attributes]
    assert masks == ["url(#f01-a-only-light)", "url(#f01-a-only-dark)"]
    assert [name for name, _ in page.tags].count("path") == 2 and {"f01-a-only-light", "f01-a-only-dark"} <= set(
        page.ids
    )
    assert len(page.ids) == len(set(page.ids))


def test_drawings_that_have_nothing_in_common(tmp_path):
    dark = svg(dark=True).replace("<text", '<circle r="3"/><text')
    page = Page(merged(tmp_path, svg(), dark))
    assert [name for name, _ in page.tags].count("svg") == 3 and len(page.of("mask")) == 2
    assert len(page.ids) == len(set(page.ids))


def test_one_palette_serves_both(tmp_path):
    assert "light-dark" not in merged(tmp_path, svg(), None)


def test_colours_of_the_fill_attribute(tmp_path):
    light, dark = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="{c}"/></svg>' for c in ("#fff", "#000")
    )
    assert 'style="fill:#fff;fill:light-dark(#fff,#000)"' in merged(tmp_path, light, dark)


def test_a_drawing_on_its_own_is_a_file(tmp_path):
    root = ET.fromstring(drawing.alone(merged(tmp_path, svg(), svg(dark=True))))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{*}title").text == "T <b>"


def test_a_drawing_on_its_own_brings_the_paper_that_it_is_drawn_on(tmp_path):
    """An image may not hear of the page's color scheme: ink and paper then are those of the reader's system."""
    alone = drawing.alone(merged(tmp_path, svg(), svg(dark=True)))
    css = (HERE / "scripts/deltas/pages/templates/deltas.css").read_text()
    light, dark = (palette["--d-card"] for palette in palettes(css))
    assert f"background:{light};background:light-dark({light},{dark})" in alone


def test_an_image_is_as_large_as_its_drawing_and_says_what_it_shows(tmp_path):
    markup = merged(tmp_path, svg(), svg(dark=True))
    image = Page(drawing.image(markup, "/a b.svg", 'a <b> & "c"')).of("img")[0]
    assert image["src"] == "/a b.svg" and image["alt"] == 'a <b> & "c"'
    assert (image["width"], image["height"]) == ("200", "100")
    assert image["style"] == Page(markup).of("svg")[0]["style"] and image["loading"] == "lazy"


# -- legible ----------------------------------------------------------------------------------------------------------

LEGIBLE = 10  # CSS pixels
PLACES = (332, 1030)  # how wide a figure's place is in a window of 390 px, and in one of 1280


def letters(root: ET.Element) -> list[float]:
    """Return the oracle: the size of every text of a drawing, in its own units."""
    sizes = []
    for element in root.iter():
        if element.tag.endswith(("text", "tspan")) and (element.text or "").strip():
            said = re.findall(r"([\d.]+)px", element.get("style", ""))
            assert said, f"a text that says no size: {element.text}"
            sizes += [float(size) for size in said]
    return sizes


def shown(markup: str, place: float) -> float:
    """Return by how much a drawing is enlarged in a place of this width, as a browser lays it out."""
    root = ET.fromstring(markup)
    least, most = (float(re.search(rf"{side}-width:(\d+)px", root.get("style"))[1]) for side in ("min", "max"))
    return max(least, min(place, most)) / float(root.get("viewBox").split()[2])


def recorded_figures():
    from deltas.core.project import Project
    from deltas.pages import overview
    from deltas.series.patches import load
    from lab import HERE

    project = Project(HERE)
    for folder in sorted(path.parent for path in project.baselines.glob("*/figures.json")):
        yield from ((folder.name, figure) for figure in gallery.figures(folder, folder.name))
    yield "series", overview.figure(project, load(project.patches))


def test_no_text_of_a_recorded_figure_is_smaller_than_10_pixels_on_a_phone_or_a_desk():
    figures = list(recorded_figures())
    assert len(figures) > 10
    small = {
        (stage, figure["name"], place): size
        for stage, figure in figures
        for place in PLACES
        if (size := min(letters(ET.fromstring(figure["svg"]))) * shown(figure["svg"], place)) < LEGIBLE
    }
    assert not small


def test_a_column_of_text_shows_a_whole_figure():
    """A column of 690 px, as blogs have it, need not scroll."""
    wide = {figure["name"] for _, figure in recorded_figures() if drawing.widths(ET.fromstring(figure["svg"]))[0] > 690}
    assert not wide


def test_figures_of_single_numbers_are_whole_on_a_phone():
    least = {
        (stage[:2], figure["name"]): drawing.widths(ET.fromstring(figure["svg"]))[0]
        for stage, figure in recorded_figures()
    }
    whole = {name for (_, name), pixels in least.items() if pixels <= PLACES[0]}
    assert {"series", "gap", "dead"} <= whole and sum(name == "losses" for _, name in least) >= 3
    assert all(pixels <= PLACES[0] for (stage, name), pixels in least.items() if name == "losses" and stage != "03")


@pytest.mark.parametrize(
    ("style", "least", "most"),
    [("font: 10px sans-serif", 200, 320), ("font-size: 5px", 400, 560), ("font-size: 20px", 100, 267)],
)
def test_the_smaller_the_letters_the_wider_the_drawing(tmp_path, style, least, most):
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><text style="{style}">step</text></svg>'
    markup = merged(tmp_path, text, None)
    assert f"min-width:{least}px;max-width:{most}px" in markup


def test_a_drawing_stands_in_a_place_that_scrolls(tmp_path):
    from deltas.pages import render

    draw(tmp_path)
    (figure,) = gallery.figures(tmp_path, "01-x")
    page = Page(render.fragment("figure", {"number": 1, "stage": "01-x"}, figure))
    tags = [(name, attributes.get("class")) for name, attributes in page.tags]
    at = tags.index(("svg", "d-drawing"))
    name, attributes = page.tags[at - 1]
    assert name == "div" and attributes["class"] == "d-scroll" and attributes["tabindex"] == "0"
    assert attributes["aria-label"].endswith(figure["title"])
