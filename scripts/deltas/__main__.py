"""`python -m deltas VERB …`: find the verb's file, run it, turn what went wrong into an exit code."""

import dataclasses
import importlib
import sys

import click

from .core import console
from .core.errors import BadInput, Refusal
from .core.project import Project, here
from .stages import trouble
from .stages.git import GitFailed
from .stages.journal import pending
from .stages.lock import lock

VERBS = ("apply", "show", "refresh", "train", "sample", "verify", "record", "bench", "report", "publish")


def main(arguments: list[str], project: Project | None = None) -> int:
    """Run one verb. The exit code is the one that README's table explains."""
    verb, *rest = arguments or [""]
    project = dataclasses.replace(project or here(), tell=console.note)
    try:
        if verb not in VERBS:
            raise BadInput(f"there is no verb {verb!r}", f"one of {', '.join(VERBS)}")
        if pending(project):  # an interrupted command: taking the lock finishes or undoes it
            with lock(project):
                pass
        command: click.Command = importlib.import_module(f".verbs.{verb}", __package__).command
        code = command.main(rest, prog_name=f"scripts/{verb}.sh", standalone_mode=False, obj=project)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
