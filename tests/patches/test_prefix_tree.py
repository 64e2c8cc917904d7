"""The patch's own code: fewer rows, the same loss, the same gradient. The oracle is upstream's Transformer."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = ["emma", "emmett", "em", "olivia", "oliver", "a", "ava", "emma"]


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("prefix-tree")


def data(mm, words):
    return mm.CharDataset(words, sorted(set("".join(words))), max(map(len, words)))


def pair(mm, words, seed):
    """Return a model, its twin that computes beginnings once, their data, and the twin's loader."""
    dataset = data(mm, words)
    config = mm.ModelConfig(
        vocab_size=dataset.get_vocab_size(), block_size=dataset.get_output_length(), n_layer=2, n_embd=8, n_head=2
    )
    loader = mm.PrefixLoader(dataset, len(words))
    models = []
    for kind in (mm.Transformer, mm.PrefixTransformer):
        torch.manual_seed(seed)
        models.append(kind(config))
    model, twin = models
    twin.char, twin.pos = loader.char, loader.pos
    return model, twin, dataset, loader


def batches(mm, dataset, prefixes, size, seed):
    """Return the same names in the same order twice: as characters and as beginnings."""
    both = []
    for loader in (mm.ShortDataLoader(dataset, size), prefixes):
        loader.batch_size, loader.order = size, []
        torch.manual_seed(seed)
        both.append(loader.next())
    return both


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=12), st.integers(0, 99))
def test_same_loss_and_same_gradient_on_any_names(mm, words, seed):
    model, twin, dataset, loader = pair(mm, words, seed)
    (X, Y), (ids, targets) = batches(mm, dataset, loader, len(words), seed)
    assert torch.equal(Y, targets)
    logits, loss = model(X, Y)
    twin_logits, twin_loss = twin(ids, targets)
    assert twin_loss.item() == pytest.approx(loss.item(), abs=1e-5)
    inside = Y != -1
    assert torch.allclose(logits[inside], twin_logits[inside], atol=1e-4)
    loss.backward()
    twin_loss.backward()
    for (name, one), other in zip(model.named_parameters(), twin.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-5), name


def test_a_row_for_every_beginning_and_no_more(mm):
    _, twin, _, loader = pair(mm, WORDS, 1)
    rows = []
    twin.transformer.ln_f.register_forward_hook(lambda _module, _inputs, output: rows.append(len(output)))
    ids, targets = loader.next()
    twin(ids, targets)
    beginnings = {word[:t] for word in WORDS for t in range(len(word) + 1)}
    padding = 1
    assert rows == [len(beginnings) + padding]


def test_evaluation_and_sampling_are_upstream_s(mm):
    model, twin, dataset, _ = pair(mm, WORDS, 2)
    X, Y = (torch.stack(part) for part in zip(*dataset, strict=True))
    model.eval(), twin.eval()
    assert torch.allclose(model(X, Y)[0], twin(X, Y)[0], atol=1e-5)
    model.train(), twin.train()
    assert torch.allclose(model(X)[0], twin(X)[0], atol=1e-5)  # upstream samples in training mode


def test_the_same_seed_draws_the_same_weights(mm):
    model, twin, *_ = pair(mm, WORDS, 3)
    assert model.state_dict().keys() == twin.state_dict().keys()
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), twin.parameters(), strict=True))


@given(st.lists(st.text("abcd", min_size=1, max_size=7), min_size=1, max_size=12))
def test_beginnings_stand_for_their_names(mm, words):
    """A number for each beginning; its last letter, its place, and what comes next are those of the names."""
    dataset = data(mm, words)
    loader = mm.PrefixLoader(dataset, len(words))
    plain = mm.ShortDataLoader(dataset, len(words))
    assert torch.equal(loader.char[loader.X], plain.X) and torch.equal(loader.Y, plain.Y)
    beginnings = {}
    for word, row in zip(words, loader.X.tolist(), strict=True):
        for t in range(len(word) + 1):
            assert beginnings.setdefault(row[t], word[:t]) == word[:t]
            assert loader.pos[row[t]] == t
        assert row[len(word) + 1 :] == [0] * (len(row) - len(word) - 1)
    assert len(beginnings) == len(set(beginnings.values())) and 0 not in beginnings


def test_a_batch_is_what_the_header_says(mm, stage_tree):
    """It says: some 1,500 positions with padding, 900 characters, 600 beginnings."""
    words = (stage_tree("prefix-tree") / "names.txt").read_text().split()
    torch.manual_seed(1)
    loader = mm.PrefixLoader(data(mm, words), 128)
    batches = [loader.next() for _ in range(50)]
    mean = [
        sum(count(ids, targets) for ids, targets in batches) / len(batches)
        for count in (
            lambda ids, _targets: ids.numel(),
            lambda _ids, targets: (targets != -1).sum().item(),
            lambda ids, _targets: len(ids.unique()),
        )
    ]
    assert [round(number, -2) for number in mean] == [1500, 900, 600], mean


def test_a_task_whose_prompts_have_no_loss_keeps_it_so(mm, monkeypatch):
    monkeypatch.setattr(mm, "args", SimpleNamespace(answers_only=True), raising=False)
    examples = [("1+1=", "2", 0), ("11+1=", "12", 0)]
    dataset = mm.TaskDataset(examples, sorted("12+="), 8)
    loader = mm.PrefixLoader(dataset, 2)
    (X, Y), (_, targets) = batches(mm, dataset, loader, 2, seed=1)
    assert torch.equal(Y, targets) and (targets != -1).sum() == 2 + 3 and X.size(1) == 8
