"""Run one verb: `python -m deltas VERB …` finds its file, runs it, and turns what went wrong into an exit code."""

import copy
import dataclasses
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .core import console
from .core.errors import BadInput, Refusal
from .core.project import Project, here
from .series.patches import load
from .stages import position, trouble
from .stages.git import GitFailed
from .stages.journal import pending
from .stages.lock import lock

# What a verb needs beyond the packages of the tier `step` (requirements.txt), which its door has installed already
NEEDS = {
    "apply": "step",
    "show": "step",
    "refresh": "step",
    "train": "train",
    "sample": "train",
    "data": "train",
    "verify": "train",
    "record": "train",
    "bench": "train",
    "report": "publish",
    "publish": "publish",
}
VERBS = tuple(NEEDS)
EXTRA = ("elsewhere",)  # what `bench` measures with a tier of its own, called like it

SetUp = Callable[[Project, str], None]


def main(arguments: list[str], project: Project | None = None, set_up: SetUp | None = None) -> int:
    """Run one verb and return the exit code that README's table explains.

    set_up installs a tier. It is called only when the arguments are good: neither --help nor a slip waits for torch.
    """
    verb, *rest = arguments or [""]
    project = dataclasses.replace(project or here(), tell=console.note)
    try:
        if verb not in VERBS:
            raise BadInput(f"there is no verb {verb!r}", f"one of {', '.join(VERBS)}")
        if pending(project):  # an interrupted command: taking the lock finishes or undoes it
            with lock(project):
                pass
        command: click.Command = importlib.import_module(f".verbs.{verb}", __package__).command
        command.epilog = _example(verb)
        if set_up:
            command = _with_packages(command, verb, project, set_up)
        code = command.main(
            rest,
            prog_name=f"scripts/{verb}.sh",
            standalone_mode=False,
            obj=project,
            help_option_names=["-h", "--help"],
        )
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Refusal as refusal:
        console.refuse(refusal)
        return refusal.exit_code
    except (OSError, GitFailed) as error:
        explained = trouble.explain(project, error)
        if explained is None:
            raise
        console.refuse(explained)
        return explained.exit_code
    except (KeyboardInterrupt, click.Abort):
        console.note("stopped")
        return 130


def _example(verb: str) -> str:
    """Return the example that stands at the top of the verb's door, for the end of its --help; "" without a door."""
    door = Path(__file__).parents[1] / f"{verb}.sh"
    lines = door.read_text(encoding="utf-8").splitlines() if door.is_file() else []
    return next((line.removeprefix("# ") for line in lines if line.startswith("# Example: ")), "")


def _with_packages(command: click.Command, verb: str, project: Project, set_up: SetUp) -> click.Command:
    """Return the command, with its packages installed between the reading of its arguments and its work."""

    def callback(**arguments: Any) -> Any:
        stage = arguments.get("stage")
        if stage and (verb, stage) != ("verify", position.ALL):  # BadInput: nothing is fetched for a stage of no series
            position.asked(project, load(project.patches), stage)
        set_up(project, _tier(verb, arguments))
        assert command.callback
        return command.callback(**arguments)

    if NEEDS[verb] == "step":
        return command
    prepared = copy.copy(command)
    prepared.callback = callback
    return prepared


def _tier(verb: str, arguments: dict[str, Any]) -> str:
    """Return the tier that a verb needs with these arguments."""
    if verb == "verify" and arguments["fast"]:
        return "check"
    if verb == "bench" and arguments["what"] in EXTRA:
        return str(arguments["what"])
    return NEEDS[verb]


def install(project: Project, tier: str) -> None:
    """Install a tier of packages by scripts/setup.sh, unless it is ready. Exit with setup.sh's code where it fails."""
    stamp = project.root / ".venv" / "deltas" / tier
    before = stamp.stat() if stamp.exists() else None
    code = subprocess.run(["bash", project.root / "scripts" / "setup.sh", tier]).returncode
    if code:
        sys.exit(code)
    if before is None or stamp.stat().st_mtime_ns != before.st_mtime_ns:  # begin again, in the environment as it is now
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], set_up=install))
