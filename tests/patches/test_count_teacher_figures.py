"""What the figure of the teacher says, against means by hand, and turned around with the losses."""

import statistics

import pytest

import fakeruns

teacher = fakeruns.program("count-teacher")

# run -> (train losses, losses on unseen names) of two seeds
USUAL = {
    "taught": ([1.72, 1.74], [1.90, 1.92]),
    "alone": ([1.75, 1.77], [1.91, 1.93]),
    "teacher-only": ([1.73, 1.75], [1.94, 1.96]),
    "teacher": ([1.65], [1.99]),
    "kneser-ney": ([1.62], [1.99]),
}


def make(tmp_path, **changed):
    fake = fakeruns.FakeRuns(tmp_path / "out")
    for run, (train, unseen) in (USUAL | changed).items():
        fake.add(run, train_loss=train, test_loss_unseen=unseen)
    return fake


def gap(tmp_path, **changed):
    return fakeruns.named(teacher.figures(make(tmp_path, **changed).runs()))["gap"]


@pytest.mark.parametrize(
    ("taught", "says"),
    [
        (([1.72, 1.74], [1.90, 1.92]), "With a teacher the loss on unseen names falls from 1.920 to 1.910, and on "
         "train it falls from 1.760 to 1.730. The gap between the two rises from 0.16 to 0.18; that of the teacher "
         "is 0.34:"),
        (([1.80, 1.82], [1.93, 1.95]), "the loss on unseen names rises from 1.920 to 1.940, and on train it rises from "
         "1.760 to 1.810. The gap between the two falls from 0.16 to 0.13;"),
        (([1.75, 1.77], [1.91, 1.93]), "the loss on unseen names stays at 1.920, and on train it stays at 1.760. The "
         "gap between the two stays at 0.16;"),
    ],
)  # fmt: skip
def test_what_a_teacher_changes(tmp_path, taught, says):
    assert says in gap(tmp_path, taught=taught).caption


def test_rows_are_the_means_of_the_seeds(tmp_path):
    for run, train, unseen, difference in gap(tmp_path).rows:
        means = [statistics.fmean(values) for values in USUAL[run]]
        assert [train, unseen] == pytest.approx(means) and difference == pytest.approx(means[1] - means[0]), run


def test_a_number_stands_at_the_mean_that_it_is(tmp_path):
    (axes,) = fakeruns.canvas(gap(tmp_path, taught=([1.70, 1.70, 1.85], [1.90, 1.91, 2.00])))
    assert len(axes.texts) == 10
    for text in axes.texts:
        assert float(text.get_text()) == pytest.approx(text.xy[0], abs=5e-4)
    assert {text.get_text() for text in axes.texts if text.xy[1] == 0} == {"1.750", "1.937"}


@pytest.mark.parametrize("without", list(USUAL))
def test_without_one_of_the_runs_there_is_no_figure(tmp_path, without):
    assert teacher.figures(make(tmp_path).runs(without=[without])) == []


@pytest.mark.slow
def test_the_picture_is_drawn(tmp_path):
    words = fakeruns.drawn({"gap": gap(tmp_path)}, tmp_path / "drawn")["gap"]
    assert {"taught", "alone", "teacher-only", "kneser-ney", "1.910", "on train"} <= set(words)
