"""`python -m deltas VERB …`: finds the verb's file, runs it, turns what went wrong into an exit code."""

import errno
import importlib
import sys

import click

from .core import console
from .core.errors import BadInput, CheckFailed, Refusal
from .core.project import Project, here
from .stages.git import GitFailed
from .stages.transaction import lock, pending

VERBS = ("apply", "show", "refresh", "train", "sample", "verify", "record", "bench", "report", "publish")


def main(arguments: list[str], project: Project | None = None) -> int:
    """Runs one verb. The exit code is the one that README's table explains."""
    verb, *rest = arguments or [""]
    try:
        if verb not in VERBS:
            raise BadInput(f"there is no verb {verb!r}", f"one of {', '.join(VERBS)}")
        project = project or here()
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
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise
        console.refuse(CheckFailed("the disk is full", "room for a few files", ["free some space and run it again"]))
        return 1
    except GitFailed as error:
        console.refuse(CheckFailed(str(error), "a git command that works", ["df -h .   # room on the disk?"]))
        return 1
    except (KeyboardInterrupt, click.Abort):
        console.note("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
