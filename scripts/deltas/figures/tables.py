"""A 27 × 27 table of next characters as a picture."""

from typing import Any

import numpy

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the end of a name, then the alphabet, as makemore numbers them


def draw(axes: Any, table: numpy.ndarray, title: str, *, cmap: str, limits: tuple[float, float]) -> Any:
    """Draw a table (27, 27) whose row i says what follows character i; return what a colour bar needs."""
    mesh = axes.pcolormesh(table, cmap=cmap, vmin=limits[0], vmax=limits[1], rasterized=True)
    axes.set_title(title)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    ticks = numpy.arange(len(LETTERS)) + 0.5
    axes.set_xticks(ticks, list(LETTERS), fontsize=7)
    axes.set_yticks(ticks, list(LETTERS), fontsize=7)
    axes.tick_params(length=0)
    axes.set_xlabel("next character")
    for side in axes.spines.values():
        side.set_visible(False)
    return mesh
