"""elsewhere.toml: the models of the main line on names and on a second list of words. Runs are made as all others."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ..child import programs
from ..core import codeid, shapes, tomlfile
from ..core.errors import BadInput
from ..core.project import Project
from ..core.shapes import Misfit
from ..stages.build import Workshop
from .execute import Plan
from .experiment import Argument, Run, Seed, Text
from .wordlist import Words

FOLDER, FILE, RECORD, PAGE = "elsewhere", "elsewhere.toml", "elsewhere.json", "README.md"
NAMES, WORDS = "names", "words"  # the two lists

Count = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")]
EXPECTED = {
    "says": "what the words are, in words",
    "language": 'a language as wordfreq calls it: "de"',
    "seeds": "whole numbers, at least two: the spread over the seeds is what differences are held against",
    "steps": "a whole number from 1",
    "compare": 'compare = [["one model", "another"], …]',
    "model": "at least one [[model]]",
    "name": "small letters, digits and hyphens, a letter first",
    "stage": "the slug of a stage, without its number",
    "args": 'args = ["--baseline", …], numbers in quotes too',
    "control": f"one of {', '.join(programs.CONTROLS)}",
}


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """What is trained on both lists: makemore.py of a stage, by its slug; or a control, on the same data."""

    name: Name
    stage: Name
    args: tuple[Argument, ...] = ()
    control: str | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """elsewhere.toml. order: the seed that shuffles the words. split: the seed that draws test names and test words.

    steps: of every model; None where their arguments say so.
    """

    says: Text
    language: Text
    count: Count
    shortest: Count
    longest: Count
    order: int
    split: int
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=2)]
    compare: tuple[tuple[Name, Name], ...]
    model: Annotated[tuple[Model, ...], Meta(min_length=1)]
    steps: Count | None = None

    def run(self, model: Model, words: Path | None) -> Run:
        """Return the run of a model. words: the file of the second list; None for names.

        On names a model that is called like a run of its stage, and has its arguments, is that run: it may be there.
        """
        data = ("--input-file", str(words)) if words else ()
        steps = ("--max-steps", str(self.steps)) if self.steps and not model.control else ()
        args = ("--split-seed", str(self.split), *model.args, *steps, *data)
        name = f"{FOLDER}-{WORDS}-{model.name}" if words else model.name
        return Run(name, args, 0 if model.control else None, model.control)


def read(project: Project) -> Settings:
    """Return baselines/elsewhere/elsewhere.toml. BadInput says what is wrong with it."""
    path = project.baselines / FOLDER / FILE
    try:
        settings = shapes.convert(tomlfile.read(path), Settings, EXPECTED)
        names = [model.name for model in settings.model]
        for model in settings.model:
            if names.count(model.name) > 1:
                raise Misfit(f"the name {model.name!r} is taken", "every model has a name of its own")
            if model.control is not None and model.control not in programs.CONTROLS:
                raise Misfit(f"model {model.name}: there is no control {model.control!r}", EXPECTED["control"])
        for name in (name for pair in settings.compare for name in pair):
            if name not in names:
                raise Misfit(f"compare: there is no model {name!r}", f"one of {', '.join(names)}")
    except FileNotFoundError:
        raise BadInput(f"{path} is not there", "the models, and the second list of words") from None
    except Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from None
    return settings


def plans(project: Project, shop: Workshop, settings: Settings, words: Words) -> dict[tuple[str, str], list[Plan]]:
    """Write the list. Return (model, list) -> a plan for every seed; one for a control, whose losses need no seed."""
    file = words.write(project.out / FOLDER)
    made = {}
    for model in settings.model:
        stage = shop.find(model.stage)
        code = codeid.code_id(shop.files(stage))
        for which, where in ((NAMES, None), (WORDS, file)):
            seeds = settings.seeds[:1] if model.control else settings.seeds
            made[model.name, which] = [Plan(stage, settings.run(model, where), seed, code) for seed in seeds]
    return made
