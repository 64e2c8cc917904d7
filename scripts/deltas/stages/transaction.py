"""All of it or none: files renamed into place, references moved, an index replaced, as one.

A redo log. Everything that needs disk space is made ready aside (new files in `.journal/`, reference locks, the index);
then `.journal/journal.json` says "commit", and from there little but renames is left, which a later command can finish.
Killed before that line, the next command throws the preparations away; killed after it, it finishes them.

    with lock(project):          # recovers first
        with Transaction(project, "apply 03", repo) as change:
            change.write(path, content)
            change.ref("HEAD", new, old)

One lock for a checkout, held by the kernel (flock) and inherited by child gits: nothing of ours is alive when it is
free, so a `.lock` that the journal names is stale, and only such a lock is ever removed.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from ..core import console
from ..core.errors import CheckFailed, WorkAtRisk
from ..core.project import Project
from .git import RefsMoved, RefTransaction, Repo

PATIENCE = 20.0  # seconds to wait for another command


@contextlib.contextmanager
def lock(project: Project) -> Iterator[None]:
    """One command at a time in a checkout; what an interrupted one left is finished or undone first."""
    fd = os.open(project.root, os.O_RDONLY)
    try:
        _wait_for(fd)
        Repo.lock_fd = fd
        recover(project)
        yield
    finally:
        Repo.lock_fd = None
        os.close(fd)


def _wait_for(fd: int) -> None:
    until = time.monotonic() + PATIENCE
    said = False
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise CheckFailed(
                    "another command is at work in this checkout", "one at a time", ["wait for it"]
                ) from None
            if not said:
                console.note("waiting for another command in this checkout")
            said = True
            time.sleep(0.05)


def pending(project: Project) -> bool:
    """Whether an interrupted command left something to finish or undo."""
    return project.journal.exists()


class Transaction:
    """Collects what is to change; leaving the `with` block without an exception does it."""

    def __init__(self, project: Project, what: str, repo: Repo):
        self.project, self.what, self.repo = project, what, repo
        self._files: list[dict] = []
        self._refs: list[tuple[str, str | None, str | None]] = []
        self._index = False
        self._references: RefTransaction | None = None

    def __enter__(self) -> "Transaction":
        self.project.journal.mkdir(exist_ok=True)
        (self.project.journal / "begun").touch()
        return self

    def write(self, target: Path, content: bytes, mode: str = "100644") -> None:
        """This file gets this content."""
        staged = self.project.journal / f"{len(self._files)}.new"
        staged.write_bytes(content)
        staged.chmod(0o755 if mode == "100755" else 0o644)
        self._note(target, staged.name, content)

    def remove(self, target: Path) -> None:
        """This file goes."""
        self._note(target, None, None)

    def _note(self, target: Path, staged: str | None, content: bytes | None) -> None:
        self._files.append(
            {
                "target": str(target.relative_to(self.project.root)),
                "staged": staged,
                "old": fingerprint(target),
                "new": None if content is None else hashlib.sha256(content).hexdigest(),
            }
        )

    @property
    def index(self) -> Path:
        """Where the caller writes stage/'s new index."""
        self._index = True
        return self.project.journal / "index"

    def ref(self, name: str, new: str | None, old: str | None) -> None:
        """This reference moves from old to new; None is "does not exist"."""
        if new != old:
            self._refs.append((name, new, old))

    def __exit__(self, kind, error, trace) -> None:
        if kind is not None:
            shutil.rmtree(self.project.journal, ignore_errors=True)
            return
        try:
            self._commit()
        except BaseException:
            if self._references:
                self._references.abort()
            recover(self.project, quietly=True)
            raise

    def _commit(self) -> None:
        log = {"what": self.what, "phase": "prepare", "files": self._files, "refs": self._refs, "index": self._index}
        _write_log(self.project, log)
        self._references = references = self.repo.ref_transaction()
        try:
            references.prepare(self._refs)
            if self._index:
                _lock_index(self.project)
            for file in self._files:
                if fingerprint(self.project.root / file["target"]) != file["old"]:
                    raise WorkAtRisk(f"{file['target']} changed while this command was at work", "", ["run it again"])
            _write_log(self.project, log | {"phase": "commit"})
        except RefsMoved as error:
            raise _held(error) from None
        for file in self._files:
            _put(self.project, file)
        if self._index:
            _put_index(self.project)
        references.commit()
        _forget(self.project)


