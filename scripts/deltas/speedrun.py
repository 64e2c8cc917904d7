"""What `bench names` and `bench tries` do: race or try, print, and with --record keep it in baselines/speedrun/."""

from . import baseline, console, jsonfile, race, racereport, tries
from .progress import progress
from .project import Project
from .stages import workshop

GOAL = 1.90  # nats per character, mean test loss of a record


def names(project: Project, *, record: bool, only: tuple[str, ...] = ()) -> None:
    """The race. only: these contestants of ours, without upstream, to look at something quickly."""
    chosen = [each for each in race.OURS if not only or each.name in only]
    upstream = None if only else race.UPSTREAM
    command = " ".join(["scripts/bench.sh", "names", *(f"--only {name}" for name in only)])
    with workshop(project) as shop, race.scratch() as folder:
        with progress() as bars:
            runs = race.hold(shop, upstream, chosen, bars, folder)
        found = race.summary(shop, runs, GOAL, command) | {"recorded": baseline.today()}
    for rows in (racereport.losses(found), racereport.times(found)):
        console.say()
        for line in racereport.plain(rows):
            console.say(line)
    console.say()
    for line in racereport.verdicts(found):
        console.say(line)
    if record:
        folder = project.baselines / "speedrun"
        jsonfile.write(folder / "record.json", found)
        _draw(project, found)
        racereport.fill(folder / "README.md", "race", racereport.markdown(found))
        console.say("\nwrote baselines/speedrun/{record.json,race.svg,README.md}")
    else:
        console.say("\nnot kept: --record writes baselines/speedrun/")


def _draw(project: Project, found: racereport.Record) -> None:
    from .draw import speedrun
    from .draw.style import save

    save(speedrun.race(found), project.baselines / "speedrun")


def attempts(project: Project, *, record: bool) -> None:
    """Everything in tries.toml."""
    folder = project.baselines / "speedrun"
    plan = tries.read(folder / "tries.toml")
    with workshop(project) as shop, race.scratch() as aside, progress() as bars:
        rows = tries.run(shop, plan, bars, aside)
    shown = tries.table(rows)
    for line in racereport.plain(shown):
        console.say(line)
    if record:
        jsonfile.write(folder / "tries.json", {"held_out": plan.held_out, "seeds": list(plan.seeds), "tries": rows})
        racereport.fill(folder / "README.md", "tries", racereport.table(shown) + "\n")
        console.say("\nwrote baselines/speedrun/{tries.json,README.md}")
    else:
        console.note("not kept: --record writes baselines/speedrun/")
