"""`refresh`: the way back. The edits in stage/ become patch NN; the patches after it are restacked by git's own merge.

Nothing is written until all of them merge, keep the rules, and apply again to exactly the trees they came from.
"""

import tempfile
from email.utils import formatdate
from pathlib import Path

import click

from ..core import console
from ..core.errors import BadInput, BrokenPatch, CheckFailed, MergeConflict
from ..core.project import Project
from ..evidence import baseline, headers
from ..pages import readme
from ..series import rules
from ..series.patches import SLUG, Patch, Series, load, parse
from ..series.unfit import unfit
from ..stages import checkout, upstream
from ..stages.build import Stage, build
from ..stages.git import Repo, require_git
from ..stages.transaction import Transaction, lock


@click.command(help="Make the edits in stage/ patch NN, and restack the later patches on it.")
@click.argument("stage", required=False)
@click.option("--new", "slug", metavar="SLUG", help="Standing at the last stage: append the edits as a new patch.")
@click.pass_obj
def command(project: Project, stage: str | None, slug: str | None) -> int:
    """Standing at stage NN. Headers are edited in the patch files themselves and keep their bytes, but for numbers that
    the baseline has moved."""
    if (stage is None) == (slug is None):
        raise BadInput("refresh needs a stage, or --new and a slug", "refresh.sh NN  or  refresh.sh --new SLUG")
    if slug is not None and not SLUG.fullmatch(slug):
        raise BadInput(f"{slug!r} is no name for a patch", "a slug: lower case letters, digits and dashes between them")
    require_git()
    with lock(project), tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        series = load(project.patches)
        source = upstream.require(project)
        repo = checkout.open_repo(project) if checkout.exists(project) else checkout.create(project, source)
        return _refresh(project, repo, series, stage, slug, Path(folder))


def _refresh(project: Project, repo: Repo, series: Series, stage: str | None, slug: str | None, scratch: Path) -> int:
    stages = build(repo, series, project.pin)
    checkout.refuse_unfinished(repo)
    unmerged = checkout.unmerged(repo)
    if unmerged:
        raise MergeConflict(
            f"conflicts are still to be resolved in {', '.join(unmerged)}",
            "",
            ["git -C stage add -u   # once they are"],
        )
    here = checkout.where(repo, stages, scratch)
    number = len(series) + 1 if slug else series.number(stage, here.number)
    if number == 0:
        raise BadInput(
            "stage 00 is upstream itself, which never changes", "01 or later", ["scripts/refresh.sh --new SLUG"]
        )
    checkout.must_stand_at(here, number - 1 if slug else number)
    filled = [headers.filled(patch, _recorded(project, patch)) for patch in series]
    names = [patch.name for patch in series]
    if slug:
        if here.tree == stages[-1].tree:
            raise BadInput("stage/ has no edits to make a patch of", f"edits on top of stage {number - 1:02d}")
        names.append(f"{number:02d}-{slug}")
        filled.append(_new_header(number, slug))
    trees = _restack(repo, stages, number, here.tree, len(names))
    files = {f"{name}.patch": filled[n] + repo.diff(trees[n], trees[n + 1]) for n, name in enumerate(names)}
    patches = [_exported(name, data) for name, data in files.items()]
    _only_inserts(repo, trees)
    rebuilt = _prove(repo, patches, trees, project.pin)
    return _write(project, repo, here, stages, rebuilt, files, number, scratch)


def _recorded(project: Project, patch: Patch) -> baseline.Baseline | None:
    return baseline.read(project.baselines / patch.name / "baseline.json")


def _new_header(number: int, slug: str) -> bytes:
    words = slug.replace("-", " ")
    return (
        f"From: makemore deltas <deltas@example.org>\nDate: {formatdate(usegmt=True)}\nSubject: delta TODO: {words}\n\n"
        "TODO: what the reader knew before, the one idea, where to look, what to run, what to expect.\n\n"
        f"Delta: TODO\nPart: TODO\nRun: scripts/train.sh {number:02d}\nExpect: TODO\n---\n"
    ).encode()


def _restack(repo: Repo, stages: list[Stage], number: int, edited: str, total: int) -> list[str]:
    """The trees of stages 00…total, with `edited` as stage `number`. Raises MergeConflict."""
    trees = [stage.tree for stage in stages[:number]] + [edited]
    for later in stages[number + 1 : total + 1]:
        merge = repo.merge(stages[later.number - 1].tree, trees[-1], later.tree)
        if merge.conflicts:
            shown = [_conflict(repo, merge.tree, path, later.number) for path in merge.paths]
            raise MergeConflict(
                f"{later.patch.file} no longer fits on stage {number:02d} as edited:\n" + "\n".join(shown),
                "edits that leave the lines beside later insertions alone; nothing was written",
                [
                    f"scripts/apply.sh {number:02d} --discard   # drop the edits (they are kept)",
                    f"move the edit away from patch {later.number:02d}'s lines, then scripts/refresh.sh {number:02d}",
                ],
            )
        if merge.tree == trees[-1]:
            raise MergeConflict(
                f"{later.patch.file} would be empty: stage {number:02d} as edited already has all of it",
                "",
                [f"git rm {later.patch.file}   # and renumber, if that is meant"],
            )
        trees.append(merge.tree)
    return trees


