"""`python -m fakeracer makemore.py OUT EVERY …`: deltas.speedrun.racer without torch and training, as bad as told."""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from deltas.child.lifetime import begin


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    for name in ("script", "out", "every"):
        parser.add_argument(name)
    parser.add_argument("--turns", type=int, nargs=2)
    parser.add_argument("--held-out", type=int, default=0)
    at = words.index("--")
    given, arguments = parser.parse_args(words[:at]), words[at + 1 :]
    begin()
    seed, steps = (int(arguments[arguments.index(name) + 1]) for name in ("--seed", "--max-steps"))
    fault = os.environ.get("FAKE_FAULT", "") if str(seed) == os.environ.get("FAKE_SEED") else ""
    asked, told = (os.fdopen(given.turns[0]), os.fdopen(given.turns[1], "w")) if given.turns else (None, None)
    out = Path(given.out)
    (out / "pid").write_text(f"{os.getpid()}\n")
    print("arguments", *arguments, "threads", os.environ["OMP_NUM_THREADS"])
    if fault == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    curve = []
    for step in range(10, steps + 1, 10):
        if asked and not asked.readline():
            sys.exit("nobody gives turns any more")
        if fault == "break" and step > 10:
            sys.exit("ValueError: the loss is not a number")
        while fault in ("sleep", "stubborn") and step > 10:
            time.sleep(1)
        curve.append({"step": step, "seconds": step / 10, "test_loss": 2.5 - step / 100 + seed / 1000})
        print(f"step {step - 1} | loss 2.0 | step time 1.00ms")
        if told and step < steps:
            print(f"step {step - 1} | loss {curve[-1]['test_loss']:.4f}", file=told, flush=True)
    (out / "curve.jsonl").write_text("".join(json.dumps(row) + "\n" for row in curve))
    loss = curve[-1]["test_loss"]
    result = {"test_loss": loss, "test_loss_unseen": loss + 0.03, "train_loss": loss, "parameters": 10}
    result |= {"steps": steps, "seconds": steps / 10, "set_up": 0.5, "tokens": 100.0}
    if fault != "silent":
        (out / "result.json").write_text(json.dumps(result))
    if told:
        print("end", file=told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
