"""experiment.toml is written by hand: each way to get it wrong is told where it is wrong."""

import pytest

from deltas.core.errors import BadInput
from deltas.runs.experiment import Claim, Experiment, Run, read

GOOD = """
title = "Counting"
seeds = [3407, 1, 2]

[[run]]
name = "counted"
args = ["--type", "bigram-count", "--split-seed", "3407"]

[[run]]
name = "learned-2k"
args = ["--type", "bigram", "--max-steps", "2000"]

[[claim]]
says = "counting is as good"
check = "abs(counted.test_loss - learned.test_loss) < 0.005"
"""


def put(tmp_path, text: str | bytes):
    folder = tmp_path / "01-counting"
    folder.mkdir(exist_ok=True)
    path = folder / "experiment.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_it_says(tmp_path):
    found = read(put(tmp_path, GOOD))
    counted = Run("counted", ("--type", "bigram-count", "--split-seed", "3407"))
    learned = Run("learned-2k", ("--type", "bigram", "--max-steps", "2000"))
    claim = Claim("counting is as good", "abs(counted.test_loss - learned.test_loss) < 0.005")
    assert found == Experiment("01-counting", "Counting", (3407, 1, 2), (counted, learned), (claim,))
    assert found.headline is found.runs[0]
    assert found.run("learned-2k") == learned
    with pytest.raises(BadInput, match="no run 'learned'") as refused:
        found.run("learned")
    assert "learned-2k" in refused.value.expected


@pytest.mark.parametrize(
    ("args", "steps", "total"),
    [
        ((), None, None),
        (("--max-steps", "500"), None, 500),
        (("--max-steps=7", "--max-steps", "9"), None, 9),
        (("--max-steps", "-1"), None, None),
        (("--max-steps",), None, None),
        (("--baseline",), 1500, 1500),
        (("--max-steps", "500"), 0, 0),
    ],
)
def test_steps_to_expect(args, steps, total):
    assert Run("r", args, steps).total == total


def edit(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


BAD = {
    "not TOML": (GOOD.replace("seeds =", "seeds"), "line 3"),
    "not UTF-8": (b"title = '\xff'", "not UTF-8 at byte 9"),
    "empty": ("", r"no \[\[run\]\]"),
    "unknown key": ("lr = 1\n" + GOOD, "unknown key 'lr'"),
    "unknown key of a run": (edit("args =", "arg = 1\nargs ="), "run 1: unknown key 'arg'"),
    "unknown key of a claim": (GOOD + "level = 1\n", "claim 1: unknown key 'level'"),
    "no title": (edit('title = "Counting"', ""), "no title"),
    "blank title": (edit("Counting", "  "), "title is '  '"),
    "no seeds": (edit("seeds = [3407, 1, 2]", ""), "no seeds"),
    "empty seeds": (edit("[3407, 1, 2]", "[]"), r"seeds is \[\]"),
    "one seed, no list": (edit("[3407, 1, 2]", "3407"), "seeds is 3407"),
    "equal seeds": (edit("[3407, 1, 2]", "[1, 2, 1]"), "1 is there 2 times"),
    "seed of text": (edit("[3407, 1, 2]", '["1"]'), "'1' is not a seed"),
    "seed of truth": (edit("[3407, 1, 2]", "[true]"), "True is not a seed"),
    "seed below zero": (edit("[3407, 1, 2]", "[-1]"), "-1 is not a seed"),
    "seed too large": (edit("[3407, 1, 2]", "[9223372036854775808]"), "is not a seed"),
    "runs of another kind": ("run = 3\n", "'run' is not a list of tables"),
    "run as one table": (edit("[[run]]", "[run]").split("[[run]]")[0], "'run' is not a list of tables"),
    "no name": (edit('name = "counted"', ""), "run 1: no name"),
    "name that is no folder": (edit("learned-2k", "../2k"), r"run 2: the name is '\.\./2k'"),
    "capital name": (edit("learned-2k", "Learned"), "run 2: the name is 'Learned'"),
    "name twice": (edit("learned-2k", "counted"), "run 2: the name 'counted' is taken"),
    "no args": (edit('args = ["--type", "bigram-count", "--split-seed", "3407"]', ""), r"run 1 \(counted\): no args"),
    "args in one string": (edit('["--type", "bigram-count", "--split-seed", "3407"]', '"-x"'), "args is '-x'"),
    "arg that is a number": (edit('"3407"', "3407"), r"run 1 \(counted\): argument 4 is 3407"),
    "steps of text": (GOOD.replace("[[claim]]", 'steps = "2k"\n[[claim]]'), r"run 2 \(learned-2k\): steps is '2k'"),
    "steps below zero": (GOOD.replace("[[claim]]", "steps = -1\n[[claim]]"), "steps is -1"),
    "claim without a check": (GOOD.replace("check", "says2"), "claim 1: unknown key"),
    "claim that says nothing": (edit('says = "counting is as good"', ""), "claim 1: no says"),
    **{
        f"ours: {arg}": (edit('"--max-steps"', f'"{arg}"'), "argument 3 is")
        for arg in ("--seed", "--see", "--seed=3", "--work-dir", "--work=x", "-o", "-oout")
    },
}  # fmt: skip


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD)
def test_malformed(tmp_path, text, what):
    path = put(tmp_path, text)
    with pytest.raises(BadInput, match=what) as refused:
        read(path)
    assert refused.value.found.startswith(str(path))
    assert refused.value.exit_code == 2


def test_flags_of_makemore_that_look_like_ours_are_fine(tmp_path):
    read(put(tmp_path, edit('"--max-steps"', '"--sample-only", "--split-seed", "--weight-decay", "-w"')))


def test_not_there(tmp_path):
    with pytest.raises(BadInput, match="02-more has no experiment"):
        read(tmp_path / "02-more" / "experiment.toml")
    (tmp_path / "03-odd" / "experiment.toml").mkdir(parents=True)
    with pytest.raises(BadInput, match="directory"):
        read(tmp_path / "03-odd" / "experiment.toml")
