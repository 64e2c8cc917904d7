"""Parts of the blog series: which one a stage belongs to says the trailer `Part:` of its patch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..series.hunkname import slug
from ..series.patches import Patch

TRAILER = "Part"
Stage = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A post of the series. Two that share a folder are one part, however their trailers are spelled.

    weight: where its post stands among the others; Hugo puts those without a weight last, and so an appendix.
    """

    folder: str
    title: str = field(compare=False)
    weight: int | None = field(compare=False)


def named(said: str) -> Part | None:
    """Return the part that a trailer names, by a number or by words; None where it says nothing.

    >>> named("3"), named("appendix"), named(" ")
    (Part(folder='part-3', title='Part 3', weight=3), Part(folder='appendix', title='Appendix', weight=None), None)
    """
    said = said.strip()
    if said.isascii() and said.isdigit():
        return Part(f"part-{int(said)}", f"Part {int(said)}", int(said))
    return Part(slug(said), said[:1].upper() + said[1:], None) if slug(said) else None


def part_of(patch: Patch) -> Part | None:
    """Return the part that a patch belongs to; None where its header names none."""
    return named(patch.trailers.get(TRAILER, ""))


def order(part: Part) -> tuple[bool, int, str]:
    """Return what parts are sorted by: numbers first, then words."""
    return part.weight is None, part.weight or 0, part.folder


def by_delta(stages: Iterable[Stage]) -> list[tuple[str, list[Stage]]]:
    """Return the headings of a post, each with its stages: what the trailer `Delta:` says, else the delta's number."""
    headings: dict[str, list[Stage]] = {}
    for stage in stages:
        said = stage["trailers"].get("Delta") or stage["delta"]
        number, comma, name = said.partition(",")
        headings.setdefault(f"Delta {number}{':' if comma else ''}{name}".replace("->", "→"), []).append(stage)
    return list(headings.items())
