"""The figure of the teacher: what counts that teach do to the loss on train and to that on unseen names."""

import statistics
from typing import Any

from deltas.figures import wording
from deltas.figures.runs import Runs
from deltas.figures.style import Figure, Palette

ORDER = ("taught", "alone", "teacher-only", "teacher", "kneser-ney")
MEASURES = {
    "train_loss": ("on train", "s", "full"),
    "test_loss_unseen": ("on test names that train lacks", "o", "none"),
}


def figures(runs: Runs) -> list[Figure]:
    """Return the figure, where all runs are there."""
    return [_gap(runs)] if runs.has(*ORDER) else []


def _gap(runs: Runs) -> Figure:
    means = {run: [statistics.fmean(runs.metric(run, metric)) for metric in MEASURES] for run in ORDER}
    gaps = {run: unseen - train for run, (train, unseen) in means.items()}

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(ORDER):
            axes.plot(means[run], [at, at], color=palette.faint, linewidth=1)
            for which, (metric, (label, mark, fill)) in enumerate(MEASURES.items()):
                values, mean = runs.metric(run, metric), means[run][which]
                axes.plot(
                    values, [at] * len(values), mark, color=palette.lines[which], ms=5, fillstyle=fill,
                    label=label if at == 0 else None,
                )  # fmt: skip
                axes.annotate(
                    f"{mean:.3f}", (mean, at), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8
                )
        axes.set_yticks(range(len(ORDER)), ORDER)
        axes.set_ylim(len(ORDER) - 0.5, -0.6)
        axes.margins(x=0.1)
        axes.set_xlabel("loss, nats per character (lower is better)")
        axes.grid(axis="x", color=palette.faint, alpha=0.3, linewidth=0.6)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)

    unseen, train = (wording.moves(means["alone"][at], means["taught"][at], 3) for at in (1, 0))
    return Figure(
        name="gap",
        title="What a teacher changes, on the names of train and on others",
        caption=(
            f"With a teacher the loss on unseen names {unseen}, and on train it {train}. The gap between the two "
            f"{wording.moves(gaps['alone'], gaps['taught'], 2)}; that of the teacher is {gaps['teacher']:.2f}: it was "
            "counted on the names of train. "
            "A mark is a seed, a number the mean of the seeds."
        ),
        description=(
            "A dot plot with a row for each run: its loss on train and on unseen test names, joined by a line. The "
            "gaps are: " + wording.listed([f"{run} {gap:.2f}" for run, gap in gaps.items()]) + "."
        ),
        columns=("run", "train", "unseen", "gap"),
        rows=tuple((run, *(round(mean, 4) for mean in means[run]), round(gaps[run], 4)) for run in ORDER),
        draw=draw,
        size=(7.2, 3.2),
    )
