"""The patches as files: reading them strictly, naming what is wrong. No git, no upstream.

>>> nearest("13", ["00", "01", "02", "03"])
'03'
"""

import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from unidiff import PatchSet
from unidiff.errors import UnidiffParseError

from ..core.errors import BadInput, BrokenPatch

NO_OBJECT = "0" * 40  # the blob id of a file that is not there
NAME = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)\.patch")
SUBJECT = re.compile(r"delta (\d+): (.+)")
FILE = re.compile(
    r"diff --git a/(?P<path>\S+) b/(?P=path)\n"
    r"(?:new file mode (?P<new>100644|100755)\n)?"
    r"index (?P<pre>[0-9a-f]{40})\.\.(?P<post>[0-9a-f]{40})(?: (?P<mode>100644|100755))?\n"
    r"--- (?P<a>\S+)\n"
    r"\+\+\+ b/(?P=path)\n"
)
HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NO_NEWLINE = "\\ No newline at end of file"
TRAILERS = ("Delta", "Run", "Expect")
OPTIONAL = ("Measured", "Part")

# What git or GNU patch would read as the start of a patch, or as the end of the message. GNU patch takes not only
# white space but also X for indentation.
LOOKS_LIKE_A_PATCH = re.compile(
    r"[\sX]*(diff --git |diff -|--- |\+\+\+ |@@ |Index:|index [0-9a-f]|\*\*\* |\*{5}|={5}|Prereq:|"
    r"rename |copy |deleted file|new file mode|old mode|new mode|GIT binary patch|\d+(,\d+)?[acd]\d*(,\d+)?\s*$)"
)
ENDS_THE_MESSAGE = re.compile(r"---\s*$|From [0-9a-f]{40} |-{2,} ?(8<|>8|%<|>%)|-- $")


@dataclass(frozen=True)
class FileChange:
    """One file of a patch: its blob ids before (NO_OBJECT: a new file) and after."""

    path: str
    pre: str
    post: str


@dataclass(frozen=True)
class Patch:
    """One delta: `patches/NN-slug.patch`."""

    number: int
    slug: str
    data: bytes
    split: int  # where the diff starts in data

    @property
    def name(self) -> str:
        """NN-slug."""
        return f"{self.number:02d}-{self.slug}"

    @property
    def file(self) -> str:
        """The path that messages name."""
        return f"patches/{self.name}.patch"

    @property
    def header(self) -> bytes:
        """Mail header, prose, trailers and the line `---`, byte for byte."""
        return self.data[: self.split]

    @property
    def diff(self) -> bytes:
        """From the first `diff --git` on."""
        return self.data[self.split :]

    @cached_property
    def fields(self) -> dict[str, str]:
        """From, Date and Subject."""
        top = self.header.decode().split("\n\n", 1)[0]
        return dict(line.split(": ", 1) for line in top.splitlines() if ": " in line)

    @property
    def title(self) -> str:
        """The subject without `delta N: `."""
        found = SUBJECT.fullmatch(self.fields.get("Subject", ""))
        return found[2] if found else self.fields.get("Subject", self.slug)

    @property
    def delta(self) -> str:
        """N of `delta N: `."""
        found = SUBJECT.fullmatch(self.fields.get("Subject", ""))
        return found[1] if found else ""

    @cached_property
    def message(self) -> str:
        """The prose with its trailers."""
        parts = self.header.decode().split("\n\n", 1)
        return parts[1].removesuffix("---\n").strip("\n") if len(parts) == 2 else ""

    @property
    def prose(self) -> str:
        """The message without its trailers."""
        *body, last = self.message.split("\n\n")
        return "\n\n".join(body if self.trailers else [*body, last])

    @property
    def trailers(self) -> dict[str, str]:
        """Delta, Run, Expect and Measured; a trailer goes on over indented lines."""
        last = re.sub(r"\n[ \t]+", " ", self.message.split("\n\n")[-1])
        rows = [line.split(": ", 1) for line in last.splitlines()]
        return dict(rows) if rows and all(len(row) == 2 and row[0] in TRAILERS + OPTIONAL for row in rows) else {}

    @cached_property
    def files(self) -> list[FileChange]:
        """Which blobs it turns into which."""
        return [FileChange(m["path"], m["pre"], m["post"]) for m in FILE.finditer(self.diff.decode())]

    @cached_property
    def hunks(self) -> PatchSet:
        """The diff as unidiff reads it."""
        return PatchSet(io.StringIO(self.diff.decode(), newline="\n"))

    @property
    def added(self) -> int:
        """Lines that it adds."""
        return self.hunks.added


