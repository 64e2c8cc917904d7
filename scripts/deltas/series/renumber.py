"""When patches get other numbers or slugs, what their headers say follows, as far as that is safe.

Safe are commands (`scripts/train.sh 03`) and whole names (`03-batchnorm`, as in `patches/03-batchnorm.patch`). A number
in prose ("as in 03", "stages 01 to 03") may mean the patch or its place: its line is listed for the author to look at.

>>> naming = Naming({"01-frost": "02-frost", "02-storm": "01-storm", "03-sun": "03-sun"})
>>> naming.rewritten("Run: scripts/train.sh 01, then scripts/show.sh 2; see patches/02-storm.patch. 03 stays.")
'Run: scripts/train.sh 02, then scripts/show.sh 1; see patches/01-storm.patch. 03 stays.'
>>> naming.left("Run: scripts/train.sh 01\\nIt goes on where 01 ended, at 1.01.\\nCompare stage 2.")
[(2, 'It goes on where 01 ended, at 1.01.'), (3, 'Compare stage 2.')]
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from .patches import Patch

_END = r"(?![\w-]|[.,:]\d)"
_BEGIN = r"(?<![\w.,:/%+-])"
_FLAG = re.compile(r"(?<!\S)--?[a-z][\w-]*[ =]\d+")  # its number is no stage
_BEFORE_A_BARE_NUMBER = r"(?<=[a-z,] )"
_AFTER_A_BARE_NUMBER = (  # the end of a clause, or a word before which no number counts anything
    r"(?=['’),.;:]|\s*$| \(| +(?:and|as|at|does|for|from|had|has|in|is|of|on|or|that|than|to|was|which|with)\b)"
)
_BEFORE_A_NUMBER = r"\b(?:stages?|patch(?:es)?)\s+"  # not "delta": the blog numbers its deltas on its own
_NO_PROSE = ("From:", "Date:", "Subject:", "Delta:", "Measured:")


@dataclass(frozen=True)
class Naming:
    """How all patches were called, and how they are called now: NN-slug by NN-slug."""

    names: dict[str, str]

    @cached_property
    def changed(self) -> dict[str, str]:
        """Return the names that changed."""
        return {old: new for old, new in self.names.items() if old != new}

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {int(old[:2]): int(new[:2]) for old, new in self.changed.items() if old[:2] != new[:2]}

    @cached_property
    def _slugs(self) -> dict[str, str]:
        return {old[3:]: new[3:] for old, new in self.changed.items() if old[3:] != new[3:]}

    @cached_property
    def _safe(self) -> re.Pattern[str]:
        """Return what matches a whole name that changed, or a command with the stages behind it."""
        known = [*self.names, *(name[3:] for name in self.names)]
        stage = "|".join([r"\d{1,2}", *map(re.escape, sorted(known, key=len, reverse=True))])
        name = "|".join(map(re.escape, self.changed)) or r"(?!)"
        return re.compile(
            rf"(?P<command>scripts/[a-z]+\.sh)(?P<stages>(?: +(?:{stage}){_END})+)|(?<![\w-])(?:{name})(?![\w-])"
        )

    @cached_property
    def _unsafe(self) -> re.Pattern[str]:
        """Return what matches a number or slug that changed and is not in a safe place."""
        typed = [f"{number:02d}" for number in self._numbers]
        padded = [number for number in typed if number[0] == "0"]  # 02 is a stage; "12 names" is none, "that of 12" is
        others = [
            rf"{_BEFORE_A_BARE_NUMBER}{number}{_END}{_AFTER_A_BARE_NUMBER}" for number in typed if number[0] != "0"
        ]
        after_a_word = [rf"{_BEFORE_A_NUMBER}0?{number}{_END}" for number in self._numbers]
        slugs = [rf"(?<![\w-]){re.escape(slug)}(?![\w-])" for slug in self._slugs if "-" in slug]
        ways = [rf"{_BEGIN}{number}{_END}" for number in padded] + others + after_a_word + slugs
        return re.compile("|".join([*ways, *(rf"\bstage/{number}\b" for number in typed)]) or r"(?!)", re.MULTILINE)

    def _stage(self, text: str) -> str:
        """Return what to type for a stage now, in the form in which it was typed."""
        if text.isdigit():
            number = self._numbers.get(int(text), int(text))
            return f"{number:02d}" if len(text) == 2 else str(number)
        return self.changed.get(text) or self._slugs.get(text, text)

    def rewritten(self, text: str) -> str:
        """Return the text with its commands and whole names as they are now."""

        def replace(match: re.Match[str]) -> str:
            if not match["command"]:
                return self.changed[match[0]]
            return match["command"] + re.sub(r"[^ ]+", lambda stage: self._stage(stage[0]), match["stages"])

        return self._safe.sub(replace, text)

    def left(self, text: str) -> list[tuple[int, str]]:
        """Return the lines, by number from 1, that name a patch in a way that `rewritten` leaves alone."""
        blanked = text
        for known in (self._safe, _FLAG):
            blanked = known.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), blanked)
        lines = text.split("\n")
        numbers = sorted({blanked.count("\n", 0, match.end()) + 1 for match in self._unsafe.finditer(blanked)})
        return [(n, lines[n - 1].strip()) for n in numbers if not lines[n - 1].startswith(_NO_PROSE)]

    def anywhere(self, text: str) -> list[tuple[int, str]]:
        """Return the lines that name a patch as it is no longer called, in whatever way."""
        lines = enumerate(text.split("\n"), 1)
        return [(n, line.strip()) for n, line in lines if self.rewritten(line) != line or self.left(line)]

    def header(self, patch: Patch) -> bytes:
        """Return the header of a patch as it should be now."""
        return self.rewritten(patch.header.decode()).encode() if self.changed else patch.header

    def to_look_at(self, before: Patch | None, after: Patch) -> Iterable[str]:
        """Yield the lines of a patch that its author should look at: prose, and code that the patch adds."""
        if before:
            yield from (f"{after.file}:{n}: {line}" for n, line in self.left(before.header.decode()))
        first = after.header.count(b"\n") + 1
        for n, line in enumerate(after.diff.decode().split("\n"), first):
            if line.startswith("+") and not line.startswith("+++") and self.left(line):
                yield f"{after.file}:{n}: {line}"
