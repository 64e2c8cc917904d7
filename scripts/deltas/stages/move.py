"""Move stage/ to a stage of the series: all of it or none, and whatever would be lost is kept as a commit first."""

import os
import shlex
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path

from ..core.errors import Refusal, WorkAtRisk
from ..core.files import scratch
from ..core.project import Project
from ..series.patches import STEPS, Series, load
from . import checkout
from .build import Stage, build
from .git import Repo, require_git
from .keeping import Kept, keep
from .lock import lock
from .objects import GITLINK, Change, Merge, blob_id
from .position import Position, where, without_writing
from .transaction import Transaction
from .worktree import beyond_a_link, gone


class Work(Enum):
    """What becomes of the reader's edits and commits."""

    STAYS = auto()  # a move that would lose it is refused
    CARRIED = auto()  # kept as a commit, and merged into the new stage
    LEFT = auto()  # kept as a commit


class News(Enum):
    """What became of a stage since stage/ heard of the series last."""

    NEW = "is new"
    PROSE = "has new prose, the same code"
    CODE = "is modified"
    GONE = "is gone"


@dataclass(frozen=True)
class Moved:
    """What happened. to: None where `next` or `prev` led beyond the end of the series, and nothing happened.

    kept: the reader's work as a commit. merge: how carrying it went. news: what a pull had changed, by stage.
    staying: stage/ stood there already, and the reader's edits stay. exact: files that the reader's git had converted
    and that have the stage's own bytes again. done: whether anything was changed. commits: how many of the reader's
    stand on the new stage. misfit: they became edits, for one of them does not fit on it.
    merged: among those on the new stage are merges; what they merged is in one commit each.
    """

    here: Position
    to: Stage | None
    done: bool = False
    following: Stage | None = None
    kept: Kept | None = None
    merge: Merge | None = None
    news: dict[str, News] = field(default_factory=dict)
    staying: bool = False
    exact: list[str] = field(default_factory=list)
    commits: int = 0
    misfit: bool = False
    merged: bool = False


def move(project: Project, wanted: str, work: Work = Work.STAYS) -> Moved:
    """Build every stage, tag them, check one out. Raise WorkAtRisk where work would be lost."""
    require_git()
    with lock(project), scratch() as folder:
        series = load(project.patches)
        if wanted not in STEPS:
            series.number(wanted)  # an unknown stage is refused before anything is made
        repo = checkout.have(project)
        stages = build(repo, series, project.pin)
        checkout.refuse_unfinished(repo)
        here = where(project, repo, stages, folder)
        number = series.number(wanted, here.number)
        if not 0 <= number <= len(series):
            return Moved(here, None)
        return _Move(project, repo, stages, here, stages[number], work, folder).run()


def look_ahead(project: Project, series: Series) -> tuple[Position, str] | Refusal:
    """Return where stage/ stands and the command that gets on from there, or why that cannot be said.

    The command is one that is not refused: it takes the reader's work along, or brings what is half-done to an end. It
    is empty at the last stage; from a stage of an earlier series it leads to the like of it. Nothing is written.
    """

    def look(repo: Repo, folder: Path) -> tuple[Position, str]:
        stages = build(repo, series, project.pin)
        here = where(project, repo, stages, folder)
        if here.number == len(series):
            return here, ""
        to = stages[here.nearest(len(series)) if here.number is None else here.number + 1]
        try:
            checkout.refuse_unfinished(repo)
            ahead = _Move(project, repo, stages, here, to, Work.CARRIED, folder)
            ahead.refuse()
        except WorkAtRisk as refusal:
            return here, refusal.ways[0]
        goes = "next" if here.number is not None else f"{to.number:02d}"
        carry = " --carry   # takes your work along; it is kept as a commit first"
        return here, f"scripts/apply.sh {goes}" + (carry if ahead.at_risk else "")

    return without_writing(project, look)


@dataclass(frozen=True)
class _Stands:
    """Where HEAD will be, and its tree. merge: of what is not committed. commits: of the reader's, on the stage."""

    head: str
    tree: str
    merge: Merge | None = None
    commits: int = 0
    misfit: bool = False
    merged: bool = False


