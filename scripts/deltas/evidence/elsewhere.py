"""Models on two lists of words: their losses, how they differ, and whether an order seen on one holds on both."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core import jsonfile, numbers
from ..core.machine import describe
from ..core.numbers import Form
from ..runs.elsewhere import NAMES, WORDS, Settings
from ..runs.execute import Result
from ..runs.wordlist import PACKAGE, Words
from . import students_t
from .baseline import summarise

Document = dict[str, Any]
LOSSES = ("test_loss", "test_loss_unseen", "train_loss")
LEVEL = 0.95  # of an interval
LOSS = Form(digits=4)
DIGITS = 3  # of a difference


def document(settings: Settings, words: Words, results: dict[tuple[str, str], list[Result]]) -> Document:
    """Return the record. results: by model and list, in the order of the seeds."""
    models = []
    for model in settings.model:
        row: Document = {"name": model.name, "stage": model.stage, "arguments": list(model.args)}
        row |= {"control": model.control, "code_id": results[model.name, NAMES][0].plan.code_id}
        for which in (NAMES, WORDS):
            runs = results[model.name, which]
            row[which] = {loss: [run.metrics[loss] for run in runs] for loss in LOSSES}
        models.append(row)
    return {
        "package": PACKAGE,
        "version": words.version,
        "says": settings.says,
        "count": len(words.words),
        "words_id": words.id,
        "steps": settings.steps,
        "seeds": list(settings.seeds),
        "split": settings.split,
        **describe(),
        "models": models,
        "compared": [
            {"left": left, "right": right}
            | {
                which: interval(*(_items([run.folder for run in results[name, which]]) for name in (left, right)))
                for which in (NAMES, WORDS)
            }
            for left, right in settings.compare
        ],
    }


Losses = tuple[Sequence[Sequence[float]], Sequence[float]]  # nats of every word, for every seed; and its tokens


def _items(folders: Sequence[Path]) -> Losses:
    documents = [jsonfile.read(folder / "items.json") for folder in folders]
    return [one["values"]["test_loss"] for one in documents], documents[0]["weights"]


def interval(left: Losses, right: Losses) -> dict[str, float]:
    """Return how much lower or higher left's mean loss is than right's, and an interval that holds it at LEVEL.

    Test words and seeds are samples, both: the half width is √(v_seeds t²(n - 1) + v_words t²(m - 1)) as in
    significance.py. A model with one run counts as equal for all seeds.
    """
    (one, weights), (other, same) = left, right
    if list(weights) != list(same):
        raise ValueError("two models were tested on other words")
    seeds = max(len(one), len(other))
    pairs = list(zip(_for(one, seeds), _for(other, seeds), strict=True))
    total = math.fsum(weights)
    by_seed = [(math.fsum(mine) - math.fsum(its)) / total for mine, its in pairs]
    difference = statistics.fmean(by_seed)
    apart = [[a - b for a, b in zip(*pair, strict=True)] for pair in pairs]
    by_word = [statistics.fmean(values) for values in zip(*apart, strict=True)]
    influences = [(value - difference * weight) / total for value, weight in zip(by_word, weights, strict=True)]
    count = len(influences)
    variances = [(count / (count - 1) * math.fsum(e * e for e in influences), count - 1)]
    if seeds > 1:
        variances.append((statistics.variance(by_seed) / seeds, seeds - 1))
    half = math.sqrt(sum(v * students_t.quantile(freedom, 0.5 + LEVEL / 2) ** 2 for v, freedom in variances))
    return {"difference": difference, "low": difference - half, "high": difference + half}


def _for(runs: Sequence[Sequence[float]], seeds: int) -> list[Sequence[float]]:
    return [*runs] if len(runs) == seeds else [*runs] * seeds


def rows(document: Document) -> list[list[str]]:
    """Return a row for every model: its test loss on either list, and on the test names that are not in train.

    In the second list no word stands twice: all of its test words are unseen.
    """
    shown = [["model", "code", "test loss on names", "on unseen names", f"on {document['says']}"]]
    for model in document["models"]:
        cells = [
            _spread(model[which][loss])
            for which, loss in ((NAMES, "test_loss"), (NAMES, "test_loss_unseen"), (WORDS, "test_loss"))
        ]
        shown.append([model["name"], model["control"] or model["stage"], *cells])
    return shown


def _spread(values: Sequence[float | None]) -> str:
    """Return mean and standard deviation over the seeds; "–" where there is no such word."""
    there = [value for value in values if value is not None]
    return numbers.spread(summarise(there), LOSS) if there else "–"


def sentences(document: Document) -> list[str]:
    """Return what each comparison shows: on names, on the other words, and on both together."""
    said = []
    for pair in document["compared"]:
        on = {NAMES: "names", WORDS: f"the {document['says']}"}
        parts = [f"on {on[which]} {_shown(pair[which])}" for which in (NAMES, WORDS)]
        text = f"The test loss of {pair['left']} is, against that of {pair['right']}, {parts[0]}, and {parts[1]}."
        said.append(f"{text} {_together(_side(pair[NAMES]), _side(pair[WORDS]), on)}")
    return said


def _side(found: dict[str, float]) -> int:
    """Return -1 where the difference is shown to be below zero, 1 where above, and 0 where neither is."""
    return -1 if found["high"] < 0 else 1 if found["low"] > 0 else 0


def _shown(found: dict[str, float]) -> str:
    difference, low, high = (numbers.fixed(found[name], DIGITS) for name in ("difference", "low", "high"))
    words = {-1: "lower", 1: "higher", 0: "not shown to be lower or higher"}[_side(found)]
    return f"{words} ({difference}, 95 % interval {low} to {high})"


def _together(names: int, words: int, on: dict[str, str]) -> str:
    if names and names == words:
        return "**It holds on both lists.**"
    if names and words:
        return "**The order turns.**"
    if names or words:
        return f"**It is shown on {on[NAMES] if names else on[WORDS]} alone.**"
    return "**It is shown on neither list.**"
