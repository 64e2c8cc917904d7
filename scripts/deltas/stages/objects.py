"""What git says of its objects, as values: entries of a tree, changes between trees, commits, merges, index rows."""

import hashlib
from dataclasses import dataclass

GITLINK = "160000"  # the mode of a repository inside a repository
LINK = "120000"
PROGRAM = "100755"
FILE = "100644"


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
    """A commit. `when` is its committer's date in seconds since 1970, `email` its committer."""

    id: str
    tree: str
    when: int
    email: str


@dataclass(frozen=True)
class Row:
    """One row of an index. A conflict has up to three rows for a path, with the stages 1 to 3 instead of 0.

    tag: git's letter: S where git was told to take the file for unchanged though it is absent (skip-worktree).
    """

    tag: str
    mode: str
    blob: str
    stage: int
    path: str


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
        """Return the conflicting paths."""
        return sorted({row.split("\t", 1)[1] for row in self.conflicts})


def blob_id(content: bytes) -> str:
    """Return the id of the blob with this content, without git.

    >>> blob_id(b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def records(out: bytes) -> list[str]:
    """Return the records of an output that `-z` ended with NUL each. A path need not be text."""
    return [record for record in out.decode(errors="surrogateescape").split("\0") if record]


def entries(out: bytes) -> dict[str, Entry]:
    """Read what `ls-tree -r -z` prints, by path."""
    entries = {}
    for record in records(out):
        about, path = record.split("\t", 1)
        mode, _, blob = about.split(" ")
        entries[path] = Entry(mode, blob, path)
    return entries


def changes(out: bytes) -> list[Change]:
    """Read what `diff-tree -r -z --raw` prints."""
    fields = records(out)
    changes = []
    for about, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, mode, before, after, status = about.lstrip(":").split(" ")
        changes.append(Change(status, old_mode, mode, before, after, path))
    return changes


def rows(out: bytes) -> list[Row]:
    """Read what `ls-files -s -v -z` prints."""
    rows = []
    for record in records(out):
        about, path = record.split("\t", 1)
        tag, mode, blob, stage = about.split(" ")
        rows.append(Row(tag, mode, blob, int(stage), path))
    return rows
