"""How well its items, a thousand test names say, tell a metric: the error of one number, not of a difference.

It is the second of the two sources of noise that significance.py knows. Runs are compared on the same items, where most
of it cancels; a number that stands alone in a table has all of it.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ..core import numbers
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


def said(errors: Iterable[Error], metrics: Metrics) -> str:
    """Return what the items of a table's numbers leave open, in sentences; nothing where no number has items.

    A table metric is one number here: from its best known cell to its least known.
    """
    groups: dict[tuple[str, str], list[Error]] = {}
    for one in errors:
        groups.setdefault((one.item, metrics.table(one.metric) or one.metric), []).append(one)
    sentences = []
    for item in dict.fromkeys(item for item, _ in groups):
        parts = []
        for (its, name), group in groups.items():
            if its == item:
                metric, unit = metrics[name], metrics[name].unit
                counts = _from_to([f"{count:,}" for count in sorted({one.count for one in group})])
                values = _from_to([numbers.error(value, metric) for value in sorted(one.value for one in group)])
                beyond = f" {unit}" if unit not in ("", "%") else ""
                parts.append(f"{metric.says} {values}{beyond} ({counts} {item}s)")
        sentences.append(
            f"The {item}s are a sample, too. The standard error of one number from that: {'; '.join(parts)}. "
            f"In a difference between two runs on the same {item}s it cancels largely where the two are alike."
        )
    return " ".join(sentences)


def _from_to(texts: list[str]) -> str:
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"
