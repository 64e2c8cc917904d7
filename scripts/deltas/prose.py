"""A header's plain text → safe HTML, by Markdown's rules without its HTML."""

import textwrap
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _markdown() -> MarkdownIt:
    # no HTML, no images, no links but those that are written out: a header is text of a patch, which anybody may send
    return MarkdownIt("commonmark", {"html": False}).disable(
        ["image", "html_block", "html_inline", "heading", "lheading"]
    )


def html(text: str) -> Markup:
    """Paragraphs, `code`, *emphasis*; a block that is indented, or quoted with `| `, is kept as it stands."""
    blocks = [
        textwrap.indent(textwrap.dedent(block), "    ") if _stands_as_it_is(block) else block
        for block in text.split("\n\n")
    ]
    return Markup(_markdown().render("\n\n".join(blocks)))


def inline(text: str) -> Markup:
    """The same for a line: `code` and *emphasis*."""
    return Markup(_markdown().renderInline(text))


def _stands_as_it_is(block: str) -> bool:
    lines = [line for line in block.split("\n") if line]
    return bool(lines) and all(line[0] in " \t|" for line in lines)
