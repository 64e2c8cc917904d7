"""`record`: run every seed of a stage's experiment, draw its figures, and write both down as one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from ..core import console, files, numbers
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..evidence import baseline, claims, prediction, repeated, trained
from ..evidence.baseline import Baseline, Recorded, Summary
from ..figures import drawn
from ..pages import overview, readme
from ..runs.agenda import Agenda
from ..runs.execute import Result
from ..runs.experiment import Experiment
from ..runs.subject import Subject, look_up
from ..series.patches import load
from ..stages import position
from ..stages.build import Workshop, workshop
from ..stages.lock import lock
from ..stages.transaction import Transaction

CELLS = 8  # of a table metric that are shown


@click.command(help="Run all seeds of a stage's experiment, and write its baseline and its figures.")
@click.argument("stage")
@click.option("--fresh", is_flag=True, help="Repeat runs that are there already.")
@click.option(
    "--redraw",
    is_flag=True,
    help="Train nothing: draw the figures again, from what is recorded and from runs in out/.",
)
@click.option(
    "--repeat", is_flag=True, help="The code is another, not what it computes: train the first seed to prove it."
)
@click.pass_obj
def command(project: Project, stage: str, fresh: bool, redraw: bool, repeat: bool) -> int:
    """Leave everything as it was recorded before when a run fails or a figure cannot be drawn (CheckFailed).

    A claim that is malformed is refused before any run is made (BadInput), one that names no metric of the runs after
    them; the runs are kept. A deterministic run is made from a second seed too, which is not recorded: it has to give
    the same (CheckFailed).
    """
    if redraw + fresh + repeat > 1:
        raise BadInput("--fresh, --redraw and --repeat are three ways", "one of them")
    with workshop(project) as shop:
        subject = look_up(project, shop, shop.stages[position.asked(project, shop.series, stage)])
        path = project.baselines / subject.stage.name / "baseline.json"
        if redraw:
            return _redraw(project, shop, subject)
        if repeat:
            return _repeat(project, shop, subject)
        old = _old(path)
        described = subject.experiment
        claims.check(described)  # before any training: what is malformed is said at once
        agenda = Agenda(trained.guesses(old, subject.plans(described.runs, described.seeds)))
        results = subject.results(project, shop, described.runs, described.seeds, fresh=fresh, agenda=agenda)
        fixed = [run for run in described.runs if run.deterministic]
        again = subject.results(project, shop, fixed, [described.other_seed], fresh=fresh)
        trained.check_deterministic(subject, results, again)
        new = trained.summarise(subject, results)
        _print(old, new, described)
        _print_claims(claims.evaluate(described, new))  # refuses one that names no metric of these runs
        if old and replace(old, recorded=new.recorded) == new:
            new = old  # measured today as well, and nothing is another
        changed = _write(project, shop, subject, new, lambda place: _drawn(project, subject, results, place, new))
    name = path.relative_to(project.root)
    if not changed:
        console.say(f"\n{name} says so already: nothing to do")
        return 0
    console.say(f"\nwrote {', '.join(changed)}")
    console.say(f"  git diff {name.parent}\n  scripts/verify.sh {subject.stage.number:02d}")
    return 0


def _redraw(project: Project, shop: Workshop, subject: Subject) -> int:
    """Draw the figures again from what was recorded, by the program as it is now. BadInput where too little is kept."""
    recorded = _recorded(project, subject)
    changed = _write(project, shop, subject, recorded, lambda place: _again(project, subject, recorded, place))
    console.say(f"wrote {', '.join(changed)}" if changed else "the figures are as they would be drawn: nothing to do")
    return 0


def _repeat(project: Project, shop: Workshop, subject: Subject) -> int:
    """Train the first seed of every run. Where it repeats the recorded numbers exactly, they stand for this code."""
    old = _recorded(project, subject)
    repeated.must_be_comparable(old, subject)
    if old.code_id == subject.code_id:
        console.say(f"{subject.stage.name} was recorded on this code: nothing to do")
        return 0
    described = subject.experiment
    first = described.seeds[:1]
    agenda = Agenda(trained.guesses(old, subject.plans(described.runs, first)))
    new = repeated.standing(old, subject, subject.results(project, shop, described.runs, first, agenda=agenda))
    was = baseline.digest(old)
    changed = _write(project, shop, subject, new, lambda place: _again(project, subject, new, place, was))
    console.say(f"seed {first[0]} of {len(described.runs)} runs repeats what was recorded, to the last digit")
    console.say(f"wrote {', '.join(changed)}")
    return 0


def _recorded(project: Project, subject: Subject) -> Baseline:
    recorded = baseline.read(project.baselines / subject.stage.name / "baseline.json")
    if recorded is None:
        raise BadInput(
            f"{subject.stage.name} is not measured",
            "recorded numbers",
            [f"scripts/record.sh {subject.stage.number:02d}"],
        )
    return recorded


def _again(project: Project, subject: Subject, recorded: Baseline, place: Path, was: str = "") -> list[Path]:
    """Draw the figures again. was: the digest of the same numbers before they stood for this code."""
    folder = project.baselines / subject.stage.name
    if not drawn.program(folder).exists():
        return []
    with trained.drawing(drawn.program(folder)):
        results = trained.remembered(project, subject, recorded)
        return drawn.again(folder, results, place, baseline.digest(recorded), files=True, was=was)


def _drawn(project: Project, subject: Subject, results: Sequence[Result], place: Path, new: Baseline) -> list[Path]:
    """Draw the figures from runs that are there."""
    folder = project.baselines / subject.stage.name
    with trained.drawing(drawn.program(folder)):
        return drawn.draw(folder, results, place, baseline.digest(new))


def _write(
    project: Project, shop: Workshop, subject: Subject, new: Baseline, draw: Callable[[Path], list[Path]]
) -> list[str]:
    """Write baseline, figures, the figure of the series and README, all or nothing. Return what was changed.

    draw(place): draws the figures of the stage into a folder, and returns the files.
    """
    folder = project.baselines / subject.stage.name
    with files.scratch() as aside:
        made = draw(aside)
        baseline.write(aside / "baseline.json", new)
        wanted = {folder / file.name: file.read_bytes() for file in [*made, aside / "baseline.json"]}
    pictures = {path for path in wanted if path.suffix == ".svg"}
    left = [path for path in sorted(folder.glob("*.svg")) if path not in pictures]
    left += [folder / drawn.LISTING] if not made and (folder / drawn.LISTING).exists() else []
    with lock(project):
        _must_still_be(project, subject)
        _, page = readme.filled(project, shop.series, {subject.stage.name: new})
        if page:
            wanted[project.root / "README.md"] = page.encode()
        wanted |= overview.files(project, shop.series, {subject.stage.name: new})
        new_files = {path: content for path, content in wanted.items() if _held(path) != content}
        if new_files or left:
            with Transaction(project, f"record {subject.stage.number:02d}", shop.repo) as change:
                for path, content in new_files.items():
                    change.write(path, content)
                for path in left:
                    change.remove(path)
    return _named(project, folder, [*new_files, *left])


def _must_still_be(project: Project, subject: Subject) -> None:
    """Refuse where the patch was changed, moved or renamed while its runs were trained."""
    now = {patch.name: patch.diff for patch in load(project.patches)}
    patch = subject.stage.patch
    if patch and now.get(patch.name) != patch.diff:
        raise CheckFailed(
            f"{patch.file} is not what it was when the training began; nothing was written",
            "the same series at the end of a recording",
            ["scripts/apply.sh   # lists the series as it is now; the runs are kept in out/"],
        )


def _held(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _named(project: Project, folder: Path, changed: Sequence[Path]) -> list[str]:
    """Return the changed files as a message names them: the pictures of a stage are counted, not listed."""
    own = [path for path in changed if path.suffix == ".svg" and path.parent == folder]
    pictures = len(own)
    names = [str(path.relative_to(project.root)) for path in changed if path not in own]
    return names + ([f"{pictures} pictures in {folder.relative_to(project.root)}/"] if pictures else [])


def _old(path: Path) -> Baseline | None:
    """Return what was recorded before. A broken baseline is said to be one: writing it anew is the way out."""
    try:
        return baseline.read(path)
    except BadInput as error:
        console.note(f"the old baseline can't be read: {error.found}")
        return None


def _print(old: Baseline | None, new: Baseline, described: Experiment) -> None:
    """Say the new numbers, and where they left what the old ones predict."""
    console.say(console.style(f"{new.stage}, seeds {', '.join(map(str, new.seeds))}, torch {new.torch}", bold=True))
    if old and old.code_id != new.code_id:
        console.say(f"the code is {new.code_id}, recorded before was {old.code_id}")
    for name, run in new.runs.items():
        before = old.runs[name].metrics if old and name in old.runs else {}
        console.say(f"\n{name}" + (", the same for every seed" if run.deterministic else ""))
        _print_run(old, described, name, before, run)
    for name in old.runs.keys() - new.runs.keys() if old else ():
        console.say(f"\n{name}: gone")
    if legend := numbers.legend(summary.n for run in new.runs.values() for summary in run.metrics.values()):
        console.say(f"\n{legend}")


def _print_claims(claimed: Sequence[claims.Verdict]) -> None:
    """Say which claims came out otherwise than experiment.toml has them: they stay, and came_out is written beside."""
    otherwise = [claim for claim in claimed if not claim.ok]
    if otherwise:
        console.say("\nclaims that came out otherwise than experiment.toml has them (came_out says how):")
    for claim in otherwise:
        console.say("  " + console.verdict(False, claim.line))


def _print_run(
    old: Baseline | None, described: Experiment, run: str, before: Mapping[str, Summary], recorded: Recorded
) -> None:
    now, metrics = recorded.metrics, described.metrics
    changes = {metric: _change(old, described, run, metric, before.get(metric), recorded) for metric in now}
    width = max([20, *(len(metric) for metric in now if not metrics.table(metric))])
    tables: list[str] = []
    for metric, summary in now.items():
        table = metrics.table(metric)
        if not table:
            console.say(f"  {metric:{width}}{numbers.spread(summary, metrics[metric]):>22}   {changes[metric]}")
        elif table not in tables:
            tables.append(table)
            cells = {name.removeprefix(f"{table}."): name for name in now if metrics.table(name) == table}
            texts = [f"{cell} {numbers.spread(now[name], metrics[name])}" for cell, name in list(cells.items())[:CELLS]]
            more = f", and {len(cells) - CELLS} more" if len(cells) > CELLS else ""
            console.say(f"  {table} by {metrics.cells(table)}: {', '.join(texts)}{more}")
            console.say(f"  {'':{width}}{'':22}   {_together([changes[name] for name in cells.values()])}")
    for metric in before.keys() - now.keys():
        console.say(f"  {metric:{width}}{'gone':>22}   was {numbers.spread(before[metric], metrics[metric])}")


def _together(changes: Sequence[str]) -> str:
    """Return what became of the cells of a table: how many are new, unchanged, outside what was predicted."""
    kinds = [change.partition(": ")[2] or change for change in changes]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return "; ".join(
        kind if count == len(kinds) else f"{count} of {len(kinds)} {kind}" for kind, count in counts.items()
    )


def _change(
    old: Baseline | None, described: Experiment, run: str, metric: str, before: Summary | None, now: Recorded
) -> str:
    """Return what became of a metric: whether its seeds repeat, or else lie where the old ones predict one more."""
    metrics, summary = described.metrics, now.metrics[metric]
    if old is None or before is None:
        return "new"
    if before.values == summary.values:
        return "unchanged"
    was = f"was {numbers.spread(before, metrics[metric])}"
    if not metrics[metric].judged:
        return was
    then = dict(zip(old.runs[run].seeds, before.values, strict=True))
    least = prediction.least(now)
    pairs = [(then.get(seed), value) for seed, value in zip(now.seeds, summary.values, strict=True)]
    if all(a is not None and prediction.same(b, a, least) for a, b in pairs):
        return f"{was}: every seed repeats it to within {least:g}"
    if now.deterministic and old.runs[run].deterministic:
        return f"{was}: not repeated"
    if metric not in prediction.of_one_more(old.runs[run], described.headline, metrics):
        return was
    low, high = prediction.predicted(old, described, run, metric)
    outside = sum(not low <= value <= high for value in summary.values)
    if not outside:
        return f"{was}: within what it predicted"
    return f"{was}: {outside} of {summary.n} seeds outside what it predicted"
