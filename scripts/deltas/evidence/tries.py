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
    """Return a row for every try of a group: its losses, and how it differs from the first try.

    The differences of all seeds stand behind their mean. From one seed nobody knows what is noise, and the row says so.
    """
    first, *others = group["tries"]
    reference = _finite(first["held_out"])
    return [HEADING, _row(first, None), *(_row(tried, reference) for tried in others)]


def reasons(group: Document) -> list[str]:
    """Return why the chosen try was chosen, where something stands there."""
    return [f"{tried['says']}: {tried['why']}" for tried in group["tries"] if tried.get("why")]


def unexplained(group: Document) -> list[str]:
    """Return which tries came out lower than the chosen one, where nothing says why that was chosen all the same."""
    means = {tried["says"]: _mean(tried) for tried in group["tries"]}
    chosen = [tried for tried in group["tries"] if tried["chosen"] and not tried.get("why")]
    return [
        f"{group['says']}: {says} came out at {numbers.fixed(loss, DIGITS)}, lower than the chosen {tried['says']}"
        for tried in chosen
        for says, loss in means.items()
        if round(loss, DIGITS) < round(means[tried["says"]], DIGITS)
    ]


def _mean(tried: Document) -> float:
    values = _finite(tried["held_out"])
    return math.inf if values is None else statistics.fmean(values)


def _row(tried: Document, first: Values | None) -> list[str]:
    return [
        tried["says"],
        numbers.fixed(tried["steps"], 0),
        numbers.fixed(tried["parameters"], 0),
        _loss(tried["held_out"]),
        _difference(_differences(tried, first)),
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


def _difference(differences: Values) -> str:
    if not differences:
        return ""
    beside = ", ".join(map(_signed, differences)) if len(differences) > 1 else "one seed"
    return f"{_signed(statistics.fmean(differences))} ({beside})"


def _signed(difference: float) -> str:
    return ("+" if round(difference, DIGITS) > 0 else "") + numbers.fixed(difference, DIGITS)


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
