"""`train`: run the first seed of a stage's experiment and hold it against what was recorded."""

import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from ..core import console, files, jsonfile, numbers
from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import comparison, prediction, sampling, trained
from ..evidence.outcome import Outcome
from ..evidence.prediction import Judgement, Verdict, Way
from ..evidence.trained import Known, Trained
from ..figures import drawn
from ..runs import experiment
from ..runs.agenda import Agenda
from ..runs.execute import Result
from ..runs.experiment import LAST_SEED
from ..runs.metrics import Metrics
from ..runs.subject import Subject, look_up
from ..stages import position
from ..stages.build import Stage, workshop
from ..stages.position import Position

NAMES = 10  # of what a model generates
WIDTH = 100  # columns of a table that goes to no terminal
CELLS = 8  # of a table metric that are shown; --json has them all


@click.command(
    help="Train the runs of stage NN, or of the one where you stand, and compare them with the recorded ones."
)
@click.argument("stage", default="here")
@click.option("--run", "runs", multiple=True, metavar="R", help="Only this run; may be given several times.")
@click.option("--seed", type=click.IntRange(0, LAST_SEED), help="Another seed than the first of the recorded ones.")
@click.option("--fresh", is_flag=True, help="Repeat runs that are there already.")
@click.option("--details", is_flag=True, help="Every number of every run, beside the recorded one.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON document.")
@click.pass_obj
def command(
    project: Project, stage: str, runs: tuple[str, ...], seed: int | None, fresh: bool, details: bool, as_json: bool
) -> int:
    """Return exit code 1 when a run neither repeats the recorded one nor may be one more seed, or lacks a number."""
    with workshop(project) as shop:
        asked = shop.stages[position.asked(project, shop.series, stage)]
        _begin_experiment(project, asked)
        subject = look_up(project, shop, asked)
        described = subject.experiment
        chosen = [described.run(name) for name in dict.fromkeys(runs)] or list(described.runs)
        known = trained.known(project, subject)  # before any training: what is malformed is said at once
        here = position.look(project, shop.stages)
        if here and here.number == subject.stage.number and not here.clean:
            _tell_of_edits(here, subject)
        seeds = described.seeds[:1] if seed is None else (seed,)
        agenda = Agenda(trained.guesses(known.baseline, subject.plans(chosen, seeds)))
        results = subject.results(project, shop, chosen, seeds, fresh=fresh, agenda=agenda)
        later = shop.stages[subject.stage.number + 1 :]
    judged = trained.judged(known, results)
    if as_json:
        console.document(jsonfile.plain(_document(project, judged)))
    else:
        _print(judged, details)
        _print_next(subject.stage, later[0] if later else None, carry=bool(here and not here.clean))
    pictures = _draw(project, subject.stage, results)  # last: figures that cannot be drawn hide no number
    if pictures and not as_json:
        console.say("\nfigures:")
        for picture in pictures:
            console.say(f"  {console.path(picture)}")
    return 0 if judged.ok else 1


def _begin_experiment(project: Project, stage: Stage) -> None:
    """Refuse a stage without an experiment, and give its author one to begin with."""
    path = project.baselines / stage.name / "experiment.toml"
    if stage.number and experiment.begin(path):
        place = path.relative_to(project.root)
        raise BadInput(
            f"{stage.name} has no experiment yet",
            f"what is to be trained; {place} is there now, to begin with",
            [f"edit {place}   # its runs and claims", f"scripts/train.sh {stage.number:02d}"],
        )


def _tell_of_edits(here: Position, subject: Subject) -> None:
    """Say that a run is of the stage, not of what the reader made of it in stage/."""
    console.note(f"trained is {subject.stage.label} itself; stage/ stands at {here}. To train that:")
    console.note(f"  cd stage && ../.venv/bin/python makemore.py {shlex.join(subject.experiment.headline_run.args)}")


def _draw(project: Project, stage: Stage, results: Sequence[Result]) -> list[Path]:
    """Draw the stage's figures for a look, into out/. Return the pictures. CheckFailed where they cannot be drawn."""
    folder = project.baselines / stage.name
    with files.scratch() as aside:
        with trained.drawing(drawn.program(folder)):
            made = drawn.draw(folder, results, aside)
        if not made:
            return []
        drawn.put(made, project.out / stage.name)
    listing = drawn.read(project.out / stage.name)
    return [project.out / stage.name / f"{figure.name}.svg" for figure in listing.figures] if listing else []


