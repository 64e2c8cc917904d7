"""A training of the speedrun as a child process (racer.py), and what it leaves."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import jsonfile, machine
from ..runs.processes import Job, Listener
from .settings import Contestant

RACER = "deltas.speedrun.racer"
LOOKS = 40  # evaluations on the whole test split, over a training


@dataclass(frozen=True)
class Run:
    """A training that is over. curve: [step, seconds, test loss] of every look. result: see racer.py."""

    contestant: Contestant
    seed: int
    curve: list[list[float]]
    result: dict[str, Any]


@dataclass(frozen=True)
class Training:
    """A contestant from one seed. tree: the stage's files. out: a folder of its own."""

    contestant: Contestant
    seed: int
    split: int
    tree: Path
    out: Path

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.contestant.name}, seed {self.seed}"

    @property
    def threads(self) -> int:
        """How many threads it has in its turn."""
        return self.contestant.threads or machine.cores()

    def job(self, threads: int = machine.THREADS, turns: tuple[int, int] | None = None) -> Job:
        """Return it as a child process. turns: two file descriptors that it gets its turns by; None where it has none.

        The folder `out` is made.
        """
        self.out.mkdir(parents=True)
        every = max(1, self.contestant.steps // LOOKS)
        options = ["--turns", *map(str, turns)] if turns else []
        arguments = (*self.contestant.arguments(self.seed, self.split), "--work-dir", str(self.out))
        return Job(
            self.name,
            (sys.executable, "-m", RACER, "makemore.py", str(self.out), str(every), *options, "--", *arguments),
            self.tree,
            self.out / "log.txt",
            keep=turns or (),
            steps=self.contestant.steps,
            threads=threads,
        )

    def run(self) -> Run:
        """Return what it left behind, once it is over."""
        rows = [json.loads(line) for line in (self.out / "curve.jsonl").read_text(encoding="utf-8").splitlines()]
        curve = [[row["step"], row["seconds"], row["test_loss"]] for row in rows]
        return Run(self.contestant, self.seed, curve, jsonfile.read(self.out / "result.json"))


class Results(Listener):
    """Looks for the result that every training has to leave."""

    def lacks(self, job: Job) -> str | None:
        """Return that there is no result, where there is none."""
        return None if (job.log.parent / "result.json").exists() else "ended without a result"
