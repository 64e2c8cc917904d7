"""Source text → lines of (class, text). Whole files, for a line alone doesn't know that it stands in a string."""

from collections.abc import Iterator
from functools import lru_cache

from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.token import Token
from pygments.util import ClassNotFound

Tokens = list[tuple[str, str]]

# A dozen kinds are what two palettes can keep apart; the rest stays plain.
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


@lru_cache(maxsize=64)  # a stage's file is the next one's file before
def lines(path: str, source: str) -> list[Tokens]:
    """One list of tokens for each line of the source, which joined give the line back, character by character."""
    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    found: list[Tokens] = [[]]
    for kind, text in _kinds(lexer.get_tokens(source)):
        first, *more = text.split("\n")
        _add(found[-1], kind, first)
        for each in more:
            found.append([])
            _add(found[-1], kind, each)
    return found


def _kinds(tokens) -> Iterator[tuple[str, str]]:
    for token, text in tokens:
        kind = ""
        while token is not Token and not kind:
            kind, token = KINDS.get(token, ""), token.parent
        yield kind, text


def _add(line: Tokens, kind: str, text: str) -> None:
    if not text:
        return
    if line and (line[-1][0] == kind or not text.strip()):
        line[-1] = (line[-1][0], line[-1][1] + text)  # fewer spans: the page is half the size
    else:
        line.append((kind, text))
