"""One racer: its clock stands when it should, and its turns end with a step."""

import io
import json
import types

import pytest
import torch

from deltas.speedrun import racer


class Hands:
    """A clock that goes when the test says so."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def hands(monkeypatch):
    made = Hands()
    monkeypatch.setattr(racer, "time", made)
    return made


def test_the_clock_stands_inside_and_runs_outside(hands):
    clock = racer.Clock()
    hands.now += 2
    with clock.standing():
        hands.now += 10
        with clock.standing():
            hands.now += 10
            assert clock.seconds == 2
        hands.now += 10
        assert clock.seconds == 2
    hands.now += 3
    assert clock.seconds == 5


def test_the_clock_goes_on_after_an_error(hands):
    clock = racer.Clock()
    with pytest.raises(ValueError), clock.standing():
        hands.now += 5
        raise ValueError
    hands.now += 1
    assert clock.seconds == 1


def test_a_turn_lasts_to_the_end_of_the_step_that_exceeds_it(hands):
    told = io.StringIO()
    turns = racer.Turns(io.StringIO("2.0\n5\n"), told, racer.Clock())
    turns.wait()
    hands.now += 1.9
    turns.step("step 0 | loss 1")
    assert told.getvalue() == ""
    hands.now += 1
    turns.step("step 1 | loss 1")
    assert told.getvalue() == "step 1 | loss 1\n"
    hands.now += 4  # of the next turn's five
    turns.step("step 2 | loss 1")
    assert told.getvalue() == "step 1 | loss 1\n"


def test_without_a_parent_a_racer_ends(hands):
    with pytest.raises(SystemExit, match="nobody gives turns"):
        racer.Turns(io.StringIO(), io.StringIO(), racer.Clock()).wait()


class Model(torch.nn.Module):
    """Takes a second to be looked at; a uniform distribution over two symbols."""

    def __init__(self, hands):
        super().__init__()
        self.hands = hands

    def forward(self, x):
        self.hands.now += 1
        return torch.zeros(*x.shape, 2), None


def test_a_look_is_nobodys_time_and_leaves_the_model_training(hands):
    words = [(torch.tensor([0, 1]), torch.tensor([1, 0]))]
    model, clock, curve = Model(hands), racer.Clock(), io.StringIO()
    look = racer.Look({"model": model, "test_dataset": words}, clock, 2, curve)
    for _ in range(4):
        hands.now += 1
        look.step()
    assert clock.seconds == 4 and model.training
    rows = [json.loads(line) for line in curve.getvalue().splitlines()]
    assert [(row["step"], row["seconds"]) for row in rows] == [(2, 2.0), (4, 4.0)]
    assert [row["test_loss"] for row in rows] == pytest.approx([0.6931472] * 2)  # ln 2
    assert look.loss == rows[-1]["test_loss"]


def test_a_step_is_over_when_all_optimizers_have_stepped(monkeypatch):
    """Makemore reads the time before and after a step; what happens between is one step, or none."""
    steps = []
    times = racer.Times(lambda: steps.append(1))
    for optimizers in (1, 2, 0):
        before = times.time()
        for _ in range(optimizers):
            times.stepped = True  # as the hook of each optimizer says
        assert times.time() >= before
    assert len(steps) == 2
    assert times.perf_counter() > 0  # everything else is the module's own


def test_it_is_started_as_its_parent_starts_it(monkeypatch, tmp_path):
    """The command line of a training (training.py) is one that this program understands."""
    from deltas.speedrun.settings import Contestant
    from deltas.speedrun.training import Training

    seen = []
    monkeypatch.setattr(racer, "race", lambda *given, **named: seen.append((given, named)))
    monkeypatch.setattr(racer, "lifetime", types.SimpleNamespace(begin=lambda: None))
    contestant = Contestant("ours", "quick-one", (1,), 80, ("--baseline",))
    job = Training(contestant, 1, 3407, tmp_path, tmp_path / "out").job()
    racer.main(list(job.command[3:]))
    (script, arguments, out, every), named = seen[0]
    assert (str(script), out, every) == ("makemore.py", tmp_path / "out", 2) and named == {"pipes": None}
    assert arguments[:3] == ["--baseline", "--split-seed", "3407"] and arguments[-2:] == ["--work-dir", str(out)]
