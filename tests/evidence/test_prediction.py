"""A run is the recorded one again, or else one more seed of it; and what is neither is noticed."""

import ast
import doctest
import itertools
import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats

import recorded
from deltas.core import numbers
from deltas.evidence import baseline as baselines
from deltas.evidence import claims, prediction
from deltas.evidence.baseline import summarise
from deltas.evidence.outcome import Outcome
from deltas.evidence.prediction import FLOOR, SAME, Verdict, Way, exact, family, interval, judge, pooled, predicted
from deltas.runs import experiment
from deltas.runs.experiment import Experiment, Run
from deltas.runs.metrics import Metric

INF = math.inf
METRICS = recorded.declared()
LOSS = Metric(digits=4)
SAME_MACHINE = {"torch": "2.0", "cpu": "a CPU"}  # that of recorded.baseline
MACHINES = {
    "the same": SAME_MACHINE,
    "another torch": SAME_MACHINE | {"torch": "2.1"},
    "another CPU": SAME_MACHINE | {"cpu": "another"},
}
OTHER = MACHINES["another CPU"]
GOOD = recorded.baseline(
    {
        "counted": recorded.run(
            {"test_loss": (2.45, 2.46, 2.44), "parameters": (729, 729, 729), "seconds": (3.0, 4.0, 5.0)}
        ),
        "unsmoothed": recorded.run({"test_loss": (INF, INF, INF)}),
        "fixed": recorded.run({"x": (2.5,), "endless": (INF,), "seconds": (1.0,)}, deterministic=True),
    }
)


def described(baseline, headline="test_loss", metrics=METRICS, apart=()) -> Experiment:
    """The experiment that such a baseline was recorded of. apart: runs that have a variance of their own."""
    runs = tuple(
        Run(name, deterministic=run.deterministic, own_variance=name in apart) for name, run in baseline.runs.items()
    )
    return Experiment("03-x", "X", baseline.seeds, runs, headline=headline, metrics=metrics)


def judged(baseline, run, measured, seed=0, machine=SAME_MACHINE, own=None, **more):
    return judge(baseline, own or described(baseline), run, seed, measured, machine, **more)


def by_name(judgement) -> dict:
    return {verdict.metric: verdict for verdict in judgement.verdicts}


def test_doctests():
    for module in (prediction, numbers):
        assert doctest.testmod(module).failed == 0


# -- the interval -----------------------------------------------------------------------------------------------------


def test_interval_by_the_table():
    """t with 4 degrees of freedom, from a printed table: 4.604 for 99 %, 5.598 for two numbers, 2.132 for 90 %."""
    values, sd = (0.0, 1.0, 2.0, 3.0, 4.0), math.sqrt(2.5)
    for together, level, t in ((1, 0.99, 4.604), (2, 0.99, 5.598), (1, 0.90, 2.132)):
        low, high = interval(values, together, level=level)
        assert (low + high) / 2 == pytest.approx(2.0)
        assert (high - low) / 2 == pytest.approx(t * sd * math.sqrt(1.2), rel=2e-4)


def test_interval_from_a_pool():
    """t with 12 degrees of freedom from the table: 3.055 for 99 %. The mean is the run's, the variance the pool's."""
    low, high = interval((1.0, 3.0), 1, (0.25, 12))
    assert (low + high) / 2 == pytest.approx(2.0)
    assert (high - low) / 2 == pytest.approx(3.055 * 0.5 * math.sqrt(1.5), rel=2e-4)


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
    assert interval(values, 3, (0.0, 0)) == expected


def test_not_a_number_contains_nothing():
    low, high = interval((2.0, math.nan), 1)
    assert not low <= 2.0 <= high
    with pytest.raises(ValueError, match="no values"):
        interval((), 1)


