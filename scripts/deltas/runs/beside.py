"""Two runs drew names with the same random numbers: how much of the names is the same?"""

import dataclasses
from collections.abc import Sequence

from ..child import programs
from ..core.errors import CheckFailed
from .execute import Result

SAMPLES = "samples.txt"  # the names that a run made up, one a line


def compare(results: Sequence[Result]) -> list[Result]:
    """Return the results; those of a run that an experiment puts beside another one get the metrics of comparing them.

    The other run is the one of the same seed. Where it is not among the results, nothing is compared. CheckFailed where
    one of the two made up no names.
    """
    by_run = {(result.plan.run.name, result.plan.seed): result for result in results}
    compared = []
    for result in results:
        beside = result.plan.run.beside
        other = by_run.get((beside, result.plan.seed)) if beside else None
        if other:
            result = dataclasses.replace(result, metrics={**result.metrics, **_compared(result, other)})
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


def _compared(result: Result, other: Result) -> dict[str, float]:
    """Return the metrics of comparing the names of two runs. CheckFailed where there is nothing to compare."""
    names = []
    for run in (result, other):
        path = run.folder / SAMPLES
        if not path.exists():
            raise CheckFailed(
                f"{result.plan.name} stands beside {other.plan.run.name}, but {run.plan.name} made up no names",
                "beside only between runs of language models",
            )
        names.append(path.read_text(encoding="utf-8").splitlines())
    ours, theirs = names
    if len(ours) != len(theirs) or not ours:
        raise CheckFailed(
            f"{result.plan.name} made up {len(ours)} names, "
            f"and {other.plan.run.name}, which it stands beside, {len(theirs)}",
            "as many names of both runs",
        )
    return programs.compare_names(ours, theirs)
