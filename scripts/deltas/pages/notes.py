"""notes.toml: what the author has to say of a hunk. The file stands beside the baseline of its stage.

[[note]]
hunk = "bigram-count"       # its name, as report and publish show it
text = "Markdown, one paragraph or several."
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ..core import shapes, tomlfile
from ..core.errors import BadInput
from ..series.patches import nearest

Text = Annotated[str, Meta(pattern=r"\S")]
EXPECTED = {
    "note": '[[note]] with hunk = "…" and text = "…"',
    "hunk": "the name of a hunk of the patch",
    "text": "Markdown, one paragraph or several",
}


class Note(Struct, frozen=True, forbid_unknown_fields=True):
    """text: Markdown. hunk: the name of the hunk it stands by."""

    hunk: Text
    text: Text


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    note: tuple[Note, ...] = ()


def read(folder: Path) -> list[Note]:
    """Return the notes in the file's order; none where there is no file. BadInput says what is wrong, and where."""
    path = folder / "notes.toml"
    try:
        file = shapes.convert(tomlfile.read(path), _File, EXPECTED)
    except FileNotFoundError:
        return []
    except shapes.Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from None
    return [Note(note.hunk, note.text.strip()) for note in file.note]


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
