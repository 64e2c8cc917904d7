"""`python -m deltas.child.run makemore.py RUN_DIR -- ARGUMENTS…`: one run, in a process of its own.

Executes makemore.py as if it had been called by name, then measures the model that it leaves behind. Adds to RUN_DIR:

    model.pt       the final model, which the metrics describe (upstream's was the best on the test set)
    samples.txt    names that it makes up, one a line
    trace.pt       of a model small enough: its first weight every TRACE_EVERY steps, as (steps, weights)
    names.json     [[name, nats, tokens, also in train], …] of the test split, in its order
    metrics.json   written last: where it is, the run went through

control.py writes the same, without the model.
"""

import math
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core import files, jsonfile

SAMPLES = 200
TRACE_EVERY = 50  # steps
TRACED = 5_000  # parameters at most
LEFT = ("model", "train_dataset", "test_dataset", "generate", "args")  # what makemore.py has to leave behind


def main(arguments: list[str]) -> None:
    """SystemExit with a reason where there is no result; what makemore.py raises goes through."""
    (script, folder, *own), (_, *rest) = arguments[: arguments.index("--")], arguments[arguments.index("--") :]
    prepare()
    left, metrics = execute(Path(script), rest)
    finish(left, metrics, Path(folder), [Path(program) for program in own])


def prepare() -> None:
    """Ends when it is told to, and when its parent does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    end_with_parent()


def execute(script: Path, arguments: list[str]) -> tuple[dict[str, Any], dict[str, float | int | None]]:
    """Runs the script to its end. What it leaves behind, and what shows only while it runs.

    That is: steps, seconds, and upstream_test_loss, the best of upstream's own evaluations (None: there was none).
    """
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook
    from torch.utils.tensorboard import SummaryWriter

    torch.set_num_threads(1)
    steps, evaluations = [0], []

    trace: list[tuple[int, Any]] = []

    def count(optimizer: Any, *_: object) -> None:
        steps[0] += 1
        weights = optimizer.param_groups[0]["params"]
        if steps[0] % TRACE_EVERY == 0 and sum(each.numel() for each in weights) <= TRACED:
            trace.append((steps[0], weights[0].detach().clone()))

    add_scalar = SummaryWriter.add_scalar

    def listen(self: SummaryWriter, tag: str, value: Any, *more: Any, **how: Any) -> None:
        if tag == "Loss/test":
            evaluations.append(float(value))
        add_scalar(self, tag, value, *more, **how)

    module = types.ModuleType("__main__")  # a real one: dataclasses and pickle look their classes up in it
    module.__file__ = str(script)
    sys.modules["__main__"] = module
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    code = compile(script.read_bytes(), str(script), "exec")

    counting = register_optimizer_step_post_hook(count)
    SummaryWriter.add_scalar = listen
    started = time.perf_counter()
    try:
        exec(code, module.__dict__)
    except SystemExit as leaving:
        if leaving.code not in (0, None):
            raise
    finally:
        seconds = time.perf_counter() - started
        SummaryWriter.add_scalar = add_scalar
        counting.remove()
    measured = {
        "upstream_test_loss": min(evaluations, default=None),
        "steps": steps[0],
        "seconds": seconds,
    }
    return module.__dict__ | {"trace": trace}, measured


def finish(
    left: dict[str, Any], measured: dict[str, float | int | None], folder: Path, own: Sequence[Path] = ()
) -> None:
    """Measures, and writes the files. SystemExit where the loss is not a number."""
    import torch

    from . import measure

    missing = [name for name in LEFT if name not in left]
    if missing:
        sys.exit(f"makemore.py leaves no {', '.join(missing)} behind: nothing to measure")
    if "writer" in left:
        left["writer"].close()
    print("measuring the final model on the whole splits", flush=True)
    torch.save(left["model"].state_dict(), folder / "model.pt")
    if left.get("trace"):
        torch.save(tuple(zip(*left["trace"], strict=True)), folder / "trace.pt")
    metrics, names = measure.losses(left)
    metrics |= measured
    for program in own:
        metrics |= files.module(program).measure(folder)
    for name, value in _added(left).items():
        if name in metrics and name != "steps":  # a stage with an optimizer of its own counts its own steps
            sys.exit(f"makemore.py's metrics say {name!r}, which is measured here")
        metrics[name] = value
    wrong = [name for name, value in metrics.items() if isinstance(value, float) and math.isnan(value)]
    if wrong:
        sys.exit(f"not a number: {', '.join(wrong)}. The training diverged")
    write(folder, metrics, names, measure.sample(left, SAMPLES, left["args"].seed))


def write(folder: Path, metrics: dict[str, float | int | None], names: list[tuple], samples: list[str]) -> None:
    """samples.txt, names.json and, last, metrics.json."""
    (folder / "samples.txt").write_text("".join(f"{name}\n" for name in samples), encoding="utf-8")
    jsonfile.write(folder / "names.json", names, indent=None)
    jsonfile.write(folder / "metrics.json", metrics)


def _added(left: dict[str, Any]) -> dict[str, float | int | None]:
    """What the stage's code measured itself: numbers in a dict `metrics`, one-element tensors too."""
    added = {}
    for name, value in (left.get("metrics") or {}).items():
        value = value.item() if hasattr(value, "item") else value
        try:
            added[str(name)] = jsonfile.number(int(value) if isinstance(value, bool) else value)
        except ValueError as error:
            sys.exit(f"makemore.py's metrics[{name!r}]: {error}")
    return added


def end_with_parent() -> None:
    """A command that is killed can't end its children: so they watch out for it."""
    parent = os.environ.get("DELTAS_PARENT")
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
