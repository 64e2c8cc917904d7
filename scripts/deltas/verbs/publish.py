"""`publish`: stages as the files of a Hugo site; `--check`: posts whose embeds are no longer what they were."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ..core import console
from ..core.errors import BadInput
from ..core.project import Project
from ..pages import document, embed, hugo_config, hugo_site, parts, postcheck, seen
from ..pages.current import Site
from ..pages.delivery import Delivered, deliver, record, unedited
from ..pages.document import Source
from ..pages.hugo_site import Stage
from ..pages.parts import Part
from ..pages.postcheck import Checked
from ..pages.remember import remember
from ..stages import position


@click.command(
    help="Write stage NN (several, or all) into a Hugo site; or check posts that embed them.",
)
@click.argument("what", nargs=-1, metavar="NN… | POST.md…")
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The Hugo site, or a new folder.")
@click.option("--check", "checking", is_flag=True, help="Name the embeds of these posts that changed since.")
@click.option("--accept", is_flag=True, help="With --check: write what is now into the posts' `was`.")
@click.option("--json", "as_json", is_flag=True, help="With --check: print the findings as one JSON document.")
@click.pass_obj
def command(
    project: Project, what: tuple[str, ...], folder: Path | None, checking: bool, accept: bool, as_json: bool
) -> int:
    """Exit with 1 when a post's embed changed, or a stage was left out because its numbers are of other code.

    Exit with 2 for what never was, for files of somebody else, and where no stage at all can be published.
    """
    if checking:
        if folder or not what:
            raise BadInput(
                "--check takes posts" + (", not --to" if folder else ""),
                "the Markdown files that embed stages",
                ["scripts/publish.sh --check content/posts/part-3/index.md"],
            )
        return _check(project, [Path(post) for post in what], accept=accept, as_json=as_json)
    if not what or folder is None or accept or as_json:
        raise BadInput(
            "--accept and --json go with --check" if accept or as_json else "what to publish, and where, is not said",
            "a stage and a folder, or --check and posts",
            ["scripts/publish.sh 01 --to ../my-site", "scripts/publish.sh all --to ../my-site"],
        )
    _outside(project, folder)
    with document.source(project) as source:
        return _publish(source, _numbers(source, what), folder)


# -- posts against what they embed ------------------------------------------------------------------------------------


def _check(project: Project, posts: Sequence[Path], *, accept: bool, as_json: bool) -> int:
    with document.source(project) as source:
        checked = postcheck.check(source, posts)
        if accept:
            for path in postcheck.accept(checked):
                console.note(f"{path}: says what is now")
            checked = postcheck.check(source, posts)
        unlooked = postcheck.left_out(source)
    if as_json:
        rows = [
            {"post": str(post.post), "embeds": post.embeds, "faults": [asdict(finding) for finding in post.findings]}
            for post in checked
        ]
        console.document({"ok": not any(post.findings for post in checked), "left_out": unlooked, "posts": rows})
    else:
        _tell_checked(checked, unlooked)
    mistaken = any(not finding.known for post in checked for finding in post.findings)
    return 2 if mistaken else 1 if any(post.findings for post in checked) else 0


def _tell_checked(checked: Sequence[Checked], unlooked: Sequence[str]) -> None:
    for post in checked:
        for finding in post.findings:
            console.say(console.verdict(False, f"{post.post}:{finding.line}: {finding.found}"))
            for change in finding.changes:
                colour = {"-": console.BAD, "+": console.GOOD}.get(change[:1])
                console.say(console.style(f"    {change}", fg=colour))
            for way in finding.ways:
                console.say(f"    → {way}")
        if not post.findings:
            console.say(console.verdict(True, f"{post.post}: {post.embeds} embeds are as they were"))
    for what in unlooked:
        console.say(console.verdict(None, f"not looked at: {what}"))


# -- stages into a site -----------------------------------------------------------------------------------------------


def _outside(project: Project, folder: Path) -> None:
    """Refuse a folder of this repository: pages quote upstream, which no file of it does. Only out/ will do."""
    target, root = folder.resolve(), project.root.resolve()
    if target.is_relative_to(root) and not target.is_relative_to(project.out.resolve()):
        raise BadInput(
            f"{folder} is inside this repository, which holds no code of makemore",
            "the folder of your site",
            ["scripts/publish.sh 01 --to out/site   # to have a look; git ignores out/"],
        )


def _numbers(source: Source, what: Sequence[str]) -> list[int]:
    """Return the stages that are meant, in their order."""
    if list(what) == [position.ALL]:
        return list(range(1, len(source.series) + 1))
    numbers = [position.asked(source.project, source.series, name) for name in what]
    if 0 in numbers:
        raise BadInput("stage 00 is upstream itself: there is nothing of ours to publish", "01 or later")
    return sorted(set(numbers))


def _publish(source: Source, numbers: list[int], folder: Path) -> int:
    there = record(folder)
    places = hugo_config.places(folder)
    members = _members(source, numbers, set(there))
    wanted = sorted({*numbers, *(number for inside in members.values() for number in inside)})
    stages, stale = _made(source, wanted)
    chosen = [stages[number] for number in numbers if number in stages]
    if not chosen:
        raise stale[numbers[0]]
    waiting = {part for part, inside in members.items() if any(_is_there(number, there, stale) for number in inside)}
    posts = {
        part: [stages[number] for number in inside if number in stages]
        for part, inside in members.items()
        if part not in waiting
    }
    ours = tuple(f"{top}/deltas/{number:02d}-" for number in numbers for top in ("assets", "static"))
    whole = document.whole(source)
    pages = hugo_site.pages(chosen, posts, places.content, whole)
    written = [*chosen, whole] if whole else chosen
    remembered = remember(Site(folder), places.content.partition("/")[0], written, unedited(folder, pages))
    done = deliver(
        folder,
        hugo_site.files(source, chosen, whole),
        pages,
        lambda path: path.startswith(ours),
        {seen.FILE: seen.content(remembered)},
    )
    for what in document.left_out(source):
        console.note(f"left out: {what}")
    for what in places.notes:
        console.note(what)
    if whole:
        console.say("the series: 1 figure")
        for call in embed.listing(whole):
            console.say(f"  {call}")
    _tell_stages(source, chosen)
    _tell_posts(posts, places.content, done)
    _tell_files(folder, done)
    for part in sorted(waiting, key=parts.order):
        console.note(f"{hugo_site.post(part, places.content)}: as it was, for a stage of it is left out")
    for number in sorted(stale):
        console.note(f"left out: {source.series[number - 1].name}")
        console.refuse(stale[number])
    return 1 if stale else 0


def _made(source: Source, wanted: Sequence[int]) -> tuple[dict[int, Stage], dict[int, document.Stale]]:
    """Return the stages that can be published, and why the others cannot: their numbers are of other code."""
    made, stale = {}, {}
    for number in wanted:
        try:
            made[number] = document.stage(source, source.series[number - 1])
        except document.Stale as error:
            stale[number] = error
    return made, stale


def _is_there(number: int, there: Container[str], stale: Container[int]) -> bool:
    """Return whether the site shows a stage that is left out now: a post without it would lose a section."""
    return number in stale and hugo_site.stage_data(number) in there


def _members(source: Source, numbers: Sequence[int], there: set[str]) -> dict[Part, list[int]]:
    """Return the parts of these stages, each with its stages that are to be published or were published before."""
    mine = {part for number in numbers if (part := parts.part_of(source.series[number - 1]))}
    return {
        part: [
            patch.number
            for patch in source.series
            if parts.part_of(patch) == part and (patch.number in numbers or hugo_site.stage_data(patch.number) in there)
        ]
        for part in sorted(mine, key=parts.order)
    }


def _tell_stages(source: Source, stages: Sequence[Stage]) -> None:
    for stage in stages:
        if stage["baseline"] is None:
            console.note(f"{stage['stage']}: not measured")
        if parts.part_of(source.series[stage["number"] - 1]) is None:
            console.note(
                f"{stage['stage']}: its header names no part of the series (a trailer as `Part: 3` or "
                "`Part: appendix`), so it has a page of its own and stands in no post"
            )
        counts = ((len(stage[things]), things) for things in ("hunks", "figures", "runs"))
        listed = ", ".join(f"{count} {things[:-1] if count == 1 else things}" for count, things in counts)
        console.say(f"{stage['stage']}: {listed}")
        for call in embed.listing(stage):
            console.say(f"  {call}")


def _tell_posts(posts: Mapping[Part, Sequence[Stage]], content: str, done: Delivered) -> None:
    for part, inside in posts.items():
        path = hugo_site.post(part, content)
        state = (
            "written" if path in done.written else "as it was" if path in done.same else "kept as its author left it"
        )
        numbers = ", ".join(f"{stage['number']:02d}" for stage in inside)
        console.say(f"{path}: {part.title} with {'stage' if len(inside) == 1 else 'stages'} {numbers}; {state}")


def _tell_files(folder: Path, done: Delivered) -> None:
    for path in done.kept:
        console.note(f"kept as it is, for somebody wrote in it: {folder / path}")
    console.say(
        f"{folder}: {len(done.written)} files written, {len(done.same)} as they were"
        + (f", {len(done.removed)} of ours removed" if done.removed else "")
    )
