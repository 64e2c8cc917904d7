"""Where stage/ stands, and what of it is the reader's own. A stage is known by its tree, never by a note of ours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ..core.errors import BadInput, Refusal, WorkAtRisk
from ..core.files import scratch
from ..core.project import Project
from ..series.patches import STEPS, Series
from . import checkout, trouble, worktree
from .build import EPOCH, Stage, build
from .git import EMAIL, GitFailed, Repo

T = TypeVar("T")

ALL = "all"  # what one types for every stage, where a verb can take more than one


@dataclass(frozen=True)
class Position:
    """Where stage/ stands.

    head: HEAD's commit. stage: the stage of the series that it stands on; None: one of an older series, which `label`
    names. base: the tree of that stage. commits: the reader's own, newest first. tree: the working files of everything
    that git tracks, as git stores them. exact: the same, byte for byte; it differs where the reader's git converted
    files. edits: paths that differ from HEAD's commit, with git's letter (A, M, D, T). staged: the index as a tree,
    where it holds something that is neither in HEAD nor in the files. numbered: the number of the stage in its own
    series. conflicts: whether edits are still to be resolved.
    """

    head: str
    stage: Stage | None
    label: str
    base: str
    tree: str
    exact: str
    commits: list[str] = field(default_factory=list)
    edits: dict[str, str] = field(default_factory=dict)
    staged: str | None = None
    numbered: int = 0
    conflicts: bool = False

    @property
    def number(self) -> int | None:
        """Return the stage's number in the series as it is now."""
        return self.stage.number if self.stage else None

    @property
    def clean(self) -> bool:
        """Return whether nothing of the reader's would be lost."""
        return not self.commits and not self.edits and not self.staged

    def nearest(self, last: int) -> int:
        """Return the number of the stage, or of its like in a series whose last stage is `last`."""
        return self.number if self.number is not None else min(self.numbered, last)

    def way_on(self, last: int) -> str:
        """Return the command that leads to a stage of the series as it is now, as near as there is one.

        last: the number of its last stage. The reader's work goes along.
        """
        number = self.nearest(last)
        if self.conflicts:
            return checkout.ways_out_of_conflicts(number)[0]
        carry = "" if self.clean else " --carry   # takes your work along; it is kept as a commit first"
        return f"scripts/apply.sh {number:02d}{carry}"

    def __str__(self) -> str:
        parts = [self.label]
        if self.commits:
            parts.append(f"{len(self.commits)} commit{'s' * (len(self.commits) > 1)} of yours")
        if self.edits:
            parts.append("your edits in " + ", ".join(self.edits))
        if self.staged:
            parts.append("what you staged")
        return " + ".join(parts)


def where(project: Project, repo: Repo, stages: list[Stage], folder: Path) -> Position:
    """Return where the reader stands, with edits and commits on top. folder: a place for a temporary index."""
    head = repo.resolve("HEAD^{commit}")
    if head is None:
        raise WorkAtRisk(
            "stage/ has no commit at HEAD", "a stage", ["mv stage stage.old   # then run the command again"]
        )
    files = worktree.read(repo, project.stage, folder)
    by_tree = {stage.tree: stage for stage in stages}
    history = repo.history(head)
    for count, commit in enumerate(history):
        if commit.id == stages[0].commit or commit.email == EMAIL:  # upstream, or a stage of this series or an older
            commits, base, stage = [own.id for own in history[:count]], commit.tree, by_tree.get(commit.tree)
            numbered = stage.number if stage else (commit.when - EPOCH) // 60
            label = stage.label if stage else f"stage {numbered:02d} of an earlier series"
            break
    else:
        away = "mv stage stage.old   # keeps it; scripts/apply.sh 01 makes another"
        branch = ["git -C stage branch mine   # keeps it", "git -C stage checkout stage/01"]
        raise WorkAtRisk(
            f"HEAD of stage/ ({head[:12]}) descends from none of the stages",
            "one of " + ", ".join(f"{s.number:02d} {s.commit[:12]}" for s in stages),
            [away] if checkout.unmerged(repo) else [*branch, away],  # git goes nowhere while there are conflicts
        )
    at_head, tree = history[0].tree, files.stored
    edits = {change.path: change.status for change in repo.changes(at_head, tree)}
    staged = files.index if files.index and _only_staged(repo, at_head, files.index, tree) else None
    if tree in by_tree and not commits and not staged:  # edited into exactly another stage, or checked out by hand
        stage = by_tree[tree]
        return Position(head, stage, stage.label, tree, tree, files.exact, numbered=stage.number)
    conflicts = bool((edits or stage is None) and checkout.unmerged(repo))
    return Position(head, stage, label, base, tree, files.exact, commits, edits, staged, numbered, conflicts)


