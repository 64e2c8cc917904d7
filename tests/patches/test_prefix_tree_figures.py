"""What the figure of the prefix tree says, against sums over the log, and turned around with it."""

import pytest

import fakeruns

tree = fakeruns.program("prefix-tree")


def figure(tmp_path, *, fast=0.02, padded=0.05, apart=0.0):
    """Return the figure of 40 printed lines: seconds of a step in both runs, and what fast loses more at step 300."""
    fake = fakeruns.FakeRuns(tmp_path / "out")
    for run, took, more in (("fast", fast, apart), ("padded", padded, 0.0)):
        (folder,) = fake.add(run)
        lines = [(10 * n, 3 - 0.01 * n + (10 * more if n == 30 else 0), took + 0.001 * (n % 2)) for n in range(40)]
        fakeruns.write_log(folder, lines)
    return fakeruns.named(tree.figures(fake.runs()))["times"]


@pytest.mark.parametrize(
    ("apart", "says"),
    [
        (0.0, "the two losses lie on each other, for they are the same sums in another order."),
        (0.2, "the two losses go apart, by up to 0.200 nats."),
        (-0.2, "the two losses go apart, by up to 0.200 nats."),
    ],
)
def test_whether_the_curves_lie_on_each_other(tmp_path, apart, says):
    assert f"Left: {says}" in figure(tmp_path, apart=apart).caption


@pytest.mark.parametrize(
    ("fast", "padded", "says"),
    [
        (0.0195, 0.0495, "the same steps take 40 % of the time."),
        (0.0495, 0.0495, "the same steps take no less time (1.00 times)."),
        (0.0995, 0.0495, "the same steps take no less time (2.00 times)."),
    ],
)
def test_how_much_time_it_takes(tmp_path, fast, padded, says):
    assert says in figure(tmp_path, fast=fast, padded=padded).caption


def test_rows_are_the_log_in_groups_of_ten_lines(tmp_path):
    """A line stands for ten steps of its time: 0.0195 and 0.0205 in turn are 0.02 s a step, 2 s a group."""
    rows = [row for row in figure(tmp_path, fast=0.0195).rows if row[0] == "fast"]
    assert [row[1] for row in rows] == [90, 190, 290, 390]
    assert [row[2] for row in rows] == [2.0, 4.0, 6.0, 8.0]
    assert [row[3] for row in rows] == pytest.approx([2.955, 2.855, 2.755, 2.655])


@pytest.mark.parametrize("missing", ["fast", "padded"])
def test_without_one_of_the_runs_there_is_no_figure(tmp_path, missing):
    fake = fakeruns.FakeRuns(tmp_path)
    fake.add({"fast": "padded", "padded": "fast"}[missing])
    assert tree.figures(fake.runs()) == []


@pytest.mark.slow
def test_the_picture_is_drawn(tmp_path):
    words = fakeruns.drawn({"times": figure(tmp_path)}, tmp_path / "drawn")["times"]
    assert words.count("fast") == words.count("padded") == 1 and "seconds, on one thread" in words
