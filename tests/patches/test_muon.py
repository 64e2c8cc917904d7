"""The patch's own code: Muon against the singular value decomposition and torch's own, and which weights it gets."""

import json
import re
import subprocess
import sys

import pytest
import torch

from deltas.core import machine
from lab import HERE


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("muon")


def step_of_muon(mm, W: torch.Tensor, grad: torch.Tensor, lr: float, decay: float) -> torch.Tensor:
    """Return what one step subtracts from a weight."""
    weight = torch.nn.Parameter(W.clone())
    weight.grad = grad
    mm.Muon([weight], lr=lr, weight_decay=decay).step()
    return W - weight.detach()


@pytest.mark.parametrize("shape", [(12, 12), (48, 12), (12, 48)])
def test_all_directions_of_the_gradient_move_alike(mm, shape):
    """The oracle is the singular value decomposition: the same singular vectors, singular values near 1."""
    torch.manual_seed(5)
    grad = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
    moved = step_of_muon(mm, torch.randn(shape), grad, lr=0.01, decay=0.0) / (0.01 * 0.2 * max(shape) ** 0.5)
    U, _, Vh = torch.linalg.svd(grad, full_matrices=False)
    inside = U.T @ moved @ Vh.T  # diagonal in the basis of the gradient
    assert torch.allclose(inside, inside.diag().diag(), atol=1e-4)
    assert torch.allclose(U @ inside @ Vh, moved, atol=1e-4)
    assert (inside.diag() > 0.5).all() and (inside.diag() < 1.5).all()


def test_matrices_of_one_shape_step_as_they_would_alone(mm):
    torch.manual_seed(8)
    shapes = [(16, 8), (8, 8), (16, 8), (8, 16)]
    Ws, grads = [torch.randn(shape) for shape in shapes], [torch.randn(shape) for shape in shapes]
    together = [torch.nn.Parameter(W.clone()) for W in Ws]
    for weight, grad in zip(together, grads, strict=True):
        weight.grad = grad
    mm.Muon(together, lr=0.01, weight_decay=0.1).step()
    for W, grad, weight in zip(Ws, grads, together, strict=True):
        alone = W - weight.detach()
        assert torch.equal(alone, step_of_muon(mm, W, grad, lr=0.01, decay=0.1))


def test_five_steps_bring_singular_values_to_what_the_docstring_says(mm):
    """All from a hundredth of the norm on come between 0.65 and 1.25."""
    torch.manual_seed(7)
    U, V = (torch.linalg.qr(torch.randn(32, 32)).Q for _ in range(2))
    G = U @ torch.diag(torch.logspace(0, -1.5, 32)) @ V.T
    values = torch.linalg.svdvals(mm.orthogonalize(G))
    assert values.min() >= 0.65 and values.max() <= 1.25


def test_several_steps_are_those_of_torch_s_muon(mm):
    torch.manual_seed(6)
    W, grads = torch.randn(16, 32), [torch.randn(16, 32) for _ in range(3)]
    ours, theirs = torch.nn.Parameter(W.clone()), torch.nn.Parameter(W.clone())
    muon = mm.Muon([ours], lr=0.02, weight_decay=0.4)
    oracle = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.4, adjust_lr_fn="match_rms_adamw")
    for grad in grads:
        ours.grad, theirs.grad = grad.clone(), grad.clone()
        muon.step()
        oracle.step()
    assert (ours - W).norm() > 0.1
    assert (ours - theirs).norm() < 0.03 * (ours - W).norm()  # theirs is in bfloat16


def test_it_is_the_average_of_gradients_that_is_made_orthogonal(mm):
    """A single step after many others goes the way of the others: the momentum is what counts."""
    torch.manual_seed(8)
    steady, odd = torch.randn(8, 8), torch.randn(8, 8)
    weight = torch.nn.Parameter(torch.zeros(8, 8))
    muon = mm.Muon([weight], lr=1.0, weight_decay=0.0)
    for _ in range(200):
        weight.grad = steady
        muon.step()
    before = weight.detach().clone()
    weight.grad = odd
    muon.step()
    moved = before - weight.detach()
    assert torch.cosine_similarity(moved.flatten(), mm.orthogonalize(steady).flatten(), dim=0) > 0.9


def test_a_weight_without_gradient_decays_and_no_more(mm):
    W = torch.randn(4, 4)
    moved = step_of_muon(mm, W, torch.zeros(4, 4), lr=0.1, decay=0.5)
    assert torch.allclose(moved, W * 0.05, atol=1e-6)