def _print(judged: Trained, details: bool) -> None:
    """Print the runs side by side. A run that stands alone, or is not as it should be, shows all its numbers before."""
    known, alone = judged.known, len(judged.results) == 1
    for result, judgement in zip(judged.results, judged.judgements, strict=True):
        if details or alone or not judgement.ok:
            _print_run(known, result, judgement)
    if not alone:
        _print_comparison(judged)
    console.say()
    _print_standing(judged)
    if known.baseline and not known.stale:
        _print_claims(known, details)
    headline = judged.results[0]
    if names := headline.names(NAMES):
        console.say()
        _say(f"names from {headline.plan.run.name}: " + " ".join(name or "·" for name in names))


def _print_next(stage: Stage, following: Stage | None, carry: bool) -> None:
    """Print what to type next. carry: the reader has edits, which a move would not leave behind without being told."""
    steps = [(f"scripts/verify.sh {stage.number:02d}", "checks the whole stage")]
    if following:
        steps.append((f"scripts/apply.sh {following.number:02d}{' --carry' * carry}", following.name))
    width = max(len(command) for command, _ in steps)
    console.say("\nnext:")
    for command_line, what in steps:
        console.say(f"  {command_line:{width}}   # {what}")


def _print_comparison(judged: Trained) -> None:
    """Print one table of all runs, then what it does not show."""
    known = judged.known
    table = comparison.compare(judged, (console.width() or WIDTH) - len("  ✓ "))
    seeds = sorted({result.plan.seed for result in judged.results})
    seed = f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    console.say()
    console.say(console.style(f"{known.subject.stage.name} · {seed}: {known.subject.experiment.title}", bold=True))
    heading, *rows = table.lines()
    console.say(f"    {heading}")
    for row, judgement in zip(rows, judged.judgements, strict=True):
        mark = False if not judgement.ok else None if judgement.way is Way.NOT else True
        console.say("  " + console.verdict(mark, row))
    if table.same:
        _say("in every run: " + ", ".join(f"{metric} {number}" for metric, number in table.same.items()), "    ")
    if table.left_out:
        _say(f"not in this table: {', '.join(table.left_out)} (--details shows all of every run)", "    ")
    ways = Counter(judgement.way for judgement in judged.judgements)
    for way, count in ways.items():
        if way is not Way.NOT:
            console.say(f"    {count} of {len(judged.results)} runs {way.of_several if count > 1 else way.says}")


def _print_run(known: Known, result: Result, judgement: Judgement) -> None:
    run, metrics = result.plan.run, known.subject.experiment.metrics
    shown = [verdict for verdict in judgement.verdicts if verdict.value is not None or verdict.summary is not None]
    width = max([20, *(len(verdict.metric) for verdict in shown if not metrics.table(verdict.metric))])
    counts = {verdict.summary.n for verdict in shown if verdict.summary and verdict.summary.n > 1}
    console.say()
    way = "" if judgement.way is Way.NOT else f": {judgement.way.says}"
    console.say(console.style(f"{known.subject.stage.name} · {run.name} · seed {result.plan.seed}{way}", bold=True))
    console.say(console.style(f"  {run.program} {shlex.join(run.args)}", fg=console.QUIET))
    seeds = f"{max(counts)} seeds" if counts else ""
    console.say(f"    {'':{width}}{'this run':>12}{'recorded':>12}{'difference':>12}    {seeds}".rstrip())
    tables = []
    for verdict in shown:
        table = metrics.table(verdict.metric)
        if not table:
            console.say("  " + _row(verdict, metrics, width))
        elif table not in tables:
            tables.append(table)
            cells = [cell for cell in shown if metrics.table(cell.metric) == table]
            for line in _table(table, cells, metrics, width):
                for broken in _broken(line, "  "):
                    console.say(f"  {broken}")


def _row(verdict: Verdict, metrics: Metrics, width: int) -> str:
    metric = metrics[verdict.metric]
    texts = [numbers.value(number, metric) for number in (verdict.value, verdict.recorded, verdict.difference)]
    line = f"{verdict.metric:{width}}{''.join(f'{text:>12}' for text in texts)}    {prediction.beside(verdict, metric)}"
    return console.verdict(verdict.ok, line.rstrip())


def _table(table: str, cells: Sequence[Verdict], metrics: Metrics, width: int) -> Iterator[str]:
    """Give a line for the whole table, and one for every cell that is not as it should be."""
    oks = {cell.ok for cell in cells}
    ok = False if False in oks else True if True in oks else None
    texts = [
        f"{cell.metric.removeprefix(f'{table}.')} {numbers.value(cell.value, metrics[cell.metric])}"
        for cell in cells[:CELLS]
    ]
    more = f", and {len(cells) - CELLS} more (--json has them)" if len(cells) > CELLS else ""
    yield console.verdict(ok, f"{table} by {metrics.cells(table)}: {', '.join(texts)}{more}")
    for cell in cells:
        if cell.ok is False:
            yield _row(cell, metrics, width)


