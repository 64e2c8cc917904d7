"""One repository, one typed method per git command. Nothing else in this project runs git on stages and patches.

GitPython starts the children; fence.py says what they may listen to.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from subprocess import PIPE
from typing import Any, BinaryIO, cast

from . import fence, objects  # before GitPython: fence.py tells it to be quiet about a git that is missing

# isort: split
from git.cmd import Git
from git.exc import GitCommandNotFound

from ..core.errors import BadInput
from .objects import Change, Commit, Entry, Merge, Row
from .references import RefTransaction

OLDEST = (2, 38)  # merge-tree --write-tree
NEEDED = f"git {'.'.join(map(str, OLDEST))} or newer"

EXPLICIT = (  # what a repository's own configuration would decide for diff
    "--inter-hunk-context=0", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--indent-heuristic",
    "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--no-function-context",
)  # fmt: skip

# Stages get the same commit ids on every machine: who and when are the series', not the reader's.
EMAIL = "deltas@example.org"
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "makemore deltas"), ("EMAIL", EMAIL))
}

_SECTION = re.compile(rb"^(@@ -[\d,]+ \+[\d,]+ @@).*$", re.MULTILINE)
_MOVED = re.compile(r"^Hunk #\d+ succeeded at .*\((offset|fuzz)", re.MULTILINE)


class GitFailed(Exception):
    """git said no. `said` is what it said, `git_dir` the repository that it was asked about.

    What was the cause is not known here: trouble.py looks for it.
    """

    def __init__(self, arguments: Iterable[str], status: int, said: str, git_dir: Path | None = None):
        words = [word for word in arguments if word not in fence.AS_OPTIONS]
        super().__init__(f"{' '.join(words)} exited {status}: {said.strip()}")
        self.status, self.said, self.git_dir = status, said.strip(), git_dir


def _fenced(command: list[str], git_dir: Path | None = None) -> str:
    """Run git without a repository and return its output. Raise GitFailed, or BadInput where there is no git."""
    with fence.only_allowed_environment():
        try:
            status, out, said = Git().execute(
                command, env=fence.FENCE, with_extended_output=True, with_exceptions=False
            )
        except GitCommandNotFound:
            raise BadInput("git is not on the PATH", NEEDED) from None
    if status:
        raise GitFailed(command, status, said, git_dir)
    return out


def require_git() -> None:
    """Refuse a git that is missing or too old (exit 2)."""
    version = _fenced(["git", "version"])
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise BadInput(version, NEEDED)


def users_safe_directories() -> list[str]:
    """Return the user's own safe.directory values: a fenced git has lost them, which is fatal in containers."""
    got = Git().execute(["git", "config", "--get-all", "safe.directory"], with_exceptions=False)
    return [value for value in str(got).splitlines() if value]


