"""Why edits make no patch of this series, in sentences that name the file: the parser only says where it stopped.

What a patch can hold is less than what a file system can: lines of text that go into text files, under plain names.
"""

import re
from collections.abc import Iterator

from .parser import LARGEST

SECTION = re.compile(rb"^(?=diff --git )", re.MULTILINE)  # lines of a hunk begin with a blank, +, - or \
HUNKS = re.compile(rb"^@@ ", re.MULTILINE)
ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
KINDS = {b"120000": "is a symbolic link", b"160000": "is a git repository of its own"}
DELETED = "was deleted"
EMPTY = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # the blob id of no content at all


def unfit(diff: bytes) -> list[str]:
    """Return one sentence for each file of a diff that no patch of the series can hold.

    The diff is git's own (`diff-tree -p --full-index`); what stands before it, such as a header, is passed over.
    """
    causes: dict[bytes, list[str]] = {}
    for section in SECTION.split(diff):
        if section.startswith(b"diff --git "):
            path = _path(section)
            causes.setdefault(path, []).extend([*_causes_of_name(path), *_causes(section)])
    return [f"stage/{_shown(path)} {_joined(reasons)}" for path, reasons in causes.items() if reasons]


def _joined(reasons: list[str]) -> str:
    """Return the reasons as one predicate. Git writes a file that became something else as deleted, then as new."""
    others = [reason for reason in dict.fromkeys(reasons) if reason != DELETED]
    return " and ".join(others) or DELETED


def _causes(section: bytes) -> Iterator[str]:
    start = HUNKS.search(section)
    head = section[: start.start()] if start else section
    body = section[start.start() :] if start else b""
    modes = dict(re.findall(rb"^(new file mode|deleted file mode|old mode|new mode) (\d+)$", head, re.MULTILINE))
    index = re.search(rb"^index [0-9a-f]+\.\.([0-9a-f]+)(?: (\d+))?$", head, re.MULTILINE)
    kind = KINDS.get(modes.get(b"new file mode") or (index and index[2]) or b"")
    if b"deleted file mode" in modes:
        yield DELETED
    elif kind:
        yield kind
    else:
        if b"new mode" in modes:
            yield "became executable" if modes[b"new mode"] == b"100755" else "is no longer executable"
        if re.search(rb"^Binary files .* differ$", head, re.MULTILINE) or b"\0" in body:
            yield "is binary"
        if index and index[1] == EMPTY:
            yield "is empty"
        yield from _causes_of_content(body)


def _causes_of_content(body: bytes) -> Iterator[str]:
    if b"\r" in body:
        yield "has carriage returns (line ends of Windows)"
    if len(body) > LARGEST:
        yield f"changes by {len(body):,} bytes, and a patch file has {LARGEST:,} at most"
    try:
        body.decode()
    except UnicodeDecodeError:
        yield "is not UTF-8 text"


def _causes_of_name(path: bytes) -> Iterator[str]:
    try:
        name = path.decode()
    except UnicodeDecodeError:
        yield "has a name that is not UTF-8"
        return
    if re.search(r"[\x00-\x1f\x7f]", name):
        yield "has a control character in its name"
    elif re.search(r"\s", name):
        yield "has a space in its name"
    if re.search(r'["\\]', name):
        yield "has a quote or a backslash in its name"


def _path(section: bytes) -> bytes:
    """Return the path in `diff --git a/PATH b/PATH`: without renames both are the same, so half of the line is one."""
    line = section.partition(b"\n")[0].removeprefix(b"diff --git ")
    half = line[: len(line) // 2]
    if half.startswith(b'"'):
        half = ESCAPE.sub(lambda match: _unescaped(match[1]), half[1:-1])
    return half.removeprefix(b"a/")


def _unescaped(code: bytes) -> bytes:
    return bytes([int(code, 8) % 256]) if code.isdigit() else ESCAPED.get(code, code)


def _shown(path: bytes) -> str:
    """Return a path as a message can show it: control characters and stray bytes escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in path.decode(errors="backslashreplace"))
