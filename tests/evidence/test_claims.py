"""A claim passes when the recorded seeds (and items) bear it out, and only then."""

import doctest
import itertools
import json
import math
import random
import re
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats

import recorded as made
from deltas.core.errors import BadInput
from deltas.evidence import baseline as baselines
from deltas.evidence import claims, expressions, outcome, paired, significance
from deltas.evidence.baseline import Baseline
from deltas.evidence.items import ByItem, Items, Subset
from deltas.evidence.outcome import Outcome
from deltas.evidence.paired import Sample, Unevaluable
from deltas.runs import experiment
from deltas.runs.experiment import Claim, Experiment, Run

INF, NAN = math.inf, math.nan
YES, OPEN, NO = Outcome.YES, Outcome.NOT_SHOWN, Outcome.NO
LEVEL = 0.005  # one-sided
METRICS = made.declared()


def recorded(runs, by_item=None, items=None) -> Baseline:
    """runs: name -> metric -> values. by_item: name -> its test losses item by item."""
    by_item = by_item or {}
    return made.baseline({run: made.run(values, by_item=by_item.get(run)) for run, values in runs.items()}, items)


def judged(baseline: Baseline, *checks: str | Claim, metrics=METRICS):
    stated = tuple(check if isinstance(check, Claim) else Claim(f"says {check}", check) for check in checks)
    runs = tuple(Run(name) for name in baseline.runs)
    return claims.evaluate(Experiment("03-x", "X", baseline.seeds, runs, stated, metrics=metrics), baseline)


def sample(baseline: Baseline, run: str, metric: str) -> Sample:
    return paired.sample(baseline, run, metric, METRICS)


def losses(nats, key="s") -> ByItem:
    return ByItem(key, {"test_loss": tuple(nats)})


def names(tokens, seen=None) -> Items:
    """Test names of so many tokens; seen: which of them are also in train."""
    subsets = {"test_loss_unseen": Subset("test_loss", tuple(int(not each) for each in seen))} if seen else {}
    return Items("test name", tuple(tokens), subsets)


SMALL = recorded(
    {
        "with-bn": {"x": (0.021, 0.024, 0.023, 0.022, 0.025), "n": (729,) * 5, "wide": (1.0, -1.0, 2.0, -2.0, 0.1)},
        "without": {"x": (0.31, 0.33, 0.30, 0.32, 0.34), "n": (729,) * 5, "wide": (2.0, -1.0, 1.0, -2.1, 0.0)},
        "same": {"x": (0.021, 0.024, 0.023, 0.022, 0.025), "n": (730,) * 5, "endless": (INF,) * 5},
    }
)

# -- the language -----------------------------------------------------------------------------------------------------

SAID = {
    "with_bn.x < 0.05": YES,
    "0.05 > with_bn.x": YES,
    "with_bn.x > 0.05": NO,
    "with_bn.x < 0.0235": OPEN,
    "with_bn.x < without.x": YES,
    "without.x < with_bn.x": NO,
    "with_bn.wide < without.wide": OPEN,
    "0.01 < with_bn.x < 0.05": YES,
    "0.01 < with_bn.x < 0.0235": OPEN,
    "0.03 < with_bn.x < 0.05": NO,
    "with_bn.x < same.x": OPEN,  # the same numbers: no difference, no noise
    "with_bn.n < same.n": YES,  # no noise, but a difference
    "with_bn.n > same.n": NO,
    "with_bn.n < without.n": OPEN,
    "with_bn.n < 730": YES,
    "with_bn.n + 1 < same.n": OPEN,
    "same.endless > with_bn.x": YES,
    "same.endless < 3": NO,
    "without.x / with_bn.x > 10": YES,
    "10 < without.x / with_bn.x": YES,
    "2 * with_bn.x - without.x < 0": YES,
    "-without.x < -(+with_bn.x)": YES,
    "1 - without.x < 1 - with_bn.x": YES,
    "1 / without.x < 1 / with_bn.x": YES,
    "abs(with_bn.x - without.x) > 0.2": YES,
    "max(with_bn.x, without.x) > 0.2": YES,
    "min(with_bn.x, without.x, 7) < 0.05": YES,
    "mean(with_bn.x, without.x) < 0.2": YES,
    "within(with_bn.x, without.x, 0.4)": YES,
    "within(with_bn.x, without.x, eps=0.2)": NO,
    "within(with_bn.wide, without.wide, 0.1)": OPEN,
    "within(with_bn.n, same.n, 2)": YES,
    "within(with_bn.n, same.n, 1)": OPEN,
    "within(with_bn.n, same.n, 0.5)": NO,
    "not with_bn.x > 0.05": YES,
    "not with_bn.x < 0.0235": OPEN,
    "with_bn.x < 0.05 and without.x > 0.05": YES,
    "with_bn.x < 0.05 and with_bn.x < 0.0235": OPEN,
    "with_bn.x > 0.05 and with_bn.x < 0.0235": NO,
    "with_bn.x > 0.05 or with_bn.x < 0.0235": OPEN,
    "with_bn.x < 0.05 or with_bn.x < 0.0235": YES,
    " with_bn.x < 0.05 ": YES,
}


@pytest.mark.parametrize("check", SAID)
def test_what_a_check_says(check):
    [verdict] = judged(SMALL, check)
    assert verdict.outcome is SAID[check]
    assert verdict.ok is (SAID[check] is YES)
    assert bool(verdict.why) is not verdict.ok