class Repo:
    """One repository. Paths are given; nothing is discovered.

    Without a work tree git sees no working files, and no `.gitattributes` among them. aside: a folder that takes the
    objects that are written, in place of the repository's own.
    """

    lock_fd: int | None = None  # inherited by every child, so that the lock outlives a killed parent's child

    def __init__(
        self, git_dir: Path, work_tree: Path | None = None, index: Path | None = None, aside: Path | None = None
    ):
        self.git_dir, self.work_tree, self.index, self.aside = git_dir, work_tree, index, aside
        self._git = Git()  # not Git(folder): it expands $NAME in the path
        self._places = {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(work_tree or git_dir)}
        if index:
            self._places["GIT_INDEX_FILE"] = str(index)
        if aside:
            self._places["GIT_OBJECT_DIRECTORY"] = str(aside)
            self._places["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.fsdecode(_quoted(git_dir / "objects"))
        self._safe: list[str] = []
        with contextlib.suppress(OSError):
            if git_dir.stat().st_uid != os.geteuid():
                values = users_safe_directories()
                self._safe = [part for value in values for part in ("-c", f"safe.directory={value}")]

    def with_index(self, index: Path) -> "Repo":
        """Return the same repository seen through another index file."""
        return Repo(self.git_dir, self.work_tree, index, self.aside)

    def with_files(self, work_tree: Path) -> "Repo":
        """Return the same repository with working files, for the commands that read or write those."""
        return Repo(self.git_dir, work_tree, self.index, self.aside)

    def writing_to(self, aside: Path) -> "Repo":
        """Return the same repository, with a folder for the objects that are written: nothing of it changes."""
        aside.mkdir(exist_ok=True)
        return Repo(self.git_dir, self.work_tree, self.index, aside)

    # -- running ------------------------------------------------------------------------------------------------------

    def _inherited(self) -> dict[str, Any]:
        return {"pass_fds": (Repo.lock_fd,)} if Repo.lock_fd is not None else {}

    def _command(self, options: Iterable[str], arguments: Iterable[str]) -> list[str]:
        return ["git", "-C", str(self.work_tree or self.git_dir), *options, *self._safe, *arguments]

    def _execute(self, command: list[str], env: dict[str, str], stdin: bytes | None) -> tuple[int, bytes, str]:
        with contextlib.ExitStack() as stack:
            feed = None
            if stdin is not None:
                feed = stack.enter_context(tempfile.TemporaryFile())
                feed.write(stdin)
                feed.seek(0)
            stack.enter_context(fence.only_allowed_environment())
            try:
                status, out, said = cast(
                    tuple[int, bytes, str | bytes],
                    self._git.execute(
                        command,
                        istream=cast(BinaryIO | None, feed),
                        with_extended_output=True,
                        with_exceptions=False,
                        stdout_as_string=False,
                        strip_newline_in_stdout=False,
                        env=self._places | env,
                        **self._inherited(),
                    ),
                )
            except GitCommandNotFound:
                raise BadInput("git is not on the PATH", NEEDED) from None
        return status, out, said if isinstance(said, str) else said.decode(errors="replace")

    def run_status(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        ok: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes, str]:
        """Return exit status, output and error text of one git command. Raise GitFailed for a status outside `ok`."""
        command = self._command(fence.AS_OPTIONS, arguments)
        status, out, said = self._execute(command, fence.FENCE | dict(env or {}), stdin)
        if status not in ok:
            raise GitFailed(command, status, said, self.git_dir)
        return status, out, said

    def run(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """Return the output of one git command. Raise GitFailed where it fails."""
        return self.run_status(*arguments, stdin=stdin, env=env)[1]

    def text(self, *arguments: str) -> str:
        """Return the output of one git command as text, without the last newline."""
        return self.run(*arguments).decode(errors="surrogateescape").rstrip("\n")

    def as_the_reader(self, *arguments: str, stdin: bytes | None = None) -> bytes | None:
        """Return what the reader's own git answers, outside the fence of configuration; None where it fails."""
        status, out, _ = self._execute(self._command((), arguments), fence.readers_environment(), stdin)
        return out if status == 0 else None

    # -- reading ------------------------------------------------------------------------------------------------------

    def resolve(self, name: str) -> str | None:
        """Return the object id of a name; None where there is no such name, or no such object behind it."""
        status, out, _ = self.run_status("rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=(0, 1))
        return out.decode().strip() if status == 0 else None

    def tree(self, commit: str) -> str:
        """Return the tree of a commit. Raise GitFailed where one of both is missing."""
        tree = self.resolve(f"{commit}^{{tree}}")
        if tree is None:
            raise GitFailed(["git", "rev-parse", commit], 1, f"missing commit {commit}, or its tree", self.git_dir)
        return tree

    def has(self, object_id: str) -> bool:
        """Return whether this object is here. A damaged one is; a folder that is no repository has none."""
        status, _, said = self.run_status("cat-file", "-e", object_id, ok=(0, 1, 128))
        if status == 128 and "not a git repository" not in said:
            raise GitFailed(["git", "cat-file", "-e", object_id], status, said, self.git_dir)
        return status == 0

    def blob(self, name: str) -> bytes:
        """Return the content of a blob."""
        return self.run("cat-file", "blob", name)

    def entries(self, tree: str) -> dict[str, Entry]:
        """Return all files of a tree, by path."""
        return objects.entries(self.run("ls-tree", "-r", "-z", "--full-tree", tree))

    def changes(self, old: str, new: str) -> list[Change]:
        """Return the paths that differ between two trees."""
        if old == new:
            return []
        return objects.changes(self.run("diff-tree", "-r", "-z", "--raw", *EXPLICIT, old, new))

    def deleted_lines(self, old: str, new: str) -> dict[str, int]:
        """Count the lines that `new` lacks of `old`, per path. A binary file that differs counts as one."""
        rows = [
            r.split("\t", 2)
            for r in objects.records(self.run("diff-tree", "-r", "-z", "--numstat", *EXPLICIT, old, new))
        ]
        return {path: 1 if gone == "-" else int(gone) for _, gone, path in rows if gone != "0"}

    def distance(self, old: str, new: str) -> float:
        """Count the lines that two blobs do not share; infinite for binary ones."""
        if old == new:
            return 0
        counts = self.text("diff", "--numstat", *EXPLICIT, old, new).split("\t")[:2]
        return float("inf") if "-" in counts else sum(map(int, counts))

    def history(self, head: str, limit: int = 1000) -> list[Commit]:
        """Return the commits from head back along first parents."""
        form = "--format=%H %T %ct %ce"
        rows = self.text("rev-list", "--first-parent", f"--max-count={limit}", "--no-commit-header", form, head)
        parts = (row.split(" ", 3) for row in rows.splitlines())
        return [Commit(commit, tree, int(when), email) for commit, tree, when, email in parts]

    def refs(self, prefix: str) -> dict[str, str]:
        """Return the commit of every reference below a prefix, by name."""
        rows = self.text("for-each-ref", "--format=%(objectname) %(refname)", prefix).splitlines()
        return {name: commit for commit, name in (row.split(" ", 1) for row in rows)}

    def diff(self, old: str, new: str, context: int = 1, path: str | None = None) -> bytes:
        """Return the diff between two trees exactly as patches hold it.

        Every option is explicit, and no section heading stands after @@.
        """
        only = ["--", path] if path else []
        out = self.run("diff-tree", "-r", "-p", "--full-index", f"-U{context}", *EXPLICIT, old, new, *only)
        return _SECTION.sub(rb"\1", out)

    def index_rows(self) -> list[Row]:
        """Return the rows of the index."""
        return objects.rows(self.run("ls-files", "-s", "-v", "-z"))

    def untracked(self) -> list[str]:
        """Return the files that git neither tracks nor ignores."""
        return objects.records(self.run("ls-files", "-o", "--exclude-standard", "-z"))

    def setting(self, name: str) -> bool:
        """Return one of the repository's own switches, such as core.fileMode. What is not set is on."""
        return self.text("config", "--type=bool", "--default=true", name) == "true"

    # -- the reader's conversions -------------------------------------------------------------------------------------

    def smudged(self, path: str, blob: str) -> bytes | None:
        """Return what the reader's git writes into the file when it checks this blob out; None where it cannot."""
        return self.as_the_reader("cat-file", "--filters", f"--path={path}", blob)

    def cleaned(self, path: str, content: bytes) -> str | None:
        """Store the content as the reader's git stores the file, and return the blob; None where it cannot."""
        out = self.as_the_reader("hash-object", "-w", "--stdin", f"--path={path}", stdin=content)
        return out.decode().strip() if out else None

    # -- writing objects ----------------------------------------------------------------------------------------------

    def store(self, content: bytes) -> str:
        """Store the content, byte for byte, and return its blob."""
        return self.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def commit_tree(self, tree: str, parents: Iterable[str], message: bytes, date: str) -> str:
        """Make a commit with the series' identity. `date` is in git's internal form, '<seconds> +0000'."""
        linked = [part for parent in parents for part in ("-p", parent)]
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return self.run("commit-tree", tree, *linked, stdin=message, env=IDENTITY | dates).decode().strip()

    def graft(self, commit: str, tree: str, parent: str) -> str:
        """Make a commit like this one, of another tree and on another parent. A signature does not come along."""
        header, blank, message = self.run("cat-file", "commit", commit).partition(b"\n\n")
        fields = re.findall(rb"^(?:author|committer|encoding) .*$", header, re.MULTILINE)
        content = b"\n".join([b"tree " + tree.encode(), b"parent " + parent.encode(), *fields]) + blank + message
        return self.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=content).decode().strip()

    def write_tree(self) -> str:
        """Make a tree of the index."""
        return self.text("write-tree")

    def read_tree(self, tree: str) -> None:
        """Make the index of a tree. Files are not touched."""
        self.run("read-tree", tree)

    def apply_to_index(self, diff: bytes) -> None:
        """Apply a diff to the index. Raise GitFailed, also when git had to look for the place ("offset")."""
        _, _, said = self.run_status("apply", "--cached", "-v", "--whitespace=nowarn", "-", stdin=diff)
        if _MOVED.search(said):
            moved = "\n".join(line for line in said.splitlines() if "Hunk" in line)
            raise GitFailed(["git", "apply"], 0, moved, self.git_dir)

    def set_entries(self, rows: Iterable[str]) -> None:
        """Write index rows, in the form of `git ls-files -s`, stages 1 to 3 included. Mode 0 takes a path out."""
        listed = "".join(f"{row}\0" for row in rows).encode(errors="surrogateescape")
        self.run("update-index", "-z", "--index-info", stdin=listed)

    def merge(self, base: str, ours: str, theirs: str) -> Merge:
        """Merge trees three ways by git's own machinery, without an index or files.

        merge-tree has --merge-base only from 2.40 on: synthetic commits with the base as parent say the same.
        """
        date = "@0 +0000"
        root = self.commit_tree(base, [], b"base\n", date)
        left, right = (
            self.commit_tree(tree, [root], name, date) for tree, name in ((ours, b"ours\n"), (theirs, b"theirs\n"))
        )
        status, out, _ = self.run_status("merge-tree", "--write-tree", "-z", "--messages", left, right, ok=(0, 1))
        fields = out.decode(errors="surrogateescape").split("\0")
        if status == 0:
            return Merge(fields[0], [], left, right)
        return Merge(fields[0], fields[1 : fields.index("", 1)], left, right)

    # -- references ---------------------------------------------------------------------------------------------------

    def ref_transaction(self) -> RefTransaction:
        """Begin a transaction over references, held open between prepare and commit."""
        with fence.only_allowed_environment():
            process = self._git.execute(
                self._command(fence.AS_OPTIONS, ["update-ref", "--no-deref", "--stdin"]),
                istream=PIPE,
                as_process=True,
                env=self._places | fence.FENCE | IDENTITY,
                **self._inherited(),
            )
        return RefTransaction(process)


def init(folder: Path, *, bare: bool, borrow: Path | None = None) -> None:
    """Make an empty repository without templates. `borrow`: a folder of objects to share (never one to keep)."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--template=", *(["--bare"] if bare else [])]
    _fenced(["git", "-C", str(folder), "-c", "init.defaultBranch=main", "init", "-q", *options, "."], folder)
    if borrow:
        info = (folder if bare else folder / ".git") / "objects" / "info"
        info.mkdir(exist_ok=True)
        (info / "alternates").write_bytes(_quoted(borrow) + b"\n")


def _quoted(path: Path) -> bytes:
    """Return a path as git reads it in a list of folders, whatever is in its name."""
    quoted = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + quoted + b'"'
