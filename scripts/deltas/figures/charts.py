"""Charts that several stages draw: a metric of several runs side by side, names side by side."""

import statistics
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from .runs import Runs
from .style import Figure, Palette


def dots(
    runs: Runs,
    names: Sequence[str],
    shown: Sequence[tuple[str, str]],
    across: str,
    title: str,
    caption: str,
    name: str = "losses",
) -> Figure:
    """Return a row for every run, where the value of every seed is a dot.

    shown: two metrics with what the legend says of them; the second one's dots are hollow. across: what the axis says.
    """
    styles = ((-0.14, "o", "full"), (0.14, "D", "none"))  # shift, mark, how the mark is filled
    rows = []
    for run in names:
        for metric, _ in shown:
            values = runs.metric(run, metric)
            sd = round(statistics.stdev(values), 4) if len(values) > 1 else None
            rows.append((run, metric, round(statistics.fmean(values), 4), sd, len(values)))

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(names):
            for which, ((metric, label), (shift, mark, fill)) in enumerate(zip(shown, styles, strict=False)):
                values = runs.metric(run, metric)
                axes.plot(
                    values, [at + shift] * len(values), mark, color=palette.lines[which], ms=5, fillstyle=fill,
                    label=label if at == 0 else None,
                )  # fmt: skip
                axes.annotate(
                    f"{statistics.fmean(values):.3f}", (max(values), at + shift), xytext=(7, 0),
                    textcoords="offset points", va="center", fontsize=7.5,
                )  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.margins(x=0.12)
        axes.set_xlabel(across)
        axes.grid(axis="x", color=palette.faint, alpha=0.3, linewidth=0.6)
        figure.legend(loc="outside upper left", ncols=2)

    return Figure(
        name=name,
        title=title,
        caption=caption,
        description="A dot plot with a row for each run: " + "; ".join(f"{r} {m} {v}" for r, m, v, _, _ in rows) + ".",
        columns=("run", "metric", "mean", "sd", "seeds"),
        rows=tuple(rows),
        draw=draw,
        size=(7.0, 1.3 + 0.5 * len(names)),
    )


def names(
    runs: Runs, left: str, right: str, title: str, caption: str, count: int = 14, compare: bool = False
) -> Figure:
    """Return names of two runs' first seeds side by side.

    compare: characters that differ stand out, by colour and weight.
    """
    pairs = [
        tuple((folder.path / "samples.txt").read_text(encoding="utf-8").splitlines()[:count])
        for folder in (runs.first(left), runs.first(right))
    ]
    rows = list(zip(*pairs, strict=True))

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.set(xlim=(0, 44), ylim=(count + 0.5, -1.2))
        for column, run in ((1, left), (23, right)):
            axes.text(column, -0.6, run, fontweight="bold", va="center")
        for at, (first, second) in enumerate(rows):
            for column, name, other in ((1, first, second), (23, second, first)):
                for place, (mine, theirs) in enumerate(zip_longest(name, other, fillvalue="")):
                    if mine:
                        differs = compare and mine != theirs
                        axes.text(
                            column + place * 0.95, at + 0.4, mine, family="monospace", ha="center", va="center",
                            color=palette.lines[1] if differs else palette.ink, fontweight="bold" if differs else None,
                        )  # fmt: skip

    return Figure(
        name="names",
        title=title,
        caption=caption,
        description=f"Two columns of {count} names, from {left} and from {right}.",
        columns=(left, right),
        rows=tuple(rows),
        draw=draw,
        size=(6.0, 0.6 + 0.22 * count),
    )
