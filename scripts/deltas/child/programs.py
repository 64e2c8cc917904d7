"""The programs of this room, by name, and the id of the code that measures a run.

The other rooms import this module alone; it imports no torch. They start the programs with `python -m NAME`.
"""

import ast
import functools
from collections.abc import Sequence
from pathlib import Path

from ..core.codeid import code_id
from . import measure

RUN = "deltas.child.run"
CONTROL = "deltas.child.control"
SAMPLING = "deltas.child.sampling"
WEIGHTS = "deltas.child.weights"
TRIED = "deltas.child.tried"
CARD = "deltas.child.card"

MEASURING = ("measure.py", "results.py")  # what the numbers of every run depend on
CONTROLS = {"kneser-ney": ("control.py", "kneser_ney.py")}  # the controls, with what their numbers depend on besides
UNFIT = 3  # exit code of SAMPLING where model.pt is not a model of this makemore.py


def measured_by(control: str | None, own: Path | None) -> str:
    """Return the id of the code that measures a run: its comments and docstrings may change, and the id stays.

    control: the kind of control that the run is; None for makemore.py itself. own: metrics.py of the stage; None, or a
    path where nothing is, for a stage without one. The modules of this room that it imports belong to it.
    """
    folder = Path(measure.__file__).parent
    sources = [folder / name for name in (*MEASURING, *(CONTROLS[control] if control else ()))]
    if own and own.exists():
        sources += [own, *(folder / f"{name}.py" for name in sorted(_used(folder, own.read_bytes())))]
    return _id_of(tuple((path.name, path.read_bytes()) for path in sources))


def tries_judged_by() -> str:
    """Return the id of the code that trains and judges a try."""
    folder = Path(measure.__file__).parent
    return _id_of(tuple((name, (folder / name).read_bytes()) for name in ("measure.py", "tried.py")))


def _used(folder: Path, source: bytes) -> set[str]:
    """Return which modules of this room a source imports, and those that these import."""
    used: set[str] = set()
    sources = [source]
    while sources:
        new = {name for name in _imported(sources.pop()) if (folder / f"{name}.py").exists()} - used
        used |= new
        sources += [(folder / f"{name}.py").read_bytes() for name in new]
    return {name for name in used if f"{name}.py" not in MEASURING}


@functools.cache
def _imported(source: bytes) -> frozenset[str]:
    """Return the names that may be modules of this room, in all statements that import."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.removeprefix(f"{__package__}.") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in (None, __package__):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.removeprefix(f"{__package__}."))
    return frozenset(names)


@functools.cache
def _id_of(sources: tuple[tuple[str, bytes], ...]) -> str:
    return code_id(dict(sources))


def compare_names(names: Sequence[str], others: Sequence[str]) -> dict[str, float]:
    """Return the metrics of a run whose names were drawn with the same random numbers as another run's."""
    return measure.compare_names(names, others)
