"""What upstream could do, every stage still does, bit for bit: same output and same weights, for each model type."""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..child import programs
from ..core import jsonfile, machine
from ..core.codeid import code_id
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..stages.build import Stage, Workshop
from .processes import Job, side_by_side
from .progress import Progress, progress

TYPES = ("transformer", "bigram", "mlp", "rnn", "gru", "bow")
STEPS = 501  # samples come at step 200, the first evaluation and the saved model at 500


@dataclass(frozen=True)
class Difference:
    """type: the --type. what: how the stage departs from upstream."""

    type: str
    what: str


@dataclass(frozen=True)
class _Transcript:
    """What a training printed, without argument echo and times, and the hash of the weights that it saved."""

    output: list[str]
    weights: str


def check(project: Project, shop: Workshop, stage: Stage, types: tuple[str, ...] = TYPES) -> list[Difference]:
    """Trains every type at stage 00 and at this stage from upstream's own seed, side by side; empty where they agree.

    Remembered under out/invariance/ by code id and torch. CheckFailed where stage 00 itself does not run.
    """
    if stage.number == 0:
        return []
    first = shop.stages[0]
    torch = machine.torch_version()
    memory = {each.name: project.out / "invariance" / f"{code_id(shop.files(each))}-{torch}" for each in (first, stage)}
    failures = _train(shop, [first, stage], types, memory)
    broken = [what for (name, _), what in failures.items() if name == first.name]
    if broken:
        raise CheckFailed(f"stage 00 does not train: {broken[0]}", "upstream as it is, to compare with")
    differences = []
    for each in types:
        what = failures.get((stage.name, each)) or _difference(
            _recall(memory[first.name], each), _recall(memory[stage.name], each)
        )
        if what:
            differences.append(Difference(each, what))
    return differences


def _train(
    shop: Workshop, stages: list[Stage], types: tuple[str, ...], memory: dict[str, Path]
) -> dict[tuple[str, str], str]:
    """Trains what is not remembered. What failed: (stage, type) -> how."""
    with tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        jobs, places = [], {}
        for stage in stages:
            missing = [each for each in types if _recall(memory[stage.name], each) is None]
            tree = Path(folder) / stage.name
            if missing and memory[stage.name] not in places.values():  # stages of one code id are one stage
                shop.export(stage, tree)
                for each in missing:
                    job = _job(stage, each, tree)
                    jobs.append(job)
                    places[job.name] = memory[stage.name]
        if not jobs:
            return {}
        with progress() as bars:
            overseer = _Overseer(bars)
            side_by_side(jobs, overseer)
        done = [job for job in jobs if job.name not in overseer.failed]
        for job, weights in zip(done, _weights([_saved(job) for job in done]), strict=True):
            places[job.name].mkdir(parents=True, exist_ok=True)
            transcript = {"output": normal(job.log.read_text(encoding="utf-8")), "weights": weights}
            jsonfile.write(places[job.name] / f"{_type(job)}.json", transcript)
        return {tuple(name.split(" ")): what for name, what in overseer.failed.items()}


def _job(stage: Stage, kind: str, tree: Path) -> Job:
    work = f"out/{kind}"  # relative, because makemore prints it
    arguments = ("--type", kind, "--max-steps", str(STEPS), "-n", "0", "--work-dir", work)
    log = tree.with_name(f"{stage.name}-{kind}.txt")
    return Job(f"{stage.name} {kind}", (sys.executable, "makemore.py", *arguments), tree, log, log.with_suffix(".err"))


def _type(job: Job) -> str:
    return job.name.split(" ")[1]


def _saved(job: Job) -> Path:
    return job.folder / "out" / _type(job) / "model.pt"


class _Overseer:
    """Passes on how far the trainings are, and collects what failed."""

    def __init__(self, bars: Progress):
        self.bars = bars
        self.failed: dict[str, str] = {}

    def started(self, job: Job) -> None:
        self.bars.started(job.name, STEPS)

    def line(self, job: Job, text: str) -> None:
        self.bars.line(job.name, text)

    def ended(self, job: Job, code: int) -> bool:
        if code:
            said = job.errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            self.failed[job.name] = f"exit code {code}: {said[-1] if said else 'nothing said'}"
        elif not _saved(job).exists():
            self.failed[job.name] = "saves no model"
        self.bars.ended(job.name, "failed" if job.name in self.failed else "done")
        return True


def normal(output: str) -> list[str]:
    """The lines of a training's output without argument echo (the first) and times.

    >>> normal("{'seed': 1}\\nstep 0 | loss 3.2958 | step time 9.64ms\\n")
    ['step 0 | loss 3.2958 | step time']
    """
    return [re.sub(r"step time [\d.]+ms", "step time", line) for line in output.splitlines()[1:]]


def _recall(memory: Path, kind: str) -> _Transcript | None:
    try:
        return _Transcript(**jsonfile.read(memory / f"{kind}.json"))
    except (OSError, BadInput, TypeError):
        return None


def _difference(upstream: _Transcript, stage: _Transcript) -> str:
    for number, (was, now) in enumerate(zip(upstream.output, stage.output, strict=False), 2):
        if was != now:
            return f"prints {now!r} in line {number}, where upstream prints {was!r}"
    if len(upstream.output) != len(stage.output):
        return f"prints {len(stage.output)} lines, where upstream prints {len(upstream.output)}"
    return "" if upstream.weights == stage.weights else "prints the same and saves other weights"


def _weights(files: list[Path]) -> list[str]:
    """A hash of each file's tensors, taken by a child: torch stays out of this process."""
    if not files:
        return []
    command = [sys.executable, "-m", programs.WEIGHTS, *map(str, files)]
    asked = subprocess.run(command, env=machine.environment(), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if asked.returncode:
        raise CheckFailed("the saved weights can't be read: " + "".join(asked.stderr.strip().splitlines()[-1:]))
    return asked.stdout.split()
