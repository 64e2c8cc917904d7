"""What a baseline predicts for one more run: an interval for every number, and whether a new run lies inside."""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from ..core import numbers
from ..runs.metrics import Metric, Metrics
from . import students_t
from .baseline import Baseline, Recorded, Summary

LEVEL = 0.99  # of the whole family of numbers that a stage is judged by
FLOOR = 1e-4  # nats, or whatever the unit is: what other libm's and CPUs do to a sum

Measured = float | int | None  # None: could not be measured


class Verdict(Struct, frozen=True):
    """A number beside its baseline.

    ok: it is inside the interval, and False too where it was recorded and is gone; None where it is not judged.
    why: what there is to say of a number that was not held against an interval.
    """

    metric: str
    value: Measured
    summary: Summary | None = None
    low: float | None = None
    high: float | None = None
    ok: bool | None = None
    why: str = ""


def family(baseline: Baseline, metrics: Metrics) -> int:
    """Return how many numbers a stage is judged by, whichever of its runs is looked at."""
    return sum(metrics[name].judged for run in baseline.runs.values() for name in run.metrics)


def interval(values: Sequence[float], family: int, level: float = LEVEL) -> tuple[float, float]:
    """Return where one more observation falls, and with it `family` such numbers together, with probability `level`.

    The prediction interval of a normal sample, Bonferroni over the family (Hahn & Meeker, Statistical Intervals):

        mean ± t(n-1, 1 - (1 - level) / (2 family)) · sd · sqrt(1 + 1/n)

    It is never narrower than ± FLOOR. It is infinite where some values are, and where there is one value only, which
    predicts nothing; it is infinity itself where all values are. Not-a-number contains nothing.
    """
    if not values:
        raise ValueError("no values, no interval")
    if any(map(math.isnan, values)):
        return math.nan, math.nan
    if len(set(values)) == 1 and math.isinf(values[0]):
        return values[0], values[0]
    if len(values) < 2 or any(map(math.isinf, values)):
        return -math.inf, math.inf
    n, mean = len(values), statistics.fmean(values)
    t = students_t.quantile(n - 1, 1 - (1 - level) / (2 * family))
    half = max(t * statistics.stdev(values) * math.sqrt(1 + 1 / n), FLOOR)
    return mean - half, mean + half


def predicted(run: Recorded, metric: str, family: int) -> tuple[float, float]:
    """Return where one more value of a recorded metric falls. A deterministic run's has to come again, to FLOOR."""
    values = run.metrics[metric].values
    return interval(values * 2 if run.deterministic else values, family)


def judge(
    baseline: Baseline | None,
    run: str,
    measured: Mapping[str, Measured],
    metrics: Metrics,
    stale: str = "",
    excused: Collection[str] = (),
) -> list[Verdict]:
    """Return a verdict on every number of a run, in their order, then on the recorded ones that the run lacks.

    baseline: None where nothing was recorded. stale: why the baseline is of another thing, if it is; then nothing is
    judged against it. excused: metrics that the run may lack, because what it takes to measure them was not run. Any
    other judged number that was recorded and is gone is a failure: it would otherwise never be looked at again.
    """
    recorded = baseline.runs.get(run) if baseline else None
    summaries = recorded.metrics if recorded else {}
    together = family(baseline, metrics) if baseline else 0
    verdicts = []
    for metric in dict.fromkeys([*measured, *summaries]):
        value, summary = measured.get(metric), summaries.get(metric)
        if recorded is None or summary is None:
            verdicts.append(Verdict(metric, value, summary, why="not measured" if value is None else "not recorded"))
        elif stale:
            verdicts.append(Verdict(metric, value, summary, why=f"the baseline is stale: {stale}"))
        elif value is None and metric in excused:
            verdicts.append(Verdict(metric, value, summary, why="not measured"))
        elif value is None:
            gone = False if metrics[metric].judged else None
            verdicts.append(Verdict(metric, value, summary, ok=gone, why="recorded, and not there any more"))
        elif not metrics[metric].judged:
            verdicts.append(Verdict(metric, value, summary))
        elif summary.n < 2 and not recorded.deterministic:
            verdicts.append(Verdict(metric, value, summary, why="one seed predicts nothing"))
        else:
            low, high = predicted(recorded, metric, together)
            verdicts.append(Verdict(metric, value, summary, low, high, low <= value <= high))
    return verdicts


def beside(verdict: Verdict, metric: Metric) -> str:
    """Return what was recorded of a number, and what there is to say of it."""
    parts = [numbers.spread(verdict.summary, metric)] if verdict.summary else []
    if verdict.ok is False and not verdict.why:
        parts.append(f"outside {numbers.value(verdict.low, metric)} … {numbers.value(verdict.high, metric)}")
    elif verdict.why:
        parts.append(verdict.why.partition(":")[0])
    return ", ".join(parts)
