"""A metric of a run as a sample: one value for each training seed, and arithmetic that keeps the pairing.

Runs share their seeds, in one order, so `a - b` is the difference seed by seed. A test loss is a sample twice over: of
seeds, and of test names. Of each name a sample knows by how much it moves the loss, to first order (the influence
function of a ratio, the delta method: Cochran, Sampling Techniques, ch. 6):

    L = Σ nats / Σ tokens        e_i = (nats_i - L tokens_i) / Σ tokens        var L ≈ n / (n - 1) Σ e_i²

Influences add and scale as the losses do, so those of a difference are the differences, name by name: what is hard for
both models cancels. Names that also occur in train have no influence on test_loss_unseen.
"""

import math
import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .baseline import Baseline

OVER_NAMES = ("test_loss", "test_loss_unseen")
BATCHED = "upstream_test_loss"

Number = float | int


class Unevaluable(Exception):
    """There is no saying whether a claim holds, and why."""


@dataclass(frozen=True)
class Sample:
    """values: by seed. influences: by test name, None where no test names come into it; split: which they are.

    fault: why the noise of the test names is not known although they come into it. It matters once something is tested.
    """

    values: tuple[Number, ...]
    influences: tuple[float, ...] | None = None
    split: str = ""
    fault: str = ""

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return statistics.fmean(self.values)

    def __add__(self, other: "Sample | Number") -> "Sample":
        return _elementwise(operator.add, (self, other), lambda a, b: (1, 1))

    def __radd__(self, other: Number) -> "Sample":
        return self + other

    def __sub__(self, other: "Sample | Number") -> "Sample":
        return _elementwise(operator.sub, (self, other), lambda a, b: (1, -1))

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
        return _elementwise(operator.neg, (self,), lambda a: (-1,))

    def __pos__(self) -> "Sample":
        return self

    def __abs__(self) -> "Sample":
        return _elementwise(abs, (self,), lambda a: (math.copysign(1, a),))


def largest(*samples: Sample | Number) -> Sample:
    """Seed by seed, over several samples: the worst of several layers, say."""
    return _elementwise(max, samples, lambda *row: [(each == max(row)) / row.count(max(row)) for each in row])


def smallest(*samples: Sample | Number) -> Sample:
    """Seed by seed, over several samples."""
    return _elementwise(min, samples, lambda *row: [(each == min(row)) / row.count(min(row)) for each in row])


def average(*samples: Sample | Number) -> Sample:
    """Seed by seed, over several samples."""
    return _elementwise(lambda *row: statistics.fmean(row), samples, lambda *row: [1 / len(row)] * len(row))


def this_split(sample: Sample) -> Sample:
    """The same without the noise of the test names: said of the very names that were drawn, not of names like them."""
    _only_samples((sample,))
    return replace(sample, influences=None, fault="")


def _only_samples(given: Sequence[Sample | Number]) -> None:
    for each in given:
        if not isinstance(each, Sample | int | float) or isinstance(each, bool):
            raise TypeError(f"{each} is not a metric or a number")
    if not any(isinstance(each, Sample) for each in given):
        raise TypeError("no metric of a run in it")


def _elementwise(
    function: Callable[..., Number],
    given: Sequence[Sample | Number],
    slopes: Callable[..., Sequence[float]],
) -> Sample:
    """function on the values seed by seed; slopes: its derivatives at such values, by which the influences scale."""
    _only_samples(given)
    samples = [each for each in given if isinstance(each, Sample)]
    seeds = range(len(samples[0].values))
    rows = [[each.values[seed] if isinstance(each, Sample) else each for each in given] for seed in seeds]
    try:
        values = tuple(function(*row) for row in rows)
        if not any(each.influences for each in samples):
            influences = None
        else:
            means = [statistics.fmean(each) for each in zip(*(slopes(*row) for row in rows), strict=True)]
            moving = [getattr(each, "influences", None) for each in given]
            influences = _weighted([(slope, each) for slope, each in zip(means, moving, strict=True) if each])
    except (ZeroDivisionError, OverflowError) as error:
        raise Unevaluable(str(error)) from None
    splits = {each.split for each in samples if each.split}
    faults = [each.fault for each in samples if each.fault]
    if len(splits) > 1:
        faults.insert(0, "the runs were tested on different names, so their losses can't be paired")
    return Sample(values, influences, min(splits, default=""), faults[0] if faults else "")


def _weighted(parts: list[tuple[float, tuple[float, ...]]]) -> tuple[float, ...] | None:
    """Σ slope · influences; None for names that differ in number, which is a fault anyway."""
    if len({len(influences) for _, influences in parts}) > 1:
        return None
    scaled = [[slope * each for each in influences] for slope, influences in parts]
    return tuple(map(sum, zip(*scaled, strict=True)))


def sample(baseline: Baseline, run: str, metric: str) -> Sample:
    """What was recorded of a metric. KeyError where it was not."""
    values = baseline.runs[run][metric].values
    if metric == BATCHED:
        return Sample(values, fault=f"{metric} is of batches, not by name: compare test_loss, or this_split({metric})")
    if metric not in OVER_NAMES:
        return Sample(values)
    recorded = baseline.names.get(run)
    if recorded is None:
        why = "its seeds were tested on different names, or it was recorded by an older program"
        return Sample(values, fault=f"{run}: no losses by name were recorded ({why})")
    split = baseline.splits[recorded.split]
    counted = [metric == "test_loss" or not seen for seen in split.seen]
    return Sample(values, _influences(recorded.nats, split.tokens, counted), recorded.split)


def _influences(nats: Sequence[float], tokens: Sequence[int], counted: Sequence[bool]) -> tuple[float, ...]:
    """e_i of the equation above; NaN where a loss is infinite."""
    total = sum(count for count, on in zip(tokens, counted, strict=True) if on)
    loss = math.fsum(each for each, on in zip(nats, counted, strict=True) if on) / total
    rows = zip(nats, tokens, counted, strict=True)
    return tuple((each - loss * count) / total if on else 0.0 for each, count, on in rows)
