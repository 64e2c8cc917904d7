"""Claims: sentences that a post may state, held against what was recorded.

A claim passes when its check (expressions.py) comes out "yes". A tie fails, and so does what cannot be evaluated.
"""

import ast
import contextlib
import math
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..core import numbers
from ..core.errors import BadInput
from ..runs.experiment import Claim, Experiment
from . import expressions, paired
from .baseline import Baseline, summarise
from .outcome import Outcome
from .paired import Sample, Unevaluable
from .significance import Finding

LEVEL = 0.99  # of all tests that an experiment's claims make, together


class Verdict(Struct, frozen=True):
    """A claim, and what was recorded.

    outcome: None where it cannot be evaluated. ok: it is "yes". shown: the quantity that goes with the sentence,
    "2.3 % ± 0.4 (n = 5)", mean and standard deviation over n seeds. p (one-sided), difference: of its least certain
    test. why: what to say where it is not ok. restated: see Claim.
    """

    says: str
    outcome: Outcome | None
    ok: bool
    shown: str = ""
    p: float | None = None
    difference: float | None = None
    why: str = ""
    restated: str = ""

    @property
    def line(self) -> str:
        """The sentence with its number, and what it said before it was reworded."""
        line = f"{self.says}: {self.shown}" if self.shown else self.says
        return f"{line} (restated: {self.restated})" if self.restated else line


class _Parsed(Struct):
    """A claim as syntax trees. place: where a reader finds it."""

    place: str
    claim: Claim
    check: ast.expr
    show: ast.expr | None


def evaluate(experiment: Experiment, baseline: Baseline) -> list[Verdict]:
    """Return a verdict on every claim. At LEVEL for the family: a test errs with (1 - LEVEL) / number of tests.

    (To either side; Bonferroni over the experiment's claims, and over the comparisons of a claim that makes several.)
    BadInput for a claim that names no run or metric of the experiment, or is no expression: which, and what exists.
    """
    parsed = [_parse(place, claim) for place, claim in _places(experiment)]
    tests = sum(expressions.tests(claim.check) for claim in parsed)
    level = (1 - LEVEL) / 2 / max(tests, 1)
    look = _look(experiment, baseline)
    verdicts = []
    for claim in parsed:
        try:
            verdicts.append(_verdict(_with_unit(claim, experiment, baseline), look, level))
        except expressions.Wrong as wrong:
            raise BadInput(f"{claim.place}: {wrong.found}", wrong.expected) from None
    return verdicts


def check(experiment: Experiment) -> None:
    """Raise BadInput for a claim that is no expression or names no run: it can be said before anything is measured."""

    def known(name: str) -> str:
        return _run(experiment, name)

    for place, claim in _places(experiment):
        parsed = _parse(place, claim)
        try:
            expressions.rehearse(parsed.check, known, statement=True)
            if parsed.show:
                expressions.rehearse(parsed.show, known, statement=False)
        except expressions.Wrong as wrong:
            raise BadInput(f"{place}: {wrong.found}", wrong.expected) from None


def _places(experiment: Experiment) -> Iterator[tuple[str, Claim]]:
    """Give every claim with its place as a reader finds it."""
    for number, claim in enumerate(experiment.claims, 1):
        yield f"baselines/{experiment.stage}/experiment.toml: claim {number} ({claim.says})", claim


def _parse(place: str, claim: Claim) -> _Parsed:
    try:
        show = expressions.parse(claim.show) if claim.show else None
        return _Parsed(place, claim, expressions.parse(claim.check), show)
    except expressions.Wrong as wrong:
        raise BadInput(f"{place}: {wrong.found}", wrong.expected) from None


def _look(experiment: Experiment, baseline: Baseline) -> expressions.Look:
    """Return what finds a metric of a run, by the names that the language has for them."""

    def look(name: str, metric: str) -> Sample:
        return paired.sample(baseline, *_recorded(experiment, baseline, name, metric), experiment.metrics)

    return look


