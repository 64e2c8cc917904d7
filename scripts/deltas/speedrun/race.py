"""`bench names`: trainings that take turns on the same cores → loss against wall time, and what a record claims.

A contestant is a stage's makemore.py with arguments and seeds. Upstream has one seed: its `--seed` draws the test
names, too. Every training has as many threads as there are cores in its turn.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core import jsonfile, machine
from ..core.errors import CheckFailed
from ..runs.progress import Progress, steps_done
from ..stages.build import Workshop

TURN = 2.0  # seconds: short beside what a machine's mood lasts, long beside a step
LOOKS = 40  # at the test split, over a training


@dataclass(frozen=True)
class Contestant:
    """name, what it is in words, the stage whose code it is, makemore's arguments, its seeds and steps."""

    name: str
    says: str
    stage: int
    arguments: tuple[str, ...]
    seeds: tuple[int, ...]
    steps: int


UPSTREAM = Contestant("upstream", "makemore as it is", 0, (), (3407,), 18_000)
TAUGHT = ("--baseline", "--fast", "--teacher", "0.4")
OURS = (
    Contestant("baseline", "--baseline", 4, ("--baseline",), (1, 2, 3), 2_000),
    Contestant("fast", "and --fast", 5, ("--baseline", "--fast"), (1, 2, 3), 2_000),
    Contestant("sprint", "and --teacher 0.4, fewer steps", 6, TAUGHT, (1, 2, 3, 4, 5), 600),
    Contestant("record", "and --teacher 0.4", 6, TAUGHT, tuple(range(1, 9)), 2_000),
)


@dataclass(frozen=True)
class Run:
    """A training that is over. curve: (step, seconds, test loss) at each look. result: see racer.py."""

    contestant: Contestant
    seed: int
    curve: tuple[tuple[int, float, float], ...]
    result: dict[str, Any]


