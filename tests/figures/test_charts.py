"""The dot plot: a number stands where it is true, and means are those of the seeds."""

import numpy
import pytest

import fakeruns
from deltas.figures import charts

MEASURES = {"loss": "all", "loss_unseen": "unseen"}


@pytest.fixture
def runs(tmp_path):
    fake = fakeruns.FakeRuns(tmp_path)
    fake.add("steady", loss=[2.0, 2.02, 2.01], loss_unseen=[2.1, 2.12, 2.14])
    fake.add("scattered", loss=[2.2, 2.3, 2.9], loss_unseen=[2.25, 2.3, 3.1])
    fake.add("counted", loss=[2.5], loss_unseen=[2.6])
    return fake


def figure(runs, order=("steady", "scattered", "counted"), measures=MEASURES, **more):
    return charts.dots(
        runs.runs(), order, measures, "loss, nats", name="losses", title="Three runs.", caption="They differ.", **more
    )


def means(runs):
    """Return the oracle: run, metric -> mean."""
    by_run = {}
    for result in runs.results:
        for metric, value in result.metrics.items():
            by_run.setdefault((result.plan.run.name, metric), []).append(value)
    return {key: numpy.mean(values) for key, values in by_run.items()}


def written(axes) -> dict[float, str]:
    """Row -> the number at the right edge. Other numbers are nowhere in the panel."""
    column = {}
    for text in axes.texts:
        if text.get_text() != "mean":
            assert text.get_transform() == axes.get_yaxis_transform() and text.get_position()[0] > 1
            column[round(text.get_position()[1], 2)] = text.get_text()
    return column


def marks(axes) -> dict[float, float]:
    """Row -> where the mark of the mean stands."""
    (line,) = [line for line in axes.lines if line.get_marker() == "|"]
    return {round(row, 2): x for x, row in zip(*line.get_data(), strict=True)}


def test_every_mean_is_written_in_the_column_and_marked_at_its_place(runs):
    (axes,) = fakeruns.canvas(figure(runs))
    expected = means(runs)
    rows = {
        -0.14: ("steady", "loss"), 0.14: ("steady", "loss_unseen"),
        0.86: ("scattered", "loss"), 1.14: ("scattered", "loss_unseen"),
        1.86: ("counted", "loss"), 2.14: ("counted", "loss_unseen"),
    }  # fmt: skip
    assert written(axes) == {row: f"{expected[key]:.3f}" for row, key in rows.items()}
    several = {row: key for row, key in rows.items() if key[0] != "counted"}
    assert marks(axes) == pytest.approx({row: expected[key] for row, key in several.items()})
    assert [label.get_text() for label in axes.get_yticklabels()] == ["steady", "scattered", "counted"]


def test_the_worst_seed_moves_the_mark_and_not_the_column(runs):
    next(result for result in runs.results if result.plan.run.name == "scattered").metrics["loss"] = 5.0
    (axes,) = fakeruns.canvas(figure(runs))
    assert marks(axes)[0.86] == pytest.approx((5.0 + 2.3 + 2.9) / 3)
    assert written(axes)[0.86] == "3.400"


def test_a_dot_for_every_seed(runs):
    (axes,) = fakeruns.canvas(figure(runs))
    dots = [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "o"]
    assert dots == [[2.0, 2.02, 2.01], [2.2, 2.3, 2.9], [2.5]]


def test_one_seed_has_no_mean(tmp_path):
    fake = fakeruns.FakeRuns(tmp_path)
    fake.add("only", loss=2.0)
    (axes,) = fakeruns.canvas(figure(fake, ["only"], {"loss": "all"}))
    assert "mean" not in [text.get_text() for text in axes.texts]
    assert all(line.get_marker() != "|" for line in axes.lines)
    assert written(axes) == {0.0: "2.000"}


def test_rows_hold_mean_deviation_and_number_of_seeds(runs):
    rows = {(run, metric): rest for run, metric, *rest in figure(runs).rows}
    assert rows["scattered", "loss"] == [2.4667, round(float(numpy.std([2.2, 2.3, 2.9], ddof=1)), 4), 3]
    assert rows["counted", "loss_unseen"] == [2.6, None, 1]


def test_magnified_runs_have_a_panel_of_their_own(runs, tmp_path):
    """Neither the scattered run nor the counted one stretches it."""
    both = figure(runs, magnified=("steady",))
    whole, close = fakeruns.canvas(both)
    assert [label.get_text() for label in close.get_yticklabels()] == ["steady"]
    assert whole.get_xlim()[1] > 3.1 and close.get_xlim()[1] < 2.2
    assert written(close) == {-0.14: "2.0100", 0.14: "2.1200"}
    words = fakeruns.drawn(fakeruns.named([both]), tmp_path / "drawn")["losses"]
    assert words.count("all") == words.count("unseen") == words.count("mean of the seeds") == 1
