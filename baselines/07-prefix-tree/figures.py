"""The figure of the prefix tree: the same training, by steps and by seconds."""

import statistics
from itertools import accumulate
from typing import Any

from deltas.figures import wording
from deltas.figures.runs import Folder, Runs, printed
from deltas.figures.style import DASHES, WIDE, Figure, Palette

ORDER = ("fast", "padded")
EVERY = 10  # steps between two lines that makemore prints
GROUP = 10  # such lines that make a point
SAME = 0.01  # nats by which two curves may differ that lie on each other

Point = tuple[int, float, float]  # step, seconds until then, mean training loss of the last lines


def figures(runs: Runs) -> list[Figure]:
    """Return the figure, where both runs are there."""
    return [_times(runs)] if runs.has(*ORDER) else []


def _points(folder: Folder) -> list[Point]:
    """Return a point for every GROUP lines of a run's log."""
    lines = printed(folder)
    seconds = list(accumulate(took * EVERY for *_, took in lines))
    return [
        (
            lines[at][0],
            round(seconds[at], 3),
            round(statistics.fmean(loss for _, loss, _ in lines[at - GROUP + 1 : at + 1]), 4),
        )
        for at in range(GROUP - 1, len(lines), GROUP)
    ]


def _times(runs: Runs) -> Figure:
    kept = runs.keep("times", lambda: {run: _points(runs.first(run)) for run in ORDER})
    shown: dict[str, list[Point]] = {run: [(step, took, loss) for step, took, loss in kept[run]] for run in ORDER}

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, column, label in zip(grid, (0, 1), ("step", "seconds, on one thread"), strict=True):
            for at, (run, points) in enumerate(shown.items()):
                axes.plot(
                    [point[column] for point in points], [point[2] for point in points], color=palette.lines[at],
                    linestyle=DASHES[at], linewidth=2.2 - at, label=run,
                )  # fmt: skip
            axes.set_xlabel(label)
            axes.set_ylim(top=2.5)
            axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        grid[0].set_ylabel("training loss,\nmean of ten batches in 100 steps")
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)

    apart = max(abs(one[2] - other[2]) for one, other in zip(*shown.values(), strict=False))
    ratio = shown["fast"][-1][1] / shown["padded"][-1][1]
    return Figure(
        name="times",
        title="The same training, by steps and by seconds",
        caption=f"{_by_steps(apart)} {_by_seconds(ratio)} (One seed; every tenth step's time, times ten.)",
        description=(
            f"Two line charts of falling training losses. By steps the two curves differ by {apart:.4f} nats at most; "
            f"by seconds fast ends after {shown['fast'][-1][1]:.0f}, padded after {shown['padded'][-1][1]:.0f}."
        ),
        columns=("run", "step", "seconds", "training loss"),
        rows=tuple(
            (run, step, round(seconds, 1), round(loss, 4))
            for run, points in shown.items()
            for step, seconds, loss in points
        ),
        draw=draw,
        size=(WIDE, 3.4),
    )


def _by_steps(apart: float) -> str:
    """Say whether the two runs lose the same, step by step."""
    if apart <= SAME:
        return "Left: the two losses lie on each other, for they are the same sums in another order."
    return f"Left: the two losses go apart, by up to {apart:.3f} nats."


def _by_seconds(ratio: float) -> str:
    """Say what computing every beginning once does to the time."""
    says = "Right: with every beginning computed once, the same steps take"
    return f"{says} {wording.percent(ratio)} of the time." if ratio < 1 else f"{says} no less time ({ratio:.2f} times)."
