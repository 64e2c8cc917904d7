"""Is a new run the one that was recorded? And if it is not, is it one more seed of the same thing?

The first question is asked of every run: its judged numbers are held against those that were recorded from its own
seed. With the same torch on the same processor a run repeats itself, and not to do so is a failure. With another torch
or on another processor rounding differs, and training makes more of it. There a run that does not repeat is held as
one more seed, by the metric that stands for the stage and by nothing else: the more numbers are judged, the wider the
interval of every one of them, until it contains what other runs come to.
"""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from ..core import numbers
from ..runs.experiment import Experiment
from ..runs.metrics import Metric, Metrics
from . import students_t
from .baseline import Baseline, Recorded, Summary

LEVEL = 0.99  # of all intervals of a stage together
SAME = 1e-3  # by so much may a number of the same seed miss the recorded one
SMALL = 0.05  # and by no more than this share of itself
FLOOR = 1e-4  # the same for what depends on no seed; no interval reaches less far to either side
LARGE = 10.0  # a number beyond may miss in proportion to its size

Measured = float | int | None  # None: could not be measured


class Way(Enum):
    """How a run was judged."""

    REPEATED = "repeated"
    NOT_REPEATED = "not repeated"
    ONE_MORE = "one more seed"
    NOT = "not judged"

    def __str__(self) -> str:
        return self.value

    @property
    def says(self) -> str:
        """The same as the end of a sentence that begins with a run."""
        return {
            Way.REPEATED: "repeats the recorded run",
            Way.NOT_REPEATED: "does not repeat the recorded run",
            Way.ONE_MORE: "judged as one more seed",
            Way.NOT: "not judged",
        }[self]

    @property
    def of_several(self) -> str:
        """The same as the end of a sentence that begins with several runs."""
        several = {Way.REPEATED: "repeat the recorded run", Way.NOT_REPEATED: "do not repeat the recorded run"}
        return several.get(self, f"were {self.says}")


class Verdict(Struct, frozen=True):
    """A number beside its baseline.

    recorded: what was recorded from the same seed, and difference: the value less that; None where nothing was. Of a
    deterministic run every seed is the same one. low, high: the interval that it was held against, if it was.
    ok: None where it is not judged. False too where it was recorded and is gone. why: what else there is to say.
    """

    metric: str
    value: Measured
    summary: Summary | None = None
    recorded: Measured = None
    difference: Measured = None
    low: float | None = None
    high: float | None = None
    ok: bool | None = None
    why: str = ""


class Judgement(Struct, frozen=True):
    """A run beside its baseline."""

    way: Way
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        """No number is another than it should be, and none of those that were recorded is gone."""
        return all(verdict.ok is not False for verdict in self.verdicts)


def same(value: float, recorded: float, least: float = SAME) -> bool:
    """Return whether a number is the recorded one: to within `least`, beyond LARGE in proportion, and SMALL of itself.

    Of zero, where there is no share of itself, it is `least` alone.

    >>> same(2.4505, 2.45), same(2.4515, 2.45), same(500.04, 500.0), same(math.inf, math.inf), same(2.45, math.inf)
    (True, False, True, True, False)
    >>> same(0.0051, 0.0050), same(0.0055, 0.0050), same(0.0, 0.0)
    (True, False, True)
    >>> same(0.0005, 0.0), same(0.0015, 0.0)
    (True, False)
    """
    if not math.isfinite(recorded):
        return value == recorded
    may = least * max(1.0, abs(recorded) / LARGE)
    return abs(value - recorded) <= (min(may, SMALL * abs(recorded)) if recorded else may)


def exact(run: Recorded, metric: str) -> bool:
    """Return whether a metric counts what no seed and no machine changes: the same whole number from every seed.

    One seed alone shows nothing of the kind, unless the run is declared deterministic.
    """
    values = run.metrics[metric].values
    whole = all(isinstance(value, int) for value in values)
    return whole and len(set(values)) == 1 and (len(values) > 1 or run.deterministic)


def least(run: Recorded) -> float:
    """Return by how much a number of this run may miss the recorded one."""
    return FLOOR if run.deterministic else SAME


def of_one_more(run: Recorded, headline: str | None, metrics: Metrics) -> list[str]:
    """Return the metrics by which a run is held as one more seed: the stage's headline.

    Where the stage has none, or the run does not measure it, or it counts what is exact: all judged numbers that are
    not exact. A deterministic run has none: it comes again, whatever the seed.
    """
    if run.deterministic:
        return []
    judged = [name for name in run.metrics if metrics[name].judged and not exact(run, name)]
    return [headline] if headline in judged else judged


