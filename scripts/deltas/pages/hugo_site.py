"""A stage's document → the files of a Hugo site: data, fragments, figures, shortcodes, and pages for an author."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..series import symbols
from ..series.origin import WEB
from ..stages.build import Workshop
from . import embed, render, svg
from .document import Source, dumps
from .parts import Part, by_delta

HUGO = Path(__file__).with_name("hugo")
SERIES = "Neural Nets from Scratch"
ENTRIES = {"deltas-patch": "hunks", "deltas-figure": "figures"}  # interactive part -> what there must be of it
Stage = dict[str, Any]


def files(source: Source, stages: Sequence[Stage], whole: Stage | None) -> dict[str, bytes]:
    """Return path inside the site -> content, of everything that is ours alone to write.

    whole: what belongs to no stage alone, in the form of a stage.
    """
    made = dict(_machinery([*stages, whole] if whole else stages))
    if whole:
        made[stage_data(whole["number"])] = dumps(_slim(whole)).encode()
        made |= dict(_figures(whole))
    for stage in stages:
        made |= dict(_stage(stage))
    if source.shop is not None:
        made["data/deltas/upstream.json"] = dumps(_upstream(source.shop, source.project.pin)).encode()
    return made


def pages(
    stages: Sequence[Stage],
    parts: Mapping[Part, Sequence[Stage]],
    content: str,
    whole: Stage | None = None,
) -> dict[str, bytes]:
    """Return path -> content of what an author takes over: a page for each stage, a post for each part.

    content: the folder in which the site keeps its pages. whole: its figures, of the series, are first in a post.
    """
    shared = {"series": SERIES, "embed": embed, "told": told}
    made = {
        f"{content}/deltas/{stage['stage']}/index.md": render.render(
            "stage.md", stage=stage, date=_day(stage), description=_description(stage), **shared
        )
        for stage in stages
    }
    for part, inside in parts.items():
        days = [day for stage in inside if (day := _day(stage))]
        about = f"{part.title} of {SERIES}: {'; '.join(stage['title'] for stage in inside)}."
        made[post(part, content)] = render.render(
            "part.md",
            part=part,
            deltas=by_delta(inside),
            date=max(days, default=None),
            description=about,
            whole=whole,
            **shared,
        )
    return {path: text.encode() for path, text in made.items()}


def told(stage: Stage, text: str) -> str:
    """Return words of a stage's header as Markdown; each number that was measured is an embed, which can be checked."""
    from . import prose  # a verb's --help must not wait for it

    return prose.markdown(text, _numbers(stage))


def _numbers(stage: Stage) -> dict[str, str]:
    """Return number as the header states it -> the shortcode that shows the same; none where it may stand for two."""
    texts = [one["text"] for one in stage["stated"]]
    made = {}
    for one in stage["stated"]:
        digits = str(len(one["text"].rstrip(" %").partition(".")[2]))
        try:
            shown = embed.result(stage, one["run"], one["metric"], digits=digits)
        except embed.Unknown:
            continue
        if shown == one["text"] and texts.count(shown) == 1:
            arguments = f'stage="{stage["number"]:02d}" run="{one["run"]}" metric="{one["metric"]}" digits="{digits}"'
            made[shown] = f'{{{{< result {arguments} was="{shown}" >}}}}'
    return made


def _description(stage: Stage) -> str:
    from . import prose

    return prose.description(stage["title"], stage["prose"], [one["text"] for one in stage["stated"]])


def post(part: Part, content: str) -> str:
    """Return the path of a part's post."""
    return f"{content}/posts/{part.folder}/index.md"


def stage_data(number: int) -> str:
    """Return where the site holds a stage's document."""
    return f"data/deltas/stages/{number:02d}.json"


def hunk_diff(stage: str, hunk: str) -> str:
    """Return where the site holds a hunk as the text of a diff. stage: number and slug."""
    return f"assets/deltas/{stage}/hunk-{hunk}.diff"


def figure_data(stage: str, figure: str) -> str:
    """Return where the site holds captions and data of a figure. stage: number and slug."""
    return f"static/deltas/{stage}/{figure}.json"


