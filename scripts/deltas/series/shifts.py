"""How a patch moves the lines of a file: which line of the file before it a line of the file after it is."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unidiff.patch import PatchedFile


@dataclass
class Shifts:
    """How one patch moves the lines of one file.

    inside: for a line of a hunk, the line that it was, None where it was added. ends, moved: for each hunk, the first
    line behind it, and how far the lines from there on have moved.
    """

    inside: dict[int, int | None] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)

    def before(self, line: int) -> int | None:
        """Return the number that this line had before the patch; None where the patch added it."""
        if line in self.inside:
            return self.inside[line]
        hunks = bisect_right(self.ends, line)
        return line - (self.moved[hunks - 1] if hunks else 0)


def shifts(file: "PatchedFile") -> Shifts:
    """Return how the hunks of a file move its lines."""
    result, moved = Shifts(), 0
    for hunk in file:
        for line in hunk:
            if line.target_line_no is not None:
                result.inside[line.target_line_no] = line.source_line_no
        moved += hunk.target_length - hunk.source_length
        nothing_left = hunk.target_length == 0  # then git names the line before the hunk
        result.ends.append(hunk.target_start + hunk.target_length + nothing_left)
        result.moved.append(moved)
    return result
