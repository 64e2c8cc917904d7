"""`python -m deltas.child.sampling makemore.py MODEL REQUEST -- ARGUMENTS…`: names from a trained model.

MODEL is a folder with model.pt, REQUEST a JSON object {"num", "prompt", "seed"}. makemore.py itself builds and loads
the model, by its own --sample-only. Prints the names as a JSON list. Exit code 2: the request cannot be met;
programs.UNFIT: model.pt is not a model of this makemore.py. The last line on stderr says why.
"""

import contextlib
import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from . import lifetime, measure
from .programs import UNFIT
from .script import Script


def main(arguments: list[str]) -> None:
    """Draw the names that are asked for. What makemore.py prints itself is dropped."""
    script, folder, request, _, *rest = arguments
    lifetime.begin()
    import torch

    torch.set_num_threads(1)
    makemore = Script(Path(script), [*rest, "--work-dir", folder, "--sample-only"])
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            makemore.define()
            makemore.run()
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            _refuse(str(error).splitlines()[0] if str(error) else "it is empty", UNFIT)
    print(json.dumps(names(makemore.namespace, **json.loads(request))))


def names(left: dict[str, Any], num: int, prompt: str, seed: int) -> list[str]:
    """Return num names that begin with the prompt. SystemExit where no name can."""
    dataset = left["train_dataset"]
    unknown = sorted(set(prompt) - set(dataset.chars))
    if unknown:
        small = prompt.lower()
        near = f" (did you mean {small}?)" if set(small) <= set(dataset.chars) else ""
        _refuse(f"no name of the data has {' '.join(unknown)}{near}; it knows {''.join(dataset.chars)}")
    longest = dataset.get_output_length() - 1
    if len(prompt) >= longest:
        _refuse(f"the prompt has {len(prompt)} letters; it has to be shorter than the longest name ({longest})")
    return measure.sample(left, num, seed, prompt)


def _refuse(why: str, code: int = 2) -> None:
    print(why, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
