"""The reader's makemore, `stage/`: making it, opening it, what stands in the way in it, its tags."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from ..core.errors import WorkAtRisk
from ..core.project import Project
from . import journal, trouble, upstream
from .build import Stage
from .git import Repo, init

UNFINISHED = {
    "MERGE_HEAD": "merge", "rebase-merge": "rebase", "rebase-apply": "rebase or am",
    "CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert", "BISECT_LOG": "bisect",
}  # fmt: skip


def exists(project: Project) -> bool:
    """Return whether there is anything at stage/."""
    if not project.stage.is_dir():
        return os.path.lexists(project.stage)
    try:
        return any(project.stage.iterdir())
    except PermissionError:
        return True  # whoever opens it says so


def open_repo(project: Project) -> Repo:
    """Return the repository in stage/. Raise WorkAtRisk where something else stands there."""
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
    repo = Repo(git_dir)
    if not repo.has(project.pin):
        raise trouble.repository_is_closed(project, git_dir) or WorkAtRisk(
            f"the repository in stage/ lacks makemore's commit {project.pin[:12]}: it is another one, or damaged",
            "the repository that apply made",
            away,
        )
    return repo


def _what_is(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {path.readlink()}"
    if not path.is_dir():
        return "a file"
    return (
        "a folder with a .git file, part of another repository" if (path / ".git").exists() else "a folder without .git"
    )


def have(project: Project) -> Repo:
    """Return the repository in stage/, made where there is none. Upstream is fetched first, where it is missing."""
    source = upstream.require(project)
    return open_repo(project) if exists(project) else create(project, source)


def create(project: Project, source: Repo) -> Repo:
    """Make stage/: a repository of its own with upstream's history, standing at stage 00."""
    journal.begin(project)
    draft = project.journal / "clone"
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
    journal.forget(project)
    return Repo(project.stage / ".git")


def refuse_unfinished(repo: Repo) -> None:
    """Refuse while a merge, rebase or the like of the reader's is under way."""
    for name, what in UNFINISHED.items():
        if (repo.git_dir / name).exists():
            verb = what.split()[0]
            goes_on = f"git -C stage {verb} --continue"
            ways = [f"{goes_on}   # or finish it as git says", f"git -C stage {verb} --abort"]
            if verb == "bisect":
                ways = ["git -C stage bisect reset"]
            elif unmerged(repo):
                ways[0] = f"git -C stage add -u   # once the conflicts are resolved; then {goes_on}"
            raise WorkAtRisk(f"a {what} of yours is under way in stage/", "", ways)


def unmerged(repo: Repo) -> list[str]:
    """Return the paths with a conflict in the reader's index."""
    return sorted({row.path for row in repo.index_rows() if row.stage})


def ways_out_of_conflicts(number: int) -> list[str]:
    """Return what leads out of unresolved conflicts, to a stage: neither command is refused.

    Nothing can be merged onto a stage as long as there are some.
    """
    return [
        f"git -C stage add -u   # once they are resolved; then scripts/apply.sh {number:02d} --carry takes it along",
        f"scripts/apply.sh {number:02d} --discard   # leaves it; it is kept as a commit first",
    ]


def in_the_way(folder: Path, target: Collection[str], tracked: Collection[str]) -> list[str]:
    """Return what git does not track, where the target has its own; target, tracked: paths.

    Ignored files count: checkout overwrites them silently.
    """
    paths = set()
    for path in target:
        if path in tracked:
            continue
        if os.path.lexists(folder / path):
            paths.add(path)
        for parent in Path(path).parents:
            place = folder / parent
            blocked = place.is_symlink() or (place.exists() and not place.is_dir())
            if str(parent) != "." and str(parent) not in tracked and blocked:
                paths.add(str(parent))
    return sorted(paths)


# -- tags -------------------------------------------------------------------------------------------------------------

Moves = dict[str, tuple[str | None, str | None]]  # reference -> (new, old)


def stage_tags(repo: Repo) -> dict[str, str]:
    """Return the commits of refs/tags/stage/NN, by reference. Other tags under stage/ are the reader's."""
    return {tag: commit for tag, commit in repo.refs("refs/tags/stage").items() if re.fullmatch(r".*/\d\d", tag)}


def changed_tags(repo: Repo, stages: list[Stage]) -> Moves:
    """Return the tags that the series wants elsewhere; a stage that is no more loses its tag."""
    old = stage_tags(repo)
    new = {stage.tag: stage.commit for stage in stages}
    return {tag: (new.get(tag), old.get(tag)) for tag in sorted({*old, *new}) if new.get(tag) != old.get(tag)}