REFUSED = {  # check: what the message names
    "nobody.x < 1": r"no run 'nobody'.*with_bn, without, same",
    "with_bn.y < 1": r"with-bn has no metric 'y'.*x, n, wide",
    "with_bn.x <": "not an expression",
    "": "not an expression",
    "with_bn.x < 1; without.x < 1": "not an expression",
    "y = with_bn.x < 1": "not an expression",
    "with-bn.x < 1": "'bn|'with",
    "with_bn < 1": "'with_bn' stands alone",
    "x < 1": "'x' stands alone",
    "with_bn.x": "quantity, not a statement",
    "with_bn.x - without.x": "quantity, not a statement",
    "1": "not a statement",
    "1 < 2": "no metric",
    "within(1, 2, 3)": "no metric",
    "with_bn.x <= 1": "compare by < and >",
    "with_bn.x == without.x": r"compare by < and >.*within\(a, b, eps\)",
    "with_bn.x ** 2 < 1": "no operator Pow",
    "with_bn.x % 2 < 1": "no operator Mod",
    "with_bn.x < 'a'": "'a' is not a number",
    "with_bn.x < None": "None is not a number",
    "with_bn.x < True": "True is not a number",
    "with_bn.x < 1j": "1j is not a number",
    "with_bn.x and without.x": "join comparisons",
    "not with_bn.x": "join comparisons",
    "(with_bn.x < 1) + 1 < 2": "claim 1",
    "(with_bn.x < 1) < 1": "claim 1",
    "abs(with_bn.x < 1) < 1": "claim 1",
    "with_bn.x.mean < 1": "no metric 'x.mean'",
    "with_bn.__class__ < 1": "no metric",
    "with_bn.x.values < 1": "no metric 'x.values'",
    "(with_bn.x + 1).y < 1": "not a metric",
    "with_bn.x() < 1": "not a function",
    "(lambda: 1)() < with_bn.x": "not a function",
    "with_bn.x[0] < 1": "Subscript",
    "[with_bn.x] < 1": "List",
    "(with_bn.x if 1 else 2) < 1": "IfExp",
    "open('x') < 1": "no function 'open'",
    "__import__('os') < 1": "no function",
    "sum(with_bn.x) < 1": r"no function 'sum'.*min, max, mean",
    "within(with_bn.x, without.x)": "eps",
    "within(with_bn.x, without.x, -1)": "eps is -1",
    "within(with_bn.x, without.x, 0)": "eps is 0",
    "within(with_bn.x, without.x, without.x)": "eps",
    "within(with_bn.x, without.x, 1, 0.5)": "level",
    "within(with_bn.x, without.x, 1, level=0.5)": "level",
    "within(*with_bn.x)": "Starred",
    "tie(with_bn.x, without.x)": r"tie\(a, b\) is no test.*within\(a, b, margin\)",
    "with_bn.x < 1 and tie(with_bn.x, same.x)": r"tie\(a, b\) is no test.*within\(a, b, margin\)",
    "max() < 1": "no metric",
    "this_split(3) < 1": "no metric",
    "(" * 300 + "with_bn.x" + ")" * 300 + " < 1": "not an expression",
    "-" * 5000 + "with_bn.x < 1": "not an expression|too deeply",
    "with_bn.x < 1\0": "not an expression",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("check", REFUSED, ids=lambda check: check[:40])
def test_what_is_no_claim_is_refused_with_its_place(check):
    with pytest.raises(BadInput) as refused:
        judged(SMALL, "with_bn.x < 0.05", check)
    message = f"{refused.value.found} {refused.value.expected}"
    assert re.search(REFUSED[check].replace("claim 1", "claim 2"), message, re.DOTALL), message
    assert message.startswith(f"baselines/03-x/experiment.toml: claim 2 (says {check})")


BROKEN = {  # nobody can say: a failure, never a pass
    "with_bn.x / (with_bn.n - without.n) > 0": "division",
    "same.endless - same.endless < 1": "not a number",
    "within(same.endless, same.endless, 1)": "not a number",
    "with_bn.x < 1e999 - 1e999": "not a number",
    "not (same.endless - same.endless < 1)": "not a number",
    "with_bn.x < 0.05 or same.endless - same.endless < 1": "not a number",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("check", BROKEN)
def test_what_cannot_be_evaluated_fails(check):
    [verdict] = judged(SMALL, check)
    assert (verdict.ok, verdict.outcome, verdict.p) == (False, None, None)
    assert BROKEN[check] in verdict.why


def test_one_seed_shows_no_noise():
    alone = recorded({"a": {"x": (0.02,)}, "b": {"x": (0.5,)}})
    for check in ("a.x < 0.05", "a.x < b.x", "within(a.x, b.x, 1)", "not a.x < 0.05"):
        [verdict] = judged(alone, check)
        assert not verdict.ok and "one seed" in verdict.why


def test_partly_infinite():
    torn = recorded({"a": {"x": (1.0, INF, 2.0)}})
    [verdict] = judged(torn, "a.x > 0")
    assert not verdict.ok and "some seeds" in verdict.why


def test_a_run_that_was_not_recorded():
    described = Experiment("03-x", "X", (1, 2), (Run("new"),), (Claim("is good", "new.x < 1"),))
    [verdict] = claims.evaluate(described, SMALL)
    assert not verdict.ok and "not recorded" in verdict.why


def test_no_claims():
    assert judged(SMALL) == []


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(st.sampled_from(list("ab.x<>()+-*/ 01,\n#'\"[]{}:=&|~not and or within")), max_size=25))
def test_any_text_is_judged_or_refused(text):
    try:
        [verdict] = judged(recorded({"a": {"x": (1.0, 2.0)}, "b": {"x": (1.0, 3.0)}}), text)
    except BadInput:
        return
    assert verdict.ok is (verdict.outcome is YES)


def test_kleene():
    """The truth tables, written out."""
    order = (NO, OPEN, YES)
    table = {"and": ("no no no", "no open open", "no open yes"), "or": ("no open yes", "open open yes", "yes yes yes")}
    for name, join in (("and", outcome.conjunction), ("or", outcome.disjunction)):
        words = {NO: "no", OPEN: "open", YES: "yes"}
        found = tuple(" ".join(words[join([a, b])] for b in order) for a in order)
        assert found == table[name]
    assert [outcome.negation(each) for each in order] == [YES, OPEN, NO]


# -- the tests against scipy's ----------------------------------------------------------------------------------------


def test_scipy_says_the_same():
    draw = random.Random(1)
    for seeds, shift in itertools.product((2, 3, 5, 12), (-2.0, -0.3, 0.0, 0.4, 3.0)):
        a = tuple(draw.gauss(0, 1) for _ in range(seeds))
        b = tuple(each + draw.gauss(-shift, 0.5) for each in a)
        found = significance.less(Sample(a), Sample(b), LEVEL)
        less, more = (stats.ttest_rel(a, b, alternative=side).pvalue for side in ("less", "greater"))
        assert found.p == pytest.approx(min(less, more), rel=1e-9)
        assert found.outcome is (YES if less <= LEVEL else NO if more <= LEVEL else OPEN)
        assert found.seeds == pytest.approx(stats.sem([x - y for x, y in zip(a, b, strict=True)]))

        found = significance.less(Sample(a), 0.25, LEVEL)
        less, more = (stats.ttest_1samp(a, 0.25, alternative=side).pvalue for side in ("less", "greater"))
        assert found.p == pytest.approx(min(less, more), rel=1e-9)
        assert significance.less(0.25, Sample(a), LEVEL).p == pytest.approx(found.p, rel=1e-9)

        eps = 0.75
        differences = [x - y for x, y in zip(a, b, strict=True)]
        tost = max(
            stats.ttest_1samp(differences, -eps, alternative="greater").pvalue,
            stats.ttest_1samp(differences, eps, alternative="less").pvalue,
        )
        found = significance.within(Sample(a), Sample(b), eps, LEVEL)
        assert (found.outcome is YES) == (tost <= LEVEL)
        if found.outcome is not NO:
            assert found.p == pytest.approx(tost, rel=1e-9)


def test_two_sources_meet_the_equation():
    """p of the two-source test: where the quantiles of scipy.stats make it an equality."""
    for seeds, names in ((0.01, 0.02), (0.02, 0.002), (1e-4, 0.01)):
        for difference in (-0.2, -0.05, -0.01):
            p = significance._below(difference, [(seeds**2, 4), (names**2, 999)])
            if p > significance.LEAST:
                reach = math.hypot(seeds * stats.t.ppf(p, 4), names * stats.t.ppf(p, 999))
                assert reach == pytest.approx(-difference, rel=1e-5)
            assert significance._below(-difference, [(seeds**2, 4), (names**2, 999)]) == pytest.approx(1 - p)


# -- noise, and how often it fools us ---------------------------------------------------------------------------------


def wrong(trial, times: int, seed: int) -> float:
    """Share of trials that say yes or no."""
    draw = random.Random(seed)
    return sum(trial(draw) is not OPEN for _ in range(times)) / times


def error(rate: float, times: int) -> float:
    """Three Monte-Carlo standard errors."""
    return 3 * math.sqrt(rate * (1 - rate) / times)


def test_false_alarms_of_one_test():
    """No difference: yes or no comes at twice the one-sided level, no more and no less."""

    def trial(draw):
        common = [draw.gauss(2, 1) for _ in range(5)]
        a, b = (Sample(tuple(each + draw.gauss(0, 0.1) for each in common)) for _ in "ab")
        return significance.less(a, b, 0.02).outcome

    assert wrong(trial, 5_000, 1) == pytest.approx(0.04, abs=error(0.04, 5_000))


@pytest.mark.slow
def test_false_alarms_of_an_experiment():
    """Three claims, one of them double: 1 % for all of them together, as LEVEL says."""
    checks = ("a.x < b.x", "c.x < 0 and a.x - 2 > 0", "0 > c.x")
    times, draw, alarms = 1_500, random.Random(2), 0
    for _ in range(times):
        runs = {
            run: {"x": tuple(draw.gauss(mean, 1) for _ in range(5))} for run, mean in (("a", 2), ("b", 2), ("c", 0))
        }
        first, second, third = judged(recorded(runs), *checks)
        alarms += first.outcome is not OPEN or second.outcome is not OPEN or third.outcome is not OPEN
    assert alarms / times <= 0.01 + error(0.01, times)


def test_level_is_shared_by_all_comparisons():
    """The same numbers decide a claim that stands alone, and not one among many."""
    draw = random.Random(6)
    data = recorded({"a": {"x": tuple(draw.gauss(-3.2, 1) for _ in range(5))}})
    [alone] = judged(data, "a.x < 0")
    many = judged(data, *["a.x < 0"] * 40)
    assert alone.outcome is YES and {each.outcome for each in many} == {OPEN}
    assert {each.p for each in many} == {alone.p}
    joined = judged(data, " and ".join(["a.x < 0"] * 40))[0]
    assert joined.outcome is OPEN


def test_an_interval_that_decides_alone_and_not_in_a_family_says_why():
    """Among forty tests of a stage two would come out at 5 % by chance."""
    draw = random.Random(6)
    data = recorded({"a": {"x": tuple(draw.gauss(-3.2, 1) for _ in range(5))}})
    verdict, *_ = judged(data, *["a.x < 0"] * 40)
    assert verdict.high < 0 and verdict.outcome is OPEN
    assert "one comparison alone would decide it by its 95 % interval" in verdict.why
    assert verdict.line.endswith(", but the level, 99 %, is that of all claims of the stage together")
    assert "a family of 40 tests" in verdict.why and "1 % of recordings" in verdict.why
    verdict, *_ = judged(data, *["within(a.x, -3, 3)"] * 1000)
    assert -3 < verdict.low < verdict.high < 3 and "a family of 1000 tests" in verdict.why
    [noisy] = judged(data, "a.x < -3")
    assert noisy.low < 0 < noisy.high and noisy.outcome is OPEN and "a family" not in noisy.why


def by_names(draw, count: int, shift=0.0, seeds=5, seed_noise=0.0, name_noise=0.0, common=1.0) -> Baseline:
    """Two runs a, b on the same names: b's true loss per token is higher by shift. Noise of seeds and of names."""
    tokens = [draw.randint(3, 12) for _ in range(count)]
    hard = [draw.gauss(2, common) for _ in range(count)]
    by_item, runs = {}, {}
    for run, plus in (("a", 0.0), ("b", shift)):
        per_token = [each + plus + draw.gauss(0, name_noise) for each in hard]
        nats = [each * length for each, length in zip(per_token, tokens, strict=True)]
        loss = sum(nats) / sum(tokens)
        values = [draw.gauss(0, seed_noise) for _ in range(seeds)]
        moved = statistics.fmean(values)
        runs[run] = {"test_loss": tuple(loss + each for each in values)}
        by_item[run] = losses(each + moved * length for each, length in zip(nats, tokens, strict=True))
    return recorded(runs, by_item, {"s": names(tokens)})


@pytest.mark.parametrize(("seed_noise", "name_noise"), [(0.0, 0.3), (0.02, 0.3), (0.1, 0.3), (0.02, 0.0)])
@pytest.mark.slow
def test_false_alarms_over_names(seed_noise, name_noise):
    """Each draw has new names and new seeds. Never more than the level says; with one source of noise, exactly that."""
    level, times = 0.02, 1_500

    def trial(draw):
        data = by_names(draw, 40, seed_noise=seed_noise, name_noise=name_noise)
        a, b = (sample(data, run, "test_loss") for run in "ab")
        return significance.less(a, b, level).outcome

    share = wrong(trial, times, 3)
    assert share <= 2 * level + error(2 * level, times)
    if not seed_noise or not name_noise:
        assert share >= 2 * level - error(2 * level, times)


def test_seeds_alone_would_be_fooled():
    """Why the names count: without them, runs that differ by which names were drawn are called different."""

    def trial(draw):
        data = by_names(draw, 40, seed_noise=0.002, name_noise=0.3)
        a, b = (paired.this_split(sample(data, run, "test_loss")) for run in "ab")
        return significance.less(a, b, 0.005).outcome

    assert wrong(trial, 300, 4) > 0.5


@pytest.mark.parametrize(("seed_noise", "name_noise"), [(0.0, 0.3), (0.02, 0.3), (0.1, 0.3), (0.02, 0.0)])
def test_the_interval_covers_the_true_difference(seed_noise, name_noise):
    """In 95 of 100 recordings at least, each with new seeds and new names; in no more with one source of noise."""
    times, draw, covered = 1_000, random.Random(21), 0
    for _ in range(times):
        data = by_names(draw, 40, 0.05, seed_noise=seed_noise, name_noise=name_noise)
        finding = significance.less(*(sample(data, run, "test_loss") for run in "ab"), LEVEL)
        covered += finding.low <= -0.05 <= finding.high
    assert covered / times >= 0.95 - error(0.95, times)
    if not seed_noise or not name_noise:
        assert covered / times <= 0.95 + error(0.95, times)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=7))
