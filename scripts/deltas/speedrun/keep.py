"""What `bench names`, `tries` and `profile` do: measure, print, and with --record keep it in baselines/speedrun/."""

import json
import subprocess
import sys

from ..core import console, jsonfile, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..evidence import baseline
from ..runs.progress import progress
from ..stages.build import workshop
from . import race, tables, tries

PROFILED = 200  # steps
GOAL = 1.90  # nats per character, mean test loss of a record


def names(project: Project, *, record: bool, only: tuple[str, ...] = ()) -> None:
    """The race. only: these contestants of ours, without upstream, to look at something quickly."""
    chosen = [each for each in race.OURS if not only or each.name in only]
    upstream = None if only else race.UPSTREAM
    command = " ".join(["scripts/bench.sh", "names", *(f"--only {name}" for name in only)])
    with workshop(project) as shop, race.scratch() as folder:
        with progress() as bars:
            runs = race.hold(shop, upstream, chosen, bars, folder)
        _keep_raw(project, runs)
        found = race.summary(shop, runs, GOAL, command) | {"recorded": baseline.today()}
    _show(found)
    if record:
        jsonfile.write(project.baselines / "speedrun" / "record.json", found)
        _publish(project, found)
    else:
        console.say("\nnot kept: --record writes baselines/speedrun/")


def _keep_raw(project: Project, runs: list[race.Run]) -> None:
    """Half an hour's work, before anything is made of it: out/race.json."""
    project.out.mkdir(exist_ok=True)
    rows = [{"name": r.contestant.name, "seed": r.seed, "curve": r.curve, "result": r.result} for r in runs]
    jsonfile.write(project.out / "race.json", rows)


def kept(project: Project) -> None:
    """The record as it is kept, shown again; its tables and figure are made anew."""
    path = project.baselines / "speedrun" / "record.json"
    try:
        found = jsonfile.read(path)
    except FileNotFoundError:
        raise BadInput("no race is kept yet", "", ["scripts/bench.sh names --record"]) from None
    _show(found)
    _publish(project, found)


def _show(found: tables.Record) -> None:
    for rows in (tables.losses(found), tables.times(found)):
        console.say()
        for line in tables.plain(rows):
            console.say(line)
    console.say()
    for line in tables.verdicts(found):
        console.say(line)


def _publish(project: Project, found: tables.Record) -> None:
    from ..figures.style import save
    from . import figure

    folder = project.baselines / "speedrun"
    save(figure.race(found), folder)
    _fill(project)
    console.say("\nbaselines/speedrun/{race.svg,README.md} show record.json")


SECTIONS = {
    "race": ("record.json", tables.markdown),
    "profile": ("profile.json", tables.profile),
    "tries": ("tries.json", lambda found: tables.table(tries.table(found["tries"])) + "\n"),
}  # of README: what it is a rendering of, and how


def _fill(project: Project) -> None:
    for name, text in _sections(project).items():
        tables.fill(project.baselines / "speedrun" / "README.md", name, text)


def _sections(project: Project) -> dict[str, str]:
    folder = project.baselines / "speedrun"
    return {
        name: render(jsonfile.read(folder / file))
        for name, (file, render) in SECTIONS.items()
        if (folder / file).exists()
    }


def drifted(project: Project) -> list[str]:
    """Sections of the speedrun's README that are not what was recorded."""
    path = project.baselines / "speedrun" / "README.md"
    if not path.exists():
        return []
    page = path.read_text(encoding="utf-8")
    return [
        f"{path.relative_to(project.root)}: the section {name} is not what {SECTIONS[name][0]} says"
        for name, text in _sections(project).items()
        if tables.filled(page, name, text) != page
    ]


def attempts(project: Project, *, record: bool) -> None:
    """Everything in tries.toml."""
    folder = project.baselines / "speedrun"
    plan = tries.read(folder / "tries.toml")
    with workshop(project) as shop, race.scratch() as aside, progress() as bars:
        rows = tries.run(shop, plan, bars, aside)
    shown = tries.table(rows)
    for line in tables.plain(shown):
        console.say(line)
    if record:
        jsonfile.write(folder / "tries.json", {"held_out": plan.held_out, "seeds": list(plan.seeds), "tries": rows})
        _fill(project)
        console.say("\nwrote baselines/speedrun/{tries.json,README.md}")
    else:
        console.note("not kept: --record writes baselines/speedrun/")


def profile(project: Project, *, record: bool) -> None:
    """Where the time of the record's steps goes, and the least that its matrix products would take."""
    contestant = race.OURS[-1]
    arguments = [*contestant.arguments, "--split-seed", "3407", "--seed", "1"]
    with workshop(project) as shop, race.scratch() as folder:
        shop.export(shop.stages[contestant.stage], folder / "tree")
        command = [sys.executable, "-m", "deltas.speedrun.profiling", "makemore.py", str(PROFILED), "--", *arguments]
        asked = subprocess.run(
            [*command, "--work-dir", str(folder / "out")],
            cwd=folder / "tree", env=machine.environment(machine.cores()), capture_output=True, text=True,
        )  # fmt: skip
    if asked.returncode:
        raise CheckFailed(f"the profiled training broke off: {asked.stderr.strip().splitlines()[-1]}")
    found = json.loads(asked.stdout) | machine.describe() | {"threads": machine.cores(), "steps": PROFILED}
    for rows in (tables.parts(found), tables.operators(found)):
        for line in tables.plain(rows):
            console.say(line)
        console.say()
    console.say(tables.floor(found))
    if record:
        jsonfile.write(project.baselines / "speedrun" / "profile.json", found)
        _fill(project)
        console.say("\nwrote baselines/speedrun/{profile.json,README.md}")
    else:
        console.note("not kept: --record writes baselines/speedrun/")
