"""The submodule: is it there, and is it the commit that the series builds on? Fetches it where it is missing."""

import os
import subprocess
from pathlib import Path

from ..core import console
from ..core.errors import NoUpstream
from ..core.project import URL, Project
from .git import Repo

WAYS = (
    f"reach {URL} and run the command again",
    'git config --global url."file:///path/to/clone".insteadOf '
    f"{URL} && git config --global protocol.file.allow always   # any clone you have",
    "MAKEMORE_MIRROR=/path/or/url/of/any/clone scripts/apply.sh 01   # the same for one call",
)


def present(project: Project) -> bool:
    """Whether the submodule was initialised; says nothing of its commit."""
    return (project.upstream / ".git").exists() and git_dir(project).is_dir()


def require(project: Project) -> Repo:
    """The submodule's repository at its pin, fetched first if need be. Raises NoUpstream."""
    if not present(project):
        fetch(project)
    repo = Repo(git_dir(project))
    head = repo.resolve("HEAD^{commit}")
    if head == project.pin:
        return repo
    if not repo.has(f"{project.pin}^{{tree}}"):
        fetch(project)  # the clone at hand is of a source that lacked it
        head = repo.resolve("HEAD^{commit}")
    if head != project.pin:
        raise NoUpstream(
            f"upstream/makemore stands at {(head or 'nothing')[:12]}, moved by somebody",
            f"its pin, {project.pin}; the series is built on that commit and no other",
            ["git submodule update --init upstream/makemore"],
        )
    return repo


def git_dir(project: Project) -> Path:
    """Where the submodule's objects are: what its `.git` file points to."""
    link = project.upstream / ".git"
    if link.is_dir():
        return link
    target = link.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir: ").rstrip("\n")
    return (project.upstream / target).resolve()


def objects(project: Project) -> Path:
    """The submodule's folder of objects."""
    return git_dir(project) / "objects"


def fetch(project: Project) -> None:
    """`git submodule update --init` with the *user's* configuration: mirrors and proxies are theirs."""
    if not (project.root / ".git").exists():
        raise NoUpstream(
            "this folder has no .git: a download of the files knows no submodule",
            "a clone",
            ["git clone --recurse-submodules <the address you downloaded from>"],
        )
    if (project.upstream / ".git").exists() and not git_dir(project).is_dir():
        raise NoUpstream(
            "upstream/makemore/.git points to nothing",
            "a submodule",
            ["git submodule deinit -f upstream/makemore   # then run it again"],
        )
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    mirror = os.environ.get("MAKEMORE_MIRROR")
    if mirror:
        if Path(mirror).is_dir():
            mirror = str(Path(mirror).resolve())
        environment |= _configured(environment, {f"url.{mirror}.insteadOf": URL, "protocol.file.allow": "always"})
    console.note(f"fetching upstream: {mirror or URL}")
    done = subprocess.run(
        ["git", "submodule", "update", "--init", "--", "upstream/makemore"],
        cwd=project.root,
        env=environment | {"GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode or not present(project) or not Repo(git_dir(project)).has(f"{project.pin}^{{tree}}"):
        said = [
            line for line in done.stderr.splitlines() if line.startswith(("fatal", "error"))
        ] or done.stderr.splitlines()
        raise NoUpstream(
            f"upstream cannot be had from {mirror or URL}: {'; '.join(said[:2]) or 'git said nothing'}",
            f"commit {project.pin} of makemore",
            WAYS,
        )


def _configured(environment: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
    """Settings by environment, after those that are there. `-c key=value` would end a key at its first `=`."""
    count = int(environment.get("GIT_CONFIG_COUNT") or 0)
    added = {"GIT_CONFIG_COUNT": str(count + len(settings))}
    for number, (key, value) in enumerate(settings.items(), count):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return added


# What a hook exports about *its* repository (`git rev-parse --local-env-vars`); configuration by environment stays.
_LOCAL = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE", "GIT_COMMON_DIR",
}  # fmt: skip
