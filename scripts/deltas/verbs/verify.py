"""`verify`: pin, patches, stages, runs and baselines → checks → one verdict."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from ..checks import elsewhere, measured, pages, patches, stages, tries
from ..checks.check import Check
from ..core import console, jsonfile
from ..core.errors import BadInput, BrokenPatch, CheckFailed, NoUpstream, Refusal
from ..core.project import Project
from ..runs.agenda import Agenda
from ..series.patches import Series, load
from ..stages import checkout, position
from ..stages.build import workshop
from ..stages.position import Position


@click.command(
    help="Check stage NN, or the one where you stand, or `all`: pin, patches, stages, runs and baselines. "
    "Where stage/ stands at no stage with a patch, everything is checked."
)
@click.argument("stage", required=False)
@click.option("--fast", is_flag=True, help="Everything that needs no training.")
@click.option("--json", "as_json", is_flag=True, help="The checks as one JSON document.")
@click.pass_obj
def command(project: Project, stage: str | None, fast: bool, as_json: bool) -> int:
    """Return exit code 1 when a check fails. Without upstream only --fast can say something, and says what it lacks."""
    done: list[Check] = []
    numbers: list[int] = []
    code = 1
    try:
        series = load(project.patches)
        numbers = _asked(project, series, stage)
        for check in _all(project, series, numbers, fast):
            if check.ok is False and check in done:
                continue  # a file that cannot be read is in the way of several checks
            done.append(check)
            if not as_json:
                _print(check)
    except (BrokenPatch, NoUpstream, CheckFailed) as refusal:  # a verdict all the same, and the refusal's exit code
        code = refusal.exit_code
        done.append(_refused(refusal))
        if not as_json:
            _print(done[-1])
    failed = [check for check in done if check.ok is False]
    if as_json:
        rows = [_row(check) for check in done]
        console.document(jsonfile.plain({"ok": not failed, "fast": fast, "stages": numbers, "checks": rows}))
    else:
        _verdict(done, fast)
    return code if failed else 0


def _asked(project: Project, series: Series, text: str | None) -> list[int]:
    """Return the numbers of the stages to check. Without a word on it: the one where stage/ stands, and that is said.

    Whoever stands at no patch wants to know whether the checkout is sound: then it is all of them.
    """
    everything = list(range(1, len(series) + 1))
    if text == position.ALL:
        return everything
    if text:
        return [position.asked(project, series, text)]
    here = position.seek(project, series) if checkout.exists(project) else None
    if isinstance(here, Position) and here.number:
        console.note(
            f"checking {series[here.number - 1].name}, where you stand; scripts/verify.sh all checks everything"
        )
        return [here.number]
    why = (
        "is not there yet" if here is None else f"stands at {here}" if isinstance(here, Position) else "is at no stage"
    )
    console.note(f"checking everything, for stage/ {why}")
    return everything


def _all(project: Project, series: Series, numbers: Sequence[int], fast: bool) -> Iterator[Check]:
    asked = [patch for patch in series if patch.number in numbers]
    yield from patches.readable(series, asked)
    yield from patches.numbers(project, asked)
    if len(asked) == len(series):
        yield from _with_refusals(pages.speedrun(project))
    yield from _with_refusals(pages.published(project, series))
    try:
        with workshop(project) as shop:
            yield from stages.pin(project)
            yield from stages.built(project, shop, max(numbers, default=0))
            yield from stages.checked_out(project, shop)
            if len(asked) == len(series):
                yield from _with_refusals(elsewhere.recorded(project, shop))
            agenda = None if fast else measured.to_train(project, shop, numbers)
            if agenda:
                _tell_of(agenda, alone=len(numbers) == 1)
            for number in numbers:
                yield from _with_refusals(measured.recorded(project, shop, number))
                yield from _with_refusals(tries.recorded(project, shop, number))
                if agenda:
                    yield from _with_refusals(measured.trains(project, shop, number, agenda))
    except NoUpstream as error:
        if not fast:
            raise
        yield Check(f"pin, stages and baselines: {error.found}", None, (), error.ways)


def _tell_of(agenda: Agenda, alone: bool) -> None:
    """Say how much is trained, and what to type where that is too much."""
    if not agenda.names:
        console.note("nothing is left to train: all runs are in out/")
        return
    less = "--fast leaves them out" + ("" if alone else ", and with the number of a stage only that one is checked")
    console.note(f"{agenda} ({less})")


def _with_refusals(checks: Iterator[Check]) -> Iterator[Check]:
    """Give the checks; a file that cannot be read is one that failed, and is no reason to look at nothing else."""
    try:
        yield from checks
    except BadInput as refusal:
        yield _refused(refusal)


def _refused(refusal: Refusal) -> Check:
    expected = (f"expected: {refusal.expected}",) if refusal.expected else ()
    return Check(refusal.found, False, expected, refusal.ways)


def _row(check: Check) -> dict[str, Any]:
    row = {"what": check.what, "ok": check.ok, "faults": list(check.faults), "ways": list(check.ways)}
    return row | ({"run": check.run} if check.run else {})


def _print(check: Check) -> None:
    console.say(console.verdict(check.ok, check.what))
    for fault in check.faults:
        console.say(f"    {fault}")
    for way in check.ways:
        console.say(f"    → {way}")


def _verdict(done: Sequence[Check], fast: bool) -> None:
    passed, failed, left = (sum(check.ok is which for check in done) for which in (True, False, None))
    parts = [f"{passed} checks pass"]
    parts += [f"{failed} fail"] if failed else []
    parts += [f"{left} not looked at"] if left else []
    console.say()
    console.say(console.verdict(not failed, ", ".join(parts)) + ("; nothing was trained (--fast)" if fast else ""))