def test_false_alarms():
    """Four runs of a stage with five seeds each and one variance: one stage in a hundred is alarmed for nothing.

    Bonferroni gives at most 1 %; that the four intervals share a variance makes it a little less. 4,000 stages: 40 ± 6.
    """
    draw = random.Random(20250101)
    stages, alarms = 4_000, 0
    for _ in range(stages):
        seeds = {mean: [draw.gauss(mean, 0.01) for _ in range(5)] for mean in (1.9, 2.0, 2.1, 2.45)}
        pool = pooled(list(seeds.values()))
        outside = False
        for mean, values in seeds.items():
            low, high = interval(values, 4, pool)
            outside |= not low <= draw.gauss(mean, 0.01) <= high
        alarms += outside
    assert 20 <= alarms <= 60


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8), st.integers(1, 50))
@settings(deadline=None)
def test_interval_properties(values, together):
    low, high = interval(values, together)
    assert high - low >= 2 * FLOOR * (1 - 1e-3)
    wider = interval(values, together + 1)
    assert wider[0] <= low and high <= wider[1]
    assert interval([-value for value in values], together) == pytest.approx((-high, -low))


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=6), min_size=1, max_size=6))
@settings(deadline=None)
def test_a_pool_is_what_an_analysis_of_variance_makes_of_the_samples(samples):
    """The oracle: the sum of squares about every sample's own mean, which is that within groups."""
    noisy = [values for values in samples if len(set(values)) > 1]
    within = sum(sum((value - statistics.fmean(values)) ** 2 for value in values) for values in noisy)
    freedom = sum(map(len, noisy)) - len(noisy)
    assert pooled(samples) == (pytest.approx(within / freedom if freedom else 0.0, abs=1e-9), freedom)


def test_what_shows_no_noise_is_in_no_pool():
    """A run that is the same for every seed would lend its certainty to the others."""
    noisy = (1.0, 2.0, 3.0)
    assert pooled([noisy, (5.0, 5.0, 5.0), (7.0,), (1.0, INF), ()]) == pooled([noisy]) == (1.0, 2)


# -- pooling over a stage ---------------------------------------------------------------------------------------------

STAGE = recorded.baseline(
    {
        "a": recorded.run({"test_loss": (2.00, 2.01, 1.99), "parameters": (9,) * 3, "kl": (0.1, 0.5, 0.9)}),
        "b": recorded.run({"test_loss": (2.20, 2.22, 2.21), "parameters": (8,) * 3, "kl": (0.2, 0.3, 0.9)}),
        "wild": recorded.run({"test_loss": (2.1, 2.9, 3.7), "parameters": (8,) * 3, "kl": (0.2, 0.3, 0.9)}),
        "fixed": recorded.run({"test_loss": (2.3,), "parameters": (7,)}, deterministic=True),
    }
)


def test_one_more_seed_is_held_against_a_pooled_variance_with_bonferroni_over_the_runs_alone():
    """By hand: s = 0.01 with 4 degrees of freedom, n = 3, three runs that draw seeds."""
    own = described(STAGE, apart={"wild"})
    assert family(STAGE, own) == 3
    half = float(stats.t.ppf(1 - 0.01 / 6, 4)) * 0.01 * math.sqrt(4 / 3)
    assert predicted(STAGE, own, "a", "test_loss") == pytest.approx((2.0 - half, 2.0 + half))
    inside, outside = 2.0 + 0.99 * half, 2.0 + 1.01 * half
    for loss, ok in ((inside, True), (outside, False)):
        judgement = judged(STAGE, "a", {"test_loss": loss, "parameters": 9, "kl": 77.0}, 0, OTHER, own)
        rows = by_name(judgement)
        assert (judgement.way, judgement.ok) == (Way.ONE_MORE, ok)
        assert (rows["test_loss"].ok, rows["parameters"].ok, rows["kl"].ok) == (ok, True, None)
        assert rows["test_loss"].difference == pytest.approx(loss - 2.0) and rows["kl"].low is None


