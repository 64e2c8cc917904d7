"""Pin + patches → stage commits, in the object database, with a temporary index. No reference or file is touched."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core import files
from ..core.errors import BrokenPatch
from ..core.project import Project
from ..series.patches import NO_OBJECT, Patch, Series, load
from . import upstream
from .git import GitFailed, Repo, init
from .objects import blob_id

EPOCH = 1735689600  # 2025-01-01T00:00:00Z; stage NN is dated NN minutes later, so that histories sort

# What `git apply` says of a patch. It also says "does not apply" of one whose file it could not read.
_OF_THE_PATCH = re.compile(
    r"patch failed|corrupt patch|patch fragment|unrecognized input|only garbage|depends on old contents|"
    r"already exists in|does not exist in|invalid path|removal patch|new file .* is|offset|fuzz"
)


@dataclass(frozen=True)
class Stage:
    """Upstream with patches 01…NN. Stage 00 is upstream itself and has no patch."""

    number: int
    commit: str
    tree: str
    patch: Patch | None = None

    @property
    def name(self) -> str:
        """Return NN-slug."""
        return self.patch.name if self.patch else "00-upstream"

    @property
    def tag(self) -> str:
        """Return the reference that marks it in stage/."""
        return f"refs/tags/stage/{self.number:02d}"

    @property
    def label(self) -> str:
        """Return what messages call it."""
        return f"stage {self.number:02d}"


def build(repo: Repo, series: Series, pin: str) -> list[Stage]:
    """Return the stage commits 00…NN. Their ids are the same on every machine.

    Raise BrokenPatch when a patch does not apply, or its blobs before or after are not the ones that it names: git
    itself never compares those, and patches the wrong one of two equal places "cleanly".
    """
    stages = [Stage(0, pin, repo.tree(pin))]
    blobs = {path: entry.blob for path, entry in repo.entries(pin).items()}
    with files.scratch() as folder:
        staging = repo.with_index(folder / "index")
        staging.read_tree(pin)
        for patch in series:
            stages.append(_next(staging, stages[-1], patch, blobs))
    return stages


def _next(staging: Repo, before: Stage, patch: Patch, blobs: dict[str, str]) -> Stage:
    mend = [
        f"git diff -- {patch.file}   # what was changed in it by hand",
        f"git stash push -- {patch.file}   # sets your version aside; git stash pop brings it back",
    ]
    for file in patch.files:
        blob = blobs.get(file.path, NO_OBJECT)
        if blob != file.pre:
            raise BrokenPatch(
                f"{patch.file} does not belong here: {before.name} holds {file.path} as {_short(blob)}",
                f"{_short(file.pre)}, which the patch was made from",
                mend,
            )
    try:
        staging.apply_to_index(patch.diff)
    except GitFailed as error:
        if not _is_the_patchs(staging, patch, error):
            raise
        raise BrokenPatch(f"{patch.file} does not apply to {before.name}: {error.said}", "", mend) from None
    tree = staging.write_tree()
    changed = {change.path: change.new for change in staging.changes(before.tree, tree)}
    for file in patch.files:
        blob = changed.pop(file.path, file.pre)
        if blob != file.post:
            raise BrokenPatch(
                f"{patch.file} makes {file.path} {_short(blob)}",
                f"{_short(file.post)}, which the patch promises: its text or its blob id was edited by hand",
                mend,
            )
        blobs[file.path] = file.post
    if changed:
        raise BrokenPatch(f"{patch.file} also changes {', '.join(changed)}", "only the files that it names", mend)
    # without `Part:`, so that a patch can be given to another part of the blog series and its stage keeps its id
    message = f"{patch.fields.get('Subject', patch.slug)}\n\n{patch.commit_message}\n".encode()
    commit = staging.commit_tree(tree, [before.commit], message, f"{EPOCH + 60 * patch.number} +0000")
    return Stage(patch.number, commit, tree, patch)


def _is_the_patchs(repo: Repo, patch: Patch, error: GitFailed) -> bool:
    """Return whether the patch is at fault: git says so, and the files that it was applied to are whole."""
    if not _OF_THE_PATCH.search(error.said):
        return False
    before = [file.pre for file in patch.files if file.pre != NO_OBJECT]
    return all(repo.has(blob) and blob_id(repo.blob(blob)) == blob for blob in before)


def _short(blob: str) -> str:
    return "absent" if blob == NO_OBJECT else blob[:12]


@dataclass(frozen=True)
class Workshop:
    """All stages, built in scratch objects: for whoever reads stages without the reader's stage/."""

    repo: Repo
    series: Series
    stages: list[Stage]

    def find(self, text: str) -> Stage:
        """Return the stage that `3`, `03`, a slug or `last` means. Raise BadInput."""
        return self.stages[self.series.number(text)]

    def files(self, stage: Stage) -> dict[str, bytes]:
        """Return the content of everything in a stage, by path."""
        return {path: self.repo.blob(entry.blob) for path, entry in self.repo.entries(stage.tree).items()}

    def export(self, stage: Stage, folder: Path) -> None:
        """Write a stage's files into a folder."""
        for path, content in self.files(stage).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


@contextlib.contextmanager
def scratch(project: Project) -> Iterator[Repo]:
    """Lend a bare repository that borrows upstream's objects and goes away. Raise NoUpstream."""
    upstream.require(project)
    with files.scratch() as folder:
        bare = folder / "stages.git"
        init(bare, bare=True, borrow=upstream.objects(project))
        shallow = upstream.git_dir(project) / "shallow"
        if shallow.exists():
            (bare / "shallow").write_bytes(shallow.read_bytes())
        yield Repo(bare)


@contextlib.contextmanager
def workshop(project: Project) -> Iterator[Workshop]:
    """Lend the stages of the series as it stands. Raise BrokenPatch, NoUpstream."""
    series = load(project.patches)
    with scratch(project) as repo:
        yield Workshop(repo, series, build(repo, series, project.pin))
