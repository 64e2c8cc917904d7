"""`record`: runs every seed of a stage's experiment and writes baseline.json."""

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import click

from ..core import console, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..evidence import baseline, testnames
from ..evidence.baseline import Baseline
from ..figures import drawn
from ..pages import readme
from ..runs.beside import compare
from ..runs.execute import Result, execute
from ..stages.build import workshop
from .train import Subject, look_up, spread

SAMPLES = 20  # names kept of each run


@click.command(help="Run all seeds of a stage's experiment and write its baseline.")
@click.argument("stage")
@click.option("--fresh", is_flag=True, help="Repeat runs that are there already.")
@click.pass_obj
def command(project: Project, stage: str, fresh: bool) -> int:
    """CheckFailed when a run fails: then the old baseline stays as it is."""
    with workshop(project) as shop:
        subject = look_up(project, shop, shop.find(stage))
        path = project.baselines / subject.stage.name / "baseline.json"
        old = _old(path)
        plans = subject.plans(subject.experiment.runs, subject.experiment.seeds)
        results = compare(execute(project, plans, shop.export, fresh=fresh))
    new = summarise(subject, results)
    _print(old, new)
    drawn.draw(project, subject.stage, results, path.parent)
    name = path.relative_to(project.root)
    if old and replace(old, recorded=new.recorded) == new:
        console.say(f"\n{name} says so already: nothing to do")
        return 0
    baseline.write(path, new)
    readme.fill(project, shop.series)
    console.say(f"\nwrote {name}")
    console.say(f"  git diff {name}\n  scripts/verify.sh {subject.stage.number:02d}")
    return 0


def summarise(subject: Subject, results: list[Result]) -> Baseline:
    """results: all seeds of the first run, all seeds of the second, … CheckFailed where a metric is there for some
    seeds only."""
    runs, splits, names, samples = {}, {}, {}, {}
    for name, group in groupby(results, key=lambda result: result.plan.run.name):
        seeds = list(group)
        if by_name := testnames.collect([each.folder for each in seeds]):
            split, names[name] = by_name
            splits[names[name].split] = split
        samples[name] = tuple(seeds[0].names(SAMPLES))
        runs[name] = {}
        for metric in dict.fromkeys(metric for each in seeds for metric in each.metrics):
            values = [each.metrics.get(metric) for each in seeds]
            if None not in values:
                runs[name][metric] = baseline.summarise(values)
            elif any(value is not None for value in values):
                without = [each.plan.seed for each in seeds if each.metrics.get(metric) is None]
                raise CheckFailed(f"{name}: {metric} is not there for seeds {without}", "every seed, or none")
    return Baseline(
        stage=subject.stage.name,
        code_id=subject.code_id,
        **machine.describe(),
        recorded=baseline.today(),
        seeds=subject.experiment.seeds,
        arguments={run.name: run.args for run in subject.experiment.runs},
        runs=runs,
        controls={run.name: run.control_id for run in subject.experiment.runs if run.control},
        splits=splits,
        names=names,
        samples=samples,
    )


def _old(path: Path) -> Baseline | None:
    """A broken one is said to be: writing it anew is the way out."""
    try:
        return baseline.read(path)
    except BadInput as error:
        console.note(f"the old baseline can't be read: {error.found}")
        return None


def _print(old: Baseline | None, new: Baseline) -> None:
    """The new figures, and where they left what the old seeds predict."""
    console.say(console.style(f"{new.stage}, seeds {', '.join(map(str, new.seeds))}, torch {new.torch}", bold=True))
    if old and old.code_id != new.code_id:
        console.say(f"the code is {new.code_id}, recorded before was {old.code_id}")
    for run, metrics in new.runs.items():
        before = old.runs.get(run, {}) if old else {}
        console.say(f"\n{run}")
        for metric, summary in metrics.items():
            console.say(
                f"  {metric:20}{spread(metric, summary):>22}   {_change(metric, before.get(metric), summary, old)}"
            )
        for metric in before.keys() - metrics.keys():
            console.say(f"  {metric:20}{'gone':>22}   was {spread(metric, before[metric])}")
    for run in old.runs.keys() - new.runs.keys() if old else ():
        console.say(f"\n{run}: gone")


def _change(metric: str, before: baseline.Summary | None, now: baseline.Summary, old: Baseline | None) -> str:
    if before is None:
        return "new"
    if before.values == now.values:
        return "unchanged"
    was = f"was {spread(metric, before)}"
    if metric in baseline.UNJUDGED or before.n < 2:
        return was
    low, high = baseline.interval(before.values, old.family)
    outside = sum(not low <= value <= high for value in now.values)
    return (
        f"{was}: {outside} of {now.n} seeds outside what it predicted"
        if outside
        else f"{was}: within what it predicted"
    )
