"""The one figure of the series: a number for each stage, beside a run that is no stage's idea.

baselines/series.toml says which number and which run. The figure of README is drawn from the recorded numbers wherever
they are written, and so it is compared byte for byte: nothing but the baselines can change it. It is written without
matplotlib, which `refresh` has to do without. Pages draw it anew, without the numbers that were recorded on other code.
"""

import html
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..core import numbers, shapes, tomlfile
from ..core.errors import BadInput
from ..core.files import scratch
from ..core.project import Project
from ..evidence import baseline
from ..evidence.baseline import Baseline, Summary
from ..figures.style import DARK, LIGHT, Figure, Palette
from ..runs import experiment
from ..series.patches import Patch, Series
from .parts import named, part_of

ABOUT, NAME = "series.toml", "series"
NONE = "–"  # stands where a stage has no such number
DIGITS = 6  # of the data under the figure: more than are shown, so that nothing is rounded twice
STALE = "stale"  # stands where its number was recorded on other code
EXPECTED = {"digits": "how many decimals the figure shows"}

WIDE, LEFT, RIGHT = 440, 196, 372  # of the drawing; from where to where numbers are a place
TOP, ROW, SIZE = 30, 26, 14  # above the rows, between two rows, of letters
LETTER = 7.2  # how wide one is at most, about


class About(Struct, frozen=True, forbid_unknown_fields=True):
    """What baselines/series.toml says.

    metric: shown of the headline run of every stage whose headline it is. beside: a run, of whichever stage has it;
    beside_says: what the figure calls it. along: what the numbers are. posts: part, as a patch names it -> the address
    of its post, where that is known.
    """

    title: str
    metric: str
    along: str
    beside: str
    beside_says: str
    digits: int = 3
    posts: dict[str, str] = {}


class Overview(Struct, frozen=True):
    """The numbers of the figure. stages: name of every stage -> its number, None where it has none that may be shown.

    stale: the stages whose number is of other code. no_line: the run beside them is of such a stage.
    """

    about: About
    stages: dict[str, Summary | None]
    beside: Summary | None
    stale: tuple[str, ...] = ()
    no_line: bool = False

    def shown(self, summary: Summary) -> str:
        """Write a number as the figure has it."""
        return numbers.fixed(summary.mean, self.about.digits)

    def row(self, stage: str) -> str:
        """Return what stands in the row of a stage: its number, or why there is none."""
        summary = self.stages[stage]
        return self.shown(summary) if summary else STALE if stage in self.stale else NONE


def read(
    project: Project, series: Series, new: Mapping[str, Baseline] | None = None, outdated: Collection[str] = ()
) -> Overview | None:
    """Return the numbers of the figure; None where nobody asks for one, or no stage has its number.

    new: stage -> a baseline that is about to be written. outdated: the stages whose baseline is of other code.
    """
    about = declared(project)
    if about is None:
        return None
    path = project.baselines / ABOUT
    stages: dict[str, Summary | None] = {}
    beside = None
    stale: list[str] = []
    lost = False
    headlines: set[str] = set()
    runs: set[str] = set()
    for patch in series:
        folder = project.baselines / patch.name
        recorded = (new or {}).get(patch.name) or baseline.read(folder / "baseline.json")
        stages[patch.name] = None
        if not (folder / "experiment.toml").exists():
            continue
        described = experiment.read(folder / "experiment.toml")
        headlines |= {described.headline} if described.headline else set()
        runs |= {run.name for run in described.runs}
        if recorded is None:
            continue
        number = None
        if described.headline == about.metric:
            number = recorded.summary(described.headline_run.name, about.metric)
        line = recorded.summary(about.beside, about.metric)
        if patch.name in outdated:
            stale += [patch.name] if number else []
            lost = lost or line is not None
            continue
        stages[patch.name] = number
        beside = line or beside  # of the last stage that has it
    for field, value, known in (("metric", about.metric, headlines), ("beside", about.beside, runs)):
        if known and value not in known:
            what = "the headline of a stage" if field == "metric" else "the name of a run"
            raise BadInput(f"{path}: {field} is {value!r}", f"{what}: one of {', '.join(sorted(known))}")
    no_line = lost and beside is None
    return Overview(about, stages, beside, tuple(stale), no_line) if any(stages.values()) else None


