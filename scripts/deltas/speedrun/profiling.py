"""`python -m deltas.speedrun.profiling makemore.py STEPS -- ARGUMENTS…`: where the time of a step goes, as JSON.

parts       milliseconds a step, mean over the second half of the steps: batch, forward, backward, AdamW, Muon
operators   self time in milliseconds a step of torch's operators, the largest first, from torch.profiler (which slows
            all of it down: their shares count)
flops       of the matrix products that a step needs: beginnings × weights, forward and backward twice that; Muon's
rate        floating-point operations a second that the same matrix products reach here, alone
floor       milliseconds: flops / rate
"""

import contextlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..child import lifetime
from ..child.script import Script

MUON = 5  # iterations of Newton and Schulz
TOP = 12
WARM, PROFILED = 10, 30  # steps


def main(arguments: list[str]) -> None:
    """Two trainings: one with a stop-watch, one with the profiler."""
    script, steps, _, *rest = arguments
    lifetime.begin()
    import torch

    rest = [*rest, "--max-steps", steps]
    with contextlib.redirect_stdout(io.StringIO()):
        parts, rows, left = watched(Path(script), rest)
        found = profiled(Path(script), rest)
        matrices = [(p.size(0), p.size(1)) for p in left["hidden"]]
        flops, rate = products(matrices, left["args"].n_embd * left["vocab_size"], rows)
    document = {
        "threads": torch.get_num_threads(),
        "beginnings": rows,
        "parts": parts,
        "operators": found,
        "flops": flops,
        "rate": rate,
        "floor": flops / rate * 1e3,
    }
    print(json.dumps(document))


def _run(script: Path, arguments: list[str], prepare: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    makemore = Script(script, arguments)
    makemore.define()
    prepare(makemore.namespace)
    makemore.run()
    return makemore.namespace


def watched(script: Path, arguments: list[str]) -> tuple[dict[str, float], float, dict[str, Any]]:
    """Milliseconds a step by part; beginnings in a batch, mean; what makemore.py left behind."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    took: dict[str, list[float]] = {name: [] for name in ("batch", "forward", "backward", "optimizer", "Muon")}
    rows: list[int] = []
    begun: list[float] = []

    def timed(name: str, function: Callable[..., Any], when: Callable[..., bool] = lambda *_: True) -> Callable:
        def run(*given: Any, **named: Any) -> Any:
            since = time.perf_counter()
            result = function(*given, **named)
            if when(*given):
                took[name].append(time.perf_counter() - since)
            return result

        return run

    def prepare(left: dict[str, Any]) -> None:
        left["ShortDataLoader"].next = timed("batch", left["ShortDataLoader"].next)
        left["Muon"].step = timed("Muon", left["Muon"].step)
        forward = timed("forward", left["TaughtTransformer"].forward, lambda model, *_: model.training)

        def counted(model: Any, idx: Any, targets: Any = None) -> Any:
            if model.training and targets is not None:
                rows.append(idx.unique().numel())
            return forward(model, idx, targets)

        left["TaughtTransformer"].forward = counted

    backward = torch.Tensor.backward
    hooks = (
        register_optimizer_step_pre_hook(lambda *_: begun.append(time.perf_counter())),
        register_optimizer_step_post_hook(lambda *_: took["optimizer"].append(time.perf_counter() - begun[-1])),
    )
    torch.Tensor.backward = timed("backward", backward)
    try:
        left = _run(script, arguments, prepare)
    finally:
        torch.Tensor.backward = backward
        for hook in hooks:
            hook.remove()
    mean = {name: statistics.fmean(each[len(each) // 2 :]) * 1e3 for name, each in took.items()}
    mean["AdamW"] = mean.pop("optimizer") - mean["Muon"]  # Muon steps in AdamW's hook
    return mean, statistics.fmean(rows), left


def profiled(script: Path, arguments: list[str]) -> dict[str, float]:
    """Operator -> its own milliseconds a step, the TOP largest, over PROFILED steps after some to warm up.

    Steps alone: the teacher's counting and the evaluation are a million little operators, which nobody asked about.
    """
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    steps = [0]

    def step(*_: object) -> None:
        steps[0] += 1
        if steps[0] == WARM:
            profile.start()
        elif steps[0] == WARM + PROFILED:
            profile.stop()

    hook = register_optimizer_step_post_hook(step)
    try:
        _run(script, arguments, lambda left: None)
    finally:
        hook.remove()
    found = sorted(profile.key_averages(), key=lambda each: -each.self_cpu_time_total)
    return {each.key: each.self_cpu_time_total / 1e3 / PROFILED for each in found[:TOP]}


def products(matrices: list[tuple[int, int]], head: int, rows: float) -> tuple[float, float]:
    """(flops, rate) of a step's matrix products. matrices: (out, in), hidden; head: the last one's weights."""
    import torch

    weights = sum(m * n for m, n in matrices)
    network = 3 * 2 * rows * (weights + head)
    muon = sum(MUON * (4 * min(m, n) ** 2 * max(m, n) + 2 * min(m, n) ** 3) for m, n in matrices)
    seconds = 0.0
    for m, n in matrices:
        x, g, W = torch.randn(round(rows), n), torch.randn(round(rows), m), torch.randn(m, n)
        seconds += _median(lambda x=x, W=W: x @ W.T) + _median(lambda g=g, W=W: g @ W)
        seconds += _median(lambda g=g, x=x: g.T @ x)
        X = torch.randn(min(m, n), max(m, n))
        A = X @ X.T
        seconds += MUON * (_median(lambda X=X: X @ X.T) + _median(lambda A=A: A @ A) + _median(lambda A=A, X=X: A @ X))
    return network + muon, (3 * 2 * rows * weights + muon) / seconds


def _median(work: Callable[[], Any], times: int = 30) -> float:
    took = []
    for _ in range(times):
        since = time.perf_counter()
        work()
        took.append(time.perf_counter() - since)
    return statistics.median(took)


if __name__ == "__main__":
    main(sys.argv[1:])
