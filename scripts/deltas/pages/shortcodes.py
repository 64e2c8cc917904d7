r"""The shortcodes of a post, as Hugo reads them: where they stand, what they are given.

>>> [(each.name, each.given) for each in found('a {{< result "04" metric="x" >}} b {{</* result */>}} {{< /patch >}}')]
[('result', {'0': '04', 'metric': 'x'})]
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

TAG = re.compile(r"\{\{([<%])(?!/\*)\s*(/?)\s*([\w./-]+)((?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`])*?)(/?)\s*[>%]\}\}")
ARGUMENT = re.compile(r"(?:([\w-]+)\s*=\s*)?(?:\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`|([^\s\"`=]+))")


@dataclass(frozen=True)
class Shortcode:
    """given: its arguments by name, or by place as "0", "1", …. start, end: of the tag in the text, `>}}` included.

    inner: start and end of what stands between it and its closing tag, where it has one.
    """

    name: str
    line: int
    given: dict[str, str]
    start: int
    end: int
    inner: tuple[int, int] | None = None

    def arguments(self, places: Sequence[str]) -> dict[str, str]:
        """By name; places: what the ones by place are called."""
        return {(places[int(key)] if key.isdigit() else key): value for key, value in self.given.items()
                if not key.isdigit() or int(key) < len(places)}  # fmt: skip


def found(text: str) -> list[Shortcode]:
    """Those that open, in their order."""
    tags = list(TAG.finditer(text))
    shortcodes = []
    for i, tag in enumerate(tags):
        _, closing, name, rest, closed = tag.groups()
        if closing:
            continue
        given: dict[str, str] = {}
        for argument in ARGUMENT.finditer(rest):
            key, quoted, raw, bare = argument.groups()
            value = next(each for each in (quoted, raw, bare) if each is not None)
            if quoted is not None:
                value = re.sub(r"\\(.)", r"\1", value)
            given[key or str(len(given))] = value
        inner = None if closed else _inner(tag, tags[i + 1 :], name)
        shortcodes.append(Shortcode(name, text.count("\n", 0, tag.start()) + 1, given, tag.start(), tag.end(), inner))
    return shortcodes


def _inner(opening: re.Match[str], following: list[re.Match[str]], name: str) -> tuple[int, int] | None:
    """Up to the next closing tag of that name, unless another of that name opens before."""
    for tag in following:
        if tag[3] == name:
            return (opening.end(), tag.start()) if tag[2] else None
    return None


def with_argument(text: str, tag: Shortcode, key: str, value: str) -> str:
    """The tag's own text with this argument set.

    >>> post = 'see {{< patch stage="01" was="a" />}}'
    >>> with_argument(post, found(post)[0], "was", "b")
    '{{< patch stage="01" was="b" />}}'
    """
    written = text[tag.start : tag.end]
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if key in tag.given:
        return re.sub(
            rf"(\b{key}\s*=\s*)(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\s\"`>/]+)", lambda m: m[1] + quoted, written
        )
    body, close = re.fullmatch(r"(.*?)\s*(/?[>%]\}\})", written, re.DOTALL).groups()
    return f"{body} {key}={quoted} {close}"
