"""One JSON document in one file, written whole or not at all, and valid JSON where a number is infinite."""

import json
import math
import re
from pathlib import Path
from typing import Any

from . import files
from .errors import BadInput

NUMBER = r'(?:-?\d[\d.eE+-]*|"-?Infinity")'
NUMBERS = re.compile(rf"\[\n\s*({NUMBER}(?:,\n\s*{NUMBER})*)\n\s*\]")  # no string holds a newline


def plain(value: Any) -> Any:
    """Return the value with non-finite floats as "Infinity", "-Infinity", "NaN", for which JSON has no words."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def number(value: Any) -> float | int | None:
    """Return a number as `plain` wrote it. ValueError for anything else, so that no text passes for a measurement."""
    if value in ("Infinity", "-Infinity", "NaN"):
        return float(value)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise ValueError(f"{value!r} is not a number")


def write(path: Path, value: Any, indent: int | None = 2) -> None:
    """Write the value as a JSON document, whole or not at all. OSError. A list of numbers goes on one line."""
    text = json.dumps(plain(value), indent=indent, ensure_ascii=False, allow_nan=False)
    one_line = NUMBERS.sub(lambda match: "[" + re.sub(r",\n\s*", ", ", match[1]) + "]", text)
    files.write(path, f"{one_line}\n".encode())


def read(path: Path) -> Any:
    """Return the document. BadInput names file, line and column where it is no JSON; FileNotFoundError without it."""

    def unknown(word: str) -> None:
        raise BadInput(f"{path}: {word} is not JSON", 'infinity as the string "Infinity"')

    try:
        return json.loads(path.read_bytes(), parse_constant=unknown)
    except json.JSONDecodeError as error:
        raise BadInput(f"{path}:{error.lineno}:{error.colno}: {error.msg}", "a JSON document") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}", "a JSON document") from error
