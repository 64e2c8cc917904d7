"""The race's figure as files, and race.drawn.json beside them: what they were drawn from, and by which program.

    {"program": ID, "data": ID, "files": {"race.svg": ID, "race.dark.svg": ID}}

program: of the code that draws. data: of the figure's texts and rows, which are made of the record.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from ..core import codeid, jsonfile
from ..figures import drawn, style
from . import figure
from .record import Document

ABOUT = "race.drawn.json"
PROGRAM = (figure.__file__, style.__file__)


def draw(record: Document, folder: Path) -> None:
    """Draw the race, and write down what it was drawn from."""
    pictures = style.save(figure.race(record), folder)
    jsonfile.write(folder / ABOUT, _about(record) | {"files": {path.name: _hash(path) for path in pictures}})


def faults(record: Document, folder: Path) -> list[str]:
    """Return in which way the figure is not what this record and this program draw. Nothing is drawn for that."""
    try:
        about = jsonfile.read(folder / ABOUT)
    except FileNotFoundError:
        return [f"{ABOUT} is not there: nobody knows what race.svg was drawn from"]
    now = _about(record)
    if not isinstance(about, dict) or about.keys() != now.keys() | {"files"} or not isinstance(about["files"], dict):
        return [f"{ABOUT} does not say what race.svg was drawn from"]
    wrong = []
    if about["program"] != now["program"]:
        wrong.append("race.svg was drawn by another program than scripts/deltas/speedrun/ and figures/ hold now")
    if about["data"] != now["data"]:
        wrong.append("race.svg was drawn from other numbers than those in record.json")
    names = [f"race{palette.suffix}.svg" for palette in (style.LIGHT, style.DARK)]
    return wrong + [
        f"{name} is not the file that was drawn"
        for name in names
        if not (folder / name).is_file() or _hash(folder / name) != about["files"].get(name)
    ]


def _about(record: Document) -> dict[str, Any]:
    """Return what the figure is drawn from, and by what."""
    made = figure.race(record)
    said = {field.name: getattr(made, field.name) for field in fields(made) if field.name not in ("draw", "size")}
    program = codeid.code_id({Path(path).name: Path(path).read_bytes() for path in PROGRAM})
    return {"program": program, "data": drawn.hash_of_data(jsonfile.plain(said))}


def _hash(path: Path) -> str:
    return drawn.hash_of(path.read_bytes())
