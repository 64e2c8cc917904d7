"""`bench`: what is measured beside the experiments. It tests nothing.

These are the tries of a stage, the models on a second list of words, and the names speedrun.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..core import columns, console, files, jsonfile
from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import elsewhere as compared
from ..evidence import tries as tried
from ..pages import elsewhere as elsewhere_page
from ..pages import tries as tries_page
from ..runs import elsewhere, tries, trying, wordlist
from ..runs.execute import execute
from ..runs.processes import Failure, refusal
from ..series.patches import load
from ..stages.build import workshop

SPEEDRUN = f"{__package__.rpartition('.')[0]}.speedrun"  # that room may be deleted without a trace
TRIES, ELSEWHERE = "tries", "elsewhere"


def _speedrun() -> Any:
    """Return speedrun/keep.py; None where there is no speedrun."""
    return importlib.import_module(f"{SPEEDRUN}.keep") if importlib.util.find_spec(SPEEDRUN) else None


RACES = tuple(_speedrun().KINDS) if _speedrun() else ()


HELP = (
    "Measure what stands beside the experiments. `tries 04` (or a slug): what was tried before the settings of a stage "
    "were chosen, on held-out training names; without a stage, which stages have tries. `elsewhere`: the models of the "
    "main line on names and on a second list of words."
)
HELP_RACES = (
    " `names`: the speedrun, upstream's training against ours; `profile`: where its time goes "
    "(baselines/speedrun/README.md has the rules)."
)


@click.command(help=HELP + (HELP_RACES if RACES else ""))
@click.argument("what", type=click.Choice([TRIES, ELSEWHERE, *RACES]))
@click.argument("stage", required=False)
@click.option("--only", multiple=True, metavar="NAME", help="This group of tries; of names, this contestant.")
@click.option("--last", is_flag=True, help="Show what was measured last, in out/; measure nothing.")
@click.option("--kept", is_flag=True, help="Show what is recorded, and write its page anew; measure nothing.")
@click.option("--record", is_flag=True, help="Record it in baselines/.")
@click.pass_obj
def command(
    project: Project, what: str, stage: str | None, only: tuple[str, ...], last: bool, kept: bool, record: bool
) -> int:
    """Print what was measured. CheckFailed where a training breaks off; what was measured before it is kept."""
    _refuse_contradictions(what, stage, only, last, kept, record)
    if what == ELSEWHERE:
        return _elsewhere(project, kept, record)
    if what != TRIES:
        return _race(project, what, only, last, kept, record)
    if stage is None:
        return _list(project)
    return _tries(project, stage, only, last, kept, record)


def _refuse_contradictions(
    what: str, stage: str | None, only: Sequence[str], last: bool, kept: bool, record: bool
) -> None:
    asked = [name for name, given in (("--last", last), ("--kept", kept), ("--record", record)) if given]
    if what == TRIES and stage is None and (asked or only):
        raise BadInput(f"{(*asked, '--only')[0]} needs a stage: of which tries?", "scripts/bench.sh tries NN")
    if what != TRIES and stage is not None:
        raise BadInput(f"{what} is of no stage: {stage!r} is one word too many", f"scripts/bench.sh {what}")
    if only and what not in (TRIES, "names"):
        raise BadInput(f"--only is of names and tries, not of {what}")
    if only and record:
        raise BadInput("--only is for a quick look: a record has all of them", "--only without --record")
    if only and what != TRIES and asked:
        raise BadInput("--only is for a quick look: it measures", "--only alone")
    if last and what == ELSEWHERE:
        raise BadInput("--last is not of elsewhere: finished runs are reused", "scripts/bench.sh elsewhere")
    if kept and len(asked) > 1:
        raise BadInput("--kept shows what is recorded already", "--kept alone")


# -- tries ------------------------------------------------------------------------------------------------------------


def _list(project: Project) -> int:
    """Print which stages have tries, how many, and whether they are recorded."""
    rows = [["stage", "groups", "tries", "trainings", "recorded"]]
    for name in tries.stages(project):
        plan = tries.plan_of(project, name)
        count = sum(len(group.tries) for group in plan.groups)
        there = (project.baselines / name / trying.RECORD).exists()
        trainings = str(count * len(plan.seeds))
        rows.append([name, str(len(plan.groups)), str(count), trainings, "yes" if there else "no"])
    if len(rows) == 1:
        console.say("no stage has tries: baselines/NN-slug/tries.toml lists them")
        return 0
    for line in columns.plain(rows):
        console.say(line)
    return 0


def _tries(project: Project, asked: str, only: Sequence[str], last: bool, kept: bool, record: bool) -> int:
    """Train what has no result yet, print the tables, and record them if asked. Trainings that fail are said last."""
    name = _stage_name(project, asked)
    folder = project.baselines / name
    plan = tries.plan_of(project, name).only(only)
    failures: list[Failure] = []
    missing: list[str] = []
    if kept:
        document = _recorded(folder, f"scripts/bench.sh tries {asked} --record")
        document["groups"] = [
            group for group in document["groups"] if not only or group["says"] in [one.says for one in plan.groups]
        ]
    else:
        with workshop(project) as shop:
            stage = shop.find(asked)
            if not last:
                made = trying.trainings(shop, stage, plan)
                failures = trying.train(project, [training for same in made.values() for training in same])
            document, missing = trying.results(project, shop, stage, plan)
    _show(document)
    if failures:
        raise refusal(failures, "a whole training", (f"scripts/bench.sh tries {asked}   # trains what is missing",))
    if only or (last and not record and not missing):
        return 0
    if missing:
        return _lacking(asked, missing, record)
    if not record and not kept:
        console.note(f"\nnot recorded; scripts/bench.sh tries {asked} --record does that, and trains nothing again")
        return 0
    slug = name.partition("-")[2]
    made_page = tries_page.page(slug, document).encode()
    if record:
        jsonfile.write(folder / trying.RECORD, document)
    files.write(folder / trying.PAGE, made_page)
    console.say(f"\nbaselines/{name}/{trying.PAGE} shows what {trying.RECORD} says")
    return 0


def _recorded(folder: Path, way: str) -> dict[str, Any]:
    document = trying.recorded(folder)
    if document is None:
        raise BadInput(f"{folder.name}: no tries are recorded yet", str(folder / trying.RECORD), [way])
    return document


def _stage_name(project: Project, asked: str) -> str:
    """Return NN-slug. BadInput for a stage that is not there, and for upstream itself."""
    series = load(project.patches)
    number = series.number(asked)
    if number == 0:
        raise BadInput("stage 00 is upstream itself: nothing was chosen for it", "a stage of the series")
    return series[number - 1].name


def _show(document: dict[str, Any]) -> None:
    for group in document["groups"]:
        console.say(console.style(f"\n{group['says']}", bold=True))
        for line in columns.plain(tried.rows(group)):
            console.say(line)


def _lacking(asked: str, missing: Sequence[str], record: bool) -> int:
    """Say what has no result. BadInput where it was to be recorded."""
    found = f"{len(missing)} trainings have no result yet: {'; '.join(missing)}"
    way = f"scripts/bench.sh tries {asked}"
    if record:
        raise BadInput(found, "a result for every try: a record has all of them", [way])
    console.note(f"\n{found}")
    return 0


# -- elsewhere --------------------------------------------------------------------------------------------------------


def _elsewhere(project: Project, kept: bool, record: bool) -> int:
    """Train what is not there yet, on both lists, print the table, and record it if asked."""
    settings = elsewhere.read(project)
    folder = project.baselines / elsewhere.FOLDER
    if kept:
        try:
            document = jsonfile.read(folder / elsewhere.RECORD)
        except FileNotFoundError:
            way = "scripts/bench.sh elsewhere --record"
            raise BadInput("elsewhere: nothing is recorded yet", str(folder / elsewhere.RECORD), [way]) from None
    else:
        words = wordlist.make(settings.language, settings.count, settings.shortest, settings.longest, settings.order)
        with workshop(project) as shop:
            plans = elsewhere.plans(project, shop, settings, words)
            done = {
                result.plan.name: result
                for result in execute(project, [plan for same in plans.values() for plan in same], shop.export)
            }
        results = {which: [done[plan.name] for plan in same] for which, same in plans.items()}
        document = compared.document(settings, words, results)
    for line in columns.plain(compared.rows(document)):
        console.say(line)
    for sentence in compared.sentences(document):
        console.say("\n" + sentence.replace("**", ""))
    if not kept and not record:
        console.note("\nnot recorded; scripts/bench.sh elsewhere --record does that, and trains nothing again")
        return 0
    page = elsewhere_page.page(document).encode()
    if record:
        jsonfile.write(folder / elsewhere.RECORD, document)
    files.write(folder / elsewhere.PAGE, page)
    console.say(f"\nbaselines/{elsewhere.FOLDER}/ shows what {elsewhere.RECORD} says")
    return 0


# -- the speedrun -----------------------------------------------------------------------------------------------------


def _race(project: Project, what: str, only: tuple[str, ...], last: bool, kept: bool, record: bool) -> int:
    keep = _speedrun()
    kind = keep.KINDS[what]
    if kept:
        document = keep.recorded(project, kind)
    elif last:
        document = keep.last(project, kind)
    else:
        document = keep.measure(project, kind, only)
    for line in kind.lines(document):
        console.say(line)
    if record:
        keep.write(project, kind, document)
    elif kept:
        keep.show(project)
    elif only:
        console.note("\nnot recorded: a record has all contestants")
        return 0
    else:
        console.note(f"\nnot recorded yet; scripts/bench.sh {what} --last --record does that, without measuring again")
        return 0
    console.say(f"\nbaselines/speedrun/ shows what {kind.file} says")
    return 0
