"""What the figure of the tasks says, turned around with the numbers, and what its metrics measure."""

import json
from types import SimpleNamespace

import pytest

import fakeruns
from lab import HERE

pack = fakeruns.program("benchmark-pack")
LABELS = dict.fromkeys(pack.ORDER, ("0", "3")) | {"tools": ("cold", "new"), "domains": ("facts",)}


@pytest.fixture(scope="module")
def metrics():
    from deltas.core import files

    (path,) = HERE.glob("baselines/[0-9][0-9]-benchmark-pack/metrics.py")
    return files.module(path)


def figure(tmp_path, hardest=0.2):
    fake = fakeruns.FakeRuns(tmp_path / "out")
    for run, labels in LABELS.items():
        cells = {f"exact_match.{label}": [1.0, 0.9] for label in labels}
        cells[f"exact_match.{labels[-1]}"] = [hardest, hardest]
        cells |= {f"{simple}.{label}": [0.3, 0.3] for simple in ("commonest", "counted") for label in labels}
        fake.add(run, **cells)
    return fakeruns.named(pack.figures(fake.runs()))["answers"]


@pytest.mark.parametrize("hardest, says", [(0.2, "falls in walk, walk-on"), (0.95, "does not in walk, walk-on")])
def test_the_caption_says_what_falls(tmp_path, hardest, says):
    assert says in figure(tmp_path, hardest).caption


def test_the_figure_shows_every_run_and_its_labels(tmp_path):
    words = fakeruns.drawn({"answers": figure(tmp_path)}, tmp_path / "drawn")["answers"]
    assert {*pack.ORDER, "cold", "new", "facts", "never trained on"} <= set(words)


def test_the_figure_knows_which_labels_are_never_trained_on(stage_code):
    tasks = stage_code("benchmark-pack").tasks.TASKS
    for run in pack.ORDER:
        assert pack.BEYOND.get(run, ()) == tuple(map(str, tasks[run.removesuffix("-early")][2])), run


def test_no_figure_where_a_run_is_missing(tmp_path):
    fake = fakeruns.FakeRuns(tmp_path / "out")
    fake.add("walk", **{"exact_match.0": [1.0]})
    assert pack.figures(fake.runs()) == []


# -- metrics ----------------------------------------------------------------------------------------------------------


def test_the_commonest_answer_is_that_of_all_training_lines(metrics):
    train = [("1+1=", "2", 0), ("0+2=", "2", 0), ("1+2=", "3", 1), ("", "emma", "names")]
    test = [("2+0=", "2", 0), ("0+1=", "1", 0), ("2+1=", "3", 1), ("", "ava", "names")]
    assert metrics.commonest(train, test) == {"0": 0.5, "1": 0.0}


def test_counts_answer_what_they_have_counted(metrics):
    lines = ["ab=1", "cd=2"] * 30
    counts = metrics.kneser_ney.fitted(sorted(set("".join(lines))), lines)
    assert [metrics.written(counts, prompt, 8) for prompt in ("ab=", "cd=")] == ["1", "2"]


def test_only_the_first_questions_of_a_label_are_put_to_the_counts(metrics, monkeypatch):
    monkeypatch.setattr(metrics, "ASKED", 2)
    examples = [(f"{n}=", "1", n % 2) for n in range(10)] + [("", "emma", "names")]
    assert [prompt for prompt, *_ in metrics.first(examples)] == ["0=", "1=", "2=", "3="]


@pytest.mark.parametrize("other", [[("c", "", 0), ("ab", "", 0)], [("ab", "", 0)], [("ab", "", 0), ("d", "", 0)]])
def test_other_lines_or_another_order_have_another_checksum(metrics, other):
    assert metrics.checksum([("a", "b", 0), ("", "c", 1)]) == metrics.checksum([("ab", "", 0), ("c", "", 0)])
    assert metrics.checksum([("a", "b", 0), ("", "c", 1)]) != metrics.checksum(other)


def test_a_run_without_a_task_has_no_tables(metrics, tmp_path):
    metrics.keep({"args": SimpleNamespace(task=None)}, tmp_path)
    assert metrics.measure(tmp_path) == {}
    (tmp_path / metrics.FILE).write_text(json.dumps({"checksum": 5}))
    assert metrics.measure(tmp_path) == {"checksum": 5}
