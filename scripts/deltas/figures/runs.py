"""What figures are drawn from: the files of complete runs."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core import jsonfile
from ..runs.execute import Result
from ..runs.progress import STEP

TIME = re.compile(r"step time ([\d.]+)ms")


class NotKept(Exception):
    """Figures are drawn again without the runs' files, and need what was not kept of them."""


@dataclass(frozen=True)
class Runs:
    """The results that are there: one seed for `train`, all of them for `record`.

    kept: by name, what figures need of the runs' files; figures.json holds it, and so they can be drawn again without
    a training. files: whether the runs' files are there; where they are not, only what was kept is. asked: the names of
    what a figure asked for.
    """

    results: Sequence[Result]
    kept: dict[str, Any] = field(default_factory=dict)
    files: bool = True
    asked: set[str] = field(default_factory=set)

    def keep(self, name: str, read: Callable[[], Any]) -> Any:
        """Return what `read` makes of the runs' files, as JSON has it, and keep it; NotKept without any files."""
        self.asked.add(name)
        if name not in self.kept:
            if not self.files:
                raise NotKept(name)
            self.kept[name] = json.loads(json.dumps(jsonfile.plain(read())))
        return self.kept[name]

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
