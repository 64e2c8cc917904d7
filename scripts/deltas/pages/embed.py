"""What a post embeds, as the text or the hash by which it is known: of a stage as it is now, or as it was published.

Each function takes a stage's document, whole or as the site holds it, and raises Unknown where it has no such thing.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..series.patches import nearest
from .document import NOT_MEASURED, NOT_RECORDED
from .excerpt import fingerprint

SAMPLES = 20
Stage = dict[str, Any]


class Unknown(Exception):
    """A post names what there is not. found: what it names; expected: what there is; near: what was probably meant."""

    def __init__(self, kind: str, name: str, known: Sequence[str], where: str):
        self.found = f"{where} has no {kind} {name!r}"
        self.expected = f"one of {', '.join(known)}" if known else f"it has no {kind} at all"
        self.near = nearest(name, list(known))
        super().__init__(self.found)


def called(stage: Stage) -> str:
    """Return what a shortcode and a command call a stage: its number, or `all` for what belongs to no stage alone."""
    return f"{stage['number']:02d}" if stage["number"] else str(stage["slug"])


def hunks(stage: Stage, hunk: str = "", file: str = "") -> list[dict[str, Any]]:
    """Return the hunk of that name, else the hunks of a file, else all."""
    if hunk:
        chosen = [one for one in stage["hunks"] if one["name"] == hunk]
        if not chosen:
            raise Unknown("hunk", hunk, [one["name"] for one in stage["hunks"]], stage["stage"])
        return chosen
    chosen = [one for one in stage["hunks"] if file in ("", one["path"])]
    if not chosen:
        raise Unknown("file", file, sorted({one["path"] for one in stage["hunks"]}), stage["stage"])
    return chosen


def patch(stage: Stage, hunk: str = "", file: str = "") -> str:
    """Return the hash of what it changes."""
    chosen = hunks(stage, hunk, file)
    return chosen[0]["hash"] if hunk else fingerprint(*(one["hash"] for one in chosen))


def result(stage: Stage, run: str = "", metric: str = "", form: str = "mean", digits: str = "") -> str:
    """Return the number as a post shows it; `not measured` where nothing was recorded."""
    if not stage["runs"]:
        return NOT_MEASURED
    metrics = _run(stage, run)["metrics"]
    if not metrics:
        return NOT_MEASURED
    if metric not in metrics:
        raise Unknown("metric", metric, list(metrics), f"run {run} of {stage['stage']}")
    measured = metrics[metric]
    if form == "n":
        return str(measured["n"])
    if form == "spread":
        return measured["shown"]
    if form == "error":
        if measured.get("shown_error") is None:
            raise Unknown("standard error", metric, [], f"run {run} of {stage['stage']}")
        return measured["shown_error"]
    if digits and "shown_to" not in measured:  # a site of before that was there
        raise Unknown("number of digits", digits, [], f"{metric} of run {run} of {stage['stage']}")
    return measured["shown_to"][int(digits)] if digits else measured["shown_mean"]


def figure(stage: Stage, name: str = "") -> str:
    """Return the hash of a figure's drawing, captions and data."""
    for one in stage["figures"]:
        if one["name"] == name:
            return one["hash"]
    raise Unknown("figure", name, [one["name"] for one in stage["figures"]], stage["stage"])


def samples(stage: Stage, run: str = "", count: str = str(SAMPLES)) -> str:
    """Return the hash of the names that are shown; `not recorded` where there are none."""
    if not stage["runs"]:
        return NOT_RECORDED
    names = (_run(stage, run) if run else stage["runs"][0])["names"]
    return fingerprint(*names[: int(count)]) if names else NOT_RECORDED


def claims(stage: Stage) -> str:
    """Return the hash of the sentences and their verdicts."""
    return fingerprint(*(f"{one['says']} {one['outcome']} {one['ok']} {one['shown']}" for one in stage["claims"]))


def runs(stage: Stage) -> str:
    """Return the hash of the whole table."""
    return fingerprint(
        *(f"{run['run']} {metric} {one['shown']}" for run in stage["runs"] for metric, one in run["metrics"].items())
    )


EMBEDS: dict[str, Callable[..., str]] = {
    "patch": patch,
    "result": result,
    "figure": figure,
    "samples": samples,
    "claims": claims,
    "runs": runs,
}  # shortcode -> what it shows; arguments.py says what it may be given


