"""The files of a run, as text. What stands in them, results.py says; how it is written, is no part of `measured_by`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import jsonfile


def samples(folder: Path, names: Sequence[str]) -> None:
    """Write samples.txt, one name a line."""
    (folder / "samples.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def items(folder: Path, document: Mapping[str, Any]) -> None:
    """Write items.json."""
    jsonfile.write(folder / "items.json", document, indent=None)


def metrics(folder: Path, numbers: Mapping[str, float | int | None]) -> None:
    """Write metrics.json."""
    jsonfile.write(folder / "metrics.json", numbers)
