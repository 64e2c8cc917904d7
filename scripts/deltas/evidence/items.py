"""Items: what a stage samples besides seeds. A thousand test names are such a sample, and so are tasks to be solved.

The values of two items differ far more than those of two models on one item do. So models are compared on the same
items, and the error of a difference is that of the differences item by item. A run leaves its values in items.json:

    {"unit": "test name", "keys": ["emma", …], "weights": [5, …], "values": {"test_loss": [12.3, …]},
     "subsets": {"test_loss_unseen": {"of": "test_loss", "where": [0, 1, …]}}}

A metric in `values` is Σ values / Σ weights of that run; a metric in `subsets` is the same over the items that `where`
marks with 1. All values of a file share keys and weights.
"""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from ..core import jsonfile, shapes
from ..core.errors import BadInput

if TYPE_CHECKING:
    Value = float | int
else:
    Value = int | float | Literal["Infinity", "-Infinity"]  # as JSON has it; `numbers` makes floats of the words

NAME = "items.json"
DIGITS = 6  # significant ones of a value by item: it only serves a standard error, which has two good digits
Weight = Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)]


def numbers(values: Sequence[Value]) -> tuple[Value, ...]:
    """Return the values with the words that JSON has for infinity as the numbers they stand for."""
    return tuple(float(value) if isinstance(value, str) else value for value in values)


class Subset(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric over some of the items. of: whose values. where: 1 for every item that counts, 0 for the others."""

    of: str
    where: tuple[Literal[0, 1], ...]


class Items(Struct, frozen=True, forbid_unknown_fields=True):
    """The items that several runs share. unit: what one of them is, "test name". weights: how much each counts."""

    unit: Annotated[str, Meta(pattern=r"\S")]
    weights: tuple[Weight, ...]
    subsets: dict[str, Subset] = {}

    def __post_init__(self) -> None:
        """Raise ValueError for a subset that does not fit the weights."""
        for name, subset in self.subsets.items():
            if len(subset.where) != len(self.weights):
                raise ValueError(f"subsets.{name}: where has {len(subset.where)} marks for {len(self.weights)} items")

    def mean(self, values: Sequence[Value], where: Sequence[int] | None = None) -> float | None:
        """Return Σ values / Σ weights over the items, or over those that are marked; None where there are none."""
        marks = where if where is not None else [1] * len(self.weights)
        total = math.fsum(weight for weight, mark in zip(self.weights, marks, strict=True) if mark)
        if not total:
            return None
        return math.fsum(value for value, mark in zip(values, marks, strict=True) if mark) / total


class ByItem(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of one run. items: the id of its Items. values: metric -> the mean over the seeds for every item."""

    items: str
    values: dict[str, tuple[Value, ...]]

    def __post_init__(self) -> None:
        """Read infinity."""
        force_setattr(self, "values", {metric: numbers(values) for metric, values in self.values.items()})


class Collected(Struct, frozen=True):
    """What the seeds of a run left. why: not empty where they cannot be put together; metrics: of which that is so."""

    by_item: ByItem | None = None
    items: Items | None = None
    metrics: tuple[str, ...] = ()
    why: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    unit: Annotated[str, Meta(pattern=r"\S")]
    keys: tuple[str, ...]
    weights: tuple[Weight, ...]
    values: dict[str, tuple[Value, ...]]
    subsets: dict[str, Subset] = {}

    def __post_init__(self) -> None:
        for metric, values in self.values.items():
            if len(values) != len(self.keys):
                raise ValueError(f"values.{metric}: {len(values)} values for {len(self.keys)} keys")
        if len(self.weights) != len(self.keys):
            raise ValueError(f"weights: {len(self.weights)} weights for {len(self.keys)} keys")
        for name, subset in self.subsets.items():
            if subset.of not in self.values:
                raise ValueError(f"subsets.{name}: of {subset.of!r}, which has no values")
        force_setattr(self, "values", {metric: numbers(values) for metric, values in self.values.items()})

    @property
    def metrics(self) -> tuple[str, ...]:
        return (*self.values, *self.subsets)

    @property
    def sampled(self) -> tuple[str, tuple[str, ...], tuple[Weight, ...]]:
        """What has to be the same for two runs to be compared item by item."""
        return self.unit, self.keys, self.weights


def collect(folders: Sequence[Path]) -> Collected:
    """Return what the seeds of one run left in their folders, put together. BadInput for a malformed items.json."""
    files = [file for folder in folders if (file := _read(folder / NAME))]
    if not files:
        return Collected()
    first = files[0]
    metrics = tuple(dict.fromkeys(metric for file in files for metric in file.metrics))
    if len(files) < len(folders):
        return Collected(metrics=metrics, why=f"some of its seeds left no {first.unit}s")
    if any(file.sampled != first.sampled or file.subsets != first.subsets for file in files):
        return Collected(metrics=metrics, why=f"its seeds were tested on different {first.unit}s")
    if any(file.values.keys() != first.values.keys() for file in files):
        return Collected(metrics=metrics, why="its seeds left values of different metrics")
    values = {metric: _means([file.values[metric] for file in files]) for metric in first.values}
    by_item = ByItem(_identify(first), values)
    return Collected(by_item, Items(first.unit, first.weights, first.subsets), metrics)


def _read(path: Path) -> _File | None:
    try:
        return shapes.convert(jsonfile.read(path), _File)
    except FileNotFoundError:
        return None
    except shapes.Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from None


def _means(rows: Sequence[Sequence[Value]]) -> tuple[float, ...]:
    columns = zip(*rows, strict=True)
    return tuple(float(f"{math.fsum(column) / len(column):.{DIGITS}g}") for column in columns)


def _identify(file: _File) -> str:
    """Return a hash of what was sampled: unit, keys and weights."""
    rows = "".join(f"{key}\t{weight}\n" for key, weight in zip(file.keys, file.weights, strict=True))
    return hashlib.sha256(f"{file.unit}\n{rows}".encode()).hexdigest()[:16]
