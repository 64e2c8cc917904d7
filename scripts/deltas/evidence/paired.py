"""A metric of a run as a sample: one value for every training seed, and arithmetic that keeps the pairing.

Runs share their seeds, in one order, so `a - b` is the difference seed by seed. A deterministic run is a constant: it
has one value, whatever the seed, and pairs with every run. A metric that is a mean over items (items.py) is a sample
twice over: of seeds, and of items. Of every item a sample knows by how much it moves the metric, to first order (the
influence function of a ratio, the delta method: Cochran, Sampling Techniques, ch. 6):

    L = Σ values / Σ weights        e_i = (value_i - L weight_i) / Σ weights        var L ≈ n / (n - 1) Σ e_i²

Influences add and scale as the metrics do, so those of a difference are the differences, item by item: what is hard for
both models cancels. An item that a subset does not mark has no influence on the subset's metric, and does not count in
n: what a hundred items do not take part in is known no better for them.
"""

import math
import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..runs.metrics import Metrics
from .baseline import Baseline

Number = float | int


class Unevaluable(Exception):
    """Nobody can say whether a claim holds, and why."""


@dataclass(frozen=True)
class Sample:
    """A metric, or what was computed of metrics.

    values: by seed. seeds: which. constant: it does not depend on the seed, and values holds it once.
    influences: by item, None where no items come into it. marked: how many of the items take part in it, and the fewest
    where several metrics were put together. items: the id of those items. unit: what one of them is.
    fault: why the noise of the items is not known although they come into it; it matters once something is tested.
    """

    values: tuple[Number, ...]
    influences: tuple[float, ...] | None = None
    items: str = ""
    unit: str = ""
    fault: str = ""
    seeds: tuple[int, ...] = ()
    constant: bool = False
    marked: int = 0

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return statistics.fmean(self.values)

    def over(self, count: int) -> tuple[Number, ...]:
        """Return the values for so many seeds: a constant's value is there for every one of them."""
        return self.values * count if self.constant else self.values

    def __add__(self, other: "Sample | Number") -> "Sample":
        return _elementwise(operator.add, (self, other), lambda *_: (1, 1))

    def __radd__(self, other: Number) -> "Sample":
        return self + other

    def __sub__(self, other: "Sample | Number") -> "Sample":
        return _elementwise(operator.sub, (self, other), lambda *_: (1, -1))

    def __rsub__(self, other: Number) -> "Sample":
        return -self + other

    def __mul__(self, other: "Sample | Number") -> "Sample":
        return _elementwise(operator.mul, (self, other), lambda a, b: (b, a))

    def __rmul__(self, other: Number) -> "Sample":
        return self * other

    def __truediv__(self, other: "Sample | Number") -> "Sample":
        return _elementwise(operator.truediv, (self, other), lambda a, b: (1 / b, -a / b**2))

    def __rtruediv__(self, other: Number) -> "Sample":
        return _elementwise(operator.truediv, (other, self), lambda a, b: (1 / b, -a / b**2))

    def __neg__(self) -> "Sample":
        return _elementwise(operator.neg, (self,), lambda *_: (-1,))

    def __pos__(self) -> "Sample":
        return self

    def __abs__(self) -> "Sample":
        return _elementwise(abs, (self,), lambda a: (math.copysign(1, a),))


def largest(*samples: Sample | Number) -> Sample:
    """Return the largest of several samples seed by seed: the worst of several layers, say."""
    return _elementwise(max, samples, lambda *row: [(x == max(row)) / row.count(max(row)) for x in row])


def smallest(*samples: Sample | Number) -> Sample:
    """Return the smallest of several samples seed by seed."""
    return _elementwise(min, samples, lambda *row: [(x == min(row)) / row.count(min(row)) for x in row])


def average(*samples: Sample | Number) -> Sample:
    """Return the mean of several samples seed by seed."""
    return _elementwise(lambda *row: statistics.fmean(row), samples, lambda *row: [1 / len(row)] * len(row))


def this_split(sample: Sample) -> Sample:
    """Return the same without the noise of the items: said of the very items drawn, not of items like them."""
    _only_samples((sample,))
    return replace(sample, influences=None, fault="", marked=0)


def _only_samples(given: Sequence[Sample | Number]) -> None:
    for operand in given:
        if not isinstance(operand, Sample | int | float) or isinstance(operand, bool):
            raise TypeError(f"{operand} is not a metric or a number")
    if not any(isinstance(operand, Sample) for operand in given):
        raise TypeError("no metric of a run in it")


