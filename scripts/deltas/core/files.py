"""Files: written whole or not at all, and a Python file loaded by its path."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType


def write(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a full disk, never sees half of it: write beside it, then rename. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def module(path: Path) -> ModuleType:
    """Load a Python file that belongs to no package, such as a stage's figures.py, under a name made of its path."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}/{path.stem}", path)
    assert spec and spec.loader, path
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their module up there
    spec.loader.exec_module(loaded)
    return loaded
