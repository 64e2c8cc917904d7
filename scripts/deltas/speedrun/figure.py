"""The figure of the race: test loss against wall time."""

import statistics
from typing import Any

from ..core import numbers
from ..figures.style import DASHES, Figure, Palette
from . import tables
from .record import Document


def race(record: Document) -> Figure:
    """Return the figure of a record: a line for every training. The time of evaluations is not in it."""
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
        for at, one in enumerate(contestants):
            for n, curve in enumerate(one["curves"]):
                _, seconds, losses = zip(*curve, strict=True)
                axes.plot(
                    seconds, losses, color=palette.lines[at % len(palette.lines)], linestyle=DASHES[at % len(DASHES)],
                    linewidth=1.2, alpha=0.8, label=labels[one["name"]] if n == 0 else None,
                )  # fmt: skip
        axes.axhline(limit, color=palette.ink, linewidth=0.8)
        axes.annotate(
            f"{tables.NEAR} above {name}'s best", (0, limit), xycoords=("axes fraction", "data"), xytext=(4, -9),
            textcoords="offset points", fontsize=7.5,
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200, 500], ["1", "2", "5", "10", "20", "50", "100", "200", "500"])
        axes.minorticks_off()
        axes.set_xlim(left=1.5)
        axes.set_ylim(1.85, 2.5)
        axes.set_xlabel(f"seconds on {record['cores']} cores (logarithmic), evaluation not counted")
        axes.set_ylabel("test loss, nats per character")
        axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        figure.legend(loc="outside upper center", ncols=3, fontsize=8)

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
        size=(7.6, 4.2),
    )


def caption(record: Document) -> str:
    """Return what the figure shows: the reference's best, and who ends lowest."""
    contestants = record["contestants"]
    first, lowest = _first(record), min(contestants, key=lambda one: statistics.fmean(one["test_loss"]))
    took = {one["name"]: numbers.fixed(statistics.median(one["seconds"]), 0) for one in (first, lowest)}
    return (
        f"{first['name'].capitalize()} trains for {took[first['name']]} s and is at its best, "
        f"{numbers.fixed(tables.best(first), 3)}, on the way. {lowest['name'].capitalize()} ends after "
        f"{took[lowest['name']]} s at {numbers.fixed(statistics.fmean(lowest['test_loss']), 3)}. "
        "The test names are the same for all."
    )


def _first(record: Document) -> Document:
    first = tables.reference(record)
    assert first, "a record has all contestants"
    return first
