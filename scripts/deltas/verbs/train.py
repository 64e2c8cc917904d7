"""`train`: runs the first seed of a stage's experiment and holds it against what was recorded."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from ..core import console, jsonfile
from ..core.codeid import code_id
from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import baseline, claims
from ..evidence.baseline import Baseline, Figure, Verdict
from ..figures import drawn
from ..runs import experiment
from ..runs.beside import compare
from ..runs.execute import Plan, Result, execute
from ..runs.experiment import Experiment, Run
from ..stages import position
from ..stages.build import Stage, Workshop, workshop

NAMES = 10


@dataclass(frozen=True)
class Subject:
    """A stage that can be trained: its experiment, and the id of its code."""

    stage: Stage
    experiment: Experiment
    code_id: str

    def plans(self, runs: Sequence[Run], seeds: Sequence[int]) -> list[Plan]:
        """Every run from every seed, the headline first."""
        return [Plan(self.stage, run, seed, self.code_id) for run in runs for seed in seeds]


@dataclass(frozen=True)
class Trained:
    """What `train` has to say. verdicts: one list for each result. stale: why the baseline is of another thing.

    claimed: the stage's claims, held against the baseline; none where it is stale.
    """

    subject: Subject
    baseline: Baseline | None
    stale: tuple[str, ...]
    results: tuple[Result, ...]
    verdicts: tuple[tuple[Verdict, ...], ...]
    claimed: tuple[claims.Verdict, ...] = ()

    @property
    def ok(self) -> bool:
        """No figure lies outside its interval."""
        return all(verdict.ok is not False for verdicts in self.verdicts for verdict in verdicts)


@click.command(help="Train a stage's runs (one seed) and compare with the recorded baseline.")
@click.argument("stage")
@click.option("--run", "runs", multiple=True, metavar="R", help="Only this run; may be given several times.")
@click.option("--fresh", is_flag=True, help="Repeat runs that are there already.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON document.")
@click.pass_obj
def command(project: Project, stage: str, runs: tuple[str, ...], fresh: bool, as_json: bool) -> int:
    """Exit code 1 when a figure lies outside the interval that the recorded seeds predict."""
    with workshop(project) as shop:
        subject = look_up(project, shop, shop.find(stage))
        _tell_of_edits(project, shop, subject)
        trained = train(project, shop, subject, runs, fresh=fresh)
        later = shop.stages[subject.stage.number + 1 :]
    names = drawn.draw(project, subject.stage, trained.results, project.out / subject.stage.name)
    if as_json:
        console.document(jsonfile.plain(_document(project, trained)))
    else:
        _print(trained, later[0] if later else None)
        if names:
            console.say(f"\nfigures: out/{subject.stage.name}/{{{','.join(names)}}}.svg")
    return 0 if trained.ok else 1


def _tell_of_edits(project: Project, shop: Workshop, subject: Subject) -> None:
    """A run is of the stage, not of what the reader made of it in stage/."""
    here = position.look(project, shop.stages)
    if here and here.number == subject.stage.number and not here.clean:
        console.note(f"trained is {subject.stage.label} itself; stage/ stands at {here}. To train that:")
        arguments = " ".join(subject.experiment.headline.args)
        console.note(f"  cd stage && ../.venv/bin/python makemore.py {arguments}")


def look_up(project: Project, shop: Workshop, stage: Stage) -> Subject:
    """BadInput for stage 00, and where experiment.toml is missing or malformed."""
    if stage.number == 0:
        raise BadInput(
            "stage 00 is upstream itself: it has no experiment",
            "a stage of the series",
            ["scripts/train.sh 01"] if len(shop.stages) > 1 else [],
        )
    found = experiment.read(project.baselines / stage.name / "experiment.toml")
    return Subject(stage, found, code_id(shop.files(stage)))


def train(
    project: Project, shop: Workshop, subject: Subject, runs: Sequence[str] = (), *, fresh: bool = False
) -> Trained:
    """Runs the first seed of the named runs, or of all, and judges it. Raises what `execute` and the files raise."""
    chosen = [subject.experiment.run(name) for name in dict.fromkeys(runs)] or list(subject.experiment.runs)
    recorded = baseline.read(project.baselines / subject.stage.name / "baseline.json")
    stale = tuple(baseline.stale(recorded, subject.experiment, subject.code_id)) if recorded else ()
    claimed = claims.evaluate(subject.experiment, recorded) if recorded and not stale else []  # before any training
    plans = subject.plans(chosen, subject.experiment.seeds[:1])
    results = compare(execute(project, plans, shop.export, fresh=fresh))
    verdicts = tuple(tuple(baseline.judge(recorded, each.plan.run.name, each.metrics, bool(stale))) for each in results)
    return Trained(subject, recorded, stale, tuple(results), verdicts, tuple(claimed))


def _print(trained: Trained, following: Stage | None) -> None:
    subject, recorded = trained.subject, trained.baseline
    for result, verdicts in zip(trained.results, trained.verdicts, strict=True):
        run = result.plan.run
        console.say()
        console.say(console.style(f"{subject.stage.name} · {run.name} · seed {result.plan.seed}", bold=True))
        console.say(console.style(f"  {run.program} {' '.join(run.args)}", dim=True))
        console.say(f"    {'':20}{'this run':>12}    recorded")
        for each in verdicts:
            if each.value is None and each.summary is None:
                continue  # upstream's own figure, where upstream's evaluation never ran
            console.say(
                "  "
                + console.verdict(each.ok, f"{each.metric:20}{figure(each.metric, each.value):>12}    {beside(each)}")
            )
    console.say()
    if recorded is None:
        console.say(f"no baseline yet: scripts/record.sh {subject.stage.number:02d} writes it")
    elif trained.stale:
        console.say("the baseline is stale: " + "; ".join(trained.stale))
    else:
        console.say(
            f"✓ is inside what {len(recorded.seeds)} seeds predict for one more run, "
            f"at {baseline.LEVEL:.0%} for all {recorded.family} figures of the stage together"
        )
        torch = trained.results[0].about["torch"]
        if torch != recorded.torch:
            console.say(f"recorded with torch {recorded.torch}; this is {torch}")
    if trained.claimed:
        console.say(f"\nclaimed of the {len(recorded.seeds)} recorded seeds:")
        for claim in trained.claimed:
            console.say("  " + console.verdict(claim.ok, claim.line))
    headline = trained.results[0]
    console.say(f"\nnames from {headline.plan.run.name}: " + " ".join(name or "·" for name in headline.names(NAMES)))
    number = f"{subject.stage.number:02d}"
    console.say("\nnext:")
    console.say(f"  scripts/verify.sh {number}   # checks the whole stage")
    if following:
        console.say(f"  scripts/apply.sh {following.number:02d}    # {following.name}")


def figure(metric: str, value: Figure) -> str:
    """As tables show it.

    >>> figure("test_loss", 2.44971), figure("parameters", 204544), figure("seconds", 61.23), figure("x", None)
    ('2.4497', '204,544', '61.2', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if metric == "seconds":
        return f"{value:.1f}"
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.3g}"


