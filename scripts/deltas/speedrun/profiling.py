"""`python -m deltas.speedrun.profiling makemore.py OUT STEPS -- ARGUMENTS…`: where the time of a step goes.

It takes the steps of one stage's training apart. What it needs of the code is little: a `batch_loader` whose `next`
makes a batch, a `model` whose last linear layer is called `lm_head`, and the optimizers AdamW and Muon, each with a
method `step`. Writes OUT/profile.json:

    parts       milliseconds a step, the mean over the second half of the steps: batch, forward, backward, AdamW, Muon
    operators   torch's operators: their own milliseconds a step, the largest first. torch.profiler measures them and
                slows everything down, so their shares count
    beginnings  that a batch consists of, the mean
    flops       of the matrix products that a step needs: beginnings × weights, forward and twice that backward; Muon's
    rate        floating-point operations a second that the same matrix products reach here, alone
    floor       milliseconds: flops / rate
    threads     of torch
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ..child import lifetime
from ..child.script import Script
from ..core import jsonfile

MUON = 5  # iterations of Newton and Schulz
TOP = 12  # operators
WARM, PROFILED = 10, 30  # steps
TIMES = 30  # that a matrix product is repeated
PARTS = ("batch", "forward", "backward", "AdamW", "Muon")
HEAD = "lm_head"


def main(words: list[str]) -> None:
    """Train twice: once with a stop-watch, once with the profiler."""
    script, out, steps, _, *arguments = words
    lifetime.begin()
    import torch

    arguments += ["--max-steps", steps]
    parts, beginnings, model = watched(Path(script), arguments)
    operators = profiled(Path(script), arguments)
    flops, rate = products(*matrices(model), beginnings)
    document = {
        "threads": torch.get_num_threads(),
        "beginnings": beginnings,
        "parts": parts,
        "operators": operators,
        "flops": flops,
        "rate": rate,
        "floor": flops / rate * 1e3,
    }
    jsonfile.write(Path(out) / "profile.json", document)


class _Watch:
    """Seconds that functions took, by the part of a step that they are."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {part: [] for part in PARTS}

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, its calls timed."""

        def timed(*given: Any, **named: Any) -> Any:
            since = time.perf_counter()
            result = function(*given, **named)
            self.took[part].append(time.perf_counter() - since)
            return result

        return timed


def watched(script: Path, arguments: list[str]) -> tuple[dict[str, float], float, Any]:
    """Return milliseconds a step by part, the beginnings that a batch consists of (their mean), and the model.

    Model and loader are not there before the first step: they are watched from its end on.
    """
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    watch = _Watch()
    beginnings: list[int] = []
    makemore = Script(script, arguments)
    makemore.define()
    left = makemore.namespace

    def begin(*_: object) -> None:
        first.remove()
        model, loader = left["model"], left["batch_loader"]
        plain = model.forward
        timed = watch.timed("forward", plain)

        def forward(idx: Any, targets: Any = None) -> Any:
            if not model.training:
                return plain(idx, targets)
            if targets is not None:
                beginnings.append(idx.unique().numel())
            return timed(idx, targets)

        model.forward, loader.next = forward, watch.timed("batch", loader.next)

    first = register_optimizer_step_post_hook(begin)
    left["Muon"].step = watch.timed("Muon", left["Muon"].step)
    with (
        patch.object(torch.optim.AdamW, "step", watch.timed("AdamW", torch.optim.AdamW.step)),
        patch.object(torch.Tensor, "backward", watch.timed("backward", torch.Tensor.backward)),
    ):
        makemore.run()
    parts = {part: statistics.fmean(took[len(took) // 2 :]) * 1e3 for part, took in watch.took.items()}
    return parts, statistics.fmean(beginnings), left["model"]


def matrices(model: Any) -> tuple[list[tuple[int, int]], int]:
    """Return (out, in) of the hidden linear layers, which Muon updates, and how many weights the last layer has."""
    from torch import nn

    layers = {name: layer.weight for name, layer in model.named_modules() if isinstance(layer, nn.Linear)}
    head = layers.pop(HEAD)
    return [(weight.size(0), weight.size(1)) for weight in layers.values()], head.numel()


def profiled(script: Path, arguments: list[str]) -> dict[str, float]:
    """Return operator -> its own milliseconds a step: the TOP largest, over PROFILED steps after WARM others.

    Only steps are profiled: the teacher's counting and the evaluation are a million small operators.
    """
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    steps = [0]

    def step(optimizer: Any, *_: object) -> None:
        if not isinstance(optimizer, torch.optim.AdamW):  # Muon may be one, too
            return
        steps[0] += 1
        if steps[0] == WARM:
            profile.start()
        elif steps[0] == WARM + PROFILED:
            profile.stop()

    makemore = Script(script, arguments)
    hook = register_optimizer_step_post_hook(step)
    try:
        makemore.define()
        makemore.run()
    finally:
        hook.remove()
    largest = sorted(profile.key_averages(), key=lambda event: -event.self_cpu_time_total)[:TOP]
    return {event.key: event.self_cpu_time_total / 1e3 / PROFILED for event in largest}


def products(hidden: list[tuple[int, int]], head: int, beginnings: float) -> tuple[float, float]:
    """Return (flops, rate) of a step's matrix products.

    hidden: (out, in) of the hidden layers. head: how many weights the last layer has.
    """
    import torch

    weights = sum(m * n for m, n in hidden)
    network = 3 * 2 * beginnings * (weights + head)
    muon = sum(MUON * (4 * min(m, n) ** 2 * max(m, n) + 2 * min(m, n) ** 3) for m, n in hidden)
    rows = round(beginnings)
    seconds = 0.0
    for m, n in hidden:
        x, g, W = torch.randn(rows, n), torch.randn(rows, m), torch.randn(m, n)
        seconds += sum(_seconds(torch.matmul, *pair) for pair in ((x, W.T), (g, W), (g.T, x)))
        X = torch.randn(min(m, n), max(m, n))
        A = X @ X.T
        seconds += MUON * sum(_seconds(torch.matmul, *pair) for pair in ((X, X.T), (A, A), (A, X)))
    return network + muon, (3 * 2 * beginnings * weights + muon) / seconds


def _seconds(function: Callable[..., Any], *given: Any) -> float:
    """Return how long a call takes, the median of TIMES."""
    work, took = partial(function, *given), []
    for _ in range(TIMES):
        since = time.perf_counter()
        work()
        took.append(time.perf_counter() - since)
    return statistics.median(took)


if __name__ == "__main__":
    main(sys.argv[1:])
