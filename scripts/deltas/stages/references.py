"""References of a repository, moved together: `git update-ref --stdin`, held open between its two steps."""

import contextlib
from collections.abc import Iterable
from typing import Any

from ..series.patches import NO_OBJECT

Update = tuple[str, str | None, str | None]  # (name, new, old): new None deletes, old None: it must not exist


class RefsMoved(Exception):
    """git refused to move the references: `said` is why, in its words.

    One did not stand where it was expected, another git holds its lock, or the lock could not be made.
    """

    def __init__(self, said: str):
        super().__init__(said)
        self.said = said


class RefTransaction:
    """A running `git update-ref --stdin`. prepare takes every lock; commit moves all references, or none."""

    def __init__(self, process: Any):
        self._process = process

    def _say(self, line: str, expect: str = "") -> None:
        """Say one line, and read the answer where one is expected. Raise RefsMoved for another answer."""
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline().decode().strip() if expect else ""
        except BrokenPipeError:
            answer = "it ended"
        if expect and answer != expect:
            said = self._process.stderr.read().decode(errors="replace").strip()
            raise RefsMoved(said or answer or "git update-ref ended")

    def prepare(self, updates: Iterable[Update]) -> None:
        """Lock every reference, and compare it with what it should be. Raise RefsMoved."""
        self._say("start", "start: ok")
        for name, new, old in updates:
            self._say(f"update {name} {new or NO_OBJECT} {old or NO_OBJECT}")
        self._say("prepare", "prepare: ok")

    def commit(self) -> None:
        """Move them."""
        self._say("commit", "commit: ok")
        self._close()

    def abort(self) -> None:
        """Give the locks back. Harmless at any time."""
        with contextlib.suppress(Exception):
            self._say("abort")
            self._close()

    def _close(self) -> None:
        self._process.stdin.close()
        self._process.proc.wait()
