"""`apply`: moves stage/ to a stage of the series; without a stage it lists the series and says where you stand."""

import hashlib
import os
import shlex
import tempfile
from pathlib import Path

import click

from ..core import console
from ..core.errors import BadInput, NoUpstream, Refusal, WorkAtRisk
from ..core.project import Project
from ..series.patches import Series, load
from ..stages import checkout, upstream
from ..stages.build import Stage, build
from ..stages.checkout import Position
from ..stages.git import NO_OBJECT, Change, Merge, Repo, require_git
from ..stages.transaction import Transaction, lock


@click.command(help="Move stage/ to a stage: NN, next, prev, last, 00. Without one, list the series.")
@click.argument("stage", required=False)
@click.option("--carry", is_flag=True, help="Take your edits along: three-way merge onto the new stage.")
@click.option("--discard", is_flag=True, help="Leave your edits behind.")
@click.option("--json", "as_json", is_flag=True, help="The list as one JSON document.")
@click.pass_obj
def command(project: Project, stage: str | None, carry: bool, discard: bool, as_json: bool) -> int:
    """Both ways keep the reader's work as a commit under refs/kept/ first."""
    if carry and discard:
        raise BadInput("--carry and --discard are two ways, not one", "one of them")
    if stage is None:
        if carry or discard:
            raise BadInput("--carry and --discard need a stage", "apply.sh NN --carry")
        return list_series(project, as_json)
    if as_json:
        raise BadInput("--json goes with the list", "apply.sh --json")
    return apply(project, stage, carry=carry, discard=discard)


def apply(project: Project, wanted: str, *, carry: bool = False, discard: bool = False) -> int:
    """Builds every stage, tags them, checks one out. All of it or none."""
    require_git()
    with lock(project), tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        scratch = Path(folder)
        series = load(project.patches)
        if wanted not in ("next", "prev"):
            series.number(wanted)  # an unknown stage is refused before anything is made
        source = upstream.require(project)
        repo = checkout.open_repo(project) if checkout.exists(project) else checkout.create(project, source)
        stages = build(repo, series, project.pin)
        checkout.refuse_unfinished(repo)
        here = checkout.where(repo, stages, scratch)
        number = series.number(wanted, here.number)
        if not 0 <= number <= len(series):
            end = "last" if number > 0 else "first"
            console.say(f"stage/ stands at {here}, the {end} of the series: nothing to do")
            return 0
        return _move(project, repo, stages, here, stages[number], carry, discard, scratch)


def _move(
    project: Project,
    repo: Repo,
    stages: list[Stage],
    here: Position,
    to: Stage,
    carry: bool,
    discard: bool,
    scratch: Path,
) -> int:
    moved = changed_tags(repo, stages)
    unmerged = checkout.unmerged(repo)
    staying = here.stage == to and not discard and not unmerged
    blocking = [] if staying else checkout.in_the_way(repo, project.stage, to.tree, here.tree)
    known = bool(checkout.stage_tags(repo))  # a stage/ that never saw a series has nothing to hear of what moved
    at_risk = not here.clean or blocking or unmerged
    if carry and unmerged:
        raise WorkAtRisk(
            f"conflicts are still to be resolved in {', '.join(unmerged)}",
            "",
            ["git -C stage add -u   # once they are"],
        )
    if at_risk and not staying and not (carry or discard):
        raise _refusal(here, blocking, unmerged, to)

    if staying and not moved and here.head == to.commit:
        console.say(f"stage/ already stands at {here}: nothing to do")
        return 0
    kept = checkout.keep(repo, here, blocking, scratch) if at_risk and not staying else None
    files, index, merge = _result(repo, here, to, kept[2] if kept else here.tree, carry and at_risk, staying)
    with Transaction(project, f"apply {to.number:02d}", repo) as change:
        for tag, (new, old) in moved.items():
            change.ref(tag, new, old)
        if kept:
            change.ref(kept[0], kept[1], None)
        if not (staying and here.commits):
            change.ref("HEAD", to.commit, here.head)
        if not staying:
            _files_into(change, project, repo, kept[2] if kept else here.tree, files, merge, to)
        if not staying or (here.clean and here.head != to.commit):
            _index_into(change, repo, index, files, merge)
    for line in what_moved(repo, stages, moved) if known else []:
        console.say(line)
    _report(stages, here, to, kept, merge, staying)
    return 3 if merge and merge.conflicts else 0


