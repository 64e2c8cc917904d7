"""What was measured, as text: tables for the terminal, and for README.md of baselines/speedrun/ between its marks."""

import math
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from ..core import columns, files, numbers
from ..core.errors import BadInput
from ..core.numbers import Form
from ..evidence.baseline import summarise
from .record import Document

THRESHOLDS = (2.00, 2.05, 2.10)  # nats per character
NEAR = 0.005  # nats: a curve that has come so close to the reference's best has got there; the rest is noise
LEVEL = 0.01  # a p below it says that the mean is below the goal
NUMBERED = re.compile(r"\d\d-")  # as records name stages that were made before stages were named by their slugs
LOSS = Form(digits=4)  # and of a p
SHARE = Form(unit="%", digits=0)

Curve = Sequence[Sequence[float]]  # (step, seconds, test loss) of every look


def reference(record: Document) -> Document | None:
    """Return the contestant that the others are compared with; None where it did not run."""
    return next((one for one in record["contestants"] if one["name"] == record["reference"]), None)


def losses(record: Document) -> list[list[str]]:
    """Return a row for every contestant: what it is, what it costs, and the losses that it ends with."""
    heads = ["", "stage", "arguments", "steps", "threads", "n", "seconds", "ms a step", "µs a token"]
    rows = [[*heads, "test loss", "unseen"]]
    for contestant in record["contestants"]:
        rows.append(
            [
                contestant["name"],
                NUMBERED.sub("", contestant["stage"], count=1),
                " ".join(contestant["arguments"]) or "its defaults",
                numbers.fixed(contestant["steps"], 0),
                str(contestant["threads"]),
                str(len(contestant["seeds"])),
                _spread(contestant["seconds"], 0),
                _spread(contestant["step_ms"], 1),
                _spread(contestant["token_us"], 1),
                numbers.spread(summarise(contestant["test_loss"]), LOSS),
                numbers.spread(summarise(contestant["test_loss_unseen"]), LOSS),
            ]
        )
    return rows


def limits(record: Document) -> dict[str, float]:
    """Return heading -> loss, of the losses that times are taken to; the one that noise moves least comes first."""
    marks = {numbers.fixed(limit, 2): limit for limit in THRESHOLDS}
    if (first := reference(record)) is None:
        return marks
    lowest = best(first)
    near, low = (numbers.fixed(limit, 4) for limit in (lowest + NEAR, lowest))
    return {near: lowest + NEAR, f"{low}, {first['name']}'s best": lowest, **marks}


def times(record: Document) -> list[list[str]]:
    """Return a row for every contestant: its seconds to some losses, and how much faster than the reference.

    The seconds are the median over the seeds, with their range; the ratio is of the medians.
    """
    first, marks = reference(record), limits(record)
    rows = [["seconds to", *marks]]
    for contestant in record["contestants"]:
        row = [contestant["name"]]
        for limit in marks.values():
            took = seconds_to(contestant, limit)
            ratio = ""
            if first is not None and contestant is not first:
                base, middle = median(seconds_to(first, limit)), median(took)
                ratio = f", {numbers.fixed(base / middle, 1)}×" if base and middle else ""
            row.append(_range(took) + ratio)
        rows.append(row)
    return rows


def lead(record: Document) -> str:
    """Return the result in a sentence: who comes close to the reference's best first; "" where it did not run."""
    first = reference(record)
    if first is None:
        return ""
    limit = best(first) + NEAR
    base = median(seconds_to(first, limit))
    took = {one["name"]: median(seconds_to(one, limit)) for one in record["contestants"]}
    there = {name: seconds for name, seconds in took.items() if seconds is not None}
    name = min(there, key=lambda name: there[name], default=first["name"])
    if base is None or name == first["name"]:
        return ""
    return (
        f"**A test loss of {numbers.fixed(limit, 4)}**, which is {NEAR} above {first['name']}'s best, is reached first "
        f"by {name}, after {numbers.fixed(there[name], 0)} s: {numbers.fixed(base / there[name], 1)} times sooner than "
        f"by {first['name']} ({numbers.fixed(base, 0)} s)."
    )


def fragile(record: Document) -> str:
    """Return what the reference's best hangs on; "" where it did not run."""
    first = reference(record)
    if first is None:
        return ""
    lows = ", ".join(numbers.fixed(lowest(curve), 4) for curve in first["curves"])
    return (
        f"{first['name'].capitalize()}'s best is the median over its seeds of the lowest look of each ({lows}). A "
        "lowest look is a single one of many at the test names, and noise decides which one it is, and when it comes: "
        "the column before it, which asks for a little less, is the one to compare."
    )


def lowest(curve: Curve) -> float:
    """Return the lowest test loss of all looks at a training."""
    return min(seen for *_, seen in curve)


def best(contestant: Document) -> float:
    """Return the median over the seeds of the lowest look: what a choice on the test names would have picked."""
    return statistics.median(map(lowest, contestant["curves"]))


