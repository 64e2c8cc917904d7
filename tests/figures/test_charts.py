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


def test_shares_are_shown_times_100_and_runs_by_their_labels(tmp_path):
    fake = fakeruns.FakeRuns(tmp_path)
    fake.add("five-large-fast", dead=[0.0, 0.5, 0.001])
    fake.add("bn-large-fast", dead=[0.0, 0.0, 0.0])
    order = ("five-large-fast", "bn-large-fast")
    drawn = figure(fake, order, {"dead": "dead"}, percent=True, labels={"five-large-fast": "rate 1.6"})
    (axes,) = fakeruns.canvas(drawn)
    assert written(axes) == {0.0: "17 %", 1.0: "0 %"} and marks(axes)[0.0] == pytest.approx(16.7)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["rate 1.6", "bn-large-fast"]
    assert next(list(line.get_xdata()) for line in axes.lines if line.get_marker() == "o") == [0.0, 50.0, 0.1]


@pytest.mark.parametrize(("digits", "number"), [(3, "2.010"), (4, "2.0100")])
def test_means_have_as_many_decimals_as_the_figure_says(runs, digits, number):
    (axes,) = fakeruns.canvas(figure(runs, ["steady"], {"loss": "all"}, digits=digits))
    assert written(axes) == {0.0: number}


def test_a_gap_joins_the_means_and_writes_them_where_they_are(runs):
    drawn = charts.gap(
        runs.runs(), ("steady", "scattered"), ("loss", "on train"), ("loss_unseen", "on others"), "nats", name="gap",
        title="Two runs.", caption="They differ.",
    )  # fmt: skip
    expected = means(runs)
    (axes,) = fakeruns.canvas(drawn)
    for text in axes.texts:
        assert float(text.get_text()) == pytest.approx(text.xy[0], abs=5e-4)
    joined = [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "None"]
    assert joined == [
        pytest.approx([expected[run, "loss"], expected[run, "loss_unseen"]]) for run in ("steady", "scattered")
    ]
    for run, seen, unseen, apart in drawn.rows:
        assert apart == pytest.approx(expected[run, "loss_unseen"] - expected[run, "loss"], abs=1e-4), (seen, unseen)


@pytest.mark.parametrize(
    ("values", "says"), [([1e-6, 1e-3], {"1e-06", "1e-05", "0.0001", "0.001"}), ([0.02, 0.3], {"0.03", "0.1", "0.3"})]
)
def test_a_logarithmic_axis_has_no_small_letters_above_the_line(tmp_path, values, says):
    from deltas.figures.style import Figure, save

    def draw(canvas, palette):
        axes = canvas.add_subplot()
        axes.plot([0, 1], values)
        charts.powers(axes)

    (path, _) = save(Figure("log", "T", "C", "D", ("x",), ((1,),), draw), tmp_path)
    assert says <= set(fakeruns.words(path)) and "font-size: 6" not in path.read_text()
