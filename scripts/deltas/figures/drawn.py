"""figures.json: what the figures of a stage show, what they were drawn from, and by which program.

    {"program": ID, "baseline": ID, "figures": [{"name", "title", "caption", "description", "columns", "rows",
                                                 "data": ID, "files": {"NAME.svg": ID, "NAME.dark.svg": ID}}],
     "kept": {NAME: …}, "of_kept": ID}

program: of the code that drew them. baseline: of the numbers they were drawn from (evidence/baseline.py, digest); ""
where they were drawn for a look, by `train`. data: of the texts and rows of one figure. files: of its pictures.
kept: what the figures need of the runs' files besides the numbers of the baseline, so that they can be drawn again
without a training; of_kept: of that.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ..core import codeid, files, jsonfile, shapes
from ..core.errors import BadInput
from ..runs.execute import Result

if TYPE_CHECKING:
    from .runs import Runs

LISTING = "figures.json"
HERE = Path(__file__).parent
NOT_DRAWING = ("__init__.py", "drawn.py")  # files of this folder that have no part in what a figure looks like
WRITER = HERE.parent / "core" / "numbers.py"  # of the numbers in captions
Text = Annotated[str, Meta(pattern=r"\S")]
EXPECTED = {
    "name": "small letters, digits and dashes: it names a file",
    "columns": '"columns": ["step", "loss"]',
    "rows": "numbers and texts, a value for every column",
}


class Drawing(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that was drawn. description: for who cannot see it. data, files: see above."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*\Z")]
    title: Text
    caption: Text
    description: Text
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    data: str
    files: dict[str, str]

    def __post_init__(self) -> None:
        """Raise ValueError for a row that does not have a value for every column."""
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise ValueError(f"row {number} has {len(row)} values for {len(self.columns)} columns")


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """figures.json."""

    program: str
    baseline: str
    figures: tuple[Drawing, ...]
    kept: dict[str, Any] = {}
    of_kept: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where two figures have one name."""
        names = [drawing.name for drawing in self.figures]
        for number, name in enumerate(names, 1):
            if name in names[: number - 1]:
                raise ValueError(f"figure {number}: the name {name!r} is taken")


def read(folder: Path) -> Listing | None:
    """Return what figures.json says; None where nothing was drawn. BadInput names the file and the place in it."""
    path = folder / LISTING
    try:
        return shapes.convert(jsonfile.read(path), Listing, EXPECTED)
    except FileNotFoundError:
        return None
    except shapes.Misfit as wrong:
        raise BadInput(
            f"{path}: {wrong.found}", wrong.expected, [f"scripts/record.sh {folder.name[:2]}   # draws them again"]
        ) from None


def program(folder: Path) -> Path:
    """Return where a stage says what its figures are."""
    return folder / "figures.py"


def identify(folder: Path) -> str:
    """Return the id of the code that draws the figures of a stage: its own, this room, the writer of numbers."""
    ours = {
        f"deltas/{path.name}": path.read_bytes()
        for path in [*HERE.glob("*.py"), WRITER]
        if path.name not in NOT_DRAWING
    }
    return codeid.code_id({"figures.py": program(folder).read_bytes()} | ours)


def draw(stage: Path, results: Sequence[Result], folder: Path, baseline: str = "") -> list[Path]:
    """Draw the figures of a stage, and return the files: pictures first, figures.json last; none where it has none.

    stage: the folder that holds its figures.py. folder: where the files go. baseline: the digest of what is recorded
    of the results.
    """
    if not program(stage).exists():
        return []
    from .runs import Runs

    return _draw(stage, Runs(results), folder, baseline)