def _refusal(here: Position, blocking: list[str], unmerged: list[str], to: Stage) -> WorkAtRisk:
    rows = [f"{letter} {path}" for path, letter in here.edits.items()]
    rows += [f"U {path}   (a conflict to resolve)" for path in unmerged]
    rows += [f"? {path}   (untracked, in the way)" for path in blocking]
    rows += [f"commit {commit[:12]}" for commit in here.commits]
    rows += ["what you staged, which is neither in HEAD nor in the files"] if here.staged else []
    return WorkAtRisk(
        f"stage/ holds work of yours, at {here}:\n    " + "\n    ".join(rows),
        "",
        [
            f"scripts/apply.sh {to.number:02d} --carry     # take it along",
            f"scripts/apply.sh {to.number:02d} --discard   # leave it; either way it is kept as a commit first",
        ],
    )


def _result(
    repo: Repo, here: Position, to: Stage, work: str, carry: bool, staying: bool
) -> tuple[str, str, Merge | None]:
    """(tree for the files, tree for the index, the merge if there was one)."""
    if staying:
        return work, work, None
    if not carry:
        return to.tree, to.tree, None
    merge = repo.merge(here.base, to.tree, work)
    return merge.tree, to.tree, merge


def _files_into(
    change: Transaction, project: Project, repo: Repo, work: str, files: str, merge: Merge | None, to: Stage
) -> None:
    for item in sorted(repo.changes(work, files), key=lambda item: item.status != "D"):  # a folder may become a file
        if "160000" in (item.old_mode, item.mode):
            continue  # a repository of the reader's inside stage/: never touched
        target = project.stage / item.path
        _must_be(target, item)
        if item.status == "D":
            change.remove(target)
            continue
        content = repo.blob(item.new)
        if merge and merge.conflicts:
            content = content.replace(merge.ours.encode(), to.label.encode()).replace(
                merge.theirs.encode(), b"your edits"
            )
        change.write(target, content, item.mode)


def _must_be(target: Path, item: Change) -> None:
    """The file is what git thinks it is. It is not where the reader hid edits from git, or an editor saves just now."""
    if target.is_symlink():
        content = os.fsencode(target.readlink())
    elif target.is_file():
        content = target.read_bytes()
    elif target.exists():
        content = None
    else:
        return
    found = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() if content is not None else "a folder"
    if found != item.old:
        raise WorkAtRisk(
            f"stage/{item.path} is not what git takes it for: edits that git was told not to see?",
            "",
            [f"git -C stage update-index --no-skip-worktree --no-assume-unchanged {shlex.quote(item.path)}"],
        )


def _index_into(change: Transaction, repo: Repo, tree: str, files: str, merge: Merge | None) -> None:
    """The stage as the index, so that what was carried shows as edits; files that the reader added stay added."""
    staging = repo.with_index(change.index)
    staging.read_tree(tree)
    if not merge:
        return
    staged = repo.entries(tree)
    added = [f"{e.mode} {e.blob} 0\t{e.path}" for e in repo.entries(files).values() if e.path not in staged]
    cleared = [f"0 {NO_OBJECT} 0\t{path}" for path in merge.paths]
    staging.set_entries([*added, *cleared, *merge.conflicts])


def changed_tags(repo: Repo, stages: list[Stage]) -> dict[str, tuple[str | None, str | None]]:
    """Tags that the series wants elsewhere: reference -> (new, old); a stage that is no more loses its tag."""
    old = checkout.stage_tags(repo)
    new = {stage.tag: stage.commit for stage in stages}
    return {tag: (new.get(tag), old.get(tag)) for tag in sorted({*old, *new}) if new.get(tag) != old.get(tag)}


