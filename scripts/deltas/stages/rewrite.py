"""Write a series that was restacked: patches, folders of baselines, README, tags and stage/, as one transaction.

    desk = lay_out(project, folder)           what there is; the lock is held
    plan = edited(desk, 3, headers)           what is to be: or appended, inserted, moved, renamed
    proof = prove(desk, plan)                 worked out; nothing is written so far
    done = write(desk, plan, proof, files)    all of it, or none

The headers of an edited series, and README as one more file, come from the caller: they state recorded numbers, and
this room knows nothing of those.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path

from ..core.errors import BadInput, MergeConflict, WorkAtRisk
from ..core.project import Project
from ..series.patches import Patch, Series, load
from ..series.renumber import Naming
from . import checkout, upstream
from .build import Stage, build
from .git import Repo, require_git
from .keeping import Kept, keep
from .move import files_into, work_rows
from .position import Position, must_stand_at, where
from .restack import Misfit, Planned, Restacked, restack
from .transaction import Transaction

MOST = 99  # patches: their numbers have two digits


@dataclass(frozen=True)
class Desk:
    """What there is: the series, its stages, and where stage/ stands. folder: a place for temporary files."""

    project: Project
    repo: Repo
    series: Series
    stages: list[Stage]
    here: Position
    folder: Path

    def change(self, number: int) -> tuple[str, str]:
        """Return the change that a patch makes today, as two trees."""
        return self.stages[number - 1].tree, self.stages[number].tree


@dataclass(frozen=True)
class Plan:
    """What is to be. what: for the journal. stands: the stage at which stage/ stands afterwards.

    takes_edits: whether the edits in stage/ become a patch. misfit: puts a patch that does not fit into words.
    """

    what: str
    items: list[Planned]
    stands: int
    takes_edits: bool
    misfit: Callable[[Misfit], MergeConflict]

    @property
    def naming(self) -> Naming:
        """Return how the patches of today will be called."""
        return Naming({p.now.name: f"{n:02d}-{p.slug}" for n, p in enumerate(self.items, 1) if p.now})


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
    stands: Stage | None = None


def lay_out(project: Project, folder: Path) -> Desk:
    """Read the series, build its stages, and look where stage/ stands. The lock is held."""
    require_git()
    series = load(project.patches)
    source = upstream.require(project)
    repo = checkout.open_repo(project) if checkout.exists(project) else checkout.create(project, source)
    stages = build(repo, series, project.pin)
    checkout.refuse_unfinished(repo)
    unmerged = checkout.unmerged(repo)
    if unmerged:
        raise MergeConflict(
            f"conflicts are still to be resolved in {', '.join(unmerged)}",
            "",
            ["git -C stage add -u   # once they are"],
        )
    return Desk(project, repo, series, stages, where(project, repo, stages, folder), folder)


# -- plans that take the edits in stage/ ------------------------------------------------------------------------------


def edited(desk: Desk, text: str, headers: Sequence[bytes]) -> Plan:
    """Plan: the edits in stage/ become the patch of the stage at which it stands."""
    number = desk.series.number(text, desk.here.number)
    if number == 0:
        raise BadInput(
            "stage 00 is upstream itself, which never changes", "01 or later", ["scripts/refresh.sh --insert SLUG"]
        )
    must_stand_at(desk.here, number)
    items = _as_they_are(desk, headers, anew=True)
    items[number - 1] = replace(items[number - 1], after=desk.here.tree, edits=True)
    return Plan(f"refresh {number:02d}", items, number, True, _edits_conflict(f"{number:02d}"))


def appended(desk: Desk, slug: str, headers: Sequence[bytes]) -> Plan:
    """Plan: the edits in stage/, which stands at the last stage, become one more patch."""
    last = len(desk.series)
    must_stand_at(desk.here, last)
    items = [*_as_they_are(desk, headers, anew=True), _new(desk, slug, last + 1)]
    return Plan(f"refresh --new {slug}", items, last + 1, True, _edits_conflict(f"{last:02d}"))


def inserted(desk: Desk, slug: str) -> Plan:
    """Plan: the edits in stage/ become a patch of their own, behind the stage at which it stands."""
    number = desk.here.number
    if number is None:
        raise _stands_nowhere(desk.here)
    items = _as_they_are(desk)
    items.insert(number, _new(desk, slug, number + 1))
    what = f"refresh --insert {slug}"
    return Plan(what, _with_headers(items), number + 1, True, _edits_conflict(f"{number:02d}"))


def _new(desk: Desk, slug: str, number: int) -> Planned:
    _must_be_free(desk, slug)
    before = desk.stages[number - 1].tree
    if desk.here.tree == before:
        raise BadInput("stage/ has no edits to make a patch of", f"edits on top of stage {number - 1:02d}")
    return Planned(slug, _new_header(number, slug), before, desk.here.tree, edits=True)


def _new_header(number: int, slug: str) -> bytes:
    words = slug.replace("-", " ")
    return (
        f"From: makemore deltas <deltas@example.org>\nDate: {formatdate(usegmt=True)}\nSubject: delta TODO: {words}\n\n"
        "TODO: what the reader knew before, the one idea, where to look, what to run, what to expect.\n\n"
        f"Delta: TODO\nPart: TODO\nRun: scripts/train.sh {number:02d}\nExpect: TODO\n---\n"
    ).encode()


def _edits_conflict(number: str) -> Callable[[Misfit], MergeConflict]:
    def words(misfit: Misfit) -> MergeConflict:
        patch = misfit.planned.now
        if patch is None or not misfit.shown:
            name = patch.file if patch else f"patch {misfit.number:02d}"
            return MergeConflict(
                f"{name} would be empty: stage {number} as edited already has all of it",
                "a patch that changes something; nothing was written",
                [f"scripts/apply.sh {number} --discard   # drop the edits (they are kept)"],
            )
        return MergeConflict(
            f"{patch.file} no longer fits on stage {number} as edited:\n" + "\n".join(misfit.shown),
            "edits that leave the lines beside later insertions alone; nothing was written",
            [
                f"scripts/apply.sh {number} --discard   # drop the edits (they are kept)",
                f"move the edit away from patch {patch.number:02d}'s lines, then the same command again",
            ],
        )

    return words


# -- plans that take none ---------------------------------------------------------------------------------------------


def moved(desk: Desk, start: str, end: str) -> Plan:
    """Plan: a patch gets another place, and the patches between move up or down by one."""
    here = _stands_without_edits(desk, f"--move {start} --to {end}")
    first, last = _patch(desk, start), _patch(desk, end)
    items = _as_they_are(desk)
    items.insert(last - 1, items.pop(first - 1))
    stands = next((n for n, item in enumerate(items, 1) if here and item.now is desk.series[here - 1]), 0)
    return Plan(
        f"refresh --move {first:02d} --to {last:02d}", _with_headers(items), stands, False, _order_conflicts(items)
    )


def renamed(desk: Desk, text: str, slug: str) -> Plan:
    """Plan: a patch gets another slug."""
    here = _stands_without_edits(desk, f"--rename {text} {slug}")
    number = _patch(desk, text)
    if desk.series[number - 1].slug != slug:
        _must_be_free(desk, slug)
    items = _as_they_are(desk)
    items[number - 1] = replace(items[number - 1], slug=slug)
    return Plan(f"refresh --rename {number:02d} {slug}", _with_headers(items), here, False, _order_conflicts(items))


def _patch(desk: Desk, text: str) -> int:
    number = desk.series.number(text, desk.here.number)
    if number == 0:
        raise BadInput("stage 00 is upstream itself, which comes first", "01 or later")
    return number


def _stands_without_edits(desk: Desk, options: str) -> int:
    """Return the stage at which stage/ stands. Refuse where it holds work of the reader's."""
    here = desk.here
    if not here.clean:
        takes = f"refresh.sh {here.number:02d}" if here.number else "refresh.sh --insert SLUG"
        leaves = f"apply.sh {here.number:02d}" if here.number is not None else "apply.sh NN"
        raise WorkAtRisk(
            f"stage/ holds work of yours, at {here}:\n    " + "\n    ".join(work_rows(here)),
            f"a stage without edits, for refresh.sh {options}",
            [
                f"scripts/{takes}   # makes it part of a patch",
                f"scripts/{leaves} --discard   # leaves it; it is kept as a commit first",
            ],
        )
    if here.number is None:
        raise _stands_nowhere(here)
    return here.number