def test_the_interval_of_seeds_alone_is_scipys(pairs):
    a, b = (tuple(column) for column in zip(*pairs, strict=True))
    finding = significance.less(Sample(a), Sample(b), LEVEL)
    if len({round(x - y, 6) for x, y in pairs}) > 1:
        oracle = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert (finding.low, finding.high) == pytest.approx((oracle.low, oracle.high), abs=1e-6)
    turned = significance.greater(Sample(b), Sample(a), LEVEL)
    assert (turned.low, turned.high) == (-finding.high, -finding.low) or turned.low == pytest.approx(-finding.high)


@pytest.mark.parametrize("true", [0.0, 0.08, 0.1])
def test_equivalence_is_two_one_sided_tests(true):
    """YES where the interval of 1 - 2 · level lies inside the margin: at the margin itself with `level`."""
    level, times, draw, equal = 0.05, 2_000, random.Random(22), 0
    for _ in range(times):
        values = tuple(draw.gauss(true, 0.05) for _ in range(8))
        finding = significance.within(Sample(values), 0.0, 0.1, level)
        ends = stats.ttest_1samp(values, 0.0).confidence_interval(1 - 2 * level)
        assert (finding.outcome is YES) == (ends.low > -0.1 and ends.high < 0.1)
        equal += finding.outcome is YES
    if true == 0.1:
        assert equal / times == pytest.approx(level, abs=error(level, times))
    assert (true > 0) or equal / times > 0.9


