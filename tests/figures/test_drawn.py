"""figures.json says what was drawn, from what and by which program; each way to part from that is noticed by name."""

import json
import shutil
import types
from pathlib import Path

import pytest

from deltas.core.errors import BadInput
from deltas.figures import drawn

PROGRAM = '''
from deltas.figures.style import Figure

def figures(runs):
    """Two lines."""

    def draw(canvas, palette):
        canvas.add_subplot().plot(runs.metric("a", "x"), color=palette.lines[0])

    rows = tuple(enumerate(runs.metric("a", "x")))
    return [Figure(name, "T", "C", "D", ("seed", "x"), rows, draw) for name in ("one", "two")]
'''


KEEPING = PROGRAM.replace(
    'rows = tuple(enumerate(runs.metric("a", "x")))',
    'rows = tuple(enumerate(runs.keep("squares", lambda: [x * x for x in runs.metric("a", "x")])))',
)


def results(*values):
    plan = types.SimpleNamespace(run=types.SimpleNamespace(name="a"))
    return [types.SimpleNamespace(plan=plan, metrics={"x": value}, folder=None) for value in values]


@pytest.fixture(scope="module")
def drawn_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once") / "01-x"
    folder.mkdir()
    (folder / "figures.py").write_text(PROGRAM)
    drawn.draw(folder, results(1.0, 2.0), folder, "b" * 16)
    return folder


@pytest.fixture
def stage(drawn_once, tmp_path):
    return shutil.copytree(drawn_once, tmp_path / "01-x")


def test_what_is_written(stage):
    assert sorted(path.name for path in stage.iterdir()) == [
        "figures.json", "figures.py", "one.dark.svg", "one.svg", "two.dark.svg", "two.svg",
    ]  # fmt: skip
    listing = drawn.read(stage)
    assert [figure.name for figure in listing.figures] == ["one", "two"]
    assert listing.figures[0].rows == ((0, 1.0), (1, 2.0)) and listing.baseline == "b" * 16
    assert drawn.faults(stage, "b" * 16) == []


def test_the_same_runs_give_the_same_bytes(stage, tmp_path):
    again = drawn.draw(stage, results(1.0, 2.0), tmp_path / "again", "b" * 16)
    assert again[-1].name == "figures.json" and len(again) == 5
    for path in again:
        assert path.read_bytes() == (stage / path.name).read_bytes()


def edit(stage, **fields):
    table = json.loads((stage / "figures.json").read_text())
    table["figures"][0] |= fields
    (stage / "figures.json").write_text(json.dumps(table))


def table_edit(stage, **fields):
    table = json.loads((stage / "figures.json").read_text())
    (stage / "figures.json").write_text(json.dumps(table | fields))


def comment(stage):
    (stage / "figures.py").write_text(PROGRAM.replace("Two lines", "Both lines") + "# prose\n")


