"""What a post embeds, as the text or the hash by which it is known: of a stage as it is now, or as it was published.

Each function takes a stage's document, whole or as the bundle holds it, and raises Unknown where it has no such thing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..series.patches import nearest
from .document import NOT_MEASURED, NOT_RECORDED
from .excerpt import fingerprint

SAMPLES = 20
FORMS = ("mean", "spread", "n")
Stage = dict[str, Any]


class Unknown(Exception):
    """A post names what there is not. found: which; expected: what there is."""

    def __init__(self, kind: str, name: str, known: Sequence[str], where: str):
        self.found = f"{where} has no {kind} {name!r}"
        self.expected = f"one of {', '.join(known)}" if known else f"it has no {kind} at all"
        self.near = nearest(name, list(known))
        super().__init__(self.found)


def hunks(stage: Stage, hunk: str = "", file: str = "") -> list[dict[str, Any]]:
    """One hunk, those of a file, or all."""
    found = [each for each in stage["hunks"] if each["name"] == hunk or (not hunk and file in ("", each["path"]))]
    if not found and hunk:
        raise Unknown("hunk", hunk, [each["name"] for each in stage["hunks"]], stage["stage"])
    if not found:
        raise Unknown("file", file, sorted({each["path"] for each in stage["hunks"]}), stage["stage"])
    return found


def patch(stage: Stage, hunk: str = "", file: str = "", context: str = "") -> str:
    """The hash of what it changes."""
    found = hunks(stage, hunk, file)
    return found[0]["hash"] if hunk else fingerprint(*(each["hash"] for each in found))


def result(stage: Stage, run: str = "", metric: str = "", form: str = "mean", digits: str = "") -> str:
    """The number as a post shows it; `not measured` where nothing was recorded."""
    if form not in FORMS:
        raise Unknown("form of a result", form, FORMS, stage["stage"])
    if not stage["runs"]:
        return NOT_MEASURED
    metrics = _run(stage, run)["metrics"]
    if not metrics:
        return NOT_MEASURED
    if metric not in metrics:
        raise Unknown("metric", metric, list(metrics), f"run {run} of {stage['stage']}")
    one = metrics[metric]
    if form == "n":
        return str(one["n"])
    if form == "spread":
        return one["shown"]
    if digits:
        if not digits.isdigit() or int(digits) > 15:
            raise Unknown("number of digits", digits, [str(n) for n in range(7)], "a result")
        return one["shown_mean"] if isinstance(one["mean"], str) else f"{one['mean']:.{int(digits)}f}"
    return one["shown_mean"]


def figure(stage: Stage, name: str = "") -> str:
    """The hash of drawing, captions and data."""
    for each in stage["figures"]:
        if each["name"] == name:
            return each["hash"]
    raise Unknown("figure", name, [each["name"] for each in stage["figures"]], stage["stage"])


def samples(stage: Stage, run: str = "", count: str = str(SAMPLES)) -> str:
    """The hash of the names that are shown; `not recorded` where there are none."""
    if not stage["runs"]:
        return NOT_RECORDED
    names = (_run(stage, run) if run else stage["runs"][0])["names"]
    shown = int(count) if count.isdigit() else SAMPLES
    return fingerprint(*names[:shown]) if names else NOT_RECORDED


def claims(stage: Stage) -> str:
    """The hash of the sentences and their verdicts."""
    return fingerprint(*(f"{each['says']} {each['outcome']} {each['ok']} {each['shown']}" for each in stage["claims"]))


def runs(stage: Stage) -> str:
    """The hash of the whole table."""
    return fingerprint(
        *(f"{run['run']} {metric} {each['shown']}" for run in stage["runs"] for metric, each in run["metrics"].items())
    )


EMBEDS: dict[str, tuple[Callable[..., str], tuple[str, ...]]] = {
    "patch": (patch, ("hunk",)),
    "result": (result, ("run", "metric", "form")),
    "figure": (figure, ("name",)),
    "samples": (samples, ("run", "count")),
    "claims": (claims, ()),
    "runs": (runs, ()),
}  # shortcode -> what it shows, and which arguments it takes by place, after the stage


def diff(found: Sequence[dict[str, Any]]) -> str:
    """Hunks as the text of a diff, with the patch's own context, each under the place where it stands."""
    parts = []
    for each in found:
        place = f", {each['place']}" if each["place"] else ""
        parts.append(f"@@ {each['path']}{place} @@")
        parts += [line["kind"] + line["text"] for line in each["lines"] if line["own"]]
    return "".join(f"{part.rstrip(' ')}\n" for part in parts)


def fenced(found: Sequence[dict[str, Any]]) -> str:
    """The same as Markdown."""
    text = diff(found)
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}diff\n{text}{fence}\n"


def file_slug(path: str) -> str:
    """
    >>> file_slug("town/days.txt")
    'town-days-txt'
    """
    return "-".join(filter(None, "".join(c if c.isascii() and c.isalnum() else " " for c in path).split()))


def _run(stage: Stage, name: str) -> dict[str, Any]:
    for each in stage["runs"]:
        if each["run"] == name:
            return each
    raise Unknown("run", name, [each["run"] for each in stage["runs"]], stage["stage"])