def listing(stage: Stage) -> list[str]:
    """Return all that a post can embed of a stage, as shortcodes to copy; under a number, its runs and metrics."""
    number = called(stage)
    calls = [f'{{{{< patch stage="{number}" hunk="{hunk["name"]}" />}}}}' for hunk in stage["hunks"]]
    calls += [f'{{{{< figure stage="{number}" name="{one["name"]}" >}}}}' for one in stage["figures"]]
    calls += [f'{{{{< claims stage="{number}" >}}}}'] if stage["claims"] else []
    calls += [f'{{{{< runs stage="{number}" >}}}}'] if stage["runs"] else []
    named = [run["run"] for run in stage["runs"] if run["names"]]
    if named:
        calls += [f'{{{{< samples stage="{number}" run="{named[0]}" >}}}}', *_choices("run", named)]
    for runs, metrics in _measured(stage).items():
        call = f'{{{{< result stage="{number}" run="{runs[0]}" metric="{metrics[0]}" >}}}}'
        calls += [call, *_choices("run", runs), *_choices("metric", metrics)]
    return calls


def _measured(stage: Stage) -> dict[tuple[str, ...], list[str]]:
    """Return runs -> the metrics that these runs have, and no other."""
    runs: dict[str, tuple[str, ...]] = {}
    for run in stage["runs"]:
        for metric in run["metrics"]:
            runs[metric] = (*runs.get(metric, ()), run["run"])
    metrics: dict[tuple[str, ...], list[str]] = {}
    for metric, having in runs.items():
        metrics.setdefault(having, []).append(metric)
    return metrics


def _choices(argument: str, values: Sequence[str]) -> list[str]:
    """Return lines that say what an argument may be; none where there is one value only."""
    head = f"    {argument}: "
    text = head + ", ".join(values)
    return textwrap.wrap(text, 100, subsequent_indent=" " * len(head), break_on_hyphens=False) if values[1:] else []


def lines(stage: Stage, name: str, wanted: Mapping[str, str]) -> list[str]:
    """Return what an embed shows as lines of text, which can be compared by eye. name: the shortcode's."""
    if name == "patch":
        return diff(hunks(stage, **wanted)).splitlines()
    if name == "figure":
        one = next(one for one in stage["figures"] if one["name"] == wanted.get("name", ""))
        rows = [" | ".join(map(str, row)) for row in [one.get("columns", []), *one.get("rows", [])]]
        return [one["title"], *one["caption"].splitlines(), *one["description"].splitlines(), *rows]
    if name == "samples" and stage["runs"]:
        run = _run(stage, wanted["run"]) if wanted.get("run") else stage["runs"][0]
        return [made or "·" for made in (run["names"] or [])[: int(wanted.get("count", SAMPLES))]]
    if name == "claims":
        said = [(one["outcome"] or "open", one["says"], one["shown"]) for one in stage["claims"]]
        return [": ".join(filter(None, parts)) for parts in said]
    if name == "runs":
        return [f"{run['run']} {key} {one['shown']}" for run in stage["runs"] for key, one in run["metrics"].items()]
    return [EMBEDS[name](stage, **wanted)]


def diff(chosen: Sequence[dict[str, Any]]) -> str:
    """Return hunks as the text of a diff, with the patch's own context, each under the place where it stands."""
    parts = []
    for hunk in chosen:
        place = f", {hunk['place']}" if hunk["place"] else ""
        parts.append(f"@@ {hunk['path']}{place} @@")
        parts += [line["kind"] + line["text"] for line in hunk["lines"] if line["own"]]
    return "".join(f"{part.rstrip(' ')}\n" for part in parts)


def fenced(chosen: Sequence[dict[str, Any]]) -> str:
    """Return the same as a code block of Markdown."""
    text = diff(chosen)
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}diff\n{text}{fence}\n"


def file_slug(path: str) -> str:
    """Return a file's path as one word.

    >>> file_slug("town/days.txt")
    'town-days-txt'
    """
    return "-".join(filter(None, "".join(c if c.isascii() and c.isalnum() else " " for c in path).split()))


def _run(stage: Stage, name: str) -> dict[str, Any]:
    for run in stage["runs"]:
        if run["run"] == name:
            return run
    raise Unknown("run", name, [run["run"] for run in stage["runs"]], stage["stage"])
