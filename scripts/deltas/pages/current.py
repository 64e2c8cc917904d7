"""What the posts of a site are held against: the stages as they are now, and as the site holds them."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core import jsonfile
from ..core.errors import BadInput
from ..stages.build import Workshop
from ..stages.position import ALL
from . import delivery, document, embed, hugo_site, seen
from .document import Source
from .embed import EMBEDS, Stage, Unknown
from .seen import Seen

PUBLISHED = {"number", "slug", "stage", "hunks", "runs", "figures", "notes"}  # what a stage's file has to have


class Current:
    """What there is now. A stage is made when a post asks for it, and once."""

    def __init__(self, source: Source):
        self._source = source
        self._stages: dict[int, Stage] = {}

    def stage(self, name: str) -> Stage:
        """Return a stage's document, also with numbers of other code. BadInput for an unknown stage."""
        if name == ALL:
            return self._whole
        number = self._source.series.number(name)
        if number == 0:
            raise BadInput("stage 00 is upstream itself: it has no patch and no figures", "01 or later")
        if number not in self._stages:
            patch = self._source.series[number - 1]
            self._stages[number] = document.stage(self._source, patch, stale=True, lost_notes=True)
        return self._stages[number]

    def stale(self, stage: Stage) -> bool:
        """Return whether the numbers of a stage are of other code."""
        return stage["baseline"] is not None and stage["baseline"]["state"] == "stale"

    @cached_property
    def _whole(self) -> Stage:
        """What belongs to no stage alone."""
        made = document.whole(self._source)
        if made is None:
            raise BadInput("there is no figure of the series", "baselines/series.toml, and recorded numbers")
        return made

    def has(self, name: str) -> bool:
        """Return whether there is such a stage, with a patch, or what a site holds of all of them."""
        try:
            return self.stage(name) is self._whole if name == ALL else self._source.series.number(name) > 0
        except BadInput:
            return False


class Upstream:
    """The files of upstream at its pin, as links are held against them."""

    def __init__(self, shop: Workshop, pin: str):
        self.pin = pin
        self._shop = shop

    @cached_property
    def lengths(self) -> dict[str, int]:
        """File -> its number of lines."""
        files = self._shop.files(self._shop.stages[0])
        return {path: len(content.splitlines()) for path, content in files.items()}

    @cached_property
    def symbols(self) -> dict[str, dict[str, list[int]]]:
        """File -> symbol -> its first and last line."""
        return hugo_site.upstream_symbols(self._shop)


class Site:
    """The stages as a site holds them, and what its posts showed when their authors last looked."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()

    def name(self, post: Path) -> str:
        """Return the path of a post inside the site."""
        return post.resolve().relative_to(self.folder).as_posix()

    def posts(self, folder: str) -> set[str]:
        """Return the paths of the pages in a folder of the site, as the site names them."""
        return {path.relative_to(self.folder).as_posix() for path in (self.folder / folder).rglob("*.md")}

    @cached_property
    def _stages(self) -> list[Stage]:
        stages = []
        for path in sorted((self.folder / hugo_site.stage_data(0)).parent.glob("*.json")):
            stage = jsonfile.read(path)
            if not isinstance(stage, dict) or not set(stage) >= PUBLISHED:
                raise BadInput(f"{path}: not a stage as it was published", "the file that scripts/publish.sh wrote")
            stages.append(stage)
        return stages

    @cached_property
    def seen(self) -> Seen:
        """What the site remembers. BadInput where its file is no such thing."""
        return seen.read(self.folder)

    def stage(self, name: str) -> Stage | None:
        """Return a stage, or None. BadInput where its file is no such thing."""
        for stage in self._stages:
            if name in (str(stage["number"]), f"{stage['number']:02d}", stage["slug"], stage["stage"]):
                return stage
        return None

    def shows(self, name: str, shortcode: str, wanted: Mapping[str, str]) -> str | None:
        """Return what an embed of the stage of that name shows; None where the site has no such thing."""
        stage = self.stage(name)
        try:
            return EMBEDS[shortcode](stage, **wanted) if stage else None
        except Unknown:
            return None

    def lines(self, name: str, shortcode: str, wanted: Mapping[str, str]) -> list[str]:
        """Return what such an embed shows, as lines of text. Its hunks and data stand in files beside the stage's."""
        stage = self.stage(name)
        return embed.lines(self._whole(stage), shortcode, wanted) if stage else []

    def _whole(self, stage: Stage) -> Stage:
        hunks = [hunk | {"lines": self._hunk(stage, hunk["name"])} for hunk in stage["hunks"]]
        figures = [figure | self._data(stage, figure["name"]) for figure in stage["figures"]]
        return stage | {"hunks": hunks, "figures": figures}

    def _hunk(self, stage: Stage, name: str) -> list[dict[str, Any]]:
        path = self.folder / hugo_site.hunk_diff(stage["stage"], name)
        texts = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        return [{"kind": text[:1] or " ", "text": text[1:], "own": True} for text in texts]

    def _data(self, stage: Stage, name: str) -> dict[str, Any]:
        path = self.folder / hugo_site.figure_data(stage["stage"], name)
        return jsonfile.read(path) if path.exists() else {}


def site_of(post: Path) -> Site | None:
    """Return the site above the post that stages were published to."""
    folder = next((folder for folder in post.resolve().parents if (folder / delivery.RECORD).exists()), None)
    return Site(folder) if folder else None