def seconds_to(contestant: Document, loss: float) -> list[float | None]:
    """Return when each training of a contestant comes to the loss; None for one that never does."""
    return [time_to(curve, loss) for curve in contestant["curves"]]


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
    """Return a sentence for every contestant with a goal and several seeds: is its mean test loss below the goal?"""
    said = []
    for name, test in record["tests"].items():
        t, p = numbers.fixed(test["t"], 2), numbers.value(test["p"], LOSS)
        outcome = "is below" if test["p"] < LEVEL else "is not shown to be below"
        said.append(
            f"{name}: over seeds, on this split, the mean test loss {outcome} {numbers.fixed(test['goal'], 2)} "
            f"(one-sided t-test, n = {test['n']}, t = {t}, p = {p})"
        )
    return said


def text(record: Document) -> list[str]:
    """Return the record as lines for a terminal."""
    sentences = [sentence for sentence in (lead(record).replace("**", ""), fragile(record)) if sentence]
    return [*columns.plain(times(record)), "", *sentences, "", *columns.plain(losses(record)), "", *verdicts(record)]


def markdown(record: Document) -> str:
    """Return the result, both tables and the verdicts, with what they were measured on."""
    about = (
        f"`{record['command']}`, {record['recorded']}: torch {record['torch']}, Python {record['python']}, "
        f"{record['cores']} cores of {record['cpu']}."
    )
    parts = [
        lead(record),
        columns.markdown(times(record)),
        "Seconds are the median over the seeds, in parentheses their range; behind it, how many times faster that is "
        f"than the reference. {fragile(record)}",
        columns.markdown(losses(record)),
        "± is the standard deviation over the seeds.",
        "\n".join(f"- {verdict}" for verdict in verdicts(record)),
        about,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def parts(profiled: Document) -> list[list[str]]:
    """Return a row for every part of a step, the longest first."""
    whole_step = sum(profiled["parts"].values())
    rows = [["part of a step", "ms", "share"]]
    for name, took in sorted(profiled["parts"].items(), key=lambda part: -part[1]):
        rows.append([name, numbers.fixed(took, 1), numbers.value(took / whole_step, SHARE)])
    return [*rows, ["all", numbers.fixed(whole_step, 1), ""]]


def operators(profiled: Document) -> list[list[str]]:
    """Return a row for every operator of torch that was profiled."""
    rows = [["operator (profiled)", "ms a step"]]
    return rows + [[f"`{name}`", numbers.fixed(took, 1)] for name, took in profiled["operators"].items()]


def floor(profiled: Document) -> str:
    """Return how close a step comes to its matrix products alone."""
    whole_step = sum(profiled["parts"].values())
    return (
        f"A batch has {numbers.fixed(profiled['beginnings'], 0)} beginnings; the matrix products of a step are "
        f"{numbers.fixed(profiled['flops'] / 1e9, 2)} GFLOP, Muon's included. These shapes alone run at "
        f"{numbers.fixed(profiled['rate'] / 1e9, 0)} GFLOP/s here on {profiled['threads']} threads: the floor is "
        f"{numbers.fixed(profiled['floor'], 1)} ms, a step takes "
        f"{numbers.fixed(whole_step / profiled['floor'], 1)} times that."
    )


def profile_text(profiled: Document) -> list[str]:
    """Return a profile as lines for a terminal."""
    return [*columns.plain(parts(profiled)), "", *columns.plain(operators(profiled)), "", floor(profiled)]


def profile(profiled: Document) -> str:
    """Return the tables of a profile, and its floor."""
    return (
        "\n\n".join([columns.markdown(parts(profiled)), columns.markdown(operators(profiled)), floor(profiled)]) + "\n"
    )


def filled(page: str, name: str, text: str) -> str:
    """Return the page with the text between the marks of that name. BadInput where the marks are missing."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marked.search(page):
        raise BadInput(f"the speedrun's README lacks <!-- {name} --> and <!-- /{name} -->", "a place for the tables")
    return marked.sub(lambda m: m[1] + text + m[2], page)


def fill(path: Path, name: str, text: str) -> None:
    """Write the text into a page, whole or not at all."""
    files.write(path, filled(path.read_text(encoding="utf-8"), name, text).encode())


def _spread(values: Sequence[float], places: int) -> str:
    """Return the median, and the range of several values."""
    middle = numbers.fixed(statistics.median(values), places)
    if len(values) == 1 or math.isclose(min(values), max(values)):
        return middle
    return f"{middle} ({numbers.fixed(min(values), places)}–{numbers.fixed(max(values), places)})"


def _range(took: Sequence[float | None]) -> str:
    """Return the median of some seconds, and their range; "never" stands for None."""
    middle, ends = median(took), sorted(math.inf if value is None else value for value in took)
    words = ["never" if math.isinf(end) else numbers.fixed(end, 0) for end in (ends[0], ends[-1])]
    shown = "never" if middle is None else numbers.fixed(middle, 0)
    return shown if len(took) == 1 or words == ["never", "never"] else f"{shown} ({'–'.join(words)})"
