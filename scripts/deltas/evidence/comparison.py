"""The runs of a training side by side: a row for each, a column for each number in which they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core import numbers
from ..runs.metrics import Metrics
from .prediction import Judgement, Verdict
from .trained import Trained

GAP = 2  # blanks between two columns


@dataclass(frozen=True)
class Comparison:
    """A table as text, and what it leaves out.

    heading, rows: the cells; the first is the run's name, all others are numbers. same: metric -> the number that all
    runs have. left_out: the metrics for which there was no room. Of a table metric there are all cells, or none.
    """

    heading: list[str]
    rows: list[list[str]]
    same: dict[str, str]
    left_out: list[str]

    def lines(self) -> list[str]:
        """Return heading and rows with columns: names to the left, numbers to the right."""
        table = [self.heading, *self.rows]
        widths = [max(len(row[n]) for row in table) for n in range(len(self.heading))]
        gap = " " * GAP
        return [
            gap.join(
                [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            ).rstrip()
            for row in table
        ]


def compare(judged: Trained, room: int) -> Comparison:
    """Return the runs side by side, in at most `room` columns of text as far as the headline allows.

    The metric that stands for the stage comes first (where none does, the first that was measured), and behind it what
    was recorded of it, over all seeds.
    """
    described = judged.known.subject.experiment
    metrics = described.metrics
    by_run = [_by_metric(judgement) for judgement in judged.judgements]
    named = list(dict.fromkeys(name for verdicts in by_run for name in verdicts))
    tables = list(dict.fromkeys(table for name in named if (table := metrics.table(name))))
    scalars = [name for name in named if not metrics.table(name)]
    first = [described.headline] if described.headline in scalars else scalars[:1]
    columns: list[list[str]] = [["run", *(result.plan.run.name for result in judged.results)]]
    same: dict[str, str] = {}
    left_out: list[str] = []
    for name in [*first, *(name for name in scalars if name not in first)]:
        cells = [_cell(verdicts.get(name), metrics) for verdicts in by_run]
        if name not in first and len(by_run) > 1 and len(set(cells)) == 1:
            same[name] = cells[0]
            continue
        new = [[name, *cells]]
        recorded = [_recorded(verdicts.get(name), metrics) for verdicts in by_run]
        if name in first and any(recorded):
            new.append(["recorded", *recorded])
        if name in first or _width(columns + new) <= room:
            columns += new
        else:
            left_out.append(name)
    for table in tables:
        names = [name for name in named if metrics.table(name) == table]
        new = [[name, *(_cell(verdicts.get(name), metrics) for verdicts in by_run)] for name in names]
        if _width(columns + new) <= room:
            columns += new
        else:
            left_out.append(table)
    heading, *rows = ([column[n] for column in columns] for n in range(len(by_run) + 1))
    return Comparison(heading, rows, same, left_out)


def _by_metric(judgement: Judgement) -> dict[str, Verdict]:
    """Return the verdicts on what was measured now, by metric."""
    return {verdict.metric: verdict for verdict in judgement.verdicts if verdict.value is not None or verdict.summary}


def _cell(verdict: Verdict | None, metrics: Metrics) -> str:
    return numbers.value(verdict.value, metrics[verdict.metric]) if verdict else "–"


def _recorded(verdict: Verdict | None, metrics: Metrics) -> str:
    if verdict is None or verdict.summary is None:
        return ""
    return numbers.spread(verdict.summary, metrics[verdict.metric])


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, column)) for column in columns) + GAP * (len(columns) - 1)
