"""Reading a patch takes work that grows with its size and no faster. Work is counted, never timed.

Counted are the bytecode instructions of every Python function that runs, and the characters that are copied out of
the whole text: a loop of n steps that cuts the rest off the text at each of them is short, and quadratic all the same.
"""

import sys
from collections.abc import Callable

import pytest

from deltas.series import hunkname, origin, rules
from deltas.series.hunks import hunks
from deltas.series.parser import parse
from deltas.series.patches import Series
from deltas.series.unfit import unfit

LARGER = 4
SMALL = 100
ALLOWED = 1.25  # how much faster than the size the work may grow; quadratic work grows LARGER times as fast


class Tally:
    """Characters copied out of whole texts."""

    copied = 0


class Text(str):
    """A text that counts what is copied out of it; its parts count, too."""

    def __getitem__(self, key):
        part = str.__getitem__(self, key)
        Tally.copied += len(part)
        return Text(part)

    def split(self, *arguments):
        Tally.copied += len(self)
        return Lines(str.split(self, *arguments))

    def _counted(name):
        def method(self, *arguments):
            Tally.copied += len(self)
            return getattr(str, name)(self, *arguments)

        return method

    partition, rpartition, splitlines, encode, replace, count = map(
        _counted, ("partition", "rpartition", "splitlines", "encode", "replace", "count")
    )


class Lines(list):
    """Lines that count, too."""

    def __getitem__(self, key):
        part = list.__getitem__(self, key)
        Tally.copied += len(part) if isinstance(key, slice) else 0
        return Lines(part) if isinstance(key, slice) else part


class Bytes(bytes):
    """The file as parse takes it."""

    def __getitem__(self, key):
        part = bytes.__getitem__(self, key)
        if not isinstance(key, slice):
            return part
        Tally.copied += len(part)
        return Bytes(part)

    def decode(self, *arguments):
        Tally.copied += len(self)
        return Text(bytes.decode(self, *arguments))

    def count(self, *arguments):
        Tally.copied += len(self)
        return bytes.count(self, *arguments)


def work(job: Callable[[], object]) -> int:
    """Return how many instructions a job executes and how many characters it copies."""
    instructions = 0

    def trace(frame, event, _):
        nonlocal instructions
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        instructions += event == "opcode"
        return trace

    Tally.copied = 0
    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # without it Python 3.12 counts nothing the first time
    sys.settrace(trace)
    try:
        job()
    finally:
        sys.settrace(before)
    return instructions + Tally.copied


# -- patches that grow in one direction -------------------------------------------------------------------------------

TOP = "From: a <a@example.org>\nDate: now\nSubject: delta 1: rain\n\n{prose}\n\nDelta: 1\nPart: 3\n---\n"
NEW = "diff --git a/{path} b/{path}\nnew file mode 100644\nindex {0}..{1}\n--- /dev/null\n+++ b/{path}\n"
OLD = "diff --git a/makemore.py b/makemore.py\nindex {2}..{1} 100644\n--- a/makemore.py\n+++ b/makemore.py\n"
IDS = ["0" * 40, "1" * 40, "2" * 40]


def new_file(path: str, lines: int, line: str = "x = 1") -> str:
    return NEW.format(*IDS, path=path) + f"@@ -0,0 +1,{lines} @@\n" + f"+{line}\n" * lines


def hunk(number: int) -> str:
    """One method at the end of the number-th class of four lines."""
    return (
        f"@@ -{4 * number + 3},2 +{6 * number + 3},4 @@\n         pass\n+    def f{number}(self):\n+        pass\n \n"
    )


SHAPES = {
    "lines of one hunk": lambda n: new_file("makemore.py", n),
    "length of the lines": lambda n: new_file("makemore.py", 20, "x" * n),
    "hunks": lambda n: OLD.format(*IDS) + "".join(map(hunk, range(n))),
    "files": lambda n: "".join(new_file(f"file{number}.py", 1) for number in range(n)),
    "lines between insertions": lambda n: (
        OLD.format(*IDS) + f"@@ -1,{2 * n + 1} +1,{3 * n + 1} @@\n" + " x\n+y\n x\n" * n + " x\n"
    ),
    "prose": lambda _: new_file("makemore.py", 1),
    "trailers": lambda _: new_file("makemore.py", 1),
}


def made(shape: str, n: int) -> bytes:
    prose = "word after word\n" * n + "end" if shape == "prose" else "Prose."
    if shape == "trailers":
        prose += "\n\nExpect: it\n" + " goes on\n" * n + "Run: it"
    return (TOP.format(prose=prose) + SHAPES[shape](n)).encode()


def source(n: int) -> bytes:
    """Return the file that the shape `hunks` makes."""
    classes = (
        f"class C{number}:\n    def g(self):\n        pass\n    def f{number}(self):\n        pass\n\n"
        for number in range(n)
    )
    return "".join(classes).encode()


def read(data: bytes) -> object:
    patch = parse("01-rain.patch", Bytes(data))
    return patch.added, patch.removed, patch.data_added, patch.message, patch.prose, patch.commit_message, patch.title


def judged(data: bytes) -> object:
    patch = parse("01-rain.patch", Bytes(data))
    return rules.header_faults(patch), rules.diff_faults(patch), unfit(Bytes(data))


def named(data: bytes) -> object:
    diff = parse("01-rain.patch", data).diff
    return hunks(Bytes(diff), {"makemore.py": source(data.count(b"\n@@"))})


def traced(data: bytes) -> object:
    series = Series([parse("01-rain.patch", data)])
    return [origin.upstream_line(series, 1, "makemore.py", line) for line in range(data.count(b"\n"))]


@pytest.mark.parametrize("job", [read, judged, named, traced], ids=lambda job: job.__name__)
@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_as_the_patch_does(shape, job):
    small, large = made(shape, SMALL), made(shape, LARGER * SMALL)
    job(made(shape, 2))  # what a process does once, such as an import
    growth = work(lambda: job(large)) / work(lambda: job(small))
    assert growth < ALLOWED * len(large) / len(small), f"{len(large) / len(small):.2f} times the size"


def test_names_of_many_hunks_grow_as_they_do():
    def job(n: int) -> Callable[[], object]:
        drawn = hunks("".join([OLD.format(*IDS), *map(hunk, range(n))]).encode(), {})
        return lambda: hunkname.names(drawn)

    assert work(job(LARGER * SMALL)) / work(job(SMALL)) < ALLOWED * LARGER


def test_quadratic_work_is_seen():
    """The measure itself: a loop that cuts the text at every line, and one that looks at all lines for each line."""

    def cutting(n: int) -> Callable[[], object]:
        def job():
            text = Bytes(b"x\n" * n).decode()
            while text:
                text = text[text.index("\n") + 1 :]

        return job

    def looking(n: int) -> Callable[[], object]:
        return lambda: [sum(1 for other in range(n) if other == line) for line in range(n)]

    for job in (cutting, looking):
        assert work(job(LARGER * SMALL)) / work(job(SMALL)) > 2 * ALLOWED * LARGER
