"""The reader's work as a commit under refs/kept/: whatever leaves stage/ is kept there first."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import worktree
from .git import Repo
from .position import Position

KEPT = "refs/kept"


@dataclass(frozen=True)
class Kept:
    """The reader's work as a commit. tree: its files; exact: the same, byte for byte as they are in stage/."""

    reference: str
    commit: str
    tree: str
    exact: str


def keep(repo: Repo, folder: Path, position: Position, blocking: list[str], scratch: Path) -> Kept:
    """Make the reader's work a commit, with what is in the way. The caller creates the reference.

    The commit's parents are HEAD and, where something staged is in neither, the index, as `git stash` does it.
    """
    rows = [row for path in blocking for row in _rows(repo, folder, path)]
    tree, exact = (
        _with_rows(repo.with_index(scratch / "keep.index"), t, rows) for t in (position.tree, position.exact)
    )
    now = f"{int(time.time())} +0000"
    parents = [position.head]
    if position.staged:
        parents.append(repo.commit_tree(position.staged, [position.head], b"what was staged\n", now))
    commit = repo.commit_tree(tree, parents, f"kept: {position}\n".encode(errors="backslashreplace"), now)
    stem = f"{KEPT}/{time.strftime('%Y%m%d-%H%M%S')}"
    taken = repo.refs(KEPT)
    name = next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, 1000))) if n not in taken)
    return Kept(name, commit, tree, exact)


def _with_rows(staging: Repo, tree: str, rows: list[str]) -> str:
    if not rows:
        return tree
    staging.read_tree(tree)
    staging.set_entries(rows)
    return staging.write_tree()


def _rows(repo: Repo, folder: Path, path: str) -> Iterator[str]:
    """Yield index rows for a file, or for all files in a folder but those of a repository in it."""
    place = folder / path
    if place.is_dir() and not place.is_symlink():
        for inside in sorted(place.rglob("*")):
            if ".git" not in inside.relative_to(place).parts and (inside.is_symlink() or not inside.is_dir()):
                yield from _rows(repo, folder, str(inside.relative_to(folder)))
    elif there := worktree.found_at(folder, path):
        yield worktree.row(there[0], repo.store(there[1]), path)
