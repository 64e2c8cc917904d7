"""The code id: a hash of what code computes, which does not change with its prose.

Python's tokenizer and parser only say *where* comments and docstrings are; what is hashed is the text that remains.
So the id is the same under every Python that can parse the source (3.12 splits f-strings into tokens, 3.11 does not).
"""

import ast
import contextlib
import functools
import hashlib
import io
import tokenize
import warnings
from collections.abc import Iterator

Span = tuple[int, int, str]  # from, to (offsets in characters), and what to put there

KEPT = "\0"  # stands for a newline inside a string; Python refuses sources that contain it


@functools.lru_cache(maxsize=64)
def strip_prose(source: str) -> str:
    """Return the source without comments, docstrings (every bare string statement), blank lines and trailing blanks.

    What a string contains stays, its blank lines too. A block that was nothing but prose keeps a `pass`.
    SyntaxError or ValueError where it is not Python.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")  # as Python reads it
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape is not our business
        tree = ast.parse(source)

    pieces: list[str] = []
    done = 0
    for start, end, text in sorted([*_bare_strings(tree, source, starts), *_comments_and_newlines(source, starts)]):
        if start >= done:  # what lies inside prose goes with it
            pieces += source[done:start], text
            done = end
    source = "".join([*pieces, source[done:]])

    kept: list[str] = []
    for line in source.split("\n"):
        line = line.rstrip(" \t\f")
        if line or (kept and kept[-1].endswith("\\")):  # what follows a continuation is part of it, even nothing
            kept.append(line)
    return "".join(f"{line}\n" for line in kept).replace(KEPT, "\n")


def _bare_strings(tree: ast.AST, source: str, starts: list[int]) -> Iterator[Span]:
    """Yield the statements that are nothing but a string: to be dropped, or a `pass` where something has to stand."""

    def offset(row: int, column: int) -> int:  # the parser counts UTF-8 bytes
        line = source[starts[row - 1] : starts[row] - 1]
        return starts[row - 1] + len(line.encode()[:column].decode())

    for node in ast.walk(tree):
        for _, block in ast.iter_fields(node):
            if not isinstance(block, list):
                continue
            bare = [statement for statement in block if _is_bare_string(statement)]
            needed = len(bare) == len(block) and not isinstance(node, ast.Module)
            for string in bare:
                start = offset(string.lineno, string.col_offset)
                end = offset(string.end_lineno, string.end_col_offset)
                before = source[starts[string.lineno - 1] : start].strip()
                after = source[end : starts[string.end_lineno]].strip()
                alone = not before and (not after or after.startswith("#"))
                yield start, end, "" if alone and not (needed and string is bare[0]) else "pass"


def _is_bare_string(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _comments_and_newlines(source: str, starts: list[int]) -> Iterator[Span]:
    """Yield the comments, to be dropped, and the newlines inside strings, to be marked."""

    def inside(first: int, last: int) -> Iterator[Span]:
        for row in range(first, last):
            yield starts[row] - 1, starts[row], KEPT

    opened: list[int] = []  # rows where the f-strings (and t-strings) that we stand in began
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        name = tokenize.tok_name[token.type]
        if name == "COMMENT":
            start = starts[token.start[0] - 1] + token.start[1]
            yield start, start + len(token.string), ""
        elif name in ("FSTRING_START", "TSTRING_START"):
            opened.append(token.start[0])
        elif name in ("FSTRING_END", "TSTRING_END"):
            row = opened.pop()
            if not opened:
                yield from inside(row, token.end[0])
        elif name == "STRING" and not opened:
            yield from inside(token.start[0], token.end[0])


def code_id(files: dict[str, bytes]) -> str:
    """Return 16 hex digits over files: Python sources without prose, data as they are; README and LICENSE don't count.

    files: path -> content. A .py file that does not parse is hashed as it is.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.rpartition("/")[2]
        if name == "LICENSE" or name.lower().endswith(".md"):
            continue
        content = files[path]
        if name.endswith(".py"):
            with contextlib.suppress(SyntaxError, ValueError):
                content = strip_prose(content.decode("utf-8-sig")).encode()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
