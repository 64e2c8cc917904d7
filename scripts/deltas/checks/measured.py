"""What was recorded of a stage, and what comes out when its first seed is run again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..core import numbers
from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import baseline, prediction, trained
from ..evidence.baseline import Baseline
from ..evidence.prediction import Judgement, Verdict, Way
from ..evidence.trained import Known
from ..figures import drawn
from ..runs import invariance
from ..runs.agenda import Agenda
from ..runs.experiment import Experiment
from ..runs.subject import look_up
from ..stages.build import Workshop
from .check import Check, of

SHOWN = 4  # of a run's numbers, so many stand in its line


def recorded(project: Project, shop: Workshop, number: int) -> Iterator[Check]:
    """Check baseline, claims and figures of a stage, without running anything."""
    stage = shop.stages[number]
    folder = project.baselines / stage.name
    if number == 0:
        return
    if not (folder / "experiment.toml").exists():
        yield Check(f"{stage.name} has no experiment yet", None)
        return
    known = trained.known(project, look_up(project, shop, stage))
    record = f"scripts/record.sh {number:02d}"
    if known.baseline is None:
        yield Check(f"{stage.name}: not measured", None, (), (record,))
        return
    yield of(f"{stage.name}: the baseline is of this code, these runs and what measures them", known.stale, record)
    if (others := known.baseline.other_seeds_on) and not known.stale:
        yield Check(
            f"{stage.name}: its first seed repeats on this code; the other seeds were trained on {others}", True
        )
    yield from _headline(known, known.baseline)
    yield from _claims(known)
    if drawn.program(folder).exists() or (folder / drawn.LISTING).exists():
        faults = drawn.faults(folder, baseline.digest(known.baseline))
        yield of(
            f"{stage.name}: the figures are as they were drawn, from this baseline",
            faults,
            f"{record} --redraw",
            record,
        )


def _headline(known: Known, recorded: Baseline) -> Iterator[Check]:
    """Check that the number which stands for the stage in README's table is there; a stale baseline may lack it."""
    described = known.subject.experiment
    run = recorded.runs.get(described.headline_run.name)
    if described.headline is None or run is None or known.stale:
        return
    missing = described.headline not in run.metrics
    fault = f"{described.headline_run.name} has no metric {described.headline!r}; one of {', '.join(run.metrics)}"
    where = f"edit baselines/{known.subject.stage.name}/experiment.toml"
    yield of(f"{known.subject.stage.name}: the headline was recorded", [fault] if missing else [], where)


def _claims(known: Known) -> Iterator[Check]:
    if known.stale:
        for claim in known.subject.experiment.claims:
            yield Check(f"{claim.says}: not looked at, the baseline is stale", None)
    where = (
        f'edit baselines/{known.subject.stage.name}/experiment.toml   # came_out = "…" beside the claim, if it is so'
    )
    for verdict in known.claimed:
        yield of(verdict.line, [] if verdict.ok else [verdict.why], where)


def to_train(project: Project, shop: Workshop, numbers: Iterable[int]) -> Agenda:
    """Return what `trains` has to train for these stages, because it is not there yet."""
    agenda = Agenda()
    stages = [shop.stages[number] for number in numbers]
    untouched = invariance.missing(project, shop, stages)
    agenda.add(untouched)
    agenda.guesses |= dict.fromkeys(untouched, invariance.SECONDS)
    for stage in stages:
        try:
            subject = look_up(project, shop, stage)
            known = trained.known(project, subject)
        except BadInput:
            continue  # the check of the stage says so
        plans = subject.missing(project, subject.experiment.runs, subject.experiment.seeds[:1])
        agenda.add(plan.name for plan in plans)
        agenda.guesses |= trained.guesses(known.baseline, plans)
    return agenda


def trains(project: Project, shop: Workshop, number: int, agenda: Agenda) -> Iterator[Check]:
    """Check by training: upstream's own models are untouched, and the recorded numbers come again.

    agenda: all that the command trains.
    """
    stage = shop.stages[number]
    if number == 0:
        return
    what = f"{stage.name}: all {len(invariance.TYPES)} upstream types train as at stage 00, bit for bit"
    differences = invariance.check(project, shop, stage, agenda=agenda)
    yield of(what, [f"--type {difference.type}: {difference.what}" for difference in differences])
    if not (project.baselines / stage.name / "experiment.toml").exists():
        return
    subject = look_up(project, shop, stage)
    known = trained.known(project, subject)
    first = subject.experiment.seeds[:1]
    results = subject.results(project, shop, subject.experiment.runs, first, agenda=agenda)
    again = trained.judged(known, results)
    for result, judgement in zip(again.results, again.judgements, strict=True):
        check = _again(f"{stage.name} {result.plan.run.name}, seed {result.plan.seed}", known, judgement)
        yield replace(check, run=trained.row(result, judgement))


def _again(name: str, known: Known, judgement: Judgement) -> Check:
    """Return whether a run is the recorded one again, or else one more seed of it, and which of the two was asked."""
    if known.baseline is None:
        return Check(f"{name}: trained, with no baseline to hold it against", None)
    judged = [verdict for verdict in judgement.verdicts if verdict.ok is not None]
    if not judged:
        return Check(f"{name}: trained, {'the baseline is stale' if known.stale else 'nothing of it is judged'}", None)
    metrics = known.subject.experiment.metrics
    faults = [prediction.against(verdict, metrics[verdict.metric]) for verdict in judged if not verdict.ok]
    return of(f"{name}: {judgement.way.says} ({_numbers(known.subject.experiment, judgement, judged)})", faults)


def _numbers(experiment: Experiment, judgement: Judgement, judged: Sequence[Verdict]) -> str:
    """Return what the line says of the numbers: of one more seed, those that were held against an interval."""
    if judgement.way is not Way.ONE_MORE:
        differences = [abs(verdict.difference) for verdict in judged if verdict.difference is not None]
        worst = max(differences, default=0)
        off = f"off by {numbers.significant(worst, 1)} at most" if worst else "all equal"
        return f"{_shown(experiment, judged)}; {off}"
    by = [verdict for verdict in judged if verdict.low is not None]
    texts = [prediction.against(verdict, experiment.metrics[verdict.metric]) for verdict in by[:SHOWN]]
    rest = len(judged) - len(texts)
    return "; ".join([*texts, *([f"{rest} more number{'s' * (rest != 1)}"] if rest else [])])


def _shown(experiment: Experiment, judged: Sequence[Verdict]) -> str:
    """Return the numbers that are like the headline, of one unit with it, and how many there are in all."""
    metrics = experiment.metrics
    unit = metrics[experiment.headline].unit if experiment.headline else None
    alike = [
        verdict for verdict in judged if metrics[verdict.metric].unit == unit and not metrics.table(verdict.metric)
    ]
    texts = [f"{verdict.metric} {numbers.value(verdict.value, metrics[verdict.metric])}" for verdict in alike[:SHOWN]]
    rest = len(judged) - len(texts)
    more = f"{rest} more number{'s' * (rest != 1)}" if texts else f"{rest} number{'s' * (rest != 1)}"
    return ", ".join([*texts, *([more] if rest else [])])
