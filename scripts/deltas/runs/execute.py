"""Runs: makemore.py of a stage as child processes, each in out/NN-slug/RUN/seed-S/.

A run is complete when its run.json says so, and run.json says so last. A complete run is not touched until its
successor is complete: the successor is made in seed-S.new and then renamed over it. Where there is nothing to lose, a
run is made in place, and what an interrupted one leaves stays there, marked incomplete, until the run is repeated.

A run is known by what it is, not by the name of its folder: when the series gets another order or a stage another slug,
complete runs stay where they are in out/, and they are found there.
"""

import contextlib
import datetime
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..child import programs
from ..core import console, files, jsonfile, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..stages.build import Stage
from .agenda import Agenda
from .experiment import Run
from .processes import DONE, Failure, Job, Listener, refusal, side_by_side
from .progress import Progress, progress

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NAMED = 8  # runs that are reused are named, unless there are more
SECONDS = "seconds"  # of training: every run measures it, whatever its stage is about
CHILD = programs.RUN
CONTROL = programs.CONTROL

Metrics = dict[str, float | int | None]


@dataclass(frozen=True)
class Plan:
    """A run to be made: this configuration of this stage, from this seed. code_id: of the stage."""

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
        """Return out/NN-slug/RUN/seed-S."""
        return project.out / self.stage.name / self.run.name / f"seed-{self.seed}"

    def own(self, project: Project) -> Path | None:
        """Return the stage's metrics.py, which measures every run of the stage; None where it has none."""
        path = project.baselines / self.stage.name / "metrics.py"
        return path if path.exists() else None

    def measured_by(self, project: Project) -> str:
        """Return the id of the code that measures this run."""
        return programs.measured_by(self.run.control, self.own(project))


@dataclass(frozen=True)
class Result:
    """A complete run. metrics: by name, None where one could not be measured. reused: it was there already."""

    plan: Plan
    folder: Path
    metrics: Metrics
    about: dict[str, Any]
    reused: bool

    def names(self, count: int) -> list[str]:
        """Return the first names that the model made up; none where the run makes up no names.

        FileNotFoundError where the run's folder is gone: that is not to be taken for a run without names.
        """
        if not self.folder.is_dir():
            raise FileNotFoundError(self.folder)
        path = self.folder / "samples.txt"
        return path.read_text(encoding="utf-8").splitlines()[:count] if path.exists() else []


def execute(
    project: Project,
    plans: Sequence[Plan],
    export: Callable[[Stage, Path], None],
    *,
    fresh: bool = False,
    at_once: int | None = None,
    agenda: Agenda | None = None,
) -> list[Result]:
    """Return one result per plan, in order. Complete runs are reused; the others run side by side over the cores.

    export(stage, folder) writes a stage's files. fresh: repeat complete runs too. agenda: all that the command trains,
    where these runs are only a part of it; else what there is to train is said first.
    CheckFailed when torch is missing, another command is making one of the runs, or a run fails; those that did not
    fail are kept. KeyboardInterrupt: the children are ended, their runs stay incomplete, and what is kept is said.
    """
    environment = machine.describe()
    asked = {plan.name: plan for plan in plans}
    results = {} if fresh else _complete_ones(project, asked.values())
    with contextlib.ExitStack() as stack:
        stack.enter_context(_what_is_kept_is_said(project, asked.values(), fresh))
        stack.enter_context(_disk_full_is_said())
        work = []
        for plan in asked.values():
            if plan.name in results:
                continue
            lock = stack.enter_context(_lock(project, plan))
            _settle(plan.folder(project))
            there = None if fresh else finished(project, plan)  # another command may have made it meanwhile
            if there:
                results[plan.name] = there
            else:
                work.append(_Work(project, plan, environment, lock))
        _tell_of_reuse(project, results)
        if work:
            trees = stack.enter_context(files.scratch())
            agenda = _announced(agenda, [run.plan.name for run in work], at_once)
            bars = stack.enter_context(progress(agenda))
            results |= _make(work, trees, export, bars, at_once)
    return [results[plan.name] for plan in plans]


def _tell_of_reuse(project: Project, results: Mapping[str, Result]) -> None:
    """Say which runs are not made, for they are there; where there are many, how many."""
    if len(results) > NAMED:
        console.note(
            f"{len(results)} runs are reused, they are in {_relative(project, project.out)}/ (--fresh repeats them)"
        )
        return
    for name, result in results.items():
        console.note(f"{name}: reused, it is in {_relative(project, result.folder)} (--fresh repeats it)")


def _announced(agenda: Agenda | None, names: Sequence[str], at_once: int | None) -> Agenda:
    """Return the agenda with these trainings on it. Say what there is to train, where nobody has said so."""
    said = agenda is not None and bool(agenda.names)
    agenda = agenda or Agenda(at_once=at_once)
    agenda.add(names)
    if not said and (len(names) > 1 or agenda.left is not None):
        console.note(str(agenda))
    return agenda


def _complete_ones(project: Project, plans: Iterable[Plan]) -> dict[str, Result]:
    there = {plan.name: finished(project, plan) for plan in plans}
    return {name: result for name, result in there.items() if result}


