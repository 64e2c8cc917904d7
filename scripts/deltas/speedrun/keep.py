"""What the speedrun measures, where it keeps that, and how the pages of baselines/speedrun/ show it.

Measuring takes up to half an hour. So what was measured lies in out/speedrun/ before anything is made of it, and
everything can be made of that again.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import jsonfile, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..runs.processes import Job, alone
from ..runs.progress import progress
from ..stages.build import workshop
from . import race, record, settings, tables, tries
from .record import Document
from .settings import Settings
from .training import Run

PROFILER = "deltas.speedrun.profiling"
PROFILED = 200  # steps

Only = tuple[str, ...]  # names of contestants, to look at something quickly; empty: all


@dataclass(frozen=True)
class Kind:
    """Something that is measured. name: as one types it. file: its record. section: of README.md, which shows it.

    measure: measure it, keep what was measured in the file that is given, and return it. made: return the record that
    is made of it. lines: return the record as text for a terminal. markdown: return it for README.md.
    """

    name: str
    file: str
    section: str
    measure: Callable[[Project, Settings, Only, Path], Document]
    made: Callable[[Document, Settings], Document]
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
    return kind.made(kind.measure(project, chosen, only, path), chosen)


def last(project: Project, kind: Kind) -> Document:
    """Return what is made of the last measurement. BadInput where there is none."""
    return kind.made(_last_measured(project, kind), settings.read(project))


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
    """Keep it as the record, and show it on the page.

    BadInput where the last race did not come to its end: a record has all contestants, from all seeds.
    """
    if kind is RACE and (missing := record.missing(_last_measured(project, RACE))):
        raise BadInput(f"the last race lacks {', '.join(missing)}", "all contestants, from all seeds")
    jsonfile.write(kind.recorded(project), document)
    show(project)


def show(project: Project) -> None:
    """Write the sections of README.md, and the race's figure, from what is recorded."""
    for section, text in _sections(project).items():
        tables.fill(folder(project) / "README.md", section, text)
    if RACE.recorded(project).exists():
        from ..figures.style import save
        from . import figure

        save(figure.race(recorded(project, RACE)), folder(project))


def drifted(project: Project) -> list[str]:
    """Return what is wrong with the speedrun's README: its sections that are not what was recorded."""
    path = folder(project) / "README.md"
    if not path.exists():
        return []
    page = path.read_text(encoding="utf-8")
    files = {kind.section: kind.file for kind in KINDS.values()}
    return [
        f"{path.relative_to(project.root)}: the section {section} is not what {files[section]} says"
        for section, text in _sections(project).items()
        if tables.filled(page, section, text) != page
    ]


def _sections(project: Project) -> dict[str, str]:
    """Return the sections that README.md should have, by name."""
    kinds = [kind for kind in KINDS.values() if kind.recorded(project).exists()]
    return {kind.section: kind.markdown(recorded(project, kind)) for kind in kinds}


# -- what is measured -------------------------------------------------------------------------------------------------


def _race(project: Project, chosen: Settings, only: Only, path: Path) -> Document:
    """Let upstream and ours race; only some of ours race without upstream. Every run is kept as it ends."""
    ours = [contestant for contestant in chosen.contestant if not only or contestant.name in only]
    sides = [ours] if only else [[chosen.reference], ours]
    command = " ".join(["scripts/bench.sh", "names", *(f"--only {name}" for name in only)])
    with workshop(project) as shop, tempfile.TemporaryDirectory(prefix="deltas-") as scratch, progress() as bars:
        raced = record.begun(shop, [contestant for side in sides for contestant in side], command)

        def over(run: Run) -> None:
            record.add(raced, run)
            jsonfile.write(path, raced)

        race.hold(shop, sides, chosen.split, bars, Path(scratch), over)
    return raced


def _tries(project: Project, chosen: Settings, _: Only, path: Path) -> Document:
    """Try everything in tries.toml."""
    plan = tries.read(folder(project) / "tries.toml")
    with workshop(project) as shop, tempfile.TemporaryDirectory(prefix="deltas-") as scratch, progress() as bars:
        rows = tries.run(shop, plan, chosen.split, bars, Path(scratch))
    tried = {"held_out": plan.held_out, "seeds": list(plan.seeds), "tries": rows}
    jsonfile.write(path, tried)
    return tried


def _profile(project: Project, chosen: Settings, _: Only, path: Path) -> Document:
    """Take the steps of one contestant apart, from its first seed, on all cores."""
    contestant = chosen.named(chosen.profiled)
    arguments = (*contestant.args, "--split-seed", str(chosen.split), "--seed", str(contestant.seeds[0]))
    with workshop(project) as shop, tempfile.TemporaryDirectory(prefix="deltas-") as scratch:
        tree, out = Path(scratch) / "tree", Path(scratch) / "out"
        out.mkdir()
        shop.export(settings.stage_of(shop, contestant.stage), tree)
        asked = ("makemore.py", str(out), str(PROFILED), "--", *arguments, "--work-dir", str(out))
        command = (sys.executable, "-m", PROFILER, *asked)
        broken = alone(Job("the profiled training", command, tree, out / "log.txt", threads=machine.cores()))
        if broken:
            raise CheckFailed(f"the profiled training broke off: {broken.reason}", "a whole training")
        profiled = jsonfile.read(out / "profile.json")
    profiled |= {**machine.describe(), "threads": machine.cores(), "steps": PROFILED}
    jsonfile.write(path, profiled)
    return profiled


def _as_measured(document: Document, _: Settings) -> Document:
    return document


def _text(rows: Sequence[Sequence[str]]) -> list[str]:
    return [*tables.plain(rows), ""]


RACE = Kind(
    "names",
    "record.json",
    "race",
    _race,
    lambda raced, chosen: record.summary(raced, chosen.goal),
    lambda document: [*_text(tables.losses(document)), *_text(tables.times(document)), *tables.verdicts(document)],
    tables.markdown,
)
TRIES = Kind(
    "tries",
    "tries.json",
    "tries",
    _tries,
    _as_measured,
    lambda tried: tables.plain(tries.table(tried["tries"])),
    lambda tried: tables.table(tries.table(tried["tries"])) + "\n",
)
PROFILE = Kind(
    "profile",
    "profile.json",
    "profile",
    _profile,
    _as_measured,
    lambda profiled: [*_text(tables.parts(profiled)), *_text(tables.operators(profiled)), tables.floor(profiled)],
    tables.profile,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in (RACE, TRIES, PROFILE)}
