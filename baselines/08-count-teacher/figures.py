"""The figure of the teacher: what counts that teach do to the loss on train and to that on unseen names."""

import statistics

from deltas.figures import charts, wording
from deltas.figures.runs import Runs
from deltas.figures.style import Figure

ORDER = ("taught", "alone", "teacher-only", "teacher", "kneser-ney")
SEEN, UNSEEN = ("train_loss", "on train"), ("test_loss_unseen", "on test names that train lacks")


def figures(runs: Runs) -> list[Figure]:
    """Return the figure, where all runs are there."""
    return [_gap(runs)] if runs.has(*ORDER) else []


def _gap(runs: Runs) -> Figure:
    means = {run: [statistics.fmean(runs.metric(run, metric)) for metric, _ in (SEEN, UNSEEN)] for run in ORDER}
    gaps = {run: unseen - train for run, (train, unseen) in means.items()}
    unseen, train = (wording.moves(means["alone"][at], means["taught"][at], 3) for at in (1, 0))
    return charts.gap(
        runs,
        ORDER,
        SEEN,
        UNSEEN,
        "loss, nats per character (lower is better)",
        name="gap",
        title="What a teacher changes, on the names of train and on others",
        caption=(
            f"With a teacher the loss on unseen names {unseen}, and on train it {train}. The gap between the two "
            f"{wording.moves(gaps['alone'], gaps['taught'], 2)}; that of the teacher is {gaps['teacher']:.2f}: it was "
            "counted on the names of train."
        ),
    )
