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
    """The results at hand: one seed for `train`, all of them for `record`."""

    results: Sequence[Result]

    def of(self, run: str) -> list[Result]:
        """All seeds of a run, in order; empty where it was not run."""
        return [result for result in self.results if result.plan.run.name == run]

    def has(self, *runs: str) -> bool:
        """Whether all of these were run."""
        return all(self.of(run) for run in runs)

    def first(self, run: str) -> "Folder":
        """The files of a run's first seed."""
        return Folder(self.of(run)[0].folder)

    def folders(self, run: str) -> list["Folder"]:
        """The files of every seed of a run."""
        return [Folder(result.folder) for result in self.of(run)]

    def metric(self, run: str, name: str) -> list[float]:
        """A metric over the seeds."""
        return [result.metrics[name] for result in self.of(run)]


@dataclass(frozen=True)
class Folder:
    """out/NN-slug/RUN/seed-S, opened."""

    path: Path

    def lines(self, name: str) -> list[Any]:
        """A file of one JSON document a line."""
        return [json.loads(line) for line in (self.path / name).read_text(encoding="utf-8").splitlines()]


def printed(folder: Folder) -> list[tuple[int, float, float]]:
    """What upstream printed every tenth step: (step, training loss, seconds of that step)."""
    found = []
    for line in (folder.path / "log.txt").read_text(encoding="utf-8").splitlines():
        step, took = STEP.match(line), TIME.search(line)
        if step and took:
            found.append((int(step[1]), float(step[2]), float(took[1]) / 1e3))
    return found


def printed_losses(folder: Folder) -> tuple[list[int], list[float]]:
    """Steps, and the training loss averaged over the ten lines that upstream printed in a hundred of them."""
    lines = printed(folder)
    groups = [lines[at : at + 10] for at in range(0, len(lines) - 9, 10)]
    return [group[-1][0] for group in groups], [statistics.fmean(loss for _, loss, _ in group) for group in groups]
