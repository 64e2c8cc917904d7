"""Claims: sentences that a post may state, held against what was recorded.

A sentence may be stated as a fact when its check (expressions.py) comes out "yes". It was written before its numbers
were seen, and stays as it was written: where they do not show it, experiment.toml says so beside it, with came_out. A
claim passes when its check comes out as is written there. What cannot be evaluated fails.
"""

import ast
import contextlib
import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ..core import numbers
from ..core.errors import BadInput
from ..runs.experiment import Claim, Experiment
from . import expressions, paired
from .baseline import Baseline, summarise
from .outcome import Outcome
from .paired import Sample, Unevaluable
from .significance import CONFIDENCE, Finding

LEVEL = 0.99  # of all tests that an experiment's claims make, together


class Verdict(Struct, frozen=True):
    """A claim, and what was recorded.

    outcome: None where it cannot be evaluated. came_out: what experiment.toml says of it; ok: the two agree. shown: the
    quantity that goes with the sentence, "2.3 % ± 0.4 (n = 5)", mean and standard deviation over n seeds, and the
    difference of the two sides of its check with its 95 % interval. p (one-sided), difference, low, high: of its least
    certain test. alone: it would be decided by itself, and is left open by the level of all claims together. why: what
    to say where the outcome is not "yes", or not what was written down. restated: see Claim.
    """

    says: str
    outcome: Outcome | None
    came_out: str
    ok: bool
    shown: str = ""
    p: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    restated: str = ""
    alone: bool = False

    @property
    def line(self) -> str:
        """The sentence with its number and what it said before it was reworded; what is no fact begins with that."""
        told = "" if self.outcome in (None, Outcome.YES) else f"{self.outcome}: "
        line = f"{told}{self.says}: {self.shown}" if self.shown else f"{told}{self.says}"
        if self.alone:  # its interval lies to one side, and beside it stands "not shown"
            line += f", but the level, {100 * LEVEL:.0f} %, is that of all claims of the stage together"
        return f"{line} (restated: {self.restated})" if self.restated else line


class Family(Struct, frozen=True):
    """The tests that a stage's claims make together. level: what is left for one of them, one-sided."""

    tests: int

    @property
    def level(self) -> float:
        """Bonferroni: (1 - LEVEL) / number of tests, to either side."""
        return (1 - LEVEL) / 2 / max(self.tests, 1)


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
    family = Family(sum(expressions.tests(claim.check) for claim in parsed))
    verdicts = []
    for claim in parsed:
        try:
            verdicts.append(_verdict(claim, experiment, baseline, family))
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


def spoken_of(experiment: Experiment) -> set[str]:
    """Return the metrics that the claims name, as expressions spell them. BadInput for what is no expression."""
    parsed = [_parse(place, claim) for place, claim in _places(experiment)]
    trees = [tree for claim in parsed for tree in (claim.check, claim.show) if tree is not None]
    return {name for tree in trees for name in expressions.metrics(tree)}


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


def _unit(node: ast.expr, experiment: Experiment, baseline: Baseline) -> str:
    """Return the unit of an expression, where that is one word ("%", "s"); else nothing.

    It has one where all metrics in it have that, and none is multiplied or divided: of that nobody knows the unit. One
    of several words ("nats per character") is known from the sentence. Wrong and Unevaluable are left to the
    evaluation.
    """
    units: set[str] = set()
    look = _look(experiment, baseline)

    def note(name: str, metric: str) -> Sample:
        units.add(experiment.metrics[_recorded(experiment, baseline, name, metric)[1]].unit)
        return look(name, metric)

    if any(isinstance(part, ast.Mult | ast.Div) for part in ast.walk(node)):
        return ""
    with contextlib.suppress(expressions.Wrong, Unevaluable):
        expressions.noted(node, note)
    unit = units.pop() if len(units) == 1 else ""
    return "" if " " in unit else unit


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


