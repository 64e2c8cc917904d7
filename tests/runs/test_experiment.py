"""experiment.toml and metrics.toml are written by hand: each way to get them wrong is told where it is wrong."""

import pytest

from deltas.core.errors import BadInput
from deltas.runs.experiment import Claim, Experiment, Run, begin, read
from deltas.runs.metrics import Metric

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
METRICS = """
[metric.test_loss]
says = "loss on the test names"
unit = "nats per character"
digits = 4
over = "test name"

[metric.seconds]
judged = false
"""


def put(tmp_path, text: str | bytes):
    folder = tmp_path / "01-counting"
    folder.mkdir(exist_ok=True)
    path = folder / "experiment.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_it_says(tmp_path):
    described = read(put(tmp_path, GOOD))
    counted = Run("counted", ("--type", "bigram-count", "--split-seed", "3407"))
    learned = Run("learned-2k", ("--type", "bigram", "--max-steps", "2000"))
    claim = Claim("counting is as good", "abs(counted.test_loss - learned.test_loss) < 0.005")
    assert described == Experiment("01-counting", "Counting", (3407, 1, 2), (counted, learned), (claim,))
    assert described.headline is None and described.headline_run is described.runs[0]
    assert described.run("learned-2k") == learned
    with pytest.raises(BadInput, match="no run 'learned'") as refused:
        described.run("learned")
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


def test_shared_arguments_stand_before_those_of_every_run(tmp_path):
    shared = 'args = ["--split-seed", "3407"]\n'
    control = '[[run]]\nname = "counts"\ncontrol = "kneser-ney"\n'
    described = read(put(tmp_path, shared + GOOD.replace(', "--split-seed", "3407"', "") + control))
    assert [run.args for run in described.runs] == [
        ("--split-seed", "3407", "--type", "bigram-count"),
        ("--split-seed", "3407", "--type", "bigram", "--max-steps", "2000"),
        ("--split-seed", "3407"),
    ]
    assert (described.runs[2].program, described.runs[2].total) == ("kneser-ney", 0)


@pytest.mark.parametrize(("seeds", "other"), [("7, 1, 2", 1), ("7", 8), (f"{2**63 - 1}", 2**63 - 2)])
def test_a_deterministic_run_is_tried_from_another_seed(tmp_path, seeds, other):
    path = put(tmp_path, f'title = "X"\nseeds = [{seeds}]\n[[run]]\nname = "a"\n')
    assert read(path).other_seed == other


def test_a_deterministic_run_takes_the_first_seed_alone(tmp_path):
    described = read(put(tmp_path, GOOD.replace("[[run]]", "[[run]]\ndeterministic = true", 1)))
    assert [run.seeds(described.seeds) for run in described.runs] == [(3407,), (3407, 1, 2)]


# -- metrics ----------------------------------------------------------------------------------------------------------


def with_metrics(tmp_path, own: str, shared: str = METRICS):
    (tmp_path / "metrics.toml").write_text(shared)
    return read(put(tmp_path, GOOD + own)).metrics


def test_a_stage_adds_metrics_and_says_more_of_shared_ones(tmp_path):
    metrics = with_metrics(
        tmp_path,
        '[metric.test_loss]\ndigits = 2\n[metric.solved]\nsays = "tasks solved"\nunit = "%"\ntable = "level"\n',
    )
    assert metrics["test_loss"] == Metric(
        says="loss on the test names", unit="nats per character", digits=2, over="test name"
    )
    assert metrics["solved"] == Metric(says="tasks solved", unit="%", table="level")
    assert metrics["seconds"].judged is False


def test_what_nobody_declares_has_defaults(tmp_path):
    metrics = with_metrics(tmp_path, "", shared="")
    assert metrics["gradient_spread_start"] == Metric(says="gradient spread start")
    assert metrics.table("gradient_spread_start") == "" and metrics.table("loss.easy") == "loss"


def test_a_cell_is_what_its_table_is_unless_it_is_declared(tmp_path):
    own = (
        '[metric.solved]\nsays = "tasks solved"\nunit = "%"\ntable = "level"\n[metric."solved.hard"]\njudged = false\n'
    )
    metrics = with_metrics(tmp_path, own)
    assert metrics["solved.easy"] == Metric(says="tasks solved, easy", unit="%", table="level")
    assert metrics["solved.hard"].judged is False
    assert metrics.cells("solved.easy") == "level" and metrics.cells("other.easy") == "cell"


