"""What can go wrong, one class for each exit code.

Every refusal says what was found, what was expected, and the command that gets out of it. A cause is named only where
it was established, and no way out destroys anything.
"""


class Refusal(Exception):
    """A command stops here, with nothing half-done.

    found: what is the case, as a sentence. expected: what should be. ways: commands that get out of it.
    """

    exit_code = 1

    def __init__(self, found: str, expected: str = "", ways: tuple[str, ...] | list[str] = ()):
        super().__init__(found)
        self.found, self.expected, self.ways = found, expected, tuple(ways)


class CheckFailed(Refusal):
    """A check said no, another command holds the lock, or the machine did not let us (disk, permissions)."""

    exit_code = 1


class BadInput(Refusal):
    """Bad usage or bad input: an unknown stage, the wrong place, a malformed file."""

    exit_code = 2


class BrokenPatch(Refusal):
    """A patch is broken, tampered with, or does not apply."""

    exit_code = 3


class MergeConflict(Refusal):
    """Two changes touch the same lines."""

    exit_code = 3


class WorkAtRisk(Refusal):
    """The reader's work would be lost."""

    exit_code = 4


class NoUpstream(Refusal):
    """Upstream cannot be had, or does not stand at its pin."""

    exit_code = 5
