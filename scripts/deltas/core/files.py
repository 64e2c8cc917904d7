"""Files and folders: written whole or not at all, a place for a moment, and a Python file loaded by its path."""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from .errors import CheckFailed


def write(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write the content beside the file and rename it over the file. Raise OSError, with the file as it was.

    A reader, a full disk or a power cut never leaves half of it: content and name are on the disk when this returns.
    mode: its permissions; without it the file keeps those that it has.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            beside.chmod(stat.S_IMODE(path.stat().st_mode) if mode is None else mode)
        beside.replace(path)
        _sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the file system can do that."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder for the time of a `with` block, and remove those that killed commands left behind.

    All of them lie in one folder of the system's temporary directory. Whoever uses one holds a lock on it, which the
    kernel takes back when the process ends, however it ends: a folder whose lock is free is nobody's any more.
    """
    home = _home()
    if home is None:
        with tempfile.TemporaryDirectory(prefix="deltas-") as name:
            yield Path(name)
        return
    _sweep(home)
    folder, held = _lend(home)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _home() -> Path | None:
    """Return the folder of all scratch folders; None where somebody else made it, who could see what is in them."""
    try:
        home = Path(tempfile.gettempdir()) / f"makemore-deltas-{os.geteuid()}"
    except FileNotFoundError as error:
        raise CheckFailed(
            f"there is no place for temporary files: {error.strerror}",
            "a folder that can be written to",
            ["TMPDIR=/such/a/folder, before the command"],
        ) from None
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    about = home.lstat()
    ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077
    return home if ours else None


def _lend(home: Path) -> tuple[Path, int]:
    """Make a folder and lock it. It is called `new-…` until it is locked, so that nobody takes it for abandoned."""
    while True:
        new = Path(tempfile.mkdtemp(prefix="new-", dir=home))
        try:
            held = os.open(new, os.O_RDONLY)
        except FileNotFoundError:  # swept away already
            continue
        with contextlib.suppress(OSError):  # a file system without locks: what is left there stays
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            return new.rename(home / new.name.replace("new-", "in-use-", 1)), held
        except FileNotFoundError:
            os.close(held)


def _sweep(home: Path) -> None:
    """Remove the folders that nobody holds."""
    for folder in home.glob("new-*"):
        with contextlib.suppress(OSError):
            folder.rmdir()  # it is empty as long as it is called so
    for folder in home.glob("in-use-*"):
        with contextlib.suppress(OSError):
            held = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)


def module(path: Path) -> ModuleType:
    """Load a Python file that belongs to no package, such as a stage's figures.py, under a name made of its path."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}/{path.stem}", path)
    assert spec and spec.loader, path
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their module up there
    spec.loader.exec_module(loaded)
    return loaded