def _make(
    work: list["_Work"],
    trees: Path,
    export: Callable[[Stage, Path], None],
    bars: Progress,
    at_once: int | None,
) -> dict[str, Result]:
    """Make the runs; return their results by the names of their plans."""
    for stage in {run.plan.stage.name: run.plan.stage for run in work}.values():
        export(stage, trees / stage.name)
    listener = _Listener(bars, {run.plan.name: run for run in work})
    try:
        side_by_side((run.job(trees) for run in work), listener, at_once)
    except BaseException:
        for run in work:
            run.interrupted()
        raise
    if listener.failures:
        log = _relative(listener.work[listener.failures[0].job.name].project, listener.failures[0].job.log)
        raise refusal(listener.failures, "exit code 0 and finite losses", (f"less {log}",))
    return listener.results


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
            "measured_by": plan.measured_by(project),
            **({"control": plan.run.control} if plan.run.control else {}),
            **environment,
        }

    def job(self, trees: Path) -> Job:
        """Prepare the folder and return the child process, when it is this run's turn."""
        if self.folder.exists():
            shutil.rmtree(self.folder)  # an incomplete run that nobody is making: we hold its lock
        self.folder.mkdir(parents=True)
        self.about["started"] = _now()
        self.say("under way")
        arguments = ["--seed", str(self.plan.seed), "--work-dir", str(self.folder), *self.plan.arguments]
        program = (CONTROL, self.plan.run.control) if self.plan.run.control else (CHILD,)
        own = self.plan.own(self.project)
        paths = (str(self.folder), *([str(own)] if own else []))
        return Job(
            self.plan.name,
            (sys.executable, "-m", *program, "makemore.py", *paths, "--", *arguments),
            trees / self.plan.stage.name,
            self.folder / "log.txt",
            keep=(self.lock,),  # the next command does not overrun a run whose parent was killed: it holds the lock too
            steps=self.plan.run.total,
        )

    def say(self, outcome: str) -> None:
        """Write run.json."""
        jsonfile.write(self.folder / "run.json", self.about | {"complete": outcome == DONE, "outcome": outcome})

    def finish(self) -> Result | None:
        """Mark the run complete and put it in the place of the one before; None where it left no metrics."""
        metrics = _metrics(self.folder)
        if metrics is None:
            return None
        self.about["ended"] = _now()
        self.say(DONE)
        if self.folder != self.target:
            old = self.target.with_name(f"{self.target.name}.old")
            self.target.rename(old)
            self.folder.rename(self.target)
            shutil.rmtree(old, ignore_errors=True)
        return Result(self.plan, self.target, metrics, _about(self.target), False)

    def interrupted(self) -> None:
        """Say so, where the run was under way. That it is incomplete, run.json has said from the start."""
        if "started" in self.about and "ended" not in self.about:
            with contextlib.suppress(OSError):
                self.say("interrupted")

    def failed(self, outcome: str) -> None:
        """Say how the run failed, where the disk has room for it."""
        self.about["ended"] = _now()
        with contextlib.suppress(OSError):
            self.say(outcome)


class _Listener(Listener):
    """Completes the runs that ended well and marks those that failed. work: by the names of the plans, and of jobs."""

    def __init__(self, bars: Progress, work: dict[str, _Work]):
        super().__init__(bars)
        self.work = work
        self.results: dict[str, Result] = {}

    def lacks(self, job: Job) -> str | None:
        """Complete the run; return that it has no metrics, where it has none."""
        result = self.work[job.name].finish()
        if result is None:
            return "ended without metrics"
        self.results[job.name] = result
        return None

    def failed(self, failure: Failure) -> None:
        """Write into its run.json how it failed."""
        self.work[failure.job.name].failed(failure.outcome)


def finished(project: Project, plan: Plan) -> Result | None:
    """Return the run if it is there: complete, of this code, arguments, seed, torch and processor, and measured so."""
    folders = [folder for folder in _places(project, plan) if (folder / "run.json").exists()]
    if not folders:
        return None
    wanted = {
        "complete": True,
        "code_id": plan.code_id,
        "measured_by": plan.measured_by(project),
        "arguments": plan.arguments,
        "seed": plan.seed,
        "torch": machine.torch_version(),
        "cpu": machine.cpu(),
    }
    for folder in folders:
        about, metrics = _about(folder), _metrics(folder)
        if metrics is not None and all(about.get(key) == value for key, value in wanted.items()):
            return Result(plan, folder, metrics, about, True)
    return None


def _places(project: Project, plan: Plan) -> Iterator[Path]:
    """Yield where a run may be: its own folder, then those that it had under other numbers or slugs of its stage."""
    own = plan.folder(project)
    yield own
    yield from sorted(set(project.out.glob(f"[0-9][0-9]-*/{plan.run.name}/{own.name}")) - {own})


def _complete(folder: Path) -> bool:
    return _about(folder).get("complete") is True and _metrics(folder) is not None


def _about(folder: Path) -> dict[str, Any]:
    """Return run.json; nothing where there is none that can be read."""
    try:
        about = jsonfile.read(folder / "run.json")
    except (BadInput, OSError):
        return {}
    return about if isinstance(about, dict) else {}


def _metrics(folder: Path) -> Metrics | None:
    """Return metrics.json; None where there is none that can be read: then there is no result."""
    try:
        return {str(name): jsonfile.number(value) for name, value in jsonfile.read(folder / "metrics.json").items()}
    except (BadInput, OSError, ValueError, AttributeError):
        return None


def _settle(folder: Path) -> None:
    """Finish a replacement that was cut short between its two renames."""
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
    """Let one command at a time make a run. The system releases the lock when its holders end, however they end."""
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
def _what_is_kept_is_said(project: Project, plans: Collection[Plan], fresh: bool) -> Iterator[None]:
    """Where the runs are interrupted, say which of them are complete, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if fresh:  # an older run is there until the new one is complete, so a count would say nothing
            console.note(f"\nwhat was repeated so far is kept in {console.path(project.out)}/, beside the older runs")
            console.note("the same command begins again with all of them")
            raise
        complete = len(_complete_ones(project, plans))
        console.note(f"\n{complete} of {len(plans)} runs are complete, and kept in {console.path(project.out)}/")
        console.note("the same command (without --fresh) goes on with the others, each from its start")
        raise


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
