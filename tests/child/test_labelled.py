"""Losses by label are means over the characters of the label's lines."""

from types import SimpleNamespace

import torch

from deltas.child import labelled


def test_the_loss_of_a_label_is_that_of_its_characters(monkeypatch):
    dataset = SimpleNamespace(examples=[("a", "b", 0), ("c", "d", 1), ("e", "f", 0)])
    per_line = torch.tensor([2.0, 1.0, 4.0]), torch.tensor([1, 2, 3])
    monkeypatch.setattr(labelled.measure, "per_name", lambda *_: per_line)
    assert labelled.losses(None, dataset, "cpu") == {"0": 6.0 / 4, "1": 0.5}