def test_a_run_with_a_variance_of_its_own_is_in_nobodys_pool():
    own = described(STAGE, apart={"wild"})
    low, high = predicted(STAGE, own, "wild", "test_loss")
    assert high - low == pytest.approx(2 * stats.t.ppf(1 - 0.01 / 6, 2) * 0.8 * math.sqrt(4 / 3))
    together = predicted(STAGE, described(STAGE), "a", "test_loss")
    assert together[1] - together[0] > 10 * (predicted(STAGE, own, "a", "test_loss")[1] - 2.0)


def test_the_order_of_the_runs_makes_no_difference():
    turned = replace(STAGE, runs=dict(reversed(STAGE.runs.items())))
    for run in ("a", "b", "wild"):
        one, other = (predicted(base, described(base), run, "test_loss") for base in (STAGE, turned))
        assert one == pytest.approx(other)


def test_without_a_headline_every_judged_number_that_is_not_exact_is_held():
    own = described(STAGE, headline=None)
    assert family(STAGE, own) == 6
    rows = by_name(judged(STAGE, "a", {"test_loss": 2.0, "parameters": 9, "kl": 99.0}, 0, OTHER, own))
    assert (rows["test_loss"].ok, rows["parameters"].ok, rows["kl"].ok) == (True, True, False)
    for headline in ("nobody_measured_it", "parameters", "seconds"):
        assert family(STAGE, described(STAGE, headline=headline)) == 6


def test_a_run_of_one_seed_borrows_the_variance_of_the_others():
    base = replace(STAGE, runs=STAGE.runs | {"once": recorded.run({"test_loss": (2.0,)})})
    for loss, ok in ((2.01, True), (2.5, False)):
        assert judged(base, "once", {"test_loss": loss}, 9, own=described(base, apart={"wild"})).ok is ok


# -- the same seed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("seed", range(3))
def test_every_seed_is_held_against_its_own_values(machine, seed):
    loss = GOOD.runs["counted"].metrics["test_loss"].values[seed]
    for value in (loss, loss + SAME * 0.99, loss - SAME * 0.99):
        judgement = judged(GOOD, "counted", {"test_loss": value, "parameters": 729, "seconds": 9e9}, seed, machine)
        assert judgement.way is Way.REPEATED and judgement.ok
        row = by_name(judgement)["test_loss"]
        assert row.recorded == loss and row.difference == pytest.approx(value - loss) and row.low is None


@pytest.mark.parametrize("machine", MACHINES, ids=MACHINES)
def test_what_does_not_repeat_is_a_failure_here_and_one_more_seed_elsewhere(machine):
    measured = {"test_loss": 2.45 + SAME * 1.01, "parameters": 729, "seconds": 3.0}
    judgement = judged(GOOD, "counted", measured, 0, MACHINES[machine])
    here = machine == "the same"
    assert judgement.way is (Way.NOT_REPEATED if here else Way.ONE_MORE)
    assert judgement.ok is not here and by_name(judgement)["test_loss"].ok is not here


def test_a_seed_that_was_not_recorded_is_one_more_seed_anywhere():
    for machine in MACHINES.values():
        measured = {"test_loss": 2.455, "parameters": 729, "seconds": 3.0}
        judgement = judged(GOOD, "counted", measured, 77, machine)
        row = by_name(judgement)["test_loss"]
        assert judgement.way is Way.ONE_MORE and judgement.ok and row.recorded is None and row.difference is None
        assert not judged(GOOD, "counted", measured | {"test_loss": 3.0}, 77, machine).ok


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_whole_numbers_that_no_seed_moves_have_to_be_equal_on_any_machine(machine):
    judgement = judged(GOOD, "counted", {"test_loss": 2.45, "parameters": 730, "seconds": 3.0}, 0, machine)
    assert not judgement.ok and by_name(judgement)["parameters"].ok is False


def test_what_counts_as_exact():
    run = recorded.run({"whole": (3, 3), "drawn": (3, 4), "real": (3.0, 3.0)})
    assert [exact(run, metric) for metric in run.metrics] == [True, False, False]
    once = {"whole": (3,)}
    assert exact(recorded.run(once, deterministic=True), "whole") and not exact(recorded.run(once), "whole")