def recover(project: Project, quietly: bool = False) -> None:
    """Finishes or undoes what the journal says was under way."""
    if not pending(project):
        return
    try:
        log = json.loads((project.journal / "journal.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return _forget(project)  # nothing was under way yet
    repo = Repo(project.stage / ".git", project.stage)
    standing = (project.stage / ".git").is_dir()
    if standing and not all(repo.has(new) for _, new, _ in log["refs"] if new):
        raise WorkAtRisk(
            f"`{log['what']}` was interrupted, and stage/ is no longer the repository that it was at work in",
            "stage/ as it was, for what was begun to be finished or undone",
            ["put stage/ back, then run the command again", "rm -r .journal   # forgets what was begun"],
        )
    if standing:
        _remove_stale_locks(project, log)
    if log["phase"] == "prepare":
        _remove_index_lock(project)
        _forget(project)
        return None if quietly else console.note(f"undid `{log['what']}`, which had been interrupted")
    for file in log["files"]:
        if standing or not file["target"].startswith("stage/"):
            _put(project, file)
    if standing and log["index"]:
        _put_index(project)
    if standing:
        _move_refs(repo, log)
    _forget(project)
    return None if quietly else console.note(f"finished `{log['what']}`, which had been interrupted")


def _held(error: RefsMoved) -> CheckFailed:
    return CheckFailed(
        f"the references of stage/ cannot be moved: {error}",
        "no other git at work in stage/",
        ["run the command again", "rm the .lock file that is named   # if no git is at work in stage/"],
    )


def _move_refs(repo: Repo, log: dict) -> None:
    """The references of an interrupted commit. What one was moved to since is kept under refs/kept/."""
    updates = []
    for name, new, old in log["refs"]:
        now = repo.resolve(name)
        if now == new:
            continue
        if now not in (old, None) and new is not None:
            updates.append(
                (f"refs/kept/interrupted-{now[:12]}", now, repo.resolve(f"refs/kept/interrupted-{now[:12]}"))
            )
        updates.append((name, new, now))
    references = repo.ref_transaction()
    try:
        references.prepare([update for update in updates if update[1] != update[2]])
    except RefsMoved as error:
        references.abort()
        raise _held(error) from None
    references.commit()


def _put(project: Project, file: dict) -> None:
    """One file into its place. Somebody's edit since the interruption is put aside, beside it."""
    target = project.root / file["target"]
    now = fingerprint(target)
    staged = project.journal / file["staged"] if file["staged"] else None
    if now == file["new"] and (staged is None or not staged.exists()):
        return
    if now not in (None, file["old"], file["new"]):
        aside = target.with_name(f"{target.name}.yours-{time.strftime('%Y%m%d-%H%M%S')}")
        target.rename(aside)
        console.note(f"{file['target']} was edited since; your version is {aside.relative_to(project.root)}")
    if staged is None:
        _delete(target, project.root)
    elif not staged.exists():
        console.note(f"{file['target']} could not be put in place: what was made ready for it is gone")
    else:
        if target.is_dir() and not target.is_symlink():
            target.rmdir()  # an emptied folder gives way to a file
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)


def _delete(target: Path, root: Path) -> None:
    if target.is_symlink() or target.is_file():
        target.unlink()
    folder = target.parent
    while folder != root / "stage" and folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _lock_index(project: Project) -> None:
    """Takes git's own lock on stage/'s index, with our index as its content."""
    target = project.stage / ".git" / "index.lock"
    for _ in range(40):
        try:
            return os.link(project.journal / "index", target)
        except FileExistsError:
            time.sleep(0.05)
    raise CheckFailed(
        "another git is at work in stage/: stage/.git/index.lock exists",
        "",
        ["close what uses it and run the command again", "rm stage/.git/index.lock   # if nothing does"],
    )


def _put_index(project: Project) -> None:
    ours, index = project.journal / "index", project.stage / ".git" / "index"
    if not ours.exists() or (index.exists() and index.samefile(ours)):
        return
    held = index.with_name("index.lock")
    if not (held.exists() and held.samefile(ours)):
        _lock_index(project)
    held.replace(index)


def _remove_index_lock(project: Project) -> None:
    held, ours = project.stage / ".git" / "index.lock", project.journal / "index"
    if held.exists() and ours.exists() and held.samefile(ours):
        held.unlink()


def _remove_stale_locks(project: Project, log: dict) -> None:
    """Locks of the references that the journal names: whoever held them is dead, for we hold the lock over all.

    A lock older than the journal, or with another value in it, is somebody else's.
    """
    git = project.stage / ".git"
    begun = (project.journal / "begun").stat().st_mtime
    ours = {f"{name}.lock": {new or "", ""} for name, new, _ in log["refs"]}
    for name, values in ours.items():
        held = git / name
        if held.is_file() and held.stat().st_mtime >= begun and held.read_text().strip() in values:
            held.unlink()
    if any(new is None for _, new, _ in log["refs"]):  # where a reference goes, the packed ones are written anew
        for packed in (git / "packed-refs.lock", git / "packed-refs.new"):
            if packed.is_file() and packed.stat().st_mtime >= begun:
                packed.unlink()


def _write_log(project: Project, log: dict) -> None:
    draft = project.journal / "journal.draft"
    draft.write_text(json.dumps(log, indent=1), encoding="utf-8")
    draft.replace(project.journal / "journal.json")


def _forget(project: Project) -> None:
    """The journal itself goes first: without it the rest is litter."""
    (project.journal / "journal.json").unlink(missing_ok=True)
    shutil.rmtree(project.journal, ignore_errors=True)


def fingerprint(path: Path) -> str | None:
    """What stands at a path: a hash of the content, or None for nothing."""
    if path.is_symlink():
        return f"link:{path.readlink()}"
    if not path.exists():
        return None
    if path.is_dir():
        return "folder"
    return hashlib.sha256(path.read_bytes()).hexdigest()
