"""One embed of a post: what it shows now, what it showed when its author last looked, and what the site's data show."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import BadInput
from . import arguments, embed, seen, shortcodes
from .arguments import SHORTCODES
from .current import Current, Site
from .document import NOT_MEASURED, NOT_RECORDED
from .embed import EMBEDS, Stage, Unknown
from .shortcodes import Shortcode

FENCE = re.compile(r"^(`{3,}|~{3,})diff[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)
MOST_CHANGES = 20  # lines of one embed that are shown
Change = tuple[int, int, str]  # start and end in the post, and what should stand there


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was. known: it was there once; else the post is mistaken.

    line: of the post, from 1. changes: the lines that differ, "- " before what was and "+ " before what is.
    """

    line: int
    found: str
    ways: tuple[str, ...] = ()
    known: bool = True
    changes: tuple[str, ...] = ()


@dataclass
class Looked:
    """What was found about an embed. noted: its name and what it shows now, for the site to remember once accepted."""

    findings: list[Finding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)


@dataclass
class _Embed:
    """A shortcode whose arguments are in order. post: the path that its author named."""

    site: Site | None
    post: Path
    text: str
    tag: Shortcode
    looked: Looked = field(default_factory=Looked)

    @property
    def given(self) -> dict[str, str]:
        """Its arguments by name."""
        return self.tag.given(SHORTCODES[self.tag.name].places)

    @property
    def wanted(self) -> dict[str, str]:
        """The arguments that say what it shows."""
        return arguments.wanted(self.tag)

    @property
    def what(self) -> str:
        """What a message calls it."""
        return " ".join([self.tag.name, self.given["stage"], *self.wanted.values()])

    @property
    def key(self) -> str:
        """What the site's memory calls it."""
        return seen.key(self.tag, self.given)

    @property
    def was(self) -> str | None:
        """What it showed when its author last looked: says the post itself, else the site."""
        if "was" in self.given or self.site is None:
            return self.given.get("was")
        post = self.site.name(self.post)
        noted = self.site.seen.of(post, self.key)
        return noted or self.site.seen.of_another(self.key, self.site.posts(post.partition("/")[0]))

    @property
    def there(self) -> str | None:
        """What the site's data show; None where they have no such thing."""
        return self.site.shows(self.given["stage"], self.tag.name, self.wanted) if self.site else None

    @property
    def accept(self) -> str:
        """The command that takes over what is now."""
        return f"scripts/publish.sh --check --accept {self.post}   # once the text around it fits"

    def say(self, found: str, *ways: str, known: bool = True, changes: Sequence[str] = ()) -> None:
        self.looked.findings.append(Finding(self.tag.line, found, ways, known, tuple(changes)))


def check(current: Current, site: Site | None, post: Path, text: str, tag: Shortcode) -> Looked:
    """Return what changed since the embed was written, and the changes of the post's text that would take it over."""
    one = _Embed(site, post, text, tag)
    stage = _stage(one, current)
    if stage is None:
        return one.looked
    if tag.name == "patch" or not current.stale(stage):
        _compare(one, stage, EMBEDS[tag.name](stage, **one.wanted))
    return one.looked


def _stage(one: _Embed, current: Current) -> Stage | None:
    """Return the stage of an embed; None where the stage or the thing is not there, which is said."""
    try:
        stage = current.stage(one.given["stage"])
        EMBEDS[one.tag.name](stage, **one.wanted)
    except Unknown as error:
        found, ways = error.found, [f"did you mean {error.near}?" if error.near else error.expected]
    except BadInput as error:
        if current.has(one.given["stage"]):
            raise
        found, ways = error.found, list(error.ways)
    else:
        return stage
    known = one.was is not None or one.there is not None
    one.say(f"{one.what}: is gone: {found}" if known else found, *ways, known=known)
    return None


def _compare(one: _Embed, stage: Stage, now: str) -> None:
    """Hold what an embed shows now against what it showed, and against the site's data."""
    was, there = one.was, one.there
    again = f"scripts/publish.sh {embed.called(stage)} --to {one.site.folder if one.site else ''}"
    if was is not None and was != now:
        found, changes = _changed(one, stage, was, now)
        ways = [again, one.accept] if there == was else [one.accept]
        one.say(f"{one.what}: {found}", *ways, changes=changes)
    elif was is None and there is None:
        way = 'give its arguments by name: stage="01" …' if one.tag.by_place else one.accept
        one.say(f"{one.what}: is {now}, and nothing says what it was", way)
    if there is not None and there not in (was, now):
        found, changes = _changed(one, stage, there, now)
        if one.tag.name == "result":
            one.say(f"{one.what}: the site shows {there}, is now {now}", again)
        else:
            one.say(
                f"{one.what}: the site shows an older one: it {found}", again, changes=changes if was is None else ()
            )
    if one.tag.by_place:
        if now not in (was, there) or (was is not None and was != now):
            one.looked.noted[one.key] = now
    elif one.given.get("was") != now:
        one.looked.changes.append((one.tag.start, one.tag.end, shortcodes.with_argument(one.text, one.tag, "was", now)))
    _inside(one, stage)


def _changed(one: _Embed, stage: Stage, was: str, now: str) -> tuple[str, Sequence[str]]:
    """Return what became of an embed, and the lines that differ."""
    if one.tag.name == "result":
        return f"was {was}, is now {now}", ()
    old = _lines_then(one, was)
    if old is None:
        return f"is not what it was, and nobody kept what that was (was {was}, is now {now})", ()
    changes = _difference(old, embed.lines(stage, one.tag.name, one.wanted))
    if one.tag.name == "figure" and not changes:
        return "is drawn otherwise; its words and its data are as they were", ()
    return "is not what it was", changes


def _lines_then(one: _Embed, was: str) -> Sequence[str] | None:
    """Return the lines that `was` stands for: from the site's data, its memory, or a diff inside the embed."""
    if was in (NOT_MEASURED, NOT_RECORDED):
        return [was]
    if one.site is not None and one.there == was:
        return one.site.lines(one.given["stage"], one.tag.name, one.wanted)
    if one.site is not None and was in one.site.seen.texts:
        return one.site.seen.texts[was]
    block = FENCE.search(one.text, *one.tag.inner) if one.tag.name == "patch" and one.tag.inner else None
    return _lines(block[2]) if block else None


def _difference(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the lines that were and the lines that are, of those that differ."""
    rows = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    changes = [f"{row[0]} {row[1:]}".rstrip() for row in rows if not row.startswith("@@")]
    more = len(changes) - MOST_CHANGES
    return changes if more <= 0 else [*changes[:MOST_CHANGES], f"… and {more} more lines"]


def _inside(one: _Embed, stage: Stage) -> None:
    """Look at the diff that stands inside a `patch` for those who read the Markdown."""
    if one.tag.name != "patch" or not one.tag.inner:
        return
    block = FENCE.search(one.text, *one.tag.inner)
    if block is None:
        return
    chosen = embed.hunks(stage, **one.wanted)
    old, new = _lines(block[2]), _lines(embed.diff(chosen))
    if old != new:
        found = f"patch {stage['stage']}: the diff inside it is not that of the patch"
        one.say(found, one.accept, changes=_difference(old, new))
        one.looked.changes.append((block.start(), block.end(), embed.fenced(chosen).rstrip("\n")))


def _lines(text: str) -> Sequence[str]:
    return [line.rstrip() for line in text.splitlines()]
