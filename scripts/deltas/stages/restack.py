"""A series to be, worked out and proven before anything is written: trees, patches, stages.

Every patch is a change between two trees. Where it starts from the tree that the patches before it make, it is taken as
it is; elsewhere git's own merge machinery puts it there, as `git cherry-pick` does. Then the patches are written anew,
held against the rules, and applied again: they must give exactly the trees that they came from.
"""

from dataclasses import dataclass
from itertools import pairwise

from ..core.errors import BrokenPatch, CheckFailed
from ..series import rules
from ..series.patches import Patch, Series, parse
from ..series.unfit import unfit
from .build import Stage, build
from .git import Repo
from .objects import Merge

SHOWN = 12  # lines of one side of a conflict


@dataclass(frozen=True)
class Planned:
    """One patch of the series to be: slug, header, and the change that it makes, as two trees.

    now: the patch that it is today; None for a new one. anew: write it even where nothing of it changes.
    """

    slug: str
    header: bytes
    before: str
    after: str
    now: Patch | None = None
    anew: bool = False


class Misfit(Exception):
    """A patch does not fit where it should go.

    shown: the conflicting places, ready to be printed; empty where the stages before it have all of it already.
    """

    def __init__(self, planned: Planned, number: int, shown: list[str]):
        super().__init__(planned.slug)
        self.planned, self.number, self.shown = planned, number, shown


@dataclass(frozen=True)
class Restacked:
    """A series that was proven."""

    series: Series
    stages: list[Stage]


def restack(repo: Repo, pin: str, plan: list[Planned], upstream_tree: str) -> Restacked:
    """Return the series that the plan describes. Raise Misfit, CheckFailed, BrokenPatch; nothing is written.

    A patch whose place, trees and header stay keeps its bytes, unless it is to be written anew.
    """
    trees = _trees(repo, plan, upstream_tree)
    patches = []
    for number, (planned, (before, after)) in enumerate(zip(plan, pairwise(trees), strict=True), 1):
        if planned.now and not planned.anew and _stays(planned, number, before, after):
            patches.append(planned.now)
            continue
        patches.append(_written(f"{number:02d}-{planned.slug}.patch", planned.header + repo.diff(before, after)))
    _must_only_insert(repo, trees)
    stages = _proven(repo, patches, trees, pin)
    return Restacked(Series(patches), stages)


def _stays(planned: Planned, number: int, before: str, after: str) -> bool:
    now = planned.now
    same = now and (now.number, now.slug, now.header) == (number, planned.slug, planned.header)
    return bool(same) and (before, after) == (planned.before, planned.after)


def _trees(repo: Repo, plan: list[Planned], upstream_tree: str) -> list[str]:
    """Return the trees of stages 00, 01, … Raise Misfit."""
    trees = [upstream_tree]
    for number, planned in enumerate(plan, 1):
        tree = planned.after
        if planned.before != trees[-1]:
            merge = repo.merge(planned.before, trees[-1], planned.after)
            if merge.conflicts:
                raise Misfit(planned, number, [row for path in merge.paths for row in _shown(repo, merge, path)])
            tree = merge.tree
        if tree == trees[-1]:
            raise Misfit(planned, number, [])
        trees.append(tree)
    return trees


def _shown(repo: Repo, merge: Merge, path: str) -> list[str]:
    """Return the marked places of a conflicting file: what would be there, and what the patch has."""
    entry = repo.entries(merge.tree).get(path)
    if entry is None:
        return [f"    {path}"]
    lines = repo.blob(entry.blob).decode(errors="replace").splitlines()
    begin = [n for n, line in enumerate(lines) if line.startswith(f"<<<<<<< {merge.ours}")]
    end = [n for n, line in enumerate(lines) if line.startswith(f">>>>>>> {merge.theirs}")]
    shown = []
    for first, last in zip(begin, end, strict=False):
        between = lines.index("=======", first)
        there, wanted = _short(lines[first + 1 : between]), _short(lines[between + 1 : last])
        part = ["<<<<<<< what would be there", *there, "=======", *wanted, ">>>>>>> the patch"]
        shown += [f"    {path}:{first + 1}", *(f"    {line}" for line in part)]
    return shown or [f"    {path}"]  # no text: nothing is marked in it


def _short(lines: list[str]) -> list[str]:
    """Return the lines; of many, the first ones and how many there are."""
    return lines if len(lines) <= SHOWN + 1 else [*lines[:SHOWN], f"… and {len(lines) - SHOWN} more lines"]


def _must_only_insert(repo: Repo, trees: list[str]) -> None:
    faults = insertion_faults(repo, trees)
    if faults:
        raise CheckFailed(
            "the series only inserts:\n    " + "\n    ".join(faults),
            "nothing was written",
            ["git -C stage diff stage/00   # look for lines with a minus"],
        )


def _written(name: str, data: bytes) -> Patch:
    """Return the patch, held against the rules. What is wrong are the edits, not a file in patches/."""
    try:
        patch = parse(name, data)
    except BrokenPatch as error:
        causes = unfit(data) or [error.found]
        raise CheckFailed(
            f"patches/{name} cannot hold the edits in stage/:\n    " + "\n    ".join(causes),
            "text with Unix line ends, in files with plain names; nothing was written",
            ["git -C stage status"],
        ) from None
    faults = rules.diff_faults(patch)
    if faults:
        raise CheckFailed(f"{patch.file} would break the rules:\n    " + "\n    ".join(faults), "nothing was written")
    return patch


def _proven(repo: Repo, patches: list[Patch], trees: list[str], pin: str) -> list[Stage]:
    """Apply the new series again, and compare with the trees that it was written from."""
    stages = build(repo, Series(patches), pin)
    for stage, tree in zip(stages, trees, strict=True):
        if stage.tree != tree:
            raise BrokenPatch(f"{stage.name} as it would be written gives another tree", f"{tree}; nothing was written")
    return stages


# -- what a series must be, as git sees it ----------------------------------------------------------------------------


def insertion_faults(repo: Repo, trees: list[str]) -> list[str]:
    """Return upstream's lines that a stage lacks. trees: those of stages 00, 01, …

    A later patch may change what an earlier one added, never upstream's.
    """
    return [
        f"stage {number:02d} lacks {count} line{'s' * (count > 1)} of upstream's {path}"
        for number, tree in enumerate(trees)
        for path, count in repo.deleted_lines(trees[0], tree).items()
    ]


def differing_exports(repo: Repo, stages: list[Stage]) -> list[Stage]:
    """Return the stages whose patch is not, byte for byte, what git writes between them and the stage before."""
    return [
        stage
        for before, stage in pairwise(stages)
        if stage.patch and repo.diff(before.tree, stage.tree) != stage.patch.diff
    ]
