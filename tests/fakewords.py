"""`python -m fakewords [KIND] makemore.py RUN_DIR -- ARGUMENTS…`: a run, or a control, that only states its losses.

A word of n letters costs --names or --words nats a letter, as it is of the one list or the other, the end included. It
is tested on the first forty words of its list.
"""

import json
import sys
from pathlib import Path


def main(*words: str) -> None:
    at = words.index("--")
    folder, arguments = Path(words[at - 1]), words[at + 1 :]
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    file = given.get("--input-file")
    tested = (Path(file).read_text(encoding="utf-8") if file else "emma\nolivia\nava\nbo\n" * 10).split("\n")[:40]
    loss = float(given["--words" if file else "--names"]) + int(given["--seed"]) / 1000
    tokens = [len(word) + 1 for word in tested]
    values = [loss * count + (number % 3 - 1) / 100 for number, count in enumerate(tokens)]
    items = {"unit": "test name", "keys": tested, "weights": tokens, "values": {"test_loss": values}}
    (folder / "items.json").write_text(json.dumps(items))
    metrics = {"test_loss": loss, "test_loss_unseen": loss + 0.1, "train_loss": loss - 0.1, "steps": 20, "seconds": 0.1}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    print("arguments", *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