class Training:
    """A racer process, standing until it is given a turn."""

    def __init__(
        self, contestant: Contestant, seed: int, tree: Path, out: Path, threads: int, extra: Sequence[str] = ()
    ):
        self.contestant, self.seed, self.out = contestant, seed, out
        self.steps, self.said = 0, ""
        out.mkdir(parents=True)
        split = ["--split-seed", "3407"] if contestant.stage else []  # upstream has none: its seed is 3407
        arguments = [*contestant.arguments, *split, "--seed", str(seed), "--max-steps", str(contestant.steps)]
        every = max(1, contestant.steps // LOOKS)
        command = [sys.executable, "-m", "deltas.speedrun.racer", "makemore.py", str(out), str(every), *extra, "--"]
        self.process = subprocess.Popen(
            [*command, *arguments, "--work-dir", str(out)],
            cwd=tree,
            env=machine.environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(out / "errors.txt").open("wb"),
            text=True,
        )

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.contestant.name}, seed {self.seed}"

    def turn(self, seconds: float) -> bool:
        """Lets it train so long; `said` is how far it came. False: it is over. CheckFailed where it broke off."""
        try:
            self.process.stdin.write(f"{seconds}\n")
            self.process.stdin.flush()
            self.said = self.process.stdout.readline().strip()
        except BrokenPipeError:
            self.said = ""
        if self.said == "end":
            self.process.wait()
            return False
        if not self.said:
            lines = (self.out / "errors.txt").read_text(encoding="utf-8", errors="replace").splitlines()
            raise CheckFailed(f"{self.name} broke off: {lines[-1] if lines else 'it said nothing'}", "a whole training")
        self.steps = steps_done(self.said)[0]
        return True

    def run(self) -> Run:
        """What it left behind, once it is over."""
        rows = [json.loads(line) for line in (self.out / "curve.jsonl").read_text().splitlines()]
        curve = tuple((row["step"], row["seconds"], row["test_loss"]) for row in rows)
        return Run(self.contestant, self.seed, curve, jsonfile.read(self.out / "result.json"))

    def kill(self) -> None:
        """However far it is."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class _Queue:
    """Trainings one after the other; done and total in steps."""

    waiting: list[tuple[Contestant, int]]
    total: int = field(init=False)
    done: int = 0
    current: Training | None = None

    def __post_init__(self) -> None:
        self.total = sum(contestant.steps for contestant, _ in self.waiting)

    @property
    def share(self) -> float:
        """How much of it is behind us."""
        return (self.done + (self.current.steps if self.current else 0)) / self.total

    @property
    def over(self) -> bool:
        return not self.waiting and self.current is None


def hold(
    shop: Workshop, upstream: Contestant | None, ours: Sequence[Contestant], progress: Progress, scratch: Path
) -> list[Run]:
    """The race: upstream and ours in turns, whoever is behind goes next, so that both end together."""
    trees = {}
    for number in {each.stage for each in (*ours, *([upstream] if upstream else []))}:
        trees[number] = scratch / f"stage-{number:02d}"
        shop.export(shop.stages[number], trees[number])
    seeds = max((len(each.seeds) for each in ours), default=0)
    mixed = [(each, each.seeds[n]) for n in range(seeds) for each in ours if n < len(each.seeds)]
    queues = [
        _Queue(plan) for plan in ([(upstream, seed) for seed in upstream.seeds] if upstream else [], mixed) if plan
    ]
    runs = []
    with _ended(queues):
        while any(not queue.over for queue in queues):
            queue = min((queue for queue in queues if not queue.over), key=lambda queue: queue.share)
            if queue.current is None:
                contestant, seed = queue.waiting.pop(0)
                out = scratch / f"{contestant.name}-{seed}"
                queue.current = Training(contestant, seed, trees[contestant.stage], out, machine.cores())
                progress.started(queue.current.name, contestant.steps)
            training = queue.current
            if training.turn(TURN):
                progress.line(training.name, training.said)
                continue
            runs.append(training.run())
            progress.ended(training.name, "done")
            queue.done, queue.current = queue.done + training.contestant.steps, None
    return runs


@contextlib.contextmanager
def _ended(queues: Sequence[_Queue]) -> Iterator[None]:
    try:
        yield
    finally:
        for queue in queues:
            if queue.current:
                queue.current.kill()


# -- what it says -----------------------------------------------------------------------------------------------------


def summary(shop: Workshop, runs: Sequence[Run], goal: float, command: str) -> dict[str, Any]:
    """The record: what was measured on what, a row a contestant, the test of the goal, and every curve."""
    from ..core.codeid import code_id

    rows = []
    there = dict.fromkeys(run.contestant for run in runs)
    for contestant in sorted(there, key=lambda each: each is not UPSTREAM):  # upstream first
        mine = [run for run in runs if run.contestant is contestant]
        rows.append(
            {
                "name": contestant.name,
                "says": contestant.says,
                "stage": shop.stages[contestant.stage].name,
                "code_id": code_id(shop.files(shop.stages[contestant.stage])),
                "arguments": list(contestant.arguments),
                "seeds": list(contestant.seeds),
                "steps": contestant.steps,
                "parameters": mine[0].result["parameters"],
                "seconds": [run.result["seconds"] for run in mine],
                "set_up": [run.result["set_up"] for run in mine],
                "step_ms": [_a_step(run) * 1e3 for run in mine],
                "token_us": [_a_step(run) / run.result["tokens"] * 1e6 for run in mine],
                "test_loss": [run.result["test_loss"] for run in mine],
                "test_loss_unseen": [run.result["test_loss_unseen"] for run in mine],
                "train_loss": [run.result["train_loss"] for run in mine],
                "curves": [[list(point) for point in run.curve] for run in mine],
            }
        )
    about = machine.describe() | {"threads": machine.cores(), "cores": machine.cores()}
    return {
        "command": command,
        **about,
        "goal": goal,
        "contestants": rows,
        "tests": {row["name"]: below(row["test_loss"], goal) for row in rows if len(row["test_loss"]) > 1},
    }


def _a_step(run: Run) -> float:
    return (run.result["seconds"] - run.result["set_up"]) / run.result["steps"]


def below(losses: Sequence[float], goal: float) -> dict[str, float]:
    """Student's t, one-sided: is the mean over such seeds below the goal? The seeds vary, the split does not."""
    from scipy import stats

    found = stats.ttest_1samp(losses, goal, alternative="less")
    return {"t": float(found.statistic), "p": float(found.pvalue), "n": len(losses)}


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for trees and outputs, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        yield Path(folder)
