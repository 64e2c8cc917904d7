"""`sample`: more names from a trained run, different ones each time unless seeded."""

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from ..child.sampling import UNFIT
from ..core import console, machine
from ..core.errors import BadInput, CheckFailed
from ..core.project import Project
from ..runs.execute import Plan, finished
from ..runs.subject import look_up
from ..stages.build import workshop


@click.command(help="Draw names from a trained run of a stage.")
@click.argument("stage")
@click.option("--run", "name", metavar="R", help="Which run; the headline one if not said.")
@click.option("--num", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many names.")
@click.option("--prompt", default="", metavar="mar", help="How they begin.")
@click.option("--seed", type=int, help="The same seed draws the same names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    project: Project, stage: str, name: str | None, num: int, prompt: str, seed: int | None, as_json: bool
) -> int:
    """Of the first seed's model. BadInput where there is none, or the prompt has letters that no name has."""
    seed = secrets.randbelow(2**31) if seed is None else seed
    with workshop(project) as shop, tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        subject = look_up(project, shop, shop.find(stage))
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
        if not (result.folder / "model.pt").exists():
            samples = (result.folder / "samples.txt").relative_to(project.root)
            raise BadInput(f"{run.name} leaves no model to draw from", f"its names are in {samples}")
        tree, model = Path(folder) / "tree", Path(folder) / "model"
        shop.export(subject.stage, tree)
        model.mkdir()
        shutil.copy(result.folder / "model.pt", model)
        drawn = _drawn(plan, tree, model, {"num": num, "prompt": prompt, "seed": seed})
    if as_json:
        console.document({"stage": subject.stage.name, "run": run.name, "seed": seed, "prompt": prompt, "names": drawn})
        return 0
    for each in drawn:
        console.say(each)
    console.note(f"\n{subject.stage.name} {run.name}; --seed {seed} draws these again")
    return 0


def _drawn(plan: Plan, tree: Path, model: Path, request: dict) -> list[str]:
    command = [sys.executable, "-m", "deltas.child.sampling", "makemore.py", str(model), "--", *plan.arguments]
    done = subprocess.run(
        command, cwd=tree, env=machine.environment(), input=json.dumps(request), capture_output=True, text=True
    )
    said = done.stderr.strip().splitlines()[-1:] or ["nothing said"]
    if done.returncode == 2:
        raise BadInput(said[0], "a prompt that a name could begin with")
    again = [f"scripts/train.sh {plan.stage.number:02d} --run {plan.run.name} --fresh"]
    if done.returncode == UNFIT:
        raise BadInput(f"the model of {plan.name} does not fit: {said[0]}", "model.pt as the run left it", again)
    if done.returncode:
        raise CheckFailed(f"{plan.name} cannot be sampled: {said[0]}", "", again)
    return json.loads(done.stdout)
