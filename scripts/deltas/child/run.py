"""`python -m deltas.child.run makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…`: one run, in a process of its own.

Executes makemore.py as if it had been called by name, then measures what it leaves behind. Writes into RUN_DIR:

    model.pt       the final model, which the metrics describe (makemore.py itself saves the best on the test set)
    trace.pt       of a small model: its first weight every TRACE_EVERY steps, as (steps, weights)
    samples.txt    names that a language model makes up, one a line
    items.json     the loss on every test name (see results.py)
    metrics.json   written last: where it is, the run is complete

A stage without a language model leaves a dict `metrics` instead, or has a METRICS.py that measures its files: then the
run has these metrics, steps and seconds. METRICS.py may define `measure(folder) -> dict` and `items(folder)`, and
`keep(left, folder)`, which is called before them with all that makemore.py left behind (model, optimizers, the last
batch), and may write files into the folder.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import files
from . import lifetime, measure, results
from .measure import Metrics
from .script import Script

TRACE_EVERY = 50  # steps
TRACED = 5_000  # parameters at most
LANGUAGE_MODEL = ("model", "train_dataset", "test_dataset", "generate", "args")  # what makemore.py leaves of one


@dataclass(frozen=True)
class Call:
    """The command line of a program of this room that makes a run."""

    script: Path
    folder: Path
    own: Path | None
    arguments: list[str]


def parse(words: list[str], usage: str) -> Call:
    """Read `makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…`. SystemExit shows the usage."""
    at = words.index("--") if "--" in words else 0
    if at not in (2, 3):
        sys.exit(f"usage: {usage}")
    return Call(Path(words[0]), Path(words[1]), Path(words[2]) if at == 3 else None, words[at + 1 :])


def main(words: list[str]) -> None:
    """Make the run. SystemExit with a reason where there is no result; what makemore.py raises goes through."""
    call = parse(words, "python -m deltas.child.run makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…")
    lifetime.begin()
    left, metrics = execute(call.script, call.arguments)
    finish(left, metrics, call.folder, call.own)


def execute(script: Path, arguments: list[str]) -> tuple[dict[str, Any], Metrics]:
    """Run the script to its end. Return what it leaves behind, and what was measured while it ran."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    torch.set_num_threads(1)
    trace: list[tuple[int, Any]] = []
    first: Any = None  # the optimizer whose steps are counted: a training may have several
    steps = 0

    def keep(optimizer: Any, *_: object) -> None:
        nonlocal first, steps
        first = first or optimizer
        if optimizer is not first:
            return
        steps += 1
        if steps % TRACE_EVERY == 0:
            weights = optimizer.param_groups[0]["params"]
            if sum(weight.numel() for weight in weights) <= TRACED:
                trace.append((steps, weights[0].detach().clone()))

    loaded = Script(script, arguments)
    keeping = register_optimizer_step_post_hook(keep)
    try:
        with measure.watching() as metrics:
            loaded.define()
            loaded.run()
    finally:
        keeping.remove()
    return loaded.namespace | {"trace": trace}, metrics


def finish(left: dict[str, Any], metrics: Metrics, folder: Path, own: Path | None = None) -> None:
    """Measure what is left, and write the files. SystemExit with a reason where there is no result."""
    import torch

    if "writer" in left:
        left["writer"].close()
    if isinstance(left.get("model"), torch.nn.Module):
        torch.save(left["model"].state_dict(), folder / "model.pt")
    if left.get("trace"):
        torch.save(tuple(zip(*left["trace"], strict=True)), folder / "trace.pt")
    if own and hasattr(program := files.module(own), "keep"):
        program.keep(left, folder)
    missing = [name for name in LANGUAGE_MODEL if name not in left]
    if not missing:
        print("measuring the final model on the whole splits", flush=True)
        metrics, items, samples = results.of_model(left, metrics)
        results.write(folder, metrics, items, samples, own=own)
    elif left.get("metrics") or own:
        print(f"makemore.py leaves no {', '.join(missing)} behind: its own metrics are the result", flush=True)
        results.write(folder, results.of_another(left, metrics), own=own)
    else:
        sys.exit(
            f"makemore.py leaves no {', '.join(missing)} and no dict `metrics` behind: there is nothing to measure"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
