"""The patch's own code: BatchNorm against torch's BatchNorm1d on the unpadded positions, DeepMLP against MLP."""

import io
import json
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("batchnorm-diagnostics")


words = ["emma", "olivia", "ava", "isabella", "bo", "al"]
chars = sorted(set("".join(words)))


def batch(mm, words=words, longest=8):
    d = mm.CharDataset(words, chars, longest)
    X, Y = zip(*[d[i] for i in range(len(d))], strict=True)
    return torch.stack(X), torch.stack(Y)


def config(**kw):
    return SimpleNamespace(
        **{**{"block_size": 4, "vocab_size": len(chars) + 1, "n_layer": 3, "n_embd": 5, "n_embd2": 7}, **kw}
    )


def pair(mm, n=7):
    bn, oracle = mm.BatchNorm(n), nn.BatchNorm1d(n)
    with torch.no_grad():
        bn.gamma.normal_()
        bn.beta.normal_()
        oracle.weight.copy_(bn.gamma)
        oracle.bias.copy_(bn.beta)
    return bn, oracle


def test_batchnorm_is_batchnorm1d_on_the_characters(mm):
    torch.manual_seed(1)
    bn, oracle = pair(mm)
    for _ in range(3):  # running statistics: three steps of them
        x = torch.randn(6, 9, 7) * 3 + 2
        mask = torch.rand(6, 9) < 0.6
        a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
        bn.mask = mask
        y, z = bn(a)[mask], oracle(b[mask])
        assert torch.allclose(y, z, atol=1e-5)
        w = torch.randn_like(y)
        bn.zero_grad()
        oracle.zero_grad()
        (y * w).sum().backward()
        (z * w).sum().backward()
        assert torch.allclose(a.grad, b.grad, atol=1e-5) and (a.grad[~mask] == 0).all()
        assert torch.allclose(bn.gamma.grad, oracle.weight.grad, atol=1e-4)
        assert torch.allclose(bn.beta.grad, oracle.bias.grad, atol=1e-4)
        assert torch.allclose(bn.mu, oracle.running_mean, atol=1e-6)
        assert torch.allclose(bn.var, oracle.running_var, atol=1e-5)
    bn.eval()
    oracle.eval()
    assert torch.allclose(bn(x)[mask], oracle(x[mask]), atol=1e-5)
    assert torch.allclose(bn.mu, oracle.running_mean, atol=1e-6)