def _recorded(experiment: Experiment, baseline: Baseline, name: str, metric: str) -> tuple[str, str]:
    """Return the names of the run and of its metric that an expression calls so. Wrong; Unevaluable."""
    run = _run(experiment, name)
    if run not in baseline.runs:
        raise Unevaluable(f"{run} was not recorded")
    known = list(baseline.runs[run].metrics)
    return run, _meant(metric, known, f"{run} has no metric {metric!r}", f" of {run}")


def _with_unit(parsed: _Parsed, experiment: Experiment, baseline: Baseline) -> _Parsed:
    """Return the claim with the unit % where it states none and shows a share, as every table shows one.

    What is shown is a share where all metrics in it are, and none is multiplied or divided: of that nobody knows the
    unit. Wrong and Unevaluable are left to the evaluation.
    """
    node = parsed.show or parsed.check
    units: set[str] = set()

    def note(name: str, metric: str) -> Sample:
        units.add(experiment.metrics[_recorded(experiment, baseline, name, metric)[1]].unit)
        return look(name, metric)

    look = _look(experiment, baseline)
    if parsed.claim.unit or any(isinstance(part, ast.Mult | ast.Div) for part in ast.walk(node)):
        return parsed
    with contextlib.suppress(expressions.Wrong, Unevaluable):
        if parsed.show:
            expressions.quantity(node, note)
        else:
            expressions.outcome(node, note, 0.5)
    return replace(parsed, claim=replace(parsed.claim, unit="%")) if units == {"%"} else parsed


def _run(experiment: Experiment, name: str) -> str:
    """Return the name of the run that an expression calls so. Wrong where there is none."""
    return _meant(name, [run.name for run in experiment.runs], f"there is no run {name!r}")


def _meant(spelled: str, known: Sequence[str], missing: str, whose: str = "") -> str:
    """Return the one of the known names that an expression spells so. Wrong where there is none, or more than one."""
    meant = [name for name in known if expressions.spelled(name) == spelled]
    if not meant:
        raise expressions.Wrong(missing, f"one of {', '.join(map(expressions.spelled, known))}")
    if len(meant) > 1:
        raise expressions.Wrong(
            f"{spelled!r} may be {' or '.join(meant)}{whose}", "names that differ in more than - and _"
        )
    return meant[0]


def _verdict(parsed: _Parsed, look: expressions.Look, level: float) -> Verdict:
    claim = parsed.claim
    try:
        outcome, findings = expressions.outcome(parsed.check, look, level)
        shown = (
            [expressions.quantity(parsed.show, look)] if parsed.show else [finding.difference for finding in findings]
        )
        text = "; ".join(quantity(sample, claim.unit) for sample in shown)
    except Unevaluable as error:
        why = f"{claim.check} cannot be evaluated: {error}"
        return Verdict(claim.says, None, False, why=why, restated=claim.restated)
    least = max(findings, key=lambda finding: finding.p)
    ok = outcome is Outcome.YES
    evidence = "; ".join(_evidence(finding, level) for finding in findings)
    why = "" if ok else f"{claim.check} is {_a(outcome)}: {evidence}"
    text = text if parsed.show else f"difference {text}"
    return Verdict(claim.says, outcome, ok, text, least.p, least.difference.mean, why, claim.restated)


def _a(outcome: Outcome) -> str:
    return "a tie" if outcome is Outcome.TIE else str(outcome)


def _evidence(finding: Finding, level: float) -> str:
    parts = [f"{finding.seeds:.2g} from the seeds"]
    parts += [f"{finding.items:.2g} from the {finding.difference.unit}s"] if finding.items else []
    p = f"p = {finding.p:.2g}, significant below {level:.2g}"
    return f"the difference is {finding.difference.mean:.4g}, its standard error {' and '.join(parts)}; {p}"


def quantity(sample: Sample, unit: str = "") -> str:
    """Return mean ± standard deviation over the seeds. Unevaluable for what is not a number.

    >>> quantity(Sample((0.019, 0.023, 0.027)), "%"), quantity(Sample((math.inf, math.inf)))
    ('2.3 % ± 0.4 (n = 3)', '∞ (n = 2)')
    """
    if any(map(math.isnan, sample.values)) or math.isnan(sum(sample.values)):
        raise Unevaluable("the quantity is not a number")
    return numbers.quantity(summarise(sample.values), unit, sample.constant)