CHANGES = {
    "prose of the program": (comment, []),
    "the program": (
        lambda stage: (stage / "figures.py").write_text(PROGRAM.replace("lines[0]", "lines[1]")),
        ["another program"],
    ),
    "no program": (
        lambda stage: (stage / "figures.py").unlink(),
        ["one: there is no figures.py", "two: there is no figures.py"],
    ),
    "a row": (lambda stage: edit(stage, rows=[[0, 1.0], [1, 2.5]]), ["one: its texts or data"]),
    "a caption": (lambda stage: edit(stage, caption="Better."), ["one: its texts or data"]),
    "a picture": (lambda stage: (stage / "two.dark.svg").write_text("<svg/>"), ["two: two.dark.svg is not the file"]),
    "a picture is gone": (lambda stage: (stage / "one.svg").unlink(), ["one: one.svg is not the file"]),
    "a picture of nobody": (lambda stage: (stage / "old.svg").write_text("<svg/>"), ["old.svg: no figure"]),
    "what was kept": (lambda stage: table_edit(stage, kept={"squares": [1.0]}), ["one, two: what figures.json keeps"]),
    "nothing was drawn": (lambda stage: (stage / "figures.json").unlink(), ["nothing was"]),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_what_is_not_as_it_was_drawn(stage, change, said):
    change(stage)
    faults = drawn.faults(stage, "b" * 16)
    assert len(faults) == len(said)
    for fault, part in zip(faults, said, strict=True):
        assert part in fault


def test_other_runs(stage):
    [fault] = drawn.faults(stage, "c" * 16)
    assert fault == "one, two: drawn from other runs than those that baseline.json holds"


def test_the_look_is_part_of_the_program(stage, monkeypatch):
    """Every file of the room that draws counts, and the one that only keeps the list does not."""
    read, room = Path.read_bytes, Path(drawn.__file__).parent
    for name, counts in (("style.py", True), ("charts.py", True), ("runs.py", True), ("drawn.py", False)):
        monkeypatch.setattr(
            Path, "read_bytes", lambda path, name=name: read(path) + (b"\nx = 1\n" if path == room / name else b"")
        )
        assert bool(drawn.faults(stage, "b" * 16)) is counts, name
    monkeypatch.undo()


# -- drawn again, without the runs' files -----------------------------------------------------------------------------


@pytest.fixture
def keeping(tmp_path):
    folder = tmp_path / "01-x"
    folder.mkdir()
    (folder / "figures.py").write_text(KEEPING)
    drawn.draw(folder, results(2.0, 3.0), folder, "b" * 16)
    return folder


def test_figures_are_drawn_again_from_what_was_kept(keeping, tmp_path):
    """The rows come from what was kept, not from the runs: these others would give another square."""
    drawn.again(keeping, results(2.0, 5.0), tmp_path / "others", "b" * 16)
    assert drawn.read(tmp_path / "others").figures[0].rows == ((0, 4.0), (1, 9.0))
    for path in drawn.again(keeping, results(2.0, 3.0), tmp_path / "again", "b" * 16):
        assert path.read_bytes() == (keeping / path.name).read_bytes(), path.name


def test_another_program_draws_the_same_data_anew(keeping, tmp_path):
    (keeping / "figures.py").write_text(KEEPING.replace('"T"', '"Another title"'))
    assert drawn.faults(keeping, "b" * 16)
    drawn.put(drawn.again(keeping, results(2.0, 3.0), tmp_path / "again", "b" * 16), keeping)
    assert drawn.faults(keeping, "b" * 16) == []
    assert {figure.title for figure in drawn.read(keeping).figures} == {"Another title"}


REFUSED = {
    "of another recording": (lambda folder: None, "c" * 16, "is not of the runs that baseline.json holds"),
    "edited": (lambda folder: table_edit(folder, kept={"squares": [1]}), "b" * 16, "is not of the runs"),
    "not kept": (
        lambda folder: (folder / "figures.py").write_text(KEEPING.replace('"squares"', '"cubes"')),
        "b" * 16,
        "does not keep cubes",
    ),
    "never drawn": (lambda folder: (folder / "figures.json").unlink(), "b" * 16, "is not there"),
}


@pytest.mark.parametrize(("change", "baseline", "said"), REFUSED.values(), ids=REFUSED)
def test_what_was_kept_has_to_be_enough(keeping, tmp_path, change, baseline, said):
    change(keeping)
    with pytest.raises(BadInput) as refused:
        drawn.again(keeping, results(2.0, 3.0), tmp_path / "again", baseline)
    assert said in refused.value.found and refused.value.ways[0].startswith("scripts/record.sh 01")


def test_what_no_figure_asks_for_any_more_is_not_kept(keeping, tmp_path):
    (keeping / "figures.py").write_text(PROGRAM)
    drawn.again(keeping, results(2.0, 3.0), tmp_path / "again", "b" * 16)
    assert drawn.read(tmp_path / "again").kept == {}


def test_a_stage_without_figures(tmp_path):
    assert drawn.draw(tmp_path, results(1.0), tmp_path / "out") == []
    assert not (tmp_path / "out").exists() and drawn.faults(tmp_path, "b" * 16) == []


def test_old_pictures_go_when_new_ones_come(stage, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.svg").write_text("<svg/>")
    (out / "notes.txt").write_text("mine")
    drawn.put([stage / "one.svg", stage / "figures.json"], out)
    assert sorted(path.name for path in out.iterdir()) == ["figures.json", "notes.txt", "one.svg"]


def test_a_malformed_listing_names_its_place(stage):
    edit(stage, rows=[[1]])
    with pytest.raises(BadInput, match=r"figures\.json: figures 1 \(one\): row 1") as refused:
        drawn.read(stage)
    assert refused.value.ways == ("scripts/record.sh 01   # draws them again",)
