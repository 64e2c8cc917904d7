"""README's table of the series, filled in by program."""

import re
from collections import Counter
from collections.abc import Mapping

from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import baseline, numbers
from ..evidence.baseline import Baseline
from ..runs import experiment
from ..runs.experiment import Experiment
from ..series.patches import Series

MARKED = re.compile(r"(<!-- series -->\n).*?(<!-- /series -->)", re.DOTALL)
NONE = "–"  # where a stage has no headline


def table(project: Project, series: Series, new: Mapping[str, Baseline] | None = None) -> str:
    """Return stage, idea and size of every patch, and what its headline run measured over the recorded seeds.

    new: stage -> a baseline that is about to be written.
    """
    described = {patch.name: _described(project, patch.name) for patch in series}
    common = _common([found for found in described.values() if found])
    rows = [f"| stage | delta | added lines | {_heading(common, list(described.values()))} |", "|---|---|---|---|"]
    for patch in series:
        link = f"[{patch.name}](patches/{patch.name}.patch)"
        recorded = (new or {}).get(patch.name) or baseline.read(project.baselines / patch.name / "baseline.json")
        shown = _headline(described[patch.name], recorded, common)
        rows.append(f"| {link} | Δ{patch.delta}: {patch.title} | {patch.added} | {shown} |")
    return "\n".join(rows) + "\n"


def _described(project: Project, stage: str) -> Experiment | None:
    path = project.baselines / stage / "experiment.toml"
    return experiment.read(path) if path.exists() else None


def _common(described: list[Experiment]) -> str | None:
    """Return the headline that most stages have; None where no stage has one."""
    counts = Counter(each.headline for each in described if each.headline)
    return counts.most_common(1)[0][0] if counts else None


def _heading(common: str | None, described: list[Experiment | None]) -> str:
    """Return the common headline in plain words, with its unit."""
    for each in described:
        if each and common and each.headline == common:
            metric = each.metrics[common]
            return f"{metric.says} ({metric.unit})" if metric.unit else metric.says
    return "measured"


def _headline(described: Experiment | None, recorded: Baseline | None, common: str | None) -> str:
    """Return the number that stands for a stage; what it is a number of, where that is not the common headline."""
    if recorded is None:
        return "not measured"
    if described is None or described.headline is None:
        return NONE
    run = recorded.runs.get(described.headline_run.name)
    summary = run.metrics.get(described.headline) if run else None
    if run is None or summary is None:
        return NONE
    metric = described.metrics[described.headline]
    what = "" if described.headline == common else f"{metric.says}: "
    seeds = "the same for every seed" if run.deterministic else f"n = {summary.n}"
    return f"{what}{numbers.spread(summary, metric)} (`{described.headline_run.name}`, {seeds})"


def filled(project: Project, series: Series, new: Mapping[str, Baseline] | None = None) -> tuple[str, str]:
    """Return README as it is and as it should be; both empty for a checkout without one.

    new: stage -> a baseline that is about to be written. BadInput where the marks are missing.
    """
    path = project.root / "README.md"
    if not path.exists():
        return "", ""
    text = path.read_text(encoding="utf-8")
    if not MARKED.search(text):
        raise BadInput("README.md lacks the lines <!-- series --> and <!-- /series -->", "a place for the table")
    return text, MARKED.sub(lambda marked: marked[1] + table(project, series, new) + marked[2], text)
