"""Files are written whole or not at all; a folder for a moment is gone afterwards, also when its command was killed."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from deltas.core import files
from deltas.core.errors import CheckFailed


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """A temporary directory of the test's own."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return place


def left(temporary: Path) -> list[Path]:
    return [path for home in temporary.iterdir() for path in home.iterdir()]


def start(how: str) -> tuple[int, Path]:
    """A process that holds a folder; it is killed, or waits to be."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with files.scratch() as folder:
                (folder / "deep").mkdir()
                (folder / "deep" / "file").write_text("x")
                os.write(into, str(folder).encode())
                if how == "waits":
                    signal.pause()
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.close(into)
    folder = Path(os.read(out, 1000).decode())
    os.close(out)
    if how == "is killed":
        os.waitpid(child, 0)
    return child, folder


def test_scratch_is_there_and_goes(temporary):
    with files.scratch() as folder, files.scratch() as another:
        assert folder != another and folder.is_dir() and another.is_dir()
        (folder / "x").write_text("x")
        assert folder.stat().st_mode & 0o077 == 0, "nobody else sees what is in it"
    assert left(temporary) == []


def test_scratch_goes_when_it_fails(temporary):
    with pytest.raises(ZeroDivisionError), files.scratch():
        1 / 0  # noqa: B018
    assert left(temporary) == []


def test_folder_of_a_killed_command_goes_with_the_next(temporary):
    _, folder = start("is killed")
    assert (folder / "deep" / "file").exists()
    with files.scratch():
        assert not folder.exists()
    assert left(temporary) == []


def test_folder_of_a_command_at_work_stays(temporary):
    child, folder = start("waits")
    try:
        with files.scratch():
            assert (folder / "deep" / "file").exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_folder_of_a_killed_command_whose_child_is_alive_goes(temporary):
    """The lock is the command's own: its children do not hold it."""
    out, into = os.pipe()
    alive, end = os.pipe()  # the child lives until the test closes `end`
    command = os.fork()
    if command == 0:
        try:
            os.close(end)
            with files.scratch() as folder:
                subprocess.Popen(["cat"], stdin=alive, stdout=subprocess.DEVNULL)
                os.write(into, str(folder).encode())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.waitpid(command, 0)
    folder = Path(os.read(out, 1000).decode())
    with files.scratch():
        assert not folder.exists()
    for fd in (out, into, alive, end):
        os.close(fd)


@pytest.mark.parametrize("what", ["a link", "a file's", "open to all"])
def test_place_that_somebody_else_made_is_not_used(temporary, tmp_path, what):
    """Another user of the machine could have made it, and would see what is in it."""
    home = temporary / f"makemore-deltas-{os.geteuid()}"
    trap = tmp_path / "trap"
    trap.mkdir()
    if what == "a link":
        home.symlink_to(trap)
    elif what == "open to all":
        home.mkdir()
        home.chmod(0o777)
    else:
        home.write_text("x")
    with files.scratch() as folder:
        assert folder.is_dir() and folder.parent == temporary
    assert list(trap.iterdir()) == [] and len(list(temporary.iterdir())) == 1


def test_no_place_for_temporary_files(monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/nowhere']")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(CheckFailed, match="temporary"), files.scratch():
        pass


def test_written_whole_with_its_permissions(tmp_path):
    place = tmp_path / "deep" / "file"
    files.write(place, b"one")
    place.chmod(0o640)
    files.write(place, b"two")
    assert place.read_bytes() == b"two" and place.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in place.parent.iterdir()] == ["file"]


def test_file_stays_as_it_was_when_it_cannot_be_written(tmp_path, monkeypatch):
    place = tmp_path / "file"
    files.write(place, b"one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(place, b"two")
    assert place.read_bytes() == b"one" and [path.name for path in tmp_path.iterdir()] == ["file"]
