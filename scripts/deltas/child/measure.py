"""What the final model is worth: nats per character over whole splits, and names that it makes up.

Works on what makemore.py left behind (model, train_dataset, test_dataset, generate, args), in its process.
Upstream's own figure differs thrice: mean of batch means, eleven batches, the best of many looks at the test set.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 500  # names; the result does not depend on it


def per_name(model: Any, dataset: Any, device: str = "cpu") -> "tuple[Tensor, Tensor]":
    """-log p of each name, in nats, end token included, and its number of tokens: (N,) float64 and (N,) int64.

    model(X) gives (logits, …) for X (B, T) int64, logits (B, T, vocab); targets of -1 don't count. Batches hold names
    of like length and are cut to the longest: a causal model doesn't see the padding, and half of a full batch is that.
    """
    import torch
    from torch.nn.functional import cross_entropy

    nats = torch.zeros(len(dataset), dtype=torch.float64)
    tokens = torch.zeros(len(dataset), dtype=torch.int64)
    if not len(dataset):
        return nats, tokens
    inputs, targets = (torch.stack(each) for each in zip(*(dataset[i] for i in range(len(dataset))), strict=True))
    positions = torch.arange(1, targets.shape[1] + 1)
    lengths = torch.where(targets != -1, positions, 0).amax(1)  # (N,): up to the last target that counts
    model.eval()
    with torch.inference_mode():
        for rows in lengths.argsort(stable=True).split(BATCH):
            longest = int(lengths[rows].max())
            x, y = inputs[rows, :longest].to(device), targets[rows, :longest].to(device)  # (B, longest)
            logits = model(x)[0].double()  # (B, longest, vocab)
            loss = cross_entropy(logits.transpose(1, 2), y, ignore_index=-1, reduction="none")  # (B, longest)
            nats[rows] = loss.sum(1).cpu()
            tokens[rows] = (y != -1).sum(1).cpu()
    return nats, tokens


def losses(left: Mapping[str, Any]) -> tuple[dict[str, float | int | None], list[tuple[str, float, int, bool]]]:
    """(metrics, names): train_loss, test_loss, test_loss_unseen in nats per character, parameters; the test names in
    order, each with its nats, its tokens, and whether it also occurs in train.

    A loss is the mean over tokens. None where a split has no name to measure.
    """
    model, train, test, device = left["model"], left["train_dataset"], left["test_dataset"], left["args"].device
    train_nats, train_tokens = per_name(model, train, device)
    test_nats, test_tokens = per_name(model, test, device)
    known = set(train.words)
    names = [
        (word, nats, tokens, word in known)
        for word, nats, tokens in zip(test.words, test_nats.tolist(), test_tokens.tolist(), strict=True)
    ]
    metrics = {
        "train_loss": mean(zip(train_nats.tolist(), train_tokens.tolist(), strict=True)),
        "test_loss": mean((nats, tokens) for _, nats, tokens, _ in names),
        "test_loss_unseen": mean((nats, tokens) for _, nats, tokens, seen in names if not seen),
        "parameters": sum(each.numel() for each in model.parameters()),
    }
    return metrics, names


def mean(names: Any) -> float | None:
    """Nats per token of (nats, tokens) pairs; None where there is none.

    >>> mean([(3.0, 2), (3.0, 1)])
    2.0
    """
    pairs = list(names)
    tokens = sum(count for _, count in pairs)
    return sum(nats for nats, _ in pairs) / tokens if tokens else None


def sample(left: Mapping[str, Any], count: int, seed: int) -> list[str]:
    """Names drawn from the model in eval mode, with upstream's own `generate`. The same seed draws the same names."""
    import torch

    model, dataset, args = left["model"], left["train_dataset"], left["args"]
    model.eval()
    torch.manual_seed(seed)
    start = torch.zeros(count, 1, dtype=torch.long, device=args.device)  # token 0 begins a name, and ends it
    top_k = getattr(args, "top_k", -1)
    rows = left["generate"](
        model, start, dataset.get_output_length() - 1, top_k=None if top_k == -1 else top_k, do_sample=True
    )
    names = []
    for row in rows[:, 1:].tolist():
        names.append(dataset.decode(row[: row.index(0)] if 0 in row else row))
    return names
