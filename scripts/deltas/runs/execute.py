"""Runs: makemore.py of a stage as child processes, each in out/NN-slug/RUN/seed-S/.

A run is complete when its run.json says so, and run.json says so last. A complete run is not touched until its
successor is complete: that one is made in seed-S.new and renamed over it. Where there is nothing to lose, a run is
made in place, and what an interrupted one leaves stays there, marked incomplete, until the run is repeated.
"""

import contextlib
import datetime
import errno
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..child import programs
from ..core import console, jsonfile, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..stages.build import Stage
from .experiment import Run
from .processes import Job, side_by_side
from .progress import Progress, progress

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHILD = "deltas.child.run"
CONTROL = "deltas.child.control"
TAIL = 8  # lines of the log that a failure shows


@dataclass(frozen=True)
class Plan:
    """A run to be had: this configuration of this stage, from this seed. code_id: of the stage."""

    stage: Stage
    run: Run
    seed: int
    code_id: str

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.stage.name} {self.run.name}, seed {self.seed}"

    @property
    def arguments(self) -> list[str]:
        """The program's, without seed and work dir. Data workers cost more than they bring for lines this short."""
        if self.run.control:
            return list(self.run.args)
        return ["-n", "0", *self.run.args]  # first, so that the experiment may say otherwise

    def folder(self, project: Project) -> Path:
        """out/NN-slug/RUN/seed-S."""
        return project.out / self.stage.name / self.run.name / f"seed-{self.seed}"


@dataclass(frozen=True)
class Result:
    """A complete run. metrics: name -> figure, None where it could not be measured. reused: it was there already."""

    plan: Plan
    folder: Path
    metrics: dict[str, float | int | None]
    about: dict[str, Any]
    reused: bool

    def names(self, count: int) -> list[str]:
        """The first names that the model made up."""
        return (self.folder / "samples.txt").read_text(encoding="utf-8").splitlines()[:count]


def execute(
    project: Project,
    plans: Sequence[Plan],
    export: Callable[[Stage, Path], None],
    *,
    fresh: bool = False,
    at_once: int | None = None,
) -> list[Result]:
    """Has the runs, in the order of the plans: those that are there, and the others side by side over the cores.

    export(stage, folder) writes a stage's files. fresh: repeat also what is there.
    CheckFailed when torch is missing, another command has one of the runs under way, or a run fails; those that did
    not fail are kept. KeyboardInterrupt: the children are ended, their runs stay incomplete.
    """
    environment = machine.describe()
    found = {} if fresh else {plan.name: finished(project, plan) for plan in plans}
    with contextlib.ExitStack() as stack:
        stack.enter_context(_disk_full_is_said())
        work = []
        for plan in {plan.name: plan for plan in plans if not found.get(plan.name)}.values():
            lock = stack.enter_context(_lock(project, plan))
            _settle(plan.folder(project))
            found[plan.name] = None if fresh else finished(project, plan)  # it may be there by now
            if not found[plan.name]:
                work.append(_Work(project, plan, environment, lock))
        for name, result in found.items():
            if result:
                console.note(f"{name}: reused, it is in {_relative(project, result.folder)} (--fresh repeats it)")
        if work:
            trees = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deltas-")))
            bars = stack.enter_context(progress())
            _train(work, trees, export, bars, at_once)
            found |= {each.plan.name: each.result for each in work}
    return [found[plan.name] for plan in plans]


def _train(
    work: list["_Work"],
    trees: Path,
    export: Callable[[Stage, Path], None],
    bars: Progress,
    at_once: int | None,
) -> None:
    for stage in {each.plan.stage.name: each.plan.stage for each in work}.values():
        export(stage, trees / stage.name)
    overseer = _Overseer(work, bars)
    try:
        side_by_side((each.job(trees) for each in work), overseer, at_once)
    except BaseException:
        for each in work:
            each.interrupted()
        raise
    if overseer.failed:
        first, *others = overseer.failed
        found = [first.found, *(f"  | {line}" for line in first.tail), *(each.found for each in others)]
        raise CheckFailed("\n".join(found), "exit code 0 and finite losses", [f"less {first.log}"])


@dataclass(frozen=True)
class _Failure:
    """found: which run, and how it ended. tail: the last lines of its log."""

    found: str
    tail: list[str]
    log: str


