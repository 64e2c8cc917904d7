"""README's figure and table of the series, filled in by program."""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..core import numbers
from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import baseline, sampling
from ..evidence.baseline import Baseline, Summary
from ..runs import experiment
from ..runs.experiment import Experiment
from ..runs.metrics import Metric, Metrics
from ..series.patches import Series
from . import overview

FIGURE = re.compile(r"(<!-- figure of the series -->\n).*?(<!-- /figure of the series -->)", re.DOTALL)
MARKED = re.compile(r"(<!-- series -->\n).*?(<!-- /series -->)", re.DOTALL)
WIDTH = 120  # of a line of README
NONE = "–"  # where a stage has no headline


class Malformed(BadInput):
    """A stage's experiment, which the table needs, cannot be read."""


def table(project: Project, series: Series, new: Mapping[str, Baseline] | None = None) -> str:
    """Return stage, idea and size of every patch, and what its headline run measured over the recorded seeds.

    new: stage -> a baseline that is about to be written.
    """
    stages = {patch.name: _stage(project, patch.name, new or {}) for patch in series}
    common = _common(list(stages.values()))
    heading = "measured"
    if common:
        heading = f"{common.says} ({common.unit})" if common.unit else common.says
    rows = [f"| stage | delta | added lines | {heading} |", "|---|---|---|---|"]
    about = overview.declared(project)
    for patch in series:
        link = f"[{patch.name}](patches/{patch.name}.patch)"
        shown = _headline(*stages[patch.name], common)
        address = overview.post(about, patch)
        idea = f"Δ{patch.delta}: {patch.title}" + (f" ([post]({address}))" if address else "")
        rows.append(f"| {link} | {idea} | {patch.added} | {shown} |")
    for sentence in _said_below(list(stages.values()), common):
        rows += ["", *textwrap.wrap(sentence, WIDTH)]
    return "\n".join(rows) + "\n"


def headline(project: Project, stage: str) -> tuple[Metric, Summary] | None:
    """Return the metric that stands for a stage, and what was recorded of it; None where there is none. BadInput."""
    described, recorded = _stage(project, stage, {})
    if described is None or recorded is None or described.headline is None:
        return None
    summary = recorded.summary(described.headline_run.name, described.headline)
    return (described.metrics[described.headline], summary) if summary else None


def _said_below(stages: Sequence[tuple[Experiment | None, Baseline | None]], common: Metric | None) -> Iterator[str]:
    """Give what ± is in the table, and what the test items leave open of the headline that most stages have."""
    counts, errors, declared = [], [], Metrics()
    for described, recorded in stages:
        if described is None or recorded is None or described.headline is None:
            continue
        run, metric = described.headline_run.name, described.headline
        if summary := recorded.summary(run, metric):
            counts.append(summary.n)
        if described.metrics[metric] == common:
            declared = described.metrics
            errors.append(sampling.error(recorded, run, metric, declared))
    if legend := numbers.legend(counts):
        yield f"{legend}."
    if sampled := sampling.said(filter(None, errors), declared):
        yield sampled


def _stage(project: Project, stage: str, new: Mapping[str, Baseline]) -> tuple[Experiment | None, Baseline | None]:
    """Return what was recorded of a stage, and the experiment that says what stands for it; nothing where none was."""
    folder = project.baselines / stage
    recorded = new.get(stage) or baseline.read(folder / "baseline.json")
    if recorded is None or not (folder / "experiment.toml").exists():
        return None, recorded
    try:
        return experiment.read(folder / "experiment.toml"), recorded
    except BadInput as error:
        raise Malformed(error.found, error.expected, error.ways) from error


def _common(stages: Sequence[tuple[Experiment | None, Baseline | None]]) -> Metric | None:
    """Return the headline that most of the stages have recorded; None where none has one."""
    counts = Counter(
        described.metrics[described.headline]
        for described, recorded in stages
        if recorded
        and described
        and described.headline
        and recorded.summary(described.headline_run.name, described.headline)
    )
    return counts.most_common(1)[0][0] if counts else None


def _headline(described: Experiment | None, recorded: Baseline | None, common: Metric | None) -> str:
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
    what = "" if metric == common else f"{metric.says}: "
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
    filled = MARKED.sub(lambda marked: marked[1] + table(project, series, new) + marked[2], text)
    return text, FIGURE.sub(lambda marked: marked[1] + _figure(project, series, new) + marked[2], filled)


def _figure(project: Project, series: Series, new: Mapping[str, Baseline] | None) -> str:
    """Return the figure of the series with its caption, in lines that are no longer than README's others."""
    picture, _, caption = overview.markdown(project, series, new).partition("\n\n")
    return "\n".join([picture, "", *textwrap.wrap(caption, WIDTH)]) + "\n" if caption else ""
