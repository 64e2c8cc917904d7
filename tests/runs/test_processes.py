"""One way to start children: what they say is heard, what fails is reported, and none of them runs on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from deltas.runs import processes
from deltas.runs.processes import Children, Job, Listener, alone, side_by_side
from deltas.runs.progress import Silent


def job(folder, name, code, **more) -> Job:
    return Job(name, (sys.executable, "-c", code), folder, folder / f"{name}.txt", **more)


class Heard(Listener):
    """Writes down what it hears, and finds fault with what one job leaves."""

    def __init__(self, patient=False):
        super().__init__(Silent(), patient=patient)
        self.heard = []

    def line(self, job, text):
        self.heard.append((job.name, text))

    def lacks(self, job):
        return "leaves nothing" if job.name == "lazy" else None

    def failed(self, failure):
        self.heard.append((failure.job.name, "failed"))


def gone(pid: int) -> bool:
    """Also a zombie that nobody has collected yet."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return state.strip()[:1] in ("", "Z")


def pid_in(file) -> int:
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline, f"nothing in {file}"
        time.sleep(0.02)
    return int(file.read_text())


# -- what they say ----------------------------------------------------------------------------------------------------


def test_whole_lines_are_heard_to_the_last(tmp_path):
    listener = Heard()
    code = "import sys, time; print('one\\ntw', end=''); time.sleep(0.2); print('o\\nthree'); print('rest', end='')"
    side_by_side([job(tmp_path, "a", code)], listener)
    assert listener.heard == [("a", "one"), ("a", "two"), ("a", "three")]  # what is no whole line is not heard
    assert listener.failures == [] and (tmp_path / "a.txt").read_text().endswith("rest")


def test_stderr_goes_into_the_log_or_apart_from_it(tmp_path):
    code = "import sys; print('out'); print('err', file=sys.stderr)"
    assert alone(job(tmp_path, "together", code)) is None
    assert alone(job(tmp_path, "apart", code, errors=tmp_path / "apart.err")) is None
    assert sorted((tmp_path / "together.txt").read_text().split()) == ["err", "out"]
    assert (tmp_path / "apart.txt").read_text() == "out\n" and (tmp_path / "apart.err").read_text() == "err\n"


def test_a_child_has_its_threads_and_its_descriptors(tmp_path):
    read, write = os.pipe()
    code = f"import os; os.write({write}, os.environ['OMP_NUM_THREADS'].encode())"
    try:
        assert alone(job(tmp_path, "a", code, threads=3, keep=(write,))) is None
        assert os.read(read, 10) == b"3"
    finally:
        os.close(read)
        os.close(write)


# -- what fails -------------------------------------------------------------------------------------------------------

ENDS = {
    "pass": None,
    "import sys; sys.exit('no room')": (1, "failed with exit code 1", "no room"),
    "import os; os._exit(3)": (3, "failed with exit code 3", "it said nothing"),
    "import os, signal; print('here'); os.kill(os.getpid(), signal.SIGKILL)": (
        -9, "killed by SIGKILL, most often because memory ran out", "it said nothing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), ENDS.items(), ids=map(str, ENDS.values()))
def test_how_a_job_ends(tmp_path, code, expected):
    broken = alone(job(tmp_path, "a", code, errors=tmp_path / "a.err"))
    assert (broken and (broken.code, broken.outcome, broken.reason)) == expected


def test_after_a_failure_nothing_further_starts(tmp_path):
    listener = Heard()
    jobs = [job(tmp_path, name, code) for name, code in (("a", "1/0"), ("lazy", ""), ("b", "print('b')"))]
    side_by_side(jobs, listener, at_once=1)
    assert [failure.found for failure in listener.failures] == ["a: failed with exit code 1"]
    assert not (tmp_path / "lazy.txt").exists() and not (tmp_path / "b.txt").exists()


def test_whoever_is_patient_hears_all(tmp_path):
    listener = Heard(patient=True)
    jobs = [job(tmp_path, name, code) for name, code in (("a", "1/0"), ("lazy", ""), ("b", "print('b')"))]
    side_by_side(jobs, listener, at_once=1)
    assert [failure.found for failure in listener.failures] == ["a: failed with exit code 1", "lazy: leaves nothing"]
    assert listener.heard[-1] == ("b", "b") and ("lazy", "failed") in listener.heard


def test_a_report_shows_the_end_of_what_was_said(tmp_path):
    code = "import sys\nfor n in range(20): print('line', n)\nprint()\nsys.exit('broken')"
    side_by_side([job(tmp_path, name, code) for name in ("a", "b")], listener := Heard(patient=True), at_once=1)
    refusal = processes.refusal(listener.failures, "exit code 0", ("less a.txt",))
    lines = refusal.found.splitlines()
    assert lines[0] == "a: failed with exit code 1" and lines[-1] == "b: failed with exit code 1"
    assert lines[1:-1] == [*(f"  | line {n}" for n in range(13, 20)), "  | broken"]
    assert (refusal.expected, refusal.ways) == ("exit code 0", ("less a.txt",))


# -- nobody is left behind --------------------------------------------------------------------------------------------

SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + SLEEP


@pytest.mark.parametrize("code", [SLEEP, STUBBORN], ids=["asked", "killed"])
def test_leaving_ends_the_children(tmp_path, monkeypatch, code):
    monkeypatch.setattr(processes, "PATIENCE", 0.3)
    with pytest.raises(KeyboardInterrupt), Children() as children:
        running = [children.start(job(tmp_path, name, code)) for name in "ab"]
        pids = [pid_in(child.job.log) for child in running]
        raise KeyboardInterrupt
    assert all(map(gone, pids))
    ended = -signal.SIGINT if code == SLEEP else -signal.SIGKILL
    assert {child.process.returncode for child in running} <= {ended, 1}  # Python may turn SIGINT into exit code 1


def test_a_command_that_is_not_there_leaves_nobody_behind(tmp_path):
    with pytest.raises(FileNotFoundError), Children() as children:
        sleeper = children.start(job(tmp_path, "sleeper", SLEEP))
        children.start(Job("absent", ("no such program",), tmp_path, tmp_path / "absent.txt"))
    assert sleeper.process.returncode is not None and gone(sleeper.process.pid)


def test_a_child_that_has_ended_is_forgotten(tmp_path):
    with Children() as children:
        child = children.start(job(tmp_path, "a", ""))
        assert child.process.wait(20) == 0
        children.ended(child)
        assert children.running == [] and child.reader.closed
