"""The submodule: is it there, and is it the commit that the series builds on? Fetch it where it is missing."""

import os
import subprocess
from pathlib import Path

from ..core.errors import NoUpstream
from ..core.project import URL, Project
from .complaints import Cause, cause, words
from .git import GitFailed, Repo

WAYS = (
    f"reach {URL} and run the command again",
    'git config --global url."file:///path/to/clone".insteadOf '
    f"{URL} && git config --global protocol.file.allow always   # any clone you have",
    "MAKEMORE_MIRROR=/path/or/url/of/any/clone scripts/apply.sh 01   # the same for one call",
)


def present(project: Project) -> bool:
    """Return whether the submodule was initialised. That says nothing of its commit."""
    return (project.upstream / ".git").exists() and git_dir(project).is_dir()


def require(project: Project) -> Repo:
    """Return the submodule's repository at its pin; fetch it first if need be. Raise NoUpstream."""
    if not present(project):
        fetch(project)
    repo = Repo(git_dir(project))
    if not _has_pin(repo, project.pin):
        fetch(project)  # the clone at hand was cut short, or is of a source that lacked the commit
    head = repo.resolve("HEAD^{commit}")
    if head != project.pin:
        raise NoUpstream(
            f"upstream/makemore stands at {head[:12]}" if head else "upstream/makemore stands at no commit",
            f"its pin, {project.pin}; the series is built on that commit and no other",
            ["git submodule update --init upstream/makemore"],
        )
    return repo


def _has_pin(repo: Repo, pin: str) -> bool:
    """Return whether the pinned commit is there with its tree."""
    return repo.has(pin) and repo.resolve(f"{pin}^{{tree}}") is not None


def git_dir(project: Project) -> Path:
    """Return where the submodule's objects are: what its `.git` file points to."""
    link = project.upstream / ".git"
    if link.is_dir():
        return link
    target = link.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir: ").rstrip("\n")
    return (project.upstream / target).resolve()


def objects(project: Project) -> Path:
    """Return the submodule's folder of objects."""
    return git_dir(project) / "objects"


def fetch(project: Project) -> None:
    """Run `git submodule update --init` with the *user's* configuration: mirrors and proxies are theirs."""
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
            ["mv upstream/makemore makemore.old   # keeps it; then run the command again"],
        )
    mirror = _mirror()
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    if mirror:
        environment |= _configured(environment, {f"url.{mirror}.insteadOf": URL, "protocol.file.allow": "always"})
    project.tell(f"fetching upstream: {mirror or URL}")
    done = subprocess.run(
        ["git", "submodule", "update", "--init", "--", "upstream/makemore"],
        cwd=project.root,
        env=environment | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},  # what it says is read
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode or not present(project):
        raise _not_fetched(project, done, mirror or URL)
    repo = Repo(git_dir(project))
    if not _has_pin(repo, project.pin):  # git finds nothing to fetch, and yet it is not there
        raise GitFailed(done.args, 0, f"missing commit {project.pin}, or its tree", repo.git_dir)


def _mirror() -> str | None:
    """Return the source that the user named for this call. A folder's path is made absolute: git runs elsewhere."""
    mirror = os.environ.get("MAKEMORE_MIRROR")
    return str(Path(mirror).resolve()) if mirror and Path(mirror).is_dir() else mirror


def _not_fetched(project: Project, done: "subprocess.CompletedProcess[str]", source: str) -> Exception:
    """Return what to raise. The source is not blamed for trouble with this disk."""
    here = cause(done.stderr)
    places = [place for place in (project.root, project.root / ".git", project.upstream) if place.exists()]
    forbidden = here is Cause.FORBIDDEN and not all(os.access(place, os.W_OK) for place in places)
    if forbidden or here in (Cause.FULL, Cause.READ_ONLY, Cause.BROKEN_DISK):
        return GitFailed(done.args, done.returncode, done.stderr, project.root / ".git")
    return NoUpstream(
        f"upstream cannot be had from {source}: {words(done.stderr) or 'git said nothing'}",
        f"commit {project.pin} of makemore",
        WAYS,
    )


def _configured(environment: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
    """Return settings as variables, after those that are there. `-c key=value` would end a key at its first `=`."""
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
