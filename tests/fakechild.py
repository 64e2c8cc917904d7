"""`python -m fakechild makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…`: deltas.child without torch, as bad as told."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from deltas.child.run import end_with_parent

FIGURES = {"train_loss": 2.4, "test_loss": 2.5, "test_loss_unseen": None, "parameters": 729, "seconds": 0.1}


def main(script: str, folder: str, *rest: str) -> None:
    arguments = rest[rest.index("--") + 1 :]
    assert Path(script).exists() and rest.index("--") < 2
    end_with_parent()
    run_dir = Path(folder)
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
    more = json.loads(os.environ.get("FAKE_MORE", "{}"))
    metrics = FIGURES | {"test_loss": 2.5 + seed / 1e4 + shift, "steps": 20} | more
    (run_dir / "metrics.json").write_text(json.dumps(metrics))


if __name__ == "__main__":
    main(*sys.argv[1:])
