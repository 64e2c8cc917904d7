"""Files into a folder that is somebody else's: what we wrote before may be replaced, nothing else is touched."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core import jsonfile
from ..core.errors import BadInput
from ..core.files import write
from .document import dumps

RECORD = "data/deltas/published.json"  # what we wrote there, by its hash


@dataclass
class Delivered:
    """What happened to the paths. kept: pages that somebody has written in since."""

    written: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def deliver(
    folder: Path,
    files: Mapping[str, bytes],
    pages: Mapping[str, bytes],
    gone: Callable[[str], bool],
    before: Mapping[str, bytes] | None = None,
) -> Delivered:
    """Write files and pages. gone(path): whether something that we wrote earlier should be there no more.

    before: files that the program itself rewrites as it likes; they are written first, once nothing is to be refused.

    A page that was edited is kept. For any other file in the way that we did not write, everything is refused before
    anything is written (BadInput). What we no longer write is removed where it is still as we wrote it.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file", "the folder of a Hugo site, or a new one")
    ours = record(folder)
    _refuse_foreign(folder, files, ours)
    done = Delivered()
    wanted = dict(files)
    free = unedited(folder, pages)
    wanted |= {path: content for path, content in pages.items() if path in free}
    done.kept += [path for path in pages if path not in free]
    hashes = {path: _hash(content) for path, content in wanted.items()}
    for path, content in (before or {}).items():
        if _content(folder / path) != content:
            write(folder / path, content)
    if wanted:  # before the first file, so that a call that breaks off leaves nothing that looks foreign
        _note(folder, ours | {path: sorted({*ours.get(path, []), new}) for path, new in hashes.items()})
    for path, content in wanted.items():
        if _content(folder / path) == content:
            done.same.append(path)
        else:
            write(folder / path, content)
            done.written.append(path)
    for path in sorted(set(ours) - set(files) - set(pages)):
        if gone(path):
            if _hash(_content(folder / path) or b"") in ours[path]:
                (folder / path).unlink()
                done.removed.append(path)
            del ours[path]
    _note(folder, ours | {path: [new] for path, new in hashes.items()})
    return done


def unedited(folder: Path, pages: Mapping[str, bytes]) -> set[str]:
    """Return the paths of the pages that `deliver` would write: they are not there, or still as we wrote them."""
    ours = record(folder)
    return {path for path, content in pages.items() if _may_write(folder / path, content, ours.get(path, []))}


def _refuse_foreign(folder: Path, files: Mapping[str, bytes], ours: Mapping[str, list[str]]) -> None:
    """Refuse to write over a file that somebody else wrote, or changed. BadInput."""
    foreign = [path for path, content in files.items() if not _may_write(folder / path, content, ours.get(path, []))]
    if foreign:
        shown = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
        raise BadInput(
            f"{folder} holds files of somebody else where ours go: {shown}",
            "files that scripts/publish.sh wrote and nobody changed, or none; nothing was written",
            [f"mv {folder / foreign[0]} {folder / foreign[0]}.mine   # keeps yours"],
        )


def record(folder: Path) -> dict[str, list[str]]:
    """Return path -> the hashes of what we wrote there. BadInput where the record was damaged."""
    path = folder / RECORD
    try:
        table = jsonfile.read(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    files = table.get("files") if isinstance(table, dict) else None
    if not isinstance(files, dict) or not all(isinstance(hashes, list) for hashes in files.values()):
        raise BadInput(f"{path}: not a record of what was published", "the file as scripts/publish.sh wrote it")
    return files


def _note(folder: Path, ours: dict[str, list[str]]) -> None:
    write(folder / RECORD, dumps({"files": dict(sorted(ours.items()))}).encode())


def _may_write(path: Path, content: bytes, ours: list[str]) -> bool:
    if path.is_dir() or any(parent.is_file() for parent in path.parents):
        return False
    there = _content(path)
    return there is None or there == content or _hash(there) in ours


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
