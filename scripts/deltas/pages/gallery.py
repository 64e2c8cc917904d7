"""The figures of a baseline: figures.json says what they show, and the SVG files beside it are drawn."""

import math
import re
from pathlib import Path
from typing import Any

from ..core import jsonfile
from ..core.errors import BadInput
from . import svg
from .excerpt import fingerprint

TEXTS = ("name", "title", "caption", "description")


def figures(folder: Path, stage: str) -> list[dict[str, Any]]:
    """Return each figure as a document, in the file's order; none where nothing was drawn. BadInput names the place."""
    path = folder / "figures.json"
    try:
        table = jsonfile.read(path)
    except FileNotFoundError:
        return []
    if not isinstance(table, list):
        raise BadInput(f"{path}: not a list", "a list of figures")
    documents: list[dict[str, Any]] = []
    for i, row in enumerate(table, 1):
        figure = _figure(row, f"{path}: figure {i}")
        if figure["name"] in (earlier["name"] for earlier in documents):
            raise BadInput(f"{path}: figure {i}: the name {figure['name']!r} is taken", "each name once")
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
        documents.append(figure)
    return documents


def _figure(table: Any, place: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise BadInput(f"{place} is not an object", "name, title, caption, description, columns, rows")
    for key in TEXTS:
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise BadInput(f"{place}: {key} is {table.get(key)!r}", "a text")
    if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", table["name"]):
        raise BadInput(f"{place}: the name is {table['name']!r}", "small letters, digits and dashes: it names a file")
    columns, rows = table.get("columns"), table.get("rows")
    if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
        raise BadInput(f"{place} ({table['name']}): columns is not a list of texts", '"columns": ["step", "loss"]')
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        raise BadInput(f"{place} ({table['name']}): rows are not lists of {len(columns)}", "a value for every column")
    for row in rows:
        for value in row:
            if not (value is None or isinstance(value, str | int | float)) or value != value:
                raise BadInput(f"{place} ({table['name']}): {value!r} is no value of a table", "a number or a text")
    return {**{key: table[key] for key in TEXTS}, "columns": columns, "rows": rows}


def cell(value: str | int | float | None) -> str:
    """Return a value as the table under a figure shows it.

    >>> cell(0.123456), cell(12), cell(204544), cell(None), cell(2.0), cell(1e-7), cell("Infinity")
    ('0.1235', '12', '204544', '–', '2', '1e-07', '∞')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return {"Infinity": "∞", "-Infinity": "-∞"}.get(value, value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return str(value)
