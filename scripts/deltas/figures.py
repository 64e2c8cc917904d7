"""Draws a stage's figures from its runs, with a list of what they show: figures.json."""

import importlib
import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import jsonfile
from .run import Result
from .stages import Stage


def draw(stage: Stage, results: Sequence[Result], folder: Path) -> list[str]:
    """Writes NAME.svg, NAME.dark.svg and figures.json; removes figures that are no more. The names drawn."""
    module = f"{__package__}.draw.stage_{stage.number:02d}"
    if importlib.util.find_spec(module) is None:
        return []
    from .draw.runs import Runs
    from .draw.style import save

    drawn = importlib.import_module(module).figures(Runs(results))
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
