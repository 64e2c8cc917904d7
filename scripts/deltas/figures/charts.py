"""Charts that several stages draw: the seeds of several runs side by side."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.numbers import fixed
from . import wording
from .runs import Runs
from .style import Figure, Palette

MARKS = (("o", "full"), ("D", "none"))  # of the first measure, of the second


def dots(
    runs: Runs,
    order: Sequence[str],
    measures: Mapping[str, str],
    along: str,
    *,
    name: str,
    title: str,
    caption: str,
    magnified: Sequence[str] = (),
) -> Figure:
    """Return a figure with a row for each run, a dot for each seed, and the means in a column at the right edge.

    measures: one or two metrics, each with its label. along: the label of the axis. magnified: runs that a second
    panel shows once more, at a scale of their own.
    """
    rows = []
    for run in order:
        for metric in measures:
            values = runs.metric(run, metric)
            deviation = round(statistics.stdev(values), 4) if len(values) > 1 else None
            rows.append((run, metric, round(statistics.fmean(values), 4), deviation, len(values)))

    def draw(figure: Any, palette: Palette) -> None:
        if magnified:
            panels = figure.subplots(1, 2, width_ratios=(3, 2))
            _dots(panels[0], runs, order, measures, palette)
            _dots(panels[1], runs, magnified, measures, palette, digits=4)
            panels[1].set_title(f"magnified: {wording.listed(magnified)}")
            figure.supxlabel(along, fontsize=9)
        else:
            axes = figure.add_subplot()
            _dots(axes, runs, order, measures, palette)
            axes.set_xlabel(along)
        handles = figure.axes[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper left", ncols=3)

    return Figure(
        name=name,
        title=title,
        caption=caption,
        description="A dot plot with a row for each run. Means: "
        + "; ".join(f"{run} {metric} {mean}" for run, metric, mean, *_ in rows)
        + ".",
        columns=("run", "metric", "mean", "sd", "seeds"),
        rows=tuple(rows),
        draw=draw,
        size=(8.6 if magnified else 7.0, 1.3 + 0.5 * len(order)),
    )


def _dots(
    axes: Any, runs: Runs, order: Sequence[str], measures: Mapping[str, str], palette: Palette, digits: int = 3
) -> None:
    """Draw the rows into one panel."""
    places = [
        (run, metric, at + 0.28 * which - 0.14 * (len(measures) - 1), which)
        for at, run in enumerate(order)
        for which, metric in enumerate(measures)
    ]
    for run, metric, row, which in places:
        values = runs.metric(run, metric)
        mark, fill = MARKS[which]
        label = measures[metric] if run == order[0] else None
        axes.plot(values, [row] * len(values), mark, color=palette.lines[which], ms=5, fillstyle=fill, label=label)
        mean = fixed(statistics.fmean(values), digits)
        axes.text(1.01, row, mean, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    means = [
        (statistics.fmean(runs.metric(run, metric)), row) for run, metric, row, _ in places if len(runs.of(run)) > 1
    ]
    if means:
        axes.plot(*zip(*means, strict=True), "|", color=palette.ink, ms=11, mew=1.2, label="mean of the seeds")
        axes.text(1.01, 1.0, "mean", transform=axes.transAxes, va="bottom", fontsize=8, fontweight="bold")
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color=palette.faint, alpha=0.3, linewidth=0.6)
