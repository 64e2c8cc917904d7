"""The programs of this room, by name, and the id of the code that measures a run.

The other rooms import this module alone; it imports no torch. They start the programs with `python -m NAME`.
"""

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

MEASURING = ("measure.py", "results.py")  # what the numbers of every run depend on
CONTROLS = {"kneser-ney": ("control.py", "kneser_ney.py")}  # the controls, with what their numbers depend on besides
UNFIT = 3  # exit code of SAMPLING where model.pt is not a model of this makemore.py


def measured_by(control: str | None, own: Path | None) -> str:
    """Return the id of the code that measures a run: its comments and docstrings may change, and the id stays.

    control: the kind of control that the run is; None for makemore.py itself. own: metrics.py of the stage; None, or a
    path where nothing is, for a stage without one.
    """
    folder = Path(measure.__file__).parent
    sources = [folder / name for name in (*MEASURING, *(CONTROLS[control] if control else ()))]
    sources += [own] if own and own.exists() else []
    return _id_of(tuple((path.name, path.read_bytes()) for path in sources))


def tries_judged_by() -> str:
    """Return the id of the code that trains and judges a try."""
    folder = Path(measure.__file__).parent
    return _id_of(tuple((name, (folder / name).read_bytes()) for name in ("measure.py", "tried.py")))


@functools.cache
def _id_of(sources: tuple[tuple[str, bytes], ...]) -> str:
    return code_id(dict(sources))


def compare_names(names: Sequence[str], others: Sequence[str]) -> dict[str, float]:
    """Return the metrics of a run whose names were drawn with the same random numbers as another run's."""
    return measure.compare_names(names, others)
