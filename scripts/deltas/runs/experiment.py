"""experiment.toml: the runs that a stage is about, and what may be claimed of them. It is written by hand."""

import itertools
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from ..child import programs
from ..core import files, shapes, tomlfile
from ..core.errors import BadInput
from ..core.shapes import Misfit
from . import metrics
from .metrics import Metric, Metrics

OURS = ("--seed", "--work-dir")  # every run gets these from the program
Text = Annotated[str, Meta(pattern=r"\S")]
Argument = Annotated[str, Meta(pattern=r"^[^\0]*\Z")]
LAST_SEED = 2**63 - 1
Seed = Annotated[int, Meta(ge=0, le=LAST_SEED)]

EXPECTED = {  # what to put into a field, where its type says too little
    **metrics.EXPECTED,
    "title": "a text",
    "seeds": "whole numbers from 0 to 2^63 - 1: seeds = [3407, 1, 2, 3, 4]",
    "run": "at least one [[run]], the headline run first",
    "claim": "[[claim]]",
    "metric": "[metric.NAME]",
    "name": "small letters, digits and hyphens: it names a folder",
    "args": 'args = ["--type", …], numbers in quotes too',
    "steps": "a whole number",
    "beside": "the name of another run",
    "says": "a text",
    "check": "a text",
    "show": "a text",
    "came_out": 'came_out = "not shown" or "no"',
}


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    """One configuration.

    args: all arguments of the program, the shared ones first. steps: how many it takes, where no --max-steps says so.
    beside: the run that draws names with the same random numbers, to compare them character by character.
    control: which program of ours runs in makemore's place, on the same data; None for makemore itself.
    deterministic: no metric that is judged depends on the seed, so that one seed is enough (`record` tries another).
    own_variance: its seeds differ more than those of the other runs (its neurons die, say), so that a new seed of it is
    judged by the variance of such runs, and the other runs' seeds without it.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9-]+\Z")]
    args: tuple[Argument, ...] = ()
    steps: Annotated[int, Meta(ge=0)] | None = None
    control: str | None = None
    beside: str | None = None
    deterministic: bool = False
    own_variance: bool = False

    @property
    def program(self) -> str:
        """What the arguments are given to."""
        return self.control or "makemore.py"

    @property
    def total(self) -> int | None:
        """Optimisation steps to expect; None where nobody says (counting takes none)."""
        if self.steps is not None:
            return self.steps
        total = None
        for arg, after in itertools.pairwise((*self.args, "")):
            option, _, value = arg.partition("=")
            if option == "--max-steps" and (value or after).isdigit():
                total = int(value or after)
        return total

    def seeds(self, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """Return the seeds that it is recorded from: of the experiment's seeds the first, or all of them."""
        return seeds[:1] if self.deterministic else seeds