def test_power():
    draw = random.Random(5)
    found = [
        judged(by_names(draw, 300, 0.05, seed_noise=0.002, name_noise=0.1), "a.test_loss < b.test_loss")
        for _ in range(50)
    ]
    assert sum(each.outcome is YES for [each] in found) >= 45
    assert not any(each.outcome is NO for [each] in found)


def test_pairing_over_seeds_matters():
    common = (1.0, 5.0, 2.0, 8.0, 3.0)
    better = tuple(each - 0.1 + 0.01 * sign for each, sign in zip(common, (1, -1, 0, 1, -1), strict=True))
    [paired] = judged(recorded({"a": {"x": better}, "b": {"x": common}}), "a.x < b.x")
    [mixed] = judged(recorded({"a": {"x": better[1:] + better[:1]}, "b": {"x": common}}), "a.x < b.x")
    assert (paired.outcome, mixed.outcome) == (YES, OPEN)
    assert paired.difference == pytest.approx(mixed.difference)


def test_pairing_over_names_matters():
    """Names differ much in how hard they are; on the same names that cancels."""
    data = by_names(random.Random(7), 500, 0.03, seed_noise=0.001, name_noise=0.05, common=1.0)
    [verdict] = judged(data, "a.test_loss < b.test_loss")
    assert verdict.outcome is YES
    order = list(range(500))
    random.Random(8).shuffle(order)
    weights, nats = data.items["s"].weights, data.runs["b"].by_item.values["test_loss"]
    shuffled = [nats[i] / weights[i] * weights[j] for j, i in enumerate(order)]
    loss = sum(shuffled) / sum(weights)
    torn = recorded(
        {"a": {"test_loss": data.runs["a"].metrics["test_loss"].values}, "b": {"test_loss": (loss,) * 5}},
        {"a": data.runs["a"].by_item, "b": losses(shuffled)}, data.items,
    )  # fmt: skip
    [verdict] = judged(torn, "a.test_loss < b.test_loss")
    assert verdict.outcome is OPEN


def test_the_error_of_a_loss_is_that_of_a_jackknife():
    """The delta method against leaving out one name at a time, for both losses and for what is computed of them."""
    draw = random.Random(9)
    data = by_names(draw, 200, 0.05, name_noise=0.3)
    weights, seen = data.items["s"].weights, [draw.random() < 0.2 for _ in range(200)]
    nats = {run: data.runs[run].by_item.values["test_loss"] for run in "ab"}

    def loss(run, metric, without=None):
        kept = [i for i in range(200) if i != without and (metric == "test_loss" or not seen[i])]
        return sum(nats[run][i] for i in kept) / sum(weights[i] for i in kept)

    both = ("test_loss", "test_loss_unseen")
    runs = {run: {metric: (loss(run, metric),) * 5 for metric in both} for run in "ab"}
    data = recorded(runs, {run: losses(nats[run]) for run in "ab"}, {"s": names(weights, seen)})
    for metric in both:
        for combine in (lambda a, b: a, lambda a, b: a - b, lambda a, b: a / b, lambda a, b: a * b - 2 * b):
            a, b = (sample(data, run, metric) for run in "ab")
            found = significance.less(combine(a, b), 0.0, LEVEL).items
            left = [combine(loss("a", metric, i), loss("b", metric, i)) for i in range(200)]
            jackknife = math.sqrt(199 * statistics.pvariance(left))
            assert found == pytest.approx(jackknife, rel=0.03)


