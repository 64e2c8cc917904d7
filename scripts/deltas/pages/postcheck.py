"""Posts against what they embed: does each hunk, figure and number still say what it said when it was published?

What it said is written in the embed itself (`was`), and in the data of the site that the post stands in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import files
from ..core.errors import BadInput
from . import arguments, embedcheck, linkcheck, notecheck, seen, shortcodes
from .current import Current, Site, Upstream, site_of
from .document import Source
from .embedcheck import Change, Finding
from .shortcodes import Shortcode


@dataclass(frozen=True)
class Checked:
    """One post. findings: what changed, or is mistaken. text: what the post would be, were all changes accepted.

    site: where it stands. noted: what the site would remember of it then, of the embeds that cannot have a `was`.
    """

    post: Path
    embeds: int
    findings: tuple[Finding, ...]
    text: str
    site: Site | None
    noted: Mapping[str, str]


def check(source: Source, posts: Sequence[Path]) -> list[Checked]:
    """Look at every embed, note and link of the posts. BadInput where a post cannot be read."""
    current = Current(source)
    upstream = Upstream(source.shop, source.project.pin) if source.shop else None
    return [_post(current, upstream, post) for post in posts]


def accept(checked: Sequence[Checked]) -> list[Path]:
    """Write what is now, and return the files that say it; nothing where a post is mistaken.

    What an embed cannot say itself, because its arguments are given by place, goes into the site's memory. A post
    outside any site has none.
    """
    if any(not finding.known for post in checked for finding in post.findings):
        return []
    written = []
    for post in checked:
        if post.text.encode() != post.post.read_bytes():
            files.write(post.post, post.text.encode())
            written.append(post.post)
        if post.site is not None and post.noted:
            remembered = seen.read(post.site.folder)
            remembered.posts.setdefault(post.site.name(post.post), {}).update(post.noted)
            files.write(post.site.folder / seen.FILE, seen.content(remembered))
            written.append(post.site.folder / seen.FILE)
    return list(dict.fromkeys(written))


def left_out(source: Source) -> list[str]:
    """Return what nobody looked at."""
    return [] if source.shop else [f"links to upstream: {source.why}"]


def _post(current: Current, upstream: Upstream | None, post: Path) -> Checked:
    text = _read(post)
    site = site_of(post)
    findings: list[Finding] = []
    changes: list[Change] = []
    noted: dict[str, str] = {}
    tags = [tag for tag in shortcodes.find(text) if arguments.is_ours(tag)]
    embeds = [tag for tag in tags if tag.name != "upstream"]
    good = [tag for tag in tags if not arguments.faults(tag)]
    for name, line in shortcodes.unreadable(text):
        if name in arguments.SHORTCODES:
            findings.append(Finding(line, f"{name}: its tag does not end", ("look for a quote that is open",), False))
    for tag in tags:
        findings += [Finding(tag.line, fault, ways, False) for fault, ways in arguments.faults(tag)]
    for tag in good:
        if tag.name != "upstream":
            looked = embedcheck.check(current, site, post, text, tag)
            findings += looked.findings
            changes += looked.changes
            noted |= looked.noted
    findings += _stale(current, [tag for tag in good if tag.name != "upstream"])
    for name, line in _stages_with_patches(good).items():
        if current.has(name):
            findings += notecheck.check(current.stage(name), site, line)
    if upstream is not None:
        findings += linkcheck.check(upstream, text, [tag for tag in good if tag.name == "upstream"])
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    findings.sort(key=lambda finding: finding.line)
    return Checked(post, len(embeds), tuple(findings), text, site, noted)


def _stale(current: Current, tags: Sequence[Shortcode]) -> list[Finding]:
    """Return the stages whose numbers, figures or names nobody can compare, for they are of other code."""
    findings: dict[str, Finding] = {}
    for tag in tags:
        name = tag.given(arguments.SHORTCODES[tag.name].places)["stage"]
        if tag.name == "patch" or not current.has(name) or not current.stale(current.stage(name)):
            continue
        stage = current.stage(name)
        why = "; ".join(stage["baseline"]["why"])
        found = f"{stage['stage']}: what was measured is of other code or other runs, and was not compared: {why}"
        findings.setdefault(stage["stage"], Finding(tag.line, found, (stage["commands"]["record"],)))
    return list(findings.values())


def _read(post: Path) -> str:
    try:
        return post.read_bytes().decode()
    except OSError as error:
        raise BadInput(f"{post}: {error.strerror}", "a post in Markdown") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{post}: not UTF-8 at byte {error.start}", "a post in Markdown") from error


def _stages_with_patches(tags: Sequence[Shortcode]) -> dict[str, int]:
    """Return the stages of which the post shows hunks, with the line of the first."""
    lines: dict[str, int] = {}
    for tag in tags:
        if tag.name == "patch":
            lines.setdefault(tag.given(arguments.SHORTCODES["patch"].places)["stage"], tag.line)
    return lines
