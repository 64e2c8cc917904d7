"""Walk a claim's expression with simpleeval; nothing of it is ever executed by Python."""

import ast
import operator
from collections.abc import Callable
from typing import Any

import simpleeval

from . import significance
from .expressions import TESTS, Look, Wrong
from .outcome import Outcome, conjunction, disjunction, negation
from .paired import Sample, Unevaluable, average, largest, smallest, this_split
from .significance import Finding

NODES = (
    ast.Attribute, ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.Constant, ast.Name, ast.UnaryOp, ast.keyword,
)  # fmt: skip
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
FUNCTIONS = {"min": smallest, "max": largest, "mean": average, "abs": abs, "this_split": this_split}


class Evaluator(simpleeval.SimpleEval):
    """simpleeval without what claims do not need, with tests for comparisons and three-valued logic."""

    nodes: dict[type[ast.AST], Callable[..., Any]]

    def __init__(self, look: Look, level: float):
        super().__init__(OPERATORS | {ast.Not: self._not}, FUNCTIONS | {name: self._test(name) for name in TESTS}, {})
        self.nodes = {kind: handler for kind, handler in self.nodes.items() if kind in NODES}
        self.look, self.level = look, level
        self.findings: list[Finding] = []

    def result(self, node: ast.expr) -> Any:
        """Return the value of an expression. Wrong, Unevaluable."""
        try:
            return self.eval("", node)
        except simpleeval.FunctionNotDefined as error:
            if error.func_name == "tie":
                raise Wrong(
                    "tie(a, b) is no test: the noisier the runs are, the easier it is to pass",
                    "within(a, b, margin), with a margin that was stated beforehand",
                ) from None
            known = [*FUNCTIONS, *TESTS]
            raise Wrong(f"there is no function {error.func_name!r}", f"one of {', '.join(known)}") from None
        except simpleeval.OperatorNotDefined as error:
            raise Wrong(f"there is no operator {type(error.attr).__name__} in claims", "+ - * /") from None
        except simpleeval.InvalidExpression as error:
            raise Wrong(f"{ast.unparse(node)}: {error}", "runs, numbers, + - * /, < >, and, or, not") from None
        except TypeError as error:
            raise Wrong(f"{ast.unparse(node)}: {error}") from None
        except (ZeroDivisionError, OverflowError) as error:
            raise Unevaluable(str(error)) from None
        except RecursionError:
            raise Wrong("the expression is nested too deeply") from None

    def _eval_constant(self, node: ast.Constant) -> float | int:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise Wrong(f"{node.value!r} is not a number", "numbers and metrics of runs")
        return node.value

    def _eval_name(self, node: ast.Name) -> Any:
        raise Wrong(f"{node.id!r} stands alone", "run.metric")

    def _eval_attribute(self, node: ast.Attribute) -> Sample:
        run: ast.expr = node.value
        names = [node.attr]
        while isinstance(run, ast.Attribute):
            names.insert(0, run.attr)
            run = run.value
        if not isinstance(run, ast.Name):
            raise Wrong(f"{ast.unparse(node)} is not a metric", "run.metric")
        return self.look(run.id, ".".join(names))

    def _eval_call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name):
            raise Wrong(f"{ast.unparse(node.func)} is not a function", f"one of {', '.join([*FUNCTIONS, *TESTS])}")
        return super()._eval_call(node)

    def _eval_compare(self, node: ast.Compare) -> Outcome:
        terms = [self._eval(term) for term in (node.left, *node.comparators)]
        outcomes = []
        for kind, left, right in zip(node.ops, terms, terms[1:], strict=False):
            if isinstance(kind, ast.Lt):
                outcomes.append(self._note(significance.less(left, right, self.level)))
            elif isinstance(kind, ast.Gt):
                outcomes.append(self._note(significance.greater(left, right, self.level)))
            else:
                raise Wrong(f"{ast.unparse(node)}: quantities compare by < and >", "<, >, within(a, b, eps)")
        return conjunction(outcomes)

    def _eval_boolop(self, node: ast.BoolOp) -> Outcome:
        outcomes = [_statement(self._eval(part)) for part in node.values]  # all of them: a broken one must not hide
        return conjunction(outcomes) if isinstance(node.op, ast.And) else disjunction(outcomes)

    @staticmethod
    def _not(value: Any) -> Outcome:
        return negation(_statement(value))

    def _test(self, name: str) -> Callable[..., Outcome]:
        def test(*given: Any, **named: Any) -> Outcome:
            return self._note(TESTS[name](*given, **named, level=self.level))

        return test

    def _note(self, finding: Finding) -> Outcome:
        self.findings.append(finding)
        return finding.outcome


def _statement(value: Any) -> Outcome:
    if not isinstance(value, Outcome):
        raise TypeError("and, or, not join comparisons, not quantities")
    return value
