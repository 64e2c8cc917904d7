"""`bench tries`: what was tried for a stage is trained once, shown, recorded if asked, and looked at by `verify`."""

import json
from pathlib import Path

import pytest

from deltas.checks.check import Check
from deltas.checks.tries import recorded
from deltas.child import programs
from deltas.core import machine
from deltas.stages.build import workshop

TRIES = """
held_out = 9
seeds = [1, 2]
steps = 20
[[group]]
says = "rate"
args = ["--size", "8"]
[[group.try]]
says = "as it is"
args = ["--loss", "2.0"]
[[group.try]]
says = "faster"
args = ["--loss", "1.5"]
chosen = true
[[group]]
says = "depth"
[[group.try]]
says = "deeper"
args = ["--loss", "1.7"]
steps = 10
edit = [["import random", "import  random"]]
"""
DEPTH = '[[group]]\nsays = "depth"'
STAGE = "02-storm-report"


@pytest.fixture
def log(tmp_path, monkeypatch) -> Path:
    """The file that notes what was trained."""
    path = tmp_path / "log"
    path.touch()
    monkeypatch.setattr(programs, "TRIED", "faketried")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setattr(machine, "cores", lambda: 1)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    monkeypatch.setenv("FAKE_LOG", str(path))
    return path


@pytest.fixture
def folder(tiny, log) -> Path:
    """The folder of a stage that has tries."""
    made = tiny.root / "baselines" / STAGE
    made.mkdir(parents=True, exist_ok=True)
    (made / "tries.toml").write_text(TRIES)
    return made


def trained(log: Path) -> list[str]:
    """What was trained since the last call."""
    lines = log.read_text().splitlines()
    log.write_text("")
    return lines


def checks(lab) -> list[Check]:
    """What `verify` says of the stage's tries."""
    with workshop(lab.project) as shop:
        return list(recorded(lab.project, shop, 2))


def test_tries_are_trained_shown_and_recorded_only_when_asked(tiny, folder, log):
    result = tiny.ok("bench", "tries", "02")
    assert result.out.splitlines()[1:5] == [
        "rate",
        "tried     steps  parameters  held out  against the first        train",
        "as it is  20     1,448       2.015                              1.515",
        "faster    20     1,448       1.515     -0.500 (-0.500, -0.500)  1.015  chosen",
    ]
    assert trained(log)[:2] == [
        f"9 -n 0 --size 8 --loss 2.0 --split-seed 3407 --seed {seed} --max-steps 20 --work-dir" for seed in (1, 2)
    ]
    assert not (folder / "tries.json").exists() and "--record does that" in result.err

    tiny.ok("bench", "tries", "storm-report", "--record")
    assert trained(log) == []
    document = json.loads((folder / "tries.json").read_text())
    rate, depth = document["groups"]
    assert rate["tries"][1]["held_out"] == pytest.approx([1.51, 1.52]) and rate["tries"][1]["chosen"]
    assert rate["tries"][0]["arguments"] == ["--size", "8", "--loss", "2.0"]
    assert depth["tries"][0]["edits"] == [["import random", "import  random"]] and depth["tries"][0]["steps"] == 10
    page = (folder / "tries.md").read_text()
    assert (
        "| faster | 20 | 1,448 | 1.515 | -0.500 (-0.500, -0.500) | 1.015 | chosen |" in page and STAGE[:2] not in page
    )
    assert [check.ok for check in checks(tiny)] == [True, True, True]
    assert "02-storm-report: tries.md shows what tries.json says" in tiny.run("verify", "all", "--fast").out


CHANGES = {
    "another seed": ("seeds = [1, 2]", "seeds = [1, 2, 3]", 3),
    "another argument of one try": ('["--loss", "1.5"]', '["--loss", "1.4"]', 2),
    "another argument of a group": ('["--size", "8"]', '["--size", "9"]', 4),
    "more steps": ("steps = 20", "steps = 30", 4),
    "other names held out": ("held_out = 9", "held_out = 8", 6),
    "another edit": ("import  random", "import random, math", 2),
    "a new try": (DEPTH, f"[[group.try]]\nsays = 'x'\nargs = ['--loss', '1']\n{DEPTH}", 2),
    "other words": ('says = "faster"', 'says = "quick"', 0),
    "another choice": ("chosen = true", "chosen = false", 0),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "count"), CHANGES.values(), ids=CHANGES)
def test_only_what_has_no_result_is_trained_and_a_record_of_another_list_is_said(tiny, folder, log, old, new, count):
    tiny.ok("bench", "tries", "02", "--record")
    trained(log)
    assert old in TRIES
    (folder / "tries.toml").write_text(TRIES.replace(old, new, 1))
    said, _, shown = checks(tiny)
    assert said.ok is None and said.faults and said.ways == ("scripts/bench.sh tries 02 --record",) and shown.ok
    tiny.ok("bench", "tries", "02", "--record")
    assert len(trained(log)) == count
    said, lower, shown = checks(tiny)
    assert said.ok and shown.ok and lower.ok is ("'--loss', '1'" not in new)  # that try is lower than the chosen one


