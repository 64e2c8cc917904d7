"""The working files of everything that git tracks in stage/, read twice: byte for byte, and as git stores them.

Usually both are the same. They differ where the reader's own git converted files as it checked them out, because of the
reader's configuration (core.autocrlf) or attributes (eol, ident, working-tree-encoding). Such a file is not edited: its
bytes are what the reader's git makes of the committed ones. The reader's git is asked for that, and only about files
whose bytes are not those of the index.
"""

import os
import shutil
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .git import Repo
from .objects import FILE, GITLINK, LINK, PROGRAM, Row, blob_id


@dataclass(frozen=True)
class Files:
    """Three trees of the files that git tracks.

    index: what is staged; None where there are conflicts. exact: the files byte for byte. stored: the files as git
    stores them, with the conversions of the reader's git undone.
    """

    index: str | None
    exact: str
    stored: str


def read(repo: Repo, folder: Path, scratch: Path) -> Files:
    """Read the files in `folder` that git tracks. The reader's own index stays as it is.

    scratch: a folder for a temporary index.
    """
    staging = repo.with_index(scratch / "work.index")
    real = repo.git_dir / "index"
    if real.exists():
        shutil.copyfile(real, scratch / "work.index")
    else:
        staging.read_tree("HEAD")
    rows = staging.index_rows()
    index = None if any(row.stage for row in rows) else staging.write_tree()
    reader = _Reader(staging, folder)
    changed = reader.exact(rows)
    if index and not changed:
        return Files(index, index, index)
    staging.set_entries(changed)
    exact = staging.write_tree()
    converted = reader.converted()
    if not converted:
        return Files(index, exact, exact)
    staging.set_entries(converted)
    return Files(index, exact, staging.write_tree())


def found_at(folder: Path, path: str) -> tuple[str, bytes] | None:
    """Return mode and content of a file as git sees it; None where there is none, or one beyond a link."""
    place = folder / path
    try:
        about = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if beyond_a_link(folder, path):
        return None
    if stat.S_ISLNK(about.st_mode):
        return LINK, os.fsencode(place.readlink())
    if stat.S_ISREG(about.st_mode):
        return PROGRAM if about.st_mode & stat.S_IXUSR else FILE, place.read_bytes()
    return None


def beyond_a_link(folder: Path, path: str) -> str | None:
    """Return the symbolic link on the way to this path, if there is one."""
    above = [str(parent) for parent in Path(path).parents if str(parent) != "."]
    return next((parent for parent in reversed(above) if (folder / parent).is_symlink()), None)


def row(mode: str, blob: str, path: str) -> str:
    """Return a row for an index. A path that had a conflict has none afterwards."""
    return f"{mode} {blob} 0\t{path}"


def gone(path: str) -> str:
    """Return a row that takes a path out of an index."""
    return f"0 {'0' * 40} 0\t{path}"


class _Reader:
    """One look at the files: what their rows are, and which of them the reader's git converted."""

    def __init__(self, repo: Repo, folder: Path):
        self.repo, self.folder = repo, folder
        self.with_files = repo.with_files(folder)  # so that its .gitattributes are heard, too
        self.setting = cache(repo.setting)
        self.edited: dict[str, tuple[Row, str, bytes]] = {}  # path -> its row in the index, mode and content

    def exact(self, rows: list[Row]) -> list[str]:
        """Return the rows by which an index of the files differs from the index, byte for byte."""
        out = []
        for path, before in {row.path: row for row in rows}.items():
            if before.mode == GITLINK:
                continue  # a repository of the reader's inside stage/: never touched
            there = found_at(self.folder, path)
            if there is None:
                if before.tag != "S":  # not there, and git was not told that this is as it should be
                    out.append(gone(path))
                continue
            mode, content = self._mode(before.mode, there[0]), there[1]
            blob = blob_id(content)
            if before.stage or (mode, blob) != (before.mode, before.blob):
                out += [gone(path), row(mode, self._stored(before, blob, content), path)]
                if not before.stage and mode != LINK and blob != before.blob:
                    self.edited[path] = before, mode, content
        return out

    def _mode(self, before: str, now: str) -> str:
        """Return the mode; the index's, where this file system knows no links or no permissions."""
        if before == LINK and now != LINK:
            return now if self.setting("core.symlinks") else before
        if now == LINK or before == now:
            return now
        return now if self.setting("core.fileMode") else before

    def _stored(self, before: Row, blob: str, content: bytes) -> str:
        return blob if blob == before.blob else self.repo.store(content)

    def converted(self) -> list[str]:
        """Return rows for the files that the reader's git converted: as that git would store them."""
        out = []
        for path, (before, mode, content) in self.edited.items():
            stored = self._without_conversion(path, before.blob, content)
            if stored:
                out.append(row(mode, stored, path))
        return out

    def _without_conversion(self, path: str, committed: str, content: bytes) -> str | None:
        """Return the blob that the reader's git made this content of; None where it did not.

        Nothing is lost by taking that blob for the file, because the reader's git makes the same bytes of it again.
        Of an edited file that can be said by chance, too: then the edit must be the smaller one of the two readings.
        """
        if self.with_files.smudged(path, committed) == content:
            return committed
        stored = self.with_files.cleaned(path, content)
        if stored is None or stored == blob_id(content) or self.with_files.smudged(path, stored) != content:
            return None
        nearer = self.repo.distance(committed, stored) < self.repo.distance(committed, blob_id(content))
        return stored if nearer else None
