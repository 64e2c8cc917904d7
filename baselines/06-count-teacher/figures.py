"""Stage 06: what a teacher that counts is good for."""

import statistics

from deltas.figures import charts
from deltas.figures.runs import Runs
from deltas.figures.style import Figure, Palette

ORDER = ("taught", "alone", "teacher-only", "kneser-ney")


def figures(runs: Runs) -> list[Figure]:
    """Return the figures whose runs are there."""
    if not runs.has(*ORDER):
        return []
    return [
        _gap(runs),
        charts.names(
            runs, "alone", "taught", "Names without and with a teacher",
            "Nobody can tell from fourteen names which model had a teacher: so it is measured.",
        ),
    ]  # fmt: skip


def _gap(runs: Runs) -> Figure:
    metrics = (("train_loss", "on train", "s"), ("test_loss_unseen", "on test names that train lacks", "o"))
    means = {(run, metric): statistics.fmean(runs.metric(run, metric)) for run in ORDER for metric, *_ in metrics}
    gaps = {run: means[run, "test_loss_unseen"] - means[run, "train_loss"] for run in ORDER}

    def draw(figure, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(ORDER):
            ends = [means[run, metric] for metric, *_ in metrics]
            axes.plot(ends, [at, at], color=palette.faint, linewidth=1)
            for which, (metric, label, mark) in enumerate(metrics):
                values = runs.metric(run, metric)
                axes.plot(
                    values, [at] * len(values), mark, color=palette.lines[which], ms=5,
                    fillstyle="none" if which else "full", label=label if at == 0 else None,
                )  # fmt: skip
                axes.annotate(
                    f"{ends[which]:.3f}", (ends[which], at), xytext=(0, 7), textcoords="offset points", ha="center",
                    fontsize=7.5,
                )  # fmt: skip
        axes.set_yticks(range(len(ORDER)), ORDER)
        axes.set_ylim(len(ORDER) - 0.5, -0.6)
        axes.margins(x=0.1)
        axes.set_xlabel("loss, nats per character (lower is better)")
        axes.grid(axis="x", color=palette.faint, alpha=0.3, linewidth=0.6)
        figure.legend(loc="outside upper left", ncols=2)

    return Figure(
        name="gap",
        title="What a teacher changes, on the names of train and on others",
        caption=(
            f"With a teacher the loss on unseen names goes from {means['alone', 'test_loss_unseen']:.3f} to "
            f"{means['taught', 'test_loss_unseen']:.3f}, and on train from {means['alone', 'train_loss']:.3f} to "
            f"{means['taught', 'train_loss']:.3f}. The gap between the two goes from {gaps['alone']:.2f} to "
            f"{gaps['taught']:.2f}; the counts' own is {gaps['kneser-ney']:.2f}. A dot a seed."
        ),
        description="A dot plot with a row for each run, its loss on train and on unseen test names joined by a line.",
        columns=("run", "train", "unseen", "gap"),
        rows=tuple(
            (run, *(round(means[run, metric], 4) for metric, *_ in metrics), round(gaps[run], 4)) for run in ORDER
        ),
        draw=draw,
        size=(7.2, 3.2),
    )
