"""What was measured is read back as it was written, and the interval covers what it says it covers."""

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.core import jsonfile
from deltas.core.errors import BadInput
from deltas.evidence.baseline import FLOOR, Baseline, interval, judge, read, stale, summarise, write
from deltas.runs.experiment import Experiment, Run

INF = math.inf


def recorded(**runs) -> Baseline:
    return Baseline(
        stage="02-more", code_id="0123456789abcdef", torch="2.0", python="3.11.7", threads=1, cpu="a CPU",
        recorded="2025-01-01", seeds=(3407, 1, 2), arguments=dict.fromkeys(runs, ("--x",)),
        runs={run: {metric: summarise(values) for metric, values in metrics.items()} for run, metrics in runs.items()},
    )  # fmt: skip


GOOD = recorded(
    counted={"test_loss": (2.45, 2.46, 2.44), "parameters": (729, 729, 729), "seconds": (3.0, 4.0, 5.0)},
    unsmoothed={"test_loss": (INF, INF, INF)},
)

# -- statistics -------------------------------------------------------------------------------------------------------


def test_interval_by_the_table():
    """t with 4 degrees of freedom, from a printed table: 4.604 for 99 %, 5.598 for two figures, 2.132 for 90 %."""
    values, sd = (0.0, 1.0, 2.0, 3.0, 4.0), math.sqrt(2.5)
    for family, level, t in ((1, 0.99, 4.604), (2, 0.99, 5.598), (1, 0.90, 2.132)):
        low, high = interval(values, family, level)
        assert (low + high) / 2 == pytest.approx(2.0)
        assert (high - low) / 2 == pytest.approx(t * sd * math.sqrt(1.2), rel=2e-4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((2.0, 2.0, 2.0), (2.0 - FLOOR, 2.0 + FLOOR)),
        ((729, 729), (729 - FLOOR, 729 + FLOOR)),
        ((INF, INF), (INF, INF)),
        ((-INF, -INF), (-INF, -INF)),
        ((INF,), (INF, INF)),
        ((2.0,), (-INF, INF)),
        ((INF, 2.0), (-INF, INF)),
    ],
)
def test_interval_at_the_edges(values, expected):
    assert interval(values, 3) == expected


def test_not_a_number_contains_nothing():
    low, high = interval((2.0, math.nan), 1)
    assert not low <= 2.0 <= high
    with pytest.raises(ValueError, match="no values"):
        interval((), 1)


def test_false_alarms():
    """Normal figures, five seeds, four figures: one in a hundred stages is alarmed for nothing, all figures together.

    Bonferroni is exact to 1 - (1 - .01/4)^4 = 0.996 % for independent figures; 5,000 stages give 50 ± 7.
    """
    draw = random.Random(20250101)
    stages, figures, alarms = 5_000, 4, 0
    for _ in range(stages):
        outside = False
        for mean, sd in ((2.0, 0.01), (2.5, 0.1), (0.0, 1.0), (-40.0, 7.0))[:figures]:
            *seeds, new = (draw.gauss(mean, sd) for _ in range(6))
            low, high = interval(seeds, figures)
            outside |= not low <= new <= high
        alarms += outside
    assert 30 <= alarms <= 70


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8), st.integers(1, 50))
@settings(deadline=None)
def test_interval_properties(values, family):
    low, high = interval(values, family)
    assert high - low >= 2 * FLOOR * (1 - 1e-3)
    wider = interval(values, family + 1)
    assert wider[0] <= low and high <= wider[1]
    assert interval([-value for value in values], family) == pytest.approx((-high, -low))


def test_summaries():
    assert (summarise((1, 2, 3)).mean, summarise((1, 2, 3)).sd) == (2.0, 1.0)
    assert summarise((5.0,)).sd is None
    assert (summarise((INF, INF)).mean, summarise((INF, INF)).sd) == (INF, 0.0)
    assert (summarise((INF, 2.0)).mean, summarise((INF, 2.0)).sd) == (INF, None)


# -- judging ----------------------------------------------------------------------------------------------------------


def test_verdicts():
    metrics = {"test_loss": 2.451, "parameters": 730, "seconds": 900.0, "new": 1.0, "upstream_test_loss": None}
    verdicts = {each.metric: each for each in judge(GOOD, "counted", metrics)}
    assert [(each.ok, each.why) for each in verdicts.values()] == [
        (True, ""), (False, ""), (None, ""), (None, "not measured"), (None, "not measured"),
    ]  # fmt: skip
    assert GOOD.family == 3  # seconds are never judged
    assert (verdicts["test_loss"].low, verdicts["test_loss"].high) == interval((2.45, 2.46, 2.44), 3)


def test_infinity_equals_infinity():
    assert judge(GOOD, "unsmoothed", {"test_loss": INF})[0].ok is True
    assert judge(GOOD, "unsmoothed", {"test_loss": 2.4})[0].ok is False
    assert judge(GOOD, "counted", {"test_loss": INF})[0].ok is False
    assert judge(GOOD, "counted", {"test_loss": math.nan})[0].ok is False