def _conflict(repo: Repo, tree: str, path: str, number: int) -> str:
    """The marked places of a conflicting file."""
    lines = repo.blob(f"{tree}:{path}").decode(errors="replace").splitlines()
    begin = [n for n, line in enumerate(lines) if line.startswith("<<<<<<< ")]
    end = [n for n, line in enumerate(lines) if line.startswith(">>>>>>> ")]
    shown = []
    for first, last in zip(begin, end, strict=False):
        part = ["<<<<<<< as edited", *lines[first + 1 : last], f">>>>>>> patch {number:02d}"]
        shown += [f"    {path}:{first + 1}", *(f"    {line}" for line in part)]
    return "\n".join(shown)


def _only_inserts(repo: Repo, trees: list[str]) -> None:
    faults = rules.insertion_faults(repo, trees)
    if faults:
        raise CheckFailed(
            "the series only inserts:\n    " + "\n    ".join(faults),
            "nothing was written",
            ["git -C stage diff stage/00   # look for lines with a minus"],
        )


def _exported(name: str, data: bytes) -> Patch:
    try:
        patch = parse(name, data)
    except BrokenPatch as error:  # what is wrong are the edits, not the file in patches/
        causes = unfit(data)
        raise CheckFailed(
            f"patches/{name} cannot hold the edits in stage/: {'; '.join(causes) or error.found}",
            (not causes and error.expected) or "lines of text in text files; nothing was written",
            ["git -C stage status"],
        ) from None
    faults = rules.diff_faults(patch)
    if faults:
        raise CheckFailed(f"{patch.file} would break the rules:\n    " + "\n    ".join(faults), "nothing was written")
    return patch


def _prove(repo: Repo, patches: list[Patch], trees: list[str], pin: str) -> list[Stage]:
    """The new series applied again must give the trees that it was exported from."""
    stages = build(repo, Series(patches), pin)
    for stage, tree in zip(stages, trees, strict=True):
        if stage.tree != tree:
            raise BrokenPatch(f"{stage.name} as exported gives another tree", tree)
    return stages


def _write(
    project: Project,
    repo: Repo,
    here: checkout.Position,
    old: list[Stage],
    new: list[Stage],
    files: dict[str, bytes],
    number: int,
    scratch: Path,
) -> int:
    changed = {
        name: data
        for name, data in files.items()
        if not (project.patches / name).exists() or (project.patches / name).read_bytes() != data
    }
    page = readme.filled(project, Series([stage.patch for stage in new[1:]]))
    kept = checkout.keep(repo, here, [], scratch) if here.commits or here.staged else None
    tags = checkout.stage_tags(repo)
    with Transaction(project, f"refresh {number:02d}", repo) as change:
        for name, data in changed.items():
            change.write(project.patches / name, data)
        if page[0] != page[1]:
            change.write(project.root / "README.md", page[1].encode())
        for stage in new:
            change.ref(stage.tag, stage.commit, tags.get(stage.tag))
        if kept:
            change.ref(kept[0], kept[1], None)
        change.ref("HEAD", new[number].commit, here.head)
        if new[number].commit != here.head:
            repo.with_index(change.index).read_tree(new[number].tree)
    _report(repo, old, new, changed, kept, number)
    return 0


def _report(repo: Repo, old: list[Stage], new: list[Stage], changed: dict, kept, number: int) -> None:
    if not changed:
        console.say("the series is as it was: nothing to do")
    for stage in new[1:]:
        known = old[stage.number] if stage.number < len(old) else None
        if f"{stage.name}.patch" in changed:
            what = "new" if known is None else "modified" if stage.number == number else "restacked"
            console.say(f"{what:9}  {stage.patch.file}  +{stage.patch.added}")
    if kept:
        console.say(f"your commits are kept: {kept[0]}")
    untracked = [path for path in repo.text("ls-files", "-o", "--exclude-standard", "-z").split("\0") if path]
    if untracked:
        console.say(
            f"left out, for git does not track them: {', '.join(untracked[:5])}   (git -C stage add FILE takes one in)"
        )
    if changed and "TODO" in new[number].patch.message:
        console.say(f"now write its header: {new[number].patch.file}")
