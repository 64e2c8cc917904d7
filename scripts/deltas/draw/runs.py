"""What figures are drawn from: the files of complete runs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..run import Result


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

    @cached_property
    def weights(self) -> dict[str, Any]:
        """model.pt: name -> tensor."""
        import torch

        return torch.load(self.path / "model.pt", weights_only=True)

    def lines(self, name: str) -> list[Any]:
        """A file of one JSON document a line."""
        return [json.loads(line) for line in (self.path / name).read_text(encoding="utf-8").splitlines()]
