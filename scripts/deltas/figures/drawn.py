"""Draws a stage's figures from its runs, with a list of what they show: figures.json."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..core import files, jsonfile
from ..core.project import Project
from ..runs.execute import Result
from ..stages.build import Stage


def draw(project: Project, stage: Stage, results: Sequence[Result], folder: Path) -> list[str]:
    """Write NAME.svg, NAME.dark.svg and figures.json, as the stage's figures.py says; return the names drawn.

    Figures that are no more are removed from the folder.
    """
    program = project.baselines / stage.name / "figures.py"
    if not program.exists():
        return []
    from .runs import Runs
    from .style import save

    drawn = files.module(program).figures(Runs(results))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deltas-") as aside:
        for figure in drawn:
            save(figure, Path(aside))
        for old in folder.glob("*.svg"):
            old.unlink()
        for new in Path(aside).iterdir():
            shutil.move(new, folder / new.name)
    rows = [
        {
            "name": each.name,
            "title": each.title,
            "caption": each.caption,
            "description": each.description,
            "columns": list(each.columns),
            "rows": [list(row) for row in each.rows],
        }
        for each in drawn
    ]
    jsonfile.write(folder / "figures.json", rows)
    return [each.name for each in drawn]