def family(baseline: Baseline, experiment: Experiment) -> int:
    """Return how many intervals there are in a stage, whichever of its runs is looked at: one a run with a headline."""
    runs = baseline.runs.values()
    return sum(len(of_one_more(run, experiment.headline, experiment.metrics)) for run in runs)


def pooled(samples: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Return the variance that the samples have in common, and its degrees of freedom.

    It is Σ (n - 1) s² / Σ (n - 1). A sample of one value and one of values that are all the same show no noise, and one
    with an infinite value has no variance: they are left out. Without any sample: zero, of zero degrees of freedom.
    """
    noisy = [values for values in samples if len(set(values)) > 1 and all(map(math.isfinite, values))]
    freedom = sum(len(values) - 1 for values in noisy)
    squares = math.fsum((len(values) - 1) * statistics.variance(values) for values in noisy)
    return (squares / freedom if freedom else 0.0), freedom


def interval(
    values: Sequence[float], family: int, pool: tuple[float, int] | None = None, level: float = LEVEL
) -> tuple[float, float]:
    """Return where one more observation falls, and with it `family` such numbers together, with probability `level`.

    The prediction interval of a normal sample, Bonferroni over the family (Hahn & Meeker, Statistical Intervals):

        mean ± t(freedom, 1 - (1 - level) / (2 family)) · s · sqrt(1 + 1/n)

    pool: (s², freedom); that of the values themselves where it is not given. It never reaches less far than FLOOR. It
    is infinite where some values are, and where nothing shows any noise: then it predicts nothing. Values that are all
    the same, infinity too, predict themselves. Not-a-number contains nothing.
    """
    if not values:
        raise ValueError("no values, no interval")
    if any(map(math.isnan, values)):
        return math.nan, math.nan
    n, mean = len(values), sum(values) / len(values)
    if len(set(values)) == 1 and (n > 1 or math.isinf(mean)):
        return (mean, mean) if math.isinf(mean) else (mean - FLOOR, mean + FLOOR)
    variance, freedom = pool if pool and pool[1] else pooled([values])
    if not freedom or any(map(math.isinf, values)):
        return -math.inf, math.inf
    mean = statistics.fmean(values)
    t = students_t.quantile(freedom, 1 - (1 - level) / (2 * family))
    half = max(t * math.sqrt(variance * (1 + 1 / n)), FLOOR)
    return mean - half, mean + half


def predicted(baseline: Baseline, experiment: Experiment, run: str, metric: str) -> tuple[float, float]:
    """Return where one more seed of a recorded run falls.

    The variance is pooled over the stage's runs. Runs that the experiment sets apart, for they scatter more than the
    others, have a pool of their own.
    """
    apart = {described.name for described in experiment.runs if described.own_variance}
    alike = [
        other.metrics[metric].values
        for name, other in baseline.runs.items()
        if (name in apart) == (run in apart) and metric in other.metrics and not other.deterministic
    ]
    values = baseline.runs[run].metrics[metric].values
    return interval(values, max(family(baseline, experiment), 1), pooled(alike))


def judge(
    baseline: Baseline | None,
    experiment: Experiment,
    run: str,
    seed: int,
    measured: Mapping[str, Measured],
    machine: Mapping[str, object],
    *,
    stale: str = "",
    excused: Collection[str] = (),
    drawn: Collection[str] = (),
) -> Judgement:
    """Return how a run was judged, with a verdict on its numbers in their order, then on the recorded ones it lacks.

    baseline: None where nothing was recorded. machine: torch and cpu of the run. stale: why the baseline is of another
    thing, if it is; then nothing is judged against it. excused: metrics that the run may lack, because what it takes to
    measure them was not run. Any other judged number that was recorded and is gone is a failure: it would otherwise
    never be looked at again. drawn: metrics that depend on the seed in a deterministic run, too.
    """
    recorded = baseline.runs.get(run) if baseline else None
    names = dict.fromkeys([*measured, *(recorded.metrics if recorded else ())])
    rows = [_beside(recorded, experiment.metrics, name, seed, measured.get(name), stale, excused) for name in names]
    if baseline is None or recorded is None or stale:
        return Judgement(Way.NOT, tuple(rows))
    here = seed in recorded.seeds and (machine.get("torch"), machine.get("cpu")) == (baseline.torch, baseline.cpu)
    if recorded.deterministic and not here:
        rows = [_shown(row) if row.metric in drawn else row for row in rows]
    held = [row.ok for row in rows if row.ok is not None]
    if not held:
        return Judgement(Way.NOT, tuple(rows))
    if recorded.deterministic or seed in recorded.seeds:
        if all(held):
            return Judgement(Way.REPEATED, tuple(rows))
        if recorded.deterministic or here:
            return Judgement(Way.NOT_REPEATED, tuple(rows))
    by = of_one_more(recorded, experiment.headline, experiment.metrics)
    return Judgement(Way.ONE_MORE, tuple(_as_one_more(baseline, experiment, run, row, by) for row in rows))


def _beside(
    recorded: Recorded | None,
    metrics: Metrics,
    metric: str,
    seed: int,
    value: Measured,
    stale: str,
    excused: Collection[str],
) -> Verdict:
    """Return a number beside what was recorded from its seed; ok: whether it is that number again.

    Not ok is, too, what was not recorded from this seed: that it may be one more seed is for others to say.
    """
    summary = recorded.metrics.get(metric) if recorded else None
    if recorded is None or summary is None:
        return Verdict(metric, value, why="not measured" if value is None else "not recorded")
    again = _recorded(recorded, summary, seed)
    difference = None if value is None or again is None else 0 if value == again else value - again
    row = Verdict(metric, value, summary, again, difference)
    if stale:
        return _shown(row, f"the baseline is stale: {stale}")
    if value is None and metric in excused:
        return _shown(row, "not measured")
    if value is None:
        return _shown(row, "recorded, and not there any more", False if metrics[metric].judged else None)
    if not metrics[metric].judged:
        return row
    if exact(recorded, metric):
        return _shown(row, ok=value == summary.values[0])
    if again is None:
        return _shown(row, ok=False)
    return _shown(row, ok=same(value, again, least(recorded)))


def _recorded(run: Recorded, summary: Summary, seed: int) -> Measured:
    if run.deterministic:
        return summary.values[0]
    return summary.values[run.seeds.index(seed)] if seed in run.seeds else None


def _shown(row: Verdict, why: str = "", ok: bool | None = None) -> Verdict:
    return Verdict(row.metric, row.value, row.summary, row.recorded, row.difference, ok=ok, why=why)


def _as_one_more(baseline: Baseline, experiment: Experiment, run: str, row: Verdict, by: Collection[str]) -> Verdict:
    """Return the verdict on a number of a run that is held as one more seed."""
    if row.ok is None or row.value is None or exact(baseline.runs[run], row.metric):
        return row
    if row.metric not in by:
        return _shown(row)
    low, high = predicted(baseline, experiment, run, row.metric)
    if (low, high) == (-math.inf, math.inf):
        return _shown(row, "the recorded seeds predict nothing")
    inside = low <= row.value <= high
    return Verdict(row.metric, row.value, row.summary, row.recorded, row.difference, low, high, inside)


def beside(verdict: Verdict, metric: Metric) -> str:
    """Return what all recorded seeds say of a number, and what there is to say of it.

    >>> from .baseline import summarise
    >>> beside(Verdict("x", 2.0, summarise([1.0, 1.1]), low=0.9, high=1.2, ok=False), Metric(digits=2))
    '1.05 ± 0.07, outside 0.90 … 1.20'
    """
    parts = [numbers.spread(verdict.summary, metric)] if verdict.summary and verdict.summary.n > 1 else []
    if verdict.low is not None and verdict.high is not None:
        where = "inside" if verdict.ok else "outside"
        parts.append(f"{where} {numbers.value(verdict.low, metric)} … {numbers.value(verdict.high, metric)}")
    elif verdict.why:
        parts.append(verdict.why.partition(":")[0])
    return ", ".join(parts)


def against(verdict: Verdict, metric: Metric) -> str:
    """Return a number and what it was held against, as a sentence has it.

    >>> against(Verdict("x", 2.0, recorded=1.5, difference=0.5), Metric(digits=1))
    'x 2.0, recorded 1.5, difference 0.5'
    """
    parts = [f"{verdict.metric} {numbers.value(verdict.value, metric)}"]
    if verdict.recorded is not None:
        parts.append(f"recorded {numbers.value(verdict.recorded, metric)}")
    if verdict.difference is not None:
        parts.append(f"difference {numbers.value(verdict.difference, metric)}")
    return ", ".join(filter(None, [*parts, beside(verdict, metric) if verdict.why or verdict.low is not None else ""]))
