"""The one document of all that is published; report, Hugo site and post check are renderings of it.

It is JSON all the way down: what cannot be said in JSON cannot get onto a page. README.md in this folder lists its
fields.
"""

import contextlib
import email.utils
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from ..core import jsonfile, numbers
from ..core.codeid import code_id
from ..core.errors import BadInput, NoUpstream
from ..core.project import Project
from ..evidence import baseline, claims, expressions, headers, sampling
from ..evidence.baseline import Baseline, Recorded, Summary
from ..runs import experiment, subject
from ..runs.experiment import Experiment
from ..runs.metrics import Metric, Metrics
from ..series.origin import WEB
from ..series.patches import Patch, Series, load
from ..stages.build import Workshop, workshop
from ..stages.position import ALL
from . import excerpt, gallery, notes, overview, parts

NOT_MEASURED, NOT_RECORDED = "not measured", "not recorded"
MOST_DIGITS = 15  # decimals that a post may ask for; the document has the text for every number of them


class Stale(BadInput):
    """The numbers of a stage were recorded on other code, or are of other runs than its experiment names."""


@dataclass(frozen=True)
class Source:
    """What there is to publish from. shop: None where upstream cannot be had, and `why` says why."""

    project: Project
    series: Series
    shop: Workshop | None
    why: str = ""

    def files(self, number: int) -> dict[str, bytes]:
        """Return path -> content of the files that the patch touches, at stage `number`; {} without upstream."""
        if self.shop is None:
            return {}
        near = {file.path for patch in self.series[max(number - 1, 0) : number + 1] for file in patch.files}
        entries = self.shop.repo.entries(self.shop.stages[number].tree)
        return {path: self.shop.repo.blob(entries[path].blob) for path in sorted(near) if path in entries}


@contextlib.contextmanager
def source(project: Project) -> Iterator[Source]:
    """Yield what there is to publish from; without upstream there is less, not nothing. Raises BrokenPatch."""
    series = load(project.patches)
    with contextlib.ExitStack() as stack:
        try:
            shop, why = stack.enter_context(workshop(project)), ""
        except NoUpstream as error:
            shop, why = None, error.found
        yield Source(project, series, shop, why)


def document(source: Source, *, stale: bool = False) -> dict[str, Any]:
    """Return the whole series.

    stale: take numbers that were recorded on other code, marked so; else their stages are left out, by name.
    """
    made, without = [], []
    for patch in source.series:
        try:
            made.append(stage(source, patch, stale=stale))
        except Stale as error:
            without.append({"stage": patch.name, "why": error.found, "ways": list(error.ways)})
    return {
        "series": "makemore, delta by delta",
        "upstream": {"repository": WEB, "pin": source.project.pin, "here": source.shop is not None},
        "left_out": left_out(source),
        "figure": overview.figure(source.project, source.series, outdated(source)),
        "stages": made,
        "stale": without,
    }


def whole(source: Source) -> dict[str, Any] | None:
    """Return what belongs to no stage alone, in the form of one, so that a site has it on the same path.

    It is the figure of the series; None where there is none.
    """
    figure = overview.figure(source.project, source.series, outdated(source))
    if figure is None:
        return None
    nothing: dict[str, Any] = {things: [] for things in ("hunks", "notes", "runs", "claims")}
    return {"stage": ALL, "slug": ALL, "number": 0, "baseline": None, **nothing, "figures": [figure]}


def outdated(source: Source) -> list[str]:
    """Return the stages whose numbers were recorded on other code."""
    names = []
    for patch in source.series:
        folder = source.project.baselines / patch.name
        described = experiment.read(folder / "experiment.toml") if (folder / "experiment.toml").exists() else None
        if _stale(source, patch, described, baseline.read(folder / "baseline.json")):
            names.append(patch.name)
    return names


def left_out(source: Source) -> list[str]:
    """Return what upstream's absence takes from the pages, in sentences."""
    if source.shop is not None:
        return []
    return [
        source.why,
        "the diffs have the one line of context that the patches quote, not three, and don't say where they stand",
        "nobody checked that the baselines are of this code",
    ]