def _only_staged(repo: Repo, head: str, index: str, tree: str) -> bool:
    """Return whether the index holds something of a path that is neither in HEAD nor in the file."""
    if index in (head, tree):
        return False
    added = {change.path for change in repo.changes(head, index)}
    return any(change.path in added for change in repo.changes(index, tree))


def seek(project: Project, series: Series) -> Position | Refusal:
    """Return where stage/ stands, or why that cannot be said: for whoever only wants to know. Nothing is written."""
    return without_writing(project, lambda repo, folder: where(project, repo, build(repo, series, project.pin), folder))


def without_writing(project: Project, look: Callable[[Repo, Path], T]) -> T | Refusal:
    """Return what look(repo, folder) returns, or why it cannot be said. What git writes goes into the folder."""
    try:
        with scratch() as folder:
            return look(checkout.open_repo(project).writing_to(folder / "objects"), folder)
    except Refusal as refusal:
        return refusal
    except (GitFailed, OSError) as error:
        if explained := trouble.explain(project, error):
            return explained
        raise


def asked(project: Project, series: Series, text: str) -> int:
    """Return the number of the stage that the text names; `here`, `next` and `prev` count from where stage/ stands.

    BadInput where there is no such stage, or stage/ stands on none; any Refusal that says why that is not known.
    """
    if text not in STEPS:
        return series.number(text)
    if not checkout.exists(project):
        raise BadInput(
            "stage/ is not there yet, so that you stand at no stage",
            f"the number of a stage: 01 to {len(series):02d}",
            ["scripts/apply.sh 01   # makes stage/, and goes there"],
        )
    here = seek(project, series)
    if isinstance(here, Refusal):
        raise here
    if here.number is None:
        raise stands_nowhere(here, len(series))
    number = series.number(text, here.number)
    if not 0 <= number <= len(series):
        raise BadInput(f"there is no {text} of {here}", f"a stage from 00 to {len(series):02d}")
    return number


def stands_nowhere(here: Position, last: int) -> BadInput:
    """Return the refusal where stage/ stands at a stage of an earlier series. last: the number of the last stage."""
    return BadInput(f"stage/ stands at {here}", "a stage of the series as it is now", [here.way_on(last)])


def look(project: Project, stages: list[Stage]) -> Position | None:
    """Return where stage/ stands among these stages; None where there is none, or that cannot be said."""
    if not checkout.exists(project):
        return None
    try:
        with scratch() as folder:
            return where(project, checkout.open_repo(project).writing_to(folder / "objects"), stages, folder)
    except (Refusal, GitFailed, OSError):
        return None


def must_stand_at(position: Position, number: int) -> None:
    """Refuse (exit 2) where stage/ stands elsewhere."""
    if position.number != number:
        carry = "" if position.clean else " --carry   # takes your work there; then the same command again"
        raise BadInput(
            f"stage/ stands at {position}",
            f"stage {number:02d}: the edits in stage/ become the patch of the stage that they were made on",
            [f"scripts/apply.sh {number:02d}{carry}"],
        )
