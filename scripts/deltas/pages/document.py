"""The one document of all that is published; report, Hugo bundle and post check are renderings of it.

JSON all the way down: what cannot be said in JSON cannot get onto a page.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..core import jsonfile
from ..core.codeid import code_id
from ..core.errors import BadInput, NoUpstream
from ..core.project import Project
from ..evidence import baseline, claims, numbers
from ..evidence.baseline import Baseline, Recorded, Summary
from ..runs import experiment, subject
from ..runs.experiment import Experiment
from ..runs.metrics import Metrics
from ..series.origin import WEB
from ..series.patches import Patch, Series, load
from ..stages.build import Workshop, workshop
from . import excerpt, gallery, notes

NOT_MEASURED, NOT_RECORDED = "not measured", "not recorded"


@dataclass(frozen=True)
class Source:
    """What there is to publish from. shop: None where upstream cannot be had, and why says so."""

    project: Project
    series: Series
    shop: Workshop | None
    why: str = ""

    def files(self, number: int) -> dict[str, bytes]:
        """Whole files that the patch touches, at stage `number`; {} without upstream."""
        if self.shop is None:
            return {}
        near = {file.path for patch in self.series[max(number - 1, 0) : number + 1] for file in patch.files}
        entries = self.shop.repo.entries(self.shop.stages[number].tree)
        return {path: self.shop.repo.blob(entries[path].blob) for path in sorted(near) if path in entries}


@contextlib.contextmanager
def source(project: Project) -> Iterator[Source]:
    """Open what there is to publish from; without upstream there is less of it, not nothing. Raise BrokenPatch."""
    series = load(project.patches)
    with contextlib.ExitStack() as stack:
        try:
            shop, why = stack.enter_context(workshop(project)), ""
        except NoUpstream as error:
            shop, why = None, error.found
        yield Source(project, series, shop, why)


def document(found: Source, *, stale: bool = False) -> dict[str, Any]:
    """Return the whole series. stale: take numbers that were recorded on other code, marked so, instead of refusing."""
    return {
        "series": "makemore, delta by delta",
        "upstream": {"repository": WEB, "pin": found.project.pin, "here": found.shop is not None},
        "left_out": left_out(found),
        "stages": [stage(found, patch, stale=stale) for patch in found.series],
    }


def left_out(found: Source) -> list[str]:
    """Return what upstream's absence takes from the pages."""
    if found.shop is not None:
        return []
    return [
        found.why,
        "the diffs have the one line of context that the patches quote, not three, and don't say where they stand",
        "nobody checked that the baselines are of this code",
    ]


def stage(found: Source, patch: Patch, *, stale: bool = False, lost_notes: bool = False) -> dict[str, Any]:
    """All that there is to say of one stage. lost_notes: take notes on hunks that are gone; else they are refused."""
    folder = found.project.baselines / patch.name
    hunks = excerpt.excerpts(
        found.series, patch, found.project.pin, found.files(patch.number - 1), found.files(patch.number)
    )
    said = notes.read(folder)
    if not lost_notes:
        notes.require(said, [hunk["name"] for hunk in hunks], folder)
    described = experiment.read(folder / "experiment.toml") if (folder / "experiment.toml").exists() else None
    recorded = baseline.read(folder / "baseline.json")
    reasons = _stale(found, patch, described, recorded)
    if reasons and not stale:
        raise BadInput(
            f"{patch.name}: the baseline is of other code or other runs: {'; '.join(reasons)}",
            "figures of the code that stands beside them",
            [f"scripts/record.sh {patch.number:02d}", "scripts/report.sh --stale   # with the old figures, marked so"],
        )
    return {
        "stage": patch.name,
        "number": patch.number,
        "slug": patch.slug,
        "title": patch.title,
        "delta": patch.delta,
        "prose": patch.prose,
        "trailers": patch.trailers,
        "patch": patch.file,
        "added": patch.added,
        "removed": patch.hunks.removed,
        "commit": found.shop.stages[patch.number].commit if found.shop else None,
        "hunks": hunks,
        "notes": [{"hunk": note.hunk, "text": note.text} for note in said],
        "experiment": described.title if described else None,
        "headline": _headline(described, recorded),
        "baseline": _measured_on(recorded, reasons, found),
        "claims": _claims(described, recorded),
        "runs": _runs(patch, described, recorded),
        "figures": gallery.figures(folder, patch.name),
        "commands": {
            "apply": f"scripts/apply.sh {patch.number:02d}",
            "train": f"scripts/train.sh {patch.number:02d}",
            "verify": f"scripts/verify.sh {patch.number:02d}",
            "record": f"scripts/record.sh {patch.number:02d}",
        },
    }


