"""How figures look: a palette for light pages and one for dark, text kept as text, the same bytes from the same data.

A figure is at most WIDE inches wide and its letters are at least SMALL points high, so that it can be read in a column
of text; a page never shows it so small that it cannot (pages/svg.py). One that is NARROW can be read on a telephone as
a whole.

The colours are Okabe and Ito's. On white only blue, vermillion, green, purple and black reach a contrast of 3:1; on a
dark ground the others do. Lines differ in their dashes too, so that nothing is told by colour alone.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WIDE, NARROW, SMALL = 7.2, 3.65, 8
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


@dataclass(frozen=True)
class Palette:
    """The colours of one theme.

    suffix: what the file's name gets. ink: text and axes. faint: grids and guides. lines: a colour for each series.
    ramp: the colour map for amounts. split: the colour map for what lies on both sides of zero.
    """

    suffix: str
    ink: str
    faint: str
    lines: tuple[str, ...]
    ramp: str
    split: str


LIGHT = Palette("", "#1a1a1a", "#8a8a8a", ("#0072B2", "#D55E00", "#007a5a", "#9c4f86", "#000000"), "Blues", "RdBu_r")
DARK = Palette(
    ".dark", "#ececec", "#8f8f8f", ("#56B4E9", "#E69F00", "#F0E442", "#5fd3a8", "#ffffff"), "magma", "managua"
)


@dataclass(frozen=True)
class Figure:
    """A picture and what it says in words.

    caption: what the picture shows, made from the same data. description: the picture in words, for those who cannot
    see it. columns, rows: its data as a table. draw(figure, palette) fills an empty matplotlib figure of `size` inches.
    """

    name: str
    title: str
    caption: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    draw: Callable[[Any, Palette], None]
    size: tuple[float, float] = (7.0, 3.6)


def save(figure: Figure, folder: Path) -> list[Path]:
    """Write NAME.svg for light pages and NAME.dark.svg for dark ones; the background is left to the page."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    written = []
    for palette in (LIGHT, DARK):
        with pyplot.rc_context(_settings(palette)):
            canvas = pyplot.figure(figsize=figure.size, layout="constrained")
            figure.draw(canvas, palette)
            path = folder / f"{figure.name}{palette.suffix}.svg"
            canvas.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            pyplot.close(canvas)
        path.write_text(_described(path.read_text(encoding="utf-8"), figure), encoding="utf-8")
        written.append(path)
    return written


def _settings(palette: Palette) -> Any:
    """Return matplotlib's settings for a palette, as a dict; its own type for that lists all their names."""
    ink = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), palette.ink)
    return {
        **ink,
        "svg.hashsalt": "deltas",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "sans-serif"],
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "legend.fontsize": SMALL,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "lines.linewidth": 1.6,
        "legend.frameon": False,
    }


def _described(svg: str, figure: Figure) -> str:
    """Add what a screen reader says, and make ids the figure's own.

    matplotlib gives the same ids in every figure. A page that holds several would mix them up.
    """
    svg = svg[svg.index("<svg") :]
    for name in sorted(set(re.findall(r'\bid="([^"]+)"', svg)), key=len, reverse=True):
        own = f"{figure.name}-{name}"
        svg = svg.replace(f'id="{name}"', f'id="{own}"')
        svg = svg.replace(f"#{name})", f"#{own})").replace(f'href="#{name}"', f'href="#{own}"')
    head, _, rest = svg.partition(">")
    about = f"<title>{html.escape(figure.title)}</title><desc>{html.escape(figure.description)}</desc>"
    return f'{head} role="img">{about}{rest}'