def _stands_nowhere(here: Position) -> BadInput:
    return BadInput(f"stage/ stands at {here}", "a stage of the series as it is now", ["scripts/apply.sh NN"])


def _order_conflicts(items: list[Planned]) -> Callable[[Misfit], MergeConflict]:
    def words(misfit: Misfit) -> MergeConflict:
        patch = misfit.planned.now
        assert patch, "an order has patches of today alone"
        behind = items[misfit.number - 2].slug if misfit.number > 1 else "upstream"
        place = f"as patch {misfit.number:02d}, behind {behind}"
        if not misfit.shown:
            return MergeConflict(f"{patch.file} would change nothing {place}", "patches that change something")
        return MergeConflict(
            f"{patch.file} does not fit {place}:\n" + "\n".join(misfit.shown),
            "an order in which every patch finds the lines beside its own; nothing was written",
            [f"scripts/show.sh {patch.number:02d} --context 9   # what it stands beside today"],
        )

    return words


# -- what all plans share ---------------------------------------------------------------------------------------------


def _as_they_are(desk: Desk, headers: Sequence[bytes] | None = None, anew: bool = False) -> list[Planned]:
    given = headers or [patch.header for patch in desk.series]
    return [
        Planned(patch.slug, header, *desk.change(patch.number), patch, anew)
        for patch, header in zip(desk.series, given, strict=True)
    ]


