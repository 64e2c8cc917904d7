"""Child processes side by side on the cores, none of them left behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..core import machine

PATIENCE = 5.0  # seconds between asking a child to stop and stopping it


@dataclass(frozen=True)
class Job:
    """A command, where it stands, and where its output goes: errors: stderr, where it is not to go to the log as well.

    keep: file descriptors that it inherits.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    log: Path
    errors: Path | None = None
    keep: tuple[int, ...] = ()


class Watcher(Protocol):
    """Told what happens, in the caller's thread."""

    def started(self, job: Job) -> None:
        """The process is there."""

    def line(self, job: Job, text: str) -> None:
        """It printed a line."""

    def ended(self, job: Job, code: int) -> bool:
        """It exited with this code, -N for signal N. False: start no more, let the others finish."""


class _Child:
    """A running job, and how far its log has been read."""

    def __init__(self, job: Job):
        self.job = job
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(job.log.open("wb"))
            errors = stack.enter_context(job.errors.open("wb")) if job.errors else subprocess.STDOUT
            self.process = subprocess.Popen(
                job.command,
                cwd=job.folder,
                env=machine.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=errors,
                pass_fds=job.keep,
                process_group=0,  # Ctrl-C reaches us alone, and we pass it on
            )
        self.reader = job.log.open("rb")
        self.rest = b""

    def lines(self) -> list[str]:
        """What it printed since the last time, in whole lines."""
        *whole, self.rest = (self.rest + self.reader.read()).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone already (macOS says: not permitted)
            os.killpg(self.process.pid, number)


def side_by_side(jobs: Iterable[Job], watcher: Watcher, at_once: int | None = None) -> None:
    """Runs the jobs, as many at once as there are cores; returns when all have ended. A job is asked for at its turn.

    However it is left, also by Ctrl-C: every child is asked to stop (SIGINT), and stopped (SIGKILL) after PATIENCE.
    """
    at_once = at_once or machine.cores()
    waiting, running, more = iter(jobs), [], True
    try:
        while more or running:
            while more and len(running) < at_once:
                job = next(waiting, None)
                if not job:
                    more = False
                    break
                running.append(_Child(job))
                watcher.started(job)
            time.sleep(0.05)
            for child in list(running):
                code = child.process.poll()  # before reading: what it printed last is read too
                for line in child.lines():
                    watcher.line(child.job, line)
                if code is not None:
                    running.remove(child)
                    child.reader.close()
                    more = watcher.ended(child.job, code) and more
    finally:
        _end(running)


def _end(children: list[_Child]) -> None:
    try:
        for child in children:
            child.signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
    finally:  # a second Ctrl-C doesn't wait
        for child in children:
            if child.process.poll() is None:
                child.signal(signal.SIGKILL)
                child.process.wait()
            child.reader.close()
