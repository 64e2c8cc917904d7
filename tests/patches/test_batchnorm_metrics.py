"""What is measured of a run's diagnostics, against numbers by hand; and the histograms, against torch and makemore."""

import copy
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from deltas.core import files, machine
from lab import HERE

(path,) = HERE.glob("baselines/[0-9][0-9]-batchnorm-diagnostics/metrics.py")
diagnostics = files.module(path)


def record(
    step, saturated=(0.2, 0.4), dead=(0.0, 0.5), std=(0.6, 0.3), gradient=(0.1, 0.4), update=(9, 0.002, 0.004, 9)
):
    names = ("wte.weight", "mlp.0.weight", "mlp.2.weight", "mlp.4.weight", "mlp.6.weight")
    return {
        "step": step, "act": list(std), "grad": list(gradient), "saturated": list(saturated), "dead": list(dead),
        "update:data": dict(zip(names, update, strict=False)),
    }  # fmt: skip


# -- metrics ----------------------------------------------------------------------------------------------------------


def test_start_and_end():
    metrics = diagnostics.summary([record(0), record(100, saturated=(0, 0.1), gradient=(0.1, 0.2))])
    assert metrics["saturation_start"] == pytest.approx(0.3)
    assert metrics["saturation_end"] == pytest.approx(0.05)
    assert metrics["dead_start"] == pytest.approx(0.25)
    assert (metrics["activation_std_low_start"], metrics["activation_std_high_start"]) == (0.3, 0.6)
    assert metrics["gradient_spread_start"] == pytest.approx(4)
    assert metrics["gradient_spread_end"] == pytest.approx(2)


def test_update_data_is_of_hidden_weights_after_the_first_third():
    records = [record(0, update=(9, 5, 5, 9)), record(100), record(200), record(300, update=(9, 0.001, 0.001, 9))]
    assert diagnostics.summary(records)["update_data"] == pytest.approx(0.002)


@pytest.mark.parametrize("gradient", [0.4, 0.0])
def test_a_layer_alone_differs_from_none(gradient):
    alone = record(0, saturated=[0.2], dead=[0.1], std=[0.6], gradient=[gradient], update=(9, 0.003, 9))
    metrics = diagnostics.summary([alone])
    assert metrics["gradient_spread_start"] == metrics["gradient_spread_end"] == 1.0
    assert metrics["activation_std_low_end"] == metrics["activation_std_high_end"] == 0.6
    assert metrics["update_data"] == 0.003


def test_a_gradient_that_vanished_is_infinitely_spread():
    assert diagnostics.summary([record(0, gradient=(0.0, 0.4))])["gradient_spread_start"] == float("inf")


def test_a_run_without_diagnostics_has_no_such_metrics(tmp_path):
    assert diagnostics.measure(tmp_path) == {}
    (tmp_path / diagnostics.FILE).write_text(json.dumps(record(0)) + "\n" + json.dumps(record(9)) + "\n")
    assert [line["step"] for line in diagnostics.read(tmp_path)] == [0, 9]
    assert diagnostics.measure(tmp_path)["dead_end"] == 0.25


# -- histograms -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("batchnorm-diagnostics")


def trained(mm, *, layers=3, batchnorm=False, **args):
    """Return what makemore.py leaves behind: a model that has seen a few steps, and a batch with padding."""
    torch.manual_seed(1)
    X = torch.randint(0, 5, (40, 6))
    Y = torch.randint(0, 5, (40, 6)).masked_fill(torch.arange(6) > torch.randint(2, 6, (40, 1)), -1)
    args = SimpleNamespace(
        **{"seed": 7, "split_seed": 3, "gain": 2.0, "batchnorm": batchnorm, "diagnostics": 1, "device": "cpu"} | args
    )
    config = SimpleNamespace(block_size=3, vocab_size=5, n_layer=layers, n_embd=4, n_embd2=9)
    model = mm.DeepMLP(config, args.gain, batchnorm)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(5):
        model.zero_grad()
        model(X, Y)[1].backward()
        optimizer.step()
    return {"model": model, "X": X, "Y": Y, "args": args, "config": config, "DeepMLP": mm.DeepMLP}


def kept(left, folder):
    diagnostics.keep(left, folder)
    return json.loads((folder / diagnostics.HISTOGRAMS).read_text())


def by_hand(values, reach):
    return torch.histogram(values.flatten(), bins=50, range=(-reach, reach)).hist.int().tolist()


def first_layer(model, X):
    """Return what goes into the first layer, by another road: the embeddings of the last three characters."""
    before = [torch.cat([torch.full((len(X), k), 5), X], 1)[:, : X.shape[1]] for k in range(3)]
    return torch.cat([model.wte(characters) for characters in before], -1)


