"""Numbers in a patch's header come from its baseline: the trailer `Measured:` says which, `refresh` fills them in.

    Measured: counted.train_loss 2.4548, counted.test_loss 2.4497, bad.saturation 58 %

An entry is a run, a metric and the number as the prose writes it (a mean over the recorded seeds, to as many places).
When the baseline moves, that number is replaced wherever the header has it. Losses (four decimals) and percentages in
the header and in the comments that the patch adds have to be listed there: nothing measured is typed by hand.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..core import numbers as writer
from ..core.errors import BadInput
from ..series.patches import Patch
from .baseline import Baseline

ENTRY = re.compile(
    r"(?P<run>[a-z0-9-]+)\.(?P<metric>[A-Za-z0-9_]+(?:\.[a-z0-9_-]+)?)\s+(?P<text>-?\d+(?:,\d{3})*(?:\.\d+)?(?:\s*%)?)"
)
MEASURED = re.compile(r"(?<![\d.,])(?:\d+\.\d{4}(?!\d)|\d+(?:\.\d+)?\s?%(?![\w%]))")
COMMENT = re.compile(r"(?:^|\s)#(.*)")
CONSTANTS = frozenset({f"{math.log(27):.4f}"})  # the loss of knowing nothing


@dataclass(frozen=True)
class Number:
    """A number that a header states. text: how it states it."""

    run: str
    metric: str
    text: str

    @property
    def place(self) -> str:
        """run.metric."""
        return f"{self.run}.{self.metric}"


def numbers(patch: Patch) -> list[Number]:
    """Return what the trailer lists. BadInput where it cannot be read, or names a number that the prose lacks."""
    trailer = patch.trailers.get("Measured", "")
    listed = [Number(m["run"], m["metric"], m["text"]) for m in ENTRY.finditer(trailer)]
    rest = ENTRY.sub("", trailer).replace(",", "").strip()
    if rest:
        raise BadInput(f"{patch.file}: Measured: cannot be read at {rest!r}", "run.metric NUMBER, run.metric NUMBER, …")
    stated = _without_trailer(patch.message)
    for number in listed:
        if not literal(number.text).search(stated):
            raise BadInput(
                f"{patch.file}: Measured: names {number.place} {number.text}, which the prose does not state"
            )
    return listed


def stale(patch: Patch, recorded: Baseline | None) -> list[str]:
    """Return the numbers of the header that the baseline does not say, or says otherwise."""
    return [
        f"{number.place} is stated as {number.text}, measured is {now or 'nothing'}"
        for number in numbers(patch)
        if (now := _now(number, recorded)) != number.text
    ]


def unlisted(patch: Patch) -> list[str]:
    """Return losses and percentages that are stated in the header or in a comment of the code, and not listed."""
    listed = {_tight(number.text) for number in numbers(patch)} | CONSTANTS
    texts = [("the header", _without_trailer(patch.message)), ("a comment", "\n".join(_comments(patch)))]
    return [
        f"{place} states {text}, which Measured: does not list"
        for place, stated in texts
        for text in dict.fromkeys(MEASURED.findall(stated))
        if _tight(text) not in listed
    ]


def literal(text: str) -> re.Pattern[str]:
    """Return a pattern of this number, and of no longer one that contains it."""
    return re.compile(rf"(?<![\d.,:]){re.escape(text)}(?!\d|[.,:]\d)")


def _comments(patch: Patch) -> Iterator[str]:
    """Give what the added lines say to a reader: comments, and the lines of docstrings."""
    for file in patch.hunks:
        for hunk in file:
            inside = False
            for line in hunk:
                if not line.is_added:
                    continue
                quotes = line.value.count('"""')
                if inside or quotes:
                    yield line.value
                elif comment := COMMENT.search(line.value):
                    yield comment[1]
                inside ^= quotes % 2 == 1


def _tight(text: str) -> str:
    return re.sub(r"\s", "", text)


def filled(patch: Patch, recorded: Baseline | None) -> bytes:
    """Return the header with its numbers as the baseline has them; one that was never measured stays."""
    fields, blank, text = patch.header.decode().partition("\n\n")  # the date above has numbers, too
    changes: dict[str, str] = {}
    for number in numbers(patch):
        now = _now(number, recorded)
        if now is None:
            continue
        if changes.setdefault(number.text, now) != now:
            raise BadInput(
                f"{patch.file}: {number.text} stands for two numbers that are now {changes[number.text]} and {now}",
                "numbers that can be told apart: write one of them with more places",
            )
    if not any(old != new for old, new in changes.items()):
        return patch.header
    either = re.compile("|".join(literal(old).pattern for old in sorted(changes, key=len, reverse=True)))
    return f"{fields}{blank}{either.sub(lambda m: changes[m[0]], text)}".encode()


def _now(number: Number, recorded: Baseline | None) -> str | None:
    """Return the recorded mean, written as the header writes it; None where nothing was recorded."""
    summary = recorded.summary(number.run, number.metric) if recorded else None
    if summary is None:
        return None
    percent = re.search(r"\s*%$", number.text)
    digits = number.text.removesuffix(percent[0]) if percent else number.text
    places = len(digits.partition(".")[2])
    text = writer.fixed(summary.mean * (100 if percent else 1), places, comma="," in digits)
    return text + (percent[0] if percent else "")


def _without_trailer(message: str) -> str:
    return re.sub(r"^Measured:.*(?:\n[ \t]+.*)*", "", message, flags=re.MULTILINE)
