"""The metrics that are made of a run's diagnostics, against numbers worked out by hand."""

import json

import pytest

from deltas.core import files
from lab import HERE

(path,) = HERE.glob("baselines/[0-9][0-9]-batchnorm-diagnostics/metrics.py")
diagnostics = files.module(path)


def record(
    step, saturated=(0.2, 0.4), dead=(0.0, 0.5), std=(0.6, 0.3), gradient=(0.1, 0.4), update=(9, 0.002, 0.004, 9)
):
    names = ("wte.weight", "mlp.0.weight", "mlp.2.weight", "mlp.4.weight")
    return {
        "step": step,
        "act": [{"std": s, "saturated": p, "dead": d} for s, p, d in zip(std, saturated, dead, strict=True)],
        "grad": [{"std": g} for g in gradient],
        "weight": {n: {"update:data": u, "grad:data": 1} for n, u in zip(names, update, strict=True)},
    }


def test_start_and_end():
    metrics = diagnostics.summary([record(0), record(100, saturated=(0, 0.1), gradient=(0.1, 0.2))])
    assert metrics["saturation_start"] == pytest.approx(0.3)
    assert metrics["saturation_end"] == pytest.approx(0.05)
    assert metrics["dead_start"] == pytest.approx(0.25)
    assert (metrics["activation_std_low_start"], metrics["activation_std_high_start"]) == (0.3, 0.6)
    assert metrics["gradient_spread_start"] == pytest.approx(4)
    assert metrics["gradient_spread_end"] == pytest.approx(2)


def test_update_data_is_of_hidden_weights_after_the_first_third():
    records = [record(0, update=(9, 5, 5, 9)), record(100), record(200), record(300, update=(9, 0.001, 0.001, 9))]
    assert diagnostics.summary(records)["update_data"] == pytest.approx(0.002)


def test_a_gradient_that_vanished_is_infinitely_spread():
    assert diagnostics.summary([record(0, gradient=(0.0, 0.4))])["gradient_spread_start"] == float("inf")


def test_a_run_without_diagnostics_has_no_such_metrics(tmp_path):
    assert diagnostics.summary(diagnostics.read(tmp_path)) == {}
    (tmp_path / diagnostics.FILE).write_text(json.dumps(record(0)) + "\n")
    assert len(diagnostics.read(tmp_path)) == 1
