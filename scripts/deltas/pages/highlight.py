"""Source text → lines of (class, text). Whole files, for a line alone doesn't tell whether it stands in a string."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.token import Token
from pygments.util import ClassNotFound

Tokens = list[tuple[str, str]]

# Two palettes can keep a dozen kinds apart; the rest stays plain.
KINDS = {
    Token.Comment: "c",
    Token.Keyword: "k",
    Token.Operator.Word: "k",
    Token.Literal.String: "s",
    Token.Literal.Number: "m",
    Token.Name.Class: "d",
    Token.Name.Function: "d",
    Token.Name.Decorator: "d",
    Token.Name.Builtin: "b",
}


@lru_cache(maxsize=64)  # the file of a stage is also the file before the next patch
def lines(path: str, source: str) -> list[Tokens]:
    """Return the tokens of each line of the source; joined, they are the line again, character by character."""
    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    painted: list[Tokens] = [[]]
    for kind, text in _kinds(lexer.get_tokens(source)):
        first, *more = text.split("\n")
        _add(painted[-1], kind, first)
        for rest in more:
            painted.append([])
            _add(painted[-1], kind, rest)
    return painted


def _kinds(tokens: Iterable[tuple[Any, str]]) -> Iterator[tuple[str, str]]:
    for token, text in tokens:
        kind = ""
        while token is not Token and not kind:
            kind, token = KINDS.get(token, ""), token.parent
        yield kind, text


def _add(line: Tokens, kind: str, text: str) -> None:
    if not text:
        return
    if line and (line[-1][0] == kind or not text.strip()):
        line[-1] = (line[-1][0], line[-1][1] + text)  # fewer spans, and the page has half the size
    else:
        line.append((kind, text))