PROGRAM = """
import json, sys
from pathlib import Path
from deltas.child.script import Script
script, words, out, *arguments = sys.argv[1:]
makemore = Script(Path(script), ["--baseline", "--max-steps", "2", "-i", words, "--work-dir", out,
    "--n-layer", "2", "--n-embd", "8", "--n-embd2", "8", "--n-head", "2", *arguments])
makemore.define()
makemore.run()
left = makemore.namespace
names = {id(p): name for name, p in left["model"].named_parameters()}
json.dump([[names[id(p)] for group in optimizer.param_groups for p in group["params"]]
           for optimizer in left["optimizers"]], open(f"{out}/owners.json", "w"))
"""
BLOCKS = [
    f"transformer.h.{layer}.{name}.weight"
    for layer in (0, 1)
    for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
]


@pytest.mark.parametrize(
    ("arguments", "hidden"),
    [
        ([], BLOCKS),
        (["--n-embd", "27", "--n-head", "3"], BLOCKS),  # as wide as the vocabulary: no layer is told by its size
        (["--adamw"], None),
        (["--type", "deep-mlp", "--batchnorm"], ["mlp.0.weight", "mlp.3.weight"]),
        (["--type", "mlp"], ["mlp.0.weight"]),
        (["--type", "gru"], ["cell.xh_to_z.weight", "cell.xh_to_r.weight", "cell.xh_to_hbar.weight"]),
        (["--type", "bigram"], []),
    ],
)
def test_muon_gets_the_matrices_between_layers_and_adamw_the_rest(stage_tree, tmp_path, arguments, hidden):
    """Every parameter has one owner; embeddings, the last layer and vectors stay with AdamW."""
    words = tmp_path / "words.txt"
    words.write_text("".join(f"{chr(97 + i % 26)}{chr(97 + i * 7 % 26)}\n" for i in range(200)))
    script = stage_tree("muon") / "makemore.py"
    command = [sys.executable, "-c", PROGRAM, str(script), str(words), str(tmp_path), *arguments]
    subprocess.run(command, env=machine.environment(), check=True, capture_output=True)
    adamw, *muon = json.loads((tmp_path / "owners.json").read_text())
    assert not set(adamw) & {name for names in muon for name in names}
    assert muon == ([] if hidden is None else [hidden])


CONFIGURED = """
import json, sys
from pathlib import Path
from deltas.child.script import Script
script, words, out = sys.argv[1:]
makemore = Script(Path(script), ["--baseline", "-i", words, "--work-dir", out])
makemore.define()
left = makemore.namespace
left["evaluate"] = left["print_samples"] = lambda *_, **__: 0.0
class Enough(Exception): pass
def stop(step): raise Enough
left["warmup_decay"] = stop
try:
    makemore.run()
except Enough:
    pass
groups = [{key: value for key, value in group.items() if key in ("lr", "weight_decay", "betas")}
          for optimizer in left["optimizers"] for group in optimizer.param_groups]
json.dump([groups, {k: v for k, v in vars(left["args"]).items()}], open(f"{out}/configured.json", "w"))
"""


def test_header_and_readme_say_what_the_baseline_is(stage_tree, tmp_path):
    """Both write the configuration out by hand; the oracle is the program."""
    words = tmp_path / "words.txt"
    words.write_text("".join(f"{chr(97 + i % 26)}{chr(97 + i * 7 % 26)}\n" for i in range(200)))
    script = stage_tree("muon") / "makemore.py"
    command = [sys.executable, "-c", CONFIGURED, str(script), str(words), str(tmp_path)]
    subprocess.run(command, env=machine.environment(), check=True, capture_output=True)
    (adamw, vectors, muon), args = json.loads((tmp_path / "configured.json").read_text())
    (patch,) = HERE.glob("patches/[0-9][0-9]-muon.patch")
    header = " ".join(patch.read_text(encoding="utf-8").partition("\n---\n")[0].split())
    readme = " ".join((HERE / "README.md").read_text(encoding="utf-8").split())
    low, high = adamw["betas"]
    for text in (header, readme):
        for said in (
            f"{args['n_layer']} layers, {args['n_head']} heads",
            f"{args['n_embd']} channels",
            f"{args['max_steps']:,} steps of {args['batch_size']} names",
            "momentum 0.95",
            f"betas {low} and {high}",
            f"learning rate {args['learning_rate']}",
        ):
            assert said in text, said
        assert re.search(rf"decay (of )?{muon['weight_decay']}\b", text)
    assert adamw["weight_decay"] == muon["weight_decay"] and vectors["weight_decay"] == 0.0
