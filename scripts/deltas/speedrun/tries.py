"""`bench tries`: what was tried on the way to the record, each judged on lines of train that it did not train on.

`baselines/speedrun/tries.toml` lists them: arguments for the last stage's makemore.py, and edits of its code where no
flag exists. The test split has no part in it.
"""

import shutil
import statistics
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import machine
from ..core.errors import BadInput
from ..runs.progress import Progress
from ..stages.build import Workshop
from .race import Contestant, Training

FOREVER = 1e9  # seconds: nobody shares the core


@dataclass(frozen=True)
class Try:
    """says: in words. arguments: makemore's. edits: (what stands in makemore.py once, what to put there)."""

    says: str
    arguments: tuple[str, ...]
    edits: tuple[tuple[str, str], ...]
    steps: int


@dataclass(frozen=True)
class Plan:
    """The whole list. held_out: how many of the last training names judge."""

    stage: int
    held_out: int
    seeds: tuple[int, ...]
    tries: tuple[Try, ...]


def read(path: Path) -> Plan:
    """BadInput says what is wrong with the file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        tries = tuple(
            Try(
                each["says"],
                tuple(each.get("args", table["args"])),
                tuple((old, new) for old, new in each.get("edit", [])),
                int(each.get("steps", table["steps"])),
            )
            for each in table["try"]
        )
        return Plan(int(table["stage"]), int(table["held_out"]), tuple(table["seeds"]), tries)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}", "stage, held_out, seeds, args, steps, and [[try]] with says") from error


def edited(source: str, edits: Sequence[tuple[str, str]], where: str) -> str:
    """The source with each edit made. BadInput where what it replaces does not stand there exactly once."""
    for old, new in edits:
        if source.count(old) != 1:
            raise BadInput(f"{where}: {old!r} stands {source.count(old)} times in makemore.py", "once")
        source = source.replace(old, new)
    return source


def run(shop: Workshop, plan: Plan, progress: Progress, scratch: Path) -> list[dict[str, Any]]:
    """A row a try: held_out and train losses, seconds, by seed; as many side by side as there are cores."""
    stage = shop.stages[plan.stage]
    whole = scratch / "whole"
    shop.export(stage, whole)
    source = (whole / "makemore.py").read_text(encoding="utf-8")
    jobs = []
    for number, each in enumerate(plan.tries):
        tree = scratch / f"try-{number}"
        shutil.copytree(whole, tree)
        (tree / "makemore.py").write_text(edited(source, each.edits, f"try {each.says!r}"), encoding="utf-8")
        jobs += [(number, each, tree, seed) for seed in plan.seeds]

    started: list[Training] = []

    def train(job: tuple[int, Try, Path, int]) -> dict[str, Any]:
        number, each, tree, seed = job
        contestant = Contestant(each.says, "", plan.stage, each.arguments, (seed,), each.steps)
        out = scratch / f"out-{number}-{seed}"
        training = Training(contestant, seed, tree, out, machine.THREADS, ("--held-out", str(plan.held_out)))
        started.append(training)
        progress.started(training.name, None)
        while training.turn(FOREVER):
            pass
        progress.ended(training.name, "done")
        return training.run().result

    pool = ThreadPoolExecutor(machine.cores())
    try:
        results = list(pool.map(train, jobs))
    finally:  # also by Ctrl-C: no further one begins, and nobody waits for those that have
        pool.shutdown(wait=False, cancel_futures=True)
        for training in started:
            training.kill()
    rows = []
    for number, each in enumerate(plan.tries):
        mine = [result for job, result in zip(jobs, results, strict=True) if job[0] == number]
        rows.append(
            {
                "says": each.says,
                "arguments": list(each.arguments),
                "edits": [list(edit) for edit in each.edits],
                "steps": each.steps,
                "held_out": [result["test_loss"] for result in mine],
                "train": [result["train_loss"] for result in mine],
                "seconds": [result["seconds"] for result in mine],
            }
        )
    return rows


def table(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """For people: the loss on held-out names, and how it differs from the first try's, seed by seed.

    A tie is a difference below twice its standard error, with the standard deviation over seeds of all the tries.
    """
    first = rows[0]["held_out"]
    several = [statistics.variance(each["held_out"]) for each in rows if len(first) > 1]
    error = (2 * statistics.fmean(several) / len(first)) ** 0.5 if several else 0.0
    shown = [["tried", "steps", "held out", "against the first", "train"]]
    for each in rows:
        difference = statistics.fmean(mine - base for mine, base in zip(each["held_out"], first, strict=True))
        shown.append(
            [
                each["says"],
                f"{each['steps']:,}",
                f"{statistics.fmean(each['held_out']):.3f}",
                "" if each is rows[0] else f"{difference:+.3f}" + (" (tie)" if abs(difference) < 2 * error else ""),
                f"{statistics.fmean(each['train']):.3f}",
            ]
        )
    return shown
