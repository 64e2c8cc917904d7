"""What a run leaves for the parent to read: samples.txt, items.json and, last, metrics.json.

metrics.json is flat: name -> number, or null where it could not be measured. A table metric has a name for each of its
cells, `domain_loss.names`: metric, dot, cell. items.json is there where the stage samples something. It holds what
paired comparisons are over:

    {"unit": "test name", "keys": ["emma", …], "weights": [5, …], "values": {"test_loss": [12.3, …]},
     "subsets": {"test_loss_unseen": {"of": "test_loss", "where": [0, 1, …]}}}

A metric in `values` is sum(values) / sum(weights) of that run; a metric in `subsets` is the same over the items that
`where` marks.

This file is part of every run's `measured_by` (see programs.py): which number stands under which name is settled here.
"""

import math
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from ..core import files, jsonfile
from . import leaving, measure
from .measure import Metrics

METRIC = re.compile(r"[A-Za-z]\w*", re.ASCII)
CELL = re.compile(r"[a-z0-9_-]+")
MAY_DIFFER = ("steps",)  # a stage with an optimizer of its own counts its own steps


class Subset(msgspec.Struct, forbid_unknown_fields=True):
    """A metric over some of the items: of which values, and for every item whether it counts."""

    of: str
    where: list[Literal[0, 1]]


class Items(msgspec.Struct, forbid_unknown_fields=True):
    """items.json. All values share the keys and the weights."""

    unit: Annotated[str, msgspec.Meta(pattern=r"\S")]
    keys: list[str]
    weights: list[Annotated[float, msgspec.Meta(gt=0)]]
    values: dict[str, list[float]]
    subsets: dict[str, Subset] = {}


def of_model(left: Mapping[str, Any], watched: Metrics) -> tuple[Metrics, dict[str, Any], list[str]]:
    """Return (metrics, items, names) of a language model that makemore.py leaves; watched: what showed while it ran.

    SystemExit where a metric is not a number: a model that diverged cannot draw names.
    """
    metrics, items = measure.losses(left)
    metrics = merged(metrics | watched, left.get("metrics") or {}, "makemore.py")
    refuse_nan(metrics)
    return metrics, items, measure.sample(left, measure.SAMPLES, left["args"].seed)


def of_another(left: Mapping[str, Any], watched: Metrics) -> Metrics:
    """Return the metrics of a makemore.py that leaves no language model: its own, steps and seconds."""
    metrics = {name: watched[name] for name in ("steps", "seconds")}
    return merged(metrics, left.get("metrics") or {}, "makemore.py")


def write(
    folder: Path,
    metrics: Metrics,
    items: dict[str, Any] | None = None,
    samples: Sequence[str] | None = None,
    own: Path | None = None,
) -> None:
    """Write the files. own: metrics.py of the stage, which may measure more of what lies in the folder by then.

    It defines measure(folder), or items(folder), or both; where items returns None, the stage has none to add.
    SystemExit with a reason where a metric is not a number, is measured twice, or is not what the items make it.
    """
    if samples is not None:
        leaving.samples(folder, samples)
    if items is not None:
        leaving.items(folder, items)
    if own:
        program = files.module(own)
        if not hasattr(program, "measure") and not hasattr(program, "items"):
            sys.exit(f"{own.name} defines neither measure(folder) nor items(folder)")
        if hasattr(program, "measure"):
            metrics = merged(metrics, program.measure(folder), own.name)
        if hasattr(program, "items"):
            items = _extended(items, program.items(folder), own.name)
    if items is not None:
        metrics |= _of_items(items, metrics)
        leaving.items(folder, items)
    if metrics.keys() <= {"steps", "seconds"}:
        sys.exit("nothing was measured: neither makemore.py nor metrics.py has a metric")
    refuse_nan(metrics)
    leaving.metrics(folder, metrics)


def refuse_nan(metrics: Metrics) -> None:
    """Leave with SystemExit where a metric is not a number."""
    wrong = [name for name, value in metrics.items() if isinstance(value, float) and math.isnan(value)]
    if wrong:
        sys.exit(f"not a number: {', '.join(wrong)}. The training diverged")


def merged(metrics: Metrics, more: Mapping[str, Any], whose: str) -> Metrics:
    """Return the metrics with those that `whose` measured itself. SystemExit where one of them is there already."""
    added = flat(more, whose)
    for name in added:
        if name in metrics and name not in MAY_DIFFER:
            sys.exit(f"{whose}: metrics say {name!r}, which is measured already")
    return metrics | added