def _verdict(parsed: _Parsed, experiment: Experiment, baseline: Baseline, family: Family) -> Verdict:
    claim, look = parsed.claim, _look(experiment, baseline)
    tested = _unit(parsed.check, experiment, baseline)
    try:
        outcome, findings = expressions.outcome(parsed.check, look, family.level)
        if parsed.show:
            unit = claim.unit or _unit(parsed.show, experiment, baseline)
            texts = [quantity(expressions.quantity(parsed.show, look), unit)]
            texts += [_difference(finding, tested) for finding in findings]
        else:
            unit = claim.unit or tested
            decimals = min(max(expressions.margin_digits(parsed.check) - 2 * (unit == "%"), 0), numbers.DECIMALS)
            texts = [_difference(finding, unit, quantity(finding.difference, unit, decimals)) for finding in findings]
    except Unevaluable as error:
        why = f"{claim.check} cannot be evaluated: {error}"
        return Verdict(claim.says, None, claim.came_out, False, why=why, restated=claim.restated)
    least = max(findings, key=lambda finding: finding.p)
    return Verdict(
        says=claim.says,
        outcome=outcome,
        came_out=claim.came_out,
        ok=str(outcome) == claim.came_out,
        shown="; ".join(texts),
        p=least.p,
        difference=least.difference.mean,
        low=least.low,
        high=least.high,
        why=_why(claim, outcome, findings, family),
        restated=claim.restated,
        alone=outcome is Outcome.NOT_SHOWN and _alone(findings),
    )


def _alone(findings: Sequence[Finding]) -> bool:
    """Return whether a test that leaves a claim open would decide it, were it the only test of the stage."""
    return any(finding.decided_alone for finding in findings if finding.outcome is Outcome.NOT_SHOWN)


def _difference(finding: Finding, unit: str, text: str = "") -> str:
    """Return a difference with its interval, as a sentence has it. text: what it is, where it is what is shown."""
    middle, ends = numbers.interval(finding.low, finding.high, unit)
    noisy = 0 < finding.reach < math.inf
    interval = f", {100 * CONFIDENCE:.0f} % interval {ends}" if noisy else ""
    return f"difference {text}{interval}" if text else f"tested difference {middle}{interval}"


SAID = {
    Outcome.YES: "is shown",
    Outcome.NO: "does not hold, the opposite is shown",
    Outcome.NOT_SHOWN: "is not shown",
}


def _why(claim: Claim, outcome: Outcome, findings: Sequence[Finding], family: Family) -> str:
    """Return why a claim is no fact, or why it is not what experiment.toml says that it came out as."""
    if outcome is Outcome.YES and claim.came_out == "yes":
        return ""
    parts = [f"{claim.check} {SAID[outcome]}"]
    if str(outcome) != claim.came_out:
        stated = f'came_out = "{claim.came_out}"' if claim.came_out != "yes" else 'no came_out = "…"'
        parts[0] += f", and experiment.toml has {stated} for it"
    parts += [_evidence(finding, family.level) for finding in findings]
    if outcome is Outcome.NOT_SHOWN and _alone(findings):
        parts.append(
            f"one comparison alone would decide it by its {100 * CONFIDENCE:.0f} % interval, but the claims of the "
            f"stage are a family of {family.tests} tests, of which some would come out so by chance: all of them "
            f"together are to err in {100 * (1 - LEVEL):.0f} % of recordings at most"
        )
    return f"{parts[0]}: {'; '.join(parts[1:])}"


def _evidence(finding: Finding, level: float) -> str:
    written = numbers.significant
    parts = [f"{written(finding.seeds, 2)} from the seeds"]
    parts += [f"{written(finding.items, 2)} from the {finding.difference.unit}s"] if finding.items else []
    p = f"p = {written(finding.p, 2)}, significant below {written(level, 2)}"
    difference = written(finding.difference.mean, 4)
    return f"the difference is {difference}, its standard error {' and '.join(parts)}; {p}"


def quantity(sample: Sample, unit: str = "", least: int = 0) -> str:
    """Return mean ± standard deviation over the seeds. Unevaluable for what is not a number.

    least: how many decimals it has at least; those of a margin that it is held against.

    >>> quantity(Sample((0.019, 0.023, 0.027)), "%"), quantity(Sample((math.inf, math.inf)))
    ('2.3 % ± 0.4 (n = 3)', '∞ (n = 2)')
    """
    if any(map(math.isnan, sample.values)) or math.isnan(sum(sample.values)):
        raise Unevaluable("the quantity is not a number")
    return numbers.quantity(summarise(sample.values), unit, sample.constant, least)
