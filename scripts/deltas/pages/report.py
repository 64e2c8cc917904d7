"""The report: the whole series as one page that stands alone, made from nothing but the document."""

from typing import Any

from . import render

SAMPLES = 20  # names in a column, so that the columns of several stages can be compared


def html(doc: dict[str, Any]) -> str:
    """Return the page of a document."""
    return render.render(
        "report.html",
        doc=doc,
        columns=_generated(doc),
        css=render.stylesheet("deltas.css", "report.css"),
        license=render.text("makemore-license.txt"),
    )


def _generated(doc: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the names that the headline run of each stage made up; an empty list where none were recorded."""
    return [
        {"stage": stage["stage"], "run": run["run"], "names": (run["names"] or [])[:SAMPLES]}
        for stage in doc["stages"]
        for run in stage["runs"][:1]
    ]


def largest_figures(doc: dict[str, Any], count: int = 3) -> list[tuple[str, int]]:
    """Return the figures that weigh most, as "stage/figure" and the length of the drawing, the heaviest first."""
    lengths = [
        (f"{stage['stage']}/{figure['name']}", len(figure["svg"] or ""))
        for stage in doc["stages"]
        for figure in stage["figures"]
    ]
    return sorted(lengths, key=lambda row: row[1], reverse=True)[:count]
