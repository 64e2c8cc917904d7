"""Before a site gets newer stages: what its posts showed until then, which is what their authors saw."""

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

from . import arguments, seen, shortcodes
from .arguments import SHORTCODES
from .current import Site
from .embed import EMBEDS, Stage, Unknown
from .seen import Seen
from .shortcodes import Shortcode


def remember(site: Site, content: str, stages: Sequence[Stage], rewritten: Container[str]) -> Seen:
    """Return what the site has to remember once these stages are written into it.

    content: the folder of its posts. rewritten: those that are written anew, too, and say themselves what they show.

    An embed without a `was` that nobody noted yet showed what the site holds now. What is noted stays, until its author
    accepts what is new.
    """
    by_name = {name: stage for stage in stages for name in _names(stage)}
    there = {path.relative_to(site.folder).as_posix(): path for path in _posts(site.folder / content)}
    posts = {post: _embeds(path) for post, path in there.items() if post not in rewritten}
    kept = Seen()
    for post, tags in posts.items():
        for tag in tags:
            given = tag.given(SHORTCODES[tag.name].places)
            was = given.get("was") or _noted(site, post, posts, tag, given)
            if was is None:
                continue
            if "was" not in given:
                kept.posts.setdefault(post, {})[seen.key(tag, given)] = was
            if lines := _lost(site, by_name.get(given["stage"]), tag, was):
                kept.texts[was] = lines
    return kept


def _posts(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*.md") if path.is_file())


def _embeds(post: Path) -> list[Shortcode]:
    """Return the calls of ours in a post that are in order; of one that is no text, none is."""
    tags = shortcodes.find(post.read_bytes().decode(errors="replace"))
    return [tag for tag in tags if tag.name in EMBEDS and arguments.is_ours(tag) and not arguments.faults(tag)]


def _noted(site: Site, post: str, posts: Mapping[str, object], tag: Shortcode, given: Mapping[str, str]) -> str | None:
    """Return what the embed showed when its author last looked; None where the site never had such a thing."""
    embed = seen.key(tag, given)
    noted = site.seen.of(post, embed) or site.seen.of_another(embed, posts.keys())
    return noted or site.shows(given["stage"], tag.name, arguments.wanted(tag))


def _lost(site: Site, new: Stage | None, tag: Shortcode, was: str) -> list[str] | None:
    """Return the lines that an embed showed, where the site will show others; None elsewhere, and for a number."""
    if tag.name == "result":
        return None
    name, wanted = tag.given(SHORTCODES[tag.name].places)["stage"], arguments.wanted(tag)
    old = site.shows(name, tag.name, wanted)
    if (_shows(new, tag.name, wanted) if new else old) == was:
        return None
    return site.lines(name, tag.name, wanted) if old == was else site.seen.texts.get(was)


def _shows(stage: Stage, shortcode: str, wanted: Mapping[str, str]) -> str | None:
    try:
        return EMBEDS[shortcode](stage, **wanted)
    except Unknown:
        return None


def _names(stage: Stage) -> tuple[str, ...]:
    """Return the names by which a post may call a stage."""
    return str(stage["number"]), f"{stage['number']:02d}", stage["slug"], stage["stage"]
