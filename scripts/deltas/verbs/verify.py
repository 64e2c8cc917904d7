"""`verify`: pin, patches, stages, runs and baselines → checks → one verdict."""

from collections.abc import Iterator

import click

from ..core import console, jsonfile
from ..core.codeid import code_id
from ..core.errors import BrokenPatch, CheckFailed, NoUpstream
from ..core.project import Project
from ..evidence import baseline, claims
from ..runs import experiment, invariance
from ..series.patches import load
from ..stages.build import Workshop, workshop
from . import checks, train
from .checks import Check


@click.command(help="Check a stage, or all of them: pin, patches, stages, runs and baselines.")
@click.argument("stage", required=False)
@click.option("--fast", is_flag=True, help="Everything that needs no training.")
@click.option("--json", "as_json", is_flag=True, help="The checks as one JSON document.")
@click.pass_obj
def command(project: Project, stage: str | None, fast: bool, as_json: bool) -> int:
    """Exit code 1 when a check fails. Without upstream only --fast has something to say, and says what it left out."""
    done, numbers, code = [], [], 1
    try:
        series = load(project.patches)
        numbers = [series.number(stage)] if stage else list(range(1, len(series) + 1))
        for check in _all(project, numbers, fast):
            done.append(check)
            if not as_json:
                _print(check)
    except (BrokenPatch, NoUpstream, CheckFailed) as refusal:  # a verdict all the same, and the refusal's exit code
        code = refusal.exit_code
        expected = (f"expected: {refusal.expected}",) if refusal.expected else ()
        done.append(Check(refusal.found, False, expected, refusal.ways))
        if not as_json:
            _print(done[-1])
    failed = [check for check in done if check.ok is False]
    if as_json:
        rows = [{"what": c.what, "ok": c.ok, "faults": list(c.faults), "ways": list(c.ways)} for c in done]
        console.document(jsonfile.plain({"ok": not failed, "fast": fast, "stages": numbers, "checks": rows}))
    else:
        _verdict(done, fast)
    return code if failed else 0


def _all(project: Project, numbers: list[int], fast: bool) -> Iterator[Check]:
    series = load(project.patches)
    asked = [patch for patch in series if patch.number in numbers]
    yield from checks.patches(series, asked)
    yield from checks.published(project, series, asked)
    try:
        with workshop(project) as shop:
            yield from checks.pin(project)
            yield from checks.stages(project, shop, max(numbers, default=0))
            for number in numbers:
                yield from _experiment(project, shop, number)
                if not fast and number:
                    yield from _trained(project, shop, number)
    except NoUpstream as error:
        if not fast:
            raise
        yield Check(f"pin, stages and baselines: {error.found}", None, (), error.ways)


def _experiment(project: Project, shop: Workshop, number: int) -> Iterator[Check]:
    """What was recorded, without running anything."""
    stage = shop.stages[number]
    folder = project.baselines / stage.name
    if number == 0:
        return
    if not (folder / "experiment.toml").exists():
        yield Check(f"{stage.name} has no experiment yet", None)
        return
    described = experiment.read(folder / "experiment.toml")
    recorded = baseline.read(folder / "baseline.json")
    record = f"scripts/record.sh {number:02d}"
    if recorded is None:
        yield Check(f"{stage.name}: not measured", None, (), (record,))
        return
    stale = baseline.stale(recorded, described, code_id(shop.files(stage)))
    yield checks.of(f"{stage.name}: the baseline is of this code and these runs", stale, record)
    if stale:
        for claim in described.claims:
            yield Check(f"{claim.says}: not looked at, the baseline is stale", None)
        return
    for claim in claims.evaluate(described, recorded):
        yield checks.of(claim.line, [] if claim.ok else [claim.why])


def _trained(project: Project, shop: Workshop, number: int) -> Iterator[Check]:
    """What training shows: that upstream's own models are untouched, and that the figures come again."""
    stage = shop.stages[number]
    what = f"{stage.name}: all {len(invariance.TYPES)} upstream types train as at stage 00, bit for bit"
    yield checks.of(what, [f"--type {each.type}: {each.what}" for each in invariance.check(project, shop, stage)])
    if not (project.baselines / stage.name / "experiment.toml").exists():
        return
    trained = train.train(project, shop, train.look_up(project, shop, stage))
    for result, verdicts in zip(trained.results, trained.verdicts, strict=True):
        name = f"{stage.name} {result.plan.run.name}, seed {result.plan.seed}"
        if trained.baseline is None:
            yield Check(f"{name}: trained, with no baseline to hold it against", None)
            continue
        judged = [verdict for verdict in verdicts if verdict.ok is not None]
        if not judged:
            yield Check(f"{name}: trained, the baseline is stale", None)
            continue
        faults = [f"{v.metric} {train.figure(v.metric, v.value)}, {train.beside(v)}" for v in judged if not v.ok]
        figures = ", ".join(f"{v.metric} {train.figure(v.metric, v.value)}" for v in judged if "loss" in v.metric)
        yield checks.of(f"{name}: as recorded ({figures})", faults)


def _print(check: Check) -> None:
    console.say(console.verdict(check.ok, check.what))
    for fault in check.faults:
        console.say(f"    {fault}")
    for way in check.ways:
        console.say(f"    → {way}")


def _verdict(done: list[Check], fast: bool) -> None:
    passed, failed, left = (sum(check.ok is which for check in done) for which in (True, False, None))
    parts = (
        [f"{passed} checks pass"] + ([f"{failed} fail"] if failed else []) + ([f"{left} not looked at"] if left else [])
    )
    console.say()
    console.say(console.verdict(not failed, ", ".join(parts)) + ("; nothing was trained (--fast)" if fast else ""))
