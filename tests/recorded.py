"""Baselines that nobody measured, for the tests of what is made of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from deltas.evidence import items
from deltas.evidence.baseline import Baseline, Recorded, summarise
from deltas.runs import metrics
from deltas.runs.metrics import Metrics

HERE = Path(__file__).resolve().parents[1]
MEASURED_BY = "fedcba9876543210"


def declared(**own: Mapping) -> Metrics:
    """What baselines/metrics.toml of this repository declares, and more."""
    return metrics.together(metrics.shared(HERE / "baselines"), own)


def run(
    values: Mapping[str, Sequence[float]], arguments: Sequence[str] = (), seeds: Sequence[int] = (), **more
) -> Recorded:
    """A recorded run: metric -> values. Seeds are 0, 1, … where nothing else is said."""
    count = len(next(iter(values.values())))
    summaries = {metric: summarise(row) for metric, row in values.items()}
    fields = {"program": "makemore.py", "measured_by": MEASURED_BY} | more
    return Recorded(arguments=tuple(arguments), seeds=tuple(seeds or range(count)), metrics=summaries, **fields)


def baseline(runs: Mapping[str, Recorded], shared: Mapping[str, items.Items] | None = None, **more) -> Baseline:
    """A baseline of these runs, on a machine that does not exist."""
    machine = {"torch": "2.0", "python": "3.11.7", "threads": 1, "cpu": "a CPU"}
    fields = {"stage": "03-x", "code_id": "0123456789abcdef", "recorded": "2025-01-01"} | machine | more
    return Baseline(**fields, runs=dict(runs), items=dict(shared or {}))
