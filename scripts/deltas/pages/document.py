"""The one document of all that is published; report, Hugo bundle and post check are renderings of it.

JSON all the way down: what cannot be said in JSON cannot get onto a page.
"""

import contextlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..core import jsonfile
from ..core.codeid import code_id
from ..core.errors import BadInput, NoUpstream
from ..core.project import Project
from ..evidence import baseline, claims
from ..evidence.baseline import Baseline
from ..runs import experiment
from ..runs.experiment import Experiment
from ..series.origin import WEB
from ..series.patches import Patch, Series, load
from ..stages.build import Workshop, workshop
from ..verbs.train import figure, spread
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
    """Raises BrokenPatch; without upstream there is less to publish, not nothing."""
    series = load(project.patches)
    with contextlib.ExitStack() as stack:
        try:
            shop, why = stack.enter_context(workshop(project)), ""
        except NoUpstream as error:
            shop, why = None, error.found
        yield Source(project, series, shop, why)


def document(found: Source, *, stale: bool = False) -> dict[str, Any]:
    """The whole series. stale: take figures that were recorded on other code, marked so; else they are refused."""
    return {
        "series": "makemore, delta by delta",
        "upstream": {"repository": WEB, "pin": found.project.pin, "here": found.shop is not None},
        "left_out": left_out(found),
        "stages": [stage(found, patch, stale=stale) for patch in found.series],
    }


def left_out(found: Source) -> list[str]:
    """What upstream's absence takes from the pages."""
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
    return baseline.stale(recorded, described, code_id(found.shop.files(found.shop.stages[patch.number])))


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
    """In the experiment's order, the headline first. A run that was not recorded has no metrics."""
    arguments = {run.name: run.args for run in described.runs} if described else {}
    programs = {run.name: run.program for run in described.runs} if described else {}
    if recorded is not None:
        arguments |= {run: args for run, args in recorded.arguments.items() if run not in arguments}
    return [
        {
            "run": run,
            "program": programs.get(run, "makemore.py"),
            "arguments": list(args),
            "command": f"scripts/train.sh {patch.number:02d} --run {run}",
            "metrics": _metrics(recorded, run),
            "names": _names(recorded, run),
        }
        for run, args in arguments.items()
    ]


def _names(recorded: Baseline | None, run: str) -> list[str] | None:
    """The names that the recorded model made up; None where the baseline does not keep any."""
    kept = getattr(recorded, "samples", {}).get(run)
    return list(kept) if kept else None


def _metrics(recorded: Baseline | None, run: str) -> dict[str, Any]:
    summaries = recorded.runs.get(run, {}) if recorded else {}
    return {
        metric: {
            "n": each.n,
            "mean": each.mean,
            "sd": each.sd,
            "values": list(each.values),
            "shown": _spread(metric, each),
            "shown_mean": _mean(metric, each),
        }
        for metric, each in summaries.items()
    }


def _spread(metric: str, summary: baseline.Summary) -> str:
    """Mean ± sd with as many decimals: in a table they stand below each other."""
    if not math.isfinite(summary.mean):
        return _mean(metric, summary)
    if metric != "seconds" and summary.sd and summary.sd >= 5e-5 and abs(summary.mean) >= 1e-3:
        return f"{_mean(metric, summary)} ± {summary.sd:.4f}"
    return spread(metric, summary)


def _mean(metric: str, summary: baseline.Summary) -> str:
    if math.isinf(summary.mean):
        return "∞" if summary.mean > 0 else "−∞"
    whole = all(isinstance(value, int) for value in summary.values) and len(set(summary.values)) == 1
    return figure(metric, summary.values[0] if whole else summary.mean)


def dumps(value: Any) -> str:
    """One way to write it, safe inside a page too: `</script>` in a name must not end a script."""
    text = json.dumps(jsonfile.plain(value), indent=1, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"
