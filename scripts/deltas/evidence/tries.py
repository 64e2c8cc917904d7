"""What tries came to, as rows of text; and whether a record of tries is of the list that it belongs to."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from ..core import numbers

Document = dict[str, Any]
Values = Sequence[float]
HEADING = ["tried", "steps", "parameters", "held out", "against the first", "train", ""]
DIGITS = 3  # of a loss


def rows(group: Document) -> list[list[str]]:
    """Return a row for every try of a group: its losses, and how it differs from the first try, over the seeds.

    The standard error of a difference is made of the variance of such differences over the seeds, the mean over the
    tries of the group. From one seed nobody knows it, and the row says so.
    """
    first, *others = group["tries"]
    reference = _finite(first["held_out"])
    error = _error([pairs for tried in others if len(pairs := _differences(tried, reference)) > 1])
    return [HEADING, _row(first, None, error), *(_row(tried, reference, error) for tried in others)]


def _row(tried: Document, first: Values | None, error: float | None) -> list[str]:
    return [
        tried["says"],
        numbers.fixed(tried["steps"], 0),
        numbers.fixed(tried["parameters"], 0),
        _loss(tried["held_out"]),
        _difference(_differences(tried, first), error),
        _loss(tried["train"]),
        "chosen" if tried["chosen"] else "",
    ]


def _finite(values: Sequence[float | str]) -> Values | None:
    """Return the values of a try; None where one of its trainings diverged."""
    read = [float(value) for value in values]
    return read if all(map(math.isfinite, read)) else None


def _loss(values: Sequence[float | str]) -> str:
    finite = _finite(values)
    return "diverged" if finite is None else numbers.fixed(statistics.fmean(finite), DIGITS)


def _differences(tried: Document, first: Values | None) -> list[float]:
    """Return how the try differs from the first one, seed by seed; nothing where one of them diverged."""
    values = _finite(tried["held_out"])
    if values is None or first is None:
        return []
    return [mine - its for mine, its in zip(values, first, strict=True)]


def _error(differences: Sequence[Values]) -> float | None:
    """Return the standard error of a mean difference; None where all are from one seed."""
    if not differences:
        return None
    return math.sqrt(statistics.fmean(map(statistics.variance, differences)) / len(differences[0]))


def _difference(differences: Values, error: float | None) -> str:
    if not differences:
        return ""
    difference = statistics.fmean(differences)
    sign = "+" if round(difference, DIGITS) > 0 else ""
    beside = "one seed" if error is None else f"± {numbers.fixed(error, DIGITS)}"
    return f"{sign}{numbers.fixed(difference, DIGITS)} ({beside})"


def unlike(wanted: Document, recorded: Document) -> list[str]:
    """Return in which ways a record is not of the list. wanted: the list as a record would describe it.

    A try that was recorded and is no longer listed is said, too: it was tried all the same.
    """
    said = [
        f"{name} is {recorded.get(name)} in the record and {wanted[name]} in the list"
        for name in ("held_out", "seeds")
        if recorded.get(name) != wanted[name]
    ]
    listed, there = _by_name(wanted), _by_name(recorded)
    said += [f"{name}: no result is recorded" for name in listed if name not in there]
    said += [f"{name}: recorded, and listed no longer" for name in there if name not in listed]
    for name in listed:
        if name in there:
            other = [key for key, value in listed[name].items() if there[name].get(key) != value]
            said += [f"{name}: recorded with other {' and '.join(other)}"] if other else []
    return said


def _by_name(document: Document) -> dict[str, Document]:
    return {f"{group['says']}: {tried['says']}": tried for group in document["groups"] for tried in group["tries"]}
