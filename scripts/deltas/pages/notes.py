"""notes.toml: what the author has to say of a hunk. The file stands beside the baseline of its stage.

[[note]]
hunk = "bigram-count"       # its name, as report and publish show it
text = "Markdown, one paragraph or several."
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import BadInput
from ..series.patches import nearest


@dataclass(frozen=True)
class Note:
    """text: Markdown. hunk: the name of the hunk it stands by."""

    hunk: str
    text: str


def read(folder: Path) -> list[Note]:
    """Return the notes in the file's order; none where there is no file. BadInput says what is wrong, and where."""
    path = folder / "notes.toml"
    expected = '[[note]] with hunk = "…" and text = "…"'
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}", "a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: {error}", "a TOML file") from error
    if set(table) - {"note"} or not isinstance(table.get("note", []), list):
        raise BadInput(f"{path}: holds {', '.join(table)}", expected)
    read_notes = []
    for i, row in enumerate(table.get("note", []), 1):
        if not isinstance(row, dict) or set(row) != {"hunk", "text"}:
            raise BadInput(f"{path}: note {i} is not of a hunk and a text", expected)
        for key in ("hunk", "text"):
            if not isinstance(row[key], str) or not row[key].strip():
                raise BadInput(f"{path}: note {i}: {key} is {row[key]!r}", expected)
        read_notes.append(Note(row["hunk"], row["text"].strip()))
    return read_notes


def require(notes: Iterable[Note], hunks: list[str], folder: Path) -> None:
    """Refuse a note on a hunk that the patch does not have. BadInput."""
    for note in notes:
        if note.hunk not in hunks:
            near = nearest(note.hunk, hunks)
            raise BadInput(
                f"{folder / 'notes.toml'}: there is no hunk {note.hunk!r} in {folder.name}",
                f"one of {', '.join(hunks)}",
                [f"did you mean {near}?"] if near else [],
            )
