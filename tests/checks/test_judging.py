"""The line that `verify` has of a run says which question it was asked, and what it was held against."""

from types import SimpleNamespace

import pytest

import recorded
from deltas.checks import measured
from deltas.evidence.prediction import judge
from deltas.evidence.trained import Known
from deltas.runs.experiment import Experiment, Run

BASE = recorded.baseline(
    {
        "a": recorded.run({"test_loss": (2.00, 2.01, 1.99), "parameters": (9, 9, 9), "kl": (0.1, 0.5, 0.9)}),
        "fixed": recorded.run({"test_loss": (2.3,)}, deterministic=True),
    }
)
OWN = Experiment(
    "03-x", "X", (0, 1, 2), (Run("a"), Run("fixed", deterministic=True)), (), "test_loss", recorded.declared()
)
HERE = {"torch": BASE.torch, "cpu": BASE.cpu}
ELSEWHERE = HERE | {"cpu": "another"}
SAME = {"test_loss": 2.0, "parameters": 9, "kl": 0.1}
LINES = {
    "the same run": (
        "a", SAME, HERE, True, "repeats the recorded run (test_loss 2.0000, 2 more numbers; all equal)", (),
    ),
    "the same run elsewhere": (
        "a", SAME, ELSEWHERE, True, "repeats the recorded run (test_loss 2.0000, 2 more numbers; all equal)", (),
    ),
    "another number": (
        "a", SAME | {"test_loss": 2.02}, HERE, False,
        "does not repeat the recorded run (test_loss 2.0200, 2 more numbers; off by 0.02 at most)",
        ("test_loss 2.0200, recorded 2.0000, difference 0.0200",),
    ),
    "another number elsewhere": (
        "a", SAME | {"test_loss": 2.02, "kl": 7.0}, ELSEWHERE, True,
        "judged as one more seed (test_loss 2.0200, recorded 2.0000, difference 0.0200, 2.0000 ± 0.0100, "
        "inside 1.8854 … 2.1146; 1 more number)",
        (),
    ),
    "far off elsewhere": (
        "a", SAME | {"test_loss": 2.4}, ELSEWHERE, False,
        "judged as one more seed (test_loss 2.4000, recorded 2.0000, difference 0.4000, 2.0000 ± 0.0100, "
        "outside 1.8854 … 2.1146; 1 more number)",
        ("test_loss 2.4000, recorded 2.0000, difference 0.4000, 2.0000 ± 0.0100, outside 1.8854 … 2.1146",),
    ),
    "deterministic": (
        "fixed", {"test_loss": 2.3002}, ELSEWHERE, False,
        "does not repeat the recorded run (test_loss 2.3002; off by 0.0002 at most)",
        ("test_loss 2.3002, recorded 2.3000, difference 0.0002",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("run", "numbers", "machine", "ok", "says", "faults"), LINES.values(), ids=LINES)
def test_what_verify_says_of_a_run(run, numbers, machine, ok, says, faults):
    known = Known(SimpleNamespace(experiment=OWN), BASE)
    check = measured._again(f"{run}, seed 0", known, judge(BASE, OWN, run, 0, numbers, machine))
    assert (check.ok, check.what, check.faults) == (ok, f"{run}, seed 0: {says}", faults)
