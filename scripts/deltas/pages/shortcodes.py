r"""The shortcodes of a post, as Hugo reads them: where each stands, and what it is given.

>>> post = 'a {{< result "04" metric="x" >}} b {{</* result */>}} {{% claims %}} {{< /patch >}}'
>>> [(tag.name, tag.percent, [(argument.key, argument.value) for argument in tag.arguments]) for tag in find(post)]
[('result', False, [('', '04'), ('metric', 'x')]), ('claims', True, [])]
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
TAG = re.compile(rf"\{{\{{([<%])(?!/\*)\s*(/?)\s*([\w./-]+)((?:{QUOTED}|`[^`]*`|[^\"`{{}}])*?)(/?)\s*[>%]\}}\}}")
ARGUMENT = re.compile(rf"(?:([\w-]+)\s*=\s*)?({QUOTED}|`[^`]*`|[^\s\"`=]+)")
OPENING = re.compile(r"\{\{[<%](?!/\*)\s*([\w./-]+)")


@dataclass(frozen=True)
class Argument:
    """One argument. key: "" where it is given by place. start, end: where its value stands in the text, with quotes."""

    key: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Shortcode:
    """An opening tag.

    percent: written {{% … %}}. start, end: of the tag in the text. closed: it ends in `/>}}`, or a closing tag follows.
    inner: start and end of what stands between it and its closing tag, where it has one. rest: what is no argument.
    """

    name: str
    line: int
    percent: bool
    arguments: tuple[Argument, ...]
    rest: str
    start: int
    end: int
    closed: bool
    inner: tuple[int, int] | None

    @cached_property
    def named(self) -> dict[str, str]:
        """The arguments that are given by name."""
        return {argument.key: argument.value for argument in self.arguments if argument.key}

    @cached_property
    def by_place(self) -> list[str]:
        """The values that are given by place."""
        return [argument.value for argument in self.arguments if not argument.key]

    def given(self, places: Sequence[str]) -> dict[str, str]:
        """Return all arguments by name; places: what those by place are called. One too many is left out."""
        return dict(zip(places, self.by_place, strict=False)) | self.named


def find(text: str) -> list[Shortcode]:
    """Return the opening tags in their order."""
    tags = list(TAG.finditer(text))
    return [_shortcode(text, tag, tags[i + 1 :]) for i, tag in enumerate(tags) if not tag[2]]


def unreadable(text: str) -> list[tuple[str, int]]:
    """Return name and line of each tag that begins and does not end, as one with an open quote.

    >>> unreadable('{{< result stage="01 >}}\\n{{< claims >}}')
    [('result', 1)]
    """
    spans = [tag.span() for tag in TAG.finditer(text)]
    return [
        (opening[1], _line(text, opening.start()))
        for opening in OPENING.finditer(text)
        if not any(start <= opening.start() < end for start, end in spans)
    ]


def with_argument(text: str, tag: Shortcode, key: str, value: str) -> str:
    """Return the tag's own text with this argument set.

    >>> post = 'see {{< patch stage="01" was="a" />}}'
    >>> with_argument(post, find(post)[0], "was", "b"), with_argument(post, find(post)[0], "hunk", "c")
    ('{{< patch stage="01" was="b" />}}', '{{< patch stage="01" was="a" hunk="c" />}}')
    """
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    for argument in tag.arguments:
        if argument.key == key:
            return text[tag.start : argument.start] + quoted + text[argument.end : tag.end]
    body, close = re.split(r"\s*(?=/?[>%]\}\}$)", text[tag.start : tag.end], maxsplit=1)
    return f"{body} {key}={quoted} {close}"


def _shortcode(text: str, tag: re.Match[str], following: Sequence[re.Match[str]]) -> Shortcode:
    form, _, name, written, slash = tag.groups()
    arguments = tuple(
        Argument(match[1] or "", _value(match[2]), tag.start(4) + match.start(2), tag.start(4) + match.end(2))
        for match in ARGUMENT.finditer(written)
    )
    rest = ARGUMENT.sub("", written).strip()
    inner = None if slash else _inner(tag, following)
    closed = bool(slash or inner)
    return Shortcode(
        name, _line(text, tag.start()), form == "%", arguments, rest, tag.start(), tag.end(), closed, inner
    )


def _value(written: str) -> str:
    if written[0] == '"':
        return re.sub(r"\\(.)", r"\1", written[1:-1])
    return written[1:-1] if written[0] == "`" else written


def _inner(opening: re.Match[str], following: Sequence[re.Match[str]]) -> tuple[int, int] | None:
    """Return the span up to the next closing tag of that name, unless another of that name opens before."""
    for tag in following:
        if tag[3] == opening[3]:
            return (opening.end(), tag.start()) if tag[2] else None
    return None


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
