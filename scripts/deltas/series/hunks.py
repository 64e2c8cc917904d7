"""A diff as data for whoever shows it: hunks with their place in words, lines with their numbers."""

import io
from dataclasses import dataclass

from unidiff import PatchSet

from . import symbols


@dataclass(frozen=True)
class Line:
    """kind: '+', '-' or ' '. old, new: line numbers from 1, None where it has none."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True)
class Hunk:
    """Lines of one file that stand together, and where that is."""

    path: str
    place: str
    lines: list[Line]


def hunks(diff: bytes, new_files: dict[str, bytes]) -> list[Hunk]:
    """The hunks of a diff. new_files: whole files after it, for the places; a missing one leaves the place empty."""
    found = []
    for file in PatchSet(io.StringIO(diff.decode(), newline="\n")):
        source = new_files.get(file.path)
        known = symbols.spans(source.decode(errors="replace")) if source and file.path.endswith(".py") else []
        for hunk in file:
            lines = [
                Line(line.line_type, line.source_line_no, line.target_line_no, line.value.rstrip("\n"))
                for line in hunk
                if line.line_type in "+- "
            ]
            changed = [line.new for line in lines if line.kind == "+" and line.text.strip()]
            place = symbols.place(known, changed[0], changed[-1]) if known and changed else ""
            found.append(Hunk(file.path, place, lines))
    return found
