"""The tables, verdicts and captions say what was measured: a small made-up record, and figures worked out by hand."""

import math
import statistics
from itertools import pairwise

import pytest

from deltas.core.errors import BadInput
from deltas.speedrun import figure, record, tables


@pytest.mark.parametrize(("loss", "seconds"), [(2.5, 1.0), (2.4, 1.0), (2.25, 1.5), (2.1, 2.0), (2.0, None)])
def test_time_to_a_loss_is_where_the_curve_first_crosses_it(loss, seconds):
    found = tables.time_to([(10, 1.0, 2.4), (20, 2.0, 2.1), (30, 3.0, 2.3)], loss)
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_the_median_of_times_counts_never():
    assert tables.median([1.0, 3.0, None]) == 3.0
    assert tables.median([1.0, None, None]) is None


def test_what_everybody_costs_and_ends_with(document):
    head, upstream, ours = tables.losses(document)
    row = dict(zip(head, upstream, strict=True))
    assert row == {
        "": "upstream", "stage": "upstream", "arguments": "its defaults", "steps": "18,000", "threads": "2", "n": "1",
        "seconds": "80", "ms a step": "24.0", "µs a token": "26.0", "test loss": "1.9700", "unseen": "2.0000",
    }  # fmt: skip
    row = dict(zip(head, ours, strict=True))
    assert row == {
        "": "ours", "stage": "quick-one", "arguments": "--fast", "steps": "2,000", "threads": "2", "n": "3",
        "seconds": "50 (50–51)", "ms a step": "24.0 (23.5–25.0)", "µs a token": "26.0",
        "test loss": "1.8800 ± 0.0100", "unseen": "1.9100 ± 0.0100",
    }  # fmt: skip


def test_who_is_where_how_fast(document):
    """Upstream comes to 2.00 at its second look; two of ours cross 2.00 at 16.7 s, the third never does."""
    head, upstream, ours = tables.times(document)
    assert head == ["seconds to", "1.9550", "1.9500, upstream's best", "2.00", "2.05", "2.10"]
    assert upstream == ["upstream", "58", "60", "40", "38", "35"]
    crossed = 10 + 10 * (2.2 - 1.955) / 0.3
    assert ours[1] == f"{crossed:.0f} (18–never), {58 / crossed:.1f}×" == "18 (18–never), 3.2×"
    assert ours[3:] == ["17 (17–never), 2.4×", "15 (15–18), 2.5×", "13 (13–16), 2.6×"]
    document["contestants"][1]["curves"] = document["contestants"][1]["curves"][2:]
    assert tables.times(document)[2][1:4] == ["never", "never", "never"]


def test_no_single_seed_decides_what_the_best_is(document):
    """Three seeds whose lowest looks are 1.95, 1.80 and 1.96: the best is the median, the seconds too."""
    upstream = document["contestants"][0]
    (curve,) = upstream["curves"]
    lucky, slow = ([[step, seconds * 2, loss + more] for step, seconds, loss in curve] for more in (-0.15, 0.01))
    upstream["curves"] = [curve, lucky, slow]
    assert tables.best(upstream) == 1.95
    head, row, _ = tables.times(document)
    assert head[1:3] == ["1.9550", "1.9500, upstream's best"]
    assert row[1:3] == ["70 (58–never)", "70 (60–never)"]
    assert "(1.9500, 1.8000, 1.9600)" in tables.fragile(document)


def test_the_result_in_a_sentence(document):
    assert tables.lead(document) == (
        "**A test loss of 1.9550**, which is 0.005 above upstream's best, is reached first by ours, after 18 s: 3.2 "
        "times sooner than by upstream (58 s)."
    )
    document["contestants"][1]["curves"] = [[[10, 10.0, 2.20]]]
    assert tables.lead(document) == ""


def test_without_the_reference_nothing_is_compared_with_it(document):
    document["contestants"].pop(0)
    head, ours = tables.times(document)
    assert head == ["seconds to", "2.00", "2.05", "2.10"] and "×" not in "".join(ours)
    assert tables.lead(document) == tables.fragile(document) == ""
    assert tables.text(document)[0].startswith("seconds to")


@pytest.mark.parametrize(("p", "outcome"), [(0.0099, "is below 1.90"), (0.01, "is not shown to be below 1.90")])
def test_a_verdict_needs_a_small_p(document, p, outcome):
    document["tests"]["ours"]["p"] = p
    (verdict,) = tables.verdicts(document)
    assert verdict.startswith(f"ours: over seeds, on this split, the mean test loss {outcome} (one-sided t-test, n = 3")


def test_t_test_by_hand():
    losses = [1.89, 1.88, 1.90, 1.87]
    mean, sd = 1.885, math.sqrt(sum((x - 1.885) ** 2 for x in losses) / 3)
    found = record.below(losses, 1.90)
    assert found["t"] == pytest.approx((mean - 1.90) / (sd / 2)) and found["n"] == 4
    assert 0.02 < found["p"] < 0.06  # t(3) = -2.3
    assert record.below([1.95, 1.96, 1.94], 1.90)["p"] > 0.95


