"""What a command still has to train: how many trainings, how many are done, and how long the others will take."""

import time
from collections.abc import Iterable, Mapping

from ..core import machine


class Agenda:
    """The trainings of a command, by name, over all the batches in which they are made.

    guesses: how many seconds a training takes, where that is known from another time. `at_once`: how many go side by
    side. What this machine takes corrects the guesses as soon as a training has ended.
    """

    def __init__(self, guesses: Mapping[str, float] | None = None, at_once: int | None = None):
        self.guesses = dict(guesses or {})
        self.at_once = at_once or machine.cores()
        self.names: list[str] = []
        self.begun: dict[str, float] = {}  # name -> when it began
        self.took: dict[str, float] = {}  # name -> seconds, of those that have ended

    def add(self, names: Iterable[str]) -> None:
        """Take up trainings that are not on the list yet."""
        self.names += [name for name in dict.fromkeys(names) if name not in self.names]

    def started(self, name: str) -> None:
        """Note that a training begins."""
        self.add([name])
        self.begun[name] = time.monotonic()

    def ended(self, name: str) -> float:
        """Note that a training is over, and return how many seconds it took."""
        self.took[name] = time.monotonic() - self.begun[name]
        return self.took[name]

    @property
    def waiting(self) -> list[str]:
        """Return the trainings that have not begun, in their order."""
        return [name for name in self.names if name not in self.begun]

    @property
    def left(self) -> float | None:
        """Return how many seconds it takes until all are done; None where nobody knows."""
        now = time.monotonic()
        rest = []
        for name in self.names:
            if name in self.took:
                continue
            seconds = self._seconds(name)
            if seconds is None:
                return None
            rest.append(max(seconds - (now - self.begun.get(name, now)), 0.0))
        return max(max(rest, default=0.0), sum(rest) / self.at_once)

    def _seconds(self, name: str) -> float | None:
        """Return how long a training takes here, by its guess and by how guesses came out; None without any."""
        guessed = sum(self.guesses.get(other, 0.0) for other in self.took)
        pace = sum(self.took[other] for other in self.took if other in self.guesses) / guessed if guessed else 1.0
        if name in self.guesses:
            return self.guesses[name] * pace
        others = list(self.took.values()) or [guess * pace for guess in self.guesses.values()]
        return sum(others) / len(others) if others else None

    def __str__(self) -> str:
        """Return the list in a few words: how many there are, how long they take."""
        count = len(self.names)
        parts = [f"{count} training{'s' * (count != 1)}"]
        if count > 1 and self.at_once > 1:
            parts.append(f"{min(count, self.at_once)} at a time")
        left = self.left
        return ", ".join(parts) + (f": {about(left)}" if left is not None else "")


def about(seconds: float) -> str:
    """Return a time that is an estimate, as people say it.

    >>> about(12), about(100), about(3000), about(9000)
    ('about 20 s', 'about 2 min', 'about 50 min', 'about 2.5 h')
    """
    if seconds < 55:
        return f"about {max(10, 10 * -int(-seconds // 10))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
