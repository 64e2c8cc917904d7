"""What the first stage measures beside its losses: the same counting on other splits, held against the patch."""

from types import SimpleNamespace

import pytest
import torch

from deltas.core import files
from lab import HERE

(PATH,) = HERE.glob("baselines/[0-9][0-9]-bigram-counting/metrics.py")
metrics = files.module(PATH)
WORDS = [f"{a}{b}{c}" for a in "abc" for b in "bca" for c in ("", "d", "ed")]


@pytest.fixture
def left(stage_code, tmp_path):
    code = stage_code("bigram-counting")
    file = tmp_path / "words.txt"
    file.write_text("".join(f"{word}\n" for word in WORDS))
    return vars(code) | {"args": SimpleNamespace(input_file=str(file), smoothing=1.0, device="cpu")}


def test_the_loss_of_a_split_is_that_of_the_patch_s_counts_there(left, stage_code, monkeypatch, tmp_path):
    code = stage_code("bigram-counting")
    monkeypatch.setattr(code, "args", left["args"], raising=False)
    metrics.keep(left, tmp_path)
    table = metrics.measure(tmp_path)["other_split_loss"]
    assert list(table) == ["seed-1", "seed-2", "seed-3", "seed-4", "seed-5"] and len(set(table.values())) > 1
    for cell, loss in table.items():
        torch.manual_seed(int(cell.removeprefix("seed-")))
        train, test = code.create_datasets(left["args"].input_file)
        model = code.BigramCount(code.ModelConfig(vocab_size=train.get_vocab_size()))
        model.count(train, 1.0)
        assert loss == pytest.approx(code.evaluate(model, test, batch_size=len(test)), abs=1e-5)


def test_the_random_numbers_of_the_run_go_on_as_if_nothing_had_been_drawn(left, tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    metrics.keep(left, tmp_path)
    assert torch.equal(torch.rand(3), expected)


def test_without_smoothing_nothing_is_measured(left, tmp_path):
    left["args"].smoothing = 0.0
    metrics.keep(left, tmp_path)
    assert metrics.measure(tmp_path) == {}
