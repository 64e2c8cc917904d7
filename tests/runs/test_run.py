"""Runs: what is reused and what is repeated, what an accident leaves behind, and that nobody is left running."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from deltas.child import programs
from deltas.core import machine
from deltas.core.errors import CheckFailed
from deltas.core.project import Project
from deltas.runs import execute, progress
from deltas.runs.agenda import Agenda
from deltas.runs.experiment import Run
from deltas.stages.build import Stage

HERE = Path(__file__).resolve().parents[1]
STAGE = Stage(0, "commit", "tree")


def plan(seed=1, mode="good", name="fake", code="c" * 16, steps=20) -> execute.Plan:
    return execute.Plan(STAGE, Run(name=name, args=("--mode", mode), steps=steps), seed, code)


def export(_stage, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "makemore.py").touch()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "CHILD", "fakechild")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    return Project(tmp_path / "ein Pfad")


def about(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def have(project, *plans, **how):
    return execute.execute(project, plans, export, **how)


# -- what is there, and what is reused --------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_plans(project, capsys):
    plans = [plan(seed, name=name) for name in ("b", "a") for seed in (2, 1)]
    results = have(project, *plans, plans[0])
    assert [result.plan for result in results] == [*plans, plans[0]]
    assert [result.folder for result in results[:2]] == [project.out / f"00-upstream/b/seed-{seed}" for seed in (2, 1)]
    assert results[0].metrics["test_loss"] == pytest.approx(2.5002)
    assert results[0].metrics["test_loss_unseen"] is None
    assert results[0].names(2) == ["emma", ""]
    lines = capsys.readouterr().err.splitlines()
    assert "00-upstream b, seed 2: started (1 of 4)" in lines
    assert sum("done after" in line and "; 2 of 4 not done" in line for line in lines) == 1
    assert any("seed 2: step 16 of 20, loss 2.3500" in line for line in lines)


def test_arguments(project):
    (result,) = have(project, plan())
    said = (result.folder / "log.txt").read_text().splitlines()[0].split(" ", 1)[1]
    assert said == f"--seed 1 --work-dir {result.folder} -n 0 --mode good"


def test_side_by_side(project):
    both = [plan(seed, "meet") for seed in (1, 2)]
    assert len(have(project, *both, at_once=2)) == 2


def test_a_complete_run_is_reused(project, capsys):
    first = have(project, plan())[0]
    written = (first.folder / "metrics.json").stat().st_ino
    again = have(project, plan())[0]
    assert (first.reused, again.reused) == (False, True)
    assert "reused" in capsys.readouterr().err
    assert (first.folder / "metrics.json").stat().st_ino == written
    assert have(project, plan(), fresh=True)[0].reused is False
    assert (first.folder / "metrics.json").stat().st_ino != written
    assert {path.name for path in first.folder.parent.iterdir()} == {"seed-1", ".seed-1.lock"}


def test_many_runs_that_are_reused_are_counted(project, capsys):
    """Two dozen lines would hide what is trained."""
    plans = [plan(seed) for seed in range(1, 10)]
    have(project, *plans)
    capsys.readouterr()
    have(project, *plans[:8])
    assert capsys.readouterr().err.count("reused") == 8
    have(project, *plans)
    assert capsys.readouterr().err == "9 runs are reused, they are in out/ (--fresh repeats them)\n"


def test_a_complete_run_is_found_under_another_number_and_slug_of_its_stage(project):
    """The series was reordered since, or the stage renamed: out/ is not touched, and nothing is trained again."""
    first = have(project, plan())[0]
    former = project.out / "07-former"
    (project.out / "00-upstream").rename(former)
    (former / "mine.txt").write_text("a note of the reader's")
    again = have(project, plan())[0]
    assert again.reused and again.folder == former / first.folder.relative_to(project.out / "00-upstream")
    assert again.metrics == first.metrics and (former / "mine.txt").exists()
    assert have(project, plan(), fresh=True)[0].folder == first.folder, "a repetition is made under the name of today"
    assert (again.folder / "metrics.json").exists()
    assert have(project, plan())[0].folder == first.folder, "and goes before"


@pytest.mark.parametrize("place", ["07-former", "of-my-own"])
def test_a_run_of_another_stage_is_not_taken_for_this_one(project, place):
    have(project, plan(code="d" * 16 if place == "07-former" else "c" * 16))
    (project.out / "00-upstream").rename(project.out / place)
    assert have(project, plan())[0].reused is False


@pytest.mark.parametrize(
    "other", [plan(code="d" * 16), replace(plan(), run=Run(name="fake", args=("--mode", "good", "-x")))]
)
def test_a_run_of_another_kind_is_not_reused(project, other):
    have(project, plan())
    assert have(project, other)[0].reused is False
    assert have(project, other)[0].reused is True


def test_nor_one_of_another_torch(project, monkeypatch):
    have(project, plan())
    monkeypatch.setattr(machine, "torch_version", lambda: "2.1")
    assert have(project, plan())[0].reused is False


def test_nor_one_that_was_measured_by_other_code(project, monkeypatch):
    """The code of the measurement, and the stage's own metrics.py, belong to what a run is."""
    first = have(project, plan())[0]
    assert about(first.folder)["measured_by"] == programs.measured_by(None, None)
    own = project.baselines / "00-upstream" / "metrics.py"
    own.parent.mkdir(parents=True)
    own.write_text("def measure(folder):\n    return {}\n")
    second = have(project, plan())[0]
    assert not second.reused and about(second.folder)["measured_by"] == programs.measured_by(None, own)
    own.write_text("# said otherwise\n" + own.read_text())
    assert have(project, plan())[0].reused
    monkeypatch.setattr(programs, "measured_by", lambda control, own: "0" * 16)
    assert have(project, plan())[0].reused is False


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("run.json", None), ("metrics.json", None), ("metrics.json", "{"), ("metrics.json", "[]"), ("run.json", "[]"),
        ("metrics.json", '{"test_loss": "low"}'), ("run.json", '{"complete": true}'), ("run.json", "\0"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_not_a_result(project, file, content):
    folder = have(project, plan())[0].folder
    (folder / file).unlink() if content is None else (folder / file).write_text(content)
    assert have(project, plan())[0].reused is False


def test_incomplete_is_not_a_result(project):
    folder = have(project, plan())[0].folder
    (folder / "run.json").write_text(json.dumps(about(folder) | {"complete": False}))
    assert have(project, plan())[0].reused is False


@pytest.mark.parametrize("state", ["new is complete", "new is not"])
def test_killed_between_two_renames(project, state):
    """The old run stands aside, the new one isn't in its place yet."""
    folder = have(project, plan())[0].folder
    new, old = (folder.with_name(folder.name + ending) for ending in (".new", ".old"))
    if state == "new is complete":
        have(project, plan(seed=1, name="other"))[0].folder.rename(new)
        (new / "run.json").write_text(json.dumps(about(new) | {"run": "fake"}))
    folder.rename(old)
    result = have(project, plan())[0]
    assert result.reused and result.folder == folder
    assert not new.exists() and not old.exists()


# -- failures ---------------------------------------------------------------------------------------------------------

FAILURES = {
    "fail": ("failed with exit code 1", "No space left on device"),
    "die": ("killed by SIGKILL", "memory"),
    "silent": ("ended without metrics", "step 15"),
    "half": ("ended without metrics", "step 15"),
}


@pytest.mark.parametrize(("mode", "said"), FAILURES.items())
def test_failure(project, mode, said):
    with pytest.raises(CheckFailed) as failed:
        have(project, plan(1, mode))
    for part in ("00-upstream fake, seed 1", *said):
        assert part in failed.value.found
    assert failed.value.ways == ("less out/00-upstream/fake/seed-1/log.txt",)
    now = about(project.out / "00-upstream/fake/seed-1")
    assert now["complete"] is False and now["outcome"].startswith(said[0])


def test_the_others_are_kept(project):
    plans = [plan(1), plan(2, "fail"), plan(3)]
    with pytest.raises(CheckFailed, match="seed 2"):
        have(project, *plans, at_once=1)
    assert have(project, plan(1))[0].reused
    assert not (project.out / "00-upstream/fake/seed-3").exists()  # nothing was started after the failure


def test_a_failed_repetition_leaves_the_old_run(project):
    have(project, plan())
    with pytest.raises(CheckFailed):
        have(project, plan(1, "fail"), fresh=True)
    folder = project.out / "00-upstream/fake"
    assert about(folder / "seed-1")["complete"] is True
    assert about(folder / "seed-1.new")["complete"] is False
    assert have(project, plan())[0].reused


def test_no_torch(project, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CheckFailed, match="torch is not there") as missing:
        have(project, plan())
    assert missing.value.ways == ("scripts/setup.sh train",)
    assert not project.out.exists()


def test_disk_full_in_this_process(project, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deltas.core.files.os.fsync", full)
    with pytest.raises(CheckFailed, match="No space left"):
        have(project, plan())
    monkeypatch.undo()


# -- accidents, in a process of their own -----------------------------------------------------------------------------

PARENT = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background, it is ignored
import test_run as t
from deltas.core import machine
from deltas.core.errors import CheckFailed
from deltas.runs import execute, processes
root, mode, limit = sys.argv[1:]
execute.CHILD, machine.torch_version, processes.PATIENCE = "fakechild", lambda: "2.0", 0.3
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    execute.execute(t.Project(Path(root)), [t.plan(1, mode), t.plan(2, mode)], t.export, at_once=2)
except CheckFailed as failed:
    print(failed.found)
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
"""


def parent(project, mode, limit=0):
    paths = os.pathsep.join(map(str, (HERE, HERE / "runs", HERE.parent / "scripts")))
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, str(project.root), mode, str(limit)],
        env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def pids(project) -> list[int]:
    """Both children's, once both are there."""
    files = [project.out / f"00-upstream/fake/seed-{seed}/pid" for seed in (1, 2)]
    wait_for(lambda: all(file.exists() and file.read_text() for file in files))
    return [int(file.read_text()) for file in files]


def wait_for(condition, seconds=20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Also a zombie that nobody has collected yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return state.strip()[:1] in ("", "Z")


@pytest.mark.parametrize("mode", ["sleep", "stubborn"])
def test_interrupted(project, mode):
    command = parent(project, mode)
    running = pids(project)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=20)
    assert command.returncode == 130
    assert "0 of 2 runs are complete" in said and "the same command (without --fresh) goes on" in said
    assert all(map(gone, running))
    for seed in (1, 2):
        folder = project.out / f"00-upstream/fake/seed-{seed}"
        assert (about(folder)["complete"], about(folder)["outcome"]) == (False, "interrupted")
        assert "step 15" in (folder / "log.txt").read_text()
    assert have(project, plan(1))[0].reused is False


def test_two_commands_and_a_kill(project):
    """While one trains, another is refused; when the one is killed, its children end and the other may."""
    command = parent(project, "sleep")
    running = pids(project)
    with pytest.raises(CheckFailed, match="seed 1 is being trained by another command"):
        have(project, plan(1))
    command.kill()
    command.wait()
    wait_for(lambda: all(map(gone, running)))
    assert about(project.out / "00-upstream/fake/seed-1")["complete"] is False
    assert have(project, plan(1))[0].reused is False


def test_no_room_for_a_file(project):
    command = parent(project, "good", limit=100)
    said, _ = command.communicate(timeout=20)
    assert command.returncode == 1
    assert "no room to write" in said and "File too large" in said
    assert have(project, plan(1))[0].reused is False


# -- how it is told ---------------------------------------------------------------------------------------------------


def test_bars(capsys, monkeypatch):
    """What a terminal shows."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    agenda = Agenda({"third": 100})
    agenda.add(["learned", "counted", "third"])
    with progress.Bars(agenda) as bars:
        bars.started("learned", 200)
        for step in range(0, 200, 10):
            bars.line("learned", f"step {step} | loss 2.4{step:03} | step time 1.00ms")
            bars.line("learned", "something else")
        bars.started("counted", None)
        bars.ended("learned", "done")
        bars.ended("counted", "failed with exit code 1")
    shown = capsys.readouterr().err
    assert "learned: done after 0 s" in shown and "counted: failed with exit code 1 after" in shown
    assert "2 of 3 done" in shown


def test_durations():
    assert [progress.duration(seconds) for seconds in (0.4, 59.4, 61, 3599)] == ["0 s", "59 s", "1:01 min", "59:59 min"]


def test_cores():
    assert machine.cores() >= 1
    assert machine.cpu()


def test_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.setenv("PYTHONPATH", "mine")
    env = machine.environment()
    assert (env["OMP_NUM_THREADS"], env["MKL_NUM_THREADS"], env["VECLIB_MAXIMUM_THREADS"]) == ("1", "1", "1")
    assert env["PYTHONPATH"].split(os.pathsep) == [str(HERE.parent / "scripts"), "mine"]
    assert env["PYTHONHASHSEED"] == "0"
