"""`python -m deltas.child.control KIND makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…`: a control, on the same data.

A control says what the simplest other program achieves. It takes the data from the stage's makemore.py, which does not
train, and writes what a run of makemore.py leaves (see run.py), without model.pt. Its metrics, besides the losses:

    order          of the n-grams, the best on held-out training names
    parameters     how many counts are stored
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from . import kneser_ney, lifetime, measure, results, run
from .programs import CONTROLS
from .script import Script


def main(words: list[str]) -> None:
    """Make the run. SystemExit with a reason where there is no result."""
    usage = f"python -m deltas.child.control {'|'.join(CONTROLS)} makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…"
    kind, *rest = words or [""]
    if kind not in CONTROLS:
        sys.exit(f"usage: {usage}")
    call = run.parse(rest, usage)
    lifetime.begin()
    args = _arguments(kind, call.arguments)
    train, test = datasets(call.script, args.input_file, args.seed if args.split_seed is None else args.split_seed)
    started = time.perf_counter()
    try:
        model = kneser_ney.fitted(train.chars, train.words, args.order, args.discount)
    except ValueError as error:
        sys.exit(f"{kind}: {error}")
    seconds = time.perf_counter() - started
    metrics, items = losses(model, train.words, test.words)
    metrics |= {"steps": 0, "seconds": seconds, "order": model.order}
    samples = model.sample(measure.SAMPLES, args.seed, train.max_word_length)
    results.write(call.folder, metrics, items, samples, own=call.own)


def _arguments(kind: str, arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=kind, allow_abbrev=False)
    parser.add_argument("--seed", type=int, required=True, help="of the names that are made up")
    parser.add_argument("--split-seed", type=int, help="of the train/test split (default: --seed draws it, too)")
    parser.add_argument("--input-file", "-i", default="names.txt")
    parser.add_argument("--work-dir", "-o")
    parser.add_argument("--order", type=int, help="of the n-grams (default: the best on held-out training names)")
    parser.add_argument("--discount", type=float, help="one for all counts (default: three of every order, estimated)")
    return parser.parse_args(arguments)


def datasets(script: Path, input_file: str, seed: int) -> tuple[Any, Any]:
    """Return (train, test) as makemore.py draws them from this seed."""
    import torch

    makemore = Script(script)
    makemore.define()
    torch.manual_seed(seed)
    return makemore.namespace["create_datasets"](input_file)


def losses(model: kneser_ney.KneserNey, train: list[str], test: list[str]) -> tuple[measure.Metrics, dict[str, Any]]:
    """Return (metrics, items) as those of a run of makemore.py are."""
    of_train, of_test = (tuple(part.tolist() for part in model.losses(words)) for words in (train, test))
    metrics, items = measure.of_names(train, of_train, test, of_test)
    return metrics | {"parameters": model.stored}, items


if __name__ == "__main__":
    main(sys.argv[1:])
