"""`python -m faketried makemore.py OUT HELD_OUT -- ARGUMENTS…`: deltas.child.tried without torch, as bad as told.

The held-out loss is the number behind --loss, and a hundredth more for every seed. Every start is noted in a file.
"""

import json
import os
import sys
from pathlib import Path


def main(script: str, out: str, held_out: str, dashes: str, *arguments: str) -> None:
    assert Path(script).exists() and dashes == "--"
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    with open(os.environ["FAKE_LOG"], "a") as log:
        log.write(" ".join([held_out, *arguments[:-1]]) + "\n")
    if os.environ.get("FAKE_FAULT") == given["--loss"]:
        sys.exit("ValueError: no such thing")
    loss = float(given["--loss"]) + int(given["--seed"]) / 100
    result = {"held_out": loss if loss < 9 else "NaN", "train": loss - 0.5, "parameters": 1448, "seconds": 0.1}
    (Path(out) / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
