"""What the split alone does to a loss: the same counting, on the training names and test names of other seeds.

makemore.py draws 1,000 test names and counts the others. Here they are drawn anew from each of SEEDS, by its own
`create_datasets`, and counted by another road than the patch's: as pairs of a list.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FILE = "splits.json"
SEEDS = (1, 2, 3, 4, 5)


def keep(left: Mapping[str, Any], folder: Path) -> None:
    """Write the test loss of every other split. Without smoothing a test pair may be impossible: nothing is written."""
    import torch

    args = left["args"]
    if not args.smoothing:
        return
    losses = {}
    with torch.random.fork_rng():
        for seed in SEEDS:
            torch.manual_seed(seed)
            train, test = left["create_datasets"](args.input_file)
            losses[f"seed-{seed}"] = loss(train.words, test.words, train.stoi, args.smoothing)
    (folder / FILE).write_text(json.dumps(losses), encoding="utf-8")


def loss(train: Sequence[str], test: Sequence[str], symbols: Mapping[str, int], smoothing: float) -> float:
    """Return -log P in nats per character of the test words, P being the smoothed counts of pairs in the others."""
    import torch

    V = len(symbols) + 1  # 0 is the start and the end of a word
    counts, tested = (torch.bincount(_pairs(words, symbols, V), minlength=V * V).double() for words in (train, test))
    N = counts.view(V, V) + smoothing  # (V, V)
    log_p = (N / N.sum(1, keepdim=True)).log()  # (V, V)
    return -(tested.view(V, V) * log_p).sum().item() / tested.sum().item()


def _pairs(words: Sequence[str], symbols: Mapping[str, int], V: int) -> Any:
    """Return each pair of neighbours as one number, i * V + j: (m,) int64."""
    import torch

    text = [0]
    for word in words:
        text += [*(symbols[char] for char in word), 0]
    x = torch.tensor(text)
    return x[:-1] * V + x[1:]


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Return the losses as a table, a cell for each seed."""
    path = folder / FILE
    return {"other_split_loss": json.loads(path.read_text(encoding="utf-8"))} if path.exists() else {}
