"""Figures out of what `--diagnostics` writes: one line of JSON a step, see patch 03.

Layers are the tanh layers from the input on; weights are listed from the embedding to the output layer.
"""

import json
import statistics
from pathlib import Path
from typing import Any

FILE = "diagnostics.jsonl"


def measure(folder: Path) -> dict[str, float]:
    """Return the metrics of a run, from what it wrote into its folder; none where it wrote no diagnostics."""
    return summary(read(folder))


def read(folder: Path) -> list[dict[str, Any]]:
    """The records of a run; none where it wrote none."""
    path = folder / FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def summary(records: list[dict[str, Any]]) -> dict[str, float]:
    """Metrics at the first record ("start", step 0) and at the last ("end"); empty without records.

    saturation: share of tanh outputs beyond 0.97, mean over layers. dead: share of neurons that are there for every
    character of the batch. activation_std_low, _high: over the layers. gradient_spread: largest over smallest standard
    deviation of a layer's gradient. update_data: the median over hidden weights and the records after the first third
    of the training of std(update) / std(weight).
    """
    if not records:
        return {}
    found: dict[str, float] = {}
    for when, record in (("start", records[0]), ("end", records[-1])):
        deviations = [layer["std"] for layer in record["act"]]
        gradients = [layer["std"] for layer in record["grad"]]
        found[f"saturation_{when}"] = statistics.fmean(layer["saturated"] for layer in record["act"])
        found[f"dead_{when}"] = statistics.fmean(layer["dead"] for layer in record["act"])
        found[f"activation_std_low_{when}"] = min(deviations)
        found[f"activation_std_high_{when}"] = max(deviations)
        found[f"gradient_spread_{when}"] = max(gradients) / min(gradients) if min(gradients) else float("inf")
    later = [record for record in records if record["step"] >= records[-1]["step"] / 3]
    found["update_data"] = statistics.median(ratio for record in later for ratio in hidden(record))
    return found


def hidden(record: dict[str, Any]) -> list[float]:
    """update:data of the hidden layers' weights: neither the embedding's nor the output layer's."""
    return [weight["update:data"] for weight in list(record["weight"].values())[1:-1]]
