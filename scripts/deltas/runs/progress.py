"""How training goes, on stderr: bars with loss, steps per second and time left on a terminal, plain lines elsewhere."""

import os
import re
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ..core import console
from .agenda import Agenda, about

if TYPE_CHECKING:
    from rich.progress import TaskID

STEP = re.compile(r"step (\d+) \| loss (\S+)")  # as upstream prints every tenth step
BESIDE_NAMES = 50  # columns: what a bar and its state take
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


def progress(agenda: Agenda | None = None) -> Progress:
    """Return the display that suits stderr. agenda: all that the command trains, of which this display shows a part."""
    terminal = sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
    return Bars(agenda) if terminal else Lines(agenda)


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

    def __init__(self, agenda: Agenda | None = None) -> None:
        self.agenda = agenda or Agenda()
        self.totals: dict[str, int | None] = {}
        self.tenths: dict[str, int] = {}
        self.speed = _Speed()

    def started(self, name: str, total: int | None) -> None:
        """Say so, and which of the command's trainings it is."""
        self.totals[name], self.tenths[name] = total, 0
        self.agenda.started(name)
        console.note(f"{name}: started{_which(self.agenda)}")

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
        """Say how it ended, after how long, and what is not done yet."""
        took = duration(self.agenda.ended(name))
        console.note(f"{name}: {outcome} after {took}{_to_come(self.agenda)}")


def _which(agenda: Agenda) -> str:
    """Return which training of how many has begun last; nothing where it is the only one."""
    return f" ({len(agenda.begun)} of {len(agenda.names)})" if len(agenda.names) > 1 else ""


def _to_come(agenda: Agenda) -> str:
    """Return how many trainings have not ended, and how long they take; nothing where all have."""
    rest = len(agenda.names) - len(agenda.took)
    left = agenda.left
    if not rest:
        return ""
    return f"; {rest} of {len(agenda.names)} not done" + (f", {about(left)}" if left is not None else "")


class Bars:
    """A bar for every run under way, and a line for all of them. A run that has ended leaves a line above."""

    def __init__(self, agenda: Agenda | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        self.agenda = agenda or Agenda()
        console = Console(stderr=True, highlight=False)
        names = Column(no_wrap=True, overflow="ellipsis", max_width=max(console.width - BESIDE_NAMES, 20))
        self.bars = RichProgress(
            TextColumn("{task.description}", markup=False, table_column=names),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[state]}", markup=False),
            console=console,
            transient=True,
        )
        self.tasks: dict[str, TaskID] = {}
        self.all: TaskID | None = None
        self.speed = _Speed()

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away; what has ended stands above."""
        self.bars.stop()

    def started(self, name: str, total: int | None) -> None:
        """Add a bar."""
        self.agenda.started(name)
        if self.all is not None:  # it stays the last one
            self.bars.remove_task(self.all)
            self.all = None
        stages = {other.partition(" ")[0] for other in self.agenda.names}
        short = name.partition(" ")[2] if len(stages) == 1 else ""  # of one stage: its name need not stand everywhere
        self.tasks[name] = self.bars.add_task(short or name, total=total, state="")
        self._show_all()

    def line(self, name: str, text: str) -> None:
        """Move the bar."""
        step = steps_done(text)
        if not step:
            return
        done, loss = step
        total = self.bars.tasks[self.bars.task_ids.index(self.tasks[name])].total
        speed = self.speed.of(name, done)
        state = f"loss {loss}"
        if speed and total:
            state += f" · {duration((total - done) / speed)} left"
        self.bars.update(self.tasks[name], completed=done, state=state)
        self._show_all()

    def ended(self, name: str, outcome: str) -> None:
        """Take the bar away, and say how the run ended."""
        took = duration(self.agenda.ended(name))
        self.bars.remove_task(self.tasks.pop(name))
        self.bars.print(f"{name}: {outcome} after {took}", markup=False, soft_wrap=True)
        self._show_all()

    def _show_all(self) -> None:
        """Show how far all trainings of the command are, below the bars of those under way."""
        count, done = len(self.agenda.names), len(self.agenda.took)
        if count < 2:
            return
        left = self.agenda.left
        state = f"{done} of {count} done" + (f" · {about(left)} left" if left is not None and done < count else "")
        if self.all is None:
            self.all = self.bars.add_task("all trainings", state="")
        self.bars.update(self.all, total=count, completed=done, state=state)
