"""What the posts of a site showed when their authors last looked: the file data/deltas/seen.json in the site.

A `was` in the post itself says so, too, and counts more. This file remembers for the embeds that have none, and it
keeps the lines that a hash stands for once the site holds others, so that a change can be shown and not only told.

It stands in the site because a site is in git: a change of this file is looked at, merged and undone together with the
posts that it is about.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct, field, to_builtins

from ..core import jsonfile, shapes
from ..core.errors import BadInput
from .document import dumps
from .shortcodes import Shortcode

FILE = "data/deltas/seen.json"


class Seen(Struct):
    """posts: path of a post in the site -> an embed of it -> number or hash. texts: hash -> the lines it stands for."""

    posts: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def of(self, post: str, embed: str) -> str | None:
        """Return what an embed of a post showed; None where nobody noted it."""
        return self.posts.get(post, {}).get(embed)

    def of_another(self, embed: str, here: Collection[str]) -> str | None:
        """Return what an embed showed in a post that is gone: it may have been renamed. here: the posts there are."""
        return next((shown[embed] for post, shown in self.posts.items() if post not in here and embed in shown), None)


def key(tag: Shortcode, given: Mapping[str, str]) -> str:
    """Return the name of an embed: its shortcode with the arguments, in one order."""
    arguments = "".join(f' {name}="{value}"' for name, value in sorted(given.items()) if name != "was")
    return f"{tag.name}{arguments}"


def read(site: Path) -> Seen:
    """Return what the site remembers, nothing where it has no such file. BadInput where the file was damaged."""
    path = site / FILE
    try:
        return shapes.convert(jsonfile.read(path), Seen)
    except (FileNotFoundError, NotADirectoryError):
        return Seen()
    except shapes.Misfit as error:
        raise BadInput(f"{path}: {error.found}", error.expected or "the file as scripts/publish.sh wrote it") from error


def content(seen: Seen) -> bytes:
    """Return the content of the file."""
    posts = {post: dict(sorted(shown.items())) for post, shown in sorted(seen.posts.items()) if shown}
    return dumps(to_builtins(Seen(posts, dict(sorted(seen.texts.items()))))).encode()
