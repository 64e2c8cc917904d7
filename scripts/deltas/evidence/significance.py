"""Is a difference more than noise? Student's t on paired differences, and its equivalence test.

A claim about a metric over items (test names, say) is about items like these and seeds like these: both are samples,
and the variance of a mean difference d is the sum of two estimates,

    v_seeds = s² / n of the differences seed by seed, n - 1 degrees of freedom
    v_items = m / (m - 1) Σ e_i² of the influences item by item (paired.py), m - 1 degrees of freedom

where m counts the items that take part: those that a subset marks, and the fewest where metrics over several subsets
stand in one difference. (What seeds do to single items is in both: they err to the large side.) Then |d| is compared
with

    sqrt(v_seeds t²(n - 1) + v_items t²(m - 1)),        t the quantiles of Student's t

which is never wrong more often than it says (S. K. Banerjee, On confidence interval for two-means problem, Sankhyā A
23, 1961; Cochran's and Cox's t' is its neighbour). Welch–Satterthwaite degrees of freedom are: with five seeds,
two-sided at 0.001, up to 4.6 times as often in simulations; n - 1 for the whole sum gives away most of its power.

Beside its outcome a test has the two-sided 95 % interval of the difference, that of this one comparison:

    d ± sqrt(v_seeds t²(.975, n - 1) + v_items t²(.975, m - 1))

The outcome is decided at the level that is left for one of a family of tests, which asks for more.
"""

import math
import statistics
from dataclasses import dataclass, replace

from . import students_t
from .outcome import Outcome
from .paired import Number, Sample, Unevaluable

SAME = 1e-12  # relative: numbers that differ by less are one number, summed in another order
LEAST = 1e-12  # p-values below are not computed
CONFIDENCE = 0.95  # of the interval that is shown, for one comparison alone


@dataclass(frozen=True)
class Finding:
    """What a test found. p: one-sided, of what the outcome says; of the likelier direction where nothing is shown.

    difference: what was tested, seed by seed. seeds, items: the standard errors of its mean. reach: how far the
    interval of CONFIDENCE reaches to either side of it. margin: what it was held against, 0 for a direction.
    """

    outcome: Outcome
    difference: Sample
    seeds: float
    items: float
    reach: float
    p: float
    margin: float = 0.0

    @property
    def low(self) -> float:
        """Where the interval begins."""
        return self.difference.mean - self.reach

    @property
    def high(self) -> float:
        """Where the interval ends."""
        return self.difference.mean + self.reach

    @property
    def decided_alone(self) -> bool:
        """Whether the interval lies to one side of what was asked: beyond zero, or inside the margin, or beyond it."""
        beyond = self.low > self.margin or self.high < -self.margin
        return beyond or -self.margin < self.low <= self.high < self.margin


def less(left: Sample | Number, right: Sample | Number, level: float) -> Finding:
    """Test left < right: YES where left's true mean is below right's, NO where it is above, at one-sided `level`.

    Where there is no difference, YES or NO is wrong with probability 2 · level at most. A difference without any spread
    (counting comes out the same for every seed) is what it is: zero shows nothing, anything else is decided.
    Unevaluable for one seed alone, and where a value is not finite, except where every seed differs infinitely alike.
    """
    difference = _difference(left, right)
    seeds, items, sources = _errors(difference)
    below = _below(difference.mean, sources)
    above = 1 - below if below < 0.5 else _below(-difference.mean, sources)
    outcome = Outcome.YES if below <= level else Outcome.NO if above <= level else Outcome.NOT_SHOWN
    return Finding(outcome, difference, seeds, items, _confidence(sources), min(below, above))


def greater(left: Sample | Number, right: Sample | Number, level: float) -> Finding:
    """Test left > right: as `less` the other way round, with the difference as it is written."""
    finding = less(right, left, level)
    return replace(finding, difference=-finding.difference)


