"""tries.toml of a stage: what was tried before its settings were chosen. Each try is judged on held-out training names.

The file is written by hand. Its groups are compared inside themselves: the first try of a group is the one that the
others are held against.

    held_out = 2000          # so many of the last training names judge, and are not trained on
    seeds = [1, 2]           # every try is trained from each of them
    args = ["--type", "mlp"] # before the arguments of every group; may be left out
    steps = 2000             # of a group or a try that does not say otherwise

    [[group]]
    says = "learning rate"
    args = ["-b", "64"]      # before the arguments of every try of the group; may be left out

    [[group.try]]
    says = "1e-3"
    args = ["-l", "1e-3"]    # what comes last is what argparse takes

    [[group.try]]
    says = "2e-3, and the first layer frozen"
    args = ["-l", "2e-3"]
    steps = 1000
    edit = [["what stands in makemore.py once", "what to put there"]]
    chosen = true            # what the stage then uses; at most one try of a group
    why = "…"                # why it is, where another try came out lower

A training's result lies in out/tries/ as soon as it has ended, and is used again for as long as its code, arguments,
seed, held-out names and torch are the same: only what has no result is trained.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from ..child import programs
from ..core import files, jsonfile, machine, shapes, tomlfile
from ..core.codeid import code_id
from ..core.errors import BadInput
from ..core.project import Project
from ..core.shapes import Misfit
from ..stages.build import Stage, Workshop
from .experiment import Argument, Seed, Text
from .processes import Failure, Job, Listener, side_by_side
from .progress import Progress, progress

FILE, RECORD, PAGE = "tries.toml", "tries.json", "tries.md"
SCRIPT = "makemore.py"
SPLIT = 3407  # draws the test names, which no try sees: the same ones as in every experiment
OURS = ("--seed", "--split-seed", "--max-steps", "--work-dir")  # every training gets these from the program

Count = Annotated[int, Meta(ge=1)]
Edits = tuple[tuple[str, str], ...]
Loss = float | Literal["NaN", "Infinity", "-Infinity"]  # as jsonfile writes it
Document = dict[str, Any]

EXPECTED = {
    "held_out": "a whole number from 1: how many of the last training names judge",
    "seeds": "whole numbers, at least one: seeds = [1, 2]",
    "steps": "a whole number from 1",
    "args": 'args = ["--baseline", …], numbers in quotes too',
    "group": "at least one [[group]]",
    "try": "at least one [[group.try]]",
    "says": "a text",
    "edit": 'edit = [["what stands in makemore.py once", "what to put there"]]',
    "chosen": "true, for at most one try of a group",
    "why": "a text",
}


class Try(Struct, frozen=True, forbid_unknown_fields=True):
    """What was tried. says: in words. args: all arguments, the shared ones first. chosen: the stage uses it.

    edits: what stands in makemore.py once, and what to put there, where there is no flag. why: of a chosen try.
    """

    says: Text
    args: tuple[Argument, ...] = ()
    steps: Count | None = None
    edits: Edits = field(name="edit", default=())
    chosen: bool = False
    why: str = ""


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Tries that are compared with the first of them."""

    says: Text
    tries: Annotated[tuple[Try, ...], Meta(min_length=1)] = field(name="try")
    args: tuple[Argument, ...] = ()
    steps: Count | None = None


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """tries.toml. Its groups and tries hold all their arguments and steps, once it has been read."""

    held_out: Count
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1)]
    groups: Annotated[tuple[Group, ...], Meta(min_length=1)] = field(name="group")
    args: tuple[Argument, ...] = ()
    steps: Count | None = None

    def only(self, names: Sequence[str]) -> "Plan":
        """Return the plan with these groups alone; all of them where no name is given. BadInput says which there are.

        The beginning of a group's words is enough, where it is of one group alone.
        """
        chosen = []
        for name in names:
            fit = [group for group in self.groups if group.says == name]
            fit = fit or [group for group in self.groups if group.says.startswith(name)]
            if len(fit) != 1:
                found = f"{len(fit)} groups of tries begin with {name!r}"
                raise BadInput(found, f"one of {', '.join(repr(group.says) for group in self.groups)}")
            chosen += fit
        return Plan(self.held_out, self.seeds, tuple(chosen) or self.groups)


def read(path: Path) -> Plan:
    """Return tries.toml. BadInput says what is wrong with the file; FileNotFoundError where there is none."""
    try:
        return _whole(shapes.convert(tomlfile.read(path), Plan, EXPECTED))
    except Misfit as wrong:
        expected = wrong.expected or "tries.toml as scripts/deltas/runs/tries.py describes it"
        raise BadInput(f"{path}: {wrong.found}", expected) from None


def _whole(plan: Plan) -> Plan:
    """Return the plan with everything said in the tries themselves."""
    _once([group.says for group in plan.groups], "two groups say")
    for seed in plan.seeds:
        if plan.seeds.count(seed) > 1:
            raise Misfit(f"seeds: {seed} is there {plan.seeds.count(seed)} times", "every seed once")
    return Plan(plan.held_out, plan.seeds, tuple(_whole_group(group, plan) for group in plan.groups))


