"""Charts that several stages draw: the seeds of several runs side by side."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.numbers import fixed
from . import wording
from .runs import Runs
from .style import NARROW, SMALL, Figure, Palette

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
    digits: int = 3,
    percent: bool = False,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Return a figure with a row for each run, a dot for each seed, and the means in a column at the right edge.

    measures: one or two metrics, each with its label. along: the label of the axis. digits: decimals of the means.
    percent: whether the numbers are shares, to be shown times 100. labels: what a run is called, if not by its name.
    """
    rows = []
    for run in order:
        for metric in measures:
            values = runs.metric(run, metric)
            deviation = round(statistics.stdev(values), 4) if len(values) > 1 else None
            rows.append((run, metric, round(statistics.fmean(values), 4), deviation, len(values)))

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        _dots(axes, runs, order, measures, palette, digits, percent)
        axes.set_yticks(range(len(order)), [(labels or {}).get(run, run) for run in order])
        figure.supxlabel(along, fontsize=SMALL)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, columnspacing=1)

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
        size=(NARROW, 1.2 + 0.42 * len(order)),
    )


def gap(
    runs: Runs,
    order: Sequence[str],
    seen: tuple[str, str],
    unseen: tuple[str, str],
    along: str,
    *,
    name: str,
    title: str,
    caption: str,
) -> Figure:
    """Return a figure with a row for each run: a metric on what it was trained on, the same on what it was not, a line.

    seen, unseen: a metric and its label. A mark stands for a seed, a number for the mean of the seeds.
    """
    measures = {seen[0]: (seen[1], "s", "full"), unseen[0]: (unseen[1], "o", "none")}
    means = {run: [statistics.fmean(runs.metric(run, metric)) for metric in measures] for run in order}
    gaps = {run: higher - lower for run, (lower, higher) in means.items()}

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(order):
            axes.plot(means[run], [at, at], color=palette.faint, linewidth=1)
            for which, (metric, (label, mark, fill)) in enumerate(measures.items()):
                values, mean = runs.metric(run, metric), means[run][which]
                axes.plot(
                    values, [at] * len(values), mark, color=palette.lines[which], ms=5, fillstyle=fill,
                    label=label if at == 0 else None,
                )  # fmt: skip
                axes.annotate(
                    f"{mean:.3f}", (mean, at), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=SMALL
                )
        axes.set_yticks(range(len(order)), order)
        axes.set_ylim(len(order) - 0.5, -0.6)
        axes.margins(x=0.1)
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="x", color=palette.faint, alpha=0.3, linewidth=0.6)
        figure.supxlabel(along, fontsize=SMALL)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, columnspacing=1)

    return Figure(
        name=name,
        title=title,
        caption=f"{caption} A mark is a seed, a number the mean of the seeds.",
        description=(
            f"A dot plot with a row for each run: its loss {seen[1]} and {unseen[1]}, joined by a line. The gaps are: "
            + wording.listed([f"{run} {gap:.2f}" for run, gap in gaps.items()])
            + "."
        ),
        columns=("run", "train", "unseen", "gap"),
        rows=tuple((run, *(round(mean, 4) for mean in means[run]), round(gaps[run], 4)) for run in order),
        draw=draw,
        size=(NARROW, 1.0 + 0.4 * len(order)),
    )


def powers(axes: Any) -> None:
    """Write the numbers of a logarithmic axis as 0.01 and 1e-06: letters above the line would be too small to read."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    if math.log10(high) - math.log10(low) < 1.5:  # one power of ten alone says little
        from matplotlib.ticker import LogLocator

        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))


def _dots(
    axes: Any,
    runs: Runs,
    order: Sequence[str],
    measures: Mapping[str, str],
    palette: Palette,
    digits: int,
    percent: bool,
) -> None:
    """Draw the rows."""
    times = 100 if percent else 1
    places = [
        (run, metric, at + 0.28 * which - 0.14 * (len(measures) - 1), which)
        for at, run in enumerate(order)
        for which, metric in enumerate(measures)
    ]
    for run, metric, row, which in places:
        values = [times * value for value in runs.metric(run, metric)]
        mark, fill = MARKS[which]
        label = measures[metric] if run == order[0] else None
        axes.plot(values, [row] * len(values), mark, color=palette.lines[which], ms=5, fillstyle=fill, label=label)
        mean = wording.percent(statistics.fmean(values) / times) if percent else fixed(statistics.fmean(values), digits)
        axes.text(1.01, row, mean, transform=axes.get_yaxis_transform(), va="center", fontsize=SMALL)
    means = [
        (times * statistics.fmean(runs.metric(run, metric)), row)
        for run, metric, row, _ in places
        if len(runs.of(run)) > 1
    ]
    if means:
        axes.plot(*zip(*means, strict=True), "|", color=palette.ink, ms=11, mew=1.2, label="mean of the seeds")
        axes.text(1.01, 1.0, "mean", transform=axes.transAxes, va="bottom", fontsize=SMALL, fontweight="bold")
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="x", color=palette.faint, alpha=0.3, linewidth=0.6)