def test_losses_that_cannot_be_paired():
    data = by_names(random.Random(1), 30)
    values = {
        run: {"test_loss": data.runs[run].metrics["test_loss"].values, "upstream_test_loss": (2.0, 2.1, 2.0, 2.1, 2.0)}
        for run in "ab"
    }
    nats = {run: data.runs[run].by_item.values["test_loss"] for run in "ab"}
    both = {"s": data.items["s"], "t": data.items["s"]}
    other = recorded(values, {"a": losses(nats["a"]), "b": losses(nats["b"], "t")}, both)
    none = recorded(values)
    torn = replace(none, runs=none.runs | {"a": replace(none.runs["a"], unpaired={"test_loss": "its seeds differ"})})
    for baseline, check, why in (
        (other, "a.test_loss < b.test_loss", "different test names"),
        (other, "within(a.test_loss, b.test_loss, 9)", "different test names"),
        (other, "a.test_loss > b.test_loss", "different test names"),
        (other, "this_split(a.test_loss) < this_split(b.test_loss)", "different test names"),
        (none, "a.test_loss < b.test_loss", "a: no values of test_loss by test name were recorded"),
        (none, "a.test_loss < 9", "no values of test_loss by test name"),
        (torn, "a.test_loss < 9", "no values of test_loss by item were recorded, for its seeds differ"),
        (none, "a.upstream_test_loss < 9", "a mean of batches, not of test names"),
    ):
        [verdict] = judged(baseline, check)
        assert not verdict.ok and verdict.outcome is None and why in verdict.why, check
    [verdict] = judged(none, "this_split(a.test_loss) < 9 and this_split(a.upstream_test_loss) < 9")
    assert verdict.ok


def test_infinite_losses():
    """Unsmoothed counts: infinitely worse than anything, and that is certain."""
    endless = recorded(
        {"a": {"test_loss": (2.0, 2.0)}, "b": {"test_loss": (INF, INF)}, "c": {"test_loss": (2.0, 2.1)}},
        {"a": losses((4.0, 4.0)), "b": losses((4.0, INF)), "c": losses((4.0, 4.2))},
        {"s": names((2, 2), (False, True))},
    )
    assert [each.outcome for each in judged(endless, "a.test_loss < b.test_loss", "b.test_loss < 3")] == [YES, NO]
    [verdict] = judged(endless, "b.test_loss - b.test_loss < 1")
    assert verdict.outcome is None


def test_rounding_is_no_difference():
    a, b = (0.1 + 0.2, 0.3, 0.1 + 0.2), (0.3, 0.1 + 0.2, 0.3)
    assert significance.less(Sample(a), Sample(b), LEVEL).outcome is OPEN
    assert significance.less(Sample((0.1 + 0.2,) * 3), 0.3, LEVEL).outcome is OPEN
    with pytest.raises(Unevaluable):
        significance.less(Sample((NAN, 1.0)), 0.3, LEVEL)


# -- deterministic runs, tables, other items ------------------------------------------------------------------------


def constant(x: float, **more) -> Baseline:
    """A deterministic run beside one of five seeds."""
    runs = {
        "fixed": made.run({"x": (x,), "n": (7,), "seconds": (3.0,)}, deterministic=True),
        "again": made.run({"x": (x,), "n": (7,)}, deterministic=True),
        "noisy": made.run({"x": (2.0, 2.1, 1.9, 2.0, 2.05), "n": (8,) * 5, "seconds": (1.0, 1.1, 1.0, 1.1, 1.0)}),
    }
    return made.baseline(runs | more)


CONSTANT = {
    "fixed.x < 2.6": YES,
    "fixed.x < 2.5": OPEN,
    "fixed.x > 2.6": NO,
    "fixed.x < again.x": OPEN,
    "fixed.x + again.x > 4.9": YES,
    "noisy.x < fixed.x": YES,
    "fixed.x > noisy.x": YES,
    "noisy.x - fixed.x < 0": YES,
    "within(fixed.x, noisy.x, 1)": YES,
    "fixed.n < noisy.n": YES,
    "max(fixed.x, noisy.x) > 2.4": YES,
    "fixed.x / noisy.x > 1": YES,
}


@pytest.mark.parametrize("check", CONSTANT)
def test_a_deterministic_run_is_a_constant_that_pairs_with_any_seeds(check):
    [verdict] = judged(constant(2.5), check)
    assert verdict.outcome is CONSTANT[check]


def test_a_constant_says_the_same_as_five_equal_values():
    """The oracle: what was recorded from five seeds before, when every seed gave the same."""
    noisy = (2.0, 2.1, 1.9, 2.0, 2.05)
    once = made.baseline({"fixed": made.run({"x": (2.2,)}, deterministic=True), "noisy": made.run({"x": noisy})})
    five = made.baseline({"fixed": made.run({"x": (2.2,) * 5}), "noisy": made.run({"x": noisy})})
    for check in ("noisy.x < fixed.x", "within(noisy.x, fixed.x, 0.3)", "fixed.x - noisy.x > 0.1", "2 * fixed.x < 9"):
        [one], [other] = judged(once, check), judged(five, check)
        assert (one.outcome, one.p, one.difference) == (other.outcome, other.p, other.difference)


def test_the_items_of_a_constant_are_a_sample_still():
    """Over names, a deterministic run is compared with the noise of the names."""
    draw = random.Random(11)
    data = by_names(draw, 60, 0.02, name_noise=0.5)
    loss = data.runs["a"].metrics["test_loss"].values[0]
    fixed = made.run({"test_loss": (loss,)}, deterministic=True, by_item=data.runs["a"].by_item)
    data = made.baseline({"a": fixed, "b": data.runs["b"]}, data.items)
    [verdict] = judged(data, "a.test_loss < b.test_loss")
    assert verdict.outcome is OPEN and "from the test names" in verdict.why
    alone = made.baseline({"a": fixed}, data.items)
    a = sample(alone, "a", "test_loss")
    finding = significance.less(a, 0.0, LEVEL)
    assert finding.seeds == 0 and finding.items > 0


def test_seconds_of_a_deterministic_run_are_one_observation():
    """What is never judged differs from run to run, whatever the seed: one value of it shows no noise."""
    for check in ("fixed.seconds < 4", "noisy.seconds < fixed.seconds"):
        [verdict] = judged(constant(2.5), check)
        assert verdict.outcome is None and ("one seed" in verdict.why or "different seeds" in verdict.why)


def test_runs_of_different_seeds_cannot_be_paired():
    data = made.baseline(
        {"a": made.run({"x": (1.0, 2.0)}, seeds=(1, 2)), "b": made.run({"x": (1.0, 2.0)}, seeds=(1, 3))}
    )
    for check in ("a.x < b.x", "within(a.x, b.x, 9)", "max(a.x, b.x) > 0"):
        [verdict] = judged(data, check)
        assert verdict.outcome is None and "different seeds (1, 2; 1, 3)" in verdict.why
    assert judged(data, "a.x < 99 and b.x < 99")[0].outcome is YES


