"""The interval covers what it says it covers, and a number is judged where there is something to judge it by."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recorded
from deltas.evidence.baseline import summarise
from deltas.evidence.prediction import FLOOR, Verdict, beside, family, interval, judge
from deltas.runs.metrics import Metric

INF = math.inf
METRICS = recorded.declared()
LOSS = Metric(digits=4)
GOOD = recorded.baseline(
    {
        "counted": recorded.run(
            {"test_loss": (2.45, 2.46, 2.44), "parameters": (729, 729, 729), "seconds": (3.0, 4.0, 5.0)}
        ),
        "unsmoothed": recorded.run({"test_loss": (INF, INF, INF)}),
        "fixed": recorded.run({"x": (2.5,), "endless": (INF,), "seconds": (1.0,)}, deterministic=True),
    }
)


def test_interval_by_the_table():
    """t with 4 degrees of freedom, from a printed table: 4.604 for 99 %, 5.598 for two numbers, 2.132 for 90 %."""
    values, sd = (0.0, 1.0, 2.0, 3.0, 4.0), math.sqrt(2.5)
    for together, level, t in ((1, 0.99, 4.604), (2, 0.99, 5.598), (1, 0.90, 2.132)):
        low, high = interval(values, together, level)
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
    """Normal numbers, five seeds, four numbers: one in a hundred stages is alarmed for nothing, all numbers together.

    Bonferroni is exact to 1 - (1 - .01/4)^4 = 0.996 % for independent numbers; 5,000 stages give 50 ± 7.
    """
    draw = random.Random(20250101)
    stages, together, alarms = 5_000, 4, 0
    for _ in range(stages):
        outside = False
        for mean, sd in ((2.0, 0.01), (2.5, 0.1), (0.0, 1.0), (-40.0, 7.0))[:together]:
            *seeds, new = (draw.gauss(mean, sd) for _ in range(6))
            low, high = interval(seeds, together)
            outside |= not low <= new <= high
        alarms += outside
    assert 30 <= alarms <= 70


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8), st.integers(1, 50))
@settings(deadline=None)
def test_interval_properties(values, together):
    low, high = interval(values, together)
    assert high - low >= 2 * FLOOR * (1 - 1e-3)
    wider = interval(values, together + 1)
    assert wider[0] <= low and high <= wider[1]
    assert interval([-value for value in values], together) == pytest.approx((-high, -low))


# -- judging ----------------------------------------------------------------------------------------------------------


def test_verdicts():
    measured = {"test_loss": 2.451, "parameters": 730, "seconds": 900.0, "new": 1.0, "upstream_test_loss": None}
    verdicts = {verdict.metric: verdict for verdict in judge(GOOD, "counted", measured, METRICS)}
    assert [(verdict.ok, verdict.why) for verdict in verdicts.values()] == [
        (True, ""), (False, ""), (None, ""), (None, "not recorded"), (None, "not measured"),
    ]  # fmt: skip
    assert family(GOOD, METRICS) == 5  # of eight recorded ones: seconds are declared never to be judged
    assert (verdicts["test_loss"].low, verdicts["test_loss"].high) == interval((2.45, 2.46, 2.44), 5)


def test_a_stage_declares_what_is_not_judged():
    """Nothing but the declaration decides: no name of a metric is known here."""
    own = recorded.declared(seconds={"judged": True}, parameters={"judged": False})
    verdicts = {
        verdict.metric: verdict.ok for verdict in judge(GOOD, "counted", {"seconds": 9e9, "parameters": 7}, own)
    }
    assert verdicts["seconds"] is False and verdicts["parameters"] is None
    assert family(GOOD, own) == 6
    table = recorded.baseline({"a": recorded.run({"solved.easy": (1.0, 1.0), "solved.hard": (0.0, 0.5)})})
    assert family(table, recorded.declared(solved={"judged": False})) == 0


def test_a_deterministic_run_has_to_come_again():
    near, far = 2.5 + FLOOR / 2, 2.5 + 2 * FLOOR
    for value, ok in ((2.5, True), (near, True), (far, False), (INF, False)):
        verdicts = judge(GOOD, "fixed", {"x": value, "endless": INF, "seconds": 99.0}, METRICS)
        assert [verdict.ok for verdict in verdicts] == [ok, True, None]
    assert judge(GOOD, "fixed", {"endless": 3.0}, METRICS)[0].ok is False


def test_infinity_equals_infinity():
    assert judge(GOOD, "unsmoothed", {"test_loss": INF}, METRICS)[0].ok is True
    assert judge(GOOD, "unsmoothed", {"test_loss": 2.4}, METRICS)[0].ok is False
    assert judge(GOOD, "counted", {"test_loss": INF}, METRICS)[0].ok is False
    assert judge(GOOD, "counted", {"test_loss": math.nan}, METRICS)[0].ok is False


def test_what_is_not_judged():
    assert {verdict.why for verdict in judge(None, "counted", {"test_loss": 1.0}, METRICS)} == {"not recorded"}
    assert {verdict.why for verdict in judge(GOOD, "other", {"test_loss": 1.0}, METRICS)} == {"not recorded"}
    assert judge(None, "counted", {"test_loss": None}, METRICS)[0].why == "not measured"
    one = recorded.baseline({"counted": recorded.run({"test_loss": (2.45,)})})
    assert judge(one, "counted", {"test_loss": 9.0}, METRICS)[0].why == "one seed predicts nothing"


@pytest.mark.parametrize("measured", [{"test_loss": 2.45}, {"test_loss": 2.45, "parameters": None}])
def test_a_recorded_number_that_is_gone_is_a_failure(measured):
    """Who loses a metric would otherwise never learn that it has changed. Seconds are never judged, there or not."""
    gone = {verdict.metric: verdict for verdict in judge(GOOD, "counted", measured, METRICS)}
    assert {metric: verdict.ok for metric, verdict in gone.items()} == {
        "test_loss": True, "parameters": False, "seconds": None,
    }  # fmt: skip
    assert {gone[metric].why for metric in ("parameters", "seconds")} == {"recorded, and not there any more"}
    excused = judge(GOOD, "counted", measured, METRICS, excused={"parameters"})
    assert [(verdict.ok, verdict.why) for verdict in excused if verdict.metric == "parameters"] == [
        (None, "not measured")
    ]
    assert {verdict.ok for verdict in judge(GOOD, "counted", measured, METRICS, "the code is another")} == {None}


def test_a_stale_baseline_judges_nothing_and_says_why():
    verdicts = judge(GOOD, "counted", {"test_loss": 9.0}, METRICS, "the code is another")
    assert {verdict.ok for verdict in verdicts} == {None}
    assert verdicts[0].why == "the baseline is stale: the code is another"


def test_what_stands_beside_a_number():
    summary = summarise((2.45, 2.46, 2.44))
    assert beside(Verdict("x", 2.45, summary, 2.4, 2.5, True), LOSS) == "2.4500 ± 0.0100"
    assert beside(Verdict("x", 2.6, summary, 2.4, 2.5, False), LOSS) == "2.4500 ± 0.0100, outside 2.4000 … 2.5000"
    gone = Verdict("x", None, summarise([2.45, 2.46]), ok=False, why="recorded, and not there any more")
    assert beside(gone, LOSS).endswith(", recorded, and not there any more")
    assert beside(Verdict("x", 2.6, None, why="not measured"), LOSS) == "not measured"
    stale = Verdict("x", 2.6, summary, why="the baseline is stale: the code is another")
    assert beside(stale, LOSS) == "2.4500 ± 0.0100, the baseline is stale"
