"""Two runs drew names with the same random numbers: how much of the names is the same?"""

import dataclasses
from collections.abc import Sequence

from ..child import programs
from .execute import Result


def compare(results: Sequence[Result]) -> list[Result]:
    """Return the results; those of a run that an experiment puts beside another one get the metrics of comparing them.

    The other run is the one of the same seed. Where it is not among the results, nothing is compared.
    """
    by_run = {(result.plan.run.name, result.plan.seed): result for result in results}
    compared = []
    for result in results:
        beside = result.plan.run.beside
        other = by_run.get((beside, result.plan.seed)) if beside else None
        if other:
            metrics = {**result.metrics, **programs.compare_names(_names(result), _names(other))}
            result = dataclasses.replace(result, metrics=metrics)
        compared.append(result)
    return compared


def not_compared(result: Result, results: Sequence[Result]) -> frozenset[str]:
    """Return the metrics that a result lacks because the other run of its seed is not among the results."""
    beside = result.plan.run.beside
    there = {(other.plan.run.name, other.plan.seed) for other in results}
    if beside is None or (beside, result.plan.seed) in there:
        return frozenset()
    return brought()


def brought() -> frozenset[str]:
    """Return the metrics that a comparison brings. They depend on the seed in every run: it draws the names."""
    return frozenset(programs.compare_names(["a"], ["a"]))


def _names(result: Result) -> list[str]:
    return (result.folder / "samples.txt").read_text(encoding="utf-8").splitlines()
