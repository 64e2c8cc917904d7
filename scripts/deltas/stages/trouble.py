"""Trouble that comes from the machine, told for what it is: a full disk, no permission, a damaged repository.

A cause is named only where it was established: by the kernel (its error numbers, which git prints in words), by git
(it found an object damaged), or by looking (this folder belongs to root). Everything else is told in git's own words.
No way out that is named here destroys anything: what stands in the way is moved aside, never deleted.
"""

import errno
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.errors import CheckFailed, Refusal, WorkAtRisk
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
        around = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name]
        return _forbidden(project, said, [p for place in around for p in (place, place.parent)])
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
            return _forbidden(project, said, _repositories(project, error.git_dir))
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
        return WorkAtRisk(
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


def _forbidden(project: Project, said: str, where: Iterable[Path]) -> Refusal:
    """Tell that something cannot be used, and what, where that can be seen."""
    return no_permission(project, said, *where) or CheckFailed(
        f"permission denied: {said}", "files and folders that you may read and write", [AGAIN]
    )


def no_permission(project: Project, said: str, *where: Path) -> Refusal | None:
    """Tell what exactly cannot be used, and whose it is: the usual cause is one command that was run as root.

    Return None where everything in these places may be used.
    """
    closed = list(dict.fromkeys(_closed(where)))[:3]
    if not closed:
        return None
    rows = [f"{_short(project, path)} belongs to {_owner(path)}" for path in closed]
    tops = sorted({_top(project, path) for path in closed})
    listed = " ".join(map(shlex.quote, tops))
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


def _closed(places: Iterable[Path]) -> Iterator[Path]:
    """Yield what may not be used: folders that cannot be changed, files that cannot be read."""
    for place in places:
        if not os.path.lexists(place) or place.is_symlink():
            continue
        if not _usable(place):
            yield place
        for folder, names, files in os.walk(place):
            for name in (*names, *files):
                path = Path(folder, name)
                if not path.is_symlink() and not _usable(path):
                    yield path


def _usable(path: Path) -> bool:
    need = os.R_OK | os.W_OK | os.X_OK if path.is_dir() else os.R_OK
    return os.access(path, need, effective_ids=os.access in os.supports_effective_ids)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"user {path.lstat().st_uid}"


def _top(project: Project, path: Path) -> str:
    """Return what to give back as a whole: `stage` for anything in it."""
    place = Path(_short(project, path))
    return str(path) if place.is_absolute() else place.parts[0] if place.parts else "."


def _short(project: Project, path: str | bytes | Path | None) -> str:
    """Return the path as seen from the checkout."""
    if path is None:
        return ""
    whole = Path(os.fsdecode(path))
    return str(whole.relative_to(project.root)) if whole.is_relative_to(project.root) else str(whole)