def declared(project: Project) -> About | None:
    """Return what baselines/series.toml says; None without it. BadInput where it is malformed."""
    path = project.baselines / ABOUT
    if not path.exists():
        return None
    try:
        return shapes.convert(tomlfile.read(path), About, EXPECTED)
    except shapes.Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from None


def post(about: About | None, patch: Patch) -> str:
    """Return the address of the post that a patch belongs to; "" where nobody says it."""
    part = part_of(patch)
    posts = {named(part): address for part, address in about.posts.items()} if about else {}
    return posts.get(part, "") if part else ""


def files(project: Project, series: Series, new: Mapping[str, Baseline] | None = None) -> dict[Path, bytes]:
    """Return the files of the figure as they should be, by path; none where nobody asks for it."""
    overview = read(project, series, new)
    if overview is None:
        return {}
    return {project.baselines / name: drawing.encode() for name, drawing in _drawings(overview).items()}


def markdown(project: Project, series: Series, new: Mapping[str, Baseline] | None = None) -> str:
    """Return the figure as README shows it, with its caption; nothing where nobody asks for it."""
    overview = read(project, series, new)
    if overview is None:
        return ""
    figure = described(overview)
    place = f"baselines/{NAME}"
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{place}{DARK.suffix}.svg">\n'
        f'  <img src="{place}.svg" width="560" alt="{html.escape(figure.description)}">\n'
        f"</picture>\n\n**{figure.title}.** {figure.caption}\n"
    )


def described(overview: Overview) -> Figure:
    """Return the figure in words and numbers."""
    about, measured = overview.about, {name: of for name, of in overview.stages.items() if of is not None}
    first, last = next(iter(measured)), list(measured)[-1]
    rows = [(name, None if of is None else round(of.mean, DIGITS)) for name, of in overview.stages.items()]
    if overview.beside:
        rows.append((about.beside, round(overview.beside.mean, DIGITS)))
    listed = "; ".join(f"{name} {overview.row(name)}" for name in overview.stages)
    beside = f" {about.beside_says}: {overview.shown(overview.beside)}." if overview.beside else ""
    return Figure(
        name=NAME,
        title=about.title,
        caption=_caption(overview, measured, first, last),
        description=f"A row for each stage, {about.along}: {listed}.{beside}",
        columns=("stage or run", about.metric),
        rows=tuple(rows),
        draw=lambda *_: None,
    )


def _caption(overview: Overview, measured: Mapping[str, Summary], first: str, last: str) -> str:
    """Say where the series begins and ends, and which stages lie on either side of the run beside them."""
    says = f"From {overview.shown(measured[first])} ({first})"
    says += f" to {overview.shown(measured[last])} ({last})." if len(measured) > 1 else " on."
    says += _left_out(overview)
    if overview.beside is None:
        return says
    line = overview.beside.mean
    lower = [name for name, of in measured.items() if of.mean < line]
    says += f" The line is {overview.about.beside_says}, {overview.shown(overview.beside)}; "
    if not lower:
        says += "no stage lies below it."
    elif len(lower) == len(measured):
        says += "every stage lies below it."
    else:
        says += f"the first stage below it is {lower[0]}."
    return says + " Whether a difference is more than noise, the claims of the stages say."


def _left_out(overview: Overview) -> str:
    """Say which numbers are not shown, because they are of other code than there is now."""
    says = ""
    if overview.stale:
        says = f" Left out, for they were recorded on other code: the numbers of {', '.join(overview.stale)}."
    if overview.no_line:
        says += f" The line of {overview.about.beside_says} is left out, for it was recorded on other code."
    return says


# -- the drawing ------------------------------------------------------------------------------------------------------


def _drawings(overview: Overview) -> dict[str, str]:
    """Return the two files of the figure, by name."""
    figure = described(overview)
    return {f"{NAME}{palette.suffix}.svg": _drawing(overview, figure, palette) for palette in (LIGHT, DARK)}


