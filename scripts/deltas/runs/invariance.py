"""What upstream could do, every stage still does, bit for bit: the same output and weights, for every model type."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..child import programs
from ..core import console, jsonfile, machine
from ..core.codeid import code_id
from ..core.errors import BadInput, CheckFailed
from ..core.files import scratch
from ..core.project import Project
from ..stages.build import Stage, Workshop
from .agenda import Agenda
from .processes import Failure, Job, Listener, alone, side_by_side
from .progress import Progress, progress

TYPES = ("transformer", "bigram", "mlp", "rnn", "gru", "bow")
SECONDS = 20.0  # that such a training takes, roughly: only to say beforehand how long all will take
STEPS = 501  # samples come at step 200, the first evaluation and the saved model at 500


@dataclass(frozen=True)
class Difference:
    """type: the --type. what: how the stage departs from upstream."""

    type: str
    what: str


@dataclass(frozen=True)
class _Transcript:
    """What a training printed, without the echo of its arguments and without times; a hash of the weights it saved."""

    output: list[str]
    weights: str


@dataclass(frozen=True)
class _Training:
    """A model type at a stage. memory: where its transcript is kept."""

    stage: Stage
    type: str
    memory: Path

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.stage.name} {self.type}"

    def recalled(self) -> _Transcript | None:
        """Return the transcript that is kept; None where there is none that can be read."""
        try:
            return _Transcript(**jsonfile.read(self.memory))
        except (OSError, BadInput, TypeError):
            return None

    def job(self, tree: Path) -> Job:
        """Return the training as a child process. tree: the stage's files."""
        work = f"out/{self.type}"  # relative, because makemore prints it
        arguments = ("--type", self.type, "--max-steps", str(STEPS), "-n", "0", "--work-dir", work)
        log = tree.with_name(f"{self.stage.name}-{self.type}.txt")
        command = (sys.executable, "makemore.py", *arguments)
        return Job(self.name, command, tree, log, log.with_suffix(".err"), steps=STEPS)

    def saved(self, tree: Path) -> Path:
        """Return the file that the training saves its model in."""
        return tree / "out" / self.type / "model.pt"


def missing(project: Project, shop: Workshop, stages: Iterable[Stage]) -> list[str]:
    """Return the names of the trainings that `check` of these stages makes, because nothing is kept of them."""
    trainings: dict[Path, _Training] = {}
    asked = [stage for stage in stages if stage.number]
    for stage in [shop.stages[0], *asked] if asked else []:
        for training in _trainings(project, shop, stage, TYPES):
            trainings.setdefault(training.memory, training)
    return [training.name for training in trainings.values() if training.recalled() is None]


def check(
    project: Project, shop: Workshop, stage: Stage, types: tuple[str, ...] = TYPES, agenda: Agenda | None = None
) -> list[Difference]:
    """Train every type at stage 00 and at this stage from upstream's own seed; return where they differ.

    What was trained is kept under out/invariance/, by code id and torch. agenda: all that the command trains.
    CheckFailed where stage 00 does not train.
    """
    if stage.number == 0:
        return []
    ours, upstreams = (_trainings(project, shop, one, types) for one in (stage, shop.stages[0]))
    outcomes = _outcomes(shop, [*upstreams, *ours], agenda)
    differences = []
    for mine, theirs in zip(ours, upstreams, strict=True):
        now, was = outcomes[mine.memory], outcomes[theirs.memory]
        if isinstance(was, Failure):
            raise CheckFailed(f"stage 00 does not train: {_words(was)}", "upstream as it is, to compare with")
        what = _words(now) if isinstance(now, Failure) else _difference(was, now)
        if what:
            differences.append(Difference(mine.type, what))
    return differences


def _trainings(project: Project, shop: Workshop, stage: Stage, types: tuple[str, ...]) -> list[_Training]:
    folder = project.out / "invariance" / f"{code_id(shop.files(stage))}-{machine.torch_version()}"
    return [_Training(stage, kind, folder / f"{kind}.json") for kind in types]


