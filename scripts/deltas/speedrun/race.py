"""The race: trainings that take turns on the same cores. In its turn, each has the cores for itself."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..runs.processes import Children, refusal
from ..runs.progress import Progress, steps_done
from ..stages.build import Workshop
from .settings import Contestant
from .training import Results, Run, Training

TURN = 2.0  # seconds: short beside the time that a machine's mood lasts, long beside a step


class Racer:
    """A training that stands still until it is given a turn. It is a child process like others; turns go by pipes."""

    def __init__(self, children: Children, training: Training):
        self.training, self.steps, self.said = training, 0, ""
        asked, self._ask = os.pipe()
        told, tell = os.pipe()
        self._told = os.fdopen(told, encoding="utf-8")
        try:
            self.child = children.start(training.job(training.threads, (asked, tell)))
        except BaseException:
            self.close()
            raise
        finally:  # they are the child's
            os.close(asked)
            os.close(tell)

    def turn(self, seconds: float) -> bool:
        """Let it train so long. `said` is how far it came then, `steps` in steps. Return False where it is over."""
        try:
            os.write(self._ask, f"{seconds}\n".encode())
            self.said = self._told.readline().strip()
        except BrokenPipeError:
            self.said = ""
        step = steps_done(self.said)
        self.steps = step[0] if step else self.steps
        return step is not None

    def close(self) -> None:
        """Close the pipes. A racer that still trains ends by that."""
        os.close(self._ask)
        self._told.close()


@dataclass
class _Queue:
    """Trainings that run one after the other; total and done in steps."""

    waiting: list[Training]
    total: int = field(init=False)
    done: int = 0
    current: Racer | None = None

    def __post_init__(self) -> None:
        self.total = sum(training.contestant.steps for training in self.waiting)

    @property
    def share(self) -> float:
        """The share of it that is done."""
        return (self.done + (self.current.steps if self.current else 0)) / self.total

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return not self.waiting and self.current is None


def hold(
    shop: Workshop,
    sides: Sequence[Sequence[Contestant]],
    split: int,
    bars: Progress,
    scratch: Path,
    over: Callable[[Run], None],
) -> None:
    """Let the sides race: each trains its contestants one after the other, and the sides take turns.

    The side that is behind, in the share of its steps, has the next turn, so that all end together. over: is told of
    every training that is over. CheckFailed where one breaks off.
    """
    trees: dict[str, Path] = {}
    for slug in {contestant.stage for side in sides for contestant in side}:
        trees[slug] = scratch / slug
        shop.export(shop.find(slug), trees[slug])

    def training(contestant: Contestant, seed: int) -> Training:
        return Training(contestant, seed, split, trees[contestant.stage], scratch / f"{contestant.name}-{seed}")

    queues = [_Queue([training(*entry) for entry in _mixed(side)]) for side in sides if side]
    listener = Results(bars)
    with Children() as children, _pipes_closed(queues):
        while waiting := [queue for queue in queues if not queue.over]:
            queue = min(waiting, key=lambda queue: queue.share)
            if queue.current is None:
                queue.current = Racer(children, queue.waiting.pop(0))
                listener.started(queue.current.child.job)
            racer = queue.current
            if racer.turn(TURN):
                listener.line(racer.child.job, racer.said)
                continue
            code = racer.child.process.wait()
            children.ended(racer.child)
            if not listener.ended(racer.child.job, code):
                raise refusal(listener.failures, "a whole training")
            over(racer.training.run())
            racer.close()
            queue.done, queue.current = queue.done + racer.training.contestant.steps, None


def _mixed(side: Sequence[Contestant]) -> list[tuple[Contestant, int]]:
    """Return the first seed of every contestant, then the second of every contestant, and so on."""
    most = max(len(contestant.seeds) for contestant in side)
    return [(one, one.seeds[n]) for n in range(most) for one in side if n < len(one.seeds)]


@contextlib.contextmanager
def _pipes_closed(queues: Sequence[_Queue]) -> Iterator[None]:
    try:
        yield
    finally:
        for queue in queues:
            if queue.current:
                queue.current.close()
