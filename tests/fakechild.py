"""`python -m fakechild makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…`: a child without torch, as bad as told."""

import json
import os
import signal
import sys
import time

from deltas.child.lifetime import end_with_parent
from deltas.child.run import parse

FIGURES = {"train_loss": 2.4, "test_loss": 2.5, "test_loss_unseen": None, "parameters": 729, "seconds": 0.1}


def main(*words: str) -> None:
    call = parse([*words], "python -m fakechild makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…")
    assert call.script.exists() and (call.own is None or call.own.exists())
    end_with_parent()
    run_dir, arguments = call.folder, call.arguments
    seed = int(arguments[arguments.index("--seed") + 1])
    mode = arguments[arguments.index("--mode") + 1] if "--mode" in arguments else "good"
    print("arguments", *arguments)
    for step in range(0, 20, 5):
        print(f"step {step} | loss {2.5 - step / 100:.4f} | step time 1.00ms")
        time.sleep(0.01)
    if mode == "meet":  # two runs at once, or never
        (run_dir.parent / f"here-{seed}").touch()
        while len(list(run_dir.parent.glob("here-*"))) < 2:
            time.sleep(0.01)
    if mode in ("sleep", "stubborn"):
        if mode == "stubborn":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        (run_dir / "pid").write_text(str(os.getpid()))
        time.sleep(30)
    if mode == "fail":
        sys.exit("No space left on device")
    if mode == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "half":
        (run_dir / "metrics.json").write_text('{"train_loss": 2.')
    if mode in ("half", "silent"):
        return
    (run_dir / "samples.txt").write_text(f"emma\n\nolivia{seed}\n")
    shift = float(os.environ.get("FAKE_SHIFT", "0"))
    loss = 2.5 + {"same": 0, "drift": seed / 100}.get(mode, seed / 1e4) + shift
    items = {
        "unit": "test name",
        "keys": ["emma", "ed"],
        "weights": [5, 3],
        "values": {"test_loss": [5 * loss + 1, 3 * loss - 1]},
        "subsets": {"test_loss_unseen": {"of": "test_loss", "where": [0, 0]}},
    }
    (run_dir / "items.json").write_text(json.dumps(items))
    more = json.loads(os.environ.get("FAKE_MORE", "{}"))
    (run_dir / "metrics.json").write_text(json.dumps(FIGURES | {"test_loss": loss, "steps": 20} | more))


if __name__ == "__main__":
    main(*sys.argv[1:])
