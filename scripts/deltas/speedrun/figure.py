"""The figure of the race: test loss against wall time."""

import statistics
from typing import Any

from ..core import numbers
from ..figures.style import DASHES, SMALL, WIDE, Figure, Palette
from . import tables
from .record import Document

BOTTOM, TOP = 1.85, 2.5  # of the losses that are shown
APART = 0.028  # so far in losses stand two labels, one above the other


def race(record: Document) -> Figure:
    """Return the figure of a record: a line for every contestant. The time of evaluations is not in it."""
    contestants = record["contestants"]
    name, limit = record["reference"], tables.best(_first(record)) + tables.NEAR
    labels = {one["name"]: f"{one['name']}, {one['steps']:,} steps" for one in contestants}
    rows = [
        (one["name"], seed, *(round(value, 4) for value in point))
        for one in contestants
        for seed, curve in zip(one["seeds"], one["curves"], strict=True)
        for point in curve
    ]

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        ends = []
        for at, one in enumerate(contestants):
            seconds, middle, low, high = _middle(one)
            look = {"color": palette.lines[at % len(palette.lines)], "linestyle": DASHES[at % len(DASHES)]}
            axes.plot(seconds, middle, linewidth=1.6, label=labels[one["name"]], **look)
            axes.fill_between(seconds, low, high, color=look["color"], alpha=0.15, linewidth=0)
            ends.append((middle[-1], seconds[-1], labels[one["name"]], look["color"]))
        axes.axhline(limit, color=palette.ink, linewidth=0.8)
        axes.annotate(
            f"{tables.NEAR} above {name}'s best", (0, limit), xycoords=("axes fraction", "data"), xytext=(4, -11),
            textcoords="offset points", fontsize=SMALL,
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200, 500], ["1", "2", "5", "10", "20", "50", "100", "200", "500"])
        axes.minorticks_off()
        axes.set_xlim(left=1.5)
        axes.set_ylim(BOTTOM, TOP)
        axes.set_xlabel(f"seconds on {record['cores']} cores (logarithmic), evaluation not counted")
        axes.set_ylabel("test loss, nats per character")
        axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        for (loss, took, label, colour), place in zip(
            sorted(ends), _places([loss for loss, *_ in sorted(ends)]), strict=True
        ):
            axes.annotate(
                label, (took, loss), xytext=(1.02, place), textcoords=axes.get_yaxis_transform(), va="center",
                fontsize=SMALL, color=colour, fontweight="bold",
                arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 3, "shrinkB": 0,
                            "relpos": (0, 0.5)},
            )  # fmt: skip

    return Figure(
        name="race",
        title="The names speedrun: loss against wall time",
        caption=caption(record),
        description="A line chart, seconds on a logarithmic axis: falling test losses of "
        + ", ".join(labels.values())
        + ".",
        columns=("training", "seed", "step", "seconds", "test loss"),
        rows=tuple(rows),
        draw=draw,
        size=(WIDE, 4.4),
    )


def _middle(one: Document) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return for every look the seconds and the loss, medians over the seeds, then the lowest and the highest loss."""
    looks = list(zip(*one["curves"], strict=False))
    seconds = [statistics.median(took for _, took, _ in look) for look in looks]
    losses = [[loss for *_, loss in look] for look in looks]
    return (
        seconds,
        [statistics.median(row) for row in losses],
        [min(row) for row in losses],
        [max(row) for row in losses],
    )


def _places(losses: list[float]) -> list[float]:
    """Return where labels stand that belong to losses in ascending order: near them, and none on another.

    >>> [round(place, 2) for place in _places([1.9, 1.9, 2.3])]
    [1.89, 1.91, 2.3]
    """
    places: list[float] = []
    for loss in losses:
        least = places[-1] + APART if places else BOTTOM + APART / 2
        places.append(max(least, loss - (0.5 * APART if not places else 0)))
    return places


def caption(record: Document) -> str:
    """Return what the figure shows: the reference's best, and who ends lowest."""
    contestants = record["contestants"]
    first, lowest = _first(record), min(contestants, key=lambda one: statistics.fmean(one["test_loss"]))
    took = {one["name"]: numbers.fixed(statistics.median(one["seconds"]), 0) for one in (first, lowest)}
    return (
        f"{first['name'].capitalize()} trains for {took[first['name']]} s and is at its best, "
        f"{numbers.fixed(tables.best(first), 3)}, on the way. {lowest['name'].capitalize()} ends after "
        f"{took[lowest['name']]} s at {numbers.fixed(statistics.fmean(lowest['test_loss']), 3)}. "
        "A line is the median over the seeds, and its band goes from the lowest to the highest of them. "
        "The test names are the same for all."
    )


def _first(record: Document) -> Document:
    first = tables.reference(record)
    assert first, "a record has all contestants"
    return first