def test_what_stands_in_the_padding_does_not_matter(mm):
    torch.manual_seed(2)
    m1 = mm.DeepMLP(config(), gain=1.0, batchnorm=True)
    m2 = mm.DeepMLP(config(), gain=1.0, batchnorm=True)
    m2.load_state_dict(m1.state_dict())
    X, Y = batch(mm)
    Xpad = X.clone()
    for i, w in enumerate(words):  # input positions after the last character: only padding looks at them
        Xpad[i, len(w) + 1 :] = torch.randint(1, len(chars), (8 - len(w),))
    l1, l2 = m1(X, Y)[1], m2(Xpad, Y)[1]
    l1.backward()
    l2.backward()
    assert torch.equal(l1, l2)
    for (n, p), q in zip(m1.named_parameters(), m2.parameters(), strict=True):
        assert torch.allclose(p.grad, q.grad, atol=1e-7), n
    for a, b in zip(m1.buffers(), m2.buffers(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("mode", ["sampling", "eval"])
def test_sampling_and_evaluation_use_and_keep_running_statistics(mm, mode):
    torch.manual_seed(3)
    model = mm.DeepMLP(config(), gain=1.0, batchnorm=True)
    X, Y = batch(mm)
    model(X, Y)  # one training step's worth of statistics
    before = [b.clone() for b in model.buffers()]
    if mode == "eval":
        model.eval()
    alone = torch.cat([model(X[i : i + 1], Y[i : i + 1] if mode == "eval" else None)[0] for i in range(len(X))])
    together, _ = model(X, Y if mode == "eval" else None)
    assert torch.allclose(alone, together, atol=1e-6)  # no name depends on the rest of the batch
    mm.generate(model, torch.zeros(3, 1, dtype=torch.long), 8, do_sample=True)
    for a, b in zip(before, model.buffers(), strict=True):
        assert torch.equal(a, b)


def test_deep_mlp_of_one_layer_is_upstream_s_mlp(mm):
    torch.manual_seed(4)
    c = config(n_layer=1)
    deep, mlp = mm.DeepMLP(c, gain=5 / 3, batchnorm=False), mm.MLP(c)
    assert {k: v.shape for k, v in deep.state_dict().items()} == {k: v.shape for k, v in mlp.state_dict().items()}
    mlp.load_state_dict(deep.state_dict())
    X, Y = batch(mm)
    for a, b in zip(deep(X, Y), mlp(X, Y), strict=True):
        assert torch.equal(a, b)


def test_initial_weights_and_loss(mm):
    torch.manual_seed(5)
    c = config(n_layer=4, n_embd=10, n_embd2=200, block_size=8)
    for gain, bn in [(0.5, False), (5 / 3, True)]:
        model = mm.DeepMLP(c, gain, bn)
        ws = [m.weight for m in model.mlp if isinstance(m, nn.Linear)]
        for w in ws[:-1]:
            assert w.std().item() == pytest.approx(gain / w.shape[1] ** 0.5, rel=0.03)
        X, Y = batch(mm)
        assert model(X, Y)[1].item() == pytest.approx(math.log(c.vocab_size), abs=0.05)


def test_window_of_generate_is_the_window_of_training(mm):
    """The context is shorter than the word. Cropped by generate or rolled by MLP.forward, it gives the same logits."""
    torch.manual_seed(6)
    model = mm.DeepMLP(config(block_size=3), gain=1.0, batchnorm=True).eval()
    X, _ = batch(mm, ["isabella"])
    assert model.get_block_size() == 3
    whole, _ = model(X)  # (1, 9, vocab)
    for t in range(1, 10):
        logits, _ = model(X[:, max(0, t - 3) : t])
        assert torch.allclose(logits[:, -1], whole[:, t - 1], atol=1e-6)


def test_diagnostics_record_what_they_say(mm):
    torch.manual_seed(7)
    model = mm.DeepMLP(config(), gain=4.0, batchnorm=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    X, Y = batch(mm)
    on = Y != -1
    out = io.StringIO()
    mm.Diagnostics(model, optimizer, out, every=2)
    oracle = []
    for _step in range(4):
        logits, loss = model(X, Y)
        loss.backward()
        w = model.mlp[0].weight
        old, descent = w.detach().clone(), 0.1 * w.grad.std()
        with torch.no_grad():
            x = torch.cat(
                [model.wte(torch.cat([torch.full((6, k), model.vocab_size), X], 1)[:, :9]) for k in range(4)], -1
            )
            t = torch.tanh(F.linear(x, w, model.mlp[0].bias))[on]  # the tanh outputs by another road
            p = F.softmax(logits[on], -1) - F.one_hot(Y[on], model.vocab_size)
            g = p @ model.mlp[-1].weight / on.sum()  # what comes back to the last tanh layer, by the formula
        optimizer.step()
        optimizer.zero_grad()
        oracle.append((t, g, w.detach().clone(), old, descent))
        model.eval()
        model(X, Y)
        model.train()  # evaluations in between leave no trace
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [r["step"] for r in records] == [0, 2]
    for r in records:
        t, g, w, old, descent = oracle[r["step"]]
        assert all(len(r[what]) == 3 for what in ("act", "grad", "saturated", "dead"))
        assert r["act"][0] == pytest.approx(t.std().item(), rel=1e-4)
        assert r["grad"][-1] == pytest.approx(g.std().item(), rel=1e-3)
        assert r["saturated"][0] == pytest.approx((t.abs() > 0.97).float().mean().item(), abs=1e-6)
        assert r["dead"][0] == pytest.approx((t.abs() > 0.97).all(0).float().mean().item(), abs=1e-6)
        assert list(r["update:data"]) == ["wte.weight", *(f"mlp.{n}.weight" for n in (0, 2, 4, 6))]
        ratio = r["update:data"]["mlp.0.weight"]
        assert ratio == pytest.approx(((w - old).std() / w.std()).item(), rel=1e-4)
        assert ratio == pytest.approx((descent / w.std()).item(), rel=1e-3)  # plain gradient descent


def test_a_dead_neuron_is_flat_at_every_character(mm):
    torch.manual_seed(9)
    model = mm.DeepMLP(config(n_layer=1, n_embd2=4), gain=1.0, batchnorm=False)
    with torch.no_grad():
        model.mlp[0].bias.copy_(torch.tensor([50.0, -50.0, 0.0, 0.0]))  # two of four neurons: one up, one down
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    out = io.StringIO()
    mm.Diagnostics(model, optimizer, out, every=1)
    model(*batch(mm))[1].backward()
    optimizer.step()
    record = json.loads(out.getvalue())
    assert record["dead"] == [0.5] and 0.5 <= record["saturated"][0] < 1


def test_diagnostics_change_nothing(mm):
    def train(watch):
        torch.manual_seed(8)
        model = mm.DeepMLP(config(), gain=5 / 3, batchnorm=True)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        if watch:
            mm.Diagnostics(model, optimizer, io.StringIO(), every=1)
        X, Y = batch(mm)
        for _ in range(5):
            _, loss = model(X, Y)
            model.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return model.state_dict()

    a, b = train(False), train(True)
    assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