def _with_headers(items: list[Planned]) -> list[Planned]:
    """Return the plan with headers whose commands name the patches as they will be called."""
    naming = Naming({p.now.name: f"{n:02d}-{p.slug}" for n, p in enumerate(items, 1) if p.now})
    return [replace(item, header=naming.header(item.now)) if item.now else item for item in items]


def _must_be_free(desk: Desk, slug: str) -> None:
    taken = next((patch for patch in desk.series if patch.slug == slug), None)
    if taken:
        raise BadInput(f"{taken.file} has the slug {slug} already", "a slug of its own")
    if len(desk.series) == MOST:
        raise BadInput(f"there are {MOST} patches", "numbers of two digits")


def prove(desk: Desk, plan: Plan) -> Restacked:
    """Work the plan out. Raise MergeConflict, CheckFailed, BrokenPatch; nothing is written."""
    slugs = [item.slug for item in plan.items]
    if plan.naming.changed and len(set(slugs)) < len(slugs):
        twice = next(slug for slug in slugs if slugs.count(slug) > 1)
        raise BadInput(f"two patches have the slug {twice}", "a slug of its own for every patch")
    try:
        proof = restack(desk.repo, desk.project.pin, plan.items, desk.stages[0].tree)
    except Misfit as misfit:
        raise plan.misfit(misfit) from None
    if not plan.takes_edits and proof.stages[-1].tree != desk.stages[-1].tree:
        raise MergeConflict(
            "in this order git merges the patches into other code than they make today",
            "the same last stage; nothing was written",
            ["scripts/show.sh NN   # look which patches add the same lines"],
        )
    return proof


# -- writing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """One more file of the transaction: its path, what was read, and what it gets."""

    path: Path
    was: bytes
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
    before = {f"{patch.name}.patch": patch for patch in desk.series}
    after = {f"{patch.name}.patch": patch for patch in proof.series}
    changed = [p for name, p in after.items() if name not in before or before[name].data != p.data]
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
        for name, patch in before.items():
            if name not in after:
                change.remove(project.patches / name, was=patch.data)
        for patch in changed:
            old = before.get(f"{patch.name}.patch")
            change.write(project.root / patch.file, patch.data, was=old.data if old else None)
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
    return Written(told, names, kept, untracked, look_at, stands)


def _must_not_block(desk: Desk, stands: Stage) -> None:
    """Refuse where something in stage/ that git does not track is in the way of the stage at the same slug."""
    if desk.here.tree == stands.tree:
        return
    wanted, tracked = desk.repo.entries(stands.tree), desk.repo.entries(desk.here.tree)
    blocking = checkout.in_the_way(desk.project.stage, wanted.keys(), tracked.keys())
    if blocking:
        raise WorkAtRisk(
            f"untracked files in stage/ are in the way: {', '.join(blocking)}",
            "room for the files of the stage",
            [f"mv stage/{blocking[0]} stage/{blocking[0]}.mine   # keeps it"],
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
    for found in re.finditer(rb'"stage"\s*:\s*("%s")' % re.escape(old.encode()), document):
        changed = document[: found.start(1)] + f'"{new}"'.encode() + document[found.end(1) :]
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
    root = desk.project.root
    texts = sorted(path for kind in ("toml", "py", "md") for path in desk.project.baselines.glob(f"*/*.{kind}"))
    for path in [root / "README.md", *texts]:
        if path.is_file():
            parts = [naming.names.get(part, part) for part in path.relative_to(root).parts]
            text = written.get(path) or path.read_bytes()
            lines = naming.anywhere(text.decode(errors="replace"))
            yield from (f"{'/'.join(parts)}:{n}: {line}" for n, line in lines if "](patches/" not in line)
