"""Plain git is enough: the series applied with `git am`, `git apply` and `patch -p1`, each in its own working copy."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..core.files import scratch
from ..core.project import Project
from . import upstream
from .complaints import cause
from .git import IDENTITY, GitFailed, Repo, init


def trees(project: Project, series: list[Path]) -> dict[str, str]:
    """Return the tree that a tool makes of pin + series, or what it said instead, by tool.

    `patch` is asked only where it is installed. Trouble with the machine is raised, not held against the patches.
    """
    tools = {"git am": _am, "git apply": _apply} | ({"patch -p1": _patch} if shutil.which("patch") else {})
    made = {}
    for name, tool in tools.items():
        with working_copy(project) as repo:
            try:
                tool(repo, series)
                repo.run("add", "-A", "--", ":/")
                made[name] = repo.write_tree()
            except GitFailed as error:
                if cause(error.said):
                    raise
                made[name] = error.said
            except subprocess.CalledProcessError as error:
                made[name] = error.stdout.strip()
    return made


@contextlib.contextmanager
def working_copy(project: Project) -> Iterator[Repo]:
    """Lend a repository at the pin, with files, that goes away."""
    with scratch() as folder:
        init(folder, bare=False, borrow=upstream.objects(project))
        (folder / ".git" / "HEAD").write_text(project.pin + "\n")
        shallow = upstream.git_dir(project) / "shallow"
        if shallow.exists():
            shutil.copyfile(shallow, folder / ".git" / "shallow")
        repo = Repo(folder / ".git", folder)
        repo.run("read-tree", "-m", "-u", project.pin)
        yield repo


def _am(repo: Repo, series: list[Path]) -> None:
    repo.run("am", "--quiet", *map(str, series), env=IDENTITY)


def _apply(repo: Repo, series: list[Path]) -> None:
    for patch in series:
        repo.run("apply", "--whitespace=nowarn", str(patch))


def _patch(repo: Repo, series: list[Path]) -> None:
    for patch in series:
        with patch.open("rb") as text:
            done = ["patch", "-p1", "--batch", "--forward", "--silent"]
            subprocess.run(done, cwd=repo.work_tree, stdin=text, capture_output=True, text=True, check=True)
