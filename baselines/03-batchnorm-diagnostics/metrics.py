"""Metrics of what `--diagnostics` writes, and the histograms that only the figures need.

Layers are the tanh layers, from the input on. Weights are listed from the embedding to the output layer. Only the
characters of a batch count, never its padding.
"""

import json
import math
import statistics
from pathlib import Path
from typing import Any

FILE = "diagnostics.jsonl"
HISTOGRAMS = "histograms.json"
BINS = 50
FLAT = 0.97  # beyond it tanh passes next to no gradient


def measure(folder: Path) -> dict[str, float]:
    """Return the metrics of a run from what it wrote into its folder; none where it wrote no diagnostics."""
    return summary(read(folder))


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a run, in the order of its steps; none where it wrote none."""
    path = folder / FILE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def summary(records: list[dict[str, Any]]) -> dict[str, float]:
    """Return metrics of the first record ("start", step 0) and of the last ("end"); none without records.

    saturation: share of tanh outputs beyond 0.97, mean over the layers. dead: share of neurons that are beyond it for
    every character of the batch, mean over the layers. activation_std_low, activation_std_high: smallest and largest
    standard deviation of a layer's outputs. gradient_spread: largest over smallest standard deviation of a layer's
    gradient. update_data: std(update) / std(weight), the median over hidden weights and over the records after the
    first third of the training.
    """
    if not records:
        return {}
    metrics: dict[str, float] = {}
    for when, record in (("start", records[0]), ("end", records[-1])):
        metrics[f"saturation_{when}"] = statistics.fmean(record["saturated"])
        metrics[f"dead_{when}"] = statistics.fmean(record["dead"])
        metrics[f"activation_std_low_{when}"] = min(record["act"])
        metrics[f"activation_std_high_{when}"] = max(record["act"])
        metrics[f"gradient_spread_{when}"] = spread(record["grad"])
    later = [record for record in records if record["step"] >= records[-1]["step"] / 3]
    metrics["update_data"] = statistics.median(ratio for record in later for ratio in hidden(record))
    return metrics


def spread(layers: list[float]) -> float:
    """Return how many times the smallest number of a layer goes into the largest; a layer alone differs from none.

    >>> spread([0.1, 0.4, 0.2]), spread([0.3]), spread([0.0, 0.4])
    (4.0, 1.0, inf)
    """
    if len(layers) == 1:
        return 1.0
    return max(layers) / min(layers) if min(layers) else math.inf


def hidden(record: dict[str, Any]) -> list[float]:
    """Return update:data of the hidden layers' weights: neither of the embedding nor of the output layer."""
    return list(record["update:data"].values())[1:-1]


def keep(left: dict[str, Any], folder: Path) -> None:
    """Write histograms of the tanh layers into the folder: of the initial model ("start") and of the final ("end").

    Both see the last batch, in training mode, and in a model that was made for this, so that the trained one stays as
    it is. Nothing is written without --diagnostics, nor without --split-seed (see initial).
    """
    args = left["args"]
    if not args.diagnostics or args.split_seed is None:
        return
    if not all(weight.isfinite().all() for weight in left["model"].parameters()):
        return  # the training diverged: there will be no result
    model = initial(left)
    start = look(model, left["X"], left["Y"])
    model.load_state_dict(left["model"].state_dict())
    histograms = {"start": start, "end": look(model, left["X"], left["Y"])}
    (folder / HISTOGRAMS).write_text(json.dumps(histograms) + "\n", encoding="utf-8")


def initial(left: dict[str, Any]) -> Any:
    """Return a model with the weights that training began with.

    With --split-seed, makemore.py makes its model right after it has seeded the generator with --seed.
    """
    import torch

    args = left["args"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(args.seed)
        return left["DeepMLP"](left["config"], args.gain, args.batchnorm).to(args.device)


def look(model: Any, x: Any, y: Any) -> list[dict[str, Any]]:
    """Return a table for each tanh layer of what it puts out for this batch, and of the gradient that comes back.

    std, saturated: of the outputs. outputs: how many of them lie in each of 50 bins from -1 to 1. gradient: the
    standard deviation of the gradient. gradients: how many lie in each of 50 bins from -range to range, which is four
    standard deviations: a few outliers would make the bins coarse.
    """
    import torch

    outputs: list[Any] = []

    def collect(*args: Any) -> None:
        output = args[-1]
        output.retain_grad()
        outputs.append(output)

    model.train()
    hooks = [m.register_forward_hook(collect) for m in model.modules() if isinstance(m, torch.nn.Tanh)]
    model(x, y)[1].backward()
    for hook in hooks:
        hook.remove()

    tables = []
    for output in outputs:
        out, grad = output.detach()[y != -1].cpu(), output.grad[y != -1].cpu()  # (m, n_embd2), the batch's characters
        reach = min(4 * grad.std().item(), grad.abs().max().item())
        tables.append(
            {
                "std": _short(out.std().item()),
                "saturated": _short((out.abs() > FLAT).float().mean().item()),
                "outputs": torch.histc(out, BINS, -1, 1).int().tolist(),
                "gradient": _short(grad.std().item()),
                "range": _short(reach),
                "gradients": torch.histc(grad, BINS, -reach, reach).int().tolist(),
            }
        )
    return tables


def _short(number: float) -> float:
    """Round to four significant digits."""
    return float(f"{number:.4g}")
