"""What the speedrun measures, where it keeps that, and how the pages of baselines/speedrun/ show it.

Measuring takes up to three quarters of an hour. So what was measured lies in out/speedrun/ before anything is made of
it, and everything can be made of that again.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core import codeid, files, jsonfile, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..runs.processes import Job, alone
from ..runs.progress import progress
from ..stages.build import workshop
from . import drawing, race, record, settings, tables
from .record import Document
from .settings import Settings
from .training import Run

PROFILER = "deltas.speedrun.profiling"
PROFILED = 200  # steps

Only = tuple[str, ...]  # names of contestants, to look at something quickly; empty: all


@dataclass(frozen=True)
class Kind:
    """Something that is measured. name: as one types it. file: its record. section: of README.md, which shows it.

    measure: measure it, keep what was measured in the file that is given, and return it. missing: return what a
    measurement did not come to. made: return the record that is made of it. lines: return the record as text for a
    terminal. markdown: return it for README.md.
    """

    name: str
    file: str
    section: str
    measure: Callable[[Project, Settings, Only, Path], Document]
    missing: Callable[[Document], list[str]]
    made: Callable[[Document], Document]
    lines: Callable[[Document], list[str]]
    markdown: Callable[[Document], str]

    def measured(self, project: Project) -> Path:
        """Return where the last measurement is kept."""
        return project.out / "speedrun" / f"{self.name}.json"

    def recorded(self, project: Project) -> Path:
        """Return where the record is."""
        return folder(project) / self.file


def folder(project: Project) -> Path:
    """Return the folder of the speedrun: baselines/speedrun/."""
    return project.baselines / "speedrun"


def measure(project: Project, kind: Kind, only: Only = ()) -> Document:
    """Measure it now. Return what is made of it."""
    chosen = settings.read(project)
    for name in only:
        chosen.named(name)
    path = kind.measured(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    if only:
        path = path.with_name(f"{kind.name}-only.json")  # a quick look does not overwrite a whole race
    return kind.made(kind.measure(project, chosen, only, path))


def last(project: Project, kind: Kind) -> Document:
    """Return what is made of the last measurement. BadInput where there is none."""
    return kind.made(_last_measured(project, kind))


def recorded(project: Project, kind: Kind) -> Document:
    """Return the record. BadInput where there is none."""
    return _read(
        kind.recorded(project), f"{kind.name}: nothing is recorded yet", f"scripts/bench.sh {kind.name} --record"
    )


def _last_measured(project: Project, kind: Kind) -> Document:
    return _read(kind.measured(project), f"{kind.name}: nothing was measured yet", f"scripts/bench.sh {kind.name}")


def _read(path: Path, otherwise: str, way: str) -> Document:
    try:
        return jsonfile.read(path)
    except FileNotFoundError:
        raise BadInput(otherwise, str(path), [way]) from None


def write(project: Project, kind: Kind, document: Document) -> None:
    """Keep it as the record, and show it on the page. Nothing is written before all of it was made.

    BadInput where the last measurement did not come to its end: a record has all contestants, from all seeds.
    """
    if missing := kind.missing(_last_measured(project, kind)):
        raise BadInput(
            f"the last measurement lacks {', '.join(missing)}", "a whole one", [f"scripts/bench.sh {kind.name}"]
        )
    _write(project, {kind.name: document})


def show(project: Project) -> None:
    """Write the sections of README.md, and the race's figure, from what is recorded."""
    _write(project, {})


def _write(project: Project, new: dict[str, Document]) -> None:
    """Write new records, the page and the figure of all records."""
    documents = _documents(project) | new
    page = (folder(project) / "README.md").read_text(encoding="utf-8")
    for name, document in documents.items():
        page = tables.filled(page, KINDS[name].section, KINDS[name].markdown(document))
    with files.scratch() as aside:
        for name, document in new.items():
            jsonfile.write(aside / KINDS[name].file, document)
        if RACE.name in documents:
            drawing.draw(documents[RACE.name], aside)
        (aside / "README.md").write_text(page, encoding="utf-8")
        made = {path.name: path.read_bytes() for path in sorted(aside.iterdir())}
    for name, content in made.items():
        files.write(folder(project) / name, content)


