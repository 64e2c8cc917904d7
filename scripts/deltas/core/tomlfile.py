"""One TOML document in one file, written by hand."""

import tomllib
from pathlib import Path
from typing import Any

from .errors import BadInput


def read(path: Path) -> dict[str, Any]:
    """Return the document. BadInput says what is wrong with the file; FileNotFoundError where there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}", "a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: {error}", "a TOML file") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", "a TOML file") from error
