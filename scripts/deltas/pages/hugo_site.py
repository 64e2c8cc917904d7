"""A stage's document → the files of a Hugo site: data, fragments, figures, shortcodes, and pages for an author."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..series import symbols
from ..series.origin import WEB
from . import embed, render, svg
from .document import Source, dumps

HUGO = Path(__file__).with_name("hugo")
SERIES = "Neural Nets from Scratch"
PARTS = {3: range(1, 7)}  # part of the series -> the stages that its post walks through
ENTRIES = {"deltas-patch": "hunks", "deltas-figure": "figures"}  # interactive part -> what there must be of it
Stage = dict[str, Any]


def files(found: Source, stages: Sequence[Stage]) -> dict[str, bytes]:
    """Path inside the site -> content, of everything that is ours alone to write."""
    made = dict(_machinery(stages))
    for stage in stages:
        made |= dict(_stage(stage))
    if found.shop is not None:
        made["data/deltas/upstream.json"] = dumps(_upstream(found)).encode()
    return made


def pages(stages: Sequence[Stage], parts: dict[int, Sequence[Stage]]) -> dict[str, bytes]:
    """Path -> content of what an author takes over: a page for each stage, a post for each part."""
    made = {
        f"content/deltas/{stage['stage']}/index.md": render.render("stage.md", stage=stage, series=SERIES, embed=embed)
        for stage in stages
    }
    for part, inside in parts.items():
        made[f"content/posts/part-{part}/index.md"] = render.render(
            "part.md", part=part, deltas=_by_delta(inside), series=SERIES, embed=embed
        )
    return {path: text.encode() for path, text in made.items()}


def part_of(number: int) -> int | None:
    """The part of the blog series that a stage belongs to, where there is a skeleton for it."""
    return next((part for part, numbers in PARTS.items() if number in numbers), None)


def stage_data(number: int) -> str:
    """Where the site holds a stage's document."""
    return f"data/deltas/stages/{number:02d}.json"


def _machinery(stages: Sequence[Stage]) -> Iterator[tuple[str, bytes]]:
    for path in sorted((HUGO / "layouts").rglob("*.*")):
        yield path.relative_to(HUGO).as_posix(), path.read_bytes()
    for name, of in ENTRIES.items():
        if any(stage[of] for stage in stages):
            path = HUGO / "interactive" / "src" / "entries" / f"{name}.ts"
            yield path.relative_to(HUGO).as_posix(), path.read_bytes()
    yield "assets/deltas/deltas.css", f"{render.text('deltas.css')}\n".encode()
    yield "static/deltas/makemore-license.txt", f"{render.text('makemore-license.txt')}\n".encode()


def _stage(stage: Stage) -> Iterator[tuple[str, bytes]]:
    yield stage_data(stage["number"]), dumps(_slim(stage)).encode()
    assets, static = f"assets/deltas/{stage['stage']}", f"static/deltas/{stage['stage']}"
    for name, hunks in _cuts(stage):
        macro = render.fragment("hunk", stage, hunks[0]) if name.startswith("hunk-") else None
        yield f"{assets}/{name}.html", (macro or render.fragment("patch", stage, hunks)).encode()
        yield f"{assets}/{name}.diff", embed.diff(hunks).encode()
    for name in ("claims", "runs"):
        yield f"{assets}/{name}.html", render.fragment("measured", stage, name).encode()
    for figure in stage["figures"]:
        name = figure["name"]
        data = {key: figure[key] for key in ("name", "title", "caption", "description", "columns", "rows")}
        yield f"{assets}/figure-{name}.html", render.fragment("figure", stage, figure, data="deltas-data:").encode()
        yield f"{static}/{name}.json", dumps(data).encode()
        if figure["svg"]:
            yield f"{static}/{name}.svg", svg.alone(figure["svg"]).encode()


def _cuts(stage: Stage) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What a `patch` shortcode can ask for."""
    yield "patch", stage["hunks"]
    for path in sorted({hunk["path"] for hunk in stage["hunks"]}):
        yield f"file-{embed.file_slug(path)}", embed.hunks(stage, file=path)
    for hunk in stage["hunks"]:
        yield f"hunk-{hunk['name']}", [hunk]


def _slim(stage: Stage) -> Stage:
    """Without what the fragments hold; notes with the state of the hunk that they were written for."""
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


def _upstream(found: Source) -> dict[str, Any]:
    return {"repository": WEB, "pin": found.project.pin, "symbols": upstream_symbols(found)}


def upstream_symbols(found: Source) -> dict[str, dict[str, list[int]]]:
    """File -> symbol -> its first and last line at the pin."""
    whole = found.shop.files(found.shop.stages[0])
    return {
        path: {
            span.name or "__main__": [span.first, span.last] for span in symbols.spans(content.decode(errors="replace"))
        }
        for path, content in sorted(whole.items())
        if path.endswith(".py")
    }


def _by_delta(stages: Sequence[Stage]) -> list[tuple[str, list[Stage]]]:
    """(heading, its stages): what the trailer `Delta:` says, else the delta's number."""
    found: dict[str, list[Stage]] = {}
    for stage in stages:
        heading = stage["trailers"].get("Delta") or stage["delta"]
        number, comma, name = heading.partition(",")
        found.setdefault(f"Delta {number}{':' if comma else ''}{name}".replace("->", "→"), []).append(stage)
    return list(found.items())
