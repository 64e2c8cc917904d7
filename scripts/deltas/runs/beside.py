"""Two runs drew names with the same random numbers: how many of the characters are the same?"""

import dataclasses
from collections.abc import Sequence
from itertools import zip_longest

from .execute import Result

METRIC = "same_characters"


def compare(results: Sequence[Result]) -> list[Result]:
    """The results, with METRIC where an experiment puts a run beside another that was run with the same seed."""
    found = {(result.plan.run.name, result.plan.seed): result for result in results}
    compared = []
    for result in results:
        other = found.get((result.plan.run.beside, result.plan.seed))
        if other:
            share = same(_names(result), _names(other))
            result = dataclasses.replace(result, metrics=result.metrics | {METRIC: share})
        compared.append(result)
    return compared


def same(names: Sequence[str], others: Sequence[str]) -> float:
    """The share of places, the end of a name among them, that hold the same character; a longer name has more places.

    >>> same(["ada", "bo"], ["ada", "ba"])
    0.8571428571428571
    """
    places = [pair for name, other in zip(names, others, strict=True) for pair in zip_longest(f"{name}.", f"{other}.")]
    return sum(a == b for a, b in places) / len(places)


def _names(result: Result) -> list[str]:
    return (result.folder / "samples.txt").read_text(encoding="utf-8").splitlines()