def _print_standing(judged: Trained) -> None:
    """Say what the numbers were held against, and what becomes of the claims."""
    known = judged.known
    recorded = known.baseline
    if recorded is None:
        console.say(f"no baseline yet: scripts/record.sh {known.subject.stage.number:02d} writes it")
        return
    if known.stale:
        _say("the baseline is stale: " + "; ".join(known.stale))
        return
    for sentence in _explained(judged):
        _say(sentence)
    metrics, names = known.subject.experiment.metrics, {result.plan.run.name for result in judged.results}
    counts = [summary.n for name in names & recorded.runs.keys() for summary in recorded.runs[name].metrics.values()]
    errors = [one for name in recorded.runs if name in names for one in sampling.errors(recorded, metrics, name)]
    for sentence in filter(None, (numbers.legend(counts), sampling.said(errors, metrics))):
        _say(sentence)
    here = judged.results[0].about
    for what, then in (("torch", recorded.torch), ("cpu", recorded.cpu)):
        if here.get(what) != then:
            _say(f"recorded with {what} {then}; this is {here.get(what)}")


def _print_claims(known: Known, details: bool) -> None:
    """Print what the recorded numbers say of each claim, or how many came out as experiment.toml has them."""
    if not known.claimed:
        return
    shown = [claim for claim in known.claimed if details or not claim.ok]
    if not details:
        good, count = sum(claim.ok for claim in known.claimed), len(known.claimed)
        _say(f"{good} of {count} claims of the stage came out as recorded (--details shows all)")
    if shown:
        console.say("\nclaimed, of what was recorded:")
    for claim in shown:
        mark = None if claim.ok and claim.outcome is not Outcome.YES else claim.ok
        first, *more = _broken(claim.line, "  ✓ ")
        console.say("  " + console.verdict(mark, first))
        for line in more:
            console.say(f"    {line}")


def _say(sentence: str, start: str = "") -> None:
    """Print a long sentence; a terminal shows it broken between words. start: what its first line begins with."""
    first, *more = _broken(sentence, start)
    console.say(f"{start}{first}")
    for line in more:
        console.say(f"{' ' * len(start)}{line}")


def _broken(sentence: str, start: str = "") -> list[str]:
    """Return a sentence as the lines that a terminal has room for beside `start`; a word is never broken."""
    columns = console.width()
    if not columns:
        return [sentence]
    room = max(columns - len(start), 1)
    return textwrap.wrap(sentence, room, break_long_words=False, break_on_hyphens=False) or [""]


def _explained(judged: Trained) -> Iterator[str]:
    """Give a sentence for every way in which a run was judged, in words for who sees the marks for the first time."""
    known = judged.known
    ways = {
        (judgement.way, result.plan.run.deterministic)
        for result, judgement in zip(judged.results, judged.judgements, strict=True)
    }
    for fixed, least in ((False, prediction.SAME), (True, prediction.FLOOR)):
        if {(Way.REPEATED, fixed), (Way.NOT_REPEATED, fixed)} & ways:
            what = "a deterministic run repeats" if fixed else "a run repeats the recorded one"
            which = "the recorded one, whatever the seed" if fixed else "the one recorded from its seed"
            yield (
                f"{what} if each judged number is within {least:g} of {which} "
                f"(above {prediction.LARGE:g}: within {100 * least / prediction.LARGE:g} % of it)"
            )
    if any(way is Way.ONE_MORE for way, _ in ways):
        by = known.subject.experiment.headline or "every judged number"
        yield (
            f"one more seed is judged by {by} alone: inside is where the recorded seeds predict it, "
            f"at {100 * prediction.LEVEL:g} % for all {known.family} such intervals of the stage together"
        )


def _document(project: Project, judged: Trained) -> dict[str, Any]:
    known = judged.known
    return {
        "stage": known.subject.stage.name,
        "title": known.subject.experiment.title,
        "code_id": known.subject.code_id,
        "ok": judged.ok,
        "level": prediction.LEVEL,
        "same": prediction.SAME,
        "family": known.family,
        "baseline": "missing" if known.baseline is None else "stale" if known.stale else "current",
        "stale": list(known.stale),
        "claims": [
            msgspec.structs.asdict(claim) | {"outcome": claim.outcome and str(claim.outcome)} for claim in known.claimed
        ],
        "runs": [
            {
                **trained.row(result, judgement),
                "arguments": result.plan.arguments,
                "folder": str(result.folder.relative_to(project.root)),
                "control": result.plan.run.control,
                "reused": result.reused,
                "torch": result.about["torch"],
                "names": result.names(NAMES),
            }
            for result, judgement in zip(judged.results, judged.judgements, strict=True)
        ],
    }
