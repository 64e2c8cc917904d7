"""`show`: what a delta is about, then its diff, highlighted, with as much of the reader's own checkout as asked."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..core import console
from ..core.errors import BadInput, NoUpstream
from ..core.project import Project
from ..series.hunks import Hunk, hunks
from ..series.patches import Patch, load
from ..stages import position
from ..stages.build import workshop

if TYPE_CHECKING:
    from ..pages.highlight import Tokens

MARKS = {"+": console.GOOD, "-": console.BAD}
# The kinds of pages/highlight.py. A comment is the lesson here: it is as easy to read as the code.
COLOURS: dict[str, dict[str, int | bool]] = {
    "c": {"fg": 30},  # teal
    "k": {"fg": 98},  # violet
    "s": {"fg": 130},  # brown
    "m": {"fg": 162},  # pink
    "d": {"bold": True},
    "b": {"fg": 31},  # blue
}
NUMBER = 5  # digits of a line number
GUTTER = NUMBER + 3  # columns: the number, a blank, the mark, a blank
HANG = 4  # columns: by so much is the rest of a wrapped line indented, on top of the line's own indentation
NARROWEST = 20  # columns: a line is not wrapped into fewer
WHEN = {"always": True, "never": False, "auto": None}


@click.command(help="Show stage NN, or the one where you stand: the prose of its patch, then the diff.")
@click.argument("stage", default="here")
@click.option(
    "--context",
    "-U",
    "around",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Lines around each insertion.",
)
@click.option("--raw", is_flag=True, help="The patch file as it is.")
@click.option("--no-pager", is_flag=True, help="Print at once, also what is longer than the screen.")
@click.option("--color", type=click.Choice(list(WHEN)), default="auto", show_default=True, help="When to colour.")
@click.pass_context
def command(context: click.Context, stage: str, around: int, raw: bool, no_pager: bool, color: str) -> int:
    """Show one patch. Without upstream the patch's own line of context is all there is, and a note says so."""
    project: Project = context.obj
    context.color = WHEN[color]
    series = load(project.patches)
    number = position.asked(project, series, stage)
    if number == 0:
        raise BadInput(
            "stage 00 is upstream itself: it has no patch", "01 or later", ["less upstream/makemore/makemore.py"]
        )
    patch = series[number - 1]
    if raw:
        sys.stdout.buffer.write(patch.data)
        return 0
    try:
        with workshop(project) as shop:
            after = shop.files(shop.stages[number])
            diff = shop.repo.diff(shop.stages[number - 1].tree, shop.stages[number].tree, around)
    except NoUpstream as error:
        console.note(f"{error.found}; shown with the patch's own context")
        after, diff = {}, patch.diff
    console.page(_lines(patch, hunks(diff, after), after), not no_pager)
    return 0


def _lines(patch: Patch, shown: Sequence[Hunk], after: Mapping[str, bytes]) -> Iterator[str]:
    """Give the title, the message and the hunks."""
    yield console.style(f"{patch.number:02d} {patch.slug}", bold=True) + f"  Δ{patch.delta}: {patch.title}"
    yield ""
    for line in patch.message.split("\n"):
        for row in wrapped([("", line)], console.width()):
            yield "".join(text for _, text in row)
    yield ""
    for hunk in shown:
        yield from _hunk(hunk, after.get(hunk.path))


def _hunk(hunk: Hunk, whole: bytes | None) -> Iterator[str]:
    """Give one hunk. The whole file is highlighted, since a line alone does not show that it stands in a string."""
    yield console.style(hunk.path, bold=True) + (f", {hunk.place}" if hunk.place else "")
    painted = _painted(hunk.path, whole) if whole and console.coloured(sys.stdout) else None
    columns = console.width()
    room = columns - GUTTER if columns and columns - GUTTER >= NARROWEST else None
    for line in hunk.lines:
        tokens = painted[line.new - 1] if painted and line.new else [("", line.text)]
        mark = console.style(line.kind, fg=MARKS[line.kind], bold=True) if line.kind in MARKS else " "
        gutter = console.style(f"{line.new or '':>{NUMBER}} ", fg=console.QUIET) + f"{mark} "
        hang = len(line.text) - len(line.text.lstrip()) + HANG
        hang = hang if room and room - hang >= NARROWEST else 0
        for row in wrapped(tokens, room, hang):
            yield gutter + "".join(console.style(text, **COLOURS[kind]) if kind else text for kind, text in row)
            gutter = " " * (GUTTER + hang)
    yield ""


def _painted(path: str, source: bytes) -> "list[Tokens]":
    from ..pages import highlight  # not at the top: what is not coloured needs no pygments

    return highlight.lines(path, source.decode(errors="replace"))


def wrapped(tokens: "Tokens", room: int | None, hang: int = 0) -> "Iterator[Tokens]":
    """Give a line as rows of at most `room` columns, broken behind a blank where there is one. None: one row.

    hang: so many columns less have all rows but the first.

    >>> list(wrapped([("k", "return"), ("", " a + b")], 9))
    [[('k', 'return'), ('', ' a ')], [('', '+ b')]]
    """
    text = "".join(part for _, part in tokens)
    row: Tokens = []
    ends = list(_ends(text, room, hang)) if room else [len(text)]
    start = 0
    for kind, part in tokens:
        while ends and start + len(part) > ends[0]:
            cut = ends.pop(0) - start
            row += [(kind, part[:cut])] if cut else []
            yield row
            row, part, start = [], part[cut:], start + cut
        row.append((kind, part))
        start += len(part)
    yield row


def _ends(text: str, room: int, hang: int) -> Iterator[int]:
    """Give where the rows of a text end: behind the last blank of a row's second half, or where the room ends."""
    start = 0
    while len(text) - start > room:
        blank = text.rfind(" ", start + room // 2, start + room)
        start, room = blank + 1 if blank >= 0 else start + room, room if start else room - hang
        yield start
    yield len(text)
