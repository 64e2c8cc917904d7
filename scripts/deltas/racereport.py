"""A race's record as text: tables for the terminal, and for baselines/speedrun/README.md between its marks."""

import math
import re
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import whole
from .baseline import summarise
from .errors import BadInput
from .race import median

Record = dict[str, Any]


def losses(record: Record) -> list[list[str]]:
    """A row a contestant: what it is, what it costs, what it ends at."""
    rows = [["", "code", "arguments", "steps", "n", "seconds", "ms a step", "µs a token", "test loss", "unseen"]]
    for each in record["contestants"]:
        rows.append(
            [
                each["name"],
                each["stage"],
                " ".join(each["arguments"]) or "its defaults",
                f"{each['steps']:,}",
                str(len(each["seeds"])),
                _spread(each["seconds"], 0),
                _spread(each["step_ms"], 1),
                _spread(each["token_us"], 1),
                _mean(each["test_loss"]),
                _mean(each["test_loss_unseen"]),
            ]
        )
    return rows


def times(record: Record) -> list[list[str]]:
    """A row a contestant: seconds to each loss, and how many times faster than upstream."""
    limits = [f"{each:.2f}" for each in record["thresholds"]]
    rows = [["seconds to", *limits]]
    first = record["contestants"][0]
    for each in record["contestants"]:
        row = [each["name"]]
        for mine, theirs in zip(each["time_to"], first["time_to"], strict=True):
            took, base = median(mine), median(theirs)
            ratio = f" ({base / took:.1f}×)" if took and base and each is not first else ""
            row.append("never" if took is None else f"{took:.0f}{ratio}")
        rows.append(row)
    if first["name"] == "upstream":
        rows[0][-1] = f"{record['thresholds'][-1]:.4f}, upstream's best"
    return rows


def verdicts(record: Record) -> list[str]:
    """The goal's test, a sentence a contestant that ran from several seeds."""
    said = []
    for name, test in record["tests"].items():
        outcome = "is below" if test["p"] < 0.01 else "is not shown to be below"
        said.append(
            f"{name}: the mean test loss {outcome} {record['goal']:.2f} "
            f"(one-sided t-test, n = {test['n']}, t = {test['t']:.2f}, p = {test['p']:.2g})"
        )
    return said


def markdown(record: Record) -> str:
    """Both tables and the verdicts."""
    about = (
        f"`{record['command']}`, {record['recorded']}: torch {record['torch']}, Python {record['python']}, "
        f"{record['cores']} cores of {record['cpu']}, {record['threads']} threads for each in its turn."
    )
    parts = [about, table(losses(record)), table(times(record)), "\n".join(f"- {each}" for each in verdicts(record))]
    return "\n\n".join(parts) + "\n"


def fill(path: Path, name: str, text: str) -> None:
    """Writes it between the marks of a README. BadInput where they are missing."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    page = path.read_text(encoding="utf-8")
    if not marked.search(page):
        raise BadInput(f"{path} lacks the lines <!-- {name} --> and <!-- /{name} -->", "a place for the tables")
    whole.write(path, marked.sub(lambda m: m[1] + text + m[2], page).encode())


def plain(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns for a terminal."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns for Markdown."""
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def _spread(values: Sequence[float], places: int) -> str:
    """Median, and the range of several."""
    middle = f"{statistics.median(values):.{places}f}"
    if len(values) == 1 or math.isclose(min(values), max(values)):
        return middle
    return f"{middle} ({min(values):.{places}f}–{max(values):.{places}f})"


def _mean(values: Sequence[float]) -> str:
    found = summarise(values)
    return f"{found.mean:.4f}" + ("" if found.sd is None else f" ± {found.sd:.4f}")