def test_a_cell_of_a_table_is_named_by_metric_and_cell():
    data = recorded({"moe": {"domain_loss.names": (1.9, 1.91, 1.92), "domain_loss.more-names": (2.5, 2.51, 2.49)}})
    assert judged(data, "moe.domain_loss.names < moe.domain_loss.more_names")[0].outcome is YES
    [verdict] = judged(data, Claim("says", "moe.domain_loss.names < 2", "moe.domain_loss.names"))
    assert verdict.line.startswith("says: 1.91 ± 0.01 (n = 3); tested difference -0.090, ")
    for check, what in (("moe.domain_loss < 2", "no metric 'domain_loss'.*domain_loss.names, domain_loss.more_names"),
                        ("moe.domain_loss.verbs < 2", "no metric 'domain_loss.verbs'")):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            judged(data, check)
        assert re.search(what, f"{refused.value.found} {refused.value.expected}")


def test_what_python_could_not_read_as_a_name_has_a_line_before_it():
    data = recorded(
        {"3-layers": {"solved_by.1": (1.0, 1.01, 1.02), "solved_by.if": (2.0, 2.0, 2.1), "x": (1.0, 1.01, 1.0)}}
    )
    for check in ("_3_layers.solved_by._1 < _3_layers.solved_by._if", "_3_layers.x < 2"):
        assert judged(data, check)[0].outcome is YES
    with pytest.raises(BadInput) as refused:
        judged(data, "_3_layers.solved_by.one < 2")
    assert "solved_by._1, solved_by._if, x" in refused.value.expected


@pytest.mark.parametrize("check", REFUSED, ids=lambda check: check[:40])
def test_what_is_no_claim_is_refused_before_anything_is_measured(check):
    described = Experiment("03-x", "X", (1,), tuple(Run(name) for name in SMALL.runs), (Claim("is", check),))
    if "no metric '" in REFUSED[check] or check == "with_bn.__class__ < 1":
        claims.check(described)  # which metrics there are, only the runs can tell
        return
    with pytest.raises(BadInput, match=r"claim 1 \(is\)"):
        claims.check(described)


@pytest.mark.parametrize("check", [*SAID, *BROKEN])
def test_what_is_a_claim_is_none_to_refuse(check):
    runs = tuple(Run(name) for name in SMALL.runs)
    claims.check(Experiment("03-x", "X", (1,), runs, (Claim("is", check, "with_bn.x - without.x"),)))
    for show in ("nobody.x", "1", "with_bn.x < 1", "with_bn.x <"):
        with pytest.raises(BadInput, match="claim 1"):
            claims.check(Experiment("03-x", "X", (1,), runs, (Claim("is", check, show),)))


def test_two_cells_that_the_language_cannot_tell_apart():
    data = recorded({"moe": {"loss.a-b": (1.0, 1.1), "loss.a_b": (2.0, 2.1)}})
    with pytest.raises(BadInput, match=r"may be loss\.a-b or loss\.a_b"):
        judged(data, "moe.loss.a_b < 2")


def test_items_may_be_anything_that_is_sampled():
    """Tasks solved or not: no metric is known by its name, and a subset of another kind is a metric like any other."""
    draw = random.Random(12)
    hard = [int(draw.random() < 0.4) for _ in range(300)]
    solved = {run: [int(draw.random() < p) for _ in range(300)] for run, p in (("a", 0.9), ("b", 0.5))}
    values = {
        run: {
            "solved": (sum(row) / 300,) * 3,
            "solved_by.hard": (sum(x for x, mark in zip(row, hard, strict=True) if mark) / sum(hard),) * 3,
        }
        for run, row in solved.items()
    }
    tasks = Items("task", (1,) * 300, {"solved_by.hard": Subset("solved", tuple(hard))})
    data = made.baseline(
        {run: made.run(values[run], by_item=ByItem("t", {"solved": tuple(solved[run])})) for run in "ab"}, {"t": tasks}
    )
    for metric in ("solved", "solved_by.hard"):
        assert judged(data, f"a.{metric} > b.{metric}")[0].outcome is YES
        row = [x for x, mark in zip(solved["a"], hard, strict=True) if mark or metric == "solved"]
        finding = significance.less(sample(data, "a", metric), 0.0, LEVEL)
        assert finding.items == pytest.approx(
            statistics.pstdev(row) / math.sqrt(len(row)) * math.sqrt(len(row) / (len(row) - 1))
        )
    assert "from the tasks" in judged(data, "a.solved < b.solved + 0.4")[0].why


def by_subset(draw, marked: int, count: int = 400, seeds: int = 3) -> Baseline:
    """Two runs whose items differ by noise alone, with a subset of so many items, another one, and one of one item."""
    where = {"few": range(marked), "others": range(marked, 2 * marked + 5), "one": [count - 1]}
    subsets = {name: Subset("x", tuple(int(n in row) for n in range(count))) for name, row in where.items()}
    tasks = Items("task", (1,) * count, subsets)
    runs = {}
    for run in "ab":
        values = [draw.gauss(0, 1) for _ in range(count)]
        means = {"x": statistics.fmean(values)} | {
            name: statistics.fmean(values[n] for n in row) for name, row in where.items()
        }
        metrics = {name: (mean,) * seeds for name, mean in means.items()}
        runs[run] = made.run(metrics, by_item=ByItem("t", {"x": tuple(values)}))
    return made.baseline(runs, {"t": tasks})


@pytest.mark.parametrize("marked", [2, 3, 5, 10])
@pytest.mark.slow
def test_false_alarms_over_a_small_subset(marked):
    """The noise of five items is estimated from five items, however many others there are: exactly what is promised."""
    level, times = 0.02, 800

    def trial(draw):
        data = by_subset(draw, marked, count=40)
        a, b = (sample(data, run, "few") for run in "ab")
        return significance.less(a, b, level).outcome

    assert wrong(trial, times, 13) == pytest.approx(2 * level, abs=error(2 * level, times))


def test_a_difference_over_a_subset_is_the_t_test_of_its_items():
    draw = random.Random(14)
    for marked in (2, 3, 7, 30):
        data = by_subset(draw, marked)
        a, b = (data.runs[run].by_item.values["x"][:marked] for run in "ab")
        found = significance.less(sample(data, "a", "few"), sample(data, "b", "few"), LEVEL)
        less, more = (stats.ttest_rel(a, b, alternative=side).pvalue for side in ("less", "greater"))
        assert found.p == pytest.approx(min(less, more), rel=1e-6)


