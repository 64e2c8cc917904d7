"""What the series is to be: the edits in stage/ as a patch, a patch at another place, a patch with another name.

    desk = lay_out(project, folder)           what there is; the lock is held
    plan = edited(desk, "03", headers)        or appended, inserted, moved, renamed
    proof = prove(desk, plan)                 worked out; nothing is written so far
    done = rewrite.write(desk, plan, proof, files)

The headers of an edited series, and README as one more file, come from the caller: they state recorded numbers, and
this room knows nothing of those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from pathlib import Path

from ..core.errors import BadInput, MergeConflict, WorkAtRisk
from ..core.project import Project
from ..series.patches import Series, load
from ..series.renumber import Naming
from . import checkout
from .build import Stage, build
from .git import Repo, require_git
from .move import work_rows
from .position import Position, must_stand_at, stands_nowhere, where
from .restack import Misfit, Planned, Restacked, restack

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


def lay_out(project: Project, folder: Path) -> Desk:
    """Read the series, build its stages, and look where stage/ stands. The lock is held."""
    require_git()
    series = load(project.patches)
    repo = checkout.have(project)
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
    """Plan that the edits in stage/ become the patch of the stage at which it stands."""
    number = desk.series.number(text, desk.here.number)
    if number == 0:
        raise BadInput(
            "stage 00 is upstream itself, which never changes", "01 or later", ["scripts/refresh.sh --insert SLUG"]
        )
    _must_exist(desk, text, number)
    must_stand_at(desk.here, number)
    items = _as_they_are(desk, headers, anew=True)
    items[number - 1] = replace(items[number - 1], after=desk.here.tree)
    return Plan(f"refresh {number:02d}", items, number, True, _edits_conflict(f"{number:02d}"))


def appended(desk: Desk, slug: str, headers: Sequence[bytes]) -> Plan:
    """Plan that the edits in stage/, which stands at the last stage, become one more patch."""
    last = len(desk.series)
    if desk.here.number != last:
        behind = f"scripts/refresh.sh --insert {slug}   # puts the patch behind the stage where you stand"
        to_the_end = f"scripts/apply.sh {last:02d} --carry   # takes your edits to the end"
        raise BadInput(
            f"stage/ stands at {desk.here}",
            f"stage {last:02d}, the last one",
            [to_the_end] if desk.here.number is None else [behind, to_the_end],
        )
    items = [*_as_they_are(desk, headers, anew=True), _new(desk, slug, last + 1)]
    return Plan(f"refresh --new {slug}", items, last + 1, True, _edits_conflict(f"{last:02d}"))


def inserted(desk: Desk, slug: str) -> Plan:
    """Plan that the edits in stage/ become a patch of their own, behind the stage at which it stands."""
    number = desk.here.number
    if number is None:
        raise stands_nowhere(desk.here, len(desk.series))
    items = _as_they_are(desk)
    items.insert(number, _new(desk, slug, number + 1))
    what = f"refresh --insert {slug}"
    return Plan(what, _with_headers(items), number + 1, True, _edits_conflict(f"{number:02d}"))


def _new(desk: Desk, slug: str, number: int) -> Planned:
    _must_be_free(desk, slug)
    before = desk.stages[number - 1].tree
    if desk.here.tree == before:
        raise BadInput("stage/ has no edits to make a patch of", f"edits on top of stage {number - 1:02d}")
    return Planned(slug, _new_header(number, slug), before, desk.here.tree)


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
    """Plan that a patch gets another place; the patches between move up or down by one."""
    here = _stands_without_edits(desk, f"--move {start} --to {end}")
    first, last = _patch(desk, start), _patch(desk, end)
    items = _as_they_are(desk)
    items.insert(last - 1, items.pop(first - 1))
    stands = next((n for n, item in enumerate(items, 1) if here and item.now is desk.series[here - 1]), 0)
    return Plan(
        f"refresh --move {first:02d} --to {last:02d}", _with_headers(items), stands, False, _order_conflicts(items)
    )


def renamed(desk: Desk, text: str, slug: str) -> Plan:
    """Plan that a patch gets another slug."""
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
    _must_exist(desk, text, number)
    return number


def _must_exist(desk: Desk, text: str, number: int) -> None:
    """Refuse `prev` at the first stage and `next` at the last one."""
    if not 0 <= number <= len(desk.series):
        raise BadInput(f"there is no {text} of {desk.here}", f"a patch from 01 to {len(desk.series):02d}")


def _stands_without_edits(desk: Desk, options: str) -> int:
    """Return the stage at which stage/ stands. Refuse where it holds work of the reader's."""
    here = desk.here
    if not here.clean:
        last = len(desk.series)
        number = here.nearest(last)
        takes = f"scripts/refresh.sh {number:02d}" if number else "scripts/refresh.sh --insert SLUG"
        makes = f"{takes}   # makes it part of a patch" if here.number is not None else here.way_on(last)
        raise WorkAtRisk(
            f"stage/ holds work of yours, at {here}:\n    " + "\n    ".join(work_rows(here)),
            f"a stage without edits, for refresh.sh {options}",
            [
                makes,
                f"scripts/apply.sh {number:02d} --discard   # leaves it; it is kept as a commit first",
            ],
        )
    if here.number is None:
        raise stands_nowhere(here, len(desk.series))
    return here.number


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
            ["scripts/apply.sh   # lists the patches; show.sh with a number: look which of them add the same lines"],
        )
    return proof
