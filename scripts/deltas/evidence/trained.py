"""The results of runs beside what was recorded: judged, or put together into a new baseline."""

import contextlib
import math
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from ..core import machine
from ..core.errors import CheckFailed, Refusal
from ..core.project import Project
from ..runs import beside
from ..runs.execute import SECONDS, Metrics, Plan, Result, finished
from ..runs.subject import Subject
from . import baseline, claims, items, prediction
from .baseline import Baseline, Recorded, Summary
from .items import Items
from .prediction import Judgement

GENERATED = 20  # of the names that a run makes up, so many are kept
BESIDE = 6.0  # seconds that a run takes besides its training: it imports torch, and measures


@dataclass(frozen=True)
class Known:
    """What was recorded of a subject. stale: why the baseline is of another thing. claimed: none where it is stale."""

    subject: Subject
    baseline: Baseline | None
    stale: tuple[str, ...] = ()
    claimed: tuple[claims.Verdict, ...] = ()

    @property
    def family(self) -> int | None:
        """How many intervals the stage's runs are judged by together; None where nothing was recorded."""
        return prediction.family(self.baseline, self.subject.experiment) if self.baseline else None


@dataclass(frozen=True)
class Trained:
    """Results beside what is known. judgements: one for every result."""

    known: Known
    results: tuple[Result, ...]
    judgements: tuple[Judgement, ...]

    @property
    def ok(self) -> bool:
        """No run is another than it should be, and no number that was recorded is gone."""
        return all(judgement.ok for judgement in self.judgements)


def known(project: Project, subject: Subject) -> Known:
    """Return what was recorded, and what it makes of the claims. BadInput for a malformed baseline or claim."""
    claims.check(subject.experiment)
    recorded = baseline.read(project.baselines / subject.stage.name / "baseline.json")
    if recorded is None:
        return Known(subject, None)
    stale = tuple(baseline.stale(recorded, subject.experiment, subject.code_id, subject.measured_by))
    return Known(subject, recorded, stale, () if stale else tuple(claims.evaluate(subject.experiment, recorded)))


def guesses(recorded: Baseline | None, plans: Sequence[Plan]) -> dict[str, float]:
    """Return how many seconds each of these runs took when it was recorded, by the plan's name, as far as it was."""
    guessed = {}
    for plan in plans:
        took = recorded.summary(plan.run.name, SECONDS) if recorded else None
        if took:
            guessed[plan.name] = took.mean + BESIDE
    return guessed


def judged(known: Known, results: Sequence[Result]) -> Trained:
    """Return the results, each with how it was judged."""
    judgements = tuple(
        prediction.judge(
            known.baseline,
            known.subject.experiment,
            result.plan.run.name,
            result.plan.seed,
            result.metrics,
            result.about,
            stale="; ".join(known.stale),
            excused=beside.not_compared(result, results),
            drawn=beside.brought(),
        )
        for result in results
    )
    return Trained(known, tuple(results), judgements)


def row(result: Result, judgement: Judgement) -> dict[str, Any]:
    """Return how a run was judged as JSON has it: which question it was asked, and every number with what it met."""
    return {
        "run": result.plan.run.name,
        "seed": result.plan.seed,
        "way": str(judgement.way),
        "ok": judgement.ok,
        "metrics": [msgspec.to_builtins(verdict) for verdict in judgement.verdicts],
    }


def remembered(project: Project, subject: Subject, recorded: Baseline) -> list[Result]:
    """Return the recorded runs as results. A folder is there where it was not deleted since, or was made again.

    Made again it has to be: every judged number is the recorded one, to its last digit.
    """
    results, brought = [], beside.brought()
    for run in subject.experiment.runs:
        if run.name not in recorded.runs:
            continue
        kept = recorded.runs[run.name]
        for at, seed in enumerate(kept.seeds):
            plan = Plan(subject.stage, run, seed, recorded.code_id)
            numbers: Metrics = {name: summary.values[at] for name, summary in kept.metrics.items()}
            there = finished(project, plan)
            judged = [name for name in numbers if subject.experiment.metrics[name].judged and name not in brought]
            same = there and all(there.metrics.get(name) == numbers[name] for name in judged)
            folder = there.folder if there and same else plan.folder(project) / "not there"
            results.append(Result(plan, folder, numbers, {}, True))
    return results


@contextlib.contextmanager
def drawing(program: Path) -> Iterator[None]:
    """Draw in this context: where a stage's figures.py fails, CheckFailed says in which line, and that nothing is lost.

    What the machine refuses goes through: a full disk is no fault of the program.
    """
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        line = _line(error, program)
        if line is None and isinstance(error, OSError):
            raise
        place = f"{program.parent.name}/{program.name}" + (f", line {line}" if line else "")
        what = error.msg if isinstance(error, SyntaxError) else error
        raise CheckFailed(
            f"the figures cannot be drawn: {place}: {type(error).__name__}: {what}",
            "a program that draws what the runs have",
            [f"edit baselines/{program.parent.name}/{program.name}   # the runs are kept"],
        ) from error


