"""`sample`: more names from a trained run, different ones each time unless seeded."""

import json
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from ..child import programs
from ..core import console
from ..core.errors import BadInput, CheckFailed
from ..core.files import scratch
from ..core.project import Project
from ..runs.execute import Plan, finished
from ..runs.processes import Job, alone
from ..runs.subject import look_up
from ..stages import position
from ..stages.build import workshop


@click.command(help="Draw names from a trained run of stage NN, or of the one where you stand.")
@click.argument("stage", default="here")
@click.option("--run", "name", metavar="R", help="Which run; the headline one if not said.")
@click.option("--num", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many names.")
@click.option("--prompt", default="", metavar="mar", help="How they begin.")
@click.option("--seed", type=int, help="The same seed draws the same names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    project: Project, stage: str, name: str | None, num: int, prompt: str, seed: int | None, as_json: bool
) -> int:
    """Draw from the first seed's model. BadInput where there is none, or the prompt has letters that no name has."""
    seed = secrets.randbelow(2**31) if seed is None else seed
    with workshop(project) as shop, scratch() as folder:
        subject = look_up(project, shop, shop.stages[position.asked(project, shop.series, stage)])
        run = subject.experiment.run(name) if name else subject.experiment.headline_run
        number = f"{subject.stage.number:02d}"
        plan = Plan(subject.stage, run, subject.experiment.seeds[0], subject.code_id)
        result = finished(project, plan)
        if result is None:
            raise BadInput(
                f"{plan.name} was not trained, or with other code",
                "a complete run",
                [f"scripts/train.sh {number} --run {run.name}"],
            )
        samples = result.folder / "samples.txt"
        if not samples.exists():
            raise BadInput(f"{run.name} makes up no names", "a run that leaves a language model")
        if not (result.folder / "model.pt").exists():
            expected = f"its names are in {samples.relative_to(project.root)}"
            raise BadInput(f"{run.name} leaves no model to draw names from", expected)
        tree, model = folder / "tree", folder / "model"
        shop.export(subject.stage, tree)
        model.mkdir()
        shutil.copy(result.folder / "model.pt", model)
        drawn = _drawn(plan, tree, model, {"num": num, "prompt": prompt, "seed": seed})
    if as_json:
        console.document({"stage": subject.stage.name, "run": run.name, "seed": seed, "prompt": prompt, "names": drawn})
        return 0
    for drawn_name in drawn:
        console.say(drawn_name)
    console.note(f"\n{subject.stage.name} {run.name}; --seed {seed} draws these again")
    return 0


def _drawn(plan: Plan, tree: Path, model: Path, request: dict[str, Any]) -> list[str]:
    """Let a child draw from the model. tree: the stage's files."""
    command = (sys.executable, "-m", programs.SAMPLING, "makemore.py", str(model), json.dumps(request))
    job = Job(plan.name, (*command, "--", *plan.arguments), tree, model / "names.json", model / "errors.txt")
    broken = alone(job)
    if broken is None:
        return json.loads(job.log.read_text(encoding="utf-8"))
    if broken.code == 2:
        raise BadInput(broken.reason, "a prompt that a name could begin with")
    again = [f"scripts/train.sh {plan.stage.number:02d} --run {plan.run.name} --fresh"]
    if broken.code == programs.UNFIT:
        raise BadInput(f"the model of {plan.name} does not fit: {broken.reason}", "model.pt as the run left it", again)
    raise CheckFailed(f"{plan.name} cannot be sampled: {broken.reason}", "", again)
