"""Claims: sentences that a post may state, held against what was recorded.

A claim passes when its check (expressions.py) comes out "yes". A tie fails, and so does what can't be evaluated.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.errors import BadInput
from ..runs.experiment import Claim, Experiment
from . import paired
from .baseline import Baseline, summarise
from .outcome import Outcome
from .paired import Number, Sample, Unevaluable
from .significance import Finding

LEVEL = 0.99  # of all tests that an experiment's claims make, together


@dataclass(frozen=True)
class Verdict:
    """A claim, and what was recorded.

    outcome: None where it can't be evaluated. ok: it is "yes". shown: the figure that goes with the sentence,
    "2.3 % ± 0.4 (n = 5)", mean and standard deviation over n seeds. p (one-sided), difference: of its least certain
    test. why: what to say where it is not ok.
    """

    says: str
    outcome: Outcome | None
    ok: bool
    shown: str = ""
    p: float | None = None
    difference: float | None = None
    why: str = ""

    @property
    def line(self) -> str:
        """The sentence with its number."""
        return f"{self.says}: {self.shown}" if self.shown else self.says


def evaluate(experiment: Experiment, baseline: Baseline) -> list[Verdict]:
    """One for each claim. At LEVEL for the family: a test, to either side, errs with (1 - LEVEL) / number of tests.

    (Bonferroni: the experiment's claims, and each comparison of a claim that makes several.)
    BadInput for a claim that names no run or metric of the experiment, or is not an expression: which, and what exists.
    """
    from . import expressions

    parsed = []
    for place, claim in _places(experiment):
        try:
            show = expressions.parse(claim.show) if claim.show else None
            parsed.append((place, claim, expressions.parse(claim.check), show))
        except expressions.Wrong as wrong:
            raise BadInput(f"{place}: {wrong.found}", wrong.expected) from None
    family = sum(expressions.tests(check) for _, _, check, _ in parsed)
    level = (1 - LEVEL) / 2 / max(family, 1)

    def look(name: str, metric: str) -> Sample:
        runs = {run.name.replace("-", "_"): run.name for run in experiment.runs}
        if name not in runs:
            raise expressions.Wrong(f"there is no run {name!r}", f"one of {', '.join(runs)}")
        if runs[name] not in baseline.runs:
            raise Unevaluable(f"{runs[name]} was not recorded")
        metrics = {each.replace("-", "_"): each for each in baseline.runs[runs[name]]}
        if metric not in metrics:
            raise expressions.Wrong(f"{runs[name]} has no metric {metric!r}", f"one of {', '.join(metrics)}")
        return paired.sample(baseline, runs[name], metrics[metric])

    verdicts = []
    for place, claim, check, show in parsed:
        try:
            outcome, found = expressions.outcome(check, look, level)
            figures = [expressions.figure(show, look)] if show else [each.difference for each in found]
            shown = "; ".join(quantity(each.values, claim.unit) for each in figures)
        except expressions.Wrong as wrong:
            raise BadInput(f"{place}: {wrong.found}", wrong.expected) from None
        except Unevaluable as error:
            verdicts.append(Verdict(claim.says, None, False, why=f"{claim.check} can't be evaluated: {error}"))
            continue
        least = max(found, key=lambda each: each.p)
        ok = outcome is Outcome.YES
        why = "" if ok else f"{claim.check} is {_a(outcome)}: " + "; ".join(_evidence(each, level) for each in found)
        shown = shown if show else f"difference {shown}"
        verdicts.append(Verdict(claim.says, outcome, ok, shown, least.p, least.difference.mean, why))
    return verdicts


def _places(experiment: Experiment) -> Iterator[tuple[str, Claim]]:
    """Each claim with its place as a reader finds it."""
    for number, claim in enumerate(experiment.claims, 1):
        yield f"baselines/{experiment.stage}/experiment.toml: claim {number} ({claim.says})", claim


def _a(outcome: Outcome) -> str:
    return "a tie" if outcome is Outcome.TIE else str(outcome)


def _evidence(found: Finding, level: float) -> str:
    parts = [f"{found.seeds:.2g} from the seeds"] + ([f"{found.names:.2g} from the test names"] if found.names else [])
    p = f"p = {found.p:.2g}, significant below {level:.2g}"
    return f"the difference is {found.difference.mean:.4g}, its standard error {' and '.join(parts)}; {p}"


def quantity(values: tuple[Number, ...], unit: str = "") -> str:
    """Mean ± standard deviation over the seeds, to the first digit of the latter. Unevaluable for what is not a number.

    >>> quantity((0.019, 0.023, 0.027), "%")
    '2.3 % ± 0.4 (n = 3)'
    >>> quantity((2.4497, 2.4497), "nats"), quantity((729, 729)), quantity((math.inf, math.inf)), quantity((0.25,))
    ('2.4497 nats ± 0 (n = 2)', '729 (n = 2)', 'inf (n = 2)', '0.25 (n = 1)')
    """
    factor = 100 if unit == "%" else 1
    after = f" {unit}" if unit else ""
    summary = summarise([value * factor for value in values])
    mean, sd, seeds = summary.mean, summary.sd, f" (n = {summary.n})"
    if math.isnan(mean):
        raise Unevaluable("the figure is not a number")
    if sd is None or math.isinf(mean):
        return f"{mean:.5g}{after}{seeds}"
    if sd <= 1e-9 * abs(mean):  # the same for every seed, but for how it was summed
        whole = all(isinstance(value, int) for value in summary.values)
        return f"{round(mean):,}{after}{seeds}" if whole else f"{mean:.5g}{after} ± 0{seeds}"
    digits = max(0, -math.floor(math.log10(sd)))
    return f"{mean:,.{digits}f}{after} ± {sd:,.{digits}f}{seeds}"
