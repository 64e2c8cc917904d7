"""`publish`: stages as the files of a Hugo site; `--check`: posts whose embeds are no longer what they were."""

from collections.abc import Sequence
from pathlib import Path

import click

from ..core import console
from ..core.errors import BadInput
from ..core.project import Project
from ..pages import document, hugo_site, postcheck
from ..pages.delivery import Delivered, deliver, record
from ..pages.document import Source


@click.command(help="Write stage NN (several, or all) into a Hugo site; or check posts that embed them.")
@click.argument("what", nargs=-1, metavar="NN… | POST.md…")
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The Hugo site, or a new folder.")
@click.option("--check", "checking", is_flag=True, help="Name the embeds of these posts that changed since.")
@click.option("--accept", is_flag=True, help="With --check: write what is now into the posts' `was`.")
@click.option("--json", "as_json", is_flag=True, help="With --check: the findings as one JSON document.")
@click.pass_obj
def command(
    project: Project, what: tuple[str, ...], folder: Path | None, checking: bool, accept: bool, as_json: bool
) -> int:
    """Exit code 1 when a post's embed changed; 2 for what was never there, and for files of somebody else."""
    if checking:
        if folder or not what:
            raise BadInput(
                "--check takes posts" + (", not --to" if folder else ""),
                "the Markdown files that embed stages",
                ["scripts/publish.sh --check content/posts/part-3/index.md"],
            )
        return postcheck.run(project, [Path(each) for each in what], accept=accept, as_json=as_json)
    if not what or folder is None or accept or as_json:
        raise BadInput(
            "--accept and --json go with --check" if accept or as_json else "what to publish, and where, is not said",
            "a stage and a folder, or --check and posts",
            ["scripts/publish.sh 01 --to ../my-site", "scripts/publish.sh all --to ../my-site"],
        )
    _outside(project, folder)
    with document.source(project) as found:
        return _publish(found, _numbers(found, what), folder)


def _outside(project: Project, folder: Path) -> None:
    """The pages quote upstream, which no file of this repository does: it has to be another folder, or out/."""
    target, root = folder.resolve(), project.root.resolve()
    if target.is_relative_to(root) and not target.is_relative_to(project.out.resolve()):
        raise BadInput(
            f"{folder} is inside this repository, which holds no code of makemore",
            "the folder of your site",
            ["scripts/publish.sh 01 --to out/site   # to have a look; git ignores out/"],
        )


def _numbers(found: Source, what: Sequence[str]) -> list[int]:
    if list(what) == ["all"]:
        return list(range(1, len(found.series) + 1))
    numbers = [found.series.number(each) for each in what]
    if 0 in numbers:
        raise BadInput("stage 00 is upstream itself: there is nothing of ours to publish", "01 or later")
    return sorted(set(numbers))


def _publish(found: Source, numbers: list[int], folder: Path) -> int:
    there = record(folder)
    parts = {part for number in numbers if (part := hugo_site.part_of(number))}
    beside = {
        number
        for part in parts
        for number in hugo_site.PARTS[part]
        if hugo_site.stage_data(number) in there and number <= len(found.series)
    }
    stages = {number: document.stage(found, found.series[number - 1]) for number in sorted({*numbers, *beside})}
    chosen = [stages[number] for number in numbers]
    inside = {part: [stages[n] for n in hugo_site.PARTS[part] if n in stages] for part in sorted(parts)}
    prefixes = tuple(f"{top}/deltas/{number:02d}-" for number in numbers for top in ("assets", "static"))
    done = deliver(
        folder, hugo_site.files(found, chosen), hugo_site.pages(chosen, inside), lambda path: path.startswith(prefixes)
    )
    _tell(found, chosen, folder, done)
    return 0


def _tell(found: Source, stages: list[hugo_site.Stage], folder: Path, done: Delivered) -> None:
    for each in document.left_out(found):
        console.note(f"left out: {each}")
    for stage in stages:
        if stage["baseline"] is None:
            console.note(f"{stage['stage']}: not measured")
        console.say(f"{stage['stage']}: {len(stage['hunks'])} hunks, {len(stage['figures'])} figures")
        for hunk in stage["hunks"]:
            console.say(f'  {{{{< patch stage="{stage["number"]:02d}" hunk="{hunk["name"]}" />}}}}')
    for path in done.kept:
        console.note(f"kept as it is, for somebody wrote in it: {folder / path}")
    console.say(
        f"{folder}: {len(done.written)} files written, {len(done.same)} as they were"
        + (f", {len(done.removed)} of ours removed" if done.removed else "")
    )