def _line(error: Exception, program: Path) -> int | None:
    """Return the last line of the program that was under way; None where none was."""
    if isinstance(error, SyntaxError) and error.filename == str(program):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(program)]
    return lines[-1] if lines else None


def summarise(subject: Subject, results: Sequence[Result]) -> Baseline:
    """Return the baseline that the results make. results: all seeds of the first run, then of the second, ….

    CheckFailed where a metric is there for some seeds only, and where parts of the results contradict each other.
    """
    runs: dict[str, Recorded] = {}
    shared: dict[str, Items] = {}
    for name, group in groupby(results, key=lambda result: result.plan.run.name):
        seeds = list(group)
        collected = items.collect([result.folder for result in seeds])
        if collected.by_item and collected.items:
            key = collected.by_item.items
            shared[key] = _joined(name, collected.items, shared.get(key))
        runs[name] = _recorded(subject, seeds, collected)
    main = subject.experiment.headline_run.name
    headline = subject.experiment.headline
    if headline and main in runs and headline not in runs[main].metrics:
        raise CheckFailed(
            f"{subject.stage.name}: the headline is {headline}, which {main} does not measure",
            f"one of {', '.join(runs[main].metrics)}",
            [f"edit baselines/{subject.stage.name}/experiment.toml   # the runs are kept"],
        )
    about: dict[str, Any] = machine.describe()  # torch, python, threads, cpu
    try:
        return Baseline(
            stage=subject.stage.name,
            code_id=subject.code_id,
            **about,
            recorded=baseline.today(),
            runs=runs,
            items=shared,
        )
    except ValueError as error:
        raise CheckFailed(f"{subject.stage.name}: {error}", "values by item that add up to their metric") from None


def check_deterministic(subject: Subject, results: Sequence[Result], others: Sequence[Result]) -> None:
    """Raise CheckFailed for a run that is declared deterministic and comes out otherwise from another seed.

    others: a result from another seed for every deterministic run. How alike two runs' names are is left out: the seed
    draws them.
    """
    first = {result.plan.run.name: result for result in reversed(results)}
    for other in others:
        run, one = other.plan.run.name, first[other.plan.run.name]
        for name in dict.fromkeys([*one.metrics, *other.metrics]):
            value, again = one.metrics.get(name), other.metrics.get(name)
            if name in beside.brought() or not subject.experiment.metrics[name].judged or _alike(value, again):
                continue
            raise CheckFailed(
                f"{run} is declared deterministic, but its {name} is {value} from seed {one.plan.seed} "
                f"and {again} from seed {other.plan.seed}",
                f"judged metrics that no seed moves by more than {prediction.FLOOR:g}",
                [f"edit baselines/{subject.stage.name}/experiment.toml   # the runs are kept"],
            )


def _alike(one: float | int | None, other: float | int | None) -> bool:
    if one is None or other is None:
        return one is other
    return prediction.same(other, one, prediction.FLOOR)


def _recorded(subject: Subject, seeds: Sequence[Result], collected: items.Collected) -> Recorded:
    run, by_item = seeds[0].plan.run, collected.by_item
    metrics = _summaries(seeds)
    if by_item:
        kept = {name: values for name, values in by_item.values.items() if name in metrics}
        by_item = items.ByItem(by_item.items, kept)
    return Recorded(
        program=run.program,
        arguments=run.args,
        seeds=tuple(result.plan.seed for result in seeds),
        measured_by=subject.measured_by[run.name],
        deterministic=run.deterministic,
        metrics=metrics,
        by_item=by_item,
        unpaired={name: collected.why for name in collected.metrics if collected.why and name in metrics},
        generated=tuple(seeds[0].names(GENERATED)),
    )


def _summaries(seeds: Sequence[Result]) -> dict[str, Summary]:
    summaries = {}
    for metric in dict.fromkeys(metric for result in seeds for metric in result.metrics):
        values = [result.metrics.get(metric) for result in seeds]
        measured = [value for value in values if value is not None]
        name = seeds[0].plan.run.name
        if {math.inf, -math.inf} <= set(measured):
            raise CheckFailed(
                f"{name}: {metric} is infinite for one seed and minus infinite for another", "values that have a mean"
            )
        if len(measured) == len(values):
            summaries[metric] = baseline.summarise(measured)
        elif measured:
            without = [result.plan.seed for result in seeds if result.metrics.get(metric) is None]
            raise CheckFailed(f"{name}: {metric} is not there for seeds {without}", "every seed, or none")
    return summaries


def _joined(run: str, new: Items, known: Items | None) -> Items:
    """Return items with the subsets of all runs so far. CheckFailed where one name stands for two subsets."""
    if known is None:
        return new
    for name, subset in new.subsets.items():
        if known.subsets.get(name, subset) != subset:
            raise CheckFailed(f"{run}: its items of {name} are others than those of the runs before", "the same items")
    return Items(new.unit, new.weights, known.subsets | new.subsets)
