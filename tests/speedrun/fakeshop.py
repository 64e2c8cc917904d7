"""A workshop without git: two stages, whose makemore.py is what a test says."""

from dataclasses import dataclass

from deltas.stages.build import Stage


@dataclass(frozen=True)
class Named(Stage):
    slug: str = "upstream"

    @property
    def name(self):
        return f"{self.number:02d}-{self.slug}"


class Shop:
    """Upstream, and one stage of ours."""

    def __init__(self, source=""):
        self.source = source
        self.stages = [Named(0, "a", "b"), Named(1, "c", "d", slug="quick-one")]

    def find(self, slug):
        assert slug == "quick-one"
        return self.stages[1]

    def files(self, stage):
        return {"makemore.py": f"made = {stage.number}\n".encode()}

    def export(self, stage, folder):
        folder.mkdir(parents=True)
        (folder / "makemore.py").write_text(self.source)
