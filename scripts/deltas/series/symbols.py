"""Where in a Python file a line stands, in words: "in `Bigram.forward`", "after `Bigram`", "in the main program"."""

import ast
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
MAY_HOLD_DEFINITIONS = (ast.stmt, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True)
class Span:
    """A class, function or the main program (its name is empty), with its first and last line (from 1)."""

    name: str
    first: int
    last: int


def spans(source: str) -> list[Span]:
    """Return all of them in the order of the file, outer before inner; none for what is not Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what ast says of a file that it cannot take
        return []
    named: list[Span] = []
    todo: list[tuple[ast.AST, str]] = [(tree, "")]  # no recursion: a long chain of elif nests as deep as it is long
    while todo:
        node, prefix = todo.pop()
        if isinstance(node, DEFINITIONS):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            named.append(Span(prefix + node.name, first, node.end_lineno or node.lineno))
            prefix = f"{prefix}{node.name}."
        elif isinstance(node, ast.If) and _asks_for_name(node.test):
            named.append(Span("", node.lineno, node.end_lineno or node.lineno))
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, MAY_HOLD_DEFINITIONS)]
        todo += [(child, prefix) for child in reversed(inner)]
    return named


def _asks_for_name(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


class Outline:
    """The spans of a Python file, ready to say where a line stands."""

    def __init__(self, source: str):
        self.spans = spans(source)
        self._firsts = [span.first for span in self.spans]
        self._around: list[int | None] = []  # for each span the innermost one that holds it
        opened: list[int] = []
        for index, span in enumerate(self.spans):
            while opened and self.spans[opened[-1]].last < span.first:
                opened.pop()
            self._around.append(opened[-1] if opened else None)
            opened.append(index)
        self._outer = [span for span in self.spans if span.name and "." not in span.name]  # none holds another
        self._outer_lasts = [span.last for span in self._outer]

    def place(self, first: int, last: int) -> str:
        """Return the innermost place that holds lines first…last, in words.

        >>> outline = Outline("class A:\\n    def f(self):\\n        pass\\n")
        >>> outline.place(3, 3), outline.place(4, 9)
        ('in `A.f`', 'after `A`')
        """
        index: int | None = bisect_right(self._firsts, first) - 1
        while index is not None and index >= 0:
            span = self.spans[index]
            if last <= span.last:
                return f"in `{span.name}`" if span.name else "in the main program"
            index = self._around[index]
        before = bisect_left(self._outer_lasts, first)
        return f"after `{self._outer[before - 1].name}`" if before else "at the top"