def undrawn(project: Project) -> list[str]:
    """Return what is wrong with the race's figure: where it is not what the record and the program draw."""
    return drawing.faults(recorded(project, RACE), folder(project)) if RACE.recorded(project).exists() else []


def outdated(project: Project) -> list[str]:
    """Return the contestants of the recorded race whose code is not what the stage's code is now. NoUpstream."""
    if not RACE.recorded(project).exists():
        return []
    changed = []
    with workshop(project) as shop:
        for contestant in recorded(project, RACE)["contestants"]:
            slug = tables.NUMBERED.sub("", contestant["stage"], count=1)
            try:
                code = codeid.code_id(shop.files(shop.find(slug)))
            except BadInput:
                changed.append(f"{contestant['name']}: there is no stage {slug} any more")
                continue
            if code != contestant["code_id"]:
                changed.append(f"{contestant['name']}: the code is {code}, recorded was {contestant['code_id']}")
    return changed


def drifted(project: Project) -> list[str]:
    """Return what is wrong with the speedrun's README: its sections that are not what was recorded."""
    path = folder(project) / "README.md"
    if not path.exists():
        return []
    page = path.read_text(encoding="utf-8")
    kinds = [(KINDS[name], document) for name, document in _documents(project).items()]
    return [
        f"{path.relative_to(project.root)}: the section {kind.section} is not what {kind.file} says"
        for kind, document in kinds
        if tables.filled(page, kind.section, kind.markdown(document)) != page
    ]


def _documents(project: Project) -> dict[str, Document]:
    """Return all records that there are, by the names of their kinds."""
    return {name: recorded(project, kind) for name, kind in KINDS.items() if kind.recorded(project).exists()}


# -- what is measured -------------------------------------------------------------------------------------------------


def _race(project: Project, chosen: Settings, only: Only, path: Path) -> Document:
    """Let the references race against the others; only some of them train without a race. Runs are kept as they end."""
    sides = [[chosen.named(name) for name in only]] if only else [chosen.reference, chosen.contestant]
    command = " ".join(["scripts/bench.sh", "names", *(f"--only {name}" for name in only)])
    with workshop(project) as shop, files.scratch() as scratch, progress() as bars:
        raced = record.begun(shop, chosen, [contestant for side in sides for contestant in side], command)

        def over(run: Run) -> None:
            record.add(raced, run)
            jsonfile.write(path, raced)

        race.hold(shop, sides, chosen.split, bars, scratch, over)
    return raced


def _profile(project: Project, chosen: Settings, _: Only, path: Path) -> Document:
    """Take the steps of one contestant apart, from its first seed, on all cores."""
    contestant = chosen.named(chosen.profiled)
    arguments = (*contestant.args, "--split-seed", str(chosen.split), "--seed", str(contestant.seeds[0]))
    with workshop(project) as shop, files.scratch() as scratch:
        tree, out = scratch / "tree", scratch / "out"
        out.mkdir()
        shop.export(shop.find(contestant.stage), tree)
        asked = ("makemore.py", str(out), str(PROFILED), "--", *arguments, "--work-dir", str(out))
        command = (sys.executable, "-m", PROFILER, *asked)
        broken = alone(Job("the profiled training", command, tree, out / "log.txt", threads=machine.cores()))
        if broken:
            raise CheckFailed(f"the profiled training broke off: {broken.reason}", "a whole training")
        profiled = jsonfile.read(out / "profile.json")
    profiled |= {**machine.describe(), "threads": machine.cores(), "steps": PROFILED}
    jsonfile.write(path, profiled)
    return profiled


RACE = Kind(
    "names",
    "record.json",
    "race",
    _race,
    record.missing,
    record.summary,
    tables.text,
    tables.markdown,
)
PROFILE = Kind(
    "profile",
    "profile.json",
    "profile",
    _profile,
    lambda _: [],
    lambda document: document,
    tables.profile_text,
    tables.profile,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in (RACE, PROFILE)}
