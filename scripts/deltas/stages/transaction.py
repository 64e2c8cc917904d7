"""All of it or none: folders renamed, files put into place, references moved, an index replaced, as one.

A redo log. Everything that needs disk space is made ready aside (new files in `.journal/`, reference locks, the index);
then `.journal/journal.json` says "commit", and from there little but renames is left, which a later command can finish.
Killed before that line, the next command throws the preparations away; killed after it, the next command finishes them.

    with lock(project):          # recovers first
        with Transaction(project, "apply 03", repo) as change:
            change.write(path, content)
            change.ref("HEAD", new, old)
"""

import contextlib
import errno
import os
import stat
from pathlib import Path
from types import TracebackType

from ..core import files
from ..core.errors import BadInput, WorkAtRisk
from ..core.project import Project
from . import journal, recovery
from .git import Repo
from .journal import FileStep, FolderStep, Log, fingerprint, hash_of
from .references import RefsMoved, RefTransaction, Update


class Transaction:
    """Collect what is to change. Leaving the `with` block without an exception does it, whole or not at all."""

    def __init__(self, project: Project, what: str, repo: Repo):
        self.project, self.what, self.repo = project, what, repo
        self._files: list[FileStep] = []
        self._folders: list[FolderStep] = []
        self._refs: list[Update] = []
        self._index = False
        self._references: RefTransaction | None = None

    def __enter__(self) -> "Transaction":
        journal.begin(self.project)
        return self

    def write(self, target: Path, content: bytes, mode: str | None = None, was: bytes | None = None) -> None:
        """Give a file this content.

        mode: git's; without one the file keeps its permissions. was: what the caller read and worked with; without
        it, what is there now. Another content at the time of the commit is somebody's edit, and nothing is done.
        """
        staged = self.project.journal / f"{len(self._files)}.new"
        files.write(staged, content, 0o755 if mode == "100755" else 0o644 if mode else self._permissions(target))
        self._add(target, staged.name, hash_of(content), was)

    def remove(self, target: Path, was: bytes | None = None) -> None:
        """Delete a file, and the folders that it leaves empty."""
        self._add(target, None, None, was)

    def rename(self, start: Path, end: Path) -> None:
        """Give a folder another name, with all that is in it. Files are written after that: name their new place."""
        self._folders.append(FolderStep(self._inside(start), self._inside(end)))

    def _add(self, target: Path, staged: str | None, new: str | None, was: bytes | None) -> None:
        old = fingerprint(self._before(target)) if was is None else hash_of(was)
        self._files.append(FileStep(self._inside(target), staged, old, new))

    def _inside(self, path: Path) -> str:
        return str(path.relative_to(self.project.root))

    def _before(self, path: Path) -> Path:
        """Return where a file stands before any folder moves."""
        for folder in self._folders:
            if path.is_relative_to(self.project.root / folder.end):
                return self.project.root / folder.start / path.relative_to(self.project.root / folder.end)
        return path

    def _permissions(self, target: Path) -> int:
        with contextlib.suppress(FileNotFoundError):
            return stat.S_IMODE(self._before(target).stat().st_mode)
        return 0o644

    @property
    def index(self) -> Path:
        """Return where the caller writes stage/'s new index."""
        self._index = True
        return self.project.journal / "index"

    def ref(self, name: str, new: str | None, old: str | None) -> None:
        """Move this reference from old to new; None is "does not exist"."""
        if new != old:
            self._refs.append((name, new, old))

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            with contextlib.suppress(OSError):  # else the next command does it
                journal.forget(self.project)
            return
        try:
            self._commit()
        except BaseException:
            if self._references:
                self._references.abort()
            self._settle()
            raise

    def _settle(self) -> None:
        """Undo what was begun, or finish it where that is no longer possible, before the exception goes on."""
        if not journal.pending(self.project):
            return
        log = journal.read(self.project)
        if log is None:
            return journal.forget(self.project)
        for line in recovery.settle(self.project, log):
            self.project.tell(line)
        if log.phase == "commit":
            self.project.tell(f"`{log.what}` was finished all the same")

    def _commit(self) -> None:
        log = Log(self.what, "prepare", self._files, self._refs, self._index, self._folders)
        journal.write(self.project, log)
        self._references = references = self.repo.ref_transaction()
        try:
            references.prepare(self._refs)
            if self._index:
                recovery.lock_index(self.project)
            self._check()
            journal.write(self.project, Log(self.what, "commit", self._files, self._refs, self._index, self._folders))
        except RefsMoved as error:
            raise recovery.refused(self.project, error) from None
        for folder in self._folders:
            recovery.move(self.project, folder)
        for file in self._files:
            recovery.put(self.project, file)
        if self._index:
            recovery.put_index(self.project)
        references.commit()
        journal.forget(self.project)

    def _check(self) -> None:
        """Refuse where a step would fail or do harm: after the commit nothing may."""
        for file in self._files:
            target = self.project.root / file.target
            if fingerprint(self._before(target)) != file.old:
                raise WorkAtRisk(f"{file.target} changed while this command was at work", "", ["run it again"])
            _must_be_writable(self._before(target).parent)
        for folder in self._folders:
            start, end = self.project.root / folder.start, self.project.root / folder.end
            if not os.path.lexists(start) or os.path.lexists(end):
                raise BadInput(
                    f"{folder.start} cannot become {folder.end}: there is "
                    + (f"a {folder.end} already" if os.path.lexists(end) else f"no {folder.start} any more"),
                    "a name that is free",
                    [f"mv {folder.end} {folder.end}.old"],
                )
            if start.is_mount() or start.lstat().st_dev != self.project.root.stat().st_dev:
                raise BadInput(
                    f"{folder.start} lies on another disk and cannot be renamed", "a folder of this checkout"
                )
            _must_be_writable(start.parent)


def _must_be_writable(folder: Path) -> None:
    """Raise OSError where a file in this folder could not be replaced. A folder that is missing will be made."""
    while not folder.is_dir():
        folder = folder.parent
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        read_only = hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY
        number = errno.EROFS if read_only else errno.EACCES
        raise OSError(number, os.strerror(number), str(folder))