def _elementwise(
    function: Callable[..., Number],
    given: Sequence[Sample | Number],
    slopes: Callable[..., Sequence[float]],
) -> Sample:
    """Return function of the values seed by seed.

    slopes: its derivatives at such values, by which the influences scale. Unevaluable where the seeds differ.
    """
    _only_samples(given)
    samples = [operand for operand in given if isinstance(operand, Sample)]
    varying = [sample for sample in samples if not sample.constant]
    seeds = _one_list_of_seeds(varying)
    count = len(varying[0].values) if varying else 1
    columns = [operand.over(count) if isinstance(operand, Sample) else (operand,) * count for operand in given]
    rows = list(zip(*columns, strict=True))
    influences = None
    try:
        values = tuple(function(*row) for row in rows)
        if any(sample.influences for sample in samples):
            means = [statistics.fmean(column) for column in zip(*(slopes(*row) for row in rows), strict=True)]
            moving = [operand.influences if isinstance(operand, Sample) else None for operand in given]
            influences = _weighted([(slope, moved) for slope, moved in zip(means, moving, strict=True) if moved])
    except (ZeroDivisionError, OverflowError) as error:
        raise Unevaluable(str(error)) from None
    of_items = [sample for sample in samples if sample.items]
    faults = [sample.fault for sample in samples if sample.fault]
    if len({sample.items for sample in of_items}) > 1:
        faults.insert(0, f"the runs were tested on different {of_items[0].unit}s, so they cannot be paired")
    items, unit = min(((sample.items, sample.unit) for sample in of_items), default=("", ""))
    marked = min((sample.marked for sample in samples if sample.influences), default=0)
    return Sample(values, influences, items, unit, faults[0] if faults else "", seeds, not varying, marked)


def _one_list_of_seeds(varying: Sequence[Sample]) -> tuple[int, ...]:
    lists = list(dict.fromkeys(sample.seeds for sample in varying))
    if len(lists) > 1:
        first, second, *_ = (", ".join(map(str, seeds)) for seeds in lists)
        raise Unevaluable(f"the runs were recorded from different seeds ({first}; {second}), so they cannot be paired")
    return lists[0] if lists else ()


def _weighted(parts: list[tuple[float, tuple[float, ...]]]) -> tuple[float, ...] | None:
    """Return Σ slope · influences; None for items that differ in number, which is a fault anyway."""
    if len({len(influences) for _, influences in parts}) > 1:
        return None
    scaled = [[slope * moved for moved in influences] for slope, influences in parts]
    return tuple(map(sum, zip(*scaled, strict=True)))


def sample(baseline: Baseline, run: str, metric: str, metrics: Metrics) -> Sample:
    """Return what was recorded of a metric. KeyError where it was not.

    A metric that is never judged is no constant in a deterministic run either: seconds differ from run to run.
    """
    recorded, declared = baseline.runs[run], metrics[metric]
    constant = recorded.deterministic and declared.judged
    plain = Sample(recorded.metrics[metric].values, seeds=recorded.seeds, constant=constant)
    if declared.unpaired:
        return replace(plain, fault=f"{metric}: {declared.unpaired}")
    if metric in recorded.unpaired:
        return replace(
            plain, fault=f"{run}: no values of {metric} by item were recorded, for {recorded.unpaired[metric]}"
        )
    by_item = recorded.by_item
    items = baseline.items[by_item.items] if by_item else None
    if by_item and items:
        subset = items.subsets.get(metric)
        values = by_item.values.get(subset.of if subset else metric)
        if values:
            where = subset.where if subset else (1,) * len(values)
            moved = influences(values, items.weights, where)
            unit = declared.over or items.unit  # a stage may know better what its items are
            return replace(plain, influences=moved, items=by_item.items, unit=unit, marked=sum(where))
    if declared.over:
        return replace(plain, fault=f"{run}: no values of {metric} by {declared.over} were recorded")
    return plain


def influences(values: Sequence[Number], weights: Sequence[Number], where: Sequence[int]) -> tuple[float, ...]:
    """Return the e_i of the equation above; not a number where a value is infinite."""
    total = math.fsum(weight for weight, mark in zip(weights, where, strict=True) if mark)
    mean = math.fsum(value for value, mark in zip(values, where, strict=True) if mark) / total
    rows = zip(values, weights, where, strict=True)
    return tuple((value - mean * weight) / total if mark else 0.0 for value, weight, mark in rows)
