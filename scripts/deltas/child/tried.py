"""`python -m deltas.child.tried makemore.py OUT HELD_OUT -- ARGUMENTS…`: one training that is judged on held-out names.

The last HELD_OUT training names take the place of the test names, and nothing is trained on them. So a choice that is
made by such losses has never seen a test name. Writes OUT/result.json, which is there only after a whole training:

    held_out, train    nats per character over the held-out names, and over the names that were trained on
    parameters         of the model
    seconds            from the first line of makemore.py to its last

A training that diverges has the loss NaN, and that is a result, too. It could not draw names: none are drawn here.

This file is part of what a try's result depends on (see programs.py).
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core import jsonfile
from . import lifetime, measure
from .script import Script

USAGE = "python -m deltas.child.tried makemore.py OUT HELD_OUT -- ARGUMENTS…"


def main(words: list[str]) -> None:
    """Train, and judge the final model. SystemExit with a reason where there is no result."""
    if len(words) < 4 or words[3] != "--" or not words[2].isdigit():
        sys.exit(f"usage: {USAGE}")
    lifetime.begin()
    import torch

    torch.set_num_threads(1)
    script, out, count, arguments = Path(words[0]), Path(words[1]), int(words[2]), words[4:]
    makemore, since = Script(script, arguments), time.perf_counter()
    makemore.define()
    left = makemore.namespace
    left["create_datasets"] = held_out_datasets(left, count)
    left["print_samples"] = lambda *_, **__: None
    makemore.run()
    seconds = time.perf_counter() - since
    metrics, _ = measure.losses(left)
    result = {"held_out": metrics["test_loss"], "train": metrics["train_loss"], "parameters": metrics["parameters"]}
    jsonfile.write(out / "result.json", result | {"seconds": seconds})


def held_out_datasets(left: dict[str, Any], count: int) -> Callable[[str], tuple[Any, Any]]:
    """Return a create_datasets that gives the last `count` training names for test names, and trains without them."""
    create = left["create_datasets"]

    def held_out(file: str) -> tuple[Any, Any]:
        train, _ = create(file)
        if not 0 < count < len(train.words):
            sys.exit(f"{count} of {len(train.words)} training names cannot be held out")
        kept, judged = (
            left["CharDataset"](words, train.chars, train.max_word_length)
            for words in (train.words[:-count], train.words[-count:])
        )
        return kept, judged

    return held_out


if __name__ == "__main__":
    main(sys.argv[1:])
