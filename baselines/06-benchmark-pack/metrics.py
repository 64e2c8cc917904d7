"""Beside the model's answers: its loss by label, what the two simplest answers come to, and which lines these are.

Who gives the commonest answer of the training lines to every question is right as often as `commonest` says. Kneser-Ney
counts of the training lines write the likeliest character after the likeliest character, and are right as often as
`counted` says.
"""

import collections
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deltas.child import kneser_ney, labelled

FILE = "simplest.json"
ASKED = 100  # prompts of a label that the counts answer: they need a millisecond for a character

Example = tuple[str, str, Any]  # prompt, answer, label


def keep(left: Mapping[str, Any], folder: Path) -> None:
    """Write `checksum`, and the tables `label_loss`, `commonest` and `counted`, a cell for each label.

    Nothing without --task.
    """
    if not left["args"].task:
        return
    train, test = left["train_dataset"], left["test_dataset"]
    counts = kneser_ney.fitted(train.chars, train.words)
    tables = {
        "checksum": checksum(left["tasks"].make(left["args"].task, left["args"].lines)),
        "label_loss": labelled.losses(left["model"], test, left["args"].device),
        "commonest": commonest(train.examples, test.examples),
        "counted": shares((e, written(counts, e[0], test.max_word_length) == e[1]) for e in first(test.examples)),
    }
    (folder / FILE).write_text(json.dumps(tables), encoding="utf-8")


def measure(folder: Path) -> dict[str, Any]:
    """Return the number and the tables that `keep` wrote."""
    path = folder / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def checksum(examples: Iterable[Example]) -> int:
    """Return the CRC-32 of the lines as tasks.py prints them: a machine that makes other lines is found out."""
    return zlib.crc32("".join(f"{prompt}{answer}\n" for prompt, answer, _ in examples).encode())


def commonest(train: Iterable[Example], test: Iterable[Example]) -> dict[str, float]:
    """Return how often, by label, the answer is the one that is the commonest of all in training.

    >>> commonest([("1+1=", "2", 0), ("0+2=", "2", 0), ("1+2=", "3", 1)], [("2+0=", "2", 0), ("2+1=", "3", 1)])
    {'0': 1.0, '1': 0.0}
    """
    answers = collections.Counter(answer for prompt, answer, _ in train if prompt)
    guess = max(answers, key=lambda answer: (answers[answer], answer))
    return shares((example, example[1] == guess) for example in test if example[0])


def shares(hits: Iterable[tuple[Example, bool]]) -> dict[str, float]:
    """Return the share of hits by label."""
    by_label: dict[str, list[bool]] = collections.defaultdict(list)
    for (_, _, label), hit in hits:
        by_label[str(label)].append(hit)
    return {label: sum(row) / len(row) for label, row in sorted(by_label.items())}


def first(examples: Sequence[Example]) -> list[Example]:
    """Return the first ASKED questions of every label."""
    asked: collections.Counter[Any] = collections.Counter()
    chosen = []
    for example in examples:
        asked[example[2]] += bool(example[0])
        if example[0] and asked[example[2]] <= ASKED:
            chosen.append(example)
    return chosen


def written(counts: kneser_ney.KneserNey, prompt: str, longest: int) -> str:
    """Return the answer that the counts write: the likeliest character, again and again, until it is the end."""
    line = prompt
    while len(line) < longest:
        symbol = int(counts.following(line).argmax())
        if symbol == 0:
            break
        line += counts.chars[symbol - 1]
    return line[len(prompt) :]