class _Move:
    """One move, prepared and done."""

    def __init__(
        self,
        project: Project,
        repo: Repo,
        stages: list[Stage],
        here: Position,
        to: Stage,
        work: Work,
        folder: Path,
    ):
        self.project, self.repo, self.stages, self.here, self.to, self.work = project, repo, stages, here, to, work
        self.folder = folder
        self.unmerged = checkout.unmerged(repo)
        self.staying = here.stage == to and work is not Work.LEFT and not self.unmerged
        tracked = repo.entries(here.tree)
        self.blocking = (
            [] if self.staying else checkout.in_the_way(project.stage, repo.entries(to.tree).keys(), tracked.keys())
        )
        self.at_risk = not self.staying and bool(not here.clean or self.blocking or self.unmerged)

    def run(self) -> Moved:
        """Refuse, or do it and return what happened."""
        here, to = self.here, self.to
        self.refuse()
        tags = checkout.changed_tags(self.repo, self.stages)
        converted = [change.path for change in self.repo.changes(here.exact, here.tree)]
        rewrite = not self.staying or (here.clean and bool(converted))
        following = self.stages[to.number + 1] if to.number + 1 < len(self.stages) else None
        if self.staying and not tags and here.head == to.commit and not rewrite:
            return Moved(here, to, staying=True, following=following)
        news = self._news(tags)
        kept = keep(self.repo, self.project.stage, here, self.blocking, self.folder) if self.at_risk else None
        stands = _Stands(to.commit, to.tree)
        if kept and self.work is Work.CARRIED:
            stands = self._carried(kept)
        merge = stands.merge
        with Transaction(self.project, f"apply {to.number:02d}", self.repo) as change:
            for tag, (new, old) in tags.items():
                change.ref(tag, new, old)
            if kept:
                change.ref(kept.reference, kept.commit, None)
            if not (self.staying and here.commits):
                change.ref("HEAD", stands.head, here.head)
            if rewrite:
                exact, names = kept.exact if kept else here.exact, (to.label, "your edits")
                files_into(change, self.project, self.repo, exact, stands.tree, merge, names)
            if rewrite or (here.clean and here.head != to.commit):
                index_into(change, self.repo, stands.tree, merge)
        exact_again = converted if rewrite else []
        staying, commits, misfit, merged = self.staying, stands.commits, stands.misfit, stands.merged
        return Moved(
            here, to, True, following, kept, merge, news, staying, exact_again, commits, misfit=misfit, merged=merged
        )

    def _carried(self, kept: Kept) -> "_Stands":
        """Put the reader's commits on the new stage, one by one, and on them what is not committed.

        A commit that the stage has already is left out. Where one does not fit, all of the work becomes edits.
        """
        repo, stands, base = self.repo, _Stands(self.to.commit, self.to.tree), self.here.base
        for commit in reversed(self.here.commits):
            its = repo.tree(commit)
            merge = repo.merge(base, stands.tree, its)
            if merge.conflicts:
                merge = repo.merge(self.here.base, self.to.tree, kept.tree)
                return _Stands(self.to.commit, self.to.tree, merge, misfit=True)
            if merge.tree != stands.tree or its == base:
                merged = stands.merged or repo.resolve(f"{commit}^2") is not None
                new = repo.graft(commit, merge.tree, stands.head)
                stands = _Stands(new, merge.tree, None, stands.commits + 1, merged=merged)
            base = its
        return replace(stands, merge=repo.merge(base, stands.tree, kept.tree))

    def refuse(self) -> None:
        """Raise WorkAtRisk where the move would lose work of the reader's."""
        if self.work is Work.CARRIED and self.unmerged:
            raise WorkAtRisk(
                f"conflicts are still to be resolved in {', '.join(self.unmerged)}",
                "",
                checkout.ways_out_of_conflicts(self.to.number),
            )
        if not self.at_risk or self.work is not Work.STAYS:
            return
        number = f"{self.to.number:02d}"
        ways = [
            f"scripts/apply.sh {number} --carry     # take it along",
            f"scripts/apply.sh {number} --discard   # leave it; either way it is kept as a commit first",
        ]
        raise WorkAtRisk(
            f"stage/ holds work of yours, at {self.here}:\n    " + "\n    ".join(self._at_risk()),
            "",
            checkout.ways_out_of_conflicts(self.to.number) if self.unmerged else ways,
        )

    def _at_risk(self) -> list[str]:
        rows = work_rows(self.here)
        rows[len(self.here.edits) : len(self.here.edits)] = [
            *(f"U {path}   (a conflict to resolve)" for path in self.unmerged),
            *(f"? {path}   (untracked, in the way)" for path in self.blocking),
        ]
        return rows

    def _news(self, tags: checkout.Moves) -> dict[str, News]:
        """Return what a pull changed. A stage/ that never saw a series has nothing to hear of that."""
        if not checkout.stage_tags(self.repo):
            return {}
        by_tag = {stage.tag: stage for stage in self.stages}
        news = {}
        for tag, (new, old) in tags.items():
            if new is None:
                news[tag.removeprefix("refs/tags/")] = News.GONE
            elif old is None:
                news[by_tag[tag].name] = News.NEW
            else:
                same = self.repo.resolve(f"{old}^{{tree}}") == by_tag[tag].tree
                news[by_tag[tag].name] = News.PROSE if same else News.CODE
        return news


