"""experiment.toml: the runs a stage is about, and what may be claimed of them. Written by hand, so read with care."""

import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..child import programs
from ..core.errors import BadInput

OURS = ("--seed", "--work-dir")  # every run gets these from the program


@dataclass(frozen=True)
class Run:
    """One configuration. args: makemore's arguments. steps: how many it takes, where no --max-steps says so.

    beside: the run that draws names with the same random numbers, to compare them character by character.
    control: which program of ours runs in makemore's place, on the same data; None for makemore itself.
    """

    name: str
    args: tuple[str, ...]
    steps: int | None = None
    control: str | None = None
    beside: str | None = None

    @property
    def control_id(self) -> str | None:
        """The code id of the control, whose results depend on more than the stage."""
        return programs.measured_by(self.control, None) if self.control else None

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


@dataclass(frozen=True)
class Claim:
    """says: a sentence that a post may state. check: the same for a program (expressions.py). show: the figure to print
    beside it, of the same language; None for the difference that is tested. unit: of that figure; "%" for a share."""

    says: str
    check: str
    show: str | None = None
    unit: str = ""


@dataclass(frozen=True)
class Experiment:
    """stage: NN-slug. runs: the first is the headline. seeds: `train` runs the first, `record` them all."""

    stage: str
    title: str
    seeds: tuple[int, ...]
    runs: tuple[Run, ...]
    claims: tuple[Claim, ...]

    @property
    def headline(self) -> Run:
        """The run that the stage is about."""
        return self.runs[0]

    def run(self, name: str) -> Run:
        """The run of that name; BadInput says which there are."""
        for run in self.runs:
            if run.name == name:
                return run
        raise BadInput(f"{self.stage} has no run {name!r}", f"one of {', '.join(run.name for run in self.runs)}")


def read(path: Path) -> Experiment:
    """baselines/NN-slug/experiment.toml. BadInput says which file, where in it, and what should be there."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path.parent.name} has no experiment: {path} is not there") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}", "a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: {error}", "a TOML file") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", "a TOML file") from error
    try:
        return _experiment(table, path.parent.name)
    except _Wrong as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from wrong


class _Wrong(Exception):
    """What is wrong inside the file; `read` adds which file."""

    def __init__(self, found: str, expected: str = ""):
        super().__init__(found)
        self.found, self.expected = found, expected


def _experiment(table: dict[str, Any], stage: str) -> Experiment:
    _known(table, "the file", ("title", "seeds", "run", "claim"))
    runs = tuple(_run(each, place) for each, place in _tables(table, "run"))
    if not runs:
        raise _Wrong("no [[run]]", "at least one, the headline first")
    for i, run in enumerate(runs):
        if run.name in (earlier.name for earlier in runs[:i]):
            raise _Wrong(f"run {i + 1}: the name {run.name!r} is taken", "each name once")
    for run in runs:
        if run.beside not in (None, *(other.name for other in runs if other is not run)):
            raise _Wrong(f"run {run.name}: beside {run.beside!r}, which is no other run", "the name of another run")
    claims = []
    for each, place in _tables(table, "claim"):
        _known(each, place, ("says", "check", "show", "unit"))
        show = _text(each, "show", place) if "show" in each else None
        unit = _text(each, "unit", place) if "unit" in each else ""
        claims.append(Claim(_text(each, "says", place), _text(each, "check", place), show, unit))
    return Experiment(stage, _text(table, "title", "the file"), _seeds(table), runs, tuple(claims))


def _known(table: dict[str, Any], place: str, keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            raise _Wrong(f"{place}: unknown key {key!r}", f"only {', '.join(keys)}")


def _tables(table: dict[str, Any], key: str) -> list[tuple[dict[str, Any], str]]:
    """The [[key]] tables, each with its place as a reader counts it."""
    tables = table.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise _Wrong(f"{key!r} is not a list of tables", f"[[{key}]]")
    return [(each, f"{key} {i}") for i, each in enumerate(tables, 1)]


def _text(table: dict[str, Any], key: str, place: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{place}: {key} is {value!r}" if key in table else f"{place}: no {key}", "a string")
    return value


def _seeds(table: dict[str, Any]) -> tuple[int, ...]:
    seeds = table.get("seeds")
    if not isinstance(seeds, list) or not seeds:
        raise _Wrong(f"seeds is {seeds!r}" if "seeds" in table else "no seeds", "seeds = [3407, 1, 2, 3, 4]")
    for seed in seeds:
        if type(seed) is not int or not 0 <= seed < 2**63:  # `true` is an int to Python, not to a reader
            raise _Wrong(f"seeds: {seed!r} is not a seed", "whole numbers from 0 to 2^63 - 1")
        if seeds.count(seed) > 1:
            raise _Wrong(f"seeds: {seed} is there {seeds.count(seed)} times", "each seed once")
    return tuple(seeds)


def _run(table: dict[str, Any], place: str) -> Run:
    _known(table, place, ("name", "args", "steps", "control", "beside"))
    name = _text(table, "name", place)
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise _Wrong(f"{place}: the name is {name!r}", "small letters, digits and hyphens: it names a folder")
    place = f"{place} ({name})"
    args = table.get("args")
    if not isinstance(args, list):
        raise _Wrong(f"{place}: args is {args!r}" if "args" in table else f"{place}: no args", 'args = ["--type", …]')
    for i, arg in enumerate(args, 1):
        if not isinstance(arg, str) or "\0" in arg:
            raise _Wrong(f"{place}: argument {i} is {arg!r}", "a string, numbers in quotes too")
        if _is_ours(arg):
            raise _Wrong(f"{place}: argument {i} is {arg!r}", "seed and work dir are set by the program")
    steps = table.get("steps")
    if steps is not None and (type(steps) is not int or steps < 0):
        raise _Wrong(f"{place}: steps is {steps!r}", "a whole number")
    kind = table.get("control")
    if kind is not None and (not isinstance(kind, str) or kind not in programs.CONTROLS):
        raise _Wrong(f"{place}: there is no control {kind!r}", f"one of {', '.join(programs.CONTROLS)}")
    if kind and steps:
        raise _Wrong(f"{place}: steps is {steps}", "a control takes none")
    beside = table.get("beside")
    if beside is not None and not isinstance(beside, str):
        raise _Wrong(f"{place}: beside is {beside!r}", "the name of another run")
    return Run(name, tuple(args), 0 if kind else steps, kind, beside)


def _is_ours(arg: str) -> bool:
    """Also as argparse understands it: --see, --work=x, -ox."""
    option = arg.partition("=")[0]
    if option.startswith("--"):
        return len(option) > 2 and any(each.startswith(option) for each in OURS)
    return option.startswith("-o")
