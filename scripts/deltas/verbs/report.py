"""`report`: the whole series as one page and one document, made from patches and recorded baselines."""

from typing import Any

import click

from ..core import console, files, jsonfile
from ..core.project import Project
from ..pages import document, render

LIMIT = 1_500_000  # bytes; a page that a phone still likes
SAMPLES = 20


@click.command(help="Write out/report.html and out/results.json: every stage, what it changes and what was measured.")
@click.option("--stale", is_flag=True, help="Also figures that were recorded on other code, marked so.")
@click.option("--json", "as_json", is_flag=True, help="The document on stdout as well.")
@click.pass_obj
def command(project: Project, stale: bool, as_json: bool) -> int:
    """Exit code 2 where a baseline is of other code, or a file that it needs is malformed; then nothing is written."""
    with document.source(project) as found:
        doc = document.document(found, stale=stale)
    text = html(doc)
    project.out.mkdir(parents=True, exist_ok=True)
    files.write(project.out / "results.json", document.dumps(doc).encode())
    files.write(project.out / "report.html", text.encode())
    if as_json:
        console.document(jsonfile.plain(doc))
    else:
        _tell(doc, len(text.encode()))
    return 0


def html(doc: dict[str, Any]) -> str:
    """The page of a document, from nothing but the document."""
    return render.render(
        "report.html",
        doc=doc,
        columns=_names(doc),
        css=render.stylesheet("deltas.css", "report.css"),
        license=render.text("makemore-license.txt"),
    )


def _names(doc: dict[str, Any]) -> list[dict[str, Any]]:
    """The headline run of each stage and its names; none where they were not recorded."""
    found = [
        {"stage": stage["stage"], "run": run["run"], "names": (run["names"] or [])[:SAMPLES]}
        for stage in doc["stages"]
        for run in stage["runs"][:1]
    ]
    return [each | {"names": each["names"]} for each in found]


def _tell(doc: dict[str, Any], size: int) -> None:
    for each in doc["left_out"]:
        console.note(f"left out: {each}")
    for stage in doc["stages"]:
        if stage["baseline"] is None:
            console.note(f"{stage['stage']}: not measured")
        elif stage["baseline"]["state"] == "stale":
            console.note(f"{stage['stage']}: stale: {'; '.join(stage['baseline']['why'])}")
    if size > LIMIT:
        large = sorted(
            ((len(f["svg"] or ""), f"{s['stage']}/{f['name']}") for s in doc["stages"] for f in s["figures"]),
            reverse=True,
        )
        names = ", ".join(f"{name} ({length / 1e6:.2f} MB)" for length, name in large[:3])
        console.note(f"the page is {size / 1e6:.2f} MB, more than {LIMIT / 1e6:.1f}; its largest figures: {names}")
    console.say(f"out/report.html   {len(doc['stages'])} stages, {size / 1e6:.2f} MB")
    console.say("out/results.json  the same as one document")
