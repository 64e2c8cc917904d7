"""`apply`: move stage/ to a stage of the series; without a stage, list the series and say where you stand."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click

from ..core import console, jsonfile, numbers
from ..core.errors import BadInput, Refusal
from ..core.project import Project
from ..evidence.baseline import Summary
from ..pages import readme
from ..runs import experiment
from ..runs.experiment import Experiment
from ..runs.metrics import Metric
from ..runs.subject import look_up
from ..series.patches import Patch, Series, load
from ..stages import checkout, restoring
from ..stages.build import workshop
from ..stages.git import GitFailed
from ..stages.move import Moved, Work, look_ahead, move
from ..stages.position import Position

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
    console.say(console.style(f"  commit {to.commit}, in stage/", fg=console.QUIET))
    if moved.exact:
        console.say(f"  your git had converted {', '.join(moved.exact)}: exact to the byte again")
    _tell_of_commits(moved)
    if moved.merge and moved.merge.conflicts:
        paths = ", ".join(moved.merge.paths)
        console.say(f"  your edits conflict in {paths}: the places are marked <<<<<<< and >>>>>>>")
        console.say("  resolve them, then: git -C stage add -u")
        return 3
    _next_steps(moved)
    return 0


def _tell_of_commits(moved: Moved) -> None:
    if moved.merged:
        console.say("  your work came along; what you had merged is one commit for each merge: git -C stage log")
    elif moved.commits:
        console.say(f"  your commit{'s' * (moved.commits > 1)} came along, with new ids: git -C stage log")
    elif moved.misfit:
        console.say("  your commits became edits, for one of them does not fit on this stage")
    elif moved.merge and moved.here.commits:
        console.say("  this stage has all of your commits already")


def _next_steps(moved: Moved) -> None:
    if moved.merge and (moved.misfit or moved.here.edits or moved.here.staged or not moved.here.commits):
        console.say("  your edits came along: git -C stage diff")
    if moved.to and moved.to.patch:
        number = f"{moved.to.number:02d}"
        console.say(f"  scripts/show.sh {number}     what changed, and why")
        console.say(f"  scripts/train.sh {number}    train it")
    if moved.following:
        carry = " --carry" if moved.merge or (moved.staying and not moved.here.clean) else ""
        console.say(f"  scripts/apply.sh next{carry}  {moved.following.name[3:]}")


# -- what is kept -----------------------------------------------------------------------------------------------------


def list_kept(project: Project) -> int:
    """Print what is kept under refs/kept/, the newest first."""
    kept = restoring.shelves(project)
    for shelf in kept:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(shelf.when))
        commits = f", {shelf.commits} of it committed" if shelf.commits else ""
        commits += ", some of it staged" if shelf.staged else ""
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
    if shelf.commits:
        console.say(f"  {shelf.commits} of your commits are edits now: git -C stage log {shelf.reference} has them")
    if shelf.staged:
        console.say(f"  what you had staged is in git -C stage show {shelf.reference}^2, and is not brought back")
    return report(moved)


# -- the list ---------------------------------------------------------------------------------------------------------


def list_series(project: Project, as_json: bool) -> int:
    """Print the series, every patch marked + (applied), > (you stand here) or - (ahead), as quilt and StGit do.

    Beside it stand the number that was recorded for the stage, and how many of its runs were trained here.
    """
    series = load(project.patches)
    here, problem, command = None, "stage/ is not there yet: scripts/apply.sh 01", ""
    if checkout.exists(project):
        here, problem, command = _place(look_ahead(project, series))
    number = here.number if here else None
    headlines = {patch.name: _headline(project, patch.name) for patch in series}
    trained = _trained(project, series)
    rows = [_row(patch, number, headlines[patch.name], trained.get(patch.name)) for patch in series]
    if as_json:
        console.document({"stage": number, "position": str(here) if here else None, "why": problem, "series": rows})
        return 0
    common = _common(headlines.values())
    _print_rows(rows, [_number(headlines[patch.name], common) for patch in series])
    at = f" ({number} of {len(series)})" if number is not None else ""
    console.say(f"stage/ stands at {here}{at}" if here else problem)
    if command:
        console.say(f"  {command}")
    if common:
        unit = f" ({common.unit})" if common.unit else ""
        console.say(console.style(f"the numbers: {common.says}{unit}, as recorded", fg=console.QUIET))
    return 0


def _place(sought: tuple[Position, str] | Refusal) -> tuple[Position | None, str, str]:
    """Return where stage/ stands, or else why that is not known, and what to type. The list does not fail."""
    if isinstance(sought, Refusal):
        way = f" ({sought.ways[0]})" if sought.ways else ""
        return None, f"not known where stage/ stands: {sought.found}{way}", ""
    here, command = sought
    return here, "", command


def _headline(project: Project, stage: str) -> tuple[Metric, Summary] | None:
    """Return what was recorded of the metric that stands for a stage; None also where the file is malformed."""
    try:
        return readme.headline(project, stage)
    except BadInput:
        return None  # verify says what is wrong with it


def _common(headlines: Iterable[tuple[Metric, Summary] | None]) -> Metric | None:
    """Return the metric that most stages have for a headline; None where none has one."""
    counts = Counter(headline[0] for headline in headlines if headline)
    return counts.most_common(1)[0][0] if counts else None


def _number(headline: tuple[Metric, Summary] | None, common: Metric | None) -> str:
    """Return the mean over the recorded seeds, with its name where it is not what most stages have."""
    if headline is None:
        return ""
    metric, summary = headline
    return numbers.mean(summary, metric) + ("" if metric == common else f" {metric.says}")


def _trained(project: Project, series: Series) -> dict[str, tuple[int, int]]:
    """Return how many runs of a stage were trained here, from its first seed, and how many it has, by stage.

    A stage without any is left out. Nothing is known where the stages cannot be made.
    """
    trained: dict[str, tuple[int, int]] = {}
    described = {patch.name: _experiment(project, patch.name) for patch in series}
    begun = [name for name, experiment in described.items() if experiment and _has_begun(project, experiment)]
    if not begun:
        return trained
    with contextlib.suppress(Refusal, GitFailed, OSError), workshop(project) as shop:
        for name in begun:
            subject = look_up(project, shop, shop.find(name))
            runs, seeds = subject.experiment.runs, subject.experiment.seeds[:1]
            done = len(runs) - len(subject.missing(project, runs, seeds))
            if done:
                trained[name] = (done, len(runs))
    return trained


def _experiment(project: Project, stage: str) -> Experiment | None:
    """Return what a stage is about; None where it has no experiment, or one that cannot be read."""
    try:
        return experiment.read(project.baselines / stage / "experiment.toml")
    except BadInput:
        return None


def _has_begun(project: Project, described: Experiment) -> bool:
    """Return whether out/ holds a run that may be one of the experiment's, under whatever number its stage had."""
    return any(any(project.out.glob(f"[0-9][0-9]-*/{run.name}/seed-{described.seeds[0]}")) for run in described.runs)


