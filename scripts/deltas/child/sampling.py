"""`python -m deltas.child.sampling makemore.py MODEL -- ARGUMENTS…`: names from a trained model.

MODEL is a folder with model.pt. Reads a JSON request {"num", "prompt", "seed"} on stdin, prints the names as a JSON
list. makemore.py itself builds and loads the model, by its own --sample-only. Exit code 2: what was asked cannot be
done, 3: the model does not fit; why, on stderr.
"""

import contextlib
import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from . import run

UNFIT = 3  # exit code: the model file is not one of this model


def main(arguments: list[str]) -> None:
    """What makemore.py prints of its own is dropped."""
    script, folder, _, *rest = arguments
    request = json.load(sys.stdin)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            left, _ = run.execute(Path(script), [*rest, "--work-dir", folder, "--sample-only"])
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            print(str(error).splitlines()[0] if str(error) else "it is empty", file=sys.stderr)
            sys.exit(UNFIT)
    print(json.dumps(names(left, request["num"], request["prompt"], request["seed"])))


def names(left: dict[str, Any], num: int, prompt: str, seed: int) -> list[str]:
    """num names that begin with the prompt, drawn by upstream's own `generate`, in eval mode."""
    import torch

    model, dataset = left["model"], left["train_dataset"]
    unknown = sorted(set(prompt) - set(dataset.chars))
    if unknown:
        _refuse(f"no name of the data has {' '.join(unknown)}; it knows {''.join(dataset.chars)}")
    steps = dataset.get_output_length() - 1 - len(prompt)
    if steps < 1:
        _refuse(
            f"the prompt has {len(prompt)} letters; it has to be shorter than the longest name ({len(prompt) + steps})"
        )
    model.eval()
    torch.manual_seed(seed)
    start = [0, *dataset.encode(prompt).tolist()]  # token 0 begins a name, and ends it
    rows = left["generate"](model, torch.tensor([start] * num), steps, do_sample=True)[:, 1:].tolist()
    return [dataset.decode(row[: row.index(0)] if 0 in row else row) for row in rows]


def _refuse(why: str) -> None:
    print(why, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
