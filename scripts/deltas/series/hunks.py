"""A diff as data for whoever shows it: hunks with their place in words, lines with their numbers."""

import io
from dataclasses import dataclass

from unidiff import PatchSet

from .symbols import Outline


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
    """Return the hunks of a diff.

    new_files: whole files after it, for the places; a missing one leaves the place empty.
    """
    shown = []
    for file in PatchSet(io.StringIO(diff.decode(), newline="\n")):
        source = new_files.get(file.path) if file.path.endswith(".py") else None
        outline = Outline(source.decode(errors="replace")) if source else None
        for hunk in file:
            lines = [
                Line(line.line_type, line.source_line_no, line.target_line_no, line.value.rstrip("\n"))
                for line in hunk
                if line.line_type in "+- "
            ]
            added = [line.new for line in lines if line.kind == "+" and line.new and line.text.strip()]
            place = outline.place(added[0], added[-1]) if outline and outline.spans and added else ""
            shown.append(Hunk(file.path, place, lines))
    return shown