def within(left: Sample | Number, right: Sample | Number, eps: Number, level: float) -> Finding:
    """Test |true mean difference| < eps by two one-sided tests (Schuirmann 1987), both at `level`.

    YES where it is shown to be above -eps and to be below eps, NO where it is shown to be beyond one of the two. That
    is the same as to ask whether the interval of 1 - 2 · level lies inside the margin, or outside.
    """
    if not isinstance(eps, int | float) or isinstance(eps, bool) or not 0 < eps < math.inf:
        raise TypeError(f"within: eps is {eps}, not a positive number")
    difference = _difference(left, right)
    seeds, items, sources = _errors(difference)
    inside = max(_below(difference.mean - eps, sources), _below(-difference.mean - eps, sources))
    outside = min(_below(eps - difference.mean, sources), _below(difference.mean + eps, sources))
    outcome = Outcome.YES if inside <= level else Outcome.NO if outside <= level else Outcome.NOT_SHOWN
    p = outside if outcome is Outcome.NO else inside
    return Finding(outcome, difference, seeds, items, _confidence(sources), p, float(eps))


def _difference(left: Sample | Number, right: Sample | Number) -> Sample:
    """Return left - right, with what is only the rounding of a sum taken for zero. Unevaluable, TypeError."""
    if not isinstance(left, Sample):
        left, right, sign = right, left, -1
    else:
        sign = 1
    if not isinstance(left, Sample):
        raise TypeError("a comparison of two numbers: no metric of a run in it")
    difference = left - right
    if difference.fault:
        raise Unevaluable(difference.fault)
    count = len(difference.values)
    if count < 2 and not difference.constant:
        raise Unevaluable("recorded was one seed alone, which shows no noise: a test takes two")
    others = right.over(count) if isinstance(right, Sample) else [right] * count
    values = []
    for value, a, b in zip(difference.values, left.over(count), others, strict=True):
        if math.isnan(value):
            raise Unevaluable("the difference is not a number")
        values.append(0.0 if abs(value) <= SAME * max(abs(a), abs(b)) < math.inf else sign * value)
    influences = difference.influences
    if influences and sign < 0:
        influences = tuple(-moved for moved in influences)
    return replace(difference, values=tuple(values), influences=influences)


def _errors(difference: Sample) -> tuple[float, float, list[tuple[float, int]]]:
    """Return (standard error from the seeds, from the items, [(variance, degrees of freedom), …] that are not zero)."""
    values, influences = difference.values, difference.influences
    if any(map(math.isinf, values)):
        if len(set(values)) > 1:
            raise Unevaluable("infinite for some seeds only")
        return 0.0, 0.0, []
    seeds = 0.0 if difference.constant else statistics.variance(values) / len(values)
    sources = [(seeds, len(values) - 1)]
    items = 0.0
    if influences is not None:
        count = difference.marked
        if count < 2:
            raise Unevaluable(f"one {difference.unit} alone shows no noise: a test takes two")
        items = count / (count - 1) * math.fsum(moved * moved for moved in influences)
        if not math.isfinite(items):
            raise Unevaluable(f"the value of some {difference.unit} is infinite")
        sources.append((items, count - 1))
    return math.sqrt(seeds), math.sqrt(items), [source for source in sources if source[0] > 0]


def _below(difference: float, sources: list[tuple[float, int]]) -> float:
    """Return p of the true mean being at or above zero: small where `difference` is far below, LEAST at the least.

    One source: P(T < difference / se). Two: the p at which the equation above has equality, by bisection.
    """
    if difference == 0:
        return 0.5
    if not sources or math.isinf(difference):
        return 0.0 if difference < 0 else 1.0
    if difference > 0:
        return 1 - _below(-difference, sources)
    if len(sources) == 1:
        [(variance, freedom)] = sources
        return students_t.below(freedom, difference / math.sqrt(variance))
    low, high = math.log(LEAST), math.log(0.5)
    if _reach(LEAST, sources) <= -difference:
        return LEAST
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if _reach(math.exp(middle), sources) < -difference else (middle, high)
    return math.exp(high)


def _confidence(sources: list[tuple[float, int]]) -> float:
    return _reach((1 - CONFIDENCE) / 2, sources)


def _reach(p: float, sources: list[tuple[float, int]]) -> float:
    return math.sqrt(sum(variance * students_t.quantile(freedom, p) ** 2 for variance, freedom in sources))
