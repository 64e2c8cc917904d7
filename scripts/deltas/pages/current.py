"""What the posts of a site are held against: the stages as they are now, and as the site holds them."""

from functools import cached_property
from pathlib import Path
from typing import Any

from ..core import jsonfile
from ..core.errors import BadInput
from ..stages.build import Workshop
from . import delivery, document, hugo_site
from .document import Source
from .embed import Stage

PUBLISHED = {"number", "slug", "stage", "hunks", "runs", "figures", "notes"}  # what a stage's file has to have


class Current:
    """What there is now. A stage is made when a post asks for it, and once."""

    def __init__(self, source: Source):
        self._source = source
        self._stages: dict[int, Stage] = {}

    def stage(self, name: str) -> Stage:
        """Return a stage's document. BadInput for an unknown stage, and for numbers of other code."""
        number = self._source.series.number(name)
        if number == 0:
            raise BadInput("stage 00 is upstream itself: it has no patch and no figures", "01 or later")
        if number not in self._stages:
            self._stages[number] = document.stage(self._source, self._source.series[number - 1], lost_notes=True)
        return self._stages[number]

    def has(self, name: str) -> bool:
        """Return whether there is such a stage, with a patch."""
        try:
            return self._source.series.number(name) > 0
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


def site_of(post: Path) -> Path | None:
    """Return the folder above the post that stages were published to."""
    return next((folder for folder in post.resolve().parents if (folder / delivery.RECORD).exists()), None)


def published(site: Path | None, name: str) -> dict[str, Any] | None:
    """Return a stage as the site holds it, or None. BadInput where its file is no such thing."""
    if site is None:
        return None
    for path in sorted((site / hugo_site.stage_data(0)).parent.glob("*.json")):
        stage = jsonfile.read(path)
        if not isinstance(stage, dict) or not set(stage) >= PUBLISHED:
            raise BadInput(f"{path}: not a stage as it was published", "the file that scripts/publish.sh wrote")
        if name in (str(stage["number"]), f"{stage['number']:02d}", stage["slug"], stage["stage"]):
            return stage
    return None
