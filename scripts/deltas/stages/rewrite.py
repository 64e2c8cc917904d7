"""Write a series as it was planned: patches, folders of baselines, README, tags and stage/, all of it or nothing."""

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import BadInput, WorkAtRisk
from ..series.patches import Patch
from . import checkout
from .build import Stage
from .keeping import Kept, keep
from .move import files_into
from .plans import Desk, Plan
from .restack import Restacked
from .transaction import Transaction


@dataclass(frozen=True)
class Written:
    """What happened. changed: the patches that were written, with what became of them. folders: old and new names.

    look_at: places that may name a patch by a number or slug that it no longer has.
    """

    changed: list[tuple[str, Patch]] = field(default_factory=list)
    folders: list[tuple[str, str]] = field(default_factory=list)
    kept: Kept | None = None
    untracked: list[str] = field(default_factory=list)
    look_at: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class File:
    """One more file of the transaction: its path, what was read (None: there was no file), and what it gets."""

    path: Path
    was: bytes | None
    now: bytes


def folders(desk: Desk, plan: Plan) -> list[tuple[Path, Path]]:
    """Return which folders in baselines/ get another name: old and new path. Refuse where a new name is taken."""
    base = desk.project.baselines
    moving = [(base / old, base / new) for old, new in plan.naming.changed.items() if (base / old).is_dir()]
    for start, end in moving:
        if os.path.lexists(end):
            raise BadInput(
                f"baselines/{start.name}/ cannot become baselines/{end.name}/: that is there, and belongs to no patch",
                "a name that is free",
                [f"mv baselines/{end.name} {end.name}.old   # keeps it"],
            )
    return moving


def write(desk: Desk, plan: Plan, proof: Restacked, more: Sequence[File] = ()) -> Written:
    """Write the series, whole or not at all, and return what happened."""
    project, repo, here = desk.project, desk.repo, desk.here
    stands = proof.stages[plan.stands]
    before = {patch.name: patch.data for patch in desk.series}
    changed = [patch for patch in proof.series if before.get(patch.name) != patch.data]
    moving = folders(desk, plan)
    look_at = list(_to_look_at(desk, plan, proof, {file.path: file.now for file in more}))
    _must_not_block(desk, stands)
    kept = None
    if here.commits or here.staged:
        kept = keep(repo, project.stage, here, [], desk.folder)
    with Transaction(project, plan.what, repo) as change:
        for start, end in moving:
            change.rename(start, end)
        for document in _documents(moving):
            change.write(document.path, document.now, was=document.was)
        _patches_into(change, desk, proof, changed)
        for file in more:
            if file.was != file.now:
                change.write(file.path, file.now, was=file.was)
        for tag, (new, old_commit) in checkout.changed_tags(repo, proof.stages).items():
            change.ref(tag, new, old_commit)
        if kept:
            change.ref(kept.reference, kept.commit, None)
        change.ref("HEAD", stands.commit, here.head)
        if here.tree != stands.tree:
            files_into(change, project, repo, here.exact, stands.tree)
        if stands.commit != here.head:
            repo.with_index(change.index).read_tree(stands.tree)
    told = [(_what_became(plan, patch), patch) for patch in changed]
    names = [(start.name, end.name) for start, end in moving]
    untracked = repo.with_files(project.stage).untracked() if plan.takes_edits else []
    return Written(told, names, kept, untracked, look_at)


def _patches_into(change: Transaction, desk: Desk, proof: Restacked, changed: Sequence[Patch]) -> None:
    """Write the patches that changed, and remove the files whose names no patch has any more."""
    before = {patch.name: patch for patch in desk.series}
    for name in before.keys() - {patch.name for patch in proof.series}:
        change.remove(desk.project.root / before[name].file, was=before[name].data)
    for patch in changed:
        old = before.get(patch.name)
        change.write(desk.project.root / patch.file, patch.data, was=old.data if old else None)


def _must_not_block(desk: Desk, stands: Stage) -> None:
    """Refuse where something in stage/ that git does not track is in the way of the stage at the same slug."""
    if desk.here.tree == stands.tree:
        return
    wanted, tracked = desk.repo.entries(stands.tree), desk.repo.entries(desk.here.tree)
    blocking = checkout.in_the_way(desk.project.stage, wanted.keys(), tracked.keys())
    if blocking:
        place = shlex.quote(f"stage/{blocking[0]}")
        raise WorkAtRisk(
            f"untracked files in stage/ are in the way: {', '.join(blocking)}",
            "room for the files of the stage",
            [f"mv {place} {place}.mine   # keeps it"],
        )


def _what_became(plan: Plan, patch: Patch) -> str:
    """Return what became of a patch that was written."""
    now = plan.items[patch.number - 1].now
    if now is None:
        return "new"
    if now.slug != patch.slug:
        return "renamed"
    if now.number != patch.number:
        return "renumbered"
    return "modified" if plan.takes_edits and patch.number == plan.stands else "restacked"


def _documents(moving: list[tuple[Path, Path]]) -> Iterator[File]:
    """Yield the JSON documents in moving folders that name their stage, with its new name, at their new place."""
    for start, end in moving:
        for path in sorted(start.glob("*.json")):
            was = path.read_bytes()
            now = with_stage(was, start.name, end.name)
            if now != was:
                yield File(end / path.name, was, now)


def with_stage(document: bytes, old: str, new: str) -> bytes:
    """Return a JSON document with another name in its field `stage`; not one byte beside that changes.

    >>> with_stage(b'{"note": "03-sun", "stage" : "03-sun"}', "03-sun", "05-sun")
    b'{"note": "03-sun", "stage" : "05-sun"}'
    >>> with_stage(b'[{"stage": "03-sun"}]', "03-sun", "05-sun")
    b'[{"stage": "03-sun"}]'
    """
    try:
        value = json.loads(document)
    except ValueError:
        return document  # not ours to mend: whoever reads it says what is wrong
    if not isinstance(value, dict) or value.get("stage") != old:
        return document
    wanted = value | {"stage": new}
    for match in re.finditer(rb'"stage"\s*:\s*("%s")' % re.escape(old.encode()), document):
        changed = document[: match.start(1)] + f'"{new}"'.encode() + document[match.end(1) :]
        if json.loads(changed) == wanted:
            return changed
    return document


def _to_look_at(desk: Desk, plan: Plan, proof: Restacked, written: Mapping[Path, bytes]) -> Iterator[str]:
    """Yield the places that may name a patch by a number or slug that it no longer has.

    written: files that get new content.
    """
    naming = plan.naming
    if not naming.changed:
        return
    for item, patch in zip(plan.items, proof.series, strict=True):
        yield from naming.to_look_at(item.now, patch)
    root, base = desk.project.root, desk.project.baselines
    texts = sorted(path for kind in ("toml", "py", "md") for path in base.glob(f"*/*.{kind}"))
    for path in [root / "README.md", base / "README.md", *texts]:
        if path.is_file():
            parts = [naming.names.get(part, part) for part in path.relative_to(root).parts]
            text = written.get(path) or path.read_bytes()
            lines = naming.anywhere(text.decode(errors="replace"))
            yield from (f"{'/'.join(parts)}:{n}: {line}" for n, line in lines if "](patches/" not in line)