def test_other_code_is_trained_again(tiny, folder, log):
    tiny.ok("bench", "tries", "02", "--record")
    trained(log)
    tiny.ok("apply", "01")
    tiny.code.write_text(tiny.code.read_text().replace("import math\n", "import math, string\n"))
    tiny.ok("refresh", "01")
    said, _, _ = checks(tiny)
    assert said.ok is None and "the code is" in said.faults[0]
    tiny.ok("bench", "tries", "02")
    assert len(trained(log)) == 6


def test_a_page_that_was_edited_is_a_fault(tiny, folder):
    tiny.ok("bench", "tries", "02", "--record")
    page = (folder / "tries.md").read_text()
    (folder / "tries.md").write_text(page.replace("1.515", "1.415"))
    _, _, wrong = checks(tiny)
    assert wrong.ok is False and wrong.ways == ("scripts/bench.sh tries 02 --kept",)
    assert "faster" in tiny.ok("bench", "tries", "02", "--kept").out
    assert (folder / "tries.md").read_text() == page


def test_tries_that_are_not_recorded_are_said(tiny, folder):
    (said,) = checks(tiny)
    assert said.ok is None and "not recorded" in said.what


def test_one_group_alone(tiny, folder, log):
    result = tiny.ok("bench", "tries", "02", "--only", "dep")
    assert "deeper" in result.out and "faster" not in result.out and len(trained(log)) == 2
    result = tiny.ok("bench", "tries", "02", "--last")
    assert "deeper" in result.out and "faster" not in result.out
    assert "4 trainings have no result yet: rate: as it is, seed 1; " in result.err and trained(log) == []
    refused = tiny.run("bench", "tries", "02", "--last", "--record")
    assert refused.code == 2 and "4 trainings have no result" in refused.err and not (folder / "tries.json").exists()


def test_a_training_that_fails_does_not_keep_the_others_from_their_results(tiny, folder, log, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "1.5")
    result = tiny.run("bench", "tries", "02", "--record")
    assert (
        result.code == 1 and "rate: faster, seed 1: failed" in result.err and "ValueError: no such thing" in result.err
    )
    assert "deeper" in result.out and not (folder / "tries.json").exists()
    trained(log)
    monkeypatch.delenv("FAKE_FAULT")
    assert "faster" in tiny.ok("bench", "tries", "02").out and len(trained(log)) == 2


def test_a_training_that_diverges_is_a_result(tiny, folder):
    (folder / "tries.toml").write_text(TRIES.replace('"1.5"', '"99"'))
    out = tiny.ok("bench", "tries", "02", "--record").out
    assert "faster    20     1,448       diverged" in out
    assert "| faster | 20 | 1,448 | diverged |  |" in (folder / "tries.md").read_text()
    assert [check.ok for check in checks(tiny)] == [
        True,
        False,
        True,
    ]  # the other try came out lower than the chosen one


def test_a_result_that_cannot_be_read_is_none(tiny, folder, log):
    tiny.ok("bench", "tries", "02")
    trained(log)
    for path in (tiny.root / "out" / "tries").iterdir():
        path.write_text("[]")
    tiny.ok("bench", "tries", "02")
    assert len(trained(log)) == 6


def test_which_stages_have_tries(tiny, folder):
    assert tiny.ok("bench", "tries").out.splitlines()[1].split() == [STAGE, "2", "3", "6", "no"]
    tiny.ok("bench", "tries", "02", "--record")
    assert tiny.ok("bench", "tries").out.splitlines()[1].split() == [STAGE, "2", "3", "6", "yes"]
    (folder / "tries.toml").unlink()
    assert "no stage has tries" in tiny.ok("bench", "tries").out


REFUSED = {
    ("tries", "--last"): "--last needs a stage",
    ("tries", "--only", "x"): "--only needs a stage",
    ("tries", "00"): "upstream itself",
    ("tries", "09"): "there is no stage '09'",
    ("tries", "01"): "01-frost-days has no tries",
    ("tries", "02", "--kept"): "no tries are recorded yet",
    ("tries", "02", "--only", "width"): "0 groups of tries begin with 'width'",
    ("tries", "02", "--only", "rate", "--record"): "a record has all of them",
    ("tries", "02", "--kept", "--last"): "--kept shows what is recorded already",
    ("tires",): "'tires' is not one of",
}


@pytest.mark.parametrize(("words", "said"), REFUSED.items(), ids=lambda value: " ".join(value))
def test_bad_usage(tiny, folder, log, words, said):
    result = tiny.run("bench", *words)
    assert result.code == 2 and said in result.err and result.out == "" and trained(log) == []


def test_a_record_that_is_none_is_bad_input(tiny, folder):
    (folder / "tries.json").write_text('{"code_id": "x", "held_out": 9, "seeds": [1], "groups": [{"says": "rate"}]}')
    result = tiny.run("bench", "tries", "02", "--kept")
    assert result.code == 2 and "tries.json: groups 1 (rate): no tries" in result.err