def test_what_is_not_judged():
    assert {each.why for each in judge(None, "counted", {"test_loss": 1.0})} == {"not measured"}
    assert {each.why for each in judge(GOOD, "other", {"test_loss": 1.0})} == {"not measured"}
    assert {each.why for each in judge(GOOD, "counted", {"test_loss": 1.0}, stale=True)} == {"stale", "not measured"}
    gone = judge(GOOD, "counted", {"test_loss": 2.45})
    assert [(each.metric, each.ok, each.why) for each in gone[1:]] == [
        ("parameters", None, "not measured"),
        ("seconds", None, "not measured"),
    ]
    one = recorded(counted={"test_loss": (2.45,)})
    assert judge(one, "counted", {"test_loss": 9.0})[0].why == "one seed predicts nothing"


def test_stale():
    runs = (Run("counted", ("--x",)), Run("unsmoothed", ("--x",)))
    same = Experiment("02-more", "t", (3407, 1, 2), runs, ())
    assert stale(GOOD, same, GOOD.code_id) == []
    assert len(stale(GOOD, same, "f" * 16)) == 1
    other = Experiment("02-more", "t", (3407,), (Run("counted", ("--y",)), Run("new", ())), ())
    reasons = "; ".join(stale(GOOD, other, GOOD.code_id))
    for part in ("seeds", "arguments of counted", "new was not recorded", "unsmoothed is gone"):
        assert part in reasons


# -- the file ---------------------------------------------------------------------------------------------------------


def test_round_trip(tmp_path):
    path = tmp_path / "baseline.json"
    assert read(path) is None
    write(path, GOOD)
    assert read(path) == GOOD
    first = path.read_bytes()
    write(path, read(path))
    assert path.read_bytes() == first
    assert [each.name for each in tmp_path.iterdir()] == ["baseline.json"]
    strict = json.loads(first, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert strict["runs"]["unsmoothed"]["test_loss"]["values"] == ["Infinity"] * 3


finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@given(st.lists(finite | st.just(INF) | st.integers(-(10**9), 10**9), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_any_figures_survive(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("any") / "baseline.json"
    written = recorded(counted={"x": values})
    write(path, written)
    assert read(path) == written


def changed(change) -> str:
    table = json.loads(json.dumps(jsonfile.plain({**GOOD.__dict__, "runs": None})))
    table["arguments"] = {"counted": ["--x"]}
    table["runs"] = {"counted": {"test_loss": {"n": 3, "mean": 2.45, "sd": 0.01, "values": [2.45, 2.46, 2.44]}}}
    change(table)
    return json.dumps(table)


def figures(**fields):
    return changed(lambda table: table["runs"]["counted"]["test_loss"].update(fields))


BAD = {
    "not JSON": ('{"stage": ', r"baseline.json:1:\d+"),
    "not UTF-8": (b"\xff", "not UTF-8"),
    "not an object": ("[]", r"the document is \[\]"),
    "bare infinity": ('{"stage": Infinity}', "Infinity is not JSON"),
    "no seeds": (changed(lambda t: t.pop("seeds")), "no seeds"),
    "unknown key": (changed(lambda t: t.update(more=1)), "unknown key 'more'"),
    "stage of another kind": (changed(lambda t: t.update(stage=2)), "stage is 2"),
    "threads of another kind": (changed(lambda t: t.update(threads="1")), "threads is '1'"),
    "seeds of another kind": (changed(lambda t: t.update(seeds=[1, 2, "3"])), "seeds is"),
    "arguments of another kind": (changed(lambda t: t.update(arguments={"counted": "--x"})), "arguments.counted"),
    "runs of another kind": (changed(lambda t: t.update(runs=[])), r"runs is \[\]"),
    "a run without arguments": (changed(lambda t: t.update(arguments={})), "arguments are of"),
    "metric of another kind": (changed(lambda t: t["runs"]["counted"].update(x=2.4)), "runs.counted.x is 2.4"),
    "field missing": (changed(lambda t: t["runs"]["counted"]["test_loss"].pop("sd")), "runs.counted.test_loss has n"),
    "a seed missing": (figures(values=[2.45, 2.46]), "not a value for each of 3 seeds"),
    "value of text": (figures(values=[2.45, 2.46, "2.44"]), "'2.44' is not a number"),
    "value missing": (figures(values=[2.45, 2.46, None]), "None is not a measurement"),
    "value not a number": (figures(values=[2.45, 2.46, "NaN"]), "'NaN' is not a measurement"),
    "mean edited": (figures(mean=2.40), "mean is 2.4, but the values make it 2.4"),
    "sd edited": (figures(sd=0.1), "sd is 0.1"),
    "sd of text": (figures(sd="small"), "'small' is not a number"),
    "n edited": (figures(n=5), "n is 5"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD)
def test_malformed(tmp_path, text, what):
    path = tmp_path / "baseline.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=what) as refused:
        read(path)
    assert str(path) in refused.value.found
    assert refused.value.exit_code == 2


def test_the_unchanged_table_is_fine(tmp_path):
    (tmp_path / "baseline.json").write_text(changed(lambda table: None))
    assert read(tmp_path / "baseline.json").runs["counted"]["test_loss"].n == 3


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "baseline.json"
    write(path, GOOD)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deltas.core.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, GOOD)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["baseline.json"]
