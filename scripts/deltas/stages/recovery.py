"""Finish or undo what an interrupted command was about to do, as its log says.

A `.lock` of git's that the log names is stale, because nothing of ours is alive when the lock over all is free; only
such a lock is removed. Somebody's edit since the interruption is put aside, never overwritten.
"""

import os
import time
from pathlib import Path

from ..core.errors import CheckFailed, WorkAtRisk
from ..core.project import Project
from . import journal, trouble
from .complaints import LOCK, Cause, cause
from .git import GitFailed, Repo
from .journal import FileStep, FolderStep, Log, fingerprint
from .references import RefsMoved, Update


def recover(project: Project) -> list[str]:
    """Finish or undo what the journal says was under way, and return what was done, a line each.

    The lock is held. Raise WorkAtRisk where neither can be done without harm.
    """
    if not journal.pending(project):
        return []
    log = journal.read(project)
    if log is None:
        journal.forget(project)
        return []
    told = settle(project, log)
    done = "undid" if log.phase == "prepare" else "finished"
    return [*told, f"{done} `{log.what}`, which had been interrupted"]


def settle(project: Project, log: Log) -> list[str]:
    """Undo what a log says where it is in its first phase, else finish it. Return what somebody should hear."""
    repo = Repo(project.stage / ".git")
    standing = (project.stage / ".git").is_dir()
    if standing and not all(repo.has(new) for _, new, _ in log.refs if new):
        raise trouble.repository_is_closed(project, repo.git_dir) or WorkAtRisk(
            f"`{log.what}` was interrupted, and stage/ is no longer the repository that it was at work in",
            "stage/ as it was, for what was begun to be finished or undone",
            [
                "put stage/ back, then run the command again",
                "mv .journal journal.old   # forgets what was begun, and keeps what was to be written",
            ],
        )
    if standing:
        _remove_stale_locks(project, log)
    told = _finish(project, log, repo if standing else None) if log.phase == "commit" else []
    if log.phase == "prepare":
        remove_index_lock(project)
    journal.forget(project)
    return told


def _finish(project: Project, log: Log, repo: Repo | None) -> list[str]:
    """Do what is left to do. repo: None where stage/ is gone."""
    told = [move(project, folder) for folder in log.folders]
    told += [put(project, file) for file in log.files if repo or not file.target.startswith("stage/")]
    if repo and log.index:
        put_index(project)
    if repo:
        _move_refs(project, repo, log)
    return [line for line in told if line]


# -- steps ------------------------------------------------------------------------------------------------------------


def move(project: Project, folder: FolderStep) -> str | None:
    """Give a folder its new name, unless it has it already. Return what somebody should hear."""
    start, end = project.root / folder.start, project.root / folder.end
    if not os.path.lexists(start):
        return None if os.path.lexists(end) else f"{folder.start} is gone, so it could not become {folder.end}"
    if os.path.lexists(end):
        return f"{folder.start} is there again; it was left where it is, beside {folder.end}"
    end.parent.mkdir(parents=True, exist_ok=True)
    start.rename(end)
    return None


def put(project: Project, file: FileStep) -> str | None:
    """Put one file into its place, unless it is there. Return what somebody should hear.

    Somebody's edit since the interruption is put aside, beside the file.
    """
    target = project.root / file.target
    now = fingerprint(target)
    staged = project.journal / file.staged if file.staged else None
    if now == file.new and (staged is None or not staged.exists()):
        return None
    told = None
    if now not in (None, file.old, file.new):
        aside = target.with_name(f"{target.name}.yours-{time.strftime('%Y%m%d-%H%M%S')}")
        target.rename(aside)
        told = f"{file.target} was edited since; your version is {aside.relative_to(project.root)}"
    if staged is None:
        _delete(target, project.root)
    elif not staged.exists():
        return f"{file.target} could not be put in place: what was made ready for it is gone"
    else:
        if target.is_dir() and not target.is_symlink():
            target.rmdir()  # an emptied folder gives way to a file
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
    return told


def _delete(target: Path, root: Path) -> None:
    """Delete a file, and the folders that it leaves empty."""
    if target.is_symlink() or target.is_file():
        target.unlink()
    folder = target.parent
    while folder.parent != root and folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


# -- the index of stage/ ----------------------------------------------------------------------------------------------


def lock_index(project: Project) -> None:
    """Take git's own lock on stage/'s index, with our index as its content. Raise CheckFailed where it is held."""
    target = project.stage / ".git" / "index.lock"
    for _ in range(40):
        try:
            return os.link(project.journal / "index", target)
        except FileExistsError:
            time.sleep(0.05)
    raise trouble.another_git(project, target)


def put_index(project: Project) -> None:
    """Put our index into its place, unless it is there."""
    ours, index = project.journal / "index", project.stage / ".git" / "index"
    if not ours.exists() or (index.exists() and index.samefile(ours)):
        return
    held = index.with_name("index.lock")
    if not (held.exists() and held.samefile(ours)):
        lock_index(project)
    held.replace(index)


def remove_index_lock(project: Project) -> None:
    """Give the lock on the index back, where it is ours."""
    held, ours = project.stage / ".git" / "index.lock", project.journal / "index"
    if held.exists() and ours.exists() and held.samefile(ours):
        held.unlink()


# -- references -------------------------------------------------------------------------------------------------------


def refused(project: Project, error: RefsMoved) -> Exception:
    """Return what to raise where git did not move the references."""
    git_dir = project.stage / ".git"
    reason = cause(error.said)
    if reason is Cause.LOCKED and (lock := LOCK.search(error.said)):
        return trouble.another_git(project, Path(lock["lock"]))
    if reason:
        return GitFailed(["git", "update-ref"], 1, error.said, git_dir)
    return CheckFailed(
        f"the references of stage/ were not moved: {error.said}",
        "references that nobody else moves at the same time",
        [trouble.AGAIN],
    )


def _move_refs(project: Project, repo: Repo, log: Log) -> None:
    """Move the references of an interrupted commit. What one was moved to since is kept under refs/kept/."""
    updates: list[Update] = []
    for name, new, old in log.refs:
        now = repo.resolve(name)
        if now == new:
            continue
        if now and now != old and new is not None:
            kept = f"refs/kept/interrupted-{now[:12]}"
            updates.append((kept, now, repo.resolve(kept)))
        updates.append((name, new, now))
    references = repo.ref_transaction()
    try:
        references.prepare([update for update in updates if update[1] != update[2]])
    except RefsMoved as error:
        references.abort()
        raise refused(project, error) from None
    references.commit()


def _remove_stale_locks(project: Project, log: Log) -> None:
    """Remove the locks of the references that the log names: whoever held them is dead.

    A lock that is older than the journal, or has another value in it, is somebody else's.
    """
    git = project.stage / ".git"
    begun = (project.journal / "begun").stat().st_mtime
    ours = {f"{name}.lock": {new or "", ""} for name, new, _ in log.refs}
    for name, values in ours.items():
        held = git / name
        if held.is_file() and held.stat().st_mtime >= begun and held.read_text().strip() in values:
            held.unlink()
    if any(new is None for _, new, _ in log.refs):  # where a reference goes, the packed ones are written anew
        for packed in (git / "packed-refs.lock", git / "packed-refs.new"):
            if packed.is_file() and packed.stat().st_mtime >= begun:
                packed.unlink()
