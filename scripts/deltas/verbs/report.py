"""`report`: the whole series as one page and one document, made from patches and recorded baselines."""

from typing import Any

import click

from ..core import console, files, jsonfile
from ..core.project import Project
from ..pages import document, report

LIMIT = 1_500_000  # bytes; a page that a phone still likes


@click.command(
    help="Write out/report.html and out/results.json: every stage, what it changes and what was measured.",
)
@click.option("--stale", is_flag=True, help="Also show numbers that were recorded on other code, marked as such.")
@click.option("--json", "as_json", is_flag=True, help="Print the document on stdout as well.")
@click.pass_obj
def command(project: Project, stale: bool, as_json: bool) -> int:
    """Exit with 1 where a stage was left out, because its baseline is of other code; with 2 for a malformed file."""
    with document.source(project) as source:
        doc = document.document(source, stale=stale)
    page = report.html(doc).encode()
    project.out.mkdir(parents=True, exist_ok=True)
    files.write(project.out / "results.json", document.dumps(doc).encode())
    files.write(project.out / "report.html", page)
    if as_json:
        console.document(jsonfile.plain(doc))
    else:
        _tell(doc, len(page))
    for left in doc["stale"]:
        console.note(f"left out: {left['why']}")
        for way in left["ways"]:
            console.note(f"  → {way}")
    return 1 if doc["stale"] else 0


def _tell(doc: dict[str, Any], size: int) -> None:
    """Print what was left out, what is missing or stale, and where the page is."""
    for what in doc["left_out"]:
        console.note(f"left out: {what}")
    for stage in doc["stages"]:
        if stage["baseline"] is None:
            console.note(f"{stage['stage']}: not measured")
        elif stage["baseline"]["state"] == "stale":
            console.note(f"{stage['stage']}: stale: {'; '.join(stage['baseline']['why'])}")
    if size > LIMIT:
        names = ", ".join(f"{name} ({length / 1e6:.2f} MB)" for name, length in report.largest_figures(doc))
        console.note(f"the page is {size / 1e6:.2f} MB, more than {LIMIT / 1e6:.1f}; its largest figures: {names}")
    console.say(f"out/report.html   {len(doc['stages'])} stages, {size / 1e6:.2f} MB")
    console.say("out/results.json  the same as one document")