def _row(
    patch: Patch, number: int | None, headline: tuple[Metric, Summary] | None, trained: tuple[int, int] | None
) -> dict[str, Any]:
    state = "ahead" if number is None or patch.number > number else "current" if patch.number == number else "applied"
    measured = None
    if headline:
        metric, summary = headline
        measured = {"says": metric.says, "unit": metric.unit, "mean": summary.mean, "sd": summary.sd, "n": summary.n}
    return {
        "stage": f"{patch.number:02d}",
        "slug": patch.slug,
        "delta": patch.delta,
        "title": patch.title,
        "lines": patch.added,
        "state": state,
        "headline": jsonfile.plain(measured),
        "trained": trained[0] if trained else 0,
        "runs": trained[1] if trained else None,
    }


def _print_rows(rows: Sequence[dict[str, Any]], measured: Sequence[str]) -> None:
    """Print a line for each patch. On a terminal a title is cut short where the line would be too long."""
    columns = [[row["slug"] for row in rows], list(measured), [_share(row["trained"], row["runs"]) for row in rows]]
    widths = [max(map(len, column), default=0) for column in columns]
    room = console.width()
    for row, *cells in zip(rows, *columns, strict=True):
        mark = {"applied": "+", "current": ">", "ahead": "-"}[row["state"]]
        filled = "".join(f"{cell:<{width}}  " for cell, width in zip(cells, widths, strict=True) if width)
        start, end = f"{mark} {row['stage']}  {filled}", f"+{row['lines']}"
        title = f"Δ{row['delta']}: {row['title']}"
        if room and len(start) + len(title) + 2 + len(end) > room:
            title = title[: max(room - len(start) - len(end) - 3, 0)].rstrip() + "…"
        bold = row["state"] == "current" or None
        console.say(console.style(f"{start}{title}  ", bold=bold) + console.style(end, fg=console.GOOD))


def _share(trained: int, runs: int | None) -> str:
    """Return how many of a stage's runs are there, in words."""
    return "" if not trained else "trained" if trained == runs else f"{trained} of {runs} trained"
