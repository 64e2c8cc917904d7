"""The reader's makemore, `stage/`: where it stands, what of it is the reader's own, and how that is kept.

A stage is recognised by its tree, never by a note of ours.
"""

import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import BadInput, Refusal, WorkAtRisk
from ..core.project import Project
from .build import EPOCH, Stage
from .git import EMAIL, GitFailed, Repo, init

UNFINISHED = {
    "MERGE_HEAD": "merge", "rebase-merge": "rebase", "rebase-apply": "rebase or am",
    "CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert", "BISECT_LOG": "bisect",
}  # fmt: skip


def exists(project: Project) -> bool:
    """Whether there is anything at stage/."""
    return os.path.lexists(project.stage) and not (project.stage.is_dir() and not any(project.stage.iterdir()))


def open_repo(project: Project) -> Repo:
    """The repository in stage/. Raises WorkAtRisk where something else stands there."""
    git_dir = project.stage / ".git"
    away = ["mv stage stage.old   # then run the command again"]
    if project.stage.is_symlink() or not git_dir.is_dir() or git_dir.is_symlink():
        raise WorkAtRisk(
            "stage/ is not the repository that apply made: " + _what_is(project.stage),
            "a folder with a .git folder of its own",
            away,
        )
    attributes = git_dir / "info" / "attributes"
    if attributes.exists() and attributes.read_bytes().strip():  # git has no switch for these before 2.41
        raise WorkAtRisk(
            "stage/.git/info/attributes tells git to change files on their way in and out",
            "no such file: stages are exact to the byte",
            ["mv stage/.git/info/attributes stage/.git/info/attributes.off"],
        )
    repo = Repo(git_dir, project.stage)
    if not repo.has(f"{project.pin}^{{commit}}"):
        raise WorkAtRisk("stage/ holds another repository", f"one with makemore's commit {project.pin[:12]}", away)
    return repo


def stage_tags(repo: Repo) -> dict[str, str]:
    """refs/tags/stage/NN -> commit. Other tags under stage/ are the reader's."""
    return {tag: commit for tag, commit in repo.refs("refs/tags/stage").items() if re.fullmatch(r".*/\d\d", tag)}


def _what_is(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {path.readlink()}"
    if not path.is_dir():
        return "a file"
    return (
        "a folder with a .git file, part of another repository" if (path / ".git").exists() else "a folder without .git"
    )


def create(project: Project, source: Repo) -> Repo:
    """Makes stage/: a repository of its own with upstream's history, standing at stage 00."""
    draft = project.journal / "clone"
    shutil.rmtree(project.journal, ignore_errors=True)
    init(draft, bare=False)
    shallow = source.git_dir / "shallow"
    if shallow.exists():
        (draft / ".git" / "shallow").write_bytes(shallow.read_bytes())
    repo = Repo(draft / ".git", draft)
    # not `git clone`: the upload-pack that it starts refuses a folder of another owner, as containers have
    pack = source.run("pack-objects", "--revs", "--stdout", "-q", stdin=f"{project.pin}\n".encode())
    repo.run("index-pack", "--stdin", "--fix-thin", stdin=pack)
    (draft / ".git" / "HEAD").write_text(project.pin + "\n")
    repo.run("read-tree", "-m", "-u", project.pin)
    if project.stage.is_dir():
        project.stage.rmdir()
    draft.replace(project.stage)
    shutil.rmtree(project.journal, ignore_errors=True)
    return Repo(project.stage / ".git", project.stage)


@dataclass(frozen=True)
class Position:
    """Where stage/ stands.

    head: HEAD's commit. stage: the stage of the series that it stands on; None: one of an older series, which `label`
    names. base: the tree of that stage. commits: the reader's own, newest first. tree: the working files of
    everything that git tracks. edits: paths that differ from HEAD's commit, with git's letter (A, M, D, T). staged: the
    index as a tree, where it holds something that is neither in HEAD nor in the files.
    """

    head: str
    stage: Stage | None
    label: str
    base: str
    tree: str
    commits: list[str] = field(default_factory=list)
    edits: dict[str, str] = field(default_factory=dict)
    staged: str | None = None

    @property
    def number(self) -> int | None:
        """The stage's number in the series as it is now."""
        return self.stage.number if self.stage else None

    @property
    def clean(self) -> bool:
        """Nothing of the reader's would be lost."""
        return not self.commits and not self.edits and not self.staged

    def __str__(self) -> str:
        parts = [self.label]
        if self.commits:
            parts.append(f"{len(self.commits)} commit{'s' * (len(self.commits) > 1)} of yours")
        if self.edits:
            parts.append("your edits in " + ", ".join(self.edits))
        if self.staged:
            parts.append("what you staged")
        return " + ".join(parts)


def where(repo: Repo, stages: list[Stage], scratch: Path) -> Position:
    """Where the reader stands, with edits and commits on top. `scratch`: a folder for a temporary index."""
    head = repo.resolve("HEAD^{commit}")
    if head is None:
        raise WorkAtRisk(
            "stage/ has no commit at HEAD", "a stage", ["mv stage stage.old   # then run the command again"]
        )
    staged, tree = working_tree(repo, scratch)
    by_tree = {stage.tree: stage for stage in stages}
    history = repo.history(head)
    for count, commit in enumerate(history):
        if commit.id == stages[0].commit or commit.email == EMAIL:  # upstream, or a stage of this series or an older
            commits, base, stage = [own.id for own in history[:count]], commit.tree, by_tree.get(commit.tree)
            label = stage.label if stage else f"stage {(commit.when - EPOCH) // 60:02d} of an earlier series"
            break
    else:
        raise WorkAtRisk(
            f"HEAD of stage/ ({head[:12]}) descends from none of the stages",
            "one of " + ", ".join(f"{s.number:02d} {s.commit[:12]}" for s in stages),
            ["git -C stage branch mine   # keeps it", "git -C stage checkout stage/01", "mv stage stage.old"],
        )
    at_head = history[0].tree
    edits = {change.path: change.status for change in repo.changes(at_head, tree)} if tree != at_head else {}
    hidden = staged not in (None, at_head, tree) and _only_staged(repo, at_head, staged, tree)
    if tree in by_tree and not commits and not hidden:  # edited into exactly another stage, or checked out by hand
        stage = by_tree[tree]
        return Position(head, stage, stage.label, tree, tree)
    return Position(head, stage, label, base, tree, commits, edits, staged if hidden else None)


def _only_staged(repo: Repo, head: str, staged: str, tree: str) -> bool:
    """Whether the index holds something of a path that is neither in HEAD nor in the file."""
    added = {change.path for change in repo.changes(head, staged)}
    return any(change.path in added for change in repo.changes(staged, tree))


def look(project: Project, stages: list[Stage]) -> Position | None:
    """Where stage/ stands, for whoever only wants to know; None where that cannot be said."""
    if not exists(project):
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="deltas-") as folder:
            return where(open_repo(project), stages, Path(folder))
    except (Refusal, GitFailed):
        return None


