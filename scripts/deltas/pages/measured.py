"""Measured numbers as tables of words: a row for each metric, a column for each run.

A metric that is a table itself (`domain_loss.names`, `domain_loss.sums`) gets a table of its own: a row for each cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .document import NOT_MEASURED

NOT_THERE = "–"  # the run was measured, and has no such number
Stage = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """name: the metric or the cell. says: in plain words, with its unit. cells: a text for each run."""

    name: str
    says: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """name: the metric; "" for the table of all that are plain numbers. says: what it is. head: what its rows are."""

    name: str
    says: str
    head: str
    runs: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(stage: Stage) -> list[Table]:
    """Return the table of all plain numbers, then one for each metric that is a table."""
    runs = stage["runs"]
    names = tuple(run["run"] for run in runs)
    metrics = list(dict.fromkeys(metric for run in runs for metric in run["metrics"]))
    plain = [metric for metric in metrics if "." not in metric]
    rows = [Row(metric, says(stage, metric), _cells(runs, metric)) for metric in plain]
    made = [Table("", "", "metric", names, (_seeds(runs), *rows))]
    for table in dict.fromkeys(metric.partition(".")[0] for metric in metrics if "." in metric):
        inside = [metric for metric in metrics if metric.startswith(f"{table}.")]
        rows = [Row(metric.partition(".")[2], "", _cells(runs, metric)) for metric in inside]
        head = _about(stage, table).get("table") or "cell"
        made.append(Table(table, says(stage, table), head, names, tuple(rows)))
    return made


def says(stage: Stage, metric: str) -> str:
    """Return a metric in plain words, with its unit; what its name says already is not said again.

    >>> says({"metrics": {"test_loss": {"says": "loss on the test names", "unit": "nats"}}}, "test_loss")
    'loss on the test names, nats'
    """
    about = _about(stage, metric)
    words = about.get("says", "")
    return ", ".join(filter(None, (words if words != metric.replace("_", " ") else "", about.get("unit", ""))))


def headline(stage: Stage) -> dict[str, str] | None:
    """Return run, metric, and n and mean ± deviation as text, of the number that stands for a stage; None without runs.

    Where there is no such number, n and what is shown are "–", or "not measured" where nothing was.
    """
    if not stage["runs"]:
        return None
    run, metric = stage["runs"][0], stage["headline"]
    number = run["metrics"].get(metric)
    shown = number["shown"] if number else NOT_THERE if run["metrics"] else NOT_MEASURED
    return {"run": run["run"], "metric": metric or "", "n": str(number["n"]) if number else NOT_THERE, "shown": shown}


def _about(stage: Stage, metric: str) -> dict[str, str]:
    return stage["metrics"].get(metric.partition(".")[0], {})


def _seeds(runs: Sequence[dict[str, Any]]) -> Row:
    """Return the row of how many seeds each run was recorded with."""
    most = [max((metric["n"] for metric in run["metrics"].values()), default=None) for run in runs]
    return Row("n", "training seeds", tuple(NOT_MEASURED if n is None else str(n) for n in most))


def _cells(runs: Sequence[dict[str, Any]], metric: str) -> tuple[str, ...]:
    return tuple(
        run["metrics"][metric]["shown"] if metric in run["metrics"] else NOT_THERE if run["metrics"] else NOT_MEASURED
        for run in runs
    )
