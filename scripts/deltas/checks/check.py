"""One thing that was looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """What was looked at. ok: None where it was not, and `what` says why. ways: commands that mend it.

    run: of a run that was made for it, how it was judged and by what numbers, as `train --json` has them.
    """

    what: str
    ok: bool | None
    faults: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    run: Mapping[str, Any] | None = None


def of(what: str, faults: Iterable[str], *ways: str) -> Check:
    """Return a check that passes where there are no faults."""
    faults = tuple(faults)
    return Check(what, not faults, faults, ways if faults else ())
