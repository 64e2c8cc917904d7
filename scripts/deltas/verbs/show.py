"""`show`: what a delta is about, then its diff, highlighted, with as much of the reader's own checkout as asked."""

import functools
import sys

import click

from ..core import console
from ..core.errors import BadInput, NoUpstream
from ..core.project import Project
from ..series.hunks import Hunk, hunks
from ..series.patches import Patch, load
from ..stages.build import workshop

COLOURS = {"+": "green", "-": "red"}


@click.command(help="Show stage NN: the prose of its patch, then the diff.")
@click.argument("stage")
@click.option(
    "--context", "-U", type=click.IntRange(min=0), default=3, show_default=True, help="Lines around each insertion."
)
@click.option("--raw", is_flag=True, help="The patch file as it is.")
@click.pass_obj
def command(project: Project, stage: str, context: int, raw: bool) -> int:
    """Show one patch. Without upstream the patch's own line of context is all there is, and a note says so."""
    series = load(project.patches)
    number = series.number(stage)
    if number == 0:
        raise BadInput(
            "stage 00 is upstream itself: it has no patch", "01 or later", ["less upstream/makemore/makemore.py"]
        )
    patch = series[number - 1]
    if raw:
        sys.stdout.buffer.write(patch.data)
        return 0
    _header(patch)
    try:
        with workshop(project) as shop:
            after = shop.files(shop.stages[number])
            diff = shop.repo.diff(shop.stages[number - 1].tree, shop.stages[number].tree, context)
    except NoUpstream as error:
        console.note(f"{error.found}; shown with the patch's own context")
        after, diff = {}, patch.diff
    for hunk in hunks(diff, after):
        _hunk(hunk, after.get(hunk.path))
    return 0


def _header(patch: Patch) -> None:
    """Print the title and the message."""
    console.say(console.style(f"{patch.number:02d} {patch.slug}", bold=True) + f"  Δ{patch.delta}: {patch.title}")
    console.say()
    console.say(patch.message)
    console.say()


def _hunk(hunk: Hunk, whole: bytes | None) -> None:
    """Print one hunk. The whole file is highlighted, since a line alone does not show that it stands in a string."""
    console.say(console.style(hunk.path, fg="cyan") + (f", {hunk.place}" if hunk.place else ""))
    painted = _painted(hunk.path, whole.decode(errors="replace")) if whole and console.coloured(sys.stdout) else None
    for line in hunk.lines:
        text = painted[line.new - 1] if painted and line.new else line.text
        number = console.style(f"{line.new or '':>5} ", dim=True)
        mark = console.style(line.kind, fg=COLOURS[line.kind], bold=True) if line.kind in COLOURS else " "
        console.say(f"{number}{mark} {text}")
    console.say()


@functools.cache  # a file has many hunks
def _painted(path: str, source: str) -> list[str]:
    """Return the lines of a file with the colours of a terminal."""
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import TextLexer, get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    return highlight(source, lexer, TerminalFormatter()).split("\n")
