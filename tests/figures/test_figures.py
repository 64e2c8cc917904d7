"""Figures: the same bytes from the same data, valid XML, described, text kept as text, nothing left of old ones."""

import xml.etree.ElementTree as ElementTree

import pytest

from deltas.figures.style import DARK, LIGHT, Figure, save

SVG = "{http://www.w3.org/2000/svg}"


def figure(name="loss", title="Loss & <more>") -> Figure:
    def draw(canvas, palette) -> None:
        axes = canvas.add_subplot()
        axes.plot([1, 2], [2, 1], color=palette.lines[0])
        axes.set_xlabel("step")

    return Figure(name, title, "It falls.", 'A line that "falls".', ("step", "loss"), ((1, 2), (2, 1)), draw)


def test_two_palettes_and_the_same_bytes_twice(tmp_path):
    first = [path.read_bytes() for path in save(figure(), tmp_path)]
    second = [path.read_bytes() for path in save(figure(), tmp_path)]
    assert first == second and first[0] != first[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loss.dark.svg", "loss.svg"]


def test_described_for_who_cannot_see_it(tmp_path):
    for path in save(figure(), tmp_path):
        root = ElementTree.parse(path).getroot()
        assert root.get("role") == "img"
        assert root[0].tag == f"{SVG}title" and root[0].text == "Loss & <more>"
        assert root[1].tag == f"{SVG}desc" and root[1].text == 'A line that "falls".'
        assert any(text.text == "step" for text in root.iter(f"{SVG}text")), "text was drawn as outlines"


def test_ids_of_two_figures_on_one_page_do_not_meet(tmp_path):
    ids = []
    for name in ("a", "b"):
        root = ElementTree.parse(save(figure(name), tmp_path)[0]).getroot()
        ids.append({element.get("id") for element in root.iter() if element.get("id")})
        text = (tmp_path / f"{name}.svg").read_text()
        for used in set(__import__("re").findall(r"url\(#([^)]+)\)", text)):
            assert used in ids[-1]
    assert ids[0] and not ids[0] & ids[1]


@pytest.mark.parametrize(("palette", "paper"), [(LIGHT, (255, 255, 255)), (DARK, (34, 48, 60))])
def test_lines_stand_out_from_the_page(palette, paper):
    """WCAG: graphics need a contrast of 3:1."""

    def luminance(rgb) -> float:
        parts = [c / 255 for c in rgb]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for colour in (palette.ink, *palette.lines):
        rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        light, dark = sorted((luminance(rgb), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour


def test_recorded_figures_are_as_they_were_drawn(makemore):
    """By whichever program, from whichever baseline: what `verify` says of these is no matter of the tests."""
    from deltas.evidence import baseline
    from deltas.figures import drawn

    folders = [path.parent for path in makemore.project.baselines.glob("*/figures.py")]
    assert folders
    for folder in folders:
        recorded = baseline.read(folder / "baseline.json")
        assert recorded and drawn.faults(folder, baseline.digest(recorded)) == [], folder.name
