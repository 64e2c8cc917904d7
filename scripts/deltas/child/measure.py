"""What a run is worth: nats per character over whole splits, what shows while it trains, and names that it makes up.

Works in makemore.py's process, on what makemore.py leaves behind: model, train_dataset, test_dataset, generate, args.
Upstream's own loss differs in three ways: it is a mean of batch means, over eleven batches, and the lowest of many
evaluations on the test split.

This file is part of every run's `measured_by` (see programs.py). It imports nothing of ours, so that the id changes
with what is measured and with nothing else.
"""

import collections
import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Metrics = dict[str, float | int | None]

BATCH = 500  # names; the result does not depend on it
SAMPLES = 200  # names that a run makes up


def per_name(model: Any, dataset: Any, device: str = "cpu") -> "tuple[Tensor, Tensor]":
    """Return -log p of every name, in nats and with its end token, and its number of tokens: (N,) float64, (N,) int64.

    model(X) gives (logits, …) for X (B, T) int64, logits (B, T, vocab); targets of -1 do not count. A batch holds names
    of similar length and is cut to its longest: a causal model does not see the padding, which fills half of a batch.
    """
    import torch
    from torch.nn.functional import cross_entropy

    nats = torch.zeros(len(dataset), dtype=torch.float64)
    tokens = torch.zeros(len(dataset), dtype=torch.int64)
    if not len(dataset):
        return nats, tokens
    inputs, targets = (torch.stack(rows) for rows in zip(*(dataset[i] for i in range(len(dataset))), strict=True))
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


def losses(left: Mapping[str, Any]) -> tuple[Metrics, dict[str, Any]]:
    """Return (metrics, items) of the model that makemore.py leaves behind: what `of_names` says, and its parameters."""
    model, train, test, device = left["model"], left["train_dataset"], left["test_dataset"], left["args"].device
    train_nats, train_tokens = per_name(model, train, device)
    test_nats, test_tokens = per_name(model, test, device)
    metrics, items = of_names(
        train.words,
        (train_nats.tolist(), train_tokens.tolist()),
        test.words,
        (test_nats.tolist(), test_tokens.tolist()),
    )
    return metrics | {"parameters": sum(weights.numel() for weights in model.parameters())}, items


def of_names(
    train_words: Sequence[str],
    train_losses: tuple[list[float], list[int]],
    test_words: Sequence[str],
    test_losses: tuple[list[float], list[int]],
) -> tuple[Metrics, dict[str, Any]]:
    """Return (metrics, items) of losses by name; losses are (nats, tokens) of every name, in the order of the words.

    metrics: train_loss, test_loss, and test_loss_unseen of the test names that do not also occur in train. A loss is
    the mean over tokens, None where a split has no name. items: the test names, as items.json holds them.
    """
    known = set(train_words)
    nats, tokens = test_losses
    unseen = [int(word not in known) for word in test_words]
    metrics: Metrics = {
        "train_loss": mean(zip(*train_losses, strict=True)),
        "test_loss": mean(zip(nats, tokens, strict=True)),
        "test_loss_unseen": mean(
            (loss, count) for loss, count, counts in zip(nats, tokens, unseen, strict=True) if counts
        ),
    }
    items = {
        "unit": "test name",
        "keys": list(test_words),
        "weights": tokens,
        "values": {"test_loss": nats},
        "subsets": {"test_loss_unseen": {"of": "test_loss", "where": unseen}},
    }
    return metrics, items


def mean(losses: Iterable[tuple[float, int]]) -> float | None:
    """Return nats per token of (nats, tokens) pairs; None where there is none.

    >>> mean([(3.0, 2), (3.0, 1)])
    2.0
    """
    pairs = list(losses)
    tokens = sum(count for _, count in pairs)
    return sum(nats for nats, _ in pairs) / tokens if tokens else None


@contextlib.contextmanager
def watching() -> Iterator[Metrics]:
    """Give the metrics of what happens inside; they are there when it is left.

    They are upstream_test_loss, the lowest of upstream's own evaluations (None where there was none), steps, seconds.
    """
    from unittest.mock import patch

    from torch.optim.optimizer import register_optimizer_step_post_hook
    from torch.utils.tensorboard import SummaryWriter

    steps: collections.Counter[object] = collections.Counter()  # by optimizer: a training may have several
    evaluations: list[float] = []
    metrics: Metrics = {}
    add_scalar = SummaryWriter.add_scalar

    def count(optimizer: object, *_: object) -> None:
        steps[optimizer] += 1

    def listen(writer: SummaryWriter, tag: str, value: Any, *more: Any, **how: Any) -> None:
        if tag == "Loss/test":
            evaluations.append(float(value))
        add_scalar(writer, tag, value, *more, **how)

    counting = register_optimizer_step_post_hook(count)
    with patch.object(SummaryWriter, "add_scalar", listen):
        started = time.perf_counter()
        try:
            yield metrics
        finally:
            seconds = time.perf_counter() - started
            counting.remove()
    metrics |= {"upstream_test_loss": min(evaluations, default=None), "seconds": seconds}
    metrics["steps"] = max(steps.values(), default=0)


def sample(left: Mapping[str, Any], count: int, seed: int, prompt: str = "") -> list[str]:
    """Return names that begin with the prompt, drawn with upstream's own `generate` from the model in eval mode.

    The same seed draws the same names.
    """
    import torch

    model, dataset, args = left["model"], left["train_dataset"], left["args"]
    model.eval()
    torch.manual_seed(seed)
    start = torch.zeros(count, 1, dtype=torch.long, device=args.device)  # token 0 begins a name, and ends it
    if prompt:
        start = torch.cat((start, dataset.encode(prompt).to(args.device).repeat(count, 1)), 1)
    top_k = getattr(args, "top_k", -1)
    rows = left["generate"](
        model,
        start,
        dataset.get_output_length() - start.size(1),
        top_k=None if top_k == -1 else top_k,
        do_sample=True,
    )
    names = []
    for row in rows[:, 1:].tolist():
        names.append(dataset.decode(row[: row.index(0)] if 0 in row else row))
    return names


def compare_names(names: Sequence[str], others: Sequence[str]) -> dict[str, float]:
    """Return the share of places that hold the same character, as the metric same_characters.

    A name's end is a place too; of two names the longer one says how many places there are.

    >>> compare_names(["ada", "bo"], ["ada", "ba"])
    {'same_characters': 0.8571428571428571}
    """
    places = [pair for name, other in zip(names, others, strict=True) for pair in zip_longest(f"{name}.", f"{other}.")]
    return {"same_characters": sum(one == other for one, other in places) / len(places)}
