"""Measured numbers as tables of words: a row for each run, a column for each metric.

A metric that is a table itself (`domain_loss.names`, `domain_loss.sums`) gets a table of its own: a column for each
cell. Where the runs have different cells, most places of it would be empty; then the cells of each run are listed, one
below the other, and all metrics that have such cells share the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .document import NOT_MEASURED

DOES_NOT_APPLY = "–"  # the run was measured, and such a run has no such number
Stage = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """name: the metric or the cell. says: in plain words, with its unit."""

    name: str
    says: str


@dataclass(frozen=True)
class Row:
    """cells: a text for each column."""

    run: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """name: the metric; "" for a table of several. says: what it is.

    by: what its columns are, or its rows where it is a list (listed); "" where nobody said.
    """

    name: str
    says: str
    by: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    listed: bool = False

    @property
    def has_gaps(self) -> bool:
        """Whether some number does not apply to some run."""
        return any(DOES_NOT_APPLY in row.cells for row in self.rows)


def tables(stage: Stage) -> list[Table]:
    """Return the table of all plain numbers, then those of the metrics that are tables."""
    runs = stage["runs"]
    metrics = list(dict.fromkeys(metric for run in runs for metric in run["metrics"]))
    plain = [metric for metric in metrics if "." not in metric]
    columns = (Column("n", "training seeds"), *(Column(metric, says(stage, metric)) for metric in plain))
    rows = tuple(Row(run["run"], (_seeds(run), *_cells(run, plain))) for run in runs)
    made = [Table("", "", "metric", columns, rows)]
    lists: dict[str, list[str]] = {}  # what the cells are -> the metrics
    for table in dict.fromkeys(metric.partition(".")[0] for metric in metrics if "." in metric):
        inside = [metric for metric in metrics if metric.startswith(f"{table}.")]
        by = _about(stage, table).get("table", "")
        if _sparse(runs, inside):
            lists.setdefault(by, []).append(table)
            continue
        columns = tuple(Column(metric.partition(".")[2], "") for metric in inside)
        rows = tuple(Row(run["run"], _cells(run, inside)) for run in runs)
        made.append(Table(table, says(stage, table), by, columns, rows))
    return made + [_list(stage, by, tables) for by, tables in lists.items()]


def _sparse(runs: Sequence[dict[str, Any]], metrics: Sequence[str]) -> bool:
    """Return whether most places of a table of these runs and metrics would be empty."""
    measured = [run for run in runs if run["metrics"]]
    return 2 * sum(metric in run["metrics"] for run in measured for metric in metrics) < len(measured) * len(metrics)


def _list(stage: Stage, by: str, tables: Sequence[str]) -> Table:
    """Return a row for each cell of each run, in the order of their numbers where they are numbers."""
    rows = []
    for run in stage["runs"]:
        cells = {metric.partition(".")[2] for metric in run["metrics"] if metric.partition(".")[0] in tables}
        for cell in sorted(cells, key=lambda cell: (not cell.isdigit(), int(cell) if cell.isdigit() else 0, cell)):
            rows.append(Row(run["run"], (cell, *_cells(run, [f"{table}.{cell}" for table in tables]))))
    columns = (Column(by or "cell", ""), *(Column(table, says(stage, table)) for table in tables))
    return Table("", "", by, columns, tuple(rows), listed=True)


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
    shown = number["shown"] if number else DOES_NOT_APPLY if run["metrics"] else NOT_MEASURED
    n = str(number["n"]) if number else DOES_NOT_APPLY
    return {"run": run["run"], "metric": metric or "", "n": n, "shown": shown}


def _about(stage: Stage, metric: str) -> dict[str, str]:
    return stage["metrics"].get(metric.partition(".")[0], {})


def _seeds(run: dict[str, Any]) -> str:
    """Return with how many seeds a run was recorded."""
    most = max((metric["n"] for metric in run["metrics"].values()), default=None)
    return NOT_MEASURED if most is None else str(most)


def _cells(run: dict[str, Any], metrics: Sequence[str]) -> tuple[str, ...]:
    """Return the numbers of a run; a run that was never trained is told from one to which a number does not apply."""
    missing = DOES_NOT_APPLY if run["metrics"] else NOT_MEASURED
    return tuple(run["metrics"][metric]["shown"] if metric in run["metrics"] else missing for metric in metrics)
