"""Plain text of a header → safe HTML, or Markdown for Hugo; a note's Markdown → safe HTML.

A header is written for a terminal: `__init__`, W*x and P[i](j) are what they are, not emphasis and not a link.
"""

import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from itertools import groupby, takewhile

from markdown_it import MarkdownIt
from markupsafe import Markup

from ..evidence.headers import literal

# code stays; *words* are emphasis; any other sign of Markdown inside a line stands for itself
_STRESS = r"(?P<stress>(?<![\w*])\*(?=[^\s*]).+?(?<=[^\s*])\*(?![\w*]))"
_SIGN = re.compile(rf"(?P<code>(`+).+?\2)|{_STRESS}|[*_\\]", re.DOTALL)
# a line inside a paragraph that happens to begin like a list begins none: "the loss of delta / 1. Start at …"
_BEGINS = re.compile(r"^(\d*)([-+>.)])(?=\s)", re.MULTILINE)
_LIST = re.compile(r"\s*([-+*]|\d+[.)])\s")
LONGEST = 160  # characters of a description


@cache
def _markdown(links: bool) -> MarkdownIt:
    off = ["image", "html_block", "html_inline", "heading", "lheading", "hr"]
    return MarkdownIt("commonmark", {"html": False}).disable(off + ([] if links else ["link", "reference", "entity"]))


def html(text: str) -> Markup:
    """Return a header as HTML: paragraphs, lists, `code`, *emphasis*; indented and quoted lines stay as they are."""
    blocks = [part for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")) for part in _parts(block, _words, _kept)]
    return Markup(_markdown(False).render("\n\n".join(blocks)))


def inline(text: str) -> Markup:
    """Return a line of a header as HTML."""
    return Markup(_markdown(False).renderInline(_plain(text)))


def note(text: str) -> Markup:
    """Return an author's Markdown as HTML: with links, without HTML of its own."""
    return Markup(_markdown(True).render(text))


def markdown(text: str, instead: Mapping[str, str] | None = None) -> str:
    """Return a header as Markdown for Hugo, which shows it as `html` does: what was typed, and nothing that runs.

    instead: what to write in place of a number, wherever the words (not code, not a formula) have it.
    """
    hugo = _Hugo(instead or {})
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    return "\n\n".join(part for block in blocks for part in _parts(block, hugo.plain, hugo.kept))


def description(title: str, text: str, without: Collection[str] = ()) -> str:
    """Return title and first sentences of a header as plain text, as many as a search engine shows.

    without: numbers; a sentence that states one of them is not taken, for nobody would notice when it changes. The
    sentences follow each other in the first paragraph that begins with one.

    >>> description("count pairs", "One *idea*. It `counts`.\\n\\n    x = 1\\n\\nThe loss is 2.4497.", ["2.4497"])
    'Count pairs. One idea. It counts.'
    """
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    words = [block for block in blocks if not block.startswith((" ", "\t", "|")) and not _LIST.match(block)]
    paragraphs = [list(_before_numbers(block, without)) for block in words]
    made = f"{title[:1].upper()}{title[1:]}."
    for sentence in next(filter(None, paragraphs), []):
        if len(f"{made} {sentence}") > LONGEST:
            return (
                made if len(made) >= LONGEST / 2 else textwrap.shorten(f"{made} {sentence}", LONGEST, placeholder=" …")
            )
        made += f" {sentence}"
    return made


def _before_numbers(paragraph: str, numbers: Collection[str]) -> Iterator[str]:
    """Yield the sentences of a paragraph up to the first that states one of the numbers."""
    sentences = filter(None, re.split(r"(?<=[.!?])\s+(?=\S)", " ".join(_bare(paragraph).split())))
    return takewhile(lambda sentence: not any(literal(number).search(sentence) for number in numbers), sentences)


def _bare(text: str) -> str:
    """Return words without the signs of code and emphasis."""
    return _SIGN.sub(lambda match: match[0].strip("`*") if match["code"] or match["stress"] else match[0], text)


class _Hugo:
    """Writes Markdown that Hugo's renderer, with all its usual extensions, takes for what was typed."""

    # signs inside a line: of Markdown, of HTML, of shortcodes, and the hyphens of a flag, which would become a dash
    _signs = r"[\\`*_<\[&~$|]|\{\{|--+"
    _begins = re.compile(r"^(?:(\d+)([.)])(?=\s)|([#=]+|[-+:](?=\s)|-+$|>))", re.MULTILINE)

    def __init__(self, instead: Mapping[str, str]):
        self._instead = dict(instead)
        numbers = "|".join(literal(number).pattern for number in sorted(instead, key=len, reverse=True))
        self._either = re.compile(
            rf"(?P<code>(?P<ticks>`+).+?(?P=ticks))|{_STRESS}|(?P<number>{numbers or '(?!)'})|(?P<sign>{self._signs})",
            re.DOTALL,
        )

    def plain(self, text: str) -> str:
        """Return words; what begins like a list or a heading begins none, unless the block is a list."""
        lists = _LIST.match(text) is not None
        lines = [line.strip() if not lists else line.rstrip() for line in text.split("\n")]
        if lists:
            return "\n".join(self._item(line) for line in lines)
        return self._begins.sub(self._escaped_begin, self._inline("\n".join(lines)))

    def kept(self, block: str) -> str:
        """Return lines that stay as they are; as words where Hugo would find a shortcode in them."""
        if "{{" in block:
            return "\\\n".join(map(self.plain, block.strip("\n").split("\n")))
        return _kept(block)

    def _item(self, line: str) -> str:
        sign = _LIST.match(line)
        return line[: sign.end()] + self._inline(line[sign.end() :]) if sign else self._inline(line)

    def _inline(self, text: str) -> str:
        return self._either.sub(self._piece, text)

    def _piece(self, match: re.Match[str]) -> str:
        if match["number"]:
            return self._instead[match["number"]]
        if match["code"] and "{{" not in match["code"]:
            return match["code"]
        if match["stress"]:
            return f"*{self._inline(match['stress'][1:-1])}*"
        shown = match[0].strip("`") or match[0]  # code in which Hugo would find a shortcode is shown as words
        return "".join(f"\\{sign}" if sign in "\\`*_<[&~$|{-" else sign for sign in shown)

    @staticmethod
    def _escaped_begin(match: re.Match[str]) -> str:
        return f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}"


def _parts(block: str, plain: Callable[[str], str], kept: Callable[[str], str]) -> list[str]:
    """Cut a block where indented lines begin and end: a formula needs no blank line around it."""
    lines = block.split("\n")
    if _LIST.match(lines[0]):
        return [plain(block)]
    if all(line[:1] in (" ", "\t", "|") for line in lines):
        return [kept(block)]
    parts = []
    for indented, some in groupby(lines, lambda line: line.startswith(("    ", "\t", "| "))):
        part = "\n".join(some)
        parts.append(kept(part) if indented else plain(part))
    return parts


def _kept(block: str) -> str:
    """Return the block as Markdown's code: four columns further in, unless it is already."""
    return block if all(line.startswith("    ") for line in block.split("\n")) else textwrap.indent(block, "    ")


def _plain(text: str) -> str:
    return _SIGN.sub(lambda match: match[0] if match["code"] or match["stress"] else f"\\{match[0]}", text)


def _words(text: str) -> str:
    """Return words in which no line begins a list, unless the block is one."""
    return _plain(text) if _LIST.match(text) else _BEGINS.sub(r"\1\\\2", _plain(text))
