"""race.toml: who takes part in the speedrun, on which split, and what the goal is. It is written by hand."""

from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from ..core import shapes, tomlfile
from ..core.errors import BadInput
from ..core.project import Project
from ..stages.build import Stage, Workshop

UPSTREAM = "upstream"  # stands for a stage's slug: makemore without any patch

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")]
Count = Annotated[int, Meta(ge=1)]
Seeds = Annotated[tuple[int, ...], Meta(min_length=1)]
T = TypeVar("T")
EXPECTED = {
    "contestant": "at least one [[contestant]]",
    "try": "at least one [[try]]",
    "name": "small letters, digits and hyphens, a letter first",
    "stage": "the slug of a stage, without its number",
    "seeds": "whole numbers, at least one: seeds = [1, 2]",
    "steps": "a whole number from 1",
    "held_out": "a whole number from 1",
    "args": 'args = ["--baseline", …], numbers in quotes too',
    "edit": 'edit = [["what stands in makemore.py once", "what to put there"]]',
    "goal": "nats per character",
    "profiled": "the name of a contestant",
}


class Contestant(Struct, frozen=True, forbid_unknown_fields=True):
    """What is trained: makemore.py of a stage, by its slug, with these arguments, from these seeds."""

    name: Name
    stage: Name
    seeds: Seeds
    steps: Count
    args: tuple[str, ...] = ()

    def arguments(self, seed: int, split: int) -> tuple[str, ...]:
        """Return all arguments of a training but its work dir. Upstream's --seed draws the split too."""
        drawn = () if self.stage == UPSTREAM else ("--split-seed", str(split))
        return (*self.args, *drawn, "--seed", str(seed), "--max-steps", str(self.steps))


class _Upstream(Struct, frozen=True, forbid_unknown_fields=True):
    steps: Count
    args: tuple[str, ...] = ()


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """race.toml. split: the seed of the split. goal: nats per character. profiled: the name of a contestant."""

    split: int
    goal: float
    profiled: str
    upstream: _Upstream
    contestant: Annotated[tuple[Contestant, ...], Meta(min_length=1)]

    @property
    def reference(self) -> Contestant:
        """Upstream as a contestant."""
        return Contestant(UPSTREAM, UPSTREAM, (self.split,), self.upstream.steps, self.upstream.args)

    def named(self, name: str) -> Contestant:
        """Return the contestant of that name. BadInput says which there are."""
        for contestant in self.contestant:
            if contestant.name == name:
                return contestant
        raise BadInput(f"there is no contestant {name!r}", f"one of {', '.join(one.name for one in self.contestant)}")


def read(project: Project) -> Settings:
    """Return baselines/speedrun/race.toml. BadInput says what is wrong with it."""
    path = project.baselines / "speedrun" / "race.toml"
    settings = parse(path, Settings)
    names = [UPSTREAM, *(contestant.name for contestant in settings.contestant)]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{path}: the name {name!r} is taken", "every contestant has a name of its own")
    if settings.profiled not in names[1:]:
        raise BadInput(f"{path}: profiled is {settings.profiled!r}", f"one of {', '.join(names[1:])}")
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


def stage_of(shop: Workshop, slug: str) -> Stage:
    """Return the stage of that slug, or upstream itself."""
    return shop.stages[0] if slug == UPSTREAM else shop.find(slug)
