"""One thing that was looked at."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What was looked at. ok: None where it was not, and `what` says why. ways: commands that mend it."""

    what: str
    ok: bool | None
    faults: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()


def of(what: str, faults: Iterable[str], *ways: str) -> Check:
    """Return a check that passes where there are no faults."""
    faults = tuple(faults)
    return Check(what, not faults, faults, ways if faults else ())
