"""`python -m deltas.child.control KIND makemore.py RUN_DIR -- ARGUMENTS…`: a run of another program on the same data.

A control says what the simplest other thing achieves. The stage's makemore.py serves for its `create_datasets` alone;
what is written is what a run of makemore leaves behind (see run.py), less model.pt. Metrics, besides the losses:

    order          of the n-grams, the best on held-out training names
    parameters     how many counts are stored
"""

import argparse
import functools
import sys
import time
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.codeid import code_id
from . import measure, run
from .kneser_ney import KneserNey, choose_order

SOURCES = {"kneser-ney": ("kneser_ney.py",)}  # kind -> what its figures depend on, besides the stage
PROTOCOL = 1  # goes up when this file measures something else; imports may move freely


@functools.cache
def identify(kind: str) -> str:
    """The code id of a control: like a stage's, prose may change and it stays."""
    folder = Path(__file__).parent
    sources = {name: (folder / name).read_bytes() for name in SOURCES[kind]}
    return code_id(sources | {"protocol": str(PROTOCOL).encode()})


def main(arguments: list[str]) -> None:
    """SystemExit with a reason where there is no result."""
    kind, script, folder, separator, *rest = arguments
    if kind not in SOURCES or separator != "--":
        sys.exit(f"usage: python -m deltas.child.control {'|'.join(SOURCES)} makemore.py RUN_DIR -- ARGUMENTS…")
    run.prepare()
    args = _arguments(kind, rest)
    train, test = datasets(Path(script), args.input_file, args.seed if args.split_seed is None else args.split_seed)
    started = time.perf_counter()
    try:
        model = fit(train.chars, train.words, args.order)
    except ValueError as error:
        sys.exit(f"{kind}: {error}")
    seconds = time.perf_counter() - started
    metrics, names = losses(model, train.words, test.words)
    metrics |= {"steps": 0, "seconds": seconds, "order": model.order}
    samples = model.sample(run.SAMPLES, args.seed, train.max_word_length)
    run.write(Path(folder), metrics, names, samples)


def _arguments(kind: str, arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=kind, allow_abbrev=False)
    parser.add_argument("--seed", type=int, required=True, help="of the names that are made up")
    parser.add_argument("--split-seed", type=int, help="of the train/test split (default: --seed draws it, too)")
    parser.add_argument("--input-file", "-i", default="names.txt")
    parser.add_argument("--work-dir", "-o")
    parser.add_argument("--order", type=int, help="of the n-grams (default: the best on held-out training names)")
    return parser.parse_args(arguments)


def datasets(script: Path, input_file: str, seed: int) -> tuple[Any, Any]:
    """(train, test) as makemore.py draws them from this seed."""
    import torch

    module = types.ModuleType("makemore")  # not "__main__": nothing is to be trained
    module.__file__ = str(script)
    sys.modules["makemore"] = module
    sys.path.insert(0, str(script.resolve().parent))
    exec(compile(script.read_bytes(), str(script), "exec"), module.__dict__)
    torch.manual_seed(seed)
    return module.create_datasets(input_file)


def fit(chars: Sequence[str], words: Sequence[str], order: int | None = None) -> KneserNey:
    """Counts all the words; the order, where none is given, is chosen on a tenth of them. ValueError."""
    if order is None:
        held_out = choose_order(chars, words)
        for each in sorted(held_out):
            print(f"order {each}: {held_out[each]:.4f} nats per character on held-out training names", flush=True)
        order = next(iter(held_out))
    return KneserNey(chars, order).fit(words)


def losses(model: KneserNey, train: Sequence[str], test: Sequence[str]) -> tuple[dict[str, Any], list[tuple]]:
    """(metrics, names) as measure.losses gives them."""
    known = set(train)
    nats, tokens = (each.tolist() for each in model.losses(test))
    names = [(word, loss, count, word in known) for word, loss, count in zip(test, nats, tokens, strict=True)]
    train_pairs = zip(*(each.tolist() for each in model.losses(train)), strict=True)
    metrics = {
        "train_loss": measure.mean(train_pairs),
        "test_loss": measure.mean((loss, count) for _, loss, count, _ in names),
        "test_loss_unseen": measure.mean((loss, count) for _, loss, count, seen in names if not seen),
        "parameters": model.stored,
    }
    return metrics, names


if __name__ == "__main__":
    main(sys.argv[1:])
