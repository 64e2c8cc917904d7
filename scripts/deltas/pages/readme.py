"""README's table of the series, filled in by program."""

import re
from pathlib import Path

from ..core import files
from ..core.errors import BadInput
from ..core.project import Project
from ..evidence import baseline
from ..series.patches import Series

MARKED = re.compile(r"(<!-- series -->\n).*?(<!-- /series -->)", re.DOTALL)


def table(project: Project, series: Series) -> str:
    """Return a row for each stage: its idea, its size, and the headline run's test loss over the recorded seeds."""
    rows = ["| stage | delta | added lines | test loss (nats per character) |", "|---|---|---|---|"]
    for patch in series:
        link = f"[{patch.name}](patches/{patch.name}.patch)"
        loss = _loss(project.baselines / patch.name / "baseline.json")
        rows.append(f"| {link} | Δ{patch.delta}: {patch.title} | {patch.added} | {loss} |")
    return "\n".join(rows) + "\n"


def _loss(path: Path) -> str:
    recorded = baseline.read(path)
    if recorded is None:
        return "not measured"
    headline, metrics = next(iter(recorded.runs.items()))
    loss = metrics["test_loss"]
    return f"{loss.mean:.4f} ± {loss.sd or 0:.4f} (`{headline}`, n = {loss.n})"


def filled(project: Project, series: Series) -> tuple[str, str]:
    """Return README as it is, and as it should be; both empty where there is none. BadInput where it has no marks."""
    path = project.root / "README.md"
    if not path.exists():
        return "", ""
    text = path.read_text(encoding="utf-8")
    if not MARKED.search(text):
        raise BadInput("README.md lacks the lines <!-- series --> and <!-- /series -->", "a place for the table")
    return text, MARKED.sub(lambda match: match[1] + table(project, series) + match[2], text)


def fill(project: Project, series: Series) -> None:
    """Write the table, whole or not at all."""
    old, new = filled(project, series)
    if old != new:
        files.write(project.root / "README.md", new.encode())
