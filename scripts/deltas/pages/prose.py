"""Plain text of a header, or a note's Markdown → safe HTML.

A header is written for a terminal: `__init__`, W*x and P[i](j) are what they are, not emphasis and not a link.
"""

import re
import textwrap
from functools import cache
from itertools import groupby

from markdown_it import MarkdownIt
from markupsafe import Markup

# code stays; *words* are emphasis; any other sign of Markdown inside a line stands for itself
_SIGN = re.compile(r"(?P<code>(`+).+?\2)|(?P<stress>(?<![\w*])\*(?=[^\s*]).+?(?<=[^\s*])\*(?![\w*]))|[*_\\]", re.DOTALL)
# a line inside a paragraph that happens to begin like a list begins none: "the loss of delta / 1. Start at …"
_BEGINS = re.compile(r"^(\d*)([-+>.)])(?=\s)", re.MULTILINE)
_LIST = re.compile(r"\s*([-+*]|\d+[.)])\s")


@cache
def _markdown(links: bool) -> MarkdownIt:
    off = ["image", "html_block", "html_inline", "heading", "lheading", "hr"]
    return MarkdownIt("commonmark", {"html": False}).disable(off + ([] if links else ["link", "reference", "entity"]))


def html(text: str) -> Markup:
    """Return a header as HTML: paragraphs, lists, `code`, *emphasis*; indented and quoted lines stay as they are."""
    blocks = [part for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")) for part in _parts(block)]
    return Markup(_markdown(False).render("\n\n".join(blocks)))


def inline(text: str) -> Markup:
    """Return a line of a header as HTML."""
    return Markup(_markdown(False).renderInline(_plain(text)))


def note(text: str) -> Markup:
    """Return an author's Markdown as HTML: with links, without HTML of its own."""
    return Markup(_markdown(True).render(text))


def _parts(block: str) -> list[str]:
    """Cut a block where indented lines begin and end: a formula needs no blank line around it."""
    lines = block.split("\n")
    if _LIST.match(lines[0]):
        return [_plain(block)]
    if all(line[:1] in (" ", "\t", "|") for line in lines):
        return [_kept(block)]
    parts = []
    for kept, some in groupby(lines, lambda line: line.startswith(("    ", "\t", "| "))):
        part = "\n".join(some)
        parts.append(_kept(part) if kept else _BEGINS.sub(r"\1\\\2", _plain(part)))
    return parts


def _kept(block: str) -> str:
    """Return the block as Markdown's code: four columns further in, unless it is already."""
    return block if all(line.startswith("    ") for line in block.split("\n")) else textwrap.indent(block, "    ")


def _plain(text: str) -> str:
    return _SIGN.sub(lambda match: match[0] if match["code"] or match["stress"] else f"\\{match[0]}", text)