def test_histograms_of_the_final_model(mm, tmp_path):
    left = trained(mm)
    model, X, Y = left["model"], left["X"], left["Y"]
    layers = kept(left, tmp_path)["end"]
    on = Y != -1
    assert len(layers) == 3 and all(sum(layer["outputs"]) == 9 * on.sum() for layer in layers)

    out = torch.tanh(model.mlp[0](first_layer(model, X)))[on].detach()
    assert layers[0]["outputs"] == by_hand(out, 1.0)
    assert layers[0]["std"] == pytest.approx(out.std().item(), rel=1e-3)
    assert layers[0]["saturated"] == pytest.approx((out.abs() > 0.97).float().mean().item(), rel=1e-3)

    grad = F.softmax(model(X)[0], -1)[on] - F.one_hot(Y[on], 5)
    grad = (grad @ model.mlp[-1].weight / on.sum()).detach()  # what comes back to the last tanh layer, by the formula
    assert layers[-1]["gradient"] == pytest.approx(grad.std().item(), rel=1e-3)
    reach = min(4 * grad.std(), grad.abs().max()).item()
    assert layers[-1]["range"] == pytest.approx(reach, rel=1e-3)
    oracle = by_hand(grad, reach)
    assert sum(abs(a - b) for a, b in zip(layers[-1]["gradients"], oracle, strict=True)) < 0.01 * sum(oracle)


def test_batchnorm_is_looked_at_as_it_trains(mm, tmp_path):
    """With the statistics of this batch, not with the running ones."""
    left = trained(mm, layers=1, batchnorm=True)
    model, on = left["model"], left["Y"] != -1
    h = model.mlp[0](first_layer(model, left["X"]))[on]
    bn = model.mlp[1]
    out = torch.tanh(bn.gamma * (h - h.mean(0)) / (h.var(0, unbiased=False) + bn.eps).sqrt() + bn.beta)
    (layer,) = kept(left, tmp_path)["end"]
    assert layer["std"] == pytest.approx(out.std().item(), rel=1e-3)
    assert not torch.allclose(bn.mu, h.mean(0), rtol=0.1), "the running mean must differ for this to tell"


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_nothing_is_changed_by_looking(mm, tmp_path, mode):
    left = trained(mm, batchnorm=True)
    model = left["model"]
    getattr(model, mode)()
    state, mask = copy.deepcopy(model.state_dict()), model.mlp[1].mask
    grads, random = [p.grad.clone() for p in model.parameters()], torch.get_rng_state()
    diagnostics.keep(left, tmp_path)
    assert (tmp_path / diagnostics.HISTOGRAMS).exists()
    assert all(torch.equal(old, model.state_dict()[name]) for name, old in state.items())  # mu and var as well
    assert all(torch.equal(old, p.grad) for old, p in zip(grads, model.parameters(), strict=True))
    assert model.training == (mode == "train") and model.mlp[1].mask is mask
    assert not any(m._forward_hooks for m in model.modules()) and torch.equal(random, torch.get_rng_state())


def test_a_dead_layer_has_a_histogram_too(mm, tmp_path):
    left = trained(mm)
    with torch.no_grad():
        left["model"].mlp[-1].weight.zero_()  # nothing comes back
    for layer in kept(left, tmp_path)["end"]:
        assert layer["gradient"] == layer["range"] == 0 and sum(layer["gradients"]) == 9 * (left["Y"] != -1).sum()


@pytest.mark.parametrize("why", ["no diagnostics", "no split seed", "diverged"])
def test_no_histograms_where_there_is_nothing_to_show(mm, tmp_path, why):
    left = trained(mm)
    if why == "no diagnostics":
        left["args"].diagnostics = 0
    elif why == "no split seed":
        left["args"].split_seed = None
    else:
        next(left["model"].parameters()).data[0, 0] = torch.nan
    diagnostics.keep(left, tmp_path)
    assert not list(tmp_path.iterdir())


PROGRAM = """
import json, sys
from pathlib import Path
import torch
from deltas.child import run
from deltas.core import files, machine
script, metrics, words, out = sys.argv[1:]
metrics = files.module(Path(metrics))
left, _ = run.execute(Path(script), ["--type", "deep-mlp", "--n-layer", "2", "--n-embd", "4", "--n-embd2", "9",
    "--batchnorm", "--gain", "4", "--sgd", "-l", "0", "--max-steps", "1", "--diagnostics", "1", "--split-seed", "3",
    "--seed", "5", "-n", "0", "-i", words, "--work-dir", out])
trained, again = (dict(model.named_parameters()) for model in (left["model"], metrics.initial(left)))
metrics.keep(left, Path(out))
same = {name: torch.equal(weight, again[name]) for name, weight in trained.items()}
print(json.dumps({"same": same, "left": sorted(again.keys() - trained.keys())}))
"""


def test_the_initial_weights_of_a_real_run_are_drawn_again(stage_tree, tmp_path):
    """A run that learns nothing (its learning rate is 0) ends with the weights that it began with."""
    words = tmp_path / "words.txt"
    words.write_text("".join(f"{a}{b}{c}{b}\n" for a in "abcdef" for b in "bcdef" for c in "abcdef"))
    script = stage_tree("batchnorm-diagnostics") / "makemore.py"
    command = [sys.executable, "-c", PROGRAM, str(script), str(path), str(words), str(tmp_path)]
    done = subprocess.run(command, env=machine.environment(), check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told["same"]) == 9 and all(told["same"].values()) and not told["left"]
    record = diagnostics.read(tmp_path)[0]
    histograms = json.loads((tmp_path / diagnostics.HISTOGRAMS).read_text())
    for when in ("start", "end"):  # the only batch is the first and the last, and the model stays what it was
        assert [layer["std"] for layer in histograms[when]] == pytest.approx(record["act"], rel=1e-3)
        assert [layer["gradient"] for layer in histograms[when]] == pytest.approx(record["grad"], rel=1e-3)
        assert [layer["saturated"] for layer in histograms[when]] == pytest.approx(record["saturated"], rel=1e-3)
