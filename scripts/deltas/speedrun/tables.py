"""What was measured, as text: tables for the terminal, and for README.md of baselines/speedrun/ between its marks."""

import math
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from ..core import files
from ..core.errors import BadInput
from .record import Document

THRESHOLDS = (2.10, 2.05, 2.00)  # nats per character
NEAR = 0.005  # nats: a curve that has come so close to its best has got there; the rest is its noise
LEVEL = 0.01  # a p below it says that the mean is below the goal
NUMBERED = re.compile(r"\d\d-")  # as records name stages that were made before stages were named by their slugs

Curve = Sequence[Sequence[float]]  # (step, seconds, test loss) of every look


def losses(record: Document) -> list[list[str]]:
    """Return a row for every contestant: what it is, what it costs, and the losses that it ends with."""
    rows = [["", "code", "arguments", "steps", "n", "seconds", "ms a step", "µs a token", "test loss", "unseen"]]
    for contestant in record["contestants"]:
        rows.append(
            [
                contestant["name"],
                NUMBERED.sub("", contestant["stage"], count=1),
                " ".join(contestant["arguments"]) or "its defaults",
                f"{contestant['steps']:,}",
                str(len(contestant["seeds"])),
                _spread(contestant["seconds"], 0),
                _spread(contestant["step_ms"], 1),
                _spread(contestant["token_us"], 1),
                _mean(contestant["test_loss"]),
                _mean(contestant["test_loss_unseen"]),
            ]
        )
    return rows


def times(record: Document) -> list[list[str]]:
    """Return a row for every contestant: its seconds to some losses, and how many times faster than the first it is.

    Where the first is upstream, its own best is one of the losses.
    """
    first = record["contestants"][0]
    limits = {f"{limit:.2f}": limit for limit in THRESHOLDS}
    if first["name"] == "upstream":
        lowest = best(first)
        limits |= {f"{lowest + NEAR:.4f}": lowest + NEAR, f"{lowest:.4f}, upstream's best": lowest}
    rows = [["seconds to", *limits]]
    for contestant in record["contestants"]:
        row = [contestant["name"]]
        for limit in limits.values():
            took, base = (median([time_to(curve, limit) for curve in of["curves"]]) for of in (contestant, first))
            ratio = f" ({base / took:.1f}×)" if took and base and contestant is not first else ""
            row.append("never" if took is None else f"{took:.0f}{ratio}")
        rows.append(row)
    return rows


def best(contestant: Document) -> float:
    """Return the lowest test loss of all looks, from any seed: what a choice on the test split would have picked."""
    return min(seen for curve in contestant["curves"] for *_, seen in curve)


def time_to(curve: Curve, loss: float) -> float | None:
    """Return when the curve first is as low as that, in seconds, on the line between two looks; None: it never is.

    >>> time_to([(10, 1.0, 2.5), (20, 2.0, 2.0)], 2.25), time_to([(10, 1.0, 2.5)], 2.5), time_to([(10, 1.0, 2.5)], 2.1)
    (1.5, 1.0, None)
    """
    before = None
    for _, seconds, seen in curve:
        if seen <= loss:
            if before is None:
                return seconds
            share = (before[1] - loss) / (before[1] - seen)
            return before[0] + share * (seconds - before[0])
        before = (seconds, seen)
    return None


def median(values: Sequence[float | None]) -> float | None:
    """Return the median; None means never, and is the median where half of the values are."""
    middle = statistics.median(math.inf if value is None else value for value in values)
    return None if math.isinf(middle) else middle


def verdicts(record: Document) -> list[str]:
    """Return a sentence for every contestant that ran from several seeds: is its mean test loss below the goal?"""
    said = []
    for name, test in record["tests"].items():
        outcome = "is below" if test["p"] < LEVEL else "is not shown to be below"
        said.append(
            f"{name}: over seeds, on this split, the mean test loss {outcome} {record['goal']:.2f} "
            f"(one-sided t-test, n = {test['n']}, t = {test['t']:.2f}, p = {test['p']:.2g})"
        )
    return said


def markdown(record: Document) -> str:
    """Return both tables and the verdicts, with what they were measured on."""
    about = (
        f"`{record['command']}`, {record['recorded']}: torch {record['torch']}, Python {record['python']}, "
        f"{record['cores']} cores of {record['cpu']}, {record['threads']} threads for each in its turn."
    )
    parts = [
        about,
        table(losses(record)),
        table(times(record)),
        "\n".join(f"- {verdict}" for verdict in verdicts(record)),
    ]
    return "\n\n".join(parts) + "\n"


def parts(profiled: Document) -> list[list[str]]:
    """Return a row for every part of a step, the longest first."""
    whole_step = sum(profiled["parts"].values())
    rows = [["part of a step", "ms", "share"]]
    for name, took in sorted(profiled["parts"].items(), key=lambda part: -part[1]):
        rows.append([name, f"{took:.1f}", f"{took / whole_step:.0%}"])
    return [*rows, ["all", f"{whole_step:.1f}", ""]]


def operators(profiled: Document) -> list[list[str]]:
    """Return a row for every operator of torch that was profiled."""
    rows = [["operator (profiled)", "ms a step"]]
    return rows + [[f"`{name}`", f"{took:.1f}"] for name, took in profiled["operators"].items()]


def floor(profiled: Document) -> str:
    """Return how close a step comes to its matrix products alone."""
    whole_step = sum(profiled["parts"].values())
    return (
        f"A batch has {profiled['beginnings']:.0f} beginnings; the matrix products of a step are "
        f"{profiled['flops'] / 1e9:.2f} GFLOP, Muon's included. These shapes alone run at {profiled['rate'] / 1e9:.0f} "
        f"GFLOP/s here on {profiled['threads']} threads: the floor is {profiled['floor']:.1f} ms, a step takes "
        f"{whole_step / profiled['floor']:.1f} times that."
    )


def profile(profiled: Document) -> str:
    """Return the tables of a profile, and its floor."""
    return "\n\n".join([table(parts(profiled)), table(operators(profiled)), floor(profiled)]) + "\n"


def filled(page: str, name: str, text: str) -> str:
    """Return the page with the text between the marks of that name. BadInput where the marks are missing."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marked.search(page):
        raise BadInput(f"the speedrun's README lacks <!-- {name} --> and <!-- /{name} -->", "a place for the tables")
    return marked.sub(lambda m: m[1] + text + m[2], page)


def fill(path: Path, name: str, text: str) -> None:
    """Write the text into a page, whole or not at all."""
    files.write(path, filled(path.read_text(encoding="utf-8"), name, text).encode())


def plain(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with columns, for a terminal."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def _spread(values: Sequence[float], places: int) -> str:
    """Return the median, and the range of several values."""
    middle = f"{statistics.median(values):.{places}f}"
    if len(values) == 1 or math.isclose(min(values), max(values)):
        return middle
    return f"{middle} ({min(values):.{places}f}–{max(values):.{places}f})"


def _mean(values: Sequence[float]) -> str:
    """Return the mean, and the standard deviation of several values."""
    deviation = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.4f}{deviation}"