def test_two_subsets_in_one_difference_count_as_the_smaller_one():
    data = by_subset(random.Random(15), 4)
    metrics = {metric: sample(data, "a", metric) for metric in ("x", "few", "others")}
    assert [metric.marked for metric in metrics.values()] == [400, 4, 9]
    assert (metrics["others"] - metrics["few"]).marked == (1 + 2 * metrics["few"] / metrics["x"]).marked == 4
    assert (metrics["others"] - paired.this_split(metrics["few"])).marked == 9


def test_one_item_alone_shows_no_noise():
    data = by_subset(random.Random(16), 4)
    for check in ("a.one < b.one", "a.one > -99", "a.x - a.one < 99", "within(a.one, b.one, 99)"):
        [verdict] = judged(data, check)
        assert verdict.outcome is None and "one task alone shows no noise" in verdict.why, check
    [verdict] = judged(data, "this_split(a.one) > -99")
    assert verdict.ok


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_doctests():
    for module in (claims, expressions, outcome):
        assert doctest.testmod(module).failed == 0


def test_the_sentence_with_its_number():
    says = "batchnorm cuts saturation below 5 %"
    [verdict] = judged(SMALL, Claim(says, "with_bn.x < 0.05", "with_bn.x", "%"))
    assert verdict.ok and verdict.line.startswith(
        f"{says}: 2.3 % ± 0.2 (n = 5); tested difference -0.0270, 95 % interval "
    )
    assert verdict.p == pytest.approx(
        stats.ttest_1samp(SMALL.runs["with-bn"].metrics["x"].values, 0.05, alternative="less").pvalue
    )
    assert verdict.difference == pytest.approx(0.023 - 0.05)
    [verdict] = judged(SMALL, Claim("is better", "with_bn.x < without.x"))
    assert verdict.line == "is better: difference -0.30 ± 0.01 (n = 5), 95 % interval -0.315 … -0.279"
    x, y = (SMALL.runs[run].metrics["x"].values for run in ("with-bn", "without"))
    oracle = stats.ttest_rel(x, y).confidence_interval(0.95)
    assert (verdict.low, verdict.high) == pytest.approx((oracle.low, oracle.high))
    [verdict] = judged(SMALL, Claim("is worse", "without.x > with_bn.x"))
    assert verdict.line == "is worse: difference 0.30 ± 0.01 (n = 5), 95 % interval 0.279 … 0.315"
    assert verdict.difference == pytest.approx(0.297)
    assert (verdict.low, verdict.high) == pytest.approx((-oracle.high, -oracle.low))
    [verdict] = judged(SMALL, Claim("is better", "with_bn.wide < without.wide"))
    assert "is not shown" in verdict.why and "p = " in verdict.why and "standard error" in verdict.why
    assert verdict.line.startswith("not shown: is better: difference ")


# t(2) at 97.5 % is 4.303: of three seeds with a standard deviation of 0.01 the mean is known to within 0.0248
SHARES = {  # check, show: what stands behind the sentence
    ("a.solved > 0.5", None): "difference 29 % ± 1 (n = 3), 95 % interval 26.5 % … 31.5 %",
    ("a.solved > b.solved", None): "difference 54 % ± 1 (n = 3), 95 % interval 51.5 % … 56.5 %",
    (
        "a.solved > b.solved",
        "max(a.solved, b.solved)",
    ): "79 % ± 1 (n = 3); tested difference 54.0 %, 95 % interval 51.5 % … 56.5 %",
    ("a.solved / b.solved > 2", None): "difference 1.16 ± 0.04 (n = 3), 95 % interval 1.06 … 1.26",
    (
        "a.solved > b.solved and a.x > 1",
        None,
    ): "difference 0.54 ± 0.01 (n = 3), 95 % interval 0.515 … 0.565; "
    "difference 1.00 ± 0.01 (n = 3), 95 % interval 0.975 … 1.025",
    ("a.x > 1", "a.solved"): "79 % ± 1 (n = 3); tested difference 1.000 s, 95 % interval 0.975 s … 1.025 s",
    ("a.x > 1", None): "difference 1.00 s ± 0.01 (n = 3), 95 % interval 0.975 s … 1.025 s",
    ("b.solved < 0.5", None): "difference -25 % (n = 3)",  # no noise, no interval
}


@pytest.mark.parametrize(("given", "shown"), SHARES.items(), ids=str)
def test_a_share_is_shown_as_one_without_being_told(given, shown):
    data = recorded({"a": {"solved": (0.78, 0.79, 0.80), "x": (1.99, 2.0, 2.01)}, "b": {"solved": (0.25, 0.25, 0.25)}})
    own = made.declared(solved={"unit": "%"}, x={"unit": "s"})
    [verdict] = judged(data, Claim("says", *given), metrics=own)
    assert verdict.shown == shown
    [verdict] = judged(data, Claim("says", *given, unit="points"), metrics=own)
    assert "points" in verdict.shown and "%" not in verdict.shown.partition("; tested")[0].replace("95 %", "")


@pytest.mark.parametrize(
    ("check", "unit", "shown"),
    [
        ("within(a.x, b.x, 0.03)", "", "0.00 ± 0.28"),
        ("a.x < b.x - 0.125", "", "0.125 ± 0.283"),
        ("a.x < b.x", "", "0.0 ± 0.3"),
        ("within(a.x, b.x, 0.005)", "%", "0.0 % ± 28.3"),
        ("within(a.x, b.x, 0.03)", "%", "0 % ± 28"),
    ],
)
def test_a_difference_has_the_decimals_of_its_margin(check, unit, shown):
    """Rounded to its noise, it would not say on which side of the margin it is."""
    data = recorded({"a": {"x": (0.2, -0.2)}, "b": {"x": (0.0, 0.0)}})
    [verdict] = judged(data, Claim("says", check), metrics=made.declared(x={"unit": unit}))
    assert f"difference {shown} (n = 2)" in verdict.shown


def test_a_long_unit_is_left_to_the_sentence():
    own = made.declared(x={"unit": "nats per character"})
    [verdict] = judged(SMALL, Claim("says", "with_bn.x < 1"), metrics=own)
    assert "nats" not in verdict.shown


@pytest.mark.parametrize(
    ("show", "what"),
    [("nobody.x", "no run"), ("with_bn.x <", "not an expression"), ("1", "a number"), ("with_bn.x < 1", "a statement")],
)
def test_a_quantity_that_is_none(show, what):
    with pytest.raises(BadInput, match=what):
        judged(SMALL, Claim("says", "with_bn.x < 1", show))


