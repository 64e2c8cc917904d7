"""race.toml: who takes part in the speedrun, on which split, and with which goals. It is written by hand."""

from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from ..core import shapes, tomlfile
from ..core.errors import BadInput
from ..core.project import Project

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")]
Count = Annotated[int, Meta(ge=1)]
Seeds = Annotated[tuple[int, ...], Meta(min_length=1)]
T = TypeVar("T")
EXPECTED = {
    "reference": "at least one [[reference]]",
    "contestant": "at least one [[contestant]]",
    "name": "small letters, digits and hyphens, a letter first",
    "stage": "the slug of a stage, without its number",
    "seeds": "whole numbers, at least one: seeds = [1, 2]",
    "steps": "a whole number from 1",
    "threads": "a whole number from 1; without it, as many as there are cores",
    "args": 'args = ["--baseline", …], numbers in quotes too',
    "goal": "nats per character",
    "profiled": "the name of a contestant",
}


class Contestant(Struct, frozen=True, forbid_unknown_fields=True):
    """What is trained: makemore.py of a stage, by its slug, with these arguments, from these seeds.

    threads: in its turn; None for as many as there are cores. goal: the mean test loss that it should stay below.
    """

    name: Name
    stage: Name
    seeds: Seeds
    steps: Count
    args: tuple[str, ...] = ()
    threads: Count | None = None
    goal: float | None = None

    def arguments(self, seed: int, split: int) -> tuple[str, ...]:
        """Return all arguments of a training but its work dir."""
        return (*self.args, "--split-seed", str(split), "--seed", str(seed), "--max-steps", str(self.steps))


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """race.toml. split: the seed that draws the test names. profiled: the name of a contestant.

    reference: whom the others race against; the first one's losses are those that all times are taken to.
    """

    split: int
    profiled: str
    reference: Annotated[tuple[Contestant, ...], Meta(min_length=1)]
    contestant: Annotated[tuple[Contestant, ...], Meta(min_length=1)]

    @property
    def everybody(self) -> tuple[Contestant, ...]:
        """All contestants, the references first."""
        return self.reference + self.contestant

    def named(self, name: str) -> Contestant:
        """Return the contestant of that name. BadInput says which there are."""
        for contestant in self.everybody:
            if contestant.name == name:
                return contestant
        raise BadInput(f"there is no contestant {name!r}", f"one of {', '.join(one.name for one in self.everybody)}")


def read(project: Project) -> Settings:
    """Return baselines/speedrun/race.toml. BadInput says what is wrong with it."""
    path = project.baselines / "speedrun" / "race.toml"
    settings = parse(path, Settings)
    names = [contestant.name for contestant in settings.everybody]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{path}: the name {name!r} is taken", "every contestant has a name of its own")
    if settings.profiled not in names:
        raise BadInput(f"{path}: profiled is {settings.profiled!r}", f"one of {', '.join(names)}")
    return settings


def parse(path: Path, kind: type[T]) -> T:
    """Return a TOML file as a structure. BadInput says what does not fit, and where."""
    try:
        return shapes.convert(tomlfile.read(path), kind, EXPECTED)
    except FileNotFoundError:
        raise BadInput(f"{path} is not there", "the settings of the speedrun", [f"git checkout -- {path}"]) from None
    except shapes.Misfit as wrong:
        expected = wrong.expected or "the settings as baselines/speedrun/README.md explains them"
        raise BadInput(f"{path}: {wrong.found}", expected) from None