def parse(name: str, data: bytes) -> Patch:
    """A patch from its file name and bytes. Raises BrokenPatch with file and line."""
    match = NAME.fullmatch(name)
    if not match:
        raise BrokenPatch(
            f"patches/{name} has no name of the series", "NN-slug.patch, lower case letters, digits and dashes"
        )
    file = f"patches/{name}"
    mend = [f"git checkout -- {file}"]

    def broken(found: str, offset: int | None = None, expected: str = "") -> BrokenPatch:
        place = file if offset is None else f"{file}:{data.count(bytes([10]), 0, offset) + 1}"
        return BrokenPatch(f"{place}: {found}", expected, mend)

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise broken(f"not UTF-8 ({error.reason})", error.start) from None
    if "\r" in text:
        raise broken("has carriage returns", data.index(b"\r"), "line ends of one character, LF")
    start = 0 if data.startswith(b"diff --git ") else data.find(b"\ndiff --git ") + 1
    if not data.strip() or not (start or data.startswith(b"diff --git ")):
        raise broken("holds no diff", None, "a mail header, prose, `---`, then `diff --git …`")
    if not data.endswith(b"\n"):
        raise broken("is cut off: its last line has no end", len(data) - 1)
    _check_header(text, len(data[:start].decode()), broken)
    patch = Patch(int(match[1]), match[2], data, start)
    _check_diff(patch, broken)
    return patch


def _check_header(text: str, start: int, broken) -> None:
    header = text[:start]
    if not header.endswith("\n---\n"):
        raise broken("the header does not end in a line `---`", start)
    lines = header.removesuffix("---\n").split("\n")
    top = lines.index("") if "" in lines else len(lines)
    if not lines[0].startswith("From: "):
        raise broken(f"the header begins with {lines[0][:40]!r}", 0, "From: …, Date: …, Subject: delta N: …")
    offset = 0
    for number, line in enumerate(lines):
        at = len(text[:offset].encode())
        offset += len(line) + 1
        if number < top:
            continue
        if number == top + 1 and re.match(r"(Subject|From|Date|Content-\S+):", line):
            raise broken(f"the prose begins with {line.split(':')[0]}:, which git am takes for a header", at)
        if LOOKS_LIKE_A_PATCH.match(line) or ENDS_THE_MESSAGE.match(line):
            raise broken(
                f"this line of the header looks like a patch to git or GNU patch: {line.strip()[:50]!r}",
                at,
                "diffs quoted in prose have `| ` before each line",
            )


def _check_diff(patch: Patch, broken) -> None:
    """The whole diff is files, each with full blob ids, each with hunks that are as long as they say."""
    text, offset = patch.diff.decode(), 0
    seen = set()

    def at(position: int) -> int:
        return patch.split + len(text[:position].encode())

    while offset < len(text):
        found = FILE.match(text, offset)
        if not found:
            line = text[offset : text.find("\n", offset)]
            raise broken(
                f"cannot be read here: {line[:60]!r}",
                at(offset),
                "diff --git a/… b/…, full blob ids (--full-index), ---, +++",
            )
        path = found["path"]
        if path.startswith("/") or {"..", ".git", ""} & {part.lower() for part in path.split("/")}:
            raise broken(f"reaches outside the tree: {path}", at(offset), "a path inside makemore")
        if path in seen:
            raise broken(f"changes {path} twice", at(offset))
        seen.add(path)
        new = found["new"] is not None
        if new != (found["pre"] == NO_OBJECT) or found["a"] != ("/dev/null" if new else f"a/{path}"):
            raise broken(f"does not say plainly whether {path} is new", at(offset))
        if found["post"] == NO_OBJECT:
            raise broken(f"deletes {path}", at(offset), "insertions only")
        offset = _check_hunks(text, found.end(), broken, at)
    try:
        _ = patch.hunks
    except UnidiffParseError as error:
        raise broken(f"its hunks cannot be read: {error}", patch.split) from None