def _report(
    stages: list[Stage],
    here: Position,
    to: Stage,
    kept: tuple[str, str, str] | None,
    merge: Merge | None,
    staying: bool,
) -> None:
    if kept:
        console.say(f"your work is kept: {kept[0]} ({kept[1][:12]}); git -C stage show {kept[0]}")
    title = to.patch.title if to.patch else "upstream itself"
    now = f" + {'; '.join(here.edits) or 'your commits'}, as you left it" if staying and not here.clean else ""
    console.say(f"{console.style(to.label, bold=True)} {to.name[3:]}: {title}{now}")
    console.say(console.style(f"  commit {to.commit}, in stage/", dim=True))
    if merge and merge.conflicts:
        console.say(f"  your edits conflict in {', '.join(merge.paths)}: the places are marked <<<<<<< and >>>>>>>")
        console.say("  resolve them, then: git -C stage add -u")
        return
    if merge:
        console.say("  your edits came along: git -C stage diff")
    number = f"{to.number:02d}"
    if to.patch:
        console.say(f"  scripts/show.sh {number}     what changed, and why")
        console.say(f"  scripts/train.sh {number}    train it")
    if to.number < len(stages) - 1:
        console.say("  scripts/apply.sh next  " + stages[to.number + 1].name[3:])


def what_moved(repo: Repo, stages: list[Stage], moved: dict[str, tuple[str | None, str | None]]) -> list[str]:
    """What a pull changed: new, modified, prose only, gone."""
    if not moved:
        return []
    by_tag = {stage.tag: stage for stage in stages}
    rows = []
    for tag, (new, old) in moved.items():
        if new is None:
            rows.append(f"  {tag.removeprefix('refs/tags/')} is gone")
        elif old is None:
            rows.append(f"  {by_tag[tag].name} is new")
        else:
            same = repo.text("rev-parse", f"{old}^{{tree}}") == by_tag[tag].tree
            rows.append(f"  {by_tag[tag].name} {'has new prose, the same code' if same else 'is modified'}")
    return ["the series has changed since stage/ was here:", *rows]


# -- the list --------------------------------------------------------------------------------------------------------


def list_series(project: Project, as_json: bool) -> int:
    """The series, each patch marked + (applied), > (you stand here) or - (ahead), as quilt and StGit do."""
    series = load(project.patches)
    here, problem = _position(project, series)
    number = here.number if here else None
    rows = [_row(patch, number) for patch in series]
    if as_json:
        console.document({"stage": number, "position": str(here) if here else None, "why": problem, "series": rows})
        return 0
    width = max((len(row["slug"]) for row in rows), default=0)
    for row in rows:
        mark = {"applied": "+", "current": ">", "ahead": "-"}[row["state"]]
        line = f"{mark} {row['stage']}  {row['slug']:<{width}}  Δ{row['delta']}: {row['title']}  "
        console.say(console.style(line, bold=row["state"] == "current") + console.style(f"+{row['lines']}", fg="green"))
    console.say(f"stage/ stands at {here}" if here else problem)
    if here and number is not None and number < len(series):
        console.say("  scripts/apply.sh next")
    return 0


def _row(patch, number: int | None) -> dict:
    state = "ahead" if number is None or patch.number > number else "current" if patch.number == number else "applied"
    return {
        "stage": f"{patch.number:02d}",
        "slug": patch.slug,
        "delta": patch.delta,
        "title": patch.title,
        "lines": patch.added,
        "state": state,
    }


def _position(project: Project, series: Series) -> tuple[Position | None, str]:
    """Where stage/ stands, or why that cannot be said. A list must not fail for want of upstream."""
    if not checkout.exists(project):
        return None, "stage/ is not there yet: scripts/apply.sh 01"
    try:
        repo = checkout.open_repo(project)
        with tempfile.TemporaryDirectory(prefix="deltas-") as folder:
            return checkout.where(repo, build(repo, series, project.pin), Path(folder)), ""
    except NoUpstream as error:
        return None, f"not known where stage/ stands: {error.found}"
    except Refusal as error:
        return None, f"not known where stage/ stands: {error.found}" + (f" ({error.ways[0]})" if error.ways else "")