def again(
    stage: Path, results: Sequence[Result], folder: Path, baseline: str, files: bool = False, was: str = ""
) -> list[Path]:
    """Draw the figures of a stage as `draw` does, from recorded numbers and from what was kept of the runs' files.

    results: of the recorded runs. files: whether files of theirs may be there; those are read again. was: the digest
    before, where the same numbers have another one now. BadInput where that is not enough.
    """
    from .runs import NotKept, Runs

    ways = [f"scripts/record.sh {stage.name[:2]}   # trains, and draws from the runs"]
    listing = read(stage)
    if listing is None:
        raise BadInput(f"{stage / LISTING} is not there", "figures that were drawn before", ways)
    if listing.baseline != (was or baseline) or hash_of_kept(listing.kept) != listing.of_kept:
        raise BadInput(
            f"{stage / LISTING}: what it keeps is not of the runs that baseline.json holds",
            "both from one recording",
            ways,
        )
    try:
        return _draw(stage, Runs(results, dict(listing.kept), files), folder, baseline)
    except NotKept as missing:
        raise BadInput(f"{stage / LISTING} does not keep {missing}", "all that figures.py asks for", ways) from None


def _draw(stage: Path, runs: "Runs", folder: Path, baseline: str) -> list[Path]:
    from .style import save

    drawn = files.module(program(stage)).figures(runs)
    folder.mkdir(parents=True, exist_ok=True)
    written, rows = [], []
    for figure in drawn:
        pictures = save(figure, folder)
        written += pictures
        rows.append(
            {
                "name": figure.name,
                "title": figure.title,
                "caption": figure.caption,
                "description": figure.description,
                "columns": list(figure.columns),
                "rows": [list(row) for row in figure.rows],
            }
        )
        rows[-1] |= {
            "data": hash_of_data(jsonfile.plain(rows[-1])),
            "files": {path.name: hash_of(path.read_bytes()) for path in pictures},
        }
    kept = {name: runs.kept[name] for name in sorted(runs.asked)}
    listing = {"program": identify(stage), "baseline": baseline, "figures": rows}
    jsonfile.write(folder / LISTING, listing | {"kept": kept, "of_kept": hash_of_kept(kept)})
    return [*written, folder / LISTING]


def put(made: Sequence[Path], folder: Path) -> None:
    """Move freshly drawn files into a folder; pictures that were there before go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for path in made:
        shutil.move(path, folder / path.name)


def hash_of_data(figure: Mapping[str, Any]) -> str:
    """Return a hash of what a figure says: all of its fields but the hashes."""
    said = {key: value for key, value in figure.items() if key not in ("data", "files")}
    return hash_of(json.dumps(said, ensure_ascii=False, sort_keys=True).encode())


def hash_of_kept(kept: Mapping[str, Any]) -> str:
    """Return a hash of what was kept of the runs' files."""
    return hash_of(json.dumps(kept, ensure_ascii=False, sort_keys=True).encode())


def hash_of(content: bytes) -> str:
    """Return the first 16 hex digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def faults(folder: Path, baseline: str) -> list[str]:
    """Return which figures are not what they were drawn as, and from what; none where all is well.

    baseline: the digest of what is recorded now. BadInput where figures.json cannot be read.
    """
    listing = read(folder)
    if listing is None:
        missing = program(folder).exists()
        return ["figures.py says what is to be drawn, and nothing was"] if missing else []
    if not program(folder).exists():
        return [f"{drawing.name}: there is no figures.py that draws it" for drawing in listing.figures]
    faults = []
    names = ", ".join(drawing.name for drawing in listing.figures) or LISTING
    if listing.program != identify(folder):
        faults.append(f"{names}: drawn by another program than figures.py and scripts/deltas/figures/ are now")
    if listing.baseline != baseline:
        faults.append(f"{names}: drawn from other runs than those that baseline.json holds")
    if hash_of_kept(listing.kept) != listing.of_kept:
        faults.append(f"{names}: what {LISTING} keeps of the runs was changed since they were drawn")
    for drawing in listing.figures:
        if hash_of_data(msgspec.to_builtins(drawing)) != drawing.data:
            faults.append(f"{drawing.name}: its texts or data in figures.json were changed since it was drawn")
        faults += [
            f"{drawing.name}: {name} is not the file that was drawn"
            for name, wanted in drawing.files.items()
            if not (folder / name).is_file() or hash_of((folder / name).read_bytes()) != wanted
        ]
    known = {name for drawing in listing.figures for name in drawing.files}
    return faults + [
        f"{path.name}: no figure of figures.json" for path in sorted(folder.glob("*.svg")) if path.name not in known
    ]