def _outcomes(
    shop: Workshop, trainings: Iterable[_Training], agenda: Agenda | None
) -> dict[Path, _Transcript | Failure]:
    """Return what came of the trainings, by their memory. What is not kept is trained, and then kept."""
    outcomes: dict[Path, _Transcript | Failure] = {}
    untrained: dict[Path, _Training] = {}  # stages of one code id have one memory: they are trained once
    for training in trainings:
        transcript = training.recalled()
        if transcript:
            outcomes[training.memory] = transcript
        else:
            untrained.setdefault(training.memory, training)
    return outcomes | _train(shop, list(untrained.values()), agenda)


def _train(shop: Workshop, trainings: list[_Training], agenda: Agenda | None) -> dict[Path, _Transcript | Failure]:
    if not trainings:
        return {}
    with scratch() as folder:
        for stage in {training.stage.name: training.stage for training in trainings}.values():
            shop.export(stage, folder / stage.name)
        work = {training.job(folder / training.stage.name): training for training in trainings}
        try:
            with progress(agenda) as bars:
                listener = _Listener(bars, {job: training.saved(job.folder) for job, training in work.items()})
                side_by_side(work, listener)
        except KeyboardInterrupt:
            console.note(f"\nthe same command begins again with these {len(work)} trainings of upstream's models")
            raise
        failures = {failure.job: failure for failure in listener.failures}
        done = [job for job in work if job not in failures]
        hashes = _weights([listener.saved[job] for job in done], folder)
        outcomes: dict[Path, _Transcript | Failure] = {work[job].memory: failures[job] for job in failures}
        for job, weights in zip(done, hashes, strict=True):
            memory = work[job].memory
            outcomes[memory] = _Transcript(normal(job.log.read_text(encoding="utf-8")), weights)
            memory.parent.mkdir(parents=True, exist_ok=True)
            jsonfile.write(memory, vars(outcomes[memory]))
        return outcomes


class _Listener(Listener):
    """Looks for the models that the trainings save. All are trained, whichever of them fail."""

    def __init__(self, bars: Progress, saved: dict[Job, Path]):
        super().__init__(bars, patient=True)
        self.saved = saved

    def lacks(self, job: Job) -> str | None:
        """Return that no model is saved, where none is."""
        return None if self.saved[job].exists() else "saves no model"


def _words(failure: Failure) -> str:
    return f"{failure.outcome}: {failure.reason}" if failure.code else failure.outcome


def normal(output: str) -> list[str]:
    """Return the lines of a training's output without the echo of its arguments (the first line) and without times.

    >>> normal("{'seed': 1}\\nstep 0 | loss 3.2958 | step time 9.64ms\\n")
    ['step 0 | loss 3.2958 | step time']
    """
    return [re.sub(r"step time [\d.]+ms", "step time", line) for line in output.splitlines()[1:]]


def _difference(upstream: _Transcript, stage: _Transcript) -> str:
    for number, (was, now) in enumerate(zip(upstream.output, stage.output, strict=False), 2):
        if was != now:
            return f"prints {now!r} in line {number}, where upstream prints {was!r}"
    if len(upstream.output) != len(stage.output):
        return f"prints {len(stage.output)} lines, where upstream prints {len(upstream.output)}"
    return "" if upstream.weights == stage.weights else "prints the same and saves other weights"


def _weights(files: list[Path], folder: Path) -> list[str]:
    """Return a hash of every file's tensors. A child takes it: torch stays out of this process."""
    if not files:
        return []
    command = (sys.executable, "-m", programs.WEIGHTS, *map(str, files))
    job = Job("weights", command, folder, folder / "weights.txt", folder / "weights.err")
    broken = alone(job)
    if broken:
        raise CheckFailed(f"the saved weights can't be read: {broken.reason}")
    return job.log.read_text(encoding="utf-8").split()