def upstream_symbols(shop: Workshop) -> dict[str, dict[str, list[int]]]:
    """Return file -> symbol -> its first and last line at the pin."""
    whole = shop.files(shop.stages[0])
    return {
        path: {
            span.name or "__main__": [span.first, span.last] for span in symbols.spans(content.decode(errors="replace"))
        }
        for path, content in sorted(whole.items())
        if path.endswith(".py")
    }


def _day(stage: Stage) -> str | None:
    """Return the day of a stage's page: when it was recorded, else when its patch was made."""
    return stage["baseline"]["recorded"] if stage["baseline"] else stage["date"]


def _machinery(stages: Sequence[Stage]) -> Iterator[tuple[str, bytes]]:
    for path in sorted((HUGO / "layouts").rglob("*.*")):
        yield path.relative_to(HUGO).as_posix(), path.read_bytes()
    for name, of in ENTRIES.items():
        if any(stage[of] for stage in stages):
            path = HUGO / "interactive" / "src" / "entries" / f"{name}.ts"
            yield path.relative_to(HUGO).as_posix(), path.read_bytes()
    yield "assets/deltas/deltas.css", f"{render.hardened('deltas.css')}\n".encode()
    yield "static/deltas/makemore-license.txt", f"{render.text('makemore-license.txt')}\n".encode()


def _stage(stage: Stage) -> Iterator[tuple[str, bytes]]:
    yield stage_data(stage["number"]), dumps(_slim(stage)).encode()
    assets = f"assets/deltas/{stage['stage']}"
    for name, hunks in _cuts(stage):
        macro = render.fragment("hunk", stage, hunks[0]) if name.startswith("hunk-") else None
        yield f"{assets}/{name}.html", (macro or render.fragment("patch", stage, hunks)).encode()
        yield f"{assets}/{name}.diff", embed.diff(hunks).encode()
    for name in ("claims", "runs"):
        yield f"{assets}/{name}.html", render.fragment("measured", stage, name).encode()
    yield from _figures(stage)


def _figures(stage: Stage) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a stage's figures: the fragment, the data, the drawing."""
    assets, static = f"assets/deltas/{stage['stage']}", f"static/deltas/{stage['stage']}"
    for figure in stage["figures"]:
        name = figure["name"]
        data = {key: figure[key] for key in ("name", "title", "caption", "description", "columns", "rows")}
        shown = render.fragment("figure", stage, figure, data="deltas-data:", image="deltas-image:")
        yield f"{assets}/figure-{name}.html", shown.encode()
        yield figure_data(stage["stage"], name), dumps(data).encode()
        if figure["svg"]:
            yield f"{static}/{name}.svg", svg.alone(figure["svg"]).encode()


def _cuts(stage: Stage) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield what a `patch` shortcode can ask for: its name, and the hunks."""
    yield "patch", stage["hunks"]
    for path in sorted({hunk["path"] for hunk in stage["hunks"]}):
        yield f"file-{embed.file_slug(path)}", embed.hunks(stage, file=path)
    for hunk in stage["hunks"]:
        yield f"hunk-{hunk['name']}", [hunk]


def _slim(stage: Stage) -> Stage:
    """Return the document without what the fragments hold; notes say how the hunk was that they were written for."""
    by_name = {hunk["name"]: hunk for hunk in stage["hunks"]}
    return stage | {
        "hunks": [{key: value for key, value in hunk.items() if key != "lines"} for hunk in stage["hunks"]],
        "figures": [
            {key: value for key, value in figure.items() if key not in ("svg", "rows", "columns")}
            | {"drawn": figure["svg"] is not None}
            for figure in stage["figures"]
        ],
        "notes": [
            note | {"hash": by_name[note["hunk"]]["hash"], "place": by_name[note["hunk"]]["place"]}
            for note in stage["notes"]
        ],
    }


def _upstream(shop: Workshop, pin: str) -> dict[str, Any]:
    return {"repository": WEB, "pin": pin, "symbols": upstream_symbols(shop)}
