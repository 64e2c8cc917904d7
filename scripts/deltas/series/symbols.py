"""Where in a Python file a line stands, in words: "in `Bigram.forward`", "after `Bigram`", "in the main program"."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A class, function or the main program, with its first and last line (from 1)."""

    name: str
    first: int
    last: int


def spans(source: str) -> list[Span]:
    """All of them, outer before inner; nothing for a file that is not Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found: list[Span] = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found.append(Span(prefix + child.name, first, child.end_lineno))
                walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.If) and "__name__" in ast.dump(child.test):
                found.append(Span("", child.lineno, child.end_lineno))
                walk(child, prefix)
            else:
                walk(child, prefix)

    walk(tree, "")
    return found


def place(known: list[Span], first: int, last: int) -> str:
    """The innermost place that holds lines first…last of the new file.

    >>> place([Span("Bigram", 1, 9), Span("Bigram.forward", 4, 9)], 6, 7)
    'in `Bigram.forward`'
    >>> place([Span("Bigram", 1, 9)], 10, 20)
    'after `Bigram`'
    """
    around = [span for span in known if span.first <= first and last <= span.last]
    inner = max(around, key=lambda span: span.first, default=None)
    if inner:
        return f"in `{inner.name}`" if inner.name else "in the main program"
    before = [span for span in known if span.last < first and "." not in span.name and span.name]
    return f"after `{before[-1].name}`" if before else "at the top"
