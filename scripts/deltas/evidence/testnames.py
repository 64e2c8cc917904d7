"""What a run lost on each single test name: needed to compare runs name by name.

A thousand test names are a sample, too. Their losses differ far more than those of two models on one name do, so models
are compared on the same names, and the error of the difference is that of the differences by name.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import jsonfile
from ..core.errors import BadInput

DIGITS = 4  # of the nats by name: they only serve the standard error, which has two good digits


@dataclass(frozen=True)
class Split:
    """A test split without its names: how many tokens each has (its end included), and whether it is also in train."""

    tokens: tuple[int, ...]
    seen: tuple[bool, ...]


@dataclass(frozen=True)
class ByName:
    """One run. split: the id of its Split. nats: of each name, the mean over the seeds."""

    split: str
    nats: tuple[float, ...]


def collect(folders: Sequence[Path]) -> tuple[Split, ByName] | None:
    """From names.json of every seed's folder. None where a seed has none, or the seeds were tested on different names.

    BadInput where a names.json is not what child.py writes.
    """
    rows = [_rows(folder / "names.json") for folder in folders]
    if not rows or None in rows or any(_facts(each) != _facts(rows[0]) for each in rows):
        return None
    facts = _facts(rows[0])
    split = Split(tuple(tokens for _, tokens, _ in facts), tuple(seen for _, _, seen in facts))
    losses = zip(*([nats for _, nats, _, _ in each] for each in rows), strict=True)
    nats = tuple(round(math.fsum(each) / len(each), DIGITS) for each in losses)
    text = "".join(f"{name}\t{tokens}\t{seen:d}\n" for name, tokens, seen in facts)
    return split, ByName(hashlib.sha256(text.encode()).hexdigest()[:16], nats)


def _facts(rows: list[tuple[str, float, int, bool]]) -> list[tuple[str, int, bool]]:
    return [(name, tokens, seen) for name, _, tokens, seen in rows]


def _rows(path: Path) -> list[tuple[str, float, int, bool]] | None:
    try:
        return [(str(name), _nats(nats), int(tokens), bool(seen)) for name, nats, tokens, seen in jsonfile.read(path)]
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}", "[[name, nats, tokens, also in train], …]") from error


def _nats(value: Any) -> float:
    nats = jsonfile.number(value)
    if nats is None or math.isnan(nats):
        raise ValueError(f"{value!r} is not a loss")
    return float(nats)


def plain_split(split: Split) -> dict[str, list[int]]:
    """As baseline.json holds it: seen as 0 and 1."""
    return {"tokens": list(split.tokens), "seen": [int(each) for each in split.seen]}


def read_split(table: Any) -> Split:
    """The same again. ValueError says what is wrong."""
    if not isinstance(table, dict) or set(table) != {"tokens", "seen"}:
        raise ValueError("not an object of tokens and seen")
    tokens, seen = table["tokens"], table["seen"]
    if not isinstance(tokens, list) or not all(type(each) is int and each > 0 for each in tokens):
        raise ValueError("tokens is not a list of counts")
    if not isinstance(seen, list) or not all(type(each) is int and each in (0, 1) for each in seen):
        raise ValueError("seen is not a list of 0 and 1")
    if len(seen) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens, but {len(seen)} seen")
    return Split(tuple(tokens), tuple(map(bool, seen)))


def read_by_name(table: Any, splits: dict[str, Split], test_loss: float | None) -> ByName:
    """A run's again. test_loss: the run's, which these have to add up to. ValueError says what is wrong."""
    if not isinstance(table, dict) or set(table) != {"split", "nats"}:
        raise ValueError("not an object of split and nats")
    if not isinstance(table["split"], str) or table["split"] not in splits:
        raise ValueError(f"there is no split {table['split']!r}")
    split = splits[table["split"]]
    if not isinstance(table["nats"], list) or len(table["nats"]) != len(split.tokens):
        raise ValueError(f"nats is not a list of {len(split.tokens)} losses")
    nats = tuple(map(_nats, table["nats"]))
    total = math.fsum(nats) / sum(split.tokens) if nats else None
    if total is not None and test_loss is not None and total != test_loss and abs(total - test_loss) > 10.0**-DIGITS:
        raise ValueError(f"the nats add up to {total:.4f} per character, but test_loss is {test_loss:.4f}")
    return ByName(table["split"], nats)
