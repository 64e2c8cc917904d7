"""Losses by label, of a stage whose lines carry one beside them.

A dataset of such a stage has `examples`, (prompt, answer, label) of each line. The metrics.py of a stage may use this
module; it then belongs to what measured its runs (see programs.py).
"""

import collections
from typing import Any

from . import measure


def losses(model: Any, dataset: Any, device: str) -> dict[str, float]:
    """Return nats per character that counts, by label: the mean over the characters of its lines."""
    nats, tokens = measure.per_name(model, dataset, device)
    sums: dict[str, list[float]] = collections.defaultdict(lambda: [0.0, 0])
    for (_, _, label), loss, count in zip(dataset.examples, nats.tolist(), tokens.tolist(), strict=True):
        sums[str(label)][0] += loss
        sums[str(label)][1] += count
    return {label: loss / count for label, (loss, count) in sorted(sums.items())}