class _Work:
    """A run being made: the folder it is made in, and run.json there."""

    def __init__(self, project: Project, plan: Plan, environment: dict[str, Any], lock: int):
        self.project, self.plan, self.lock = project, plan, lock
        self.target = plan.folder(project)
        self.folder = self.target.with_name(f"{self.target.name}.new") if _complete(self.target) else self.target
        self.about = {
            "stage": plan.stage.name,
            "run": plan.run.name,
            "seed": plan.seed,
            "arguments": plan.arguments,
            "code_id": plan.code_id,
            **({"control": plan.run.control} if plan.run.control else {}),
            "measured_by": _measured_by(project, plan),
            **environment,
        }
        self.result: Result | None = None

    def job(self, trees: Path) -> Job:
        """Called when it is this run's turn."""
        if self.folder.exists():
            shutil.rmtree(self.folder)  # an incomplete one, and nobody is at it: we hold its lock
        self.folder.mkdir(parents=True)
        self.about["started"] = _now()
        self.say("under way")
        arguments = ["--seed", str(self.plan.seed), "--work-dir", str(self.folder), *self.plan.arguments]
        program = (CONTROL, self.plan.run.control) if self.plan.run.control else (CHILD,)
        own = self.project.baselines / self.plan.stage.name / "metrics.py"
        files = (str(self.folder), str(own)) if own.exists() and not self.plan.run.control else (str(self.folder),)
        command = (sys.executable, "-m", *program, "makemore.py", *files, "--", *arguments)
        # the lock is the child's too: a run whose parent was killed is not overrun by the next command
        return Job(self.plan.name, command, trees / self.plan.stage.name, self.folder / "log.txt", keep=(self.lock,))

    def say(self, outcome: str) -> None:
        """Writes run.json."""
        complete = outcome == "done"
        jsonfile.write(self.folder / "run.json", self.about | {"complete": complete, "outcome": outcome})

    def finish(self) -> None:
        """Marks it complete and puts it where the one before stood."""
        self.about["ended"] = _now()
        self.say("done")
        if self.folder != self.target:
            old = self.target.with_name(f"{self.target.name}.old")
            self.target.rename(old)
            self.folder.rename(self.target)
            shutil.rmtree(old, ignore_errors=True)
        self.result = Result(self.plan, self.target, _metrics(self.target), _about(self.target), False)

    def interrupted(self) -> None:
        """Says so where it was under way; that it is incomplete, run.json has said from the start."""
        if "started" in self.about and "ended" not in self.about:
            with contextlib.suppress(OSError):
                self.say("interrupted")

    def failure(self, outcome: str) -> _Failure:
        """Marks it incomplete, where the disk lets it, and shows the end of its log."""
        self.about["ended"] = _now()
        with contextlib.suppress(OSError):
            self.say(outcome)
        log = self.folder / "log.txt"
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return _Failure(f"{self.plan.name}: {outcome}", lines[-TAIL:], _relative(self.project, log))


class _Overseer:
    """Listens to the children: passes on how they fare, and seals their runs."""

    def __init__(self, work: list[_Work], bars: Progress):
        self.work = {each.plan.name: each for each in work}
        self.bars = bars
        self.failed: list[_Failure] = []

    def started(self, job: Job) -> None:
        self.bars.started(job.name, self.work[job.name].plan.run.total)

    def line(self, job: Job, text: str) -> None:
        self.bars.line(job.name, text)

    def ended(self, job: Job, code: int) -> bool:
        work = self.work[job.name]
        outcome = _outcome(code)
        if outcome == "done" and _metrics(work.folder) is None:
            outcome = "ended without metrics"
        if outcome == "done":
            work.finish()
        else:
            self.failed.append(work.failure(outcome))
        self.bars.ended(job.name, outcome)
        return not self.failed


def _outcome(code: int) -> str:
    if code == 0:
        return "done"
    if code > 0:
        return f"failed with exit code {code}"
    name = signal.Signals(-code).name
    return f"killed by {name}" + (", most often because memory ran out" if name == "SIGKILL" else "")


def finished(project: Project, plan: Plan) -> Result | None:
    """The run, where it is there: complete, of this code, these arguments, this seed and this torch."""
    folder = plan.folder(project)
    about, metrics = _about(folder), _metrics(folder)
    wanted = {
        "code_id": plan.code_id,
        "measured_by": _measured_by(project, plan),
        "arguments": plan.arguments,
        "seed": plan.seed,
        "torch": machine.torch_version(),
    }
    if not _complete(folder) or any(about.get(key) != value for key, value in wanted.items()):
        return None
    return Result(plan, folder, metrics, about, True)


def _measured_by(project: Project, plan: Plan) -> str:
    return programs.measured_by(plan.run.control, project.baselines / plan.stage.name / "metrics.py")


def _complete(folder: Path) -> bool:
    return _about(folder).get("complete") is True and _metrics(folder) is not None


def _about(folder: Path) -> dict[str, Any]:
    """run.json, empty where there is none that can be read."""
    try:
        about = jsonfile.read(folder / "run.json")
    except (BadInput, OSError):
        return {}
    return about if isinstance(about, dict) else {}


def _metrics(folder: Path) -> dict[str, float | int | None] | None:
    """metrics.json; None where there is none that can be read: then there is no result."""
    try:
        return {str(name): jsonfile.number(value) for name, value in jsonfile.read(folder / "metrics.json").items()}
    except (BadInput, OSError, ValueError, AttributeError):
        return None


def _settle(folder: Path) -> None:
    """Finishes a replacement that was cut short between its two renames."""
    new, old = (folder.with_name(folder.name + ending) for ending in (".new", ".old"))
    if not folder.exists():
        if _complete(new):
            new.rename(folder)
        elif old.exists():
            old.rename(folder)
    if old.exists() and _complete(folder):
        shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _lock(project: Project, plan: Plan) -> Iterator[int]:
    """One command at a time makes a run. The system lets go when its holders end, however they end."""
    folder = plan.folder(project)
    folder.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(folder.with_name(f".{folder.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CheckFailed(
                f"{plan.name} is being trained by another command",
                "one at a time",
                [f"tail {_relative(project, folder)}*/log.txt   # how far it is; then the same command again"],
            ) from None
        yield held
    finally:
        os.close(held)


@contextlib.contextmanager
def _disk_full_is_said() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise CheckFailed(
            f"no room to write {error.filename or 'the run'}: {error.strerror}",
            "a few megabytes for a run",
            ["df -h ."],
        ) from error


def _relative(project: Project, path: Path) -> str:
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else str(path)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
