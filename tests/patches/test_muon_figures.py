"""What the figures of Muon say and what its metrics measure, turned around with the numbers."""

import json
from types import SimpleNamespace

import pytest
import torch

import fakeruns

muon = fakeruns.program("muon")
EVEN, STEEP = [1.2, 1.0, 0.9, 0.66], [5.0, 1.0, 0.5, 0.1]
LOSSES = {
    "transformer": [1.88, 1.90], "transformer-adamw": [1.92, 1.94], "mlp": [1.90, 1.92], "mlp-adamw": [1.91, 1.93],
}  # fmt: skip


def make(tmp_path, *, update=EVEN, other=STEEP, **changed):
    fake = fakeruns.FakeRuns(tmp_path / "out")
    for run, losses in (LOSSES | changed).items():
        values = other if run.endswith("-adamw") else update
        share = [muon.metrics.directions(values)] * 2
        for folder in fake.add(run, test_loss=losses, test_loss_unseen=losses, update_directions=share):
            document = {matrix: {"update": values, "momentum": STEEP} for matrix in muon.SHOWN}
            (folder / muon.metrics.FILE).write_text(json.dumps(document))
    return fake


def figure(tmp_path, name, **changed):
    return fakeruns.named(muon.figures(make(tmp_path, **changed).runs()))[name]


@pytest.mark.parametrize(
    ("update", "says"),
    [
        (EVEN, "Muon moves most directions of a matrix by about as much: with Muon half of the singular values lie "
         "above 79 % of the largest, with AdamW half lie above 15 %. Over all hidden matrices of the transformer, Muon "
         "uses 96 % of the directions and "
         "AdamW 41 %,"),
        (STEEP, "With Muon half of the singular values lie above 15 % of the largest, with AdamW half lie above 15 %."),
    ],
)  # fmt: skip
def test_how_alike_singular_values_are(tmp_path, update, says):
    assert says in figure(tmp_path, "singular-values", update=update).caption


@pytest.mark.parametrize(
    ("mlp", "says"),
    [
        ([1.90, 1.92], "the loss of the transformer falls from 1.930 to 1.890 and the loss of the MLP falls from 1.920 "
         "to 1.910. With Muon for both, the transformer ends at 1.890 and the MLP at 1.910."),
        ([1.87, 1.89], "the transformer ends at 1.890 and the MLP at 1.880."),
        ([1.94, 1.94], "the loss of the MLP rises from 1.920 to 1.940."),
    ],
)  # fmt: skip
def test_what_another_optimizer_changes(tmp_path, mlp, says):
    assert says in figure(tmp_path, "losses", mlp=mlp).caption


def test_rows_are_in_units_of_the_largest(tmp_path):
    rows = figure(tmp_path, "singular-values").rows
    assert [value for matrix, of, _, value in rows if (matrix, of) == (muon.SHOWN[0], "Muon")] == pytest.approx(
        [1.0, 0.8333, 0.75, 0.55]
    )


@pytest.mark.parametrize("without", list(LOSSES))
def test_without_one_of_the_runs_there_is_no_figure(tmp_path, without):
    assert muon.figures(make(tmp_path).runs(without=[without])) == []


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    words = fakeruns.drawn(fakeruns.named(muon.figures(make(tmp_path).runs())), tmp_path / "drawn")
    assert {"Muon", "AdamW", "h.1.mlp.c_fc"} <= set(words["singular-values"])


def test_directions_in_use_do_not_depend_on_the_scale():
    assert muon.metrics.directions([2.0] * 7) == pytest.approx(1.0)
    assert muon.metrics.directions([4.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert muon.metrics.directions(STEEP) == pytest.approx(muon.metrics.directions([3 * s for s in STEEP]))


@pytest.mark.parametrize("adamw", [False, True])
def test_what_is_kept_is_what_the_next_step_would_do(stage_code, tmp_path, adamw):
    """The oracle is the optimizer itself: the same gradient once more moves the weight in the direction kept."""
    mm = stage_code("muon")
    torch.manual_seed(1)
    model = mm.Transformer(mm.ModelConfig(vocab_size=5, block_size=4, n_layer=1, n_embd=8, n_head=2))
    hidden = [block.weight for name, block in model.named_modules() if isinstance(block, torch.nn.Linear)][:-1]
    rest = [p for p in model.parameters() if all(p is not weight for weight in hidden)]
    if adamw:  # betas near 1: one step more hardly moves what it remembers
        optimizers = [torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, betas=(0.999, 0.9999))]
    else:
        optimizers = [torch.optim.AdamW(rest, lr=1e-3), mm.Muon(hidden, lr=1e-3, weight_decay=0.0)]
    X = torch.randint(0, 5, (8, 4))
    for _ in range(30):
        model.zero_grad()
        model(X, X)[1].backward()
        for optimizer in optimizers:
            optimizer.step()
    left = {"model": model, "optimizers": optimizers, "orthogonalize": mm.orthogonalize, "args": SimpleNamespace()}
    muon.metrics.keep(left, tmp_path)
    kept = muon.metrics.read(tmp_path)
    assert list(kept) == [
        f"transformer.h.0.{name}" for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    ]
    before = [weight.detach().clone() for weight in hidden]
    for optimizer in optimizers:
        optimizer.step()
    for (name, values), old, new in zip(kept.items(), before, hidden, strict=True):
        moved = torch.linalg.svdvals(old - new.detach())
        update = torch.tensor(values["update"])
        assert torch.allclose(moved / moved.sum(), update / update.sum(), atol=0.02), name
    assert all(0 < share <= 1 for share in muon.metrics.measure(tmp_path).values())
