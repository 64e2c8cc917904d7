"""What was kept under refs/kept/ comes back, as edits on the stage that it was made on. What is kept stays kept."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import BadInput, WorkAtRisk
from ..core.files import scratch
from ..core.project import Project
from ..series.patches import load
from . import checkout
from .build import EPOCH, Stage, build
from .git import EMAIL, Repo, require_git
from .keeping import KEPT
from .lock import lock
from .move import Moved, files_into, index_into, work_rows
from .position import Position, stands_nowhere, where
from .transaction import Transaction


@dataclass(frozen=True)
class Shelf:
    """The reader's work as it was kept. when: in seconds since 1970. label: of the stage that it was made on.

    base: the tree of that stage. stage: the same in the series as it is now; None where it is no stage of it. files:
    the paths that differ from the stage, with git's letter. commits: how many commits of the reader's lie below it.
    staged: whether the index held something besides, which is kept as a second parent.
    """

    reference: str
    commit: str
    tree: str
    when: int
    label: str
    base: str
    stage: Stage | None
    files: dict[str, str]
    commits: int
    staged: bool

    @property
    def name(self) -> str:
        """Return what one types for it."""
        return self.reference.removeprefix(f"{KEPT}/")


def shelves(project: Project) -> list[Shelf]:
    """Return what is kept, the newest first; nothing where there is no stage/."""
    if not checkout.exists(project):
        return []
    require_git()
    with lock(project):
        repo = checkout.open_repo(project)
        return _shelves(repo, build(repo, load(project.patches), project.pin))


def restore(project: Project, name: str) -> tuple[Shelf, Moved]:
    """Bring kept work back: go to the stage that it was made on, and make it edits there.

    Where that stage is no longer in the series, the work is merged into the stage where stage/ stands. name: `last`, or
    the end of a reference that no other has. Raise WorkAtRisk where stage/ holds work, BadInput for an unknown name.
    """
    require_git()
    if not checkout.exists(project):
        raise BadInput("nothing is kept: stage/ is not there yet", "work that was left", ["scripts/apply.sh 01"])
    with lock(project), scratch() as folder:
        series = load(project.patches)
        repo = checkout.have(project)
        stages = build(repo, series, project.pin)
        checkout.refuse_unfinished(repo)
        shelf = _named(_shelves(repo, stages), name)
        here = where(project, repo, stages, folder)
        to = shelf.stage or here.stage
        if to is None:
            raise stands_nowhere(here, len(series))
        _refuse_work(here, checkout.unmerged(repo), shelf, len(series))
        merge = repo.merge(shelf.base, to.tree, shelf.tree)
        _refuse_blocked(project.stage, repo, here, merge.tree)
        tags = checkout.changed_tags(repo, stages)
        with Transaction(project, f"apply --restore {shelf.name}", repo) as change:
            for tag, (new, old) in tags.items():
                change.ref(tag, new, old)
            change.ref("HEAD", to.commit, here.head)
            files_into(change, project, repo, here.exact, to.tree, merge, (to.label, "your edits"))
            index_into(change, repo, to.tree, merge)
        following = stages[to.number + 1] if to.number + 1 < len(stages) else None
        return shelf, Moved(here, to, True, following, merge=merge)


def _shelves(repo: Repo, stages: list[Stage]) -> list[Shelf]:
    found = [_shelf(repo, stages, reference, commit) for reference, commit in repo.refs(KEPT).items()]
    return sorted((shelf for shelf in found if shelf), key=lambda shelf: (shelf.when, shelf.reference), reverse=True)


def _shelf(repo: Repo, stages: list[Stage], reference: str, kept: str) -> Shelf | None:
    """Return what is kept under a reference; None where it descends from no stage: then it is none of ours."""
    top, *below = repo.history(kept)
    staged = repo.resolve(f"{kept}^2") is not None
    by_tree = {stage.tree: stage for stage in stages}
    for count, commit in enumerate(below):
        if commit.id == stages[0].commit or commit.email == EMAIL:
            stage = by_tree.get(commit.tree)
            label = stage.label if stage else f"stage {(commit.when - EPOCH) // 60:02d} of an earlier series"
            files = {change.path: change.status for change in repo.changes(commit.tree, top.tree)}
            return Shelf(reference, kept, top.tree, top.when, label, commit.tree, stage, files, count, staged)
    return None


def _named(kept: list[Shelf], name: str) -> Shelf:
    fitting = kept[:1] if name == "last" else [shelf for shelf in kept if shelf.reference.endswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    found = f"{len(fitting)} of the kept end in {name!r}" if fitting else f"nothing kept is called {name!r}"
    if not kept:
        found = "nothing is kept"
    raise BadInput(found, "last, or a name from the list", ["scripts/apply.sh --restore   # lists what is kept"])


def _refuse_work(here: Position, unmerged: list[str], shelf: Shelf, last: int) -> None:
    if here.clean and not unmerged:
        return
    rows = work_rows(here) + [f"U {path}   (a conflict to resolve)" for path in unmerged]
    number = f"{here.nearest(last):02d}"
    raise WorkAtRisk(
        f"stage/ holds work of yours, at {here}:\n    " + "\n    ".join(rows),
        f"a stage without edits, to bring {shelf.name} back",
        [
            f"scripts/apply.sh {number} --discard   # keeps that work as a commit, too",
            f"scripts/apply.sh --restore {shelf.name}   # then; `last` would be the work that was just kept",
        ],
    )


def _refuse_blocked(folder: Path, repo: Repo, here: Position, tree: str) -> None:
    blocking = checkout.in_the_way(folder, repo.entries(tree).keys(), repo.entries(here.tree).keys())
    if blocking:
        raise WorkAtRisk(
            f"in stage/ stand files that git does not track, in the way of what is kept: {', '.join(blocking)}",
            "another place for them",
            [
                f"mv {shlex.quote(f'stage/{path}')} {shlex.quote(f'stage/{path}.mine')}   # keeps it"
                for path in blocking
            ],
        )
