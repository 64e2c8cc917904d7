"""A recording that stands for other code than it was made on: the first seed of every run came out the same on both.

A patch that is inserted before a stage changes the stage's code, and need not change what its runs do. Then all seeds
need not be trained anew. What is compared is every judged number, to its last digit, and the names that a model makes
up: where they are equal, the same computation was done.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from ..core.errors import BadInput, CheckFailed
from ..runs import beside
from ..runs.execute import Result
from ..runs.subject import Subject
from . import baseline
from .baseline import Baseline, Recorded
from .trained import GENERATED

SHOWN = 5  # numbers that are not the recorded ones


def must_be_comparable(old: Baseline, subject: Subject) -> None:
    """Raise BadInput where more than the stage's code is another than when the stage was recorded."""
    reasons = baseline.stale(
        replace(old, code_id=subject.code_id), subject.experiment, subject.code_id, subject.measured_by
    )
    if reasons:
        raise BadInput(
            f"{subject.stage.name}: {'; '.join(reasons)}",
            "the same runs, seeds and measurement as recorded: only the stage's code may be another",
            [f"scripts/record.sh {subject.stage.number:02d}   # trains all seeds"],
        )


def standing(old: Baseline, subject: Subject, results: Sequence[Result]) -> Baseline:
    """Return what was recorded, standing for the code as it is now.

    results: of the first seed of every run, trained with that code. CheckFailed names the numbers that are not the
    recorded ones to their last digit: the code does something else, or another machine rounds otherwise.
    """
    others = [line for result in results for line in _differences(old.runs[result.plan.run.name], result, subject)]
    if others:
        more = [f"and {len(others) - SHOWN} more"] if len(others) > SHOWN else []
        raise CheckFailed(
            f"{subject.stage.name} does not repeat what was recorded:\n    " + "\n    ".join(others[:SHOWN] + more),
            "the first seed of every run with the recorded numbers, to their last digit",
            [f"scripts/record.sh {subject.stage.number:02d}   # trains all seeds"],
        )
    return replace(
        old, stage=subject.stage.name, code_id=subject.code_id, other_seeds_on=old.other_seeds_on or old.code_id
    )


def _differences(recorded: Recorded, result: Result, subject: Subject) -> list[str]:
    place, metrics = f"{result.plan.run.name}, seed {result.plan.seed}", subject.experiment.metrics
    if result.plan.seed != recorded.seeds[0]:
        return [f"{place}: recorded was seed {recorded.seeds[0]} first"]
    lines = []
    for name in dict.fromkeys([*recorded.metrics, *result.metrics]):
        if not metrics[name].judged or name in beside.brought():
            continue
        value = result.metrics.get(name)
        was = recorded.metrics[name].values[0] if name in recorded.metrics else None
        if value != was:
            lines.append(f"{place}: {name} is {value}, recorded was {was}")
    if tuple(result.names(GENERATED)) != recorded.generated:
        lines.append(f"{place}: it makes up other names")
    return lines
