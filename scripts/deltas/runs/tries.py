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
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from ..core import shapes, tomlfile
from ..core.errors import BadInput
from ..core.project import Project
from ..core.shapes import Misfit
from .experiment import Argument, Seed, Text

FILE = "tries.toml"
SCRIPT = "makemore.py"
OURS = ("--seed", "--split-seed", "--max-steps", "--work-dir")  # every training gets these from the program

Count = Annotated[int, Meta(ge=1)]
Edits = tuple[tuple[str, str], ...]
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
