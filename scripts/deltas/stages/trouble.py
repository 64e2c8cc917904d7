"""Trouble that comes from the machine, told for what it is: a full disk, no permission, a damaged repository.

A cause is named only where it was established: by the kernel (its error numbers, which git prints in words), by git
(it found an object damaged), or by looking (this folder belongs to root). Everything else is told in git's own words.
No way out that is named here destroys anything: what stands in the way is moved aside, never deleted.
"""

import errno
import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from ..core.errors import CheckFailed, Refusal
from ..core.project import Project
from . import upstream
from .complaints import LOCK, Cause, cause, words
from .git import GitFailed

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM}
AGAIN = "run the command again"


def explain(project: Project, error: GitFailed | OSError) -> Refusal | None:
    """Return what went wrong, and what gets out of it; None for an OSError that no machine is to blame for."""
    return _of_the_system(project, error) if isinstance(error, OSError) else _of_git(project, error)


def _of_the_system(project: Project, error: OSError) -> Refusal | None:
    place = _short(project, error.filename or error.filename2)
    said = f"{place}: {error.strerror}" if place else str(error.strerror)
    if error.errno in FULL:
        return _full(said)
    if error.errno == errno.EROFS:
        return _read_only(said)
    if error.errno == errno.EIO:
        return _broken_disk(said)
    if error.errno in FORBIDDEN:
        named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name]
        return _forbidden(project, said, (place for path in named for place in (path, path.parent)))
    return None


def _of_git(project: Project, error: GitFailed) -> Refusal:
    said = words(error.said) or str(error)
    match cause(error.said):
        case Cause.FULL:
            return _full(said)
        case Cause.READ_ONLY:
            return _read_only(said)
        case Cause.BROKEN_DISK:
            return _broken_disk(said)
        case Cause.FORBIDDEN:
            return _forbidden(project, said, _inside(_repositories(project, error.git_dir)))
        case Cause.FOREIGN:
            return _foreign(said, error.git_dir)
        case Cause.LOCKED if lock := LOCK.search(error.said):
            return another_git(project, Path(lock["lock"]))
        case Cause.INDEX:
            return _index(said)
        case Cause.OBJECT:
            return _damaged(project, said, error.git_dir)
    return CheckFailed(
        f"git failed: {error}", "", ["git -C stage fsck --no-dangling   # looks for damage in stage/, changes nothing"]
    )


def another_git(project: Project, lock: Path) -> Refusal:
    """Return the refusal for a lock that is not ours."""
    place = _short(project, lock)
    return CheckFailed(
        f"another git is at work in stage/: {place} exists",
        "no other git at work in stage/",
        ["close what uses it and run the command again", f"rm {shlex.quote(place)}   # only if no git is running"],
    )


def _full(said: str) -> Refusal:
    return CheckFailed(f"the disk is full: {said}", "room for a few files", ["df -h .   # free some space", AGAIN])


def _read_only(said: str) -> Refusal:
    return CheckFailed(f"this file system cannot be written to: {said}", "one that can", ["mount   # says how it is"])


def _broken_disk(said: str) -> Refusal:
    return CheckFailed(f"the disk cannot be read or written: {said}", "a disk that works", ["dmesg   # says more"])


def _foreign(said: str, git_dir: Path | None) -> Refusal:
    return CheckFailed(
        f"git does not work in a folder of somebody else's: {said}",
        "folders of yours, or ones that git was told to trust",
        [f"git config --global --add safe.directory {shlex.quote(str(git_dir))}"],
    )


def _index(said: str) -> Refusal:
    return CheckFailed(
        f"the index of stage/ is damaged: {said}",
        "an index that git can read; your files are not affected, only what you staged",
        ["mv stage/.git/index index.damaged   # keeps it; the next command makes a new one", AGAIN],
    )


