"""How training goes, on stderr: bars with loss, steps per second and time left on a terminal, plain lines elsewhere."""

import os
import re
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ..core import console

if TYPE_CHECKING:
    from rich.progress import TaskID

STEP = re.compile(r"step (\d+) \| loss (\S+)")  # as upstream prints every tenth step
SOON = 0.2  # seconds: lines that come closer together say nothing about speed


class Progress(Protocol):
    """A context manager that is told about runs by name."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""

    def started(self, name: str, total: int | None) -> None:
        """Show that a run has started. total: optimisation steps to come; None where nobody knows."""

    def line(self, name: str, text: str) -> None:
        """Take a line of the run's output."""

    def ended(self, name: str, outcome: str) -> None:
        """Show that a run is over, and how it ended."""


def progress() -> Progress:
    """Return the display that suits stderr."""
    terminal = sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
    return Bars() if terminal else Lines()


def steps_done(text: str) -> tuple[int, str] | None:
    """Return (steps done, loss) of upstream's "step 120 | loss 2.4813 | step time …"; None for other lines.

    >>> steps_done("step 120 | loss 2.4813 | step time 9.64ms")
    (121, '2.4813')
    """
    match = STEP.match(text)
    return (int(match[1]) + 1, match[2]) if match else None


def duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> duration(7.4), duration(95)
    ('7 s', '1:35 min')
    """
    return f"{seconds:.0f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


class _Speed:
    """Steps per second of every run, since the first line that it printed."""

    def __init__(self) -> None:
        self.first: dict[str, tuple[int, float]] = {}

    def of(self, name: str, done: int) -> float | None:
        """Return the speed now; None where it is too soon to say."""
        now = time.monotonic()
        first, since = self.first.setdefault(name, (done, now))
        return (done - first) / (now - since) if now - since > SOON else None


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def started(self, name: str, total: int | None) -> None:
        """Say nothing."""

    def line(self, name: str, text: str) -> None:
        """Say nothing."""

    def ended(self, name: str, outcome: str) -> None:
        """Say nothing."""


class Lines(Silent):
    """A line when a run starts, at every tenth of its steps, and at its end."""

    def __init__(self) -> None:
        self.totals: dict[str, int | None] = {}
        self.begun: dict[str, float] = {}
        self.tenths: dict[str, int] = {}
        self.speed = _Speed()

    def started(self, name: str, total: int | None) -> None:
        """Say so."""
        self.totals[name], self.begun[name], self.tenths[name] = total, time.monotonic(), 0
        console.note(f"{name}: started")

    def line(self, name: str, text: str) -> None:
        """Say how far the run is, and how long it still takes, at every tenth of its steps."""
        step, total = steps_done(text), self.totals[name]
        if not step or not total:
            return
        done, loss = step
        speed = self.speed.of(name, done)
        if done * 10 // total <= self.tenths[name]:
            return
        self.tenths[name] = done * 10 // total
        left = f", {speed:.0f} steps/s, {duration((total - done) / speed)} left" if speed else ""
        console.note(f"{name}: step {done} of {total}, loss {loss}{left}")

    def ended(self, name: str, outcome: str) -> None:
        """Say how it ended, and after how long."""
        console.note(f"{name}: {outcome} after {duration(time.monotonic() - self.begun[name])}")


class Bars:
    """A bar for every run."""

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
        self.tasks: dict[str, TaskID] = {}
        self.speed = _Speed()

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars where they are."""
        self.bars.stop()

    def started(self, name: str, total: int | None) -> None:
        """Add a bar."""
        self.tasks[name] = self.bars.add_task(name, total=total, state="")

    def line(self, name: str, text: str) -> None:
        """Move the bar."""
        step = steps_done(text)
        if not step:
            return
        done, loss = step
        speed = self.speed.of(name, done)
        rate = "" if speed is None else f" · {speed:.0f} steps/s"
        self.bars.update(self.tasks[name], completed=done, state=f"loss {loss}{rate}")

    def ended(self, name: str, outcome: str) -> None:
        """Stop the bar; it is full where the run is done."""
        task = self.tasks[name]
        if outcome == "done":
            total = self.bars.tasks[self.bars.task_ids.index(task)].total or 1
            self.bars.update(task, completed=total, total=total)
        self.bars.update(task, state=outcome)
        self.bars.stop_task(task)
