"""The patch's own code: BigramOnehot against upstream's Bigram, the counts, and the closed form of the gradient."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("learned-weights")


words = ["emma", "olivia", "ava", "isabella", "bo", "al"]
chars = sorted(set("".join(words)))
config = SimpleNamespace(vocab_size=len(chars) + 1)


def data(mm):
    return mm.CharDataset(words, chars, 8)


def batch(mm):
    dataset = data(mm)
    return (torch.stack(t) for t in zip(*[dataset[i] for i in range(len(dataset))], strict=True))


def test_same_function_as_upstream_s_bigram(mm):
    X, Y = batch(mm)
    torch.manual_seed(1)
    W = torch.randn(config.vocab_size, config.vocab_size)
    onehot, lookup = mm.BigramOnehot(config, reg=0.0), mm.Bigram(config)
    onehot.logits.data, lookup.logits.data = W.clone(), W.clone()
    (a, la), (b, lb) = onehot(X, Y), lookup(X, Y)
    assert torch.equal(a, b) and torch.equal(la, lb)
    la.backward()
    lb.backward()
    assert torch.allclose(onehot.logits.grad, lookup.logits.grad, atol=1e-7)
    assert onehot.state_dict().keys() == lookup.state_dict().keys()


def test_gradient_is_expected_minus_counted(mm):
    X, Y = batch(mm)
    torch.manual_seed(2)
    model = mm.BigramOnehot(config, reg=0.0)
    model.logits.data.normal_()
    model(X, Y)[1].backward()
    m = Y != -1
    N = torch.zeros(config.vocab_size, config.vocab_size).index_put_((X[m], Y[m]), torch.ones(()), accumulate=True)
    P = F.softmax(model.logits.detach(), dim=1)
    assert torch.allclose(model.logits.grad, (P * N.sum(1, keepdim=True) - N) / N.sum(), atol=1e-6)


def test_reg_enters_training_only(mm):
    X, Y = batch(mm)
    model = mm.BigramOnehot(config, reg=0.5)
    model.logits.data.fill_(2.0)  # mean of W**2 is 4
    train = model(X, Y)[1]
    model.eval()
    assert train.item() - model(X, Y)[1].item() == pytest.approx(2.0, abs=1e-5)
    assert model(X)[1] is None


def test_full_batch_gradient_descent_finds_the_counts(mm):
    X, Y = batch(mm)
    model, count = mm.BigramOnehot(config, reg=0.0), mm.BigramCount(config)
    count.count(data(mm), 0.0)
    opt = torch.optim.SGD(model.parameters(), lr=20.0)
    for _ in range(3000):
        opt.zero_grad()
        model(X, Y)[1].backward()
        opt.step()
    P, Q = F.softmax(model.logits, 1), count.logits.exp()
    rows = torch.unique(X[Y != -1])
    assert (P - Q)[rows].abs().max() < 1e-2
