"""The language of claims: `saturated_bn.saturation < 0.05 and within(onehot.test_loss, counted.test_loss, 0.005)`.

A run, its hyphens written as underscores, then a metric, and of a table metric a cell (`moe.domain_loss.names`): a
sample of one value for every seed (paired.py). A name that Python could not read as one has a _ before it: the run
`3-layers` is `_3_layers`, the cell "1" of solved_by is `solved_by._1`, the cell "if" is `solved_by._if`. Between
samples and numbers + - * / work seed by seed, and so do

    min(a, b, …)  max(a, b, …)  mean(a, b, …)  abs(a)    of several metrics, not over the seeds
    this_split(a)                                        a metric on the very items drawn, not on items like them

What makes a claim is a test (significance.py), whose outcome is yes, no (the opposite is shown) or not shown:

    a < b   a > b   a < 0.05   0.1 < a < 0.2    yes or no where it is significant
    within(a, b, eps)                           the same to within eps, a margin stated beforehand
    and  or  not                                on outcomes; what is left open stays not shown

There is no test for "no difference": the noisier the runs are, the easier it would be to pass.

Everything else is refused (evaluator.py).
"""

import ast
import itertools
import keyword
from collections.abc import Callable
from decimal import Decimal

from . import significance
from .outcome import Outcome
from .paired import Sample, Unevaluable
from .significance import Finding

Look = Callable[[str, str], Sample]  # (run, metric) -> sample; raises Wrong

TESTS: dict[str, Callable[..., Finding]] = {"within": significance.within}


class Wrong(Exception):
    """What is wrong with an expression, and what could stand there."""

    def __init__(self, found: str, expected: str = ""):
        super().__init__(found)
        self.found, self.expected = found, expected


def parse(text: str) -> ast.expr:
    """Return Python's syntax tree. Wrong where it is no expression of Python."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Wrong(f"{text!r} is not an expression: {getattr(error, 'msg', error)}") from None


def spelled(name: str) -> str:
    """Return how expressions spell the name of a run or a metric.

    >>> spelled("with-bn"), spelled("domain_loss.more-names"), spelled("3-layers"), spelled("solved_by.1")
    ('with_bn', 'domain_loss.more_names', '_3_layers', 'solved_by._1')
    """
    parts = [part.replace("-", "_") for part in name.split(".")]
    return ".".join(part if part.isidentifier() and not keyword.iskeyword(part) else f"_{part}" for part in parts)


def metrics(node: ast.expr) -> set[str]:
    """Return the metrics that an expression names, as it spells them; of a cell its table, too.

    >>> sorted(metrics(parse("fast.seconds / padded.seconds < moe.domain_loss.names")))
    ['domain_loss', 'domain_loss.names', 'seconds']
    """
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            _, *path = ast.unparse(part).split(".")
            names.add(".".join(path))
    return names


def margin_digits(node: ast.expr) -> int:
    """Return how many decimals the numbers of an expression have, the most of any; 0 where it has none.

    >>> margin_digits(parse("within(a.loss, b.loss, 0.03)")), margin_digits(parse("a.loss > 3 * b.loss"))
    (2, 0)
    """
    written = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    exponents = [Decimal(repr(number)).as_tuple().exponent for number in written if type(number) in (int, float)]
    return max([0, *(-exponent for exponent in exponents if isinstance(exponent, int))])


def rehearse(node: ast.expr, check: Callable[[str], object], statement: bool) -> None:
    """Raise Wrong where an expression will be none, whatever its metrics turn out to be. check: of the name of a run.

    statement: it has to say something; otherwise it is a quantity. It is evaluated on numbers that nobody measured.
    """
    numbers = itertools.count(2)

    def look(run: str, _: str) -> Sample:
        check(run)
        return Sample(tuple(float(next(numbers)) ** 1.5 for _ in range(3)))

    try:
        if statement:
            outcome(node, look, 0.1)
        else:
            quantity(node, look)
    except Unevaluable:
        pass  # with these numbers; the recorded ones decide


def tests(node: ast.expr) -> int:
    """Return how many tests an expression makes."""
    count = 0
    for part in ast.walk(node):
        if isinstance(part, ast.Compare):
            count += len(part.ops)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            count += part.func.id in TESTS
    return count


def outcome(node: ast.expr, look: Look, level: float) -> tuple[Outcome, list[Finding]]:
    """Return what an expression says, every test at one-sided `level`, and what the tests found. Wrong, Unevaluable."""
    from .evaluator import Evaluator  # here, so that a verb's --help does not wait for what only claims need

    evaluator = Evaluator(look, level)
    result = evaluator.result(node)
    if not isinstance(result, Outcome):
        raise Wrong(f"{ast.unparse(node)} is a quantity, not a statement", "a comparison")
    return result, evaluator.findings


def noted(node: ast.expr, look: Look) -> None:
    """Evaluate an expression, statement or quantity, for the sake of what is looked up. Wrong, Unevaluable."""
    from .evaluator import Evaluator

    Evaluator(look, 0.5).result(node)


def quantity(node: ast.expr, look: Look) -> Sample:
    """Return the sample that an expression describes. Wrong, Unevaluable."""
    from .evaluator import Evaluator

    result = Evaluator(look, 0.0).result(node)
    if not isinstance(result, Sample):
        what = "a statement" if isinstance(result, Outcome) else "a number"
        raise Wrong(f"{ast.unparse(node)} is {what}, not a quantity that was measured", "a metric of a run")
    return result
