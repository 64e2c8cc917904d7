"""How training goes, on stderr: a bar with loss, steps/s and time left on a terminal, plain lines elsewhere."""

import os
import re
import sys
import time
from types import TracebackType
from typing import Protocol, Self

from ..core import console

STEP = re.compile(r"step (\d+) \| loss (\S+)")  # as upstream prints every tenth step
SOON = 0.2  # seconds: lines that come together say nothing about speed


class Progress(Protocol):
    """A context manager that is told about runs by name."""

    def __enter__(self) -> Self:
        """Starts to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves the terminal as it was."""

    def started(self, name: str, total: int | None) -> None:
        """total: optimisation steps to come; None where nobody knows."""

    def line(self, name: str, text: str) -> None:
        """A line of the run's output."""

    def ended(self, name: str, outcome: str) -> None:
        """The run is over: a word on how."""


def progress() -> Progress:
    """The one that suits stderr."""
    terminal = sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
    return _Bars() if terminal else _Lines()


def steps_done(text: str) -> tuple[int, str] | None:
    """(steps done, loss) of upstream's "step 120 | loss 2.4813 | step time …"; None for other lines.

    >>> steps_done("step 120 | loss 2.4813 | step time 9.64ms")
    (121, '2.4813')
    """
    found = STEP.match(text)
    return (int(found[1]) + 1, found[2]) if found else None


def duration(seconds: float) -> str:
    """
    >>> duration(7.4), duration(95)
    ('7 s', '1:35 min')
    """
    return f"{seconds:.0f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


class _Lines:
    """A line when a run starts, at every tenth of its steps, and at its end."""

    def __init__(self) -> None:
        self.totals: dict[str, int | None] = {}
        self.begun: dict[str, float] = {}
        self.first: dict[str, tuple[int, float]] = {}
        self.tenths: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, name: str, total: int | None) -> None:
        self.totals[name], self.begun[name], self.tenths[name] = total, time.monotonic(), 0
        console.note(f"{name}: started")

    def line(self, name: str, text: str) -> None:
        found = steps_done(text)
        total = self.totals[name]
        if not found or not total:
            return
        (done, loss), now = found, time.monotonic()
        first, since = self.first.setdefault(name, (done, now))
        if done * 10 // total <= self.tenths[name]:
            return
        self.tenths[name] = done * 10 // total
        speed = ""
        if now - since > SOON:
            rate = (done - first) / (now - since)
            speed = f", {rate:.0f} steps/s, {duration((total - done) / rate)} left"
        console.note(f"{name}: step {done} of {total}, loss {loss}{speed}")

    def ended(self, name: str, outcome: str) -> None:
        console.note(f"{name}: {outcome} after {duration(time.monotonic() - self.begun[name])}")


class _Bars:
    """A bar for each run under way."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
        )
        self.tasks: dict[str, int] = {}
        self.first: dict[str, tuple[int, float]] = {}

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def started(self, name: str, total: int | None) -> None:
        self.tasks[name] = self.bars.add_task(name, total=total, state="")

    def line(self, name: str, text: str) -> None:
        found = steps_done(text)
        if not found:
            return
        (done, loss), now = found, time.monotonic()
        first, since = self.first.setdefault(name, (done, now))
        rate = f" · {(done - first) / (now - since):.0f} steps/s" if now - since > SOON else ""
        self.bars.update(self.tasks[name], completed=done, state=f"loss {loss}{rate}")

    def ended(self, name: str, outcome: str) -> None:
        task = self.tasks[name]
        total = self.bars.tasks[self.bars.task_ids.index(task)].total or 1
        finished = {"completed": total, "total": total} if outcome == "done" else {}
        self.bars.update(task, state=outcome, **finished)
        self.bars.stop_task(task)