class Claim(Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence that a post may state.

    check: the same for a program (expressions.py). show: the quantity to print beside it, in the same language; None
    for the difference that is tested. unit: of that quantity; "%" for a share. restated: what the claim said before it
    was reworded, and why, where that was done after its numbers were seen. came_out: what the recorded numbers say of
    it, written down after they were recorded: "not shown", or "no". The sentence stays as it was written before.
    """

    says: Text
    check: Text
    show: Text | None = None
    unit: str = ""
    restated: str = ""
    came_out: Literal["yes", "not shown", "no"] = "yes"


class Experiment(Struct, frozen=True):
    """What stage NN-slug is about.

    runs: the first is the headline run. seeds: `train` runs the first, `record` all of them. headline: the metric that
    README's table shows of the headline run; None where no number stands for the stage. metrics: what each metric is.
    """

    stage: str
    title: str
    seeds: tuple[int, ...]
    runs: tuple[Run, ...]
    claims: tuple[Claim, ...] = ()
    headline: str | None = None
    metrics: Metrics = Metrics()

    @property
    def headline_run(self) -> Run:
        """The run that the stage is about."""
        return self.runs[0]

    @property
    def other_seed(self) -> int:
        """A seed from which a deterministic run has to give what it gives from the first one."""
        first, *others = self.seeds
        return others[0] if others else first + 1 if first < LAST_SEED else first - 1

    def run(self, name: str) -> Run:
        """Return the run of that name. BadInput says which there are."""
        for run in self.runs:
            if run.name == name:
                return run
        raise BadInput(f"{self.stage} has no run {name!r}", f"one of {', '.join(run.name for run in self.runs)}")


class _File(Struct, forbid_unknown_fields=True):
    title: Text
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1)]
    run: Annotated[tuple[Run, ...], Meta(min_length=1)]
    claim: tuple[Claim, ...] = ()
    headline: metrics.Name | None = None
    args: tuple[Argument, ...] = ()
    metric: dict[metrics.Name, Metric] = {}


TEMPLATE = """\
# What this stage is about: its runs, its seeds and its claims. baselines/README.md says what may stand here.
title = "TODO: what is compared with what"
seeds = [1, 2, 3] # train takes the first one, record all of them
headline = "test_loss"
args = ["--split-seed", "3407", "--baseline"] # of every run

[[run]]
name = "with" # TODO: a name for the new thing, and the flag that switches it on
args = []

[[run]]
name = "without"
args = []

# A claim is written before its numbers are seen, and may come out otherwise:
# [[claim]]
# says = "the new thing lowers the test loss"
# check = "with.test_loss < without.test_loss"
"""


def begin(path: Path) -> bool:
    """Write an experiment.toml to begin with, and return True; False where one is there. OSError where it cannot be."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, TEMPLATE.encode())
    return True


def read(path: Path) -> Experiment:
    """Return what baselines/NN-slug/experiment.toml says. BadInput: which file, where in it, what should be there."""
    try:
        table = tomlfile.read(path)
    except FileNotFoundError as error:
        raise BadInput(f"{path.parent.name} has no experiment: {path} is not there") from error
    common = metrics.shared(path.parent.parent)
    try:
        return _experiment(table, path.parent.name, common)
    except Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from None


def _experiment(table: dict[str, Any], stage: str, common: dict[str, Any]) -> Experiment:
    file = shapes.convert(table, _File, EXPECTED)
    for seed in file.seeds:
        if file.seeds.count(seed) > 1:
            raise Misfit(f"seeds: {seed} is there {file.seeds.count(seed)} times", "every seed once")
    _refuse_ours(file.args, "args")
    runs = tuple(_run(run, f"run {number} ({run.name})", file.args) for number, run in enumerate(file.run, 1))
    names = [run.name for run in runs]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise Misfit(f"run {number}: the name {name!r} is taken", "every name once")
    for run in runs:
        _check_beside(run, runs)
    declared = metrics.together(common, table.get("metric", {}))
    return Experiment(stage, file.title, file.seeds, runs, file.claim, file.headline, declared)


def _run(run: Run, place: str, shared: tuple[str, ...]) -> Run:
    _refuse_ours(run.args, f"{place}: args")
    if run.deterministic and run.own_variance:
        raise Misfit(
            f"{place}: it is deterministic, and has own_variance", "one of the two: no seed moves it, or many do"
        )
    if run.control is None:
        return replace(run, args=shared + run.args)
    if run.control not in programs.CONTROLS:
        raise Misfit(f"{place}: there is no control {run.control!r}", f"one of {', '.join(programs.CONTROLS)}")
    if run.steps:
        raise Misfit(f"{place}: steps is {run.steps}", "a control takes none")
    return replace(run, args=shared + run.args, steps=0)


def _check_beside(run: Run, runs: tuple[Run, ...]) -> None:
    if run.beside is None:
        return
    other = next((other for other in runs if other.name == run.beside and other is not run), None)
    if other is None:
        raise Misfit(f"run {run.name}: beside is {run.beside!r}, which is no other run", EXPECTED["beside"])
    if other.deterministic and not run.deterministic:
        raise Misfit(
            f"run {run.name}: beside is {run.beside!r}, which is run from one seed alone",
            "a run from the same seeds: without deterministic = true",
        )


def _refuse_ours(args: tuple[str, ...], place: str) -> None:
    for number, arg in enumerate(args, 1):
        if _is_ours(arg):
            raise Misfit(f"{place}: item {number} is {arg!r}", "the program sets seed and work dir itself")


def _is_ours(arg: str) -> bool:
    """Whether argparse would take it for one of OURS, also abbreviated: --see, --work=x, -ox."""
    option = arg.partition("=")[0]
    if option.startswith("--"):
        return len(option) > 2 and any(ours.startswith(option) for ours in OURS)
    return option.startswith("-o")
