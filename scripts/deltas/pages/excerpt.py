"""The hunks of a patch as a page shows them: named, placed, highlighted, with context from the reader's own checkout.

The units are the patch's own hunks. git would join some of them when asked for more context, and then a hunk that a
post names would come and go with the number of lines around it.
"""

import hashlib
from dataclasses import replace
from typing import Any

from ..series import hunkname, origin
from ..series.hunks import Hunk, Line, hunks
from ..series.patches import Patch, Series
from . import highlight

CONTEXT = 3


def excerpts(
    series: Series, patch: Patch, pin: str, before: dict[str, bytes], after: dict[str, bytes]
) -> list[dict[str, Any]]:
    """Each hunk as a document. before, after: whole files of the two stages; without them there is less to say."""
    own = hunks(patch.diff, after)
    painted = {path: _painted(path, after.get(path)) for path in {hunk.path for hunk in own}}
    cut = {hunk.path for hunk in own if any(line.kind == "-" for line in hunk.lines)}
    old = {path: _painted(path, before.get(path)) for path in cut}
    found = []
    for i, (hunk, name) in enumerate(zip(own, hunkname.names(own), strict=True)):
        previous = own[i - 1] if i and own[i - 1].path == hunk.path else None
        following = own[i + 1] if i + 1 < len(own) and own[i + 1].path == hunk.path else None
        wide = _widened(hunk, previous, following, after.get(hunk.path))
        alone = None if painted[hunk.path] else _alone(hunk)
        lines = []
        for line in wide:
            tokens = alone[id(line)] if alone else (painted if line.new else old)[hunk.path][(line.new or line.old) - 1]
            # an added line may stand in an added file: only what is context can be upstream's
            theirs = origin.upstream_line(series, patch.number, hunk.path, line.new) if line.kind == " " else None
            lines.append(
                {
                    **line.__dict__,
                    "upstream": theirs,
                    "link": origin.permalink(pin, hunk.path, theirs, theirs) if theirs else None,
                    "own": line in hunk.lines,
                    "tokens": tokens,
                }
            )
        around = [line["upstream"] for line in lines if line["own"] and line["upstream"]]
        found.append(
            {
                "name": name,
                "path": hunk.path,
                "place": hunk.place,
                "hash": fingerprint(hunk.path, *(line.kind + line.text for line in hunk.lines)),
                "added": sum(line.kind == "+" for line in hunk.lines),
                "removed": sum(line.kind == "-" for line in hunk.lines),
                "upstream": {
                    "first": around[0],
                    "last": around[-1],
                    "link": origin.permalink(pin, hunk.path, around[0], around[-1]),
                }
                if around
                else None,
                "lines": lines,
            }
        )
    return found


def fingerprint(*texts: str) -> str:
    """12 hex digits by which a post knows what it embedded."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()[:12]


def _widened(hunk: Hunk, previous: Hunk | None, following: Hunk | None, whole: bytes | None) -> list[Line]:
    """CONTEXT lines on either side, up to what the next hunk changes."""
    first, last = hunk.lines[0], hunk.lines[-1]
    if whole is None or first.new is None or last.new is None or first.old is None or last.old is None:
        return hunk.lines  # begins or ends with a change: a new file, or the end of one
    texts = whole.decode(errors="replace").split("\n")
    if texts[-1] == "":
        texts.pop()
    kinds = [line.kind for line in hunk.lines]
    leading = next(i for i, kind in enumerate(kinds) if kind != " ")
    trailing = next(i for i, kind in enumerate(reversed(kinds)) if kind != " ")
    floor = max((line.new for line in previous.lines if line.kind == "+"), default=0) if previous else 0
    ceiling = (
        min((line.new for line in following.lines if line.kind == "+"), default=len(texts) + 1)
        if following
        else len(texts) + 1
    )
    above = range(max(first.new - max(CONTEXT - leading, 0), floor + 1), first.new)
    below = range(last.new + 1, min(last.new + max(CONTEXT - trailing, 0) + 1, ceiling))
    return [
        *(replace(first, old=first.old - first.new + n, new=n, text=texts[n - 1]) for n in above),
        *hunk.lines,
        *(replace(last, old=last.old - last.new + n, new=n, text=texts[n - 1]) for n in below),
    ]


def _painted(path: str, whole: bytes | None) -> list[highlight.Tokens]:
    return highlight.lines(path, whole.decode(errors="replace")) if whole is not None else []


def _alone(hunk: Hunk) -> dict[int, highlight.Tokens]:
    """Where the whole file is not to be had: the lines as they stand in the patch."""
    painted = highlight.lines(hunk.path, "\n".join(line.text for line in hunk.lines))
    return {id(line): tokens for line, tokens in zip(hunk.lines, painted, strict=True)}
