"""The READMEs: they state what was recorded."""

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator

from ..core.errors import NoUpstream
from ..core.project import Project
from ..pages import overview, readme
from ..series.patches import Series
from .check import Check, of

SPEEDRUN = f"{__package__.rpartition('.')[0]}.speedrun"  # this room may be deleted without a trace


def published(project: Project, series: Series) -> Iterator[Check]:
    """Check what README says of the series, and the figure of the series."""
    if not (project.root / "README.md").exists():
        return
    now, wanted = readme.filled(project, series)
    fills = f"scripts/apply.sh last && scripts/refresh.sh {len(series):02d}   # writes both anew"
    faults = [] if now == wanted else ["what it says of the series differs from patches/ and baselines/"]
    yield of("README states the recorded numbers", faults, fills)
    drawn = overview.files(project, series)
    if drawn:
        faults = [
            f"{path.relative_to(project.root)} is not what the recorded numbers draw"
            for path, content in drawn.items()
            if not path.is_file() or path.read_bytes() != content
        ]
        yield of("the figure of the series is drawn from the recorded numbers", faults, fills)


def speedrun(project: Project) -> Iterator[Check]:
    """Check the speedrun's README and figure, where there is a speedrun, and look whether its race is of this code.

    A race takes half an hour: that it was held on other code is said, and is no fault.
    """
    if importlib.util.find_spec(SPEEDRUN) is None:
        return
    keep = importlib.import_module(f"{SPEEDRUN}.keep")
    ways = [f"scripts/bench.sh {name} --record" for name in ("names", "profile")]
    yield of("the speedrun's README states what was recorded", keep.drifted(project), *ways)
    again = "scripts/bench.sh names --record"
    redraw = "scripts/bench.sh names --kept   # draws it again"
    yield of("the speedrun's figure is what its record and its program draw", keep.undrawn(project), redraw)
    with contextlib.suppress(NoUpstream):
        if outdated := keep.outdated(project):
            what = "the speedrun was raced on other code than there is now"
            yield Check(what, None, tuple(outdated), (again,))
