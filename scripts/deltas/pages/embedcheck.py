"""One embed of a post: what it shows now, what the post says that it showed, and what the site's data show."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import BadInput
from . import embed, shortcodes
from .arguments import SHORTCODES
from .current import Current, published
from .embed import EMBEDS, Stage, Unknown
from .shortcodes import Shortcode

FENCE = re.compile(r"^(`{3,}|~{3,})diff[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)
Change = tuple[int, int, str]  # start and end in the post, and what should stand there


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was. known: it was there once; else the post is mistaken.

    line: of the post, from 1.
    """

    line: int
    found: str
    ways: tuple[str, ...] = ()
    known: bool = True


@dataclass
class _Embed:
    """A shortcode whose arguments are in order, with what is found about it."""

    post: Path
    text: str
    tag: Shortcode
    findings: list[Finding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def given(self) -> dict[str, str]:
        """Its arguments by name."""
        return self.tag.given(SHORTCODES[self.tag.name].places)

    @property
    def wanted(self) -> dict[str, str]:
        """The arguments that say what it shows."""
        takes = SHORTCODES[self.tag.name]
        return {key: value for key, value in self.given.items() if key not in ("stage", "was", *takes.looks)}

    @property
    def accept(self) -> str:
        """The command that takes over what is now."""
        return f"scripts/publish.sh --check --accept {self.post}   # once the text around it fits"

    def say(self, found: str, *ways: str, known: bool = True) -> None:
        self.findings.append(Finding(self.tag.line, found, ways, known))


def check(
    current: Current, site: Path | None, post: Path, text: str, tag: Shortcode
) -> tuple[list[Finding], list[Change]]:
    """Return what changed since the embed was written, and the changes of the post's text that would take it over."""
    one = _Embed(post, text, tag)
    show, name = EMBEDS[tag.name], one.given["stage"]
    was, there = one.given.get("was"), _there(site, name, one)
    what = " ".join([tag.name, name, *one.wanted.values()])
    known = was is not None or there is not None
    try:
        stage = current.stage(name)
        now = show(stage, **one.wanted)
    except Unknown as error:
        ways = [f"did you mean {error.near}?"] if error.near else [error.expected]
        one.say(f"{what}: is gone: {error.found}" if known else error.found, *ways, known=known)
        return one.findings, one.changes
    except BadInput as error:
        if current.has(name):
            raise
        one.say(f"{what}: is gone: {error.found}" if known else error.found, *error.ways, known=known)
        return one.findings, one.changes
    if was is not None and was != now:
        one.say(f"{what}: was {was}, is now {now}", one.accept)
    elif not known:
        way = 'give its arguments by name: stage="01" …' if tag.by_place else one.accept
        one.say(f"{what}: is {now}, and nothing says what it was", way)
    if there is not None and there != now:
        one.say(
            f"{what}: the site shows {there}, is now {now}", f"scripts/publish.sh {stage['number']:02d} --to {site}"
        )
    if was != now and not tag.by_place:
        one.changes.append((tag.start, tag.end, shortcodes.with_argument(text, tag, "was", now)))
    _inside(one, stage)
    return one.findings, one.changes


def _there(site: Path | None, name: str, one: _Embed) -> str | None:
    """Return what the site's data show; None where they have no such thing."""
    stage = published(site, name)
    if stage is None:
        return None
    try:
        return EMBEDS[one.tag.name](stage, **one.wanted)
    except Unknown:
        return None


def _inside(one: _Embed, stage: Stage) -> None:
    """Look at the diff that stands inside a `patch` for those who read the Markdown."""
    if one.tag.name != "patch" or not one.tag.inner:
        return
    block = FENCE.search(one.text, *one.tag.inner)
    if block is None:
        return
    chosen = embed.hunks(stage, **one.wanted)
    if _lines(block[2]) != _lines(embed.diff(chosen)):
        one.say(f"patch {stage['stage']}: the diff inside it is not that of the patch", one.accept)
        one.changes.append((block.start(), block.end(), embed.fenced(chosen).rstrip("\n")))


def _lines(text: str) -> Sequence[str]:
    return [line.rstrip() for line in text.splitlines()]
