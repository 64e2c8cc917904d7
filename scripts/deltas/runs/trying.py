"""The trainings of tries.toml, their results, and tries.json.

A training's result lies in out/tries/ as soon as it has ended. It is used again for as long as its code, arguments,
seed, held-out names, torch and processor are the same: only what has no result is trained.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ..child import programs
from ..core import files, jsonfile, machine, shapes
from ..core.codeid import code_id
from ..core.errors import BadInput
from ..core.project import Project
from ..core.shapes import Misfit
from ..stages.build import Stage, Workshop
from .agenda import Agenda
from .processes import Failure, Job, Listener, side_by_side
from .progress import Progress, progress
from .tries import SCRIPT, Document, Plan, described, edited

RECORD, PAGE = "tries.json", "tries.md"
SPLIT = 3407  # draws the test names, which no try sees: the same ones as in every experiment
Loss = float | Literal["NaN", "Infinity", "-Infinity"]  # as jsonfile writes it


@dataclass(frozen=True)
class Training:
    """A try from one seed. files: of the stage, edited. code_id: of these files."""

    name: str
    arguments: tuple[str, ...]
    steps: int
    seed: int
    held_out: int
    code_id: str
    torch: str
    cpu: str
    files: dict[str, bytes]

    @property
    def about(self) -> Document:
        """What its result depends on."""
        return {
            "code_id": self.code_id,
            "judged_by": programs.tries_judged_by(),
            "torch": self.torch,
            "cpu": self.cpu,
            "arguments": list(self.arguments),
            "steps": self.steps,
            "seed": self.seed,
            "split": SPLIT,
            "held_out": self.held_out,
        }

    @property
    def key(self) -> str:
        """The same for trainings that have the same result."""
        return hashlib.sha256(json.dumps(self.about, sort_keys=True).encode()).hexdigest()[:16]

    def kept(self, project: Project) -> Path:
        """Return where its result is kept."""
        return project.out / "tries" / f"{self.key}.json"

    def result(self, project: Project) -> Document | None:
        """Return its result; None where it has none yet."""
        try:
            document = jsonfile.read(self.kept(project))
            return {name: jsonfile.number(value) for name, value in document["result"].items()}
        except (BadInput, OSError, LookupError, TypeError, AttributeError, ValueError):
            return None

    def job(self, scratch: Path) -> Job:
        """Return it as a child process, its files written out. scratch: for its code, and for what it leaves."""
        tree, out = scratch / self.code_id, scratch / self.key
        if not tree.exists():
            for path, content in self.files.items():
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                (tree / path).write_bytes(content)
        out.mkdir()
        given = ("--split-seed", str(SPLIT), "--seed", str(self.seed), "--max-steps", str(self.steps))
        arguments = ("-n", "0", *self.arguments, *given, "--work-dir", str(out))
        command = (sys.executable, "-m", programs.TRIED, SCRIPT, str(out), str(self.held_out), "--", *arguments)
        return Job(self.name, command, tree, out / "log.txt", steps=self.steps)


class _Tried(Struct):
    """A try in tries.json. A loss is a text where it is not finite."""

    says: str
    arguments: list[str]
    edits: list[tuple[str, str]]
    steps: int
    chosen: bool
    parameters: int
    held_out: Annotated[list[Loss], Meta(min_length=1)]
    train: Annotated[list[Loss], Meta(min_length=1)]


class _TriedGroup(Struct):
    says: str
    tries: Annotated[list[_Tried], Meta(min_length=1)]


class _Record(Struct):
    code_id: str
    held_out: int
    seeds: Annotated[list[int], Meta(min_length=1)]
    groups: list[_TriedGroup]


class _Keeper(Listener):
    """Keeps the result of every training that ends well. A training that fails does not stop the others."""

    def __init__(self, bars: Progress, project: Project, trainings: dict[str, Training]):
        super().__init__(bars, patient=True)
        self.project, self.trainings = project, trainings

    def lacks(self, job: Job) -> str | None:
        """Keep the result; return that there is none, where there is none."""
        training = self.trainings[job.log.parent.name]
        try:
            result = jsonfile.read(job.log.parent / "result.json")
        except FileNotFoundError:
            return "ended without a result"
        jsonfile.write(training.kept(self.project), {"about": training.about, "result": result})
        return None


def trainings(shop: Workshop, stage: Stage, plan: Plan) -> dict[tuple[str, str], list[Training]]:
    """Return (group, try) -> its trainings, in the order of the seeds. BadInput where an edit does not fit the code."""
    whole, torch, cpu = shop.files(stage), machine.torch_version(), machine.cpu()
    made = {}
    for group in plan.groups:
        for tried in group.tries:
            name = f"{group.says}: {tried.says}"
            source = edited(whole[SCRIPT].decode(), tried.edits, name) if tried.edits else None
            code = whole | {SCRIPT: source.encode()} if source is not None else whole
            identity = code_id(code)
            made[group.says, tried.says] = [
                Training(
                    name=f"{name}, seed {seed}",
                    arguments=tried.args,
                    steps=tried.steps or 0,
                    seed=seed,
                    held_out=plan.held_out,
                    code_id=identity,
                    torch=torch,
                    cpu=cpu,
                    files=code,
                )
                for seed in plan.seeds
            ]
    return made


def train(project: Project, wanted: Iterable[Training]) -> list[Failure]:
    """Train what has no result yet, as many at once as there are cores. Return the trainings that failed."""
    waiting = {training.key: training for training in wanted if training.result(project) is None}
    if not waiting:
        return []
    agenda = Agenda()
    agenda.add(training.name for training in waiting.values())
    with files.scratch() as scratch, progress(agenda) as bars:
        keeper = _Keeper(bars, project, waiting)
        side_by_side((training.job(scratch) for training in waiting.values()), keeper)
    return keeper.failures


def recorded(folder: Path) -> Document | None:
    """Return tries.json of a stage's folder; None where nothing is recorded. BadInput where it is no such document."""
    path = folder / RECORD
    try:
        document = jsonfile.read(path)
    except FileNotFoundError:
        return None
    try:
        shapes.convert(document, _Record)
    except Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", "the file as scripts/bench.sh tries --record writes it") from None
    return dict(document)


def results(project: Project, shop: Workshop, stage: Stage, plan: Plan) -> tuple[Document, list[str]]:
    """Return tries.json as far as there are results, and the trainings that have none. Nothing is trained.

    A try that lacks a seed is left out.
    """
    document = {"code_id": code_id(shop.files(stage)), **machine.describe(), **described(plan)}
    missing = []
    made = trainings(shop, stage, plan)
    for group in document["groups"]:
        for tried in group["tries"]:
            asked = [(training, training.result(project)) for training in made[group["says"], tried["says"]]]
            missing += [training.name for training, result in asked if result is None]
            complete = [result for _, result in asked if result is not None]
            if len(complete) == len(asked):
                tried |= {"parameters": complete[0]["parameters"]}
                tried |= {name: [result[name] for result in complete] for name in ("held_out", "train", "seconds")}
        group["tries"] = [tried for tried in group["tries"] if "held_out" in tried]
    document["groups"] = [group for group in document["groups"] if group["tries"]]
    return document, missing