def test_a_quantity_that_is_not_a_number_fails():
    [verdict] = judged(SMALL, Claim("says", "with_bn.x < 1", "same.endless - same.endless"))
    assert not verdict.ok and verdict.why


# -- in files ---------------------------------------------------------------------------------------------------------

TOML = """
title = "X"
seeds = [1, 2]
[[run]]
name = "a"
args = []
[[claim]]
says = "a is small"
check = "a.x < 1"
"""


def test_claims_in_experiment_toml(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(TOML + 'show = "a.x"\nunit = "%"\n')
    assert experiment.read(path).claims == (Claim("a is small", "a.x < 1", "a.x", "%"),)
    for wrong_line in ("show = 3", 'show = ""', "unit = []", 'unti = "%"'):
        path.write_text(f"{TOML}{wrong_line}\n")
        with pytest.raises(BadInput, match="claim 1"):
            experiment.read(path)


def test_the_language_counts_its_tests():
    for text, count in (("a.x < 1", 1), ("0 < a.x < 1", 2), ("a.x < b.x and within(a.x, b.x, 1) or a.x > 1", 3)):
        assert expressions.tests(expressions.parse(text)) == count


@pytest.mark.slow
def test_verify_and_train_say_them(tiny):
    """--fast evaluates claims; what is not shown and told as a fact is a check that failed."""
    name = "01-frost-days"
    folder = tiny.root / "baselines" / name
    folder.mkdir(parents=True)
    head = 'title = "X"\nseeds = [1, 2, 3]\n[[run]]\nname = "a-b"\nargs = []\n[[claim]]\nsays = "it is small"\n'
    (folder / "experiment.toml").write_text(head + 'check = "a_b.x < 0.05"\nshow = "a_b.x"\nunit = "%"\n')
    out = tiny.run("verify", "1", "--fast", "--json").out
    assert "not measured" in out

    from deltas.child import programs
    from deltas.core.codeid import code_id
    from deltas.stages.build import workshop

    with workshop(tiny.project) as shop:
        code = code_id(shop.files(shop.stages[1]))
    data = made.baseline(
        {"a-b": made.run({"x": (0.019, 0.023, 0.027)}, (), (1, 2, 3), measured_by=programs.measured_by(None, None))},
        stage=name, code_id=code,
    )  # fmt: skip
    baselines.write(folder / "baseline.json", data)
    row = {each["what"]: each for each in json.loads(tiny.run("verify", "1", "--fast", "--json").out)["checks"]}
    [line] = [
        what for what in row if what.startswith("it is small: 2.3 % ± 0.4 (n = 3); tested difference -0.027, 95 %")
    ]
    assert row[line]["ok"] is True

    (folder / "experiment.toml").write_text(head + 'check = "a_b.x < 0.024"\n')
    result = tiny.run("verify", "1", "--fast")
    assert result.code == 1 and "✗ not shown: it is small: difference" in result.out
    assert "experiment.toml has no came_out" in result.out

    stated = head.replace('says = "it is small"', 'says = "it is small"\ncame_out = "not shown"')
    (folder / "experiment.toml").write_text(stated + 'check = "a_b.x < 0.024"\n')
    result = tiny.run("verify", "1", "--fast")
    assert result.code == 0 and "✓ not shown: it is small: difference" in result.out
    (folder / "experiment.toml").write_text(stated + 'check = "a_b.x < 0.05"\n')
    result = tiny.run("verify", "1", "--fast")
    assert result.code == 1 and 'is shown, and experiment.toml has came_out = "not shown"' in result.out

    (folder / "experiment.toml").write_text(head + 'check = "a_b.y < 0.024"\n')
    result = tiny.run("verify", "1", "--fast")
    assert result.code == 1 and "claim 1 (it is small)" in result.out and "no metric 'y'" in result.out

    baselines.write(folder / "baseline.json", replace(data, code_id="0" * 16))
    result = tiny.run("verify", "1", "--fast")
    assert result.code == 1 and "– it is small: not looked at" in result.out


def test_a_claim_that_was_reworded_says_what_it_said_before():
    data = recorded({"a": {"x": (1.0, 1.1, 1.2)}})
    claim = Claim("is small", "a.x < 2", restated="it was to be below 1")
    [verdict] = claims.evaluate(Experiment("03-x", "X", (0, 1, 2), (Run("a"),), (claim,)), data)
    assert verdict.ok and verdict.line.endswith("(restated: it was to be below 1)")


CAME_OUT = {  # check, came_out: whether it passes, and how its line begins
    ("a.x < 2", "yes"): (True, "is so: "),
    ("a.x < 2", "not shown"): (False, "is so: "),
    ("a.x < 2", "no"): (False, "is so: "),
    ("a.x < 1.1", "yes"): (False, "not shown: is so: "),
    ("a.x < 1.1", "not shown"): (True, "not shown: is so: "),
    ("a.x < 1.1", "no"): (False, "not shown: is so: "),
    ("a.x > 2", "yes"): (False, "no: is so: "),
    ("a.x > 2", "not shown"): (False, "no: is so: "),
    ("a.x > 2", "no"): (True, "no: is so: "),
    ("a.y > 2", "not shown"): (False, "is so"),  # infinite for some seeds: nobody can say
}


@pytest.mark.parametrize(("given", "expected"), CAME_OUT.items(), ids=str)
def test_a_claim_passes_where_it_came_out_as_is_written_beside_it(given, expected):
    """And what is no fact begins with that, whatever is written."""
    check, stated = given
    data = recorded({"a": {"x": (1.0, 1.1, 1.2), "y": (1.0, INF, 1.0)}})
    [verdict] = judged(data, Claim("is so", check, came_out=stated))
    assert (verdict.ok, verdict.came_out) == (expected[0], stated)
    assert verdict.line.startswith(expected[1])
    assert bool(verdict.why) is not (verdict.ok and verdict.outcome is YES)


@pytest.mark.parametrize("written", ['"not shown"', '"no"', '"yes"'])
def test_came_out_in_experiment_toml(tmp_path, written):
    path = tmp_path / "experiment.toml"
    path.write_text(f"{TOML}came_out = {written}\n")
    assert experiment.read(path).claims[0].came_out == written.strip('"')
    for wrong_word in ('"tie"', '""', "false"):
        path.write_text(f"{TOML}came_out = {wrong_word}\n")
        with pytest.raises(BadInput, match=r"claim 1 \(a is small\): came_out"):
            experiment.read(path)
