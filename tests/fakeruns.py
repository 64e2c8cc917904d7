"""Runs that nobody trained, for the tests of figures: folders with a few files, and what `Result` says of them."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

from deltas.core import files
from deltas.figures.runs import Runs
from deltas.figures.style import DARK, LIGHT, Figure, save
from lab import HERE

TEXT = "{http://www.w3.org/2000/svg}text"


def program(slug: str) -> ModuleType:
    """Return the figures.py of a stage, wherever in the series the stage stands."""
    (path,) = HERE.glob(f"baselines/[0-9][0-9]-{slug}/figures.py")
    return files.module(path)


@dataclass
class FakeResult:
    """A complete run, as figures see one: what `deltas.runs.execute.Result` says, without a stage."""

    folder: Path
    metrics: dict[str, float]
    plan: SimpleNamespace

    def names(self, count: int) -> list[str]:
        return (self.folder / "samples.txt").read_text(encoding="utf-8").splitlines()[:count]


@dataclass
class FakeRuns:
    """Runs in the making. add() makes a run from several seeds; runs() hands over all of them, or all but some."""

    root: Path
    results: list[FakeResult] = field(default_factory=list)

    def add(self, run: str, *, args: Sequence[str] = (), **metrics: float | Sequence[float]) -> list[Path]:
        """Add a run with metrics, one value for each seed; return the folder of each seed."""
        seeds = {name: list(value) if isinstance(value, Sequence) else [value] for name, value in metrics.items()}
        folders = []
        for n in range(max((len(values) for values in seeds.values()), default=1)):
            folder = self.root / run / f"seed-{n}"
            folder.mkdir(parents=True, exist_ok=True)
            plan = SimpleNamespace(run=SimpleNamespace(name=run, args=tuple(args)), seed=n)
            self.results.append(FakeResult(folder, {name: values[n] for name, values in seeds.items()}, plan))
            folders.append(folder)
        return folders

    def runs(self, *, without: Iterable[str] = ()) -> Runs:
        return Runs([result for result in self.results if result.plan.run.name not in set(without)])


def write_log(folder: Path, lines: Iterable[tuple[int, float, float]]) -> None:
    """Write (step, loss, seconds of the step) as makemore prints them, among lines of other kinds."""
    printed = [f"step {step} | loss {loss:.4f} | step time {1e3 * took:.2f}ms\n" for step, loss, took in lines]
    (folder / "log.txt").write_text("number of examples: 3\n" + "".join(printed) + "final test loss: 1.8\n")


def named(figures: Iterable[Figure]) -> dict[str, Figure]:
    by_name = {figure.name: figure for figure in figures}
    for figure in by_name.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", figure.name)
        assert figure.rows and all(len(row) == len(figure.columns) for row in figure.rows), figure.name
        json.dumps(figure.rows, allow_nan=False)  # figures.json holds them
        for text in (figure.title, figure.caption, figure.description):
            assert text.strip() and not re.search(r"\b(nan|inf)\b|None(?! of)|  |\.\.|\{", text), (figure.name, text)
        for sentence in re.split(r"(?<=[.?!]) ", figure.caption):
            assert re.match(r"[A-Z0-9(]", sentence) and re.search(r"[.)]$", sentence), (figure.name, sentence)
    return by_name


def drawn(figures: Mapping[str, Figure], folder: Path) -> dict[str, list[str]]:
    """Draw figures in both palettes; return the words in each picture, which are the same in both."""
    words = {}
    for name, figure in figures.items():
        folder.mkdir(parents=True, exist_ok=True)
        pictures = []
        for path, palette in zip(save(figure, folder), (LIGHT, DARK), strict=True):
            assert path.name == f"{name}{palette.suffix}.svg"
            root = ElementTree.parse(path).getroot()
            assert root[0].text == figure.title and root[1].text == figure.description
            assert palette.ink in path.read_text(), "nothing is drawn in the palette's ink"
            pictures.append(["".join(text.itertext()) for text in root.iter(TEXT)])
        assert pictures[0] == pictures[1]
        words[name] = pictures[0]
    return words


def words(path: Path) -> list[str]:
    """Return the texts of a drawing."""
    return ["".join(text.itertext()) for text in ElementTree.parse(path).getroot().iter(TEXT)]


def canvas(figure: Figure, palette=LIGHT):
    """Draw a figure with matplotlib and return its panels, to ask them what stands where."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    drawing = pyplot.figure(figsize=figure.size, layout="constrained")
    figure.draw(drawing, palette)
    panels = drawing.axes
    pyplot.close(drawing)
    return panels


def number(text: str, pattern: str) -> float:
    """Return the number that a text holds where the pattern has its group."""
    hit = re.search(pattern, text)
    assert hit, f"{pattern!r} is not in {text!r}"
    return float(hit[1].replace(",", ""))
