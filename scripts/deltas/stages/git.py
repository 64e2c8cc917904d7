"""The only place that runs git on stages and patches: GitPython drives it, one typed method per command.

Three fences, because git listens to far more than its arguments:

- the environment is an allow-list. Hooks export GIT_INDEX_FILE, users export GIT_DIFF_OPTS;
- system and user configuration are off, and what a repository's own configuration may say about bytes
  (line endings, attributes, hooks, signing) is overridden on every call;
- GIT_DIR is always given. Without it git walks up, and in an uninitialised submodule it acts on the *outer* repository.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # a missing git is reported by us, in a sentence

from git.cmd import Git
from git.exc import GitCommandNotFound

from ..core.errors import BadInput
from ..series.patches import NO_OBJECT

OLDEST = (2, 38)  # merge-tree --write-tree
NEEDED = f"git {'.'.join(map(str, OLDEST))} or newer"

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DEVELOPER_DIR", "SUDO_UID")
FENCE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
OVERRIDES = {
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.safecrlf": "false",
    "core.attributesFile": os.devnull,
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "core.bigFileThreshold": "512m",
    "core.fsync": "none",
    "apply.whitespace": "nowarn",
    "apply.ignoreWhitespace": "no",
    "diff.suppressBlankEmpty": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "commit.gpgSign": "false",
    "merge.conflictStyle": "merge",
    "merge.renames": "false",
    "merge.default": "text",
    "gc.auto": "0",
    "advice.detachedHead": "false",
}
EXPLICIT = (  # what a repository's own configuration would decide for diff
    "--inter-hunk-context=0", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--indent-heuristic",
    "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--no-function-context",
)  # fmt: skip
AS_OPTIONS = [part for key, value in OVERRIDES.items() for part in ("-c", f"{key}={value}")]

# Stages get the same commit ids on every machine: who and when are the series', not the reader's.
EMAIL = "deltas@example.org"
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "makemore deltas"), ("EMAIL", EMAIL))
}

_SECTION = re.compile(rb"^(@@ -[\d,]+ \+[\d,]+ @@).*$", re.MULTILINE)


class GitFailed(Exception):
    """git said no. `stderr` is what it said."""

    def __init__(self, arguments: list[str], status: int, stderr: str):
        words = [word for word in arguments if word not in AS_OPTIONS]
        super().__init__(f"{' '.join(words)} exited {status}: {stderr.strip()}")
        self.status, self.stderr = status, stderr.strip()


class RefsMoved(Exception):
    """A reference did not stand where the transaction expected it, or another git holds its lock."""


@contextlib.contextmanager
def only_allowed_environment() -> Iterator[None]:
    """Runs a block with nothing but the allow-list in os.environ. GitPython starts every child from os.environ."""
    whole = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update({name: whole[name] for name in PASSED_ON if name in whole})
        yield
    finally:
        os.environ.clear()
        os.environ.update(whole)


def require_git() -> None:
    """Refuses a git that is missing or too old (exit 2)."""
    try:
        with only_allowed_environment():
            version = Git().execute(["git", "version"])
    except Exception as error:
        raise BadInput("git is not on the PATH", NEEDED) from error
    found = tuple(int(n) for n in re.findall(r"\d+", str(version))[:2])
    if found < OLDEST:
        raise BadInput(str(version), NEEDED)


def users_safe_directories() -> list[str]:
    """The user's own safe.directory values: a fenced git has lost them, which is fatal in containers."""
    got = Git().execute(["git", "config", "--get-all", "safe.directory"], with_exceptions=False)
    return [value for value in str(got).splitlines() if value]


@dataclass(frozen=True)
class Entry:
    """One file of a tree."""

    mode: str
    blob: str
    path: str


@dataclass(frozen=True)
class Change:
    """What happened to one path between two trees: status A, M, D or T, both modes and both blobs."""

    status: str
    old_mode: str
    mode: str
    old: str
    new: str
    path: str


@dataclass(frozen=True)
class Commit:
    """when: its committer's date, seconds since 1970. email: its committer."""

    id: str
    tree: str
    when: int
    email: str