def _stale(found: Source, patch: Patch, described: Experiment | None, recorded: Baseline | None) -> list[str]:
    if recorded is None or described is None or found.shop is None:
        return []
    code = code_id(found.shop.files(found.shop.stages[patch.number]))
    measured_by = subject.measured_by(described, found.project.baselines / patch.name)
    return baseline.stale(recorded, described, code, measured_by)


def _headline(described: Experiment | None, recorded: Baseline | None) -> dict[str, Any] | None:
    """Return the number that stands for the stage; None where the experiment names none.

    n and shown are None where it was not measured.
    """
    if described is None or described.headline is None:
        return None
    run, metric = described.headline_run.name, described.metrics[described.headline]
    summary = recorded.summary(run, described.headline) if recorded else None
    return {
        "run": run,
        "metric": described.headline,
        "says": metric.says,
        "unit": metric.unit,
        "n": summary.n if summary else None,
        "shown": numbers.spread(summary, metric) if summary else None,
    }


def _measured_on(recorded: Baseline | None, reasons: list[str], found: Source) -> dict[str, Any] | None:
    """state: current, stale, or unchecked where upstream is missing. None: not measured."""
    if recorded is None:
        return None
    state = "stale" if reasons else "current" if found.shop else "unchecked"
    about = {key: getattr(recorded, key) for key in ("code_id", "torch", "python", "threads", "cpu", "recorded")}
    return {"state": state, "why": reasons, **about, "seeds": list(recorded.seeds)}


def _claims(described: Experiment | None, recorded: Baseline | None) -> list[dict[str, Any]]:
    """outcome: yes, no, tie; None where nobody could say. ok: None where nothing was measured."""
    if described is None:
        return []
    if recorded is None:
        return [
            {"says": each.says, "outcome": None, "ok": None, "shown": NOT_MEASURED, "why": ""}
            for each in described.claims
        ]
    return [
        {
            "says": each.says,
            "outcome": each.outcome and str(each.outcome),
            "ok": each.ok,
            "shown": each.shown,
            "why": each.why,
        }
        for each in claims.evaluate(described, recorded)
    ]


def _runs(patch: Patch, described: Experiment | None, recorded: Baseline | None) -> list[dict[str, Any]]:
    """Return the runs in the experiment's order, the headline run first. One that was not recorded has no metrics."""
    metrics = described.metrics if described else Metrics()
    arguments = {run.name: (run.program, run.args) for run in described.runs} if described else {}
    kept = recorded.runs if recorded else {}
    arguments |= {name: (run.program, run.arguments) for name, run in kept.items() if name not in arguments}
    return [
        {
            "run": name,
            "program": program,
            "arguments": list(args),
            "command": f"scripts/train.sh {patch.number:02d} --run {name}",
            "metrics": _metrics(kept.get(name), metrics),
            "names": _names(kept.get(name)),
        }
        for name, (program, args) in arguments.items()
    ]


def _names(run: Recorded | None) -> list[str] | None:
    """Return the names that the recorded model made up; None where the baseline does not keep any."""
    return list(run.generated) if run and run.generated else None


def _metrics(run: Recorded | None, metrics: Metrics) -> dict[str, Any]:
    """Return every recorded metric of a run, with what it is; a cell of a table says which table."""
    return {name: _metric(name, summary, metrics) for name, summary in run.metrics.items()} if run else {}


def _metric(name: str, summary: Summary, metrics: Metrics) -> dict[str, Any]:
    metric = metrics[name]
    return {
        "says": metric.says,
        "unit": metric.unit,
        "table": metrics.table(name),
        "n": summary.n,
        "mean": summary.mean,
        "sd": summary.sd,
        "values": list(summary.values),
        "shown": numbers.spread(summary, metric),
        "shown_mean": numbers.mean(summary, metric),
    }


def dumps(value: Any) -> str:
    """One way to write it, safe inside a page too: `</script>` in a name must not end a script."""
    text = json.dumps(jsonfile.plain(value), indent=1, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"
