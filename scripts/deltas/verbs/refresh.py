"""`refresh`: the way back. Edits in stage/ become a patch, and the series gets another order, as by `git rebase -i`.

Nothing is written until all patches fit, keep the rules, and apply again to exactly the trees that they came from.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from ..core import console
from ..core.errors import BadInput
from ..core.files import scratch
from ..core.project import Project
from ..evidence import baseline, headers
from ..pages import overview, readme
from ..series.patches import SLUG, Patch, Series
from ..stages import plans, rewrite
from ..stages.lock import lock
from ..stages.plans import Desk, Plan
from ..stages.restack import Restacked
from ..stages.rewrite import File, Written

WIDE = 140  # characters that are printed of a line that the author should look at
WORDS = ("next", "prev", "last", "all")  # mean something else on a command line

HELP = """Make the edits in stage/ part of the series, or give the series another order.

\b
  refresh.sh NN                  the edits become part of patch NN, where stage/ stands
  refresh.sh --new SLUG          the edits become one more patch at the end
  refresh.sh --insert SLUG       the edits become a patch behind the one where stage/ stands
  refresh.sh --move NN --to MM   patch NN becomes number MM
  refresh.sh --rename NN SLUG    patch NN gets another slug

Patches, their folders in baselines/, README's table and figure and the tags in stage/ follow, all of it or nothing.
"""


@click.command(help=HELP)
@click.argument("stage", required=False)
@click.option("--new", metavar="SLUG", help="Append the edits as a patch.")
@click.option("--insert", metavar="SLUG", help="Insert the edits as a patch behind this one.")
@click.option("--move", metavar="NN", help="Move this patch, with --to.")
@click.option("--to", metavar="MM", help="The number that it gets.")
@click.option("--rename", nargs=2, metavar="NN SLUG", help="Give this patch another slug.")
@click.pass_obj
def command(
    project: Project,
    stage: str | None,
    new: str | None,
    insert: str | None,
    move: str | None,
    to: str | None,
    rename: tuple[str, str] | None,
) -> int:
    """Plan, prove, write. Headers keep their bytes, but for recorded numbers and for the names of patches."""
    asked = [given for given in (stage, new, insert, move, rename) if given is not None]
    if len(asked) != 1:
        raise BadInput(
            "refresh does one thing at a time" if asked else "refresh needs to know what to do",
            "refresh.sh NN, --new SLUG, --insert SLUG, --move NN --to MM, or --rename NN SLUG",
            ["scripts/refresh.sh --help"],
        )
    if (move is None) != (to is None):
        raise BadInput("--move and --to go together", "refresh.sh --move NN --to MM")
    for slug in (new, insert, rename[1] if rename else None):
        if slug is not None and not SLUG.fullmatch(slug):
            raise BadInput(
                f"{slug!r} is no name for a patch", "a slug: lower case letters, digits and dashes between them"
            )
        if slug in WORDS or (slug and slug[0].isdigit()):
            raise BadInput(f"{slug!r} could be taken for a stage's number or place", "a slug that begins with a letter")
    with lock(project), scratch() as folder:
        desk = plans.lay_out(project, folder)
        plan = _plan(desk, stage, new, insert, (move, to) if move is not None and to is not None else None, rename)
        proof = plans.prove(desk, plan)
        report(rewrite.write(desk, plan, proof, _readme(desk, plan, proof)))
    return 0


def _plan(
    desk: Desk,
    stage: str | None,
    new: str | None,
    insert: str | None,
    move: tuple[str, str] | None,
    rename: tuple[str, str] | None,
) -> Plan:
    if insert is not None:
        return plans.inserted(desk, insert)
    if move:
        return plans.moved(desk, *move)
    if rename:
        return plans.renamed(desk, *rename)
    if new is not None:
        return plans.appended(desk, new, _headers(desk))
    assert stage is not None
    return plans.edited(desk, stage, _headers(desk))


def _headers(desk: Desk) -> list[bytes]:
    """Return the headers of the series, with their numbers as the baselines have them."""

    def recorded(patch: Patch) -> baseline.Baseline | None:
        return baseline.read(desk.project.baselines / patch.name / "baseline.json")

    return [headers.filled(patch, recorded(patch)) for patch in desk.series]


def _readme(desk: Desk, plan: Plan, proof: Restacked) -> Sequence[File]:
    """Return README with what it says of the series, and the figure of the series, as files of the transaction.

    Nothing for a checkout without README.
    """
    path = desk.project.root / "README.md"
    if not path.exists():
        return []
    picture, series = _to_be(desk, plan), Series(list(proof.series))
    try:
        _, text = readme.filled(picture, series)
        drawn = overview.files(picture, series)
    except readme.Malformed as error:  # of a stage that may have nothing to do with this
        console.note(f"README's table stays as it is: {error.found.replace(str(picture.root), str(desk.project.root))}")
        return []
    wanted = {path: text.encode()} | {desk.project.baselines / drawing.name: drawn[drawing] for drawing in drawn}
    return [File(path, path.read_bytes() if path.exists() else None, now) for path, now in wanted.items()]


def _to_be(desk: Desk, plan: Plan) -> Project:
    """Return a picture of the checkout in which the folders of baselines are called as they will be: links alone."""
    moving = rewrite.folders(desk, plan)
    if not moving:
        return desk.project
    picture: Path = desk.folder / "to-be"
    (picture / "baselines").mkdir(parents=True)
    (picture / "README.md").symlink_to(desk.project.root / "README.md")
    names = {start: end.name for start, end in moving}
    for path in desk.project.baselines.iterdir():
        (picture / "baselines" / names.get(path, path.name)).symlink_to(path)
    return Project(picture, desk.project.pin)


# -- what happened ----------------------------------------------------------------------------------------------------


def report(done: Written) -> None:
    """Print what happened, and what is left to the author."""
    if not done.changed and not done.folders:
        console.say("the series is as it was: nothing to do")
    for what, patch in done.changed:
        console.say(f"{what:10} {patch.file}  +{patch.added}")
    for old, new in done.folders:
        console.say(f"{'moved':10} baselines/{old}/ is baselines/{new}/")
    if done.kept:
        console.say(f"your commits are kept: {done.kept.reference}")
    if done.untracked:
        console.say(
            f"left out, because git does not track them: {', '.join(done.untracked[:5])}   "
            "(git -C stage add FILE takes one in)"
        )
    if done.look_at:
        console.say("numbers or names of patches have changed; look whether these lines are still right:")
    for line in done.look_at:
        console.say(f"  {line}" if len(line) <= WIDE else f"  {line[:WIDE]}…")
    for what, patch in done.changed:
        if what == "new":
            console.say(f"now write its header: {patch.file}")
