"""How well its items, a thousand test names say, tell a metric: the error of one number, not of a difference.

It is the second of the two sources of noise that significance.py knows. Runs are compared on the same items, where most
of it cancels; a number that stands alone in a table has all of it.
"""

from collections.abc import Iterator

from msgspec import Struct

from ..runs.metrics import Metrics
from . import paired, significance
from .baseline import Baseline


class Error(Struct, frozen=True):
    """The standard error of a metric of one run. item: what it was sampled over, count: how many of them took part."""

    metric: str
    value: float
    item: str
    count: int


def error(baseline: Baseline, run: str, metric: str, metrics: Metrics) -> Error | None:
    """Return the error of a recorded metric; None where it is no mean over items, or its items were not recorded."""
    if run not in baseline.runs or metric not in baseline.runs[run].metrics:
        return None
    sample = paired.sample(baseline, run, metric, metrics)
    try:
        value = significance.item_error(sample)
    except paired.Unevaluable:
        return None
    return None if value is None else Error(metric, value, sample.unit, sample.marked)


def errors(baseline: Baseline, metrics: Metrics, *runs: str) -> Iterator[Error]:
    """Give the errors of all recorded metrics of these runs, run by run; of all runs where none is named."""
    for run in runs or baseline.runs:
        for metric in baseline.runs[run].metrics:
            if there := error(baseline, run, metric, metrics):
                yield there
