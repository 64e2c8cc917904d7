"""What git's error text speaks of. Our children speak English: the fence passes no locale on."""

import re
from enum import Enum, auto


class Cause(Enum):
    """A cause that git itself established, or was told by the kernel."""

    FULL = auto()
    READ_ONLY = auto()
    BROKEN_DISK = auto()
    FORBIDDEN = auto()
    FOREIGN = auto()  # the folder belongs to somebody else, and git does not trust it
    LOCKED = auto()
    INDEX = auto()  # damaged
    OBJECT = auto()  # damaged or missing


LOCK = re.compile(r"Unable to create '(?P<lock>.+?\.lock)': File exists")
_SIGNS = {
    Cause.FULL: r"No space left on device|Disk quota exceeded|File too large",
    Cause.READ_ONLY: r"Read-only file system",
    Cause.BROKEN_DISK: r"Input/output error",
    Cause.FORBIDDEN: r"Permission denied|[Ii]nsufficient permission|Operation not permitted",
    Cause.FOREIGN: r"dubious ownership",
    Cause.LOCKED: LOCK.pattern,
    Cause.INDEX: r"index file (?:corrupt|smaller)|[Bb]ad (?:index|signature)|unknown index entry format",
    Cause.OBJECT: (
        r"is corrupt|corrupt (?:loose|packed) object|object file \S+ is empty|unable to unpack|"
        r"failed to (?:unpack|read) |"
        r"[Bb]ad (?:object|tree|file)|not a tree object|[Uu]nable to read|[Cc]ould not read|"
        r"missing (?:blob|tree|commit|object)|invalid object|error building trees|sha1 mismatch|hash mismatch"
    ),
}


def cause(said: str) -> Cause | None:
    """Return what git says was the matter; None where it speaks of what it was given to do.

    >>> cause("error: unable to create temporary file: No space left on device")
    <Cause.FULL: 1>
    >>> cause("error: patch failed: makemore.py:10")
    """
    return next((cause for cause, sign in _SIGNS.items() if re.search(sign, said)), None)


def words(said: str) -> str:
    """Return the lines that speak of an error, two at most.

    >>> words("Checking patch f...\\nerror: failed to read f\\nerror: f: patch does not apply")
    'error: failed to read f; error: f: patch does not apply'
    """
    lines = [line for line in said.splitlines() if line.startswith(("fatal", "error"))] or said.splitlines()
    return "; ".join(lines[:2])
