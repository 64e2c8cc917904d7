"""One patch of the series: what its file name, its header and its diff say. Parsing is in parser.py."""

import io
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..core.errors import BrokenPatch
from .shifts import Shifts, shifts

if TYPE_CHECKING:
    from unidiff import PatchSet

NO_OBJECT = "0" * 40  # the blob id of a file that is not there
NAME = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)\.patch")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SUBJECT = re.compile(r"delta (\d+): (.+)")

TRAILERS = ("Delta", "Part", "Run", "Expect")  # every patch has them
OPTIONAL = ("Measured",)
TRAILER = re.compile(rf"({'|'.join(TRAILERS + OPTIONAL)}):[ \t]*(.*)")
APPENDIX = "appendix"  # the part of an aside, which no part of the blog series waits for
PART_LINES = re.compile(r"^Part:.*\n(?:[ \t]+.*\n)*", re.MULTILINE)

DATA = (".csv", ".json", ".jsonl", ".tsv", ".txt")  # files that a program reads; all others are read by people


@dataclass(frozen=True)
class FileChange:
    """One file of a patch.

    pre, post: its blob ids before (NO_OBJECT: a new file) and after. added, removed: how many lines.
    """

    path: str
    pre: str
    post: str
    added: int = 0
    removed: int = 0

    @property
    def is_data(self) -> bool:
        """Whether its lines are data, which no reader of the patch has to take in."""
        return self.path.lower().endswith(DATA)


@dataclass(frozen=True)
class Patch:
    """One delta: `patches/NN-slug.patch`."""

    number: int
    slug: str
    data: bytes
    split: int  # where the diff starts in data
    files: tuple[FileChange, ...]  # in the order of the diff

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
        return dict(line.split(": ", 1) for line in top.split("\n") if ": " in line)

    @property
    def title(self) -> str:
        """The subject without `delta N: `."""
        match = SUBJECT.fullmatch(self.fields.get("Subject", ""))
        return match[2] if match else self.fields.get("Subject", self.slug)

    @property
    def delta(self) -> str:
        """N of `delta N: `."""
        match = SUBJECT.fullmatch(self.fields.get("Subject", ""))
        return match[1] if match else ""

    @cached_property
    def message(self) -> str:
        """The prose with its trailers."""
        parts = self.header.decode().split("\n\n", 1)
        return parts[1].removesuffix("---\n").strip("\n") if len(parts) == 2 else ""

    @property
    def prose(self) -> str:
        """The message without its trailers."""
        return self.message.rpartition("\n\n")[0] if self.trailers else self.message

    @cached_property
    def trailers(self) -> dict[str, str]:
        """Delta, Part, Run, Expect and Measured; a trailer goes on over indented lines.

        They are the last paragraph, and only where it holds nothing else.
        """
        paragraph = re.sub(r"\n[ \t]+", " ", self.message.rpartition("\n\n")[2])
        matches = [TRAILER.fullmatch(line) for line in paragraph.split("\n")]
        return {match[1]: match[2] for match in matches if match} if all(matches) else {}

    @property
    def part(self) -> str:
        """The part of the blog series that it belongs to: a number, or `appendix`. Empty where the header lacks it."""
        return self.trailers.get("Part", "")

    @property
    def commit_message(self) -> str:
        """The message of the stage's commit: all but the trailer `Part:`.

        `Part:` says where in the blog series a patch belongs, and nothing about the stage: a patch can be given to
        another part, and the commit of its stage keeps its id.
        """
        if not self.trailers:
            return self.message
        before, blank, last = self.message.rpartition("\n\n")
        return before + blank + PART_LINES.sub("", f"{last}\n").removesuffix("\n")

    @property
    def added(self) -> int:
        """How many lines it adds."""
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        """How many lines it removes."""
        return sum(file.removed for file in self.files)

    @property
    def data_added(self) -> int:
        """How many of the added lines are data: they stand in a data file of their own."""
        return sum(file.added for file in self.files if file.is_data)

    @property
    def code_added(self) -> int:
        """How many of the added lines a reader has to take in: all that are not data."""
        return self.added - self.data_added

    @cached_property
    def hunks(self) -> "PatchSet":
        """The diff as unidiff reads it. Raises BrokenPatch where unidiff cannot read it."""
        from unidiff import PatchSet  # not at the top: the list of the series and most moves need no hunks
        from unidiff.errors import UnidiffParseError

        try:
            return PatchSet(io.StringIO(self.diff.decode(), newline="\n"))
        except UnidiffParseError as error:
            raise BrokenPatch(f"{self.file}: its hunks cannot be read: {error}", "", mend(self.file)) from None

    @cached_property
    def shifts(self) -> dict[str, Shifts]:
        """For each file, how its lines move."""
        return {file.path: shifts(file) for file in self.hunks}


def mend(file: str) -> list[str]:
    """Return commands that show what was done to a patch file and undo it; neither loses the edits."""
    return [
        f"git diff -- {file}   # shows what was changed in it",
        f"git stash push -- {file}   # sets the change aside and keeps it (git stash pop)",
    ]
