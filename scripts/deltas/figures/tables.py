"""A 27 × 27 table of next characters as a picture."""

from typing import Any

import numpy

from .style import SMALL

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the end of a name, then the alphabet, as makemore numbers them

NO_BREAK = "\N{NO-BREAK SPACE}"


def draw(
    axes: Any, table: numpy.ndarray, title: str, *, cmap: str, limits: tuple[float, float], small: bool = False
) -> Any:
    """Draw a table (27, 27) whose row i says what follows character i; return what a colour bar needs.

    small: whether its rows are lower than letters are, so that every second letter stands further out.
    """
    mesh = axes.pcolormesh(table, cmap=cmap, vmin=limits[0], vmax=limits[1], rasterized=True)
    axes.set_title(title)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    ticks = numpy.arange(len(LETTERS)) + 0.5
    axes.set_xticks(ticks, list(LETTERS), fontsize=SMALL)
    beside = [f"{letter}{3 * NO_BREAK}" if small and at % 2 else letter for at, letter in enumerate(LETTERS)]
    axes.set_yticks(ticks, beside, fontsize=SMALL)
    axes.tick_params(length=0)
    axes.set_xlabel("next character")
    for side in axes.spines.values():
        side.set_visible(False)
    return mesh
