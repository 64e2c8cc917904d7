"""The figure of the tasks: what the committed baseline answers right, by difficulty, beside two simple answers."""

import statistics
from typing import Any

from deltas.figures import wording
from deltas.figures.runs import Runs
from deltas.figures.style import WIDE, Figure, Palette

ALONG = {  # run -> what its labels are
    "walk": "hops",
    "walk-on": "hops",
    "parity": "bits",
    "add": "columns of a carry",
    "add-early": "columns of a carry",
    "add-reversed-early": "columns of a carry",
    "brackets": "depth",
    "in-order": "letters",
    "programs": "concepts",
    "tools": "kind of question",
    "domains": "domain",
}
ORDER = tuple(ALONG)
BEYOND = {  # labels that are asked and never trained on
    "walk-on": ("4", "5"),
    "parity": ("18", "19", "20"),
    **dict.fromkeys(("add", "add-early", "add-reversed-early"), ("6", "8")),
    "in-order": ("9", "10", "11"),
    "tools": ("new",),
}
CHANCE = {"walk": 1 / 3, "walk-on": 1 / 2}  # one of the digits of the row is right
COLUMNS = 3
SIMPLE = (("commonest", "the commonest answer", "_"), ("counted", "Kneser-Ney counts", "x"))


def figures(runs: Runs) -> list[Figure]:
    """Return the figure, where all tasks were trained."""
    return [_answers(runs)] if runs.has(*ORDER) else []


def _answers(runs: Runs) -> Figure:
    right = {run: _sorted(runs.cells(run, "exact_match")) for run in ORDER}
    simple = {name: {run: runs.cells(run, name) for run in ORDER} for name, *_ in SIMPLE}
    means = {run: {label: statistics.fmean(values) for label, values in cells.items()} for run, cells in right.items()}

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(-(-(len(ORDER) + 1) // COLUMNS), COLUMNS, sharey=True)
        for axes, run in zip(grid.flat, ORDER, strict=False):
            labels = list(right[run])
            if all(label.isdigit() for label in labels):
                axes.plot(
                    range(len(labels)), [100 * mean for mean in means[run].values()], color=palette.lines[0], lw=1.2
                )
            for at, label in enumerate(labels):
                values = [100 * value for value in right[run][label]]
                axes.plot([at] * len(values), values, "o", color=palette.lines[0], ms=4, fillstyle="none")
            for which, (name, _, mark) in enumerate(SIMPLE, 1):
                values = [100 * statistics.fmean(simple[name][run][label]) for label in labels]
                axes.plot(range(len(labels)), values, mark, color=palette.lines[which], ms=7, mew=1.6)
            for at, label in enumerate(labels):
                if label in BEYOND.get(run, ()):
                    axes.axvspan(at - 0.5, at + 0.5, color=palette.faint, alpha=0.15, lw=0)
            if run in CHANCE:
                axes.axhline(100 * CHANCE[run], color=palette.faint, linestyle=":", lw=1.2)
            axes.set_xticks(range(len(labels)), labels, rotation=0 if max(map(len, labels)) < 3 else 30)
            axes.set_xlim(-0.5, len(labels) - 0.5)
            axes.set_title(run)
            axes.set_xlabel(ALONG[run])
            axes.set_ylim(-5, 105)
            axes.grid(axis="y", color=palette.faint, alpha=0.3, linewidth=0.6)
        for axes in grid[:, 0]:
            axes.set_ylabel("right, %")
        legend = grid.flat[len(ORDER)]  # the panel that is left
        legend.axis("off")
        handles = [legend.plot([], [], "o-", color=palette.lines[0], ms=4, fillstyle="none")[0]]
        handles += [
            legend.plot([], [], mark, color=palette.lines[which], ms=7, mew=1.6)[0]
            for which, (_, _, mark) in enumerate(SIMPLE, 1)
        ]
        handles += [legend.axvspan(0, 0, color=palette.faint, alpha=0.15, lw=0)]
        says = ["the committed baseline", *(says for _, says, _ in SIMPLE), "never trained on"]
        legend.legend(handles, says, loc="center", frameon=False)

    return Figure(
        name="answers",
        title="What is answered right, by how difficult it is",
        caption=(
            f"{_falls(means)} A circle is a seed, a line goes through their means. The ground is grey where training "
            "never showed the label; the dotted line is guessing among the ends of a row."
        ),
        description="Small charts, one for each run, of the share of right answers by label. Means: "
        + "; ".join(f"{run} {label} {100 * mean:.0f} %" for run, row in means.items() for label, mean in row.items())
        + ".",
        columns=("task", "label", "right", "the commonest answer", "Kneser-Ney counts"),
        rows=tuple(
            (run, label, round(mean, 4), *(round(statistics.fmean(simple[name][run][label]), 4) for name, *_ in SIMPLE))
            for run, row in means.items()
            for label, mean in row.items()
        ),
        draw=draw,
        size=(WIDE, 9.6),
    )


def _sorted(cells: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return the cells by difficulty, where the labels are numbers."""
    return dict(
        sorted(cells.items(), key=lambda cell: (not cell[0].isdigit(), int(cell[0]) if cell[0].isdigit() else 0))
    )


def _falls(means: dict[str, dict[str, float]]) -> str:
    """Say in which tasks the hardest label is answered less often than the easiest, and in which it is not."""
    numbered = {run: list(row.values()) for run, row in means.items() if all(label.isdigit() for label in row)}
    falling = [run for run, row in numbered.items() if row[-1] < row[0] - 0.1]
    others = [run for run in numbered if run not in falling]
    said = [f"falls in {wording.listed(falling)}"] if falling else []
    said += [f"does not in {wording.listed(others)}"] if others else []
    return f"From the easiest label to the hardest the share of right answers {', and '.join(said)}." if said else ""
