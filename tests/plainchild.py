"""`python -m plainchild makemore.py RUN_DIR [METRICS.py] -- ARGUMENTS…`: a run of a makemore.py without a model.

It stands for deltas.child.run and needs no torch: it runs the program to its end, and writes the dict `metrics` that
the program leaves and what METRICS.py reads off the run's files. Tables are made flat.
"""

import json
import runpy
import sys
from pathlib import Path

from deltas.core import files


def flat(table: dict) -> dict:
    numbers = {}
    for name, value in table.items():
        cells = value.items() if isinstance(value, dict) else [("", value)]
        numbers |= {f"{name}.{cell}" if cell else name: number for cell, number in cells}
    return numbers


def main(script: str, folder: str, *rest: str) -> None:
    own, arguments = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    sys.argv = [script, *arguments]
    left = runpy.run_path(script, run_name="__main__")
    metrics = flat(left["metrics"]) | {"steps": 0, "seconds": 0.1}
    for path in own:
        program = files.module(Path(path))
        metrics |= flat(program.measure(Path(folder)))
        (Path(folder) / "items.json").write_text(json.dumps(program.items(Path(folder))))
    (Path(folder) / "metrics.json").write_text(json.dumps(metrics))


if __name__ == "__main__":
    main(*sys.argv[1:])
