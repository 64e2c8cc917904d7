"""Where things are: one checkout of this repository."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PIN = "988aa59e4d8fefa526d06f3b453ad116258398d4"
URL = "https://github.com/karpathy/makemore.git"


def _silence(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Project:
    """A checkout: its folders, the upstream commit that it builds on, and whom to tell how the work goes.

    tell: is given a line of text whenever somebody who waits should hear why: another command is at work, upstream is
    fetched, an interrupted command was finished. What prints nothing itself (the rooms below verbs/) tells it here.
    """

    root: Path
    pin: str = PIN
    tell: Callable[[str], None] = field(default=_silence, compare=False)

    @property
    def patches(self) -> Path:
        """Return the folder of the series: NN-slug.patch."""
        return self.root / "patches"

    @property
    def baselines(self) -> Path:
        """Return the folder of what was measured: NN-slug/experiment.toml and baseline.json."""
        return self.root / "baselines"

    @property
    def upstream(self) -> Path:
        """Return the folder of the submodule. Nothing here writes to it."""
        return self.root / "upstream" / "makemore"

    @property
    def stage(self) -> Path:
        """Return the reader's makemore: a git repository of its own."""
        return self.root / "stage"

    @property
    def out(self) -> Path:
        """Return the folder of runs and reports."""
        return self.root / "out"

    @property
    def journal(self) -> Path:
        """Return the folder that says what a command is about to do, until it has done it."""
        return self.root / ".journal"


def here() -> Project:
    """Return the checkout that this file belongs to, wherever the command was typed."""
    return Project(Path(__file__).resolve().parents[3])
