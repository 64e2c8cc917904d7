"""One command at a time in a checkout, and what an interrupted one left is finished or undone first.

The lock is held by the kernel (flock) and inherited by child gits: while a child of a killed command is still at work,
the next command waits; when the lock is free, nothing of ours is alive.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from ..core.errors import CheckFailed
from ..core.project import Project
from .git import Repo
from .recovery import recover

PATIENCE = 20.0  # seconds to wait for another command


@contextlib.contextmanager
def lock(project: Project) -> Iterator[None]:
    """Hold the lock for the time of a `with` block. Raise CheckFailed where another command does not give it back."""
    fd = os.open(project.root, os.O_RDONLY)
    try:
        _wait_for(fd, project)
        Repo.lock_fd = fd
        for line in recover(project):
            project.tell(line)
        yield
    finally:
        Repo.lock_fd = None
        os.close(fd)


def _wait_for(fd: int, project: Project) -> None:
    until = time.monotonic() + PATIENCE
    told = False
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise CheckFailed(
                    "another command is at work in this checkout", "one at a time", ["wait for it"]
                ) from None
            if not told:
                project.tell("waiting for another command in this checkout")
            told = True
            time.sleep(0.05)