def _drawing(overview: Overview, figure: Figure, palette: Palette) -> str:
    """Return the figure as SVG: a row for each stage, a line for the run beside them."""
    tall = TOP + ROW * len(overview.stages) + SIZE + 12
    about = f"<title>{html.escape(figure.title)}</title><desc>{html.escape(figure.description)}</desc>"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {tall}" width="{WIDE}" height="{tall}" '
        f'role="img">{about}'
    )
    marks = "\n".join(_marks(overview, palette, tall))
    return f"{head}\n{marks}\n</svg>\n"


def _marks(overview: Overview, palette: Palette, tall: int) -> Iterator[str]:
    given = [of for of in (*overview.stages.values(), overview.beside) if of is not None]
    low, high = min(of.mean for of in given), max(of.mean for of in given)

    def place(summary: Summary) -> float:
        share = (summary.mean - low) / (high - low) if high > low else 0.5
        return round(LEFT + 8 + share * (RIGHT - LEFT - 16), 1)

    rows = {name: TOP + ROW * (at + 0.5) for at, name in enumerate(overview.stages)}
    if overview.beside:
        x, end = place(overview.beside), TOP + ROW * len(rows)
        label = f"{overview.about.beside_says} {overview.shown(overview.beside)}"
        fits = x - 10 + LETTER * len(label) <= WIDE
        yield (
            f'<path d="M {x} {TOP - 8} V {end}" style="fill:none;stroke:{palette.lines[1]};stroke-width:1.6;'
            'stroke-dasharray:5 3"/>'
        )
        yield _text(
            x - 10 if fits else WIDE, TOP - 14, label, palette.lines[1], anchor="start" if fits else "end", bold=True
        )
    points = [(place(of), rows[name]) for name, of in overview.stages.items() if of is not None]
    for y in rows.values():
        yield f'<path d="M {LEFT} {y} H {RIGHT}" style="fill:none;stroke:{palette.faint};stroke-width:0.5"/>'
    path = " L ".join(f"{x} {y}" for x, y in points)
    yield f'<path d="M {path}" style="fill:none;stroke:{palette.lines[0]};stroke-width:1.2"/>'
    for x, y in points:
        yield f'<circle cx="{x}" cy="{y}" r="5" style="fill:{palette.lines[0]};stroke:none"/>'
    for name in overview.stages:
        label = re.sub(r"^(\d+)-", r"\1 ", name)
        squeezed = f' textLength="{LEFT - 12}" lengthAdjust="spacingAndGlyphs"' if len(label) > 25 else ""
        yield _text(0, rows[name] + 5, label, palette.ink, more=squeezed)
        yield _text(WIDE, rows[name] + 5, overview.row(name), palette.ink, anchor="end", bold=True)
    yield _text(WIDE, tall - 4, overview.about.along, palette.ink, anchor="end")


def _text(
    x: float, y: float, text: str, colour: str, *, anchor: str = "start", bold: bool = False, more: str = ""
) -> str:
    weight = ";font-weight:bold" if bold else ""
    style = f"font-family:sans-serif;font-size:{SIZE}px;text-anchor:{anchor};fill:{colour}{weight}"
    return f'<text x="{x}" y="{y}" style="{style}"{more}>{html.escape(text)}</text>'


# -- for pages --------------------------------------------------------------------------------------------------------


def figure(project: Project, series: Series, outdated: Collection[str] = ()) -> dict[str, Any] | None:
    """Return the figure as the documents of figures are; None where nobody asks for it, or it has no number to show.

    outdated: the stages whose baseline is of other code. The drawing is made here, for README's has their numbers.
    """
    from . import gallery

    overview = read(project, series, outdated=outdated)
    if overview is None:
        return None
    made = described(overview)
    drawing = {text: getattr(made, text) for text in gallery.TEXTS}
    drawing |= {"columns": list(made.columns), "rows": [list(row) for row in made.rows]}
    with scratch() as folder:
        for name, text in _drawings(overview).items():
            (folder / name).write_text(text, encoding="utf-8")
        return gallery.figure(drawing, folder, NAME)