def _whole_group(group: Group, plan: Plan) -> Group:
    _once([tried.says for tried in group.tries], f"group {group.says!r}: two tries say")
    if sum(tried.chosen for tried in group.tries) > 1:
        raise Misfit(f"group {group.says!r}: two tries are chosen", EXPECTED["chosen"])
    tries = []
    for tried in group.tries:
        place = f"group {group.says!r}: try {tried.says!r}"
        args = (*plan.args, *group.args, *tried.args)
        for arg in args:
            if any(arg.partition("=")[0] == ours for ours in (*OURS, "-o")):
                raise Misfit(f"{place}: args hold {arg!r}", "seeds, steps and work dir come from the program")
        steps = tried.steps or group.steps or plan.steps
        if steps is None:
            raise Misfit(f"{place}: nobody says how many steps it takes", "steps = 2000, of the try, group or file")
        if tried.why and not tried.chosen:
            raise Misfit(f"{place}: it has a why, and is not chosen", "chosen = true beside it, or no why")
        tries.append(Try(tried.says, args, steps, tried.edits, tried.chosen, tried.why))
    return Group(group.says, tuple(tries))


def _once(said: Sequence[str], where: str) -> None:
    for says in said:
        if said.count(says) > 1:
            raise Misfit(f"{where} {says!r}", "words of its own for each")


def edited(source: str, edits: Edits, where: str) -> str:
    """Return the source with every edit made. BadInput where what one replaces does not stand there exactly once."""
    for old, new in edits:
        if source.count(old) != 1:
            raise BadInput(f"{where}: {old!r} stands {source.count(old)} times in {SCRIPT}", "once")
        source = source.replace(old, new)
    return source


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
    files: dict[str, bytes]

    @property
    def about(self) -> Document:
        """What its result depends on."""
        return {
            "code_id": self.code_id,
            "judged_by": programs.tries_judged_by(),
            "torch": self.torch,
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


def stages(project: Project) -> list[str]:
    """Return the stages, by their names, that have a tries.toml."""
    return sorted(path.parent.name for path in project.baselines.glob(f"*/{FILE}"))


def plan_of(project: Project, stage: str) -> Plan:
    """Return the tries of a stage, by its name. BadInput where it has none, or where the file is malformed."""
    path = project.baselines / stage / FILE
    try:
        return read(path)
    except FileNotFoundError:
        others = ", ".join(stages(project)) or "no stage yet"
        found = f"{stage} has no tries: {path} is not there"
        raise BadInput(found, f"a stage that has some: {others}") from None


def trainings(shop: Workshop, stage: Stage, plan: Plan) -> dict[tuple[str, str], list[Training]]:
    """Return (group, try) -> its trainings, in the order of the seeds. BadInput where an edit does not fit the code."""
    whole, torch = shop.files(stage), machine.torch_version()
    made = {}
    for group in plan.groups:
        for tried in group.tries:
            name = f"{group.says}: {tried.says}"
            source = edited(whole[SCRIPT].decode(), tried.edits, name) if tried.edits else None
            code = whole | {SCRIPT: source.encode()} if source is not None else whole
            identity = code_id(code)
            made[group.says, tried.says] = [
                Training(
                    f"{name}, seed {seed}", tried.args, tried.steps or 0, seed, plan.held_out, identity, torch, code
                )
                for seed in plan.seeds
            ]
    return made


def train(project: Project, wanted: Iterable[Training]) -> list[Failure]:
    """Train what has no result yet, as many at once as there are cores. Return the trainings that failed."""
    waiting = {training.key: training for training in wanted if training.result(project) is None}
    if not waiting:
        return []
    with files.scratch() as scratch, progress() as bars:
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


def described(plan: Plan) -> Document:
    """Return what tries.json says of the plan: all of it but what was measured."""
    return {
        "held_out": plan.held_out,
        "seeds": list(plan.seeds),
        "groups": [
            {"says": group.says, "tries": [_described(tried) for tried in group.tries]} for group in plan.groups
        ],
    }


def _described(tried: Try) -> Document:
    return {
        "says": tried.says,
        "arguments": list(tried.args),
        "edits": [list(edit) for edit in tried.edits],
        "steps": tried.steps,
        "chosen": tried.chosen,
        "why": tried.why,
    }


def results(project: Project, shop: Workshop, stage: Stage, plan: Plan) -> tuple[Document, list[str]]:
    """Return tries.json as far as there are results, and the trainings that have none. Nothing is trained.

    A try that lacks a seed is left out.
    """
    document = {"code_id": code_id(shop.files(stage)), **machine.describe(), **described(plan)}
    missing = []
    made = trainings(shop, stage, plan)
    for group in document["groups"]:
        for tried in group["tries"]:
            found = [(training, training.result(project)) for training in made[group["says"], tried["says"]]]
            missing += [training.name for training, result in found if result is None]
            complete = [result for _, result in found if result is not None]
            if len(complete) == len(found):
                tried |= {"parameters": complete[0]["parameters"]}
                tried |= {name: [result[name] for result in complete] for name in ("held_out", "train", "seconds")}
        group["tries"] = [tried for tried in group["tries"] if "held_out" in tried]
    document["groups"] = [group for group in document["groups"] if group["tries"]]
    return document, missing