@given(
    st.lists(st.floats(-50, 50).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=2, max_size=4, unique=True),
    st.integers(0, 3),
    st.floats(-3, 3).filter(lambda shift: abs(abs(shift) - 1) > 1e-3),
)
@settings(deadline=None)
def test_a_number_is_noticed_just_where_it_misses_by_more_than_it_may(values, at, shift):
    """On the same machine, whichever of the seeds, and whatever the other numbers say."""
    seed = at % len(values)
    base = recorded.baseline({"a": recorded.run({"x": values, "y": [1.5] * len(values)})})
    may = SAME * max(1.0, abs(values[seed]) / 10)
    may = min(may, abs(values[seed]) / 20) or SAME
    judgement = judged(base, "a", {"x": values[seed] + shift * may, "y": 1.5}, seed)
    assert judgement.ok is (abs(shift) < 1)
    assert judgement.way is (Way.REPEATED if abs(shift) < 1 else Way.NOT_REPEATED)


def test_a_large_number_may_miss_in_proportion():
    base = recorded.baseline({"a": recorded.run({"spread": (500.0, 700.0)})})
    for value, way in ((500.04, Way.REPEATED), (500.06, Way.NOT_REPEATED)):
        assert judged(base, "a", {"spread": value}).way is way


def test_a_stage_declares_what_is_not_judged():
    """Nothing but the declaration decides: no name of a metric is known here."""
    own = described(GOOD, metrics=recorded.declared(seconds={"judged": True}, parameters={"judged": False}))
    rows = by_name(judged(GOOD, "counted", {"test_loss": 2.45, "seconds": 9e9, "parameters": 7}, own=own))
    assert rows["seconds"].ok is False and rows["parameters"].ok is None
    table = recorded.baseline({"a": recorded.run({"solved.easy": (1.0, 1.5), "solved.hard": (0.0, 0.5)})})
    none = described(table, metrics=recorded.declared(solved={"judged": False}))
    assert judged(table, "a", {"solved.easy": 9.0, "solved.hard": 9.0}, own=none).way is Way.NOT


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("seed", [0, 77])
def test_a_deterministic_run_has_to_come_again_from_any_seed_on_any_machine(machine, seed):
    near, far = 2.5 + FLOOR / 2, 2.5 + 2 * FLOOR
    for value, ok in ((2.5, True), (near, True), (far, False), (INF, False)):
        judgement = judged(GOOD, "fixed", {"x": value, "endless": INF, "seconds": 99.0}, seed, machine)
        assert [verdict.ok for verdict in judgement.verdicts] == [ok, True, None]
        assert judgement.way is (Way.REPEATED if ok else Way.NOT_REPEATED)
    assert by_name(judged(GOOD, "fixed", {"endless": 3.0}, seed, machine))["endless"].ok is False


def test_what_the_seed_draws_in_a_deterministic_run_is_held_against_that_seed_here_alone():
    base = recorded.baseline({"a": recorded.run({"x": (2.5,), "alike": (0.7,)}, deterministic=True)})
    for seed, machine, ok in ((0, SAME_MACHINE, False), (1, SAME_MACHINE, None), (0, OTHER, None)):
        judgement = judged(base, "a", {"x": 2.5, "alike": 0.9}, seed, machine, drawn={"alike"})
        assert by_name(judgement)["alike"].ok is ok and by_name(judgement)["x"].ok


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_infinity_equals_infinity(machine):
    def loss(run, value):
        return by_name(judged(GOOD, run, {"test_loss": value, "parameters": 729}, 0, machine))["test_loss"].ok

    assert loss("unsmoothed", INF) is True
    assert loss("unsmoothed", 2.4) is loss("counted", INF) is loss("counted", math.nan) is False


