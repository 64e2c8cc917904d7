"""Rows of text as a table: columns for a terminal, or Markdown. The first row is the heading."""

from collections.abc import Sequence

Rows = Sequence[Sequence[str]]


def plain(rows: Rows) -> list[str]:
    """Return lines with columns, for a terminal.

    >>> plain([["name", "ms"], ["a longer one", "1.0"]])
    ['name          ms', 'a longer one  1.0']
    """
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def markdown(rows: Rows) -> str:
    """Return a table in Markdown, without a newline at its end.

    >>> print(markdown([["name", "ms"], ["a | b", "1.0"]]))
    | name | ms |
    |---|---|
    | a \\| b | 1.0 |
    """
    head, *body = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