def working_tree(repo: Repo, scratch: Path) -> tuple[str | None, str]:
    """(the index as a tree, None where it is unmerged; the working files of everything that git tracks, as a tree).

    The reader's own index stays as it is.
    """
    index = scratch / "work.index"
    real = repo.git_dir / "index"
    if real.exists():
        shutil.copyfile(real, index)
    staging = repo.with_index(index)
    if not real.exists():
        staging.read_tree("HEAD")
    try:
        staged = staging.write_tree()
    except GitFailed:
        staged = None
    staging.add_tracked()
    return staged, staging.write_tree()


def refuse_unfinished(repo: Repo) -> None:
    """Refuses while a merge, rebase or the like of the reader's is under way."""
    for name, what in UNFINISHED.items():
        if (repo.git_dir / name).exists():
            verb = what.split()[0]
            raise WorkAtRisk(
                f"a {what} of yours is under way in stage/",
                "",
                [f"git -C stage {verb} --abort" if verb != "bisect" else "git -C stage bisect reset", "or finish it"],
            )


def unmerged(repo: Repo) -> list[str]:
    """Paths with a conflict in the reader's index."""
    rows = repo.text("ls-files", "-u", "-z").split("\0")
    return sorted({row.split("\t", 1)[1] for row in rows if row})


def in_the_way(repo: Repo, stage_folder: Path, target_tree: str, tracked_tree: str) -> list[str]:
    """Files git does not track, where the target has its own. Ignored ones too: checkout overwrites them silently."""
    tracked = repo.entries(tracked_tree)
    found = set()
    for path in repo.entries(target_tree):
        if path in tracked:
            continue
        if os.path.lexists(stage_folder / path):
            found.add(path)
        for parent in Path(path).parents:
            place = stage_folder / parent
            blocked = place.is_symlink() or (place.exists() and not place.is_dir())
            if str(parent) != "." and str(parent) not in tracked and blocked:
                found.add(str(parent))
    return sorted(found)


def keep(repo: Repo, position: Position, blocking: list[str], scratch: Path) -> tuple[str, str, str]:
    """Makes the reader's work a commit. Returns (reference, commit, tree); the caller creates the reference.

    The commit's parents are HEAD and, where something staged is in neither, the index, as `git stash` does it.
    """
    index = scratch / "keep.index"
    staging = repo.with_index(index)
    staging.read_tree(position.tree)
    if blocking:
        staging.add(blocking)
    tree = staging.write_tree()
    now = f"{int(time.time())} +0000"
    parents = [position.head]
    if position.staged:
        parents.append(repo.commit_tree(position.staged, [position.head], b"what was staged\n", now))
    commit = repo.commit_tree(tree, parents, f"kept: {position}\n".encode(errors="backslashreplace"), now)
    stem = f"refs/kept/{time.strftime('%Y%m%d-%H%M%S')}"
    taken = repo.refs("refs/kept")
    name = next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, 1000))) if n not in taken)
    return name, commit, tree


def must_stand_at(position: Position, number: int) -> None:
    """Refuses (exit 2) where stage/ stands elsewhere."""
    if position.number != number:
        raise BadInput(
            f"stage/ stands at {position}",
            f"stage {number:02d}: the edits in stage/ become the patch of the stage that they were made on",
            [f"scripts/apply.sh {number:02d}"],
        )