def test_what_is_not_judged():
    none = described(GOOD)
    for base, run in ((None, "counted"), (GOOD, "other")):
        judgement = judged(base, run, {"test_loss": 1.0}, own=none)
        assert judgement.way is Way.NOT and {verdict.why for verdict in judgement.verdicts} == {"not recorded"}
    assert judged(None, "counted", {"test_loss": None}, own=none).verdicts[0].why == "not measured"
    one = recorded.baseline({"counted": recorded.run({"test_loss": (2.45,)})})
    [row] = judged(one, "counted", {"test_loss": 9.0}, 0, OTHER).verdicts
    assert row.ok is None and row.why == "the recorded seeds predict nothing"


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("measured", [{"test_loss": 2.45}, {"test_loss": 2.45, "parameters": None}])
def test_a_recorded_number_that_is_gone_is_a_failure(measured, machine):
    """Who loses a metric would otherwise never learn that it has changed. Seconds are never judged, there or not."""
    gone = by_name(judged(GOOD, "counted", measured, 0, machine))
    assert {metric: verdict.ok for metric, verdict in gone.items()} == {
        "test_loss": True, "parameters": False, "seconds": None,
    }  # fmt: skip
    assert {gone[metric].why for metric in ("parameters", "seconds")} == {"recorded, and not there any more"}
    excused = by_name(judged(GOOD, "counted", measured, 0, machine, excused={"parameters"}))["parameters"]
    assert (excused.ok, excused.why) == (None, "not measured")
    stale = judged(GOOD, "counted", measured, 0, machine, stale="the code is another")
    assert {verdict.ok for verdict in stale.verdicts} == {None}


def test_a_stale_baseline_judges_nothing_and_says_why():
    judgement = judged(GOOD, "counted", {"test_loss": 9.0}, stale="the code is another")
    assert judgement.way is Way.NOT and {verdict.ok for verdict in judgement.verdicts} == {None}
    assert judgement.verdicts[0].why == "the baseline is stale: the code is another"


def test_what_stands_beside_a_number():
    summary = summarise((2.45, 2.46, 2.44))
    for ok, where in ((True, "inside"), (False, "outside")):
        verdict = Verdict("x", 2.45, summary, low=2.4, high=2.5, ok=ok)
        assert prediction.beside(verdict, LOSS) == f"2.4500 ± 0.0100, {where} 2.4000 … 2.5000"
    assert prediction.beside(Verdict("x", 2.45, summary, 2.45, 0.0, ok=True), LOSS) == "2.4500 ± 0.0100"
    assert prediction.beside(Verdict("x", 2.45, summarise((2.45,)), ok=True), LOSS) == ""
    gone = Verdict("x", None, summarise([2.45, 2.46]), ok=False, why="recorded, and not there any more")
    assert prediction.beside(gone, LOSS).endswith(", recorded, and not there any more")
    assert prediction.beside(Verdict("x", 2.6, None, why="not measured"), LOSS) == "not measured"
    stale = Verdict("x", 2.6, summary, why="the baseline is stale: the code is another")
    assert prediction.beside(stale, LOSS) == "2.4500 ± 0.0100, the baseline is stale"


def test_a_number_and_what_it_was_held_against():
    summary = summarise((2.45, 2.46, 2.44))
    again = Verdict("x", 2.46, summary, 2.45, 0.01, ok=False)
    assert prediction.against(again, LOSS) == "x 2.4600, recorded 2.4500, difference 0.0100"
    one_more = Verdict("x", 2.7, summary, low=2.4, high=2.5, ok=False)
    assert prediction.against(one_more, LOSS) == "x 2.7000, 2.4500 ± 0.0100, outside 2.4000 … 2.5000"
    gone = Verdict("x", None, summarise((2.45,)), 2.45, ok=False, why="recorded, and not there any more")
    assert prediction.against(gone, LOSS) == "x –, recorded 2.4500, recorded, and not there any more"


# -- one run's numbers passed off as another's ------------------------------------------------------------------------

RECORDED = sorted((recorded.HERE / "baselines").glob("[0-9][0-9]-*/baseline.json"))