def stage(source: Source, patch: Patch, *, stale: bool = False, lost_notes: bool = False) -> dict[str, Any]:
    """Return all that there is to say of one stage. lost_notes: take notes on hunks that are gone; else refuse them."""
    folder = source.project.baselines / patch.name
    hunks = excerpt.excerpts(
        source.series, patch, source.project.pin, source.files(patch.number - 1), source.files(patch.number)
    )
    said = notes.read(folder)
    if not lost_notes:
        notes.require(said, [hunk["name"] for hunk in hunks], folder)
    described = experiment.read(folder / "experiment.toml") if (folder / "experiment.toml").exists() else None
    recorded = baseline.read(folder / "baseline.json")
    reasons = _stale(source, patch, described, recorded)
    if reasons and not stale:
        raise Stale(
            f"{patch.name}: the baseline is of other code or other runs: {'; '.join(reasons)}",
            "numbers of the code that stands beside them",
            [f"scripts/record.sh {patch.number:02d}", "scripts/report.sh --stale   # with the old numbers, marked so"],
        )
    runs = _runs(patch, described, recorded)
    return {
        "stage": patch.name,
        "number": patch.number,
        "slug": patch.slug,
        "title": patch.title,
        "delta": patch.delta,
        "part": patch.trailers.get(parts.TRAILER, ""),
        "post": overview.post(overview.declared(source.project), patch),
        "date": _day(patch),
        "prose": patch.prose,
        "stated": [{"run": one.run, "metric": one.metric, "text": one.text} for one in headers.numbers(patch)],
        "trailers": patch.trailers,
        "patch": patch.file,
        "added": patch.added,
        "removed": patch.hunks.removed,
        "commit": source.shop.stages[patch.number].commit if source.shop else None,
        "hunks": hunks,
        "notes": [{"hunk": note.hunk, "text": note.text} for note in said],
        "experiment": described.title if described else None,
        "baseline": _measured_on(recorded, reasons, source),
        "claims": _claims(described, recorded),
        "headline": headline(described),
        "metrics": declared(described, runs),
        "runs": runs,
        "legend": _legend(described, recorded),
        "figures": gallery.figures(folder, patch.name),
        "commands": {
            "apply": f"scripts/apply.sh {patch.number:02d}",
            "train": f"scripts/train.sh {patch.number:02d}",
            "verify": f"scripts/verify.sh {patch.number:02d}",
            "record": f"scripts/record.sh {patch.number:02d}",
        },
    }


def _day(patch: Patch) -> str | None:
    """Return the day that the patch's header names."""
    try:
        return email.utils.parsedate_to_datetime(patch.fields.get("Date", "")).date().isoformat()
    except ValueError:
        return None


def headline(described: Experiment | None) -> str | None:
    """Return the metric that stands for the stage, of its first run; None where the experiment names none."""
    return described.headline if described else None


