"""`apply`: move stage/ to a stage of the series; without a stage, list the series and say where you stand."""

import time
from typing import Any

import click

from ..core import console
from ..core.errors import BadInput, Refusal
from ..core.project import Project
from ..series.patches import Patch, load
from ..stages import checkout, restoring
from ..stages.move import Moved, Work, move
from ..stages.position import Position, seek

KEPT_FILES = 6  # of a shelf that are listed


@click.command(help="Move stage/ to a stage: NN, next, prev, last, 00. Without one, list the series.")
@click.argument("stage", required=False)
@click.option("--carry", is_flag=True, help="Take your edits along: three-way merge onto the new stage.")
@click.option("--discard", is_flag=True, help="Leave your edits behind.")
@click.option(
    "--restore",
    is_flag=False,
    flag_value="",
    metavar="[NAME]",
    help="List the work that was kept; with a name, or `last`, bring it back.",
)
@click.option("--json", "as_json", is_flag=True, help="The list as one JSON document.")
@click.pass_obj
def command(project: Project, stage: str | None, carry: bool, discard: bool, restore: str | None, as_json: bool) -> int:
    """Move, or list. Both ways of moving keep the reader's work as a commit under refs/kept/ first."""
    if carry and discard:
        raise BadInput("--carry and --discard are two ways, not one", "one of them")
    if restore is not None:
        if stage is not None or carry or discard or as_json:
            raise BadInput("--restore takes a name and nothing else", "apply.sh --restore, or apply.sh --restore last")
        return bring_back(project, restore) if restore else list_kept(project)
    if stage is None:
        if carry or discard:
            raise BadInput("--carry and --discard need a stage", "apply.sh NN --carry")
        return list_series(project, as_json)
    if as_json:
        raise BadInput("--json goes with the list", "apply.sh --json")
    return report(move(project, stage, Work.CARRIED if carry else Work.LEFT if discard else Work.STAYS))


# -- what happened ----------------------------------------------------------------------------------------------------


def report(moved: Moved) -> int:
    """Print what happened. The exit code is 3 where edits that were carried conflict."""
    here, to = moved.here, moved.to
    if to is None:
        end = "first" if here.number == 0 else "last"
        console.say(f"stage/ stands at {here}, the {end} of the series: nothing to do")
        return 0
    if not moved.done:
        console.say(f"stage/ already stands at {here}: nothing to do")
        return 0
    if moved.news:
        console.say("the series has changed since stage/ was here:")
    for name, news in moved.news.items():
        console.say(f"  {name} {news.value}")
    if kept := moved.kept:
        console.say(f"your work is kept: {kept.reference} ({kept.commit[:12]}); git -C stage show {kept.reference}")
    title = to.patch.title if to.patch else "upstream itself"
    stays = moved.staying and not here.clean
    now = f" + {'; '.join(here.edits) or 'your commits'}, as you left it" if stays else ""
    console.say(f"{console.style(to.label, bold=True)} {to.name[3:]}: {title}{now}")
    console.say(console.style(f"  commit {to.commit}, in stage/", dim=True))
    if moved.exact:
        console.say(f"  your git had converted {', '.join(moved.exact)}: exact to the byte again")
    if moved.merge and moved.merge.conflicts:
        paths = ", ".join(moved.merge.paths)
        console.say(f"  your edits conflict in {paths}: the places are marked <<<<<<< and >>>>>>>")
        console.say("  resolve them, then: git -C stage add -u")
        return 3
    _next_steps(moved)
    return 0


def _next_steps(moved: Moved) -> None:
    if moved.merge:
        console.say("  your edits came along: git -C stage diff")
    if moved.to and moved.to.patch:
        number = f"{moved.to.number:02d}"
        console.say(f"  scripts/show.sh {number}     what changed, and why")
        console.say(f"  scripts/train.sh {number}    train it")
    if moved.following:
        console.say("  scripts/apply.sh next  " + moved.following.name[3:])


# -- what is kept -----------------------------------------------------------------------------------------------------


def list_kept(project: Project) -> int:
    """Print what is kept under refs/kept/, the newest first."""
    kept = restoring.shelves(project)
    for shelf in kept:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(shelf.when))
        commits = f", {shelf.commits} of it committed" if shelf.commits else ""
        files = "; ".join(f"{letter} {path}" for path, letter in list(shelf.files.items())[:KEPT_FILES])
        more = f" and {len(shelf.files) - KEPT_FILES} more" if len(shelf.files) > KEPT_FILES else ""
        console.say(f"{console.style(shelf.name, bold=True)}  kept {when}, made on {shelf.label}{commits}")
        console.say(f"  {files}{more}")
    console.say("  scripts/apply.sh --restore last   # or a name" if kept else "nothing is kept: no work was left yet")
    return 0


def bring_back(project: Project, name: str) -> int:
    """Restore what is kept under this name, and print what happened."""
    shelf, moved = restoring.restore(project, name)
    console.say(f"brought back from {shelf.reference}, where it stays ({shelf.commit[:12]})")
    return report(moved)


# -- the list ---------------------------------------------------------------------------------------------------------


def list_series(project: Project, as_json: bool) -> int:
    """Print the series, every patch marked + (applied), > (you stand here) or - (ahead), as quilt and StGit do."""
    series = load(project.patches)
    here, problem = None, "stage/ is not there yet: scripts/apply.sh 01"
    if checkout.exists(project):
        here, problem = _place(seek(project, series))
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
    if number is not None and number < len(series):
        console.say("  scripts/apply.sh next")
    return 0


def _place(sought: Position | Refusal) -> tuple[Position | None, str]:
    """Return where stage/ stands, or why that is not known. A list does not fail because of that."""
    if isinstance(sought, Position):
        return sought, ""
    return None, f"not known where stage/ stands: {sought.found}" + (f" ({sought.ways[0]})" if sought.ways else "")


def _row(patch: Patch, number: int | None) -> dict[str, Any]:
    state = "ahead" if number is None or patch.number > number else "current" if patch.number == number else "applied"
    return {
        "stage": f"{patch.number:02d}",
        "slug": patch.slug,
        "delta": patch.delta,
        "title": patch.title,
        "lines": patch.added,
        "state": state,
    }