def numbers_of(baseline, run, seed) -> dict:
    """What a run measured from a seed, as a new run would bring it."""
    values = baseline.runs[run]
    at = 0 if values.deterministic else values.seeds.index(seed)
    return {metric: summary.values[at] for metric, summary in values.metrics.items()}


def claimed_the_same(own: Experiment, baseline) -> set[frozenset]:
    """Pairs of runs of which the stage itself claims that they come to the same, to a hundredth, where that is so."""
    pairs = set()
    for claim, verdict in zip(own.claims, claims.evaluate(own, baseline), strict=True):
        node = ast.parse(claim.check.strip(), mode="eval").body
        if isinstance(node, ast.Call) and node.func.id == "within" and verdict.outcome is Outcome.YES:
            if ast.literal_eval(node.args[2]) > 0.01:
                continue
            names = {part.id for argument in node.args[:2] for part in ast.walk(argument) if isinstance(part, ast.Name)}
            pairs.add(frozenset(name for name in baseline.runs if name.replace("-", "_") in names))
    return pairs


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_no_run_of_a_stage_passes_for_another_where_it_was_recorded(path):
    """Every ordered pair, every seed. What was recorded with the same arguments is the same run.

    The other exception are pairs that a claim of the stage says come to the same: nobody could tell them by numbers.
    """
    base = baselines.read(path)
    own = experiment.read(path.with_name("experiment.toml"))
    here = {"torch": base.torch, "cpu": base.cpu}
    passed = set()
    for run, other in itertools.permutations(base.runs, 2):
        for seed in base.runs[run].seeds:
            if not base.runs[other].deterministic and seed not in base.runs[other].seeds:
                continue
            judgement = judge(base, own, run, seed, numbers_of(base, other, seed), here)
            if judgement.ok:
                passed.add(frozenset((run, other)))
        for seed in base.runs[run].seeds:
            assert judge(base, own, run, seed, numbers_of(base, run, seed), here).way is Way.REPEATED
    configured = {name: (run.program, run.arguments) for name, run in base.runs.items()}
    allowed = claimed_the_same(own, base)
    assert [sorted(pair) for pair in passed - allowed if len({configured[name] for name in pair}) > 1] == []


@pytest.mark.parametrize("apart", [6.0, 12.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_run_passes_for_another_on_another_machine_where_they_are_far_enough_apart(apart, seed):
    """Eight runs, five seeds, `apart` standard deviations from the nearest: the interval reaches about 3.9 of them.

    t(32) with Bonferroni over eight runs at 99 % is 3.56, times sqrt(1.2). Runs that are six apart overlap by their own
    noise in the seed that is passed off; so of these it is the mean that is passed off.
    """
    draw = random.Random(seed)
    sd = 0.005
    runs = {
        f"run-{n}": recorded.run({"test_loss": tuple(draw.gauss(2 + n * apart * sd, sd) for _ in range(5))})
        for n in range(8)
    }
    base = recorded.baseline(runs)
    for run, other in itertools.permutations(runs, 2):
        loss = runs[other].metrics["test_loss"]
        passed = [loss.mean] if apart < 10 else [*loss.values]
        for value in passed:
            judgement = judged(base, run, {"test_loss": value}, 0, OTHER)
            assert judgement.way is Way.ONE_MORE and not judgement.ok, (run, other)
    for run in runs:
        again = draw.gauss(runs[run].metrics["test_loss"].mean, sd / 2)
        assert judged(base, run, {"test_loss": again}, 0, OTHER).ok


def test_the_interval_of_a_stage_is_four_standard_deviations_not_eighteen():
    """Eight runs of five seeds: what one run of its own and a hundred figures made of it was t(4) at 0.01 / 272."""
    low, high = interval((0.0, 1.0, -1.0, 0.5, -0.5), 8, (1.0, 32))
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(1 - 0.01 / 16, 32) * math.sqrt(1.2))
    assert (high - low) / 2 < 4