def flat(table: Mapping[str, Any], whose: str) -> Metrics:
    """Return the numbers of a dict by name, those of an inner dict by `name.cell`. Tensors of one element are numbers.

    SystemExit names what is no number, and what is no name.
    """
    if not isinstance(table, Mapping):
        sys.exit(f"{whose}: metrics is {table!r}, not a dict")
    metrics: Metrics = {}
    for name, value in table.items():
        if not isinstance(name, str) or not METRIC.fullmatch(name):
            sys.exit(f"{whose}: metrics[{name!r}]: a metric's name consists of letters, digits and _")
        cells = value.items() if isinstance(value, Mapping) else [(None, value)]
        for cell, number in cells:
            place = f"metrics[{name!r}]" if cell is None else f"metrics[{name!r}][{cell!r}]"
            if cell is not None and (not isinstance(cell, str) or not CELL.fullmatch(cell)):
                sys.exit(f"{whose}: {place}: a cell's name consists of small letters, digits, _ and -")
            metrics[name if cell is None else f"{name}.{cell}"] = _number(number, f"{whose}: {place}")
    return metrics


def _number(value: Any, place: str) -> float | int | None:
    try:
        value = value.item() if hasattr(value, "item") else value
        return jsonfile.number(int(value) if isinstance(value, bool) else value)
    except (ValueError, RuntimeError) as error:  # torch: a tensor of several elements is no scalar
        sys.exit(f"{place}: {error}")


def _extended(items: dict[str, Any] | None, more: Any, whose: str) -> dict[str, Any] | None:
    """Return the stage's items: a whole document, or values and subsets to add to the items that are there, or None."""
    if more is None:
        return items
    if not isinstance(more, dict):
        sys.exit(f"{whose}: items is {more!r}, not a dict")
    if "keys" in more or items is None:
        return more
    for part in ("values", "subsets"):
        if not isinstance(more.get(part, {}), dict):
            sys.exit(f"{whose}: {part} of items is {more[part]!r}, not a dict")
        if twice := items[part].keys() & more.get(part, {}).keys():
            sys.exit(f"{whose}: {part} of items say {min(twice)!r}, which is there already")
    if unknown := more.keys() - {"values", "subsets"}:
        sys.exit(f"{whose}: items has {min(unknown)!r} without keys; without keys it adds values and subsets alone")
    return items | {part: items[part] | more.get(part, {}) for part in ("values", "subsets")}


def _of_items(document: dict[str, Any], metrics: Metrics) -> Metrics:
    """Return the metrics that the items make and nobody stated. SystemExit where a metric says something else."""
    try:
        items = _checked(document)
    except ValueError as error:
        sys.exit(f"items.json: {error}")
    made = {name: _mean(values, items.weights) for name, values in items.values.items()}
    for name, subset in items.subsets.items():
        made[name] = _mean(items.values[subset.of], items.weights, subset.where)
    for name, value in made.items():
        if name in metrics and not _same(metrics[name], value):
            sys.exit(f"items.json: {name} is {metrics[name]}, but the items make it {value}")
    return {name: value for name, value in made.items() if name not in metrics}


def _checked(document: dict[str, Any]) -> Items:
    items = msgspec.convert(document, Items)
    rows: dict[str, Sequence[Any]] = {"weights": items.weights}
    rows |= {f"values of {name}": values for name, values in items.values.items()}
    for name, subset in items.subsets.items():
        rows[f"the subset {name}"] = subset.where
        if subset.of not in items.values:
            raise ValueError(f"the subset {name} is of {subset.of!r}, which has no values")
    for place, row in rows.items():
        if len(row) != len(items.keys):
            raise ValueError(f"{place}: {len(row)} entries for {len(items.keys)} keys")
    return items


def _mean(values: Sequence[float], weights: Sequence[float], where: Sequence[int] | None = None) -> float | None:
    marks = [1] * len(weights) if where is None else where
    pairs = [(value, weight) for value, weight, counts in zip(values, weights, marks, strict=True) if counts]
    total = sum(weight for _, weight in pairs)
    return sum(value for value, _ in pairs) / total if total else None


def _same(one: float | int | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