def work_rows(here: Position) -> list[str]:
    """Return the reader's work as a list: edits with git's letter, commits, what was staged."""
    rows = [f"{letter} {path}" for path, letter in here.edits.items()]
    rows += [f"commit {commit[:12]}" for commit in here.commits]
    return rows + (["what you staged, which is neither in HEAD nor in the files"] if here.staged else [])


def files_into(
    change: Transaction,
    project: Project,
    repo: Repo,
    exact: str,
    tree: str,
    merge: Merge | None = None,
    names: tuple[str, str] = ("", ""),
) -> None:
    """Turn the working files, which are `exact` byte for byte, into a tree, or into a merge on top of it.

    names: what the two sides of a conflict are called in the file.
    """
    wanted = sorted(repo.changes(exact, merge.tree if merge else tree), key=lambda item: item.status != "D")
    going = {item.path for item in wanted if item.status == "D"}  # first: a folder may become a file
    for item in wanted:
        if GITLINK in (item.old_mode, item.mode):
            continue  # a repository of the reader's inside stage/: never touched
        target = project.stage / item.path
        _must_be(project, item, going)
        if item.status == "D":
            change.remove(target)
            continue
        content = repo.blob(item.new)
        if merge and merge.conflicts:
            for side, name in zip((merge.ours, merge.theirs), names, strict=True):
                content = content.replace(side.encode(), name.encode())
        change.write(target, content, item.mode)


def _must_be(project: Project, item: Change, going: set[str]) -> None:
    """Refuse where something else stands at this path than what was read. going: paths that are deleted before."""
    target = project.stage / item.path
    if link := beyond_a_link(project.stage, item.path):
        if link in going:
            return
        raise WorkAtRisk(
            f"stage/{link} is a symbolic link, and nothing is written through it",
            f"a folder or nothing: the stage has a file {item.path}",
            [f"mv {shlex.quote(f'stage/{link}')} {shlex.quote(f'stage/{link}.mine')}   # keeps it"],
        )
    if target.is_symlink():
        content = os.fsencode(target.readlink())
    elif target.is_file():
        content = target.read_bytes()
    elif target.is_dir():
        inside = {str(p.relative_to(project.stage)) for p in target.rglob("*") if p.is_symlink() or not p.is_dir()}
        if inside <= going:
            return
        place = shlex.quote(f"stage/{item.path}")
        raise WorkAtRisk(
            f"stage/{item.path} is a folder, and it holds {sorted(inside - going)[0]}",
            f"a file or nothing: the stage has a file {item.path}",
            [f"mv {place} {place}.mine   # keeps it"],
        )
    elif os.path.lexists(target):
        raise WorkAtRisk(f"stage/{item.path} is neither a file nor a folder nor a link", "a file", [])
    else:
        return
    if blob_id(content) != item.old:
        raise WorkAtRisk(f"stage/{item.path} changed while this command was at work", "", ["run the command again"])


def index_into(change: Transaction, repo: Repo, tree: str, merge: Merge | None) -> None:
    """Make the stage the index, so that what was carried shows as edits; files that the reader added stay added."""
    staging = repo.with_index(change.index)
    staging.read_tree(tree)
    if not merge:
        return
    staged = repo.entries(tree)
    added = [f"{e.mode} {e.blob} 0\t{e.path}" for e in repo.entries(merge.tree).values() if e.path not in staged]
    staging.set_entries([*added, *map(gone, merge.paths), *merge.conflicts])
