"""The figures of a baseline: figures.json says what they show, and the SVG files beside it are drawn."""

from pathlib import Path
from typing import Any

from msgspec import to_builtins

from ..core import jsonfile, numbers
from ..core.errors import BadInput
from ..figures import drawn
from . import svg
from .excerpt import fingerprint

TEXTS = ("name", "title", "caption", "description")


def figures(folder: Path, stage: str) -> list[dict[str, Any]]:
    """Return every figure as a document, in the file's order; none where nothing was drawn. BadInput says where."""
    listing = drawn.read(folder)
    return (
        [figure(jsonfile.plain(to_builtins(drawing)), folder, stage) for drawing in listing.figures] if listing else []
    )


def figure(drawing: dict[str, Any], folder: Path, stage: str) -> dict[str, Any]:
    """Return one figure as a document: what was said of it, and its two drawings as one."""
    figure = {key: drawing[key] for key in (*TEXTS, "columns", "rows")}
    light, dark = folder / f"{figure['name']}.svg", folder / f"{figure['name']}.dark.svg"
    if not light.exists() and dark.exists():
        raise BadInput(f"{light} is not there, {dark.name} is", "both palettes")
    figure["svg"] = None
    if light.exists():
        figure["svg"] = svg.merged(
            light, dark, f"f{stage[:2]}-{figure['name']}", figure["title"], figure["description"]
        )
    shown = [figure[text] for text in TEXTS]
    figure["hash"] = fingerprint(*shown, repr(figure["columns"]), repr(figure["rows"]), figure["svg"] or "")
    return figure


def cell(value: str | int | float | None) -> str:
    """Return a value as the table under a figure shows it.

    >>> cell(0.123456), cell(12), cell(204544), cell(None), cell(2.0), cell(1e-7), cell("Infinity")
    ('0.1235', '12', '204544', '–', '2', '1e-07', '∞')
    """
    if value is None:
        return "–"
    if value in ("Infinity", "-Infinity", "NaN"):
        value = float(value)
    return numbers.significant(value, 4) if isinstance(value, float) else str(value)
