"""A stage as a subject of runs: its experiment, its code, and what measures it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..child import programs
from ..core.codeid import code_id
from ..core.errors import BadInput
from ..core.project import Project
from ..stages.build import Stage, Workshop
from . import experiment
from .agenda import Agenda
from .beside import compare
from .execute import Plan, Result, execute, finished
from .experiment import Experiment, Run


@dataclass(frozen=True)
class Subject:
    """A stage that can be trained. code_id: of its files. measured_by: run -> the id of the code that measures it."""

    stage: Stage
    experiment: Experiment
    code_id: str
    measured_by: Mapping[str, str]

    def plans(self, runs: Sequence[Run], seeds: Sequence[int]) -> list[Plan]:
        """Return a plan for every run and seed, run by run; a deterministic run has one, from the first seed."""
        return [Plan(self.stage, run, seed, self.code_id) for run in runs for seed in run.seeds(tuple(seeds))]

    def missing(self, project: Project, runs: Sequence[Run], seeds: Sequence[int]) -> list[Plan]:
        """Return the plans that no complete run is there for."""
        return [plan for plan in self.plans(runs, seeds) if finished(project, plan) is None]

    def results(
        self,
        project: Project,
        shop: Workshop,
        runs: Sequence[Run],
        seeds: Sequence[int],
        *,
        fresh: bool = False,
        agenda: Agenda | None = None,
    ) -> list[Result]:
        """Return a result for every plan, in order; complete runs are reused, unless `fresh`. Raise as execute does."""
        return compare(execute(project, self.plans(runs, seeds), shop.export, fresh=fresh, agenda=agenda))


def look_up(project: Project, shop: Workshop, stage: Stage) -> Subject:
    """Return the stage as a subject. BadInput for stage 00, and where experiment.toml is missing or malformed."""
    if stage.number == 0:
        raise BadInput(
            "stage 00 is upstream itself: it has no experiment",
            "a stage of the series",
            ["scripts/train.sh 01"] if len(shop.stages) > 1 else [],
        )
    folder = project.baselines / stage.name
    described = experiment.read(folder / "experiment.toml")
    return Subject(stage, described, code_id(shop.files(stage)), measured_by(described, folder))


def measured_by(described: Experiment, folder: Path) -> dict[str, str]:
    """Return the id of the code that measures each run. folder: the stage's own, where its metrics.py may be."""
    own = folder / "metrics.py"
    return {run.name: programs.measured_by(run.control, own) for run in described.runs}
