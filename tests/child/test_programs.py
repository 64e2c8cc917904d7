"""What measured a run has an id: it changes with the measuring code, and with nothing else."""

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deltas.child import measure, programs
from deltas.core.machine import environment

FOLDER = Path(measure.__file__).parent
OURS = (*programs.MEASURING, *(name for names in programs.CONTROLS.values() for name in names))


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the measuring files, which the ids are taken of."""
    for name in OURS:
        shutil.copy(FOLDER / name, tmp_path)
    monkeypatch.setattr(measure, "__file__", str(tmp_path / "measure.py"))
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} does not stand in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


SWAPS = {  # one split's loss under the other's name, wherever a name is given
    "in measure.py": ("measure.py", '"train_loss": mean(zip(*train_losses', '"test_loss": mean(zip(*train_losses'),
    "of a model": (
        "results.py",
        "metrics, items = measure.losses(left)",
        "metrics, items = swapped(measure.losses(left))",
    ),
    "as the files are written": (
        "results.py",
        "leaving.metrics(folder, metrics)",
        "leaving.metrics(folder, swap(metrics))",
    ),
    "of a stage's own metrics": ("results.py", "metrics | added", "added | metrics"),
    "in a table": ("results.py", 'f"{name}.{cell}"', 'f"{cell}.{name}"'),
}


@pytest.mark.parametrize(("name", "old", "new"), SWAPS.values(), ids=SWAPS)
def test_train_and_test_cannot_be_swapped_unseen(copy, name, old, new):
    before = ids()
    change(copy / name, old, new)
    after = ids()
    assert before[0] != after[0] and before[1] != after[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("for words in (train, test)", "for words in (test, train)"),
        ("train.words, test.words)\n    metrics |=", "test.words, train.words)\n    metrics |="),
        ("kneser_ney.fitted(train.chars, train.words", "kneser_ney.fitted(train.chars, test.words"),
    ],
)
def test_a_control_cannot_swap_them_unseen_either(copy, old, new):
    before = ids()
    change(copy / "control.py", old, new)
    after = ids()
    assert before[0] == after[0] and before[1] != after[1]


def ids(own=None) -> tuple[str, str]:
    return programs.measured_by(None, own), programs.measured_by("kneser-ney", own)


MEASURING = {
    "the model is left in training mode": ("model.eval()", "model.train()"),
    "padding counts": ("ignore_index=-1", "ignore_index=-100"),
    "single precision": (".double()", ""),
    "another mean": ("/ tokens if tokens", "/ (tokens + 1) if tokens"),
    "upstream's last evaluation": ("min(evaluations", "max(evaluations"),
    "other names are unseen": ("word not in known", "word in known"),
    "fewer names are drawn": ("SAMPLES = 200", "SAMPLES = 100"),
}


@pytest.mark.parametrize("edit", MEASURING.values(), ids=MEASURING)
def test_another_measurement_has_another_id(copy, edit):
    before = ids()
    change(copy / "measure.py", *edit)
    after = ids()
    assert before[0] != after[0] and before[1] != after[1]


def test_the_code_of_a_control_belongs_to_its_runs_alone(copy):
    before = ids()
    change(copy / "kneser_ney.py", "HELD_OUT = 10", "HELD_OUT = 11")
    after = ids()
    assert before[0] == after[0] and before[1] != after[1]
    assert len({*before, *after}) == 3


@pytest.mark.parametrize("imports", [
    "from deltas.child import kneser_ney, measure as measuring\nimport json\n",
    "from deltas.child.kneser_ney import fitted\n",
    "import deltas.child.kneser_ney as counts\n",
    "def late():\n    from deltas.child import kneser_ney\n",
    "from deltas.child import control\n",  # it imports kneser_ney
])  # fmt: skip
def test_what_a_stage_s_own_metrics_use_of_this_room_belongs_to_its_runs(copy, imports):
    own, other = copy / "metrics.py", copy / "other.py"
    own.write_text(imports)
    other.write_text("import json\n")
    before = ids(own), ids(other)
    change(copy / "kneser_ney.py", "HELD_OUT = 10", "HELD_OUT = 11")
    after = ids(own), ids(other)
    assert before[0][0] != after[0][0] and before[1][0] == after[1][0]


def test_prose_may_change(copy):
    before = ids()
    for name in OURS:
        path = copy / name
        change(path, '"""', '"""Said otherwise. ')
        path.write_text(path.read_text() + "\n\n# and more of it\n")
    change(copy / "measure.py", "# names that a run makes up", "# so many")
    assert ids() == before


def test_other_modules_may_change(copy):
    before = ids()
    for path in FOLDER.glob("*.py"):
        if path.name not in OURS:
            (copy / path.name).write_text("from elsewhere import everything\n")
    assert ids() == before


# What the measuring files may have of ours that is not measured itself, for it makes no number: it reads and writes
# files, starts and ends a process, executes makemore.py, names programs.
MAKES_NO_NUMBER = {"files", "jsonfile", "leaving", "lifetime", "run", "programs", "script"}


@pytest.mark.parametrize("name", OURS)
def test_what_the_measuring_files_import_of_ours_is_measured_too(name):
    """A number that is made in another module would be made unseen."""
    measured = {Path(other).stem for other in OURS}
    for node in ast.walk(ast.parse((FOLDER / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not [alias.name for alias in node.names if alias.name.startswith("deltas")]
        elif isinstance(node, ast.ImportFrom):
            assert node.level or not (node.module or "").startswith("deltas")
            of_room = {node.module} if node.module and node.module != "core" else {alias.name for alias in node.names}
            if node.level:
                assert of_room <= measured | MAKES_NO_NUMBER, f"line {node.lineno}: {of_room}"


def test_a_stages_own_metrics_belong_to_its_runs(copy, tmp_path):
    own = tmp_path / "stage" / "metrics.py"
    own.parent.mkdir()
    assert ids(own) == ids()  # nothing is there
    own.write_text('"""Counts."""\ndef measure(folder):\n    return {"lines": 1}\n')
    first = ids(own)
    assert not {*first} & {*ids()}
    own.write_text('"""Counts lines."""\ndef measure(folder):\n    return {"lines": 1}  # one\n')
    assert ids(own) == first
    own.write_text("def measure(folder):\n    return {'lines': 2}\n")
    assert not {*ids(own)} & {*first}


def test_whoever_asks_for_a_name_does_not_wait_for_torch():
    ask = "import sys, deltas.child.programs as p; p.measured_by('kneser-ney', None); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=environment())
    assert "deltas.child.measure" in said.stdout.split()
    assert not {"torch", "numpy"} & set(said.stdout.split())


def test_the_programs_are_there():
    for name in (programs.RUN, programs.CONTROL, programs.SAMPLING, programs.WEIGHTS):
        assert importlib.util.find_spec(name), name