def _damaged(project: Project, said: str, git_dir: Path | None) -> Refusal:
    """Tell which repository lacks an object. Stages are built in stage/, or in a scratch that borrows upstream's."""
    expected = "every object that its commits name, whole"
    if git_dir == project.stage / ".git":
        return CheckFailed(
            f"the repository in stage/ is damaged, or lacks an object: {said}",
            expected,
            [
                "git -C stage fsck --no-dangling   # says what else is damaged, changes nothing",
                "mv stage stage.old   # keeps all of it; the next command makes a new stage/",
            ],
        )
    modules = _short(project, upstream.git_dir(project)) if upstream.present(project) else ""
    moved = f"mv {shlex.quote(modules)} makemore.git.old && " if modules.startswith(".git/") else ""
    return CheckFailed(
        f"the repository of upstream/makemore is damaged, or lacks an object: {said}",
        expected,
        [
            "git -C upstream/makemore fsck --no-dangling   # says what else is damaged, changes nothing",
            f"{moved}mv upstream/makemore makemore.old   # keeps all of it; the next command fetches it anew",
        ],
    )


# -- permissions ------------------------------------------------------------------------------------------------------


def repository_is_closed(project: Project, git_dir: Path) -> Refusal | None:
    """Return a refusal where something in a repository may not be used. git says of one that it is no repository."""
    return _closed(project, f"{_short(project, git_dir)} cannot be read", _inside([git_dir]))


def _forbidden(project: Project, said: str, places: Iterable[Path]) -> Refusal:
    """Tell that something may not be used, and what, where that can be seen."""
    return _closed(project, said, places) or CheckFailed(
        f"permission denied: {said}", "files and folders that you may read and write", [AGAIN]
    )


def _closed(project: Project, said: str, places: Iterable[Path]) -> Refusal | None:
    """Tell which of these places may not be used, and whose they are; None where all may be.

    The usual cause is one command that was run as root. Nothing is said of places outside the checkout: they are not
    ours to give to anybody.
    """
    ours = (place for place in places if place.is_relative_to(project.root) and not _usable(place))
    closed = list(dict.fromkeys(islice(ours, 3)))
    if not closed:
        return None
    rows = [f"{_short(project, path)} belongs to {_owner(path)}" for path in closed]
    listed = " ".join(map(shlex.quote, sorted({_top(project, path) for path in closed})))
    mine = all(path.lstat().st_uid == os.geteuid() for path in closed)
    return CheckFailed(
        f"permission denied: {said}\n    " + "\n    ".join(rows),
        "files and folders that you may read and write",
        [f"chmod -R u+rwX {listed}" if mine else f'sudo chown -R "$(id -un)" {listed}', AGAIN],
    )


def _repositories(project: Project, git_dir: Path | None) -> Iterator[Path]:
    """Yield what a git of ours uses: the repository itself, and upstream's objects."""
    if git_dir:
        yield git_dir
    if upstream.present(project):
        yield upstream.objects(project)


def _inside(places: Iterable[Path]) -> Iterator[Path]:
    """Yield these folders and everything in them."""
    for place in places:
        yield place
        for folder, names, files in os.walk(place):
            yield from (Path(folder, name) for name in (*names, *files))


def _usable(path: Path) -> bool:
    """Return whether a folder can be changed, or a file can be read. What cannot be seen counts as usable."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return True
    if stat.S_ISLNK(mode):
        return True
    need = os.R_OK | os.W_OK | os.X_OK if stat.S_ISDIR(mode) else os.R_OK
    return os.access(path, need, effective_ids=os.access in os.supports_effective_ids)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"user {path.lstat().st_uid}"


def _top(project: Project, path: Path) -> str:
    """Return what to open as a whole: `stage` for anything in it."""
    parts = path.relative_to(project.root).parts
    return parts[0] if parts else "."


def _short(project: Project, path: str | bytes | Path | None) -> str:
    """Return the path as seen from the checkout."""
    if path is None:
        return ""
    whole = Path(os.fsdecode(path))
    return str(whole.relative_to(project.root)) if whole.is_relative_to(project.root) else str(whole)
