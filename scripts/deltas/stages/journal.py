"""The folder `.journal/`: what a command is about to do, until it has done it.

    begun          made first: the folder is ours, and nothing in it is older than this file
    journal.json   the log: what is to be done, and whether it may still be undone
    N.new          the new content of a file that the log names
    index          the new index of stage/
    clone/         a stage/ that is being made

Whatever else is called `.journal`, or lies in it, is somebody's: it is neither read nor removed.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from ..core import files
from ..core.errors import WorkAtRisk
from ..core.project import Project
from .references import Update

_OURS = re.compile(r"begun|\.?(?:journal\.json|\d+\.new)(?:\.\d+)?|index(?:\.lock)?|clone")  # .NAME.PID: half-written


class FileStep(msgspec.Struct, frozen=True):
    """One file gets new content, or goes. Paths are seen from the checkout.

    staged: the file in the journal with the new content; None: the file goes. old, new: fingerprints.
    """

    target: str
    staged: str | None
    old: str | None
    new: str | None


class FolderStep(msgspec.Struct, frozen=True):
    """One folder gets another name. Folders move before files are written, so file steps name the new place."""

    start: str
    end: str


class Log(msgspec.Struct, frozen=True):
    """What a command is about to do. From the phase "commit" on it is finished, before that it is undone."""

    what: str
    phase: Literal["prepare", "commit"]
    files: list[FileStep]
    refs: list[Update]
    index: bool
    folders: list[FolderStep] = []


def pending(project: Project) -> bool:
    """Return whether something is called `.journal`: an interrupted command's, as a rule."""
    return project.journal.exists() or project.journal.is_symlink()


def begin(project: Project) -> None:
    """Make the folder. The lock is held, and `recover` has removed what was there."""
    project.journal.mkdir()
    (project.journal / "begun").touch()


def write(project: Project, log: Log) -> None:
    """Write the log, whole or not at all. It is on the disk before anything that it names is done."""
    files.write(project.journal / "journal.json", json.dumps(msgspec.to_builtins(log), indent=1).encode())


def read(project: Project) -> Log | None:
    """Return the log; None where nothing was under way yet. Raise WorkAtRisk for a `.journal` that is not ours."""
    folder = project.journal
    if folder.is_symlink() or not folder.is_dir():
        raise _not_ours("it is a link" if folder.is_symlink() else "it is no folder")
    names = sorted(path.name for path in folder.iterdir())
    strange = [name for name in names if not _OURS.fullmatch(name)]
    if strange:
        raise _not_ours(f"it holds {', '.join(strange[:3])}")
    if names and "begun" not in names:
        raise _not_ours(f"it holds {', '.join(names[:3])} and lacks the file `begun`")
    try:
        log = msgspec.convert(json.loads((folder / "journal.json").read_text(encoding="utf-8")), Log)
    except FileNotFoundError:
        return None
    except (ValueError, IsADirectoryError) as error:  # msgspec's and json's errors are ValueErrors
        raise _not_ours(f"journal.json cannot be understood: {error}") from None
    places = [file.target for file in log.files] + [place for f in log.folders for place in (f.start, f.end)]
    outside = [place for place in places if ".." in PurePosixPath(place).parts or PurePosixPath(place).is_absolute()]
    staged = [file.staged for file in log.files if file.staged and not _OURS.fullmatch(file.staged)]
    if outside or staged:
        raise _not_ours(f"journal.json names {(outside + staged)[0]}, which no command of ours would touch")
    return log


def _not_ours(why: str) -> WorkAtRisk:
    return WorkAtRisk(
        f"something here is called .journal and was not made by these commands: {why}",
        "no such name, or the folder in which an interrupted command left what it was about to do",
        ["mv .journal journal.old   # keeps it; then run the command again"],
    )


def forget(project: Project) -> None:
    """Remove what is ours. The log goes first: without it the rest is litter."""
    (project.journal / "journal.json").unlink(missing_ok=True)
    for path in project.journal.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != "begun":
            path.unlink(missing_ok=True)
    (project.journal / "begun").unlink(missing_ok=True)  # last: what is left of a killed `forget` is still ours
    project.journal.rmdir()


def fingerprint(path: Path) -> str | None:
    """Return what stands at a path: a hash of the content, or None for nothing."""
    if path.is_symlink():
        return f"link:{path.readlink()}"
    if not path.exists():
        return None
    if path.is_dir():
        return "folder"
    return hash_of(path.read_bytes())


def hash_of(content: bytes) -> str:
    """Return the fingerprint of a file with this content."""
    return hashlib.sha256(content).hexdigest()
