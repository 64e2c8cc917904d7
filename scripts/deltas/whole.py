"""A file that is there whole, or as it was before."""

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Writes beside it and renames over it. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
