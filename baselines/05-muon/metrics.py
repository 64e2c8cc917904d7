"""What an update does to a matrix: the singular values of its direction, and of the average of gradients behind it.

An update direction is what the optimizer subtracts from a weight, up to the learning rate. It is made once more, right
after the training, of what the optimizer remembers: AdamW's is its first moment over the root of its second, Muon's is
`orthogonalize` of its momentum, with the last gradient as Nesterov has it.
"""

import json
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE = "singular_values.json"
EPS = 1e-8  # AdamW's
NESTEROV = 0.95


def keep(left: Mapping[str, Any], folder: Path) -> None:
    """Write the singular values of each hidden matrix, largest first: of its update, and of the momentum behind it."""
    import torch

    values = {}
    for name, update, momentum in _hidden(left):
        values[name] = {
            "update": torch.linalg.svdvals(update).tolist(),
            "momentum": torch.linalg.svdvals(momentum).tolist(),
        }
    (folder / FILE).write_text(json.dumps(values), encoding="utf-8")


def _hidden(left: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Give (name, update direction, momentum) of each matrix between two layers, with either optimizer."""
    import torch

    model = left["model"]
    last = f"mlp.{len(model.mlp) - 1}" if hasattr(model, "mlp") else "lm_head"
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear) or name == last:
            continue
        weight = module.weight
        owner = next(optimizer for optimizer in left["optimizers"] if weight in optimizer.state)
        state = owner.state[weight]
        if "momentum" in state:  # Muon
            yield name, left["orthogonalize"](weight.grad.lerp(state["momentum"], NESTEROV)), state["momentum"]
        else:  # AdamW: the corrections for its start are factors of the whole matrix but in the root
            beta1, beta2 = owner.param_groups[0]["betas"]
            first = state["exp_avg"] / (1 - beta1 ** state["step"])
            second = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
            yield name, first / (second.sqrt() + EPS), first


def read(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Return the singular values by matrix; none where there is no such file, as of a control."""
    path = folder / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def measure(folder: Path) -> dict[str, float]:
    """Return how many of its directions a matrix uses, the mean over the hidden matrices: of update and momentum."""
    matrices = read(folder).values()
    if not matrices:
        return {}
    return {
        f"{kind}_directions": statistics.fmean(directions(matrix[kind]) for matrix in matrices)
        for kind in ("update", "momentum")
    }


def directions(values: list[float]) -> float:
    """Return the share of directions in use: (sum of s)^2 / (n * sum of s^2), 1 where all singular values are alike.

    >>> directions([2.0, 2.0]), directions([3.0, 0.0])
    (1.0, 0.5)
    """
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))