class Repo:
    """One repository. Paths are given; nothing is discovered."""

    lock_fd: int | None = None  # inherited by every child, so that the lock outlives a killed parent's child

    def __init__(self, git_dir: Path, work_tree: Path | None = None, index: Path | None = None):
        self.git_dir, self.work_tree = git_dir, work_tree
        self._git = Git()  # not Git(folder): it expands $NAME in the path
        self._env = FENCE | {"GIT_DIR": str(git_dir)}
        if work_tree:
            self._env["GIT_WORK_TREE"] = str(work_tree)
        if index:
            self._env["GIT_INDEX_FILE"] = str(index)
        self._safe: list[str] = []
        with contextlib.suppress(OSError):
            if git_dir.stat().st_uid != os.geteuid():
                self._safe = [f"safe.directory={value}" for value in users_safe_directories()]

    def with_index(self, index: Path) -> "Repo":
        """The same repository seen through another index file."""
        return Repo(self.git_dir, self.work_tree, index)

    # -- running ------------------------------------------------------------------------------------------------------

    def _command(self, arguments: Iterable[str]) -> list[str]:
        safe = [part for value in self._safe for part in ("-c", value)]
        return ["git", "-C", str(self.work_tree or self.git_dir), *AS_OPTIONS, *safe, *arguments]

    def _inherited(self) -> dict:
        return {"pass_fds": (Repo.lock_fd,)} if Repo.lock_fd is not None else {}

    def run(self, *arguments: str, stdin: bytes | None = None, ok: tuple[int, ...] = (0,), **env: str) -> bytes:
        """Output of one git command. Raises GitFailed for an exit status outside `ok`."""
        return self.run_status(*arguments, stdin=stdin, ok=ok, **env)[1]

    def run_status(
        self, *arguments: str, stdin: bytes | None = None, ok: tuple[int, ...] = (0,), **env: str
    ) -> tuple[int, bytes, str]:
        """Exit status, output and error text of one git command."""
        command = self._command(arguments)
        with contextlib.ExitStack() as stack:
            feed = None
            if stdin is not None:
                feed = stack.enter_context(tempfile.TemporaryFile())
                feed.write(stdin)
                feed.seek(0)
            stack.enter_context(only_allowed_environment())
            try:
                status, out, err = self._git.execute(
                    command,
                    istream=feed,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    env=self._env | env,
                    **self._inherited(),
                )
            except GitCommandNotFound:
                raise BadInput("git is not on the PATH", NEEDED) from None
        err = err if isinstance(err, str) else err.decode(errors="replace")
        if status not in ok:
            raise GitFailed(command, status, err)
        return status, out, err

    def text(self, *arguments: str, **env: str) -> str:
        """Output of one git command as text, without the last newline."""
        return self.run(*arguments, **env).decode(errors="surrogateescape").rstrip("\n")

    # -- reading ------------------------------------------------------------------------------------------------------

    def resolve(self, name: str) -> str | None:
        """Object id of a name, or None."""
        status, out, _ = self.run_status("rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=(0, 1, 128))
        return out.decode().strip() if status == 0 else None

    def has(self, name: str) -> bool:
        """Whether this object is here."""
        return self.run_status("cat-file", "-e", name, ok=(0, 1, 128))[0] == 0

    def blob(self, name: str) -> bytes:
        """Content of a blob."""
        return self.run("cat-file", "blob", name)

    def entries(self, tree: str) -> dict[str, Entry]:
        """All files of a tree, by path."""
        return {e.path: e for e in map(_entry, _records(self.run("ls-tree", "-r", "-z", "--full-tree", tree)))}

    def changes(self, old: str, new: str) -> list[Change]:
        """Which paths differ between two trees."""
        fields = _records(self.run("diff-tree", "-r", "-z", "--raw", *EXPLICIT, old, new))
        found = []
        for about, path in zip(fields[::2], fields[1::2], strict=True):
            old_mode, mode, before, after, status = about.lstrip(":").split(" ")
            found.append(Change(status, old_mode, mode, before, after, path))
        return found

    def deleted_lines(self, old: str, new: str) -> dict[str, int]:
        """Lines that `new` lacks of `old`, per path ('-' for a binary file counts as one)."""
        records = _records(self.run("diff-tree", "-r", "-z", "--numstat", *EXPLICIT, old, new))
        rows = [record.split("\t", 2) for record in records]
        return {path: 1 if gone == "-" else int(gone) for _, gone, path in rows if gone != "0"}

    def history(self, head: str, limit: int = 1000) -> list[Commit]:
        """From head back along first parents."""
        form = "--format=%H %T %ct %ce"
        rows = self.text("rev-list", "--first-parent", f"--max-count={limit}", "--no-commit-header", form, head)
        parts = (row.split(" ", 3) for row in rows.splitlines())
        return [Commit(commit, tree, int(when), email) for commit, tree, when, email in parts]

    def refs(self, prefix: str) -> dict[str, str]:
        """Reference name -> commit id."""
        rows = self.text("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return dict(row.split(" ", 1) for row in rows)

    def diff(self, old: str, new: str, context: int = 1, path: str | None = None) -> bytes:
        """The diff between two trees exactly as patches hold it: every option explicit, no section heading after @@."""
        only = ["--", path] if path else []
        out = self.run("diff-tree", "-r", "-p", "--full-index", f"-U{context}", *EXPLICIT, old, new, *only)
        return _SECTION.sub(rb"\1", out)

    # -- writing objects ----------------------------------------------------------------------------------------------

    def commit_tree(self, tree: str, parents: Iterable[str], message: bytes, date: str) -> str:
        """A commit with the series' identity. `date` is git's internal form, '<seconds> +0000'."""
        linked = [part for parent in parents for part in ("-p", parent)]
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return self.run("commit-tree", tree, *linked, stdin=message, **IDENTITY, **dates).decode().strip()

    def write_tree(self) -> str:
        """The index as a tree."""
        return self.text("write-tree")

    def read_tree(self, tree: str) -> None:
        """A tree as the index; files are not touched."""
        self.run("read-tree", tree)

    def apply_to_index(self, diff: bytes) -> None:
        """Applies a diff to the index. Raises GitFailed, also when git had to look for the place ("offset")."""
        _, _, said = self.run_status("apply", "--cached", "-v", "--whitespace=nowarn", "-", stdin=diff)
        if re.search(r"^Hunk #\d+ succeeded at .*\((offset|fuzz)", said, re.MULTILINE):
            raise GitFailed(["git", "apply"], 0, "\n".join(line for line in said.splitlines() if "Hunk" in line))

    def add_tracked(self) -> None:
        """The working files of everything in the index, into the index."""
        self.run("add", "-u", "--", ":/")

    def add(self, paths: Iterable[str]) -> None:
        """These paths into the index, ignored or not."""
        self.run(
            "add", "-f", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=b"\0".join(map(os.fsencode, paths))
        )

    def set_entries(self, rows: Iterable[str]) -> None:
        """Index entries as `git ls-files -s` prints them, stages 1–3 included."""
        self.run(
            "update-index",
            "-z",
            "--index-info",
            stdin="".join(f"{row}\0" for row in rows).encode(errors="surrogateescape"),
        )

    def merge(self, base: str, ours: str, theirs: str) -> "Merge":
        """Three-way merge of trees, by git's own machinery, without an index or files.

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
        rows = fields[1 : fields.index("", 1)]
        return Merge(fields[0], rows, left, right)

    # -- references ---------------------------------------------------------------------------------------------------

    def ref_transaction(self) -> "RefTransaction":
        """A transaction over references, held open between prepare and commit."""
        with only_allowed_environment():
            process = self._git.execute(
                self._command(["update-ref", "--no-deref", "--stdin"]),
                istream=PIPE,
                as_process=True,
                env=self._env | IDENTITY,
                **self._inherited(),
            )
        return RefTransaction(process)


@dataclass(frozen=True)
class Merge:
    """A merged tree; `conflicts` are index rows 'mode id stage<TAB>path', empty when it went well.

    ours, theirs: the synthetic commits whose ids stand in conflict markers.
    """

    tree: str
    conflicts: list[str]
    ours: str
    theirs: str

    @property
    def paths(self) -> list[str]:
        """The conflicting paths."""
        return sorted({row.split("\t", 1)[1] for row in self.conflicts})


class RefTransaction:
    """`git update-ref --stdin`: prepare takes every lock, commit moves all references or none."""

    def __init__(self, process):
        self._process = process

    def _say(self, line: str, expect: str = "") -> None:
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline().decode().strip() if expect else ""
        except BrokenPipeError:
            answer = "it ended"
        if expect and answer != expect:
            said = self._process.stderr.read().decode(errors="replace").strip()
            raise RefsMoved(said or answer or "git update-ref ended")

    def prepare(self, updates: Iterable[tuple[str, str | None, str | None]]) -> None:
        """(name, new, old): new None deletes, old None means that it must not exist. Raises RefsMoved."""
        self._say("start", "start: ok")
        for name, new, old in updates:
            self._say(f"update {name} {new or NO_OBJECT} {old or NO_OBJECT}")
        self._say("prepare", "prepare: ok")

    def commit(self) -> None:
        """Moves them."""
        self._say("commit", "commit: ok")
        self._close()

    def abort(self) -> None:
        """Gives the locks back; harmless at any time."""
        with contextlib.suppress(Exception):
            self._say("abort")
            self._close()

    def _close(self) -> None:
        self._process.stdin.close()
        self._process.proc.wait()


def init(folder: Path, *, bare: bool, borrow: Path | None = None) -> None:
    """A new empty repository without templates; `borrow`: a folder of objects to share (never one to keep)."""
    folder.mkdir(parents=True, exist_ok=True)
    with only_allowed_environment():
        Git().execute(
            [
                "git",
                "-C",
                str(folder),
                "-c",
                "init.defaultBranch=main",
                "init",
                "-q",
                "--template=",
                *(["--bare"] if bare else []),
                ".",
            ],
            env=FENCE,
        )
    if borrow:
        info = (folder if bare else folder / ".git") / "objects" / "info"
        info.mkdir(exist_ok=True)
        quoted = os.fsencode(borrow).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        (info / "alternates").write_bytes(b'"' + quoted + b'"\n')


def _records(out: bytes) -> list[str]:
    return [record for record in out.decode(errors="surrogateescape").split("\0") if record]


def _entry(record: str) -> Entry:
    about, path = record.split("\t", 1)
    mode, _, blob = about.split(" ")
    return Entry(mode, blob, path)
