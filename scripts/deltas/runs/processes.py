"""Child processes: one way to start them and to listen to them, and none of them is left behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ..core import machine
from ..core.errors import CheckFailed
from .progress import Progress, Silent

PATIENCE = 5.0  # seconds between asking a child to stop and killing it
TAIL = 8  # lines of its output that the report of a failure shows
DONE = "done"


@dataclass(frozen=True)
class Job:
    """A command, the folder that it starts in, and the files that its output goes to.

    errors: where stderr goes; None sends it to the log as well. keep: file descriptors that the child inherits.
    steps: how many optimisation steps it takes; None where nobody knows.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    log: Path
    errors: Path | None = None
    keep: tuple[int, ...] = ()
    steps: int | None = None
    threads: int = machine.THREADS


@dataclass(frozen=True)
class Failure:
    """A job that did not do what it should. outcome: how it ended. said: the last lines of its output."""

    job: Job
    code: int
    outcome: str
    said: tuple[str, ...]

    @property
    def found(self) -> str:
        """Which job, and how it ended."""
        return f"{self.job.name}: {self.outcome}"

    @property
    def reason(self) -> str:
        """The last line that the job said: where it failed by itself, that line says why."""
        return self.said[-1] if self.said else "it said nothing"


class Child:
    """A job under way, and how far its log has been read."""

    def __init__(self, job: Job):
        self.job = job
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(job.log.open("wb"))
            errors = stack.enter_context(job.errors.open("wb")) if job.errors else subprocess.STDOUT
            self.process = subprocess.Popen(
                job.command,
                cwd=job.folder,
                env=machine.environment(job.threads),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=errors,
                pass_fds=job.keep,
                process_group=0,  # Ctrl-C reaches this process alone, which passes it on
            )
        self.reader = job.log.open("rb")
        self.rest = b""

    def lines(self) -> list[str]:
        """Return what the child printed since the last call, in whole lines."""
        *whole, self.rest = (self.rest + self.reader.read()).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def signal(self, number: int) -> None:
        """Send a signal to the child and its own children."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended (macOS says: not permitted)
            os.killpg(self.process.pid, number)


class Children:
    """A context that starts children. However it is left, also by Ctrl-C, none of them runs on.

    A child that is still under way then is asked to stop (SIGINT), and killed after PATIENCE seconds.
    """

    def __init__(self) -> None:
        self.running: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def start(self, job: Job) -> Child:
        """Start the job. OSError where its command is not there."""
        child = Child(job)
        self.running.append(child)
        return child

    def ended(self, child: Child) -> None:
        """Forget a child that has ended."""
        self.running.remove(child)
        child.reader.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for child in self.running:
                child.signal(signal.SIGINT)
            deadline = time.monotonic() + PATIENCE
            for child in self.running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, deadline - time.monotonic()))
        finally:  # a second Ctrl-C does not wait
            for child in self.running:
                if child.process.poll() is None:
                    child.signal(signal.SIGKILL)
                    child.process.wait()
                child.reader.close()


class Listener:
    """Hear how jobs fare, in the caller's thread: show it on `bars`, and collect what failed.

    A subclass may look at what a job leaves behind. patient: start further jobs also after a failure.
    """

    def __init__(self, bars: Progress, *, patient: bool = False):
        self.bars, self.patient = bars, patient
        self.failures: list[Failure] = []

    def started(self, job: Job) -> None:
        """Note that the process is there."""
        self.bars.started(job.name, job.steps)

    def line(self, job: Job, text: str) -> None:
        """Take a line that it printed."""
        self.bars.line(job.name, text)

    def ended(self, job: Job, code: int) -> bool:
        """Judge a job that exited with this code, -N for signal N. Return whether to start further jobs."""
        outcome = how_it_ended(code)
        if outcome == DONE:
            outcome = self.lacks(job) or DONE
        if outcome != DONE:
            self.failures.append(failure(job, code, outcome))
            self.failed(self.failures[-1])
        self.bars.ended(job.name, outcome)
        return self.patient or not self.failures

    def lacks(self, job: Job) -> str | None:
        """Return what is wrong with what the job left behind, if anything is. Called where it exited with 0."""

    def failed(self, failure: Failure) -> None:
        """Do what a failure makes necessary."""


def side_by_side(jobs: Iterable[Job], listener: Listener, at_once: int | None = None) -> None:
    """Run the jobs, as many at once as there are cores, and return when all have ended. A job is made at its turn."""
    at_once = at_once or machine.cores()
    waiting, more = iter(jobs), True
    with Children() as children:
        while more or children.running:
            while more and len(children.running) < at_once:
                job = next(waiting, None)
                if not job:
                    more = False
                    break
                children.start(job)
                listener.started(job)
            time.sleep(0.05)
            for child in list(children.running):
                code = child.process.poll()  # before reading, so that what it printed last is read too
                for line in child.lines():
                    listener.line(child.job, line)
                if code is not None:
                    children.ended(child)
                    more = listener.ended(child.job, code) and more


def alone(job: Job) -> Failure | None:
    """Run one short job and show nothing. Return how it failed; None where it did not."""
    listener = Listener(Silent())
    side_by_side([job], listener)
    return listener.failures[0] if listener.failures else None


def how_it_ended(code: int) -> str:
    """Return an exit code in words.

    >>> how_it_ended(0), how_it_ended(3), how_it_ended(-2)
    ('done', 'failed with exit code 3', 'killed by SIGINT')
    """
    if code == 0:
        return DONE
    if code > 0:
        return f"failed with exit code {code}"
    name = signal.Signals(-code).name
    return f"killed by {name}" + (", most often because memory ran out" if name == "SIGKILL" else "")


def failure(job: Job, code: int, outcome: str) -> Failure:
    """Return the report of a failure, with the end of what the job said."""
    text = (job.errors or job.log).read_text(encoding="utf-8", errors="replace")
    return Failure(job, code, outcome, tuple(line for line in text.splitlines() if line.strip())[-TAIL:])


def refusal(failures: list[Failure], expected: str, ways: tuple[str, ...] = ()) -> CheckFailed:
    """Return what to raise of failures: the first with the end of its output, the others by name."""
    first, *others = failures
    lines = [first.found, *(f"  | {line}" for line in first.said), *(other.found for other in others)]
    return CheckFailed("\n".join(lines), expected, ways)
