"""Where things are: one checkout of this repository."""

from dataclasses import dataclass
from pathlib import Path

PIN = "988aa59e4d8fefa526d06f3b453ad116258398d4"
URL = "https://github.com/karpathy/makemore.git"


@dataclass(frozen=True)
class Project:
    """A checkout: its folders, and the upstream commit that it builds on."""

    root: Path
    pin: str = PIN

    @property
    def patches(self) -> Path:
        """The series: NN-slug.patch."""
        return self.root / "patches"

    @property
    def baselines(self) -> Path:
        """What was measured: NN-slug/experiment.toml and baseline.json."""
        return self.root / "baselines"

    @property
    def upstream(self) -> Path:
        """The submodule. Nothing here writes to it."""
        return self.root / "upstream" / "makemore"

    @property
    def stage(self) -> Path:
        """The reader's makemore: a git repository of its own."""
        return self.root / "stage"

    @property
    def out(self) -> Path:
        """Runs and reports."""
        return self.root / "out"

    @property
    def journal(self) -> Path:
        """What a command is about to do, until it has done it."""
        return self.root / ".journal"


def here() -> Project:
    """The checkout that this file belongs to, wherever the command was typed."""
    return Project(Path(__file__).resolve().parents[3])
