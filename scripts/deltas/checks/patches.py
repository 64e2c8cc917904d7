"""The patches as files, and the numbers in their headers: what can be said of them without upstream."""

from collections.abc import Iterator

from ..core.project import Project
from ..evidence import baseline, headers
from ..series import rules
from ..series.patches import Patch, Series
from .check import Check, of


def readable(series: Series, asked: list[Patch]) -> Iterator[Check]:
    """Check that the patches asked for keep the rules of the series."""
    yield Check(f"series: {len(series)} patch{'es' * (len(series) != 1)}, numbered without a gap", True)
    for patch in asked:
        yield of(f"{patch.file}: the header teaches", rules.header_faults(patch), f"edit {patch.file}")
        yield of(f"{patch.file}: one line of context, small", rules.diff_faults(patch))


def numbers(project: Project, asked: list[Patch]) -> Iterator[Check]:
    """Check that the headers state the recorded numbers, and no others."""
    for patch in asked:
        recorded = baseline.read(project.baselines / patch.name / "baseline.json")
        faults = headers.stale(patch, recorded)
        yield of(f"{patch.file}: states the recorded numbers", faults, f"scripts/refresh.sh {patch.number:02d}")
        yield of(f"{patch.file}: states no others", headers.unlisted(patch), f"edit {patch.file}")
