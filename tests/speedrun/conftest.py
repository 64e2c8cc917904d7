"""What the tests of the speedrun share: a project with settings of its own, stages without git, fake racers."""

import contextlib
from pathlib import Path

import pytest
from fakeshop import Shop

from deltas.core import machine
from deltas.core.project import Project
from deltas.speedrun import keep, race, training

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent

RACE = """
split = 3407
profiled = "ours"

[[reference]]
name = "upstream"
stage = "quick-one"
seeds = [7, 8]
steps = 60

[[reference]]
name = "alone"
stage = "quick-one"
args = ["-n", "0"]
seeds = [9]
steps = 60
threads = 1

[[contestant]]
name = "ours"
stage = "quick-one"
args = ["--baseline"]
seeds = [1, 2]
steps = 40
goal = 1.90

[[contestant]]
name = "short"
stage = "quick-one"
seeds = [3, 4, 5]
steps = 20
"""
PAGE = "".join(f"## {name}\n<!-- {name} -->\n<!-- /{name} -->\n" for name in ("race", "profile"))


@pytest.fixture
def shop(monkeypatch):
    """The stages that the speedrun of these tests is of; their racers need no torch."""
    made = Shop()

    @contextlib.contextmanager
    def workshop(_):
        yield made

    monkeypatch.setattr(keep, "workshop", workshop)
    monkeypatch.setattr(training, "RACER", "fakeracer")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setattr(race, "TURN", 0.01)
    monkeypatch.setenv("PYTHONPATH", f"{HERE}:{TESTS}")
    return made


@pytest.fixture
def project(tmp_path):
    """A project with a speedrun of its own, in which nothing is recorded yet."""
    folder = tmp_path / "baselines" / "speedrun"
    folder.mkdir(parents=True)
    (folder / "race.toml").write_text(RACE)
    (folder / "README.md").write_text(PAGE)
    return Project(tmp_path)


def contestant(name, stage, losses, curves, **more):
    """A row of a record."""
    count = len(losses)
    return {
        "name": name, "stage": stage, "threads": 2, "goal": None, "code_id": "0" * 16,
        "arguments": ["--fast"] * (name != "upstream"),
        "seeds": list(range(1, count + 1)), "steps": 2000, "parameters": 204544,
        "seconds": [50.4, 49.6, 51.0][:count], "set_up": [1.0] * count, "step_ms": [24.0, 23.5, 25.0][:count],
        "token_us": [26.0] * count, "test_loss": losses, "test_loss_unseen": [loss + 0.03 for loss in losses],
        "train_loss": losses, "curves": curves, **more,
    }  # fmt: skip


@pytest.fixture
def document():
    """A record: upstream is at its best on the way; ours is lower, and there before."""
    upstream = [[10, 20.0, 2.40], [20, 40.0, 2.00], [30, 60.0, 1.95], [40, 80.0, 1.97]]
    ours = [[10, 10.0, 2.20], [20, 20.0, 1.90], [30, 30.0, 1.89]]
    slow = [[10, 10.0, 2.20], [20, 20.0, 2.02], [30, 30.0, 2.01]]
    return {
        "command": "scripts/bench.sh names", "torch": "2.0", "python": "3.11.7", "cpu": "a CPU", "cores": 2,
        "reference": "upstream",
        "contestants": [
            contestant("upstream", "00-upstream", [1.97], [upstream], seconds=[80.0], steps=18000),
            contestant("ours", "quick-one", [1.89, 1.87, 1.88], [ours, ours, slow]),
        ],
        "tests": {"ours": {"goal": 1.90, "t": -3.46, "p": 0.037, "n": 3}},
        "recorded": "2025-01-01",
    }  # fmt: skip
