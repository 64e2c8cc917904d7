"""What figures are drawn from: the files of complete runs."""

import json
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runs.execute import Result
from ..runs.progress import STEP

TIME = re.compile(r"step time ([\d.]+)ms")


@dataclass(frozen=True)
class Runs:
    """The results that are there: one seed for `train`, all of them for `record`."""

    results: Sequence[Result]

    def of(self, run: str) -> list[Result]:
        """Return all seeds of a run, in order; none where it was not run."""
        return [result for result in self.results if result.plan.run.name == run]

    def has(self, *runs: str) -> bool:
        """Return whether all of these were run."""
        return all(self.of(run) for run in runs)

    def first(self, run: str) -> "Folder":
        """Return the files of a run's first seed."""
        return Folder(self.of(run)[0].folder)

    def folders(self, run: str) -> list["Folder"]:
        """Return the files of every seed of a run."""
        return [Folder(result.folder) for result in self.of(run)]

    def metric(self, run: str, name: str) -> list[float]:
        """Return a metric over the seeds. KeyError where a seed lacks it."""
        values = [result.metrics[name] for result in self.of(run)]
        if None in values:
            raise KeyError(f"{run} has no {name}")
        return [value for value in values if value is not None]

    def cells(self, run: str, table: str) -> dict[str, list[float]]:
        """Return a table metric over the seeds, cell by cell, in the order in which the run measured them."""
        names = [name for name in self.of(run)[0].metrics if name.startswith(f"{table}.")]
        return {name.removeprefix(f"{table}."): self.metric(run, name) for name in names}


@dataclass(frozen=True)
class Folder:
    """out/NN-slug/RUN/seed-S, opened."""

    path: Path

    def lines(self, name: str) -> list[Any]:
        """Return the documents of a file that has one JSON document in every line."""
        return [json.loads(line) for line in (self.path / name).read_text(encoding="utf-8").splitlines()]


def printed(folder: Folder) -> list[tuple[int, float, float]]:
    """Return what upstream printed every tenth step: (step, training loss, seconds of that step)."""
    printed = []
    for line in (folder.path / "log.txt").read_text(encoding="utf-8").splitlines():
        step, took = STEP.match(line), TIME.search(line)
        if step and took:
            printed.append((int(step[1]), float(step[2]), float(took[1]) / 1e3))
    return printed


def printed_losses(folder: Folder) -> tuple[list[int], list[float]]:
    """Return steps, and the training loss averaged over the ten lines that upstream printed in a hundred of them."""
    lines = printed(folder)
    groups = [lines[at : at + 10] for at in range(0, len(lines) - 9, 10)]
    return [group[-1][0] for group in groups], [statistics.fmean(loss for _, loss, _ in group) for group in groups]
