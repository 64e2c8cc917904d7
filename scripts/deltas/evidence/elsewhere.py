"""Models on two lists of words: their losses, how they differ, and whether an order seen on one holds on both."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..core import jsonfile, numbers
from ..core.machine import describe
from ..core.numbers import Form
from ..runs.elsewhere import NAMES, WORDS, Settings
from ..runs.execute import Result
from ..runs.wordlist import PACKAGE, Words
from . import paired, significance
from .baseline import summarise
from .paired import Sample

Document = dict[str, Any]
LOSSES = ("test_loss", "test_loss_unseen", "train_loss")
LOSS = Form(digits=4)
DIGITS = 3  # of a difference


def document(settings: Settings, words: Words, results: dict[tuple[str, str], list[Result]]) -> Document:
    """Return the record. results: by model and list, in the order of the seeds."""
    models = []
    for model in settings.model:
        row: Document = {"name": model.name, "stage": model.stage, "control": model.control}
        row |= {"code_id": results[model.name, NAMES][0].plan.code_id}
        for which in (NAMES, WORDS):
            runs = results[model.name, which]
            row[which] = {loss: [run.metrics[loss] for run in runs] for loss in LOSSES}
        models.append(row)
    return {
        "package": PACKAGE,
        "version": words.version,
        "words_id": words.id,
        "settings": msgspec.to_builtins(settings),
        **describe(),
        "models": models,
        "compared": [
            {"left": left, "right": right}
            | {
                which: compare(*(_items([run.folder for run in results[name, which]]) for name in (left, right)))
                for which in (NAMES, WORDS)
            }
            for left, right in settings.compare
        ],
    }


Losses = tuple[Sequence[Sequence[float]], Sequence[float]]  # nats of every word, for every seed; and its tokens


def _items(folders: Sequence[Path]) -> Losses:
    documents = [jsonfile.read(folder / "items.json") for folder in folders]
    return [one["values"]["test_loss"] for one in documents], documents[0]["weights"]


def compare(left: Losses, right: Losses) -> dict[str, float]:
    """Return how much lower or higher left's mean loss is than right's, and the interval that significance.py gives it.

    Test words and seeds are both samples. A model with one run counts as equal for all seeds.
    """
    if list(left[1]) != list(right[1]):
        raise ValueError("two models were tested on other words")
    finding = significance.less(_sample(left), _sample(right), (1 - significance.CONFIDENCE) / 2)
    return {"difference": finding.difference.mean, "low": finding.low, "high": finding.high}


def _sample(losses: Losses) -> Sample:
    runs, tokens = losses
    by_word = [statistics.fmean(nats) for nats in zip(*runs, strict=True)]
    return Sample(
        values=tuple(math.fsum(nats) / math.fsum(tokens) for nats in runs),
        influences=paired.influences(by_word, tokens, [1] * len(tokens)),
        items="words",
        unit="word",
        constant=len(runs) == 1,
        marked=len(tokens),
    )


def rows(document: Document) -> list[list[str]]:
    """Return a row for every model: its test loss on either list, and on the test names that are not in train.

    In the second list no word stands twice: all of its test words are unseen.
    """
    shown = [["model", "code", "test loss on names", "on unseen names", f"on {document['settings']['says']}"]]
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
        on = {NAMES: "names", WORDS: f"the {document['settings']['says']}"}
        parts = [f"on {on[which]} {_shown(pair[which])}" for which in (NAMES, WORDS)]
        text = f"The test loss of {pair['left']} is, against that of {pair['right']}, {parts[0]}, and {parts[1]}."
        said.append(f"{text} {_together(_side(pair[NAMES]), _side(pair[WORDS]), on)}")
    return said


def _side(interval: dict[str, float]) -> int:
    """Return -1 where the difference is shown to be below zero, 1 where above, and 0 where neither is."""
    return -1 if interval["high"] < 0 else 1 if interval["low"] > 0 else 0


def _shown(interval: dict[str, float]) -> str:
    difference, low, high = (numbers.fixed(interval[name], DIGITS) for name in ("difference", "low", "high"))
    words = {-1: "lower", 1: "higher", 0: "not shown to be lower or higher"}[_side(interval)]
    return f"{words} ({difference}, 95 % interval {low} to {high})"


def _together(names: int, words: int, on: dict[str, str]) -> str:
    if names and names == words:
        return "**It holds on both lists.**"
    if names and words:
        return "**The order turns.**"
    if names or words:
        return f"**It is shown on {on[NAMES] if names else on[WORDS]} alone.**"
    return "**It is shown on neither list.**"
