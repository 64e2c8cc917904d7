"""The race's children take turns, are told apart when they fail, and none of them trains on when the race is over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deltas.core.errors import CheckFailed
from deltas.runs import processes
from deltas.runs.progress import Silent
from deltas.speedrun import race
from deltas.speedrun.settings import Contestant

UPSTREAM = Contestant("upstream", "quick-one", (7,), 60)
ALONE = Contestant("alone", "quick-one", (9,), 60, ("-n", "0"), threads=1)
OURS = Contestant("ours", "quick-one", (1, 2), 40, ("--baseline",))
SHORT = Contestant("short", "quick-one", (3, 4, 5), 20)


class Heard(Silent):
    """Writes down what a display would show."""

    def __init__(self):
        self.heard = []

    def started(self, name, total):
        self.heard.append(("started", name, total))

    def line(self, name, text):
        self.heard.append(("line", name, text))

    def ended(self, name, outcome):
        self.heard.append(("ended", name, outcome))


def hold(shop, sides, folder, bars=None):
    runs = []
    race.hold(shop, sides, 3407, bars or Silent(), folder, runs.append)
    return runs


def gone(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return state.strip()[:1] in ("", "Z")


def pids(folder: Path, count: int) -> list[int]:
    """Those of all racers, once they are there."""
    deadline = time.monotonic() + 20
    while len(found := [path for path in folder.glob("*/pid") if path.read_text().endswith("\n")]) < count:
        assert time.monotonic() < deadline, "waited in vain for racers"
        time.sleep(0.02)
    return [int(path.read_text()) for path in found]


def test_the_side_that_is_behind_has_the_next_turn(shop, tmp_path):
    bars = Heard()
    runs = hold(shop, [[UPSTREAM], [OURS, SHORT]], tmp_path, bars)
    assert [(run.contestant.name, run.seed) for run in runs if run.contestant is not UPSTREAM] == [
        ("ours", 1), ("short", 3), ("ours", 2), ("short", 4), ("short", 5),
    ]  # fmt: skip
    total = {"upstream": 60, "ours": 140}  # steps of a side
    done = dict.fromkeys(total, 0)
    for what, name, _ in bars.heard:
        side = "upstream" if name.startswith("upstream") else "ours"
        if what != "line":
            continue
        shares = {each: done[each] / total[each] for each in total}
        assert shares[side] <= min(shares.values()) + 40 / 140  # no more ahead than by one training of the other side
        done[side] += 10
    assert [text for what, name, text in bars.heard if what == "ended"] == ["done"] * 6
    assert ("started", "upstream, seed 7", 60) in bars.heard
    assert ("line", "ours, seed 2", "step 29 | loss 2.2020") in bars.heard


def test_what_a_racer_is_given(shop, tmp_path, monkeypatch):
    """Its seed, the split, all cores unless it is to have fewer, and a folder of its own."""
    monkeypatch.setattr("deltas.core.machine.cores", lambda: 3)
    hold(shop, [[ALONE], [OURS]], tmp_path)
    ours, alone = ((tmp_path / name / "log.txt").read_text().splitlines()[0] for name in ("ours-1", "alone-9"))
    assert ours == (
        f"arguments --baseline --split-seed 3407 --seed 1 --max-steps 40 --work-dir {tmp_path}/ours-1 threads 3"
    )
    assert alone == (
        f"arguments -n 0 --split-seed 3407 --seed 9 --max-steps 60 --work-dir {tmp_path}/alone-9 threads 1"
    )


def test_what_a_run_is(shop, tmp_path):
    (first, _) = hold(shop, [[OURS]], tmp_path)
    assert first.curve == [[step, step / 10, pytest.approx(2.5 - step / 100 + 0.001)] for step in (10, 20, 30, 40)]
    assert first.result["test_loss"] == pytest.approx(2.101) and first.result["tokens"] == 100


FAULTS = {"break": ("failed with exit code 1", "ValueError: the loss is not a number"), "silent": ("without a result",)}


@pytest.mark.parametrize(("fault", "said"), FAULTS.items())
def test_a_racer_that_fails_ends_the_race(shop, tmp_path, monkeypatch, fault, said):
    monkeypatch.setenv("FAKE_FAULT", fault)
    monkeypatch.setenv("FAKE_SEED", "2")
    runs = []
    with pytest.raises(CheckFailed) as failed:
        race.hold(shop, [[UPSTREAM], [OURS]], 3407, Silent(), tmp_path, runs.append)
    for part in ("ours, seed 2", *said):
        assert part in failed.value.found
    assert ("ours", 1) in [(run.contestant.name, run.seed) for run in runs]  # what was over is told of
    assert all(map(gone, pids(tmp_path, 3)))


@pytest.mark.parametrize("fault", ["sleep", "stubborn"])
def test_interrupted(shop, tmp_path, monkeypatch, fault):
    """Ctrl-C while a racer has its turn: nobody trains on, not even one that does not listen."""
    monkeypatch.setattr(processes, "PATIENCE", 0.3)
    monkeypatch.setenv("FAKE_FAULT", fault)
    monkeypatch.setenv("FAKE_SEED", "1")

    class Interrupt(Heard):
        def line(self, name, text):
            super().line(name, text)
            if name == "upstream, seed 7":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hold(shop, [[OURS], [UPSTREAM]], tmp_path, Interrupt())
    assert all(map(gone, pids(tmp_path, 2)))


PARENT = """
import sys
from pathlib import Path
import pytest
from test_race import OURS, UPSTREAM, hold
from fakeshop import Shop
from deltas.speedrun import training
training.RACER = "fakeracer"
hold(Shop(), [[UPSTREAM], [OURS]], Path(sys.argv[1]))
"""


def test_racers_end_with_a_parent_that_is_killed(tmp_path):
    here, tests = Path(__file__).resolve().parent, Path(__file__).resolve().parents[1]
    paths = os.pathsep.join(map(str, (here, tests, tests.parent / "scripts")))
    environment = os.environ | {"PYTHONPATH": paths, "FAKE_FAULT": "stubborn", "FAKE_SEED": "1"}
    command = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], env=environment)
    racers = pids(tmp_path, 2)
    command.send_signal(signal.SIGKILL)
    command.wait()
    deadline = time.monotonic() + 20
    while not all(map(gone, racers)):
        assert time.monotonic() < deadline, "a racer trains on"
        time.sleep(0.05)
