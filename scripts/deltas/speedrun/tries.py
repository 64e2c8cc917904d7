"""What was tried on the way to the record, each judged on training names that it did not train on.

`baselines/speedrun/tries.toml` lists the tries: arguments for one stage's makemore.py, and edits of its code where
there is no flag. The test split has no part in it.
"""

import shutil
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from ..core.errors import BadInput
from ..runs.processes import Job, refusal, side_by_side
from ..runs.progress import Progress
from ..stages.build import Workshop
from . import settings
from .settings import Contestant, Count, Name, Seeds
from .training import Results, Training

Edits = tuple[tuple[str, str], ...]


class Try(Struct, frozen=True, forbid_unknown_fields=True):
    """What was tried. says: in words. args, steps: where they differ from those of most tries.

    edits: what stands in makemore.py once, and what to put there.
    """

    says: str
    args: tuple[str, ...] | None = None
    steps: Count | None = None
    edits: Edits = field(name="edit", default=())


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """tries.toml. stage: a slug. held_out: how many of the last training names judge. args, steps: of most tries."""

    stage: Name
    held_out: Count
    seeds: Seeds
    args: tuple[str, ...]
    steps: Count
    tries: Annotated[tuple[Try, ...], Meta(min_length=1)] = field(name="try")

    def contestant(self, tried: Try) -> Contestant:
        """Return a try as a contestant."""
        args = self.args if tried.args is None else tried.args
        return Contestant(tried.says, self.stage, self.seeds, tried.steps or self.steps, args)


def read(path: Path) -> Plan:
    """Return tries.toml. BadInput says what is wrong with the file."""
    plan = settings.parse(path, Plan)
    said = [tried.says for tried in plan.tries]
    for says in said:
        if said.count(says) > 1:
            raise BadInput(f"{path}: two tries say {says!r}", "words of its own for every try")
    return plan


def edited(source: str, edits: Edits, where: str) -> str:
    """Return the source with every edit made. BadInput where what one replaces does not stand there exactly once."""
    for old, new in edits:
        if source.count(old) != 1:
            raise BadInput(f"{where}: {old!r} stands {source.count(old)} times in makemore.py", "once")
        source = source.replace(old, new)
    return source


class _Tried(Results):
    """Tells of every training that ended well."""

    def __init__(self, bars: Progress, over: Callable[[Job], None]):
        super().__init__(bars)
        self.over = over

    def ended(self, job: Job, code: int) -> bool:
        """Judge the training. Return whether to start further ones."""
        failed = len(self.failures)
        go_on = super().ended(job, code)
        if len(self.failures) == failed:
            self.over(job)
        return go_on


def run(
    shop: Workshop,
    plan: Plan,
    split: int,
    bars: Progress,
    scratch: Path,
    over: Callable[[list[dict[str, Any]]], None],
) -> None:
    """Try everything, and tell `over` the rows so far whenever a try is over; the first try, or no row, comes first.

    A row has a try's losses by seed. As many trainings run side by side as there are cores. CheckFailed where one
    breaks off.
    """
    whole = scratch / "whole"
    shop.export(settings.stage_of(shop, plan.stage), whole)
    source = (whole / "makemore.py").read_text(encoding="utf-8")
    trainings: dict[str, list[Training]] = {}
    for number, tried in enumerate(plan.tries):
        tree = scratch / f"try-{number}"
        shutil.copytree(whole, tree)
        (tree / "makemore.py").write_text(edited(source, tried.edits, f"try {tried.says!r}"), encoding="utf-8")
        contestant = plan.contestant(tried)
        trainings[tried.says] = [
            Training(contestant, seed, split, tree, scratch / f"out-{number}-{seed}", plan.held_out)
            for seed in plan.seeds
        ]
    waiting = {says: {training.name for training in same} for says, same in trainings.items()}

    def training_over(job: Job) -> None:
        for names in waiting.values():
            if job.name in names:
                names.remove(job.name)
                if names or waiting[plan.tries[0].says]:  # all others are compared with the first
                    return
        done = [tried for tried in plan.tries if not waiting[tried.says]]
        over([_row(plan, tried, [training.run().result for training in trainings[tried.says]]) for tried in done])

    listener = _Tried(bars, training_over)
    side_by_side((training.job() for same in trainings.values() for training in same), listener)
    if listener.failures:
        raise refusal(listener.failures, "a whole training")


def _row(plan: Plan, tried: Try, results: list[dict[str, Any]]) -> dict[str, Any]:
    contestant = plan.contestant(tried)
    return {
        "says": tried.says,
        "arguments": list(contestant.args),
        "edits": [list(edit) for edit in tried.edits],
        "steps": contestant.steps,
        "held_out": [result["test_loss"] for result in results],
        "train": [result["train_loss"] for result in results],
        "seconds": [result["seconds"] for result in results],
    }


def table(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row for every try: its loss on held-out names, and how it differs from the first try's, seed by seed.

    A difference below twice its standard error is a tie. Its standard error is made of the variance over the seeds, the
    mean over all tries. From one seed nobody knows that error, and the row says so.
    """
    first = rows[0]["held_out"]
    variances = [statistics.variance(row["held_out"]) for row in rows if len(first) > 1]
    error = (2 * statistics.fmean(variances) / len(first)) ** 0.5 if variances else 0.0
    shown = [["tried", "steps", "held out", "against the first", "train"]]
    for row in rows:
        difference = statistics.fmean(mine - its for mine, its in zip(row["held_out"], first, strict=True))
        tie = " (one seed)" if not variances else " (tie)" if abs(difference) < 2 * error else ""
        shown.append(
            [
                row["says"],
                f"{row['steps']:,}",
                f"{statistics.fmean(row['held_out']):.3f}",
                "" if row is rows[0] else f"{difference:+.3f}{tie}",
                f"{statistics.fmean(row['train']):.3f}",
            ]
        )
    return shown
