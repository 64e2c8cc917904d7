"""A stage that prints or saves anything else than upstream does is told apart, for each type."""

import types
from pathlib import Path

import pytest
import torch

from deltas.child.weights import hash_of
from deltas.core import machine
from deltas.core.errors import CheckFailed
from deltas.core.project import Project
from deltas.runs import invariance
from deltas.stages.build import Stage

MAKEMORE = """
import os, shutil, sys, time
kind, out = sys.argv[sys.argv.index("--type") + 1], sys.argv[sys.argv.index("--work-dir") + 1]
print(sys.argv, time.time())
print("a warning with a line number", time.time(), file=sys.stderr)
os.makedirs(out)
print(f"step 500 | loss 2.5 | step time {time.time() % 10:.2f}ms")
print(f"saving model to {out}/model.pt")
weights = "weights.pt"
#HERE
shutil.copy(weights, f"{out}/model.pt")
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """check(what the stage's code does more, types) -> differences as (type, what)."""
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setattr(invariance, "_weights", lambda files, _: [hash_of(str(file)) for file in files])
    project = Project(tmp_path / "project")
    weights = {"w": torch.arange(6.0).view(2, 3), "mask": torch.tensor([True, False])}
    for name, tensors in (
        ("weights.pt", weights),
        ("same.pt", dict(reversed(weights.items()))),
        ("other.pt", weights | {"w": torch.arange(6.0).view(3, 2)}),
    ):
        torch.save(tensors, tmp_path / name)
    files = {file.name: file.read_bytes() for file in tmp_path.glob("*.pt")}

    def run(more: str, types_=("mlp", "rnn"), upstream: str = ""):
        sources = {0: MAKEMORE.replace("#HERE", upstream), 1: MAKEMORE.replace("#HERE", more)}
        exported = []

        def content(stage):
            return files | {"makemore.py": sources[stage.number].encode()}

        def export(stage, folder: Path):
            exported.append(stage.number)
            folder.mkdir(parents=True)
            for name, data in content(stage).items():
                (folder / name).write_bytes(data)

        patch = types.SimpleNamespace(name="01-more")
        stages = [Stage(0, "a", "b"), Stage(1, "c", "d", patch)]
        shop = types.SimpleNamespace(stages=stages, files=content, export=export)
        differences = [
            (difference.type, difference.what) for difference in invariance.check(project, shop, stages[1], types_)
        ]
        return differences, exported

    return run


def test_the_same(check):
    """Comments, times, stderr and the order of the weights may differ. And it is remembered."""
    more = "weights = 'same.pt'; print('line 7 warns', file=sys.stderr)"
    assert check(more) == ([], [0, 1])
    assert check(more) == ([], [])
    assert check(f"# why\n{more}") == ([], [])
    assert check(more, ("mlp", "rnn", "gru")) == ([], [0, 1])
    assert check("print(end='')", ("mlp",)) == ([], [1])


DIFFERENT = {
    "print('more')": "prints 3 lines, where upstream prints 2",
    "weights = 'other.pt'": "prints the same and saves other weights",
    "sys.exit('no')": "failed with exit code 1: no",
    "sys.exit()": "saves no model",
}


def test_different(check):
    for more, what in DIFFERENT.items():
        assert check(f"if kind == 'rnn': {more}")[0] == [("rnn", what)]


def test_what_is_still_to_train(tmp_path, monkeypatch):
    """Stage 00 is trained once for all stages, and stages of the same code are trained once."""
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setattr(invariance, "TYPES", ("mlp", "rnn"))
    stages = [Stage(n, "a", "b", types.SimpleNamespace(name=f"0{n}-x")) for n in range(4)]
    code = {0: b"a = 0", 1: b"a = 1", 2: b"a = 1  # prose", 3: b"a = 3"}
    shop = types.SimpleNamespace(stages=stages, files=lambda stage: {"makemore.py": code[stage.number]})
    project = Project(tmp_path)

    def missing(*numbers: int) -> list[str]:
        return invariance.missing(project, shop, [stages[number] for number in numbers])

    assert missing(0) == []
    assert missing(1) == ["00-x mlp", "00-x rnn", "01-x mlp", "01-x rnn"]
    assert missing(1, 2, 3) == [*missing(1), "03-x mlp", "03-x rnn"]
    kept = invariance._trainings(project, shop, stages[0], ("mlp",))[0].memory
    kept.parent.mkdir(parents=True)
    kept.write_text('{"output": [], "weights": ""}')
    assert missing(1) == ["00-x rnn", "01-x mlp", "01-x rnn"]


def test_a_changed_line(check):
    differences, _ = check("print('a')", ("mlp",), upstream="print('b')")
    assert differences == [("mlp", "prints 'a' in line 4, where upstream prints 'b'")]


def test_a_child_reads_the_weights(tmp_path):
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pt")
    torch.save({"w": torch.zeros(2)}, tmp_path / "b.pt")
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    hashes = invariance._weights(files, tmp_path)
    assert hashes == [hash_of(str(file)) for file in files] and len(set(hashes)) == 2
    (tmp_path / "b.pt").write_bytes(b"no weights")
    with pytest.raises(CheckFailed, match="the saved weights can't be read"):
        invariance._weights(files, tmp_path)


def test_upstream_has_to_train(check):
    with pytest.raises(CheckFailed, match="stage 00 does not train: failed with exit code 3"):
        check("", upstream="os._exit(3)")


def test_stage_00_is_upstream():
    assert invariance.check(None, None, Stage(0, "a", "b")) == []