def spread(metric: str, summary: baseline.Summary) -> str:
    """mean ± sd; a whole number that is the same for every seed stands alone."""
    if all(isinstance(value, int) for value in summary.values) and len(set(summary.values)) == 1:
        return figure(metric, summary.values[0])
    deviation = "" if summary.sd is None else f" ± {figure(metric, summary.sd)}"
    return figure(metric, summary.mean) + deviation


def beside(verdict: Verdict) -> str:
    """What was recorded, and what to say of it."""
    parts = [spread(verdict.metric, verdict.summary)] if verdict.summary else []
    if verdict.ok is False:
        parts.append(f"outside {figure(verdict.metric, verdict.low)} … {figure(verdict.metric, verdict.high)}")
    elif verdict.why:
        parts.append(verdict.why)
    return ", ".join(parts)


def _document(project: Project, trained: Trained) -> dict[str, Any]:
    subject, recorded = trained.subject, trained.baseline
    return {
        "stage": subject.stage.name,
        "title": subject.experiment.title,
        "code_id": subject.code_id,
        "ok": trained.ok,
        "level": baseline.LEVEL,
        "family": recorded.family if recorded else None,
        "baseline": "missing" if recorded is None else "stale" if trained.stale else "current",
        "stale": list(trained.stale),
        "claims": [asdict(claim) | {"outcome": claim.outcome and str(claim.outcome)} for claim in trained.claimed],
        "runs": [
            {
                "run": result.plan.run.name,
                "seed": result.plan.seed,
                "arguments": result.plan.arguments,
                "folder": str(result.folder.relative_to(project.root)),
                "control": result.plan.run.control,
                "reused": result.reused,
                "torch": result.about["torch"],
                "metrics": [asdict(verdict) for verdict in verdicts],
                "names": result.names(NAMES),
            }
            for result, verdicts in zip(trained.results, trained.verdicts, strict=True)
        ],
    }