def declared(described: Experiment | None, runs: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return what is declared of each metric that the runs brought: name in plain words, unit, kind of its cells.

    A table is declared once, by its name before the dot: `domain_loss`, not `domain_loss.names`.
    """
    metrics = described.metrics if described else Metrics()
    names = dict.fromkeys(metric.partition(".")[0] for run in runs for metric in run["metrics"])
    return {
        name: {"says": metrics[name].says, "unit": metrics[name].unit, "table": metrics[name].table} for name in names
    }


def _stale(source: Source, patch: Patch, described: Experiment | None, recorded: Baseline | None) -> list[str]:
    if recorded is None or described is None or source.shop is None:
        return []
    code = code_id(source.shop.files(source.shop.stages[patch.number]))
    measured_by = subject.measured_by(described, source.project.baselines / patch.name)
    return baseline.stale(recorded, described, code, measured_by)


def _measured_on(recorded: Baseline | None, reasons: list[str], source: Source) -> dict[str, Any] | None:
    """Return what the numbers were measured on; None where nothing was.

    state: current, stale, or unchecked where upstream is missing.
    """
    if recorded is None:
        return None
    state = "stale" if reasons else "current" if source.shop else "unchecked"
    about = {key: getattr(recorded, key) for key in ("code_id", "torch", "python", "threads", "cpu", "recorded")}
    return {"state": state, "why": reasons, **about, "seeds": list(recorded.seeds)}


def _claims(described: Experiment | None, recorded: Baseline | None) -> list[dict[str, Any]]:
    """Return the claims.

    outcome: yes, no, not shown; None where nobody could say. ok: whether it came out as experiment.toml has it; None
    where nothing was measured.
    """
    if described is None:
        return []
    if recorded is None:
        return [
            {
                "says": claim.says,
                "outcome": None,
                "came_out": claim.came_out,
                "ok": None,
                "shown": NOT_MEASURED,
                "difference": None,
                "low": None,
                "high": None,
                "why": "",
                "restated": claim.restated,
            }
            for claim in described.claims
        ]
    return [
        {
            "says": verdict.says,
            "outcome": verdict.outcome and str(verdict.outcome),
            "came_out": verdict.came_out,
            "ok": verdict.ok,
            "shown": verdict.shown,
            "difference": verdict.difference,
            "low": verdict.low,
            "high": verdict.high,
            "why": verdict.why,
            "restated": verdict.restated,
        }
        for verdict in claims.evaluate(described, recorded)
    ]


def _runs(patch: Patch, described: Experiment | None, recorded: Baseline | None) -> list[dict[str, Any]]:
    """Return the runs in the experiment's order, the headline run first. One that was not recorded has no metrics."""
    metrics = described.metrics if described else Metrics()
    spoken = claims.spoken_of(described) if described else set()
    arguments = {run.name: (run.program, run.args) for run in described.runs} if described else {}
    kept = recorded.runs if recorded else {}
    arguments |= {name: (run.program, run.arguments) for name, run in kept.items() if name not in arguments}
    return [
        {
            "run": name,
            "program": program,
            "arguments": list(args),
            "command": f"scripts/train.sh {patch.number:02d} --run {name}",
            "metrics": _metrics(recorded, name, metrics, spoken),
            "names": _names(kept.get(name)),
        }
        for name, (program, args) in arguments.items()
    ]


def _legend(described: Experiment | None, recorded: Baseline | None) -> list[str]:
    """Return the sentences that belong beside a table of these runs.

    They say what ± is, what the test items leave open, and where the other seeds were trained on other code.
    """
    if recorded is None:
        return []
    counts = [summary.n for run in recorded.runs.values() for summary in run.metrics.values()]
    metrics = described.metrics if described else Metrics()
    legend = numbers.legend(counts)
    others = recorded.other_seeds_on
    moved = (
        f"The first seed was trained with the code as it is now; the others with the code {others}, "
        "with which the first seed gives the same numbers to the last digit."
    )
    sentences = (
        f"{legend}." if legend else "",
        sampling.said(sampling.errors(recorded, metrics), metrics),
        moved if others else "",
    )
    return [sentence for sentence in sentences if sentence]


def _names(run: Recorded | None) -> list[str] | None:
    """Return the names that the recorded model made up; None where the baseline does not keep any."""
    return list(run.generated) if run and run.generated else None


def _metrics(recorded: Baseline | None, run: str, metrics: Metrics, spoken: Collection[str]) -> dict[str, Any]:
    """Return the recorded metrics of a run, with what they are; a cell of a table says which table.

    What is never judged, such as the seconds of a machine that was busy with other things, is there where the claims
    speak of it (spoken): then it was measured with care.
    """
    if recorded is None or run not in recorded.runs:
        return {}
    return {
        name: _metric(summary, metrics[name], sampling.error(recorded, run, name, metrics))
        for name, summary in recorded.runs[run].metrics.items()
        if metrics[name].judged or expressions.spelled(name) in spoken
    }


def _metric(summary: Summary, metric: Metric, error: sampling.Error | None) -> dict[str, Any]:
    return {
        "n": summary.n,
        "mean": summary.mean,
        "sd": summary.sd,
        "values": list(summary.values),
        "shown": numbers.spread(summary, metric),
        "shown_mean": numbers.mean(summary, metric),
        "shown_to": [numbers.mean(summary, replace(metric, digits=digits)) for digits in range(MOST_DIGITS + 1)],
        "error": error.value if error else None,
        "shown_error": numbers.error(error.value, metric) if error else None,
        "items": error.count if error else None,
        "item": error.item if error else None,
    }


def dumps(value: Any) -> str:
    """Return the value as JSON that is safe inside a page too: `</script>` in a name must not end a script."""
    text = json.dumps(jsonfile.plain(value), indent=1, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"
