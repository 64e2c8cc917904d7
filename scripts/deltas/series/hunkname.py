"""What a hunk is called: by what it adds, never by its number, so that a post's link survives an edit elsewhere.

The name comes from the patch alone: it has to be the same where upstream cannot be had.

>>> slug("BigramCount"), slug("--split-seed"), slug("HTTPServer v2")
('bigram-count', 'split-seed', 'http-server-v2')
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .hunks import Hunk

MAIN = "makemore.py"  # the one file that goes without saying
WORDS = 5  # of a line of code; enough to tell it from most others
DEFINITION = re.compile(r"\s*(?:async\s+)?(?:class|def)\s+(\w+)")
ASSIGNMENT = re.compile(r"\s*([A-Za-z_][\w.]*)\s*=(?!=)")
FLAG = re.compile(r"""add_argument\(\s*['"](-[\w-]+)""")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")


def slug(text: str, words: int | None = None) -> str:
    """Return the words of a text in small letters, joined by dashes; `words`: so many of them at most."""
    return "-".join(word.lower() for word in _WORD.findall(text)[:words])


def names(hunks: Sequence[Hunk]) -> list[str]:
    """Return one name for each hunk of a patch, all different.

    A class or function that a hunk adds, else a flag, else its first line of code, of an assignment the left side.
    Hunks that would share a name *all* get longer ones, from their next lines and then from what stands around them:
    none takes over the name that a post knows another by.
    """
    sources = [_parts(hunk) for hunk in hunks]
    chosen = [next(source, "") for source in sources]
    open_ended = set(range(len(hunks)))
    while shared := {name for name, count in Counter(chosen).items() if count > 1}:
        growing = [i for i in sorted(open_ended) if chosen[i] in shared]
        if not growing:
            break
        for i in growing:
            part = next(sources[i], None)
            if part is None:
                open_ended.discard(i)
            elif part:
                chosen[i] = f"{chosen[i]}-{part}".strip("-")
    return _told_apart(chosen)


def _parts(hunk: Hunk) -> Iterator[str]:
    """Yield the name, then what makes it longer."""
    added = [line.text for line in hunk.lines if line.kind == "+"]
    removed = [line.text for line in hunk.lines if line.kind == "-"]
    changed = added or removed
    file = "" if hunk.path == MAIN else slug(hunk.path)
    code = [text for text in changed if text.strip() and not text.lstrip().startswith("#")] or changed
    defined = next((match[1] for text in changed if (match := DEFINITION.match(text))), None)
    flag = next((match[1] for text in changed if (match := FLAG.search(text))), None)
    stem = slug(defined or "") or slug(flag or "") or next(filter(None, map(_gist, code)), "lines")
    yield "-".join(filter(None, (file, "" if added else "without", stem)))
    for text in code[1:]:
        yield slug(text, WORDS)
    for text in (line.text for line in hunk.lines if line.kind == " "):
        yield slug(text, WORDS)


def _gist(line: str) -> str:
    """Return the left side of an assignment, else the first words of a line."""
    line = line.split(" # ")[0]
    assigned = ASSIGNMENT.match(line)
    return slug(assigned[1] if assigned else line, WORDS)


def _told_apart(chosen: list[str]) -> list[str]:
    """Add "-again" to the names of hunks that add the same between the same lines: only their order is left."""
    taken: dict[str, None] = {}
    for name in chosen:
        while name in taken:
            name += "-again"
        taken[name] = None
    return list(taken)
