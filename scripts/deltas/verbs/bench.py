"""`bench`: the names speedrun. It measures; it tests nothing."""

import click

from ..core import console
from ..core.errors import BadInput
from ..core.project import Project
from ..speedrun import keep


@click.command(
    help="Measure the names speedrun: `names`, upstream's training against ours; `tries`, what led to ours; `profile`, "
    "where its time goes. baselines/speedrun/README.md has the rules.",
)
@click.argument("what", type=click.Choice(list(keep.KINDS)))
@click.option("--only", multiple=True, metavar="NAME", help="Of names: this contestant of ours, without upstream.")
@click.option("--last", is_flag=True, help="Show what was measured last, in out/speedrun/; measure nothing.")
@click.option("--kept", is_flag=True, help="Show what is recorded, and write its page anew; measure nothing.")
@click.option("--record", is_flag=True, help="Record it in baselines/speedrun/.")
@click.pass_obj
def command(project: Project, what: str, only: tuple[str, ...], last: bool, kept: bool, record: bool) -> int:
    """Print what was measured. CheckFailed where a training breaks off; the trainings before it are kept."""
    _refuse_contradictions(what, only, last, kept, record)
    kind = keep.KINDS[what]
    if kept:
        document = keep.recorded(project, kind)
    elif last:
        document = keep.last(project, kind)
    else:
        document = keep.measure(project, kind, only)
    for line in kind.lines(document):
        console.say(line)
    if record:
        keep.write(project, kind, document)
    elif kept:
        keep.show(project)
    elif only:
        console.note("\nnot recorded: a record has all contestants")
        return 0
    else:
        console.note(f"\nnot recorded yet; scripts/bench.sh {what} --last --record does that, without measuring again")
        return 0
    console.say(f"\nbaselines/speedrun/ shows what {kind.file} says")
    return 0


def _refuse_contradictions(what: str, only: tuple[str, ...], last: bool, kept: bool, record: bool) -> None:
    if only and what != keep.RACE.name:
        raise BadInput(f"--only is of {keep.RACE.name}, not of {what}")
    if only and (record or last or kept):
        raise BadInput("--only is for a quick look: it measures, and a record has all contestants", "--only alone")
    if kept and (last or record):
        raise BadInput("--kept shows what is recorded already", "--kept alone")