BAD_METRICS = {
    "not TOML": ("[metric", "metrics.toml: "),
    "unknown key": ("[metric.x]\nsaid = 'y'", r"metrics\.toml: metric\.x: unknown key 'said'"),
    "digits of text": ("[metric.x]\ndigits = '4'", r"metrics\.toml: metric\.x\.digits is '4'"),
    "too many digits": ("[metric.x]\ndigits = 99", r"metric\.x\.digits is 99"),
    "judged of text": ("[metric.x]\njudged = 'no'", r"metric\.x\.judged is 'no'"),
    "another table": ("[metrics.x]", "unknown key 'metrics'"),
    "no name": ('[metric."a b"]', "metric"),
}


@pytest.mark.parametrize(("text", "what"), BAD_METRICS.values(), ids=BAD_METRICS)
def test_malformed_metrics(tmp_path, text, what):
    with pytest.raises(BadInput, match=what):
        with_metrics(tmp_path, "", shared=text)
    if "another table" not in text and "not TOML" not in text and text.startswith("[metric."):
        with pytest.raises(BadInput, match=r"experiment\.toml: metric"):
            with_metrics(tmp_path, text)


# -- malformed --------------------------------------------------------------------------------------------------------


def edit(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


BAD = {
    "not TOML": (GOOD.replace("seeds =", "seeds"), "line 3"),
    "not UTF-8": (b"title = '\xff'", "not UTF-8 at byte 9"),
    "empty": ("", "no title"),
    "no runs": ('title = "x"\nseeds = [1]\n', "no run"),
    "empty list of runs": ('title = "x"\nseeds = [1]\nrun = []\n', r"run is \[\]"),
    "unknown key": ("lr = 1\n" + GOOD, "unknown key 'lr'"),
    "unknown key of a run": (edit("args =", "arg = 1\nargs ="), r"run 1 \(counted\): unknown key 'arg'"),
    "unknown key of a claim": (GOOD + "level = 1\n", r"claim 1 \(counting is as good\): unknown key 'level'"),
    "no title": (edit('title = "Counting"', ""), "no title"),
    "blank title": (edit("Counting", "  "), "title is '  '"),
    "no seeds": (edit("seeds = [3407, 1, 2]", ""), "no seeds"),
    "empty seeds": (edit("[3407, 1, 2]", "[]"), r"seeds is \[\]"),
    "one seed, no list": (edit("[3407, 1, 2]", "3407"), "seeds is 3407"),
    "equal seeds": (edit("[3407, 1, 2]", "[1, 2, 1]"), "seeds: 1 is there 2 times"),
    "seed of text": (edit("[3407, 1, 2]", '["1"]'), "seeds: item 1 is '1'"),
    "seed of truth": (edit("[3407, 1, 2]", "[true]"), "seeds: item 1 is True"),
    "seed below zero": (edit("[3407, 1, 2]", "[-1]"), "seeds: item 1 is -1"),
    "seed too large": (edit("[3407, 1, 2]", "[9223372036854775808]"), "seeds: item 1 is 9223372036854775808"),
    "runs of another kind": ('run = 3\ntitle = "x"\nseeds = [1]\n', "run is 3"),
    "run as one table": (edit("[[run]]", "[run]").split("[[run]]")[0], "run is {"),
    "a run that is no table": ('title = "x"\nseeds = [1]\nrun = [3]\n', "run: item 1 is 3"),
    "no name": (edit('name = "counted"', ""), "run 1: no name"),
    "name that is no folder": (edit("learned-2k", "../2k"), r"run 2 \(\.\./2k\): name is '\.\./2k'"),
    "capital name": (edit("learned-2k", "Learned"), r"run 2 \(Learned\): name is 'Learned'"),
    "name twice": (edit("learned-2k", "counted"), "run 2: the name 'counted' is taken"),
    "args in one string": (edit('["--type", "bigram-count", "--split-seed", "3407"]', '"-x"'), "args is '-x'"),
    "arg that is a number": (edit('"3407"', "3407"), r"run 1 \(counted\): args: item 4 is 3407"),
    "steps of text": (GOOD.replace("[[claim]]", 'steps = "2k"\n[[claim]]'), r"run 2 \(learned-2k\): steps is '2k'"),
    "steps below zero": (GOOD.replace("[[claim]]", "steps = -1\n[[claim]]"), "steps is -1"),
    "claim without a check": (GOOD.replace("check", "says2"), r"claim 1 \(counting is as good\): unknown key 'says2'"),
    "claim that lacks its check": (GOOD.split("check")[0], r"claim 1 \(counting is as good\): no check"),
    "claim that says nothing": (edit('says = "counting is as good"', ""), "claim 1: no says"),
    **{
        f"ours: {arg}": (edit('"--max-steps"', f'"{arg}"'), r"args: item 3 is '")
        for arg in ("--seed", "--see", "--seed=3", "--work-dir", "--work=x", "-o", "-oout")
    },
    "ours, shared": ('args = ["--seed", "3"]\n' + GOOD, "toml: args: item 1 is '--seed'"),
    "shared args of another kind": ("args = 3\n" + GOOD, "toml: args is 3"),
    "shared arg that is a number": ("args = ['-n', 0]\n" + GOOD, "toml: args: item 2 is 0"),
    "NUL in an argument": (edit('"--max-steps"', '"a\\u0000b"'), r"run 2 \(learned-2k\): args: item 3 is"),
    "headline of another kind": ("headline = 3\n" + GOOD, "headline is 3"),
    "headline that is no name": ("headline = 'test loss'\n" + GOOD, "headline is 'test loss'"),
    "own_variance of text": (
        edit("args =", "own_variance = 1\nargs ="),
        r"run 1 \(counted\): own_variance is 1",
    ),
    "deterministic, with a variance": (
        edit("args =", "deterministic = true\nown_variance = true\nargs ="),
        r"run 1 \(counted\): it is deterministic, and has own_variance",
    ),
    "deterministic of text": (
        edit("args =", "deterministic = 'yes'\nargs ="),
        r"run 1 \(counted\): deterministic is 'yes'",
    ),
    "no such control": (edit("args =", "control = 'x'\nargs ="), r"run 1 \(counted\): there is no control 'x'"),
    "a control with steps": (
        edit("args =", "control = 'kneser-ney'\nsteps = 3\nargs ="),
        r"run 1 \(counted\): steps is 3",
    ),
    "beside itself": (edit("args =", "beside = 'counted'\nargs ="), "beside is 'counted', which is no other run"),
    "beside nobody": (edit("args =", "beside = 'x'\nargs ="), "beside is 'x', which is no other run"),
    "beside what has one seed": (
        edit("args =", "beside = 'learned-2k'\nargs =").replace('2000"]', '2000"]\ndeterministic = true'),
        "beside is 'learned-2k', which is run from one seed alone",
    ),
    "metric of another kind": ("metric = 3\n" + GOOD, "metric is 3"),
}


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD)
def test_malformed(tmp_path, text, what):
    path = put(tmp_path, text)
    with pytest.raises(BadInput, match=what) as refused:
        read(path)
    assert refused.value.found.startswith(str(path))
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (edit("args =", "arg = 1\nargs ="), "only name, args, steps, control, beside, deterministic, own_variance"),
        (edit("seeds = [3407, 1, 2]", ""), "seeds = [3407"),
        (edit("learned-2k", "Learned"), "it names a folder"),
        (edit('"3407"', "3407"), "numbers in quotes too"),
        (GOOD.replace("[[claim]]", 'steps = "2k"\n[[claim]]'), "a whole number"),
        (edit('["--type", "bigram-count", "--split-seed", "3407"]', '"-x"'), 'args = ["--type", …]'),
        ("run = 3\n" + GOOD.split("[[run]]")[0], "[[run]], the headline run first"),
    ],
)
def test_what_should_be_there_is_said(tmp_path, text, expected):
    with pytest.raises(BadInput) as refused:
        read(put(tmp_path, text))
    assert expected in refused.value.expected


def test_flags_of_makemore_that_look_like_ours_are_fine(tmp_path):
    read(put(tmp_path, edit('"--max-steps"', '"--sample-only", "--split-seed", "--weight-decay", "-w"')))


def test_one_to_begin_with_can_be_read_and_is_never_written_over(tmp_path):
    path = tmp_path / "02-more" / "experiment.toml"
    assert begin(path)
    assert [run.name for run in read(path).runs] == ["with", "without"]
    path.write_text("title = 'mine'")
    assert not begin(path)
    assert path.read_text() == "title = 'mine'"


def test_not_there(tmp_path):
    with pytest.raises(BadInput, match="02-more has no experiment"):
        read(tmp_path / "02-more" / "experiment.toml")
    (tmp_path / "03-odd" / "experiment.toml").mkdir(parents=True)
    with pytest.raises(BadInput, match="directory"):
        read(tmp_path / "03-odd" / "experiment.toml")