def _check_hunks(text: str, offset: int, broken, at) -> int:
    """Offset after the hunks of one file."""
    first = True
    while HUNK.match(text, offset):
        first = False
        head, _, _ = text[offset:].partition("\n")
        old, new = (int(n.split(",")[1]) if "," in n else 1 for n in re.findall(r"[-+](\d+(?:,\d+)?)", head)[:2])
        begin, offset = offset, offset + len(head) + 1
        while old or new:
            line, newline, _ = text[offset:].partition("\n")
            if line == NO_NEWLINE:  # says something of the line before it, and counts for nothing
                offset += len(line) + 1
                continue
            if not newline:
                raise broken("is cut off inside a hunk", at(begin))
            if line[:1] not in (" ", "+", "-"):
                why = "a blank line lost its leading space" if not line else f"this is no line of a hunk: {line[:40]!r}"
                raise broken(why, at(offset), "an editor may have stripped white space: *.patch is exact to the byte")
            old -= line[0] in " -"
            new -= line[0] in " +"
            offset += len(line) + 1
            if old < 0 or new < 0:
                raise broken("a hunk is longer than its first line says", at(begin))
        if text.startswith(NO_NEWLINE + "\n", offset):
            offset += len(NO_NEWLINE) + 1
    if first:
        raise broken("a file without hunks", at(offset))
    return offset


class Series(Sequence[Patch]):
    """The patches in order: series[0] is patch 01."""

    def __init__(self, patches: list[Patch]):
        self._patches = patches

    def __getitem__(self, index):
        return self._patches[index]

    def __len__(self) -> int:
        return len(self._patches)

    def __iter__(self) -> Iterator[Patch]:
        return iter(self._patches)

    @property
    def names(self) -> list[str]:
        """00, 01, … as people type them."""
        return [f"{n:02d}" for n in range(len(self) + 1)]

    def number(self, text: str, here: int | None = None) -> int:
        """`3`, `03`, a slug, `next`, `prev`, `last` as a stage number; `here` is where the reader stands.

        Raises BadInput: which exist, and the near one.
        """
        last = len(self)
        if text == "last":
            return last
        if text in ("next", "prev"):
            if here is None:
                raise BadInput(
                    f"{text}: stage/ stands on no stage of the series",
                    "a number",
                    [f"scripts/apply.sh {self.names[-1]}"],
                )
            return here + (1 if text == "next" else -1)
        slugs = {patch.slug: patch.number for patch in self} | {patch.name: patch.number for patch in self}
        if text in slugs:
            return slugs[text]
        if text.isascii() and text.isdigit() and int(text) <= last:
            return int(text)
        near = nearest(text, [*self.names, *slugs])
        raise BadInput(
            f"there is no stage {text!r}",
            f"00 (upstream itself) to {last:02d}, next, prev, last",
            [f"did you mean {near}?"] if near else [],
        )


def nearest(text: str, names: list[str]) -> str | None:
    """The name that was probably meant: the closest number, else the closest spelling."""
    numbers = [name for name in names if name.isdigit()]
    if text.isascii() and text.isdigit() and numbers:
        shared = [name for name in numbers if name[-1] == text[-1] and len(text) == 2]
        return shared[0] if shared else min(numbers, key=lambda name: abs(int(name) - int(text)))
    return next(iter(difflib.get_close_matches(text, names, n=1, cutoff=0.4)), None)


def load(folder: Path) -> Series:
    """Reads a series. Raises BrokenPatch for the first thing that is wrong: names, gaps, twins, contents."""
    patches: dict[int, Patch] = {}
    for path in sorted(folder.glob("*")):
        if path.name.startswith(".") or path.is_dir():
            continue
        match = NAME.fullmatch(path.name)
        if match and int(match[1]) in patches:
            twin = patches[int(match[1])]
            raise BrokenPatch(
                f"two patches have the number {match[1]}: {twin.name}.patch and {path.name}",
                "one patch a number",
                ["git status patches", "rename or remove one of them"],
            )
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BrokenPatch(
                f"patches/{path.name} cannot be read: {error.strerror}", "", [f"git checkout -- patches/{path.name}"]
            ) from None
        patch = parse(path.name, data)
        patches[patch.number] = patch
    for expected, number in enumerate(sorted(patches), 1):
        if number != expected:
            raise BrokenPatch(
                f"patch {expected:02d} is missing; the series goes on with {patches[number].name}.patch",
                "numbers from 01 on without a gap",
                ["git checkout -- patches", "git status patches"],
            )
    return Series([patches[number] for number in sorted(patches)])
