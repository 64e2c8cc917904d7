"""Notes on hunks that are not what they were when the note was published."""

from collections.abc import Iterator
from typing import Any

from .current import Site
from .embed import Stage
from .embedcheck import Finding


def check(stage: Stage, site: Site | None, line: int) -> Iterator[Finding]:
    """Yield the notes that stand by another hunk now. line: of the post, where it first shows hunks of the stage."""
    hunks = {hunk["name"]: hunk for hunk in stage["hunks"]}
    edit = f"edit baselines/{stage['stage']}/notes.toml"
    for note in stage["notes"]:
        if note["hunk"] not in hunks:
            yield Finding(line, f"the note on {note['hunk']}: there is no such hunk any more", (edit,))
    published = site.stage(stage["stage"]) if site else None
    again = f"scripts/publish.sh {stage['number']:02d} --to {site.folder if site else ''}   # once the note fits"
    for note in published["notes"] if published else []:
        moved = _moved(note, hunks)
        if moved:
            yield Finding(line, f"the note on {note['hunk']}: {moved}", (edit, again))


def _moved(note: dict[str, Any], hunks: dict[str, dict[str, Any]]) -> str:
    """Return what became of the hunk that a note was published with; "" where it is as it was."""
    hunk = hunks.get(note["hunk"])
    if hunk is None:
        same = next((one for one in hunks.values() if one["hash"] == note["hash"]), None)
        return f"its hunk is called {same['name']} now" if same else "its hunk is gone"
    if hunk["hash"] != note["hash"]:
        return "its hunk changed since it was published"
    if note["place"] and hunk["place"] and hunk["place"] != note["place"]:
        return f"its hunk moved: was {note['place']}, is {hunk['place']}"
    return ""