def test_the_page_of_a_race(document):
    text = tables.markdown(document)
    assert text.startswith("**A test loss of 1.9550**")
    assert text.index("| seconds to | 1.9550 |") < text.index("| ours | quick-one | --fast |")
    assert "`scripts/bench.sh names`, 2025-01-01: torch 2.0, Python 3.11.7, 2 cores of a CPU.\n" in text
    assert text.endswith("\n") and "\n- ours: over seeds" in text


def test_the_caption_names_who_is_lowest(document):
    assert figure.caption(document) == (
        "Upstream trains for 80 s and is at its best, 1.950, on the way. Ours ends after 50 s at 1.880. "
        "A line is the median over the seeds, and its band goes from the lowest to the highest of them. "
        "The test names are the same for all."
    )


def test_the_figure_lists_every_look(document):
    drawn = figure.race(document)
    assert len(drawn.rows) == 4 + 3 * 3
    assert drawn.rows[0] == ("upstream", 1, 10, 20.0, 2.4)
    assert drawn.columns == ("training", "seed", "step", "seconds", "test loss")
    assert "upstream, 18,000 steps, ours, 2,000 steps" in drawn.description


def test_the_figure_can_be_drawn(document):
    from matplotlib.figure import Figure

    from deltas.figures.style import LIGHT

    canvas = Figure()
    figure.race(document).draw(canvas, LIGHT)
    (axes,) = canvas.axes
    assert len(axes.lines) == 2 + 1  # a line for every contestant, and what the times are taken to
    assert "2 cores" in axes.get_xlabel() and not canvas.legends
    near, *labels = axes.texts
    assert near.get_text() == "0.005 above upstream's best"
    by_name = {label.get_text(): label for label in labels}
    assert set(by_name) == {"upstream, 18,000 steps", "ours, 2,000 steps"}
    for line in axes.lines[:2]:
        assert by_name[line.get_label()].xy == (line.get_xdata()[-1], line.get_ydata()[-1])
        assert by_name[line.get_label()].get_color() == line.get_color()


def test_a_line_is_the_median_over_the_seeds(document):
    from matplotlib.figure import Figure

    from deltas.figures.style import LIGHT

    canvas = Figure()
    figure.race(document).draw(canvas, LIGHT)
    for one, line in zip(document["contestants"], canvas.axes[0].lines, strict=False):
        looks = list(zip(*one["curves"], strict=True))
        assert list(line.get_xdata()) == [statistics.median(took for _, took, _ in look) for look in looks]
        assert list(line.get_ydata()) == [statistics.median(loss for *_, loss in look) for look in looks]


@pytest.mark.parametrize("losses", [[1.9] * 5, [1.88, 1.881, 1.95, 1.96, 2.4], [1.851], [2.4, 2.41]])
def test_labels_stand_apart_and_in_the_order_of_the_losses(losses):
    places = figure._places(losses)
    assert all(high - low >= 0.999 * figure.APART for low, high in pairwise(places))
    assert all(place > figure.BOTTOM for place in places)


def test_any_number_of_contestants_can_be_drawn(document):
    from matplotlib.figure import Figure

    from deltas.figures.style import LIGHT

    first, *_ = document["contestants"]
    document["reference"] = "racer-0"
    document["contestants"] = [first | {"name": f"racer-{number}"} for number in range(20)]
    canvas = Figure()
    figure.race(document).draw(canvas, LIGHT)
    looks = {(line.get_color(), repr(line._unscaled_dash_pattern)) for line in canvas.axes[0].lines[:20]}
    assert len(looks) == 20


# -- the profile ------------------------------------------------------------------------------------------------------

PROFILE = {
    "threads": 2, "beginnings": 611.4, "parts": {"batch": 1.0, "forward": 6.0, "backward": 12.0, "Muon": 5.0},
    "operators": {"aten::mm": 5.84, "aten::add": 1.0}, "flops": 1.02e9, "rate": 2.04e11, "floor": 5.0,
}  # fmt: skip


def test_where_the_time_of_a_step_goes():
    assert tables.parts(PROFILE) == [
        ["part of a step", "ms", "share"], ["backward", "12.0", "50 %"], ["forward", "6.0", "25 %"],
        ["Muon", "5.0", "21 %"], ["batch", "1.0", "4 %"], ["all", "24.0", ""],
    ]  # fmt: skip
    assert tables.operators(PROFILE)[1:] == [["`aten::mm`", "5.8"], ["`aten::add`", "1.0"]]


def test_how_far_the_floor_is():
    floor = tables.floor(PROFILE)
    assert "611 beginnings" in floor and "1.02 GFLOP" in floor and "204 GFLOP/s here on 2 threads" in floor
    assert floor.endswith("the floor is 5.0 ms, a step takes 4.8 times that.")
    assert floor in tables.profile(PROFILE)


# -- text -------------------------------------------------------------------------------------------------------------


def test_tables_go_between_the_marks_and_nowhere_else(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- race -->\nold\n<!-- /race -->\nafter\n")
    tables.fill(page, "race", "new \\1\n")
    assert page.read_text() == "before\n<!-- race -->\nnew \\1\n<!-- /race -->\nafter\n"
    with pytest.raises(BadInput, match="profile"):
        tables.fill(page, "profile", "new\n")
