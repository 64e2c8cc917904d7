"""Posts against what they embed: does each hunk, figure and number still say what it said when it was published?

What it said is written in the embed itself (`was`), and in the data of the site that the post stands in.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core import console, files, jsonfile
from ..core.errors import BadInput
from ..core.project import Project
from ..series.origin import WEB
from ..series.patches import nearest
from . import delivery, document, embed, hugo_site, shortcodes
from .document import Source
from .embed import EMBEDS, Stage, Unknown
from .shortcodes import Shortcode

LINK = re.compile(
    re.escape(WEB) + r"/(?:blob|raw|blame|tree)/([^/\s)\"'>\]#]+)/([^\s)\"'>\]#]+)(?:#L(\d+)(?:-L?(\d+))?)?"
)
FENCE = re.compile(r"^(`{3,}|~{3,})diff[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """line: of the post, from 1; 0 for the post as a whole. known: it was there once; else the post is mistaken."""

    post: str
    line: int
    found: str
    ways: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True)
class Checked:
    """One post. text: what it would be, were all changes accepted."""

    post: Path
    embeds: int
    faults: tuple[Fault, ...]
    text: str


def run(project: Project, posts: Sequence[Path], *, accept: bool, as_json: bool) -> int:
    """Exit code: 1 something changed, 2 a post names what never was, 0 neither."""
    with document.source(project) as found:
        current = _Current(found)
        checked = [check(current, post) for post in posts]
        if accept and not any(not fault.known for each in checked for fault in each.faults):
            for each in checked:
                if each.text.encode() != each.post.read_bytes():
                    files.write(each.post, each.text.encode())
                    console.note(f"{each.post}: says what is now")
            checked = [check(current, post) for post in posts]
        unlooked = [] if found.shop else [f"links to upstream: {found.why}"]
    faults = [fault for each in checked for fault in each.faults]
    if as_json:
        rows = [
            {"post": str(each.post), "embeds": each.embeds, "faults": [asdict(fault) for fault in each.faults]}
            for each in checked
        ]
        console.document({"ok": not faults, "left_out": unlooked, "posts": rows})
    else:
        _print(checked, unlooked)
    return 2 if any(not fault.known for fault in faults) else 1 if faults else 0


def _print(checked: Sequence[Checked], unlooked: Sequence[str]) -> None:
    for each in checked:
        for fault in each.faults:
            place = f"{fault.post}:{fault.line}" if fault.line else fault.post
            console.say(console.verdict(False, f"{place}: {fault.found}"))
            for way in fault.ways:
                console.say(f"    → {way}")
        if not each.faults:
            console.say(console.verdict(True, f"{each.post}: {each.embeds} embeds are as they were"))
    for what in unlooked:
        console.say(console.verdict(None, f"not looked at: {what}"))


class _Current:
    """What there is now, each stage made when a post asks for it."""

    def __init__(self, found: Source):
        self.found = found
        self._stages: dict[int, Stage] = {}
        self._lengths: dict[str, int] | None = None

    def stage(self, name: str) -> Stage:
        """BadInput for an unknown one, and for figures of other code."""
        number = self.found.series.number(name)
        if number == 0:
            raise BadInput("stage 00 is upstream itself: it has no patch and no figures", "01 or later")
        if number not in self._stages:
            self._stages[number] = document.stage(self.found, self.found.series[number - 1], lost_notes=True)
        return self._stages[number]

    def upstream(self) -> tuple[dict[str, int], dict[str, Any]]:
        """File -> number of lines, and file -> symbols, at the pin."""
        if self._lengths is None:
            whole_files = self.found.shop.files(self.found.shop.stages[0])
            self._lengths = {path: len(content.splitlines()) for path, content in whole_files.items()}
            self._symbols = hugo_site.upstream_symbols(self.found)
        return self._lengths, self._symbols


def check(current: _Current, post: Path) -> Checked:
    """Looks at every embed of a post. BadInput where the post cannot be read."""
    try:
        text = post.read_bytes().decode()
    except OSError as error:
        raise BadInput(f"{post}: {error.strerror}", "a post in Markdown") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{post}: not UTF-8 at byte {error.start}", "a post in Markdown") from error
    site = _site(post)
    faults: list[Fault] = []
    changes: list[tuple[int, int, str]] = []
    tags = shortcodes.found(text)
    ours = [tag for tag in tags if tag.name in EMBEDS and not (tag.name == "figure" and "src" in tag.given)]
    noted: dict[str, int] = {}
    for tag in ours:
        faults += _embed(current, site, post, text, tag, changes)
        if tag.name == "patch":
            noted.setdefault(_stage_name(tag), tag.line)
    for name, line in noted.items():
        faults += _notes(current, site, post, name, line)
    if current.found.shop is not None:
        faults += _links(current, post, text, tags)
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    faults.sort(key=lambda fault: fault.line)
    return Checked(post, len(ours), tuple(faults), text)


# -- embeds -----------------------------------------------------------------------------------------------------------


def _embed(
    current: _Current, site: Path | None, post: Path, text: str, tag: Shortcode, changes: list[tuple[int, int, str]]
) -> Iterator[Fault]:
    value, places = EMBEDS[tag.name]
    given = tag.arguments(("stage", *places))
    was = given.pop("was", None)
    name = given.pop("stage", "")
    wanted = {key: each for key, each in given.items() if key in value.__code__.co_varnames}
    what = " ".join([tag.name, name, *wanted.values()])

    def fault(found: str, *ways: str, known: bool = True) -> Fault:
        return Fault(str(post), tag.line, found, ways, known)

    published = _published(site, name)
    there = None  # what the site's data say
    if published is not None:
        try:
            there = value(published, **wanted)
        except Unknown:
            there = None
    known = was is not None or there is not None
    try:
        stage = current.stage(name)
        now = value(stage, **wanted)
    except Unknown as error:
        ways = [f"did you mean {error.near}?"] if error.near else [error.expected]
        yield fault(f"{what}: is gone: {error.found}" if known else error.found, *ways, known=known)
        return
    except BadInput as error:
        if _no_such_stage(current, name):
            yield fault(f"{what}: is gone: {error.found}" if known else error.found, *error.ways, known=known)
            return
        raise
    accept = f"scripts/publish.sh --check --accept {post}   # once the text around it fits"
    if was is not None and was != now:
        yield fault(f"{what}: was {was}, is now {now}", accept)
    elif not known:
        by_place = any(key.isdigit() for key in tag.given)
        way = 'give its arguments by name: stage="01" …' if by_place else accept
        yield fault(f"{what}: is {now}, and nothing says what it was", way)
    if there is not None and there != now:
        publish = f"scripts/publish.sh {stage['number']:02d} --to {site}"
        yield fault(f"{what}: the site shows {there}, is now {now}", publish)
    if was != now and not any(key.isdigit() for key in tag.given):
        changes.append((tag.start, tag.end, shortcodes.with_argument(text, tag, "was", now)))
    if tag.name == "patch" and tag.inner:
        yield from _fenced(stage, wanted, text, tag, fault, accept, changes)


def _fenced(
    stage: Stage, wanted: dict[str, str], text: str, tag: Shortcode, fault, accept: str, changes
) -> Iterator[Fault]:
    """The diff that stands inside a shortcode, for those who read the Markdown."""
    start, end = tag.inner
    inner = FENCE.search(text, start, end)
    if inner is None:
        return
    found = embed.hunks(stage, wanted.get("hunk", ""), wanted.get("file", ""))
    if [line.rstrip() for line in inner[2].splitlines()] != [line.rstrip() for line in embed.diff(found).splitlines()]:
        yield fault(f"patch {stage['stage']}: the diff inside it is not that of the patch", accept)
        changes.append((inner.start(), inner.end(), embed.fenced(found).rstrip("\n")))


def _no_such_stage(current: _Current, name: str) -> bool:
    try:
        return current.found.series.number(name) == 0
    except BadInput:
        return True


def _stage_name(tag: Shortcode) -> str:
    return tag.given.get("stage") or tag.given.get("0", "")


def _site(post: Path) -> Path | None:
    """The folder above the post that stages were published to."""
    return next((folder for folder in post.resolve().parents if (folder / delivery.RECORD).exists()), None)


def _published(site: Path | None, name: str) -> Stage | None:
    """A stage as the site holds it. BadInput where its file is no such thing."""
    if site is None:
        return None
    for path in sorted((site / hugo_site.stage_data(0)).parent.glob("*.json")):
        stage = jsonfile.read(path)
        if not isinstance(stage, dict) or not {"number", "slug", "stage", "hunks", "runs", "figures", "notes"} <= set(
            stage
        ):
            raise BadInput(f"{path}: not a stage as it was published", "the file that scripts/publish.sh wrote")
        if name in (str(stage["number"]), f"{stage['number']:02d}", stage["slug"], stage["stage"]):
            return stage
    return None


# -- notes and links --------------------------------------------------------------------------------------------------


def _notes(current: _Current, site: Path | None, post: Path, name: str, line: int) -> Iterator[Fault]:
    """Notes on hunks that are not what they were when the note was published."""
    if _no_such_stage(current, name):
        return
    stage = current.stage(name)
    here = {hunk["name"]: hunk for hunk in stage["hunks"]}
    file = f"baselines/{stage['stage']}/notes.toml"
    for note in stage["notes"]:
        if note["hunk"] not in here:
            yield Fault(
                str(post), line, f"the note on {note['hunk']}: there is no such hunk any more", (f"edit {file}",)
            )
    published = _published(site, name)
    for note in published["notes"] if published else []:
        hunk = here.get(note["hunk"])
        moved = next((each for each in stage["hunks"] if each["hash"] == note["hash"]), None)
        found = None
        if hunk is None:
            found = f"its hunk is called {moved['name']} now" if moved else "its hunk is gone"
        elif hunk["hash"] != note["hash"]:
            found = "its hunk changed since it was published"
        elif note["place"] and hunk["place"] and hunk["place"] != note["place"]:
            found = f"its hunk moved: was {note['place']}, is {hunk['place']}"
        if found:
            again = f"scripts/publish.sh {stage['number']:02d} --to {site}   # once the note fits"
            yield Fault(str(post), line, f"the note on {note['hunk']}: {found}", (f"edit {file}", again))


def _links(current: _Current, post: Path, text: str, tags: Sequence[Shortcode]) -> Iterator[Fault]:
    lengths, symbols = current.upstream()
    pin = current.found.project.pin
    for tag in tags:
        if tag.name != "upstream":
            continue
        given = tag.arguments(("symbol", "file"))
        symbol, file = given.get("symbol", ""), given.get("file", "makemore.py")
        if symbol not in symbols.get(file, {}):
            near = nearest(symbol, list(symbols.get(file, {})))
            ways = (f"did you mean {near}?",) if near else ()
            yield Fault(str(post), tag.line, f"dead link: upstream's {file} has no {symbol!r} at {pin[:12]}", ways)
    for link in LINK.finditer(text):
        revision, path, first, last = link.groups()
        line = text.count("\n", 0, link.start()) + 1
        if revision != pin:
            found = f"is not the pinned commit {pin}"
        elif path not in lengths and not any(each.startswith(f"{path.rstrip('/')}/") for each in lengths):
            found = f"upstream has no {path} there"
        elif first and not 1 <= int(first) <= int(last or first) <= lengths.get(path, 0):
            found = f"{path} has {lengths.get(path, 0)} lines there"
        else:
            continue
        yield Fault(str(post), line, f"dead link: {link[0]}: {found}")
