"""One JSON document in one file: there whole, or not at all; and valid JSON where a figure is infinite."""

import io
import json
import math
import os
import re
from pathlib import Path
from typing import Any

from .errors import BadInput

FIGURE = r'(?:-?\d[\d.eE+-]*|"-?Infinity")'
FIGURES = re.compile(rf"\[\n\s*({FIGURE}(?:,\n\s*{FIGURE})*)\n\s*\]")  # no string holds a newline


def plain(value: Any) -> Any:
    """The value with non-finite floats written as "Infinity", "-Infinity", "NaN": JSON has no words for them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def number(value: Any) -> float | int | None:
    """A figure as `plain` wrote it. ValueError for anything else, so that no text passes for a measurement."""
    if value in ("Infinity", "-Infinity", "NaN"):
        return float(value)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise ValueError(f"{value!r} is not a number")


def write(path: Path, value: Any, indent: int | None = 2) -> None:
    """Writes beside the file and renames over it: a reader, or a full disk, never sees half of it. OSError.

    A list of figures goes on one line, whatever the indent.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            text = io.StringIO()
            json.dump(plain(value), text, indent=indent, ensure_ascii=False, allow_nan=False)
            file.write(FIGURES.sub(lambda found: "[" + re.sub(r",\n\s*", ", ", found[1]) + "]", text.getvalue()))
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path) -> Any:
    """The document. BadInput with file, line and column where it is not JSON; FileNotFoundError where it is not."""

    def unknown(word: str) -> None:
        raise BadInput(f"{path}: {word} is not JSON", 'infinity as the string "Infinity"')

    try:
        return json.loads(path.read_bytes(), parse_constant=unknown)
    except json.JSONDecodeError as error:
        raise BadInput(f"{path}:{error.lineno}:{error.colno}: {error.msg}", "a JSON document") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}", "a JSON document") from error
