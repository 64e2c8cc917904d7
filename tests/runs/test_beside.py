"""A run that stands beside another one is compared with the one of the same seed, where it is there."""

import pytest

from deltas.core.errors import CheckFailed
from deltas.runs.beside import compare, not_compared
from deltas.runs.execute import Plan, Result
from deltas.runs.experiment import Run
from deltas.stages.build import Stage

LEARNED, COUNTED = Run(name="learned", args=(), beside="counted"), Run(name="counted", args=())


def result(folder, run, seed, names):
    path = folder / run.name / str(seed)
    path.mkdir(parents=True)
    (path / "samples.txt").write_text("".join(f"{name}\n" for name in names))
    return Result(Plan(Stage(0, "a", "b"), run, seed, "c"), path, {"test_loss": 2.5}, {}, False)


def test_the_same_seed_of_the_other_run(tmp_path):
    """Of "ada." and "bo." against "ada." and "ba." six of seven places are the same."""
    results = [
        result(tmp_path, LEARNED, 1, ["ada", "bo"]),
        result(tmp_path, LEARNED, 2, ["ada", "bo"]),
        result(tmp_path, COUNTED, 2, ["ada", "ba"]),
    ]
    alone, beside, other = compare(results)
    assert (alone, other) == (results[0], results[2])
    assert beside.metrics == {"test_loss": 2.5, "same_characters": pytest.approx(6 / 7)}
    assert beside.plan is results[1].plan and results[1].metrics == {"test_loss": 2.5}


def test_what_a_run_lacks_where_the_other_one_was_not_run(tmp_path):
    """Exactly the metrics that the comparison brings, and nothing where the other run is there, or none is named."""
    alone, learned, counted = (
        result(tmp_path, LEARNED, 1, ["ada"]),
        result(tmp_path, LEARNED, 2, ["ada"]),
        result(tmp_path, COUNTED, 2, ["ada"]),
    )
    results = [alone, learned, counted]
    brought = compare(results)[1].metrics.keys() - learned.metrics.keys()
    assert not_compared(alone, results) == brought != set()
    assert not_compared(learned, [learned]) == brought
    assert not_compared(learned, results) == not_compared(counted, results) == set()


def test_runs_whose_names_cannot_be_compared(tmp_path):
    learned, counted = result(tmp_path, LEARNED, 2, ["ada", "bo"]), result(tmp_path, COUNTED, 2, ["ada"])
    with pytest.raises(CheckFailed, match="learned, seed 2 made up 2 names, and counted, which it stands beside, 1"):
        compare([learned, counted])
    for run in (counted, learned):
        (run.folder / "samples.txt").unlink()
        with pytest.raises(CheckFailed, match=f"stands beside counted, but .* {run.plan.run.name}, seed 2 made up no"):
            compare([learned, counted])
