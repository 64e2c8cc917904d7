"""Metrics of what `--diagnostics` writes: one line of JSON for every recorded step (see the patch).

Layers are the tanh layers, from the input on. Weights are listed from the embedding to the output layer.
"""

import json
import statistics
from pathlib import Path
from typing import Any

FILE = "diagnostics.jsonl"


def measure(folder: Path) -> dict[str, float]:
    """Return the metrics of a run from what it wrote into its folder; none where it wrote no diagnostics."""
    return summary(read(folder))


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a run, in the order of its steps; none where it wrote none."""
    path = folder / FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


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
        deviations = [layer["std"] for layer in record["act"]]
        gradients = [layer["std"] for layer in record["grad"]]
        metrics[f"saturation_{when}"] = statistics.fmean(layer["saturated"] for layer in record["act"])
        metrics[f"dead_{when}"] = statistics.fmean(layer["dead"] for layer in record["act"])
        metrics[f"activation_std_low_{when}"] = min(deviations)
        metrics[f"activation_std_high_{when}"] = max(deviations)
        metrics[f"gradient_spread_{when}"] = max(gradients) / min(gradients) if min(gradients) else float("inf")
    later = [record for record in records if record["step"] >= records[-1]["step"] / 3]
    metrics["update_data"] = statistics.median(ratio for record in later for ratio in hidden(record))
    return metrics


def hidden(record: dict[str, Any]) -> list[float]:
    """Return update:data of the hidden layers' weights: neither of the embedding nor of the output layer."""
    return [weight["update:data"] for weight in list(record["weight"].values())[1:-1]]
