"""Stage 05: the same training in less time."""

import statistics
from itertools import accumulate

from deltas.figures.runs import Runs, printed
from deltas.figures.style import DASHES, Figure, Palette

EVERY = 10  # steps between two lines that makemore prints


def figures(runs: Runs) -> list[Figure]:
    """Return the figures whose runs are there."""
    return [_times(runs)] if runs.has("fast", "padded") else []


def _times(runs: Runs) -> Figure:
    shown = {}
    for run in ("fast", "padded"):
        lines = printed(runs.first(run))
        seconds = list(accumulate(took * EVERY for *_, took in lines))
        groups = range(EVERY - 1, len(lines), EVERY)
        shown[run] = [
            (lines[at][0], seconds[at], statistics.fmean(loss for _, loss, _ in lines[at - EVERY + 1 : at + 1]))
            for at in groups
        ]

    def draw(figure, palette: Palette) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, column, label in zip(grid, (0, 1), ("step", "seconds, on one thread"), strict=True):
            for at, (run, points) in enumerate(shown.items()):
                axes.plot(
                    [point[column] for point in points], [point[2] for point in points], color=palette.lines[at],
                    linestyle=DASHES[at], linewidth=2.2 - at, label=run if column == 0 else None,
                )  # fmt: skip
            axes.set_xlabel(label)
            axes.set_ylim(top=2.5)
            axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        grid[0].set_ylabel("training loss, mean of 100 steps")
        figure.legend(loc="outside upper center", ncols=2)

    ratio = shown["fast"][-1][1] / shown["padded"][-1][1]
    return Figure(
        name="times",
        title="Step by step the same, second by second not",
        caption=(
            "Left: the two losses lie on each other, for they are the same sums in another order. Right: with every "
            f"beginning computed once, and attention in one call, the same steps take {ratio:.0%} of the time (one "
            "seed; every tenth step's time, times ten)."
        ),
        description="Two line charts of falling training losses, by step where they agree, and by seconds.",
        columns=("run", "step", "seconds", "training loss"),
        rows=tuple((run, step, round(s, 1), round(x, 4)) for run, points in shown.items() for step, s, x in points),
        draw=draw,
        size=(8.0, 3.4),
    )
