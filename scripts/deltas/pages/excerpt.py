"""The hunks of a patch as a page shows them: named, placed, highlighted, with context from the reader's own checkout.

The units are the patch's own hunks. git would join some of them when asked for more context, and then a hunk that a
post names would come and go with the number of lines around it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..series import hunkname, origin
from ..series.hunks import Hunk, Line, hunks
from ..series.patches import Patch, Series
from . import highlight

CONTEXT = 3
Painted = dict[str, list[highlight.Tokens]]  # path -> the tokens of each line


def excerpts(
    series: Series, patch: Patch, pin: str, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> list[dict[str, Any]]:
    """Return the hunks as documents. before, after: whole files of the two stages; without them less can be said."""
    own = hunks(patch.diff, dict(after))
    paths = {hunk.path for hunk in own}
    new = {path: _painted(path, after[path]) for path in paths if path in after}
    old = {path: _painted(path, before[path]) for path in paths if path in before}
    documents = []
    for i, (hunk, name) in enumerate(zip(own, hunkname.names(own), strict=True)):
        floor, ceiling = _room(own, i)
        wide = _widened(hunk, floor, ceiling, after.get(hunk.path))
        lines = [
            _line(series, patch, pin, hunk, line, tokens)
            for line, tokens in zip(wide, _tokens(hunk, wide, old, new), strict=True)
        ]
        documents.append(_document(hunk, name, pin, lines))
    return documents


def fingerprint(*texts: str) -> str:
    """Return 12 hex digits by which a post knows what it embedded."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()[:12]


def _document(hunk: Hunk, name: str, pin: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    around = [line["upstream"] for line in lines if line["own"] and line["upstream"]]
    upstream = None
    if around:
        link = origin.permalink(pin, hunk.path, around[0], around[-1])
        upstream = {"first": around[0], "last": around[-1], "link": link}
    return {
        "name": name,
        "path": hunk.path,
        "place": hunk.place,
        "hash": fingerprint(hunk.path, *(line.kind + line.text for line in hunk.lines)),
        "added": sum(line.kind == "+" for line in hunk.lines),
        "removed": sum(line.kind == "-" for line in hunk.lines),
        "upstream": upstream,
        "lines": lines,
    }


def _line(series: Series, patch: Patch, pin: str, hunk: Hunk, line: Line, tokens: highlight.Tokens) -> dict[str, Any]:
    """Return a line as a document. Only context can be upstream's: an added line may stand in an added file."""
    theirs = None
    if line.kind == " " and line.new is not None:
        theirs = origin.upstream_line(series, patch.number, hunk.path, line.new)
    return {
        **line.__dict__,
        "upstream": theirs,
        "link": origin.permalink(pin, hunk.path, theirs, theirs) if theirs else None,
        "own": line in hunk.lines,
        "tokens": tokens,
    }


def _room(own: Sequence[Hunk], i: int) -> tuple[int, int | None]:
    """Return the last line that the hunk before adds, and the first that the hunk behind adds; 0 and None without."""
    path = own[i].path
    above = _added(own[i - 1]) if i and own[i - 1].path == path else []
    below = _added(own[i + 1]) if i + 1 < len(own) and own[i + 1].path == path else []
    return max(above, default=0), min(below, default=None)


def _added(hunk: Hunk) -> list[int]:
    return [line.new for line in hunk.lines if line.kind == "+" and line.new is not None]


def _widened(hunk: Hunk, floor: int, ceiling: int | None, whole: bytes | None) -> list[Line]:
    """Return the hunk with CONTEXT lines on either side, up to what its neighbours change."""
    first, last = hunk.lines[0], hunk.lines[-1]
    if whole is None or first.new is None or last.new is None or first.old is None or last.old is None:
        return hunk.lines  # begins or ends with a change: a new file, or the end of one
    texts = whole.decode(errors="replace").split("\n")
    if texts[-1] == "":
        texts.pop()
    kinds = [line.kind for line in hunk.lines]
    leading = next(i for i, kind in enumerate(kinds) if kind != " ")
    trailing = next(i for i, kind in enumerate(reversed(kinds)) if kind != " ")
    end = len(texts) + 1 if ceiling is None else ceiling
    above = range(max(first.new - max(CONTEXT - leading, 0), floor + 1), first.new)
    below = range(last.new + 1, min(last.new + max(CONTEXT - trailing, 0) + 1, end))
    return [
        *(replace(first, old=first.old - first.new + n, new=n, text=texts[n - 1]) for n in above),
        *hunk.lines,
        *(replace(last, old=last.old - last.new + n, new=n, text=texts[n - 1]) for n in below),
    ]


def _tokens(hunk: Hunk, wide: Sequence[Line], old: Painted, new: Painted) -> list[highlight.Tokens]:
    """Return the tokens of each line: from the whole file, or, where that is not to be had, from the hunk alone."""
    if hunk.path not in new:
        return highlight.lines(hunk.path, "\n".join(line.text for line in wide))
    return [
        new[hunk.path][line.new - 1] if line.new is not None else old[hunk.path][(line.old or 1) - 1] for line in wide
    ]


def _painted(path: str, whole: bytes) -> list[highlight.Tokens]:
    return highlight.lines(path, whole.decode(errors="replace"))
