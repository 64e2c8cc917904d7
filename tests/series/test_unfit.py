"""Edits that no patch of the series can hold: the message names the file and the cause, on diffs that git writes."""

import os
from pathlib import Path

import pytest

from deltas.core.errors import BrokenPatch
from deltas.series.parser import LARGEST, parse
from deltas.series.unfit import unfit
from lab import git, header, said


def write(name: str, content: bytes):
    def edit(folder: Path) -> None:
        path = os.fsencode(folder / name) if isinstance(name, str) else os.fsencode(folder) + b"/" + name
        Path(os.fsdecode(path)).parent.mkdir(parents=True, exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(content)

    return edit


def executable(folder: Path) -> None:
    (folder / "makemore.py").chmod(0o755)


def symlink(folder: Path) -> None:
    (folder / "latest").symlink_to("out")


def file_becomes_symlink(folder: Path) -> None:
    (folder / "names.txt").unlink()
    (folder / "names.txt").symlink_to("makemore.py")


def repository(folder: Path) -> None:
    git(folder, "init", "-q", "inner")
    git(folder / "inner", "commit", "-q", "--allow-empty", "-m", "first")


def removed(folder: Path) -> None:
    (folder / "names.txt").unlink()


# what was done to the stage -> what must be said of it
UNFIT = {
    "space": (write("a b.txt", b"x\n"), ["stage/a b.txt has a space in its name"]),
    "space twice": (write("a b/c d.txt", b"x\n"), ["stage/a b/c d.txt has a space in its name"]),
    "space before b/": (write("a b/a b", b"x\n"), ["stage/a b/a b has a space in its name"]),
    "no-break space": (write("a\u00a0b", b"x\n"), [r"stage/a\xa0b has a space in its name"]),
    "tab": (write("a\tb", b"x\n"), [r"stage/a\tb has a control character in its name"]),
    "newline": (write("a\nb", b"x\n"), [r"stage/a\nb has a control character in its name"]),
    "quote": (write('a"b', b"x\n"), ['stage/a"b has a quote or a backslash in its name']),
    "backslash": (write("a\\b", b"x\n"), [r"stage/a\b has a quote or a backslash in its name"]),
    "latin-1 name": (write(b"gr\xf6sse", b"x\n"), [r"stage/gr\xf6sse has a name that is not UTF-8"]),
    "empty": (write("pack/__init__.py", b""), ["stage/pack/__init__.py is empty"]),
    "emptied": (write("names.txt", b""), ["stage/names.txt is empty"]),
    "executable": (executable, ["stage/makemore.py became executable"]),
    "symlink": (symlink, ["stage/latest is a symbolic link"]),
    "symlink in place of a file": (file_becomes_symlink, ["stage/names.txt is a symbolic link"]),
    "repository": (repository, ["stage/inner is a git repository of its own"]),
    "deleted": (removed, ["stage/names.txt was deleted"]),
    "CRLF": (write("dos.txt", b"one\r\ntwo\r\n"), ["stage/dos.txt has carriage returns (line ends of Windows)"]),
    "one CR": (write("dos.txt", b"one\rtwo\n"), ["stage/dos.txt has carriage returns (line ends of Windows)"]),
    "binary": (write("model.pt", b"PK\0\1\2"), ["stage/model.pt is binary"]),
    "binary, which git sees too late": (write("late", b"x\n" * 8000 + b"\0\n"), ["stage/late is binary"]),
    "latin-1": (write("wetter.txt", b"gr\xf6sse\n"), ["stage/wetter.txt is not UTF-8 text"]),
    "two causes": (write("a b.txt", b""), ["stage/a b.txt has a space in its name and is empty"]),
    "large": (
        write("big.txt", b"fog\n" * 200_001),
        [f"stage/big.txt changes by 1,000,026 bytes, and a patch file has {LARGEST:,} at most"],
    ),
    "a line that looks like a diff of another file": (
        write("tall tale.md", b"diff --git a/x b/x\ndeleted file mode 100644\n"),
        ["stage/tall tale.md has a space in its name"],
    ),
}
FIT = {
    "text": write("more.txt", b"x\n"),
    "no newline at the end": write("more.txt", b"x"),
    "UTF-8 name": write("größe.txt", "größer\n".encode()),
    "edited": write("names.txt", b"fog\nsun\nsnow\n"),
    "new and executable": lambda folder: (write("run.sh", b"x\n")(folder), (folder / "run.sh").chmod(0o755)),
    "quotes inside": write("more.txt", b'"a\\b\tc" \x0c\n'),
    "a diff as text": write("more.md", b"diff --git a/x y b/x y\nold mode 100644\nBinary files a and b differ\n"),
    "empty lines": write("more.txt", b"\n\n\n"),
}


@pytest.fixture
def repo(tmp_path) -> Path:
    git(tmp_path, "init", "-q", "stage")
    write("makemore.py", b"import torch\n")(tmp_path / "stage")
    write("names.txt", b"fog\nsun\n")(tmp_path / "stage")
    git(tmp_path / "stage", "add", "-A")
    git(tmp_path / "stage", "commit", "-qm", "first")
    return tmp_path / "stage"


def diff_of(repo: Path, edit, *config: str) -> bytes:
    """Return what git writes for an edit."""
    edit(repo)
    git(repo, "-c", "core.autocrlf=false", "add", "-A")
    tree = said(repo, "write-tree")
    return git(repo, *config, "diff-tree", "-r", "-p", "--full-index", "-U1", "--no-renames", "HEAD", tree)


def as_patch(diff: bytes) -> bytes:
    return header(1, "frost-days") + b"\n".join(
        line if not line.startswith(b"@@ ") else line[: line.rindex(b"@@") + 2] for line in diff.split(b"\n")
    )


@pytest.mark.parametrize("quoted", ["true", "false"])
@pytest.mark.parametrize("what", UNFIT)
def test_cause_is_named(repo, what, quoted):
    edit, sentences = UNFIT[what]
    try:
        diff = diff_of(repo, edit, "-c", f"core.quotePath={quoted}")
    except OSError:
        pytest.skip("this file system does not take such a name")
    assert unfit(diff) == unfit(header(1, "frost-days") + diff) == sentences


@pytest.mark.parametrize("what", [what for what in UNFIT if what != "emptied"])
def test_what_is_unfit_is_refused_by_the_parser(repo, what):
    """No cause is made up: each stands for something that parse does not take."""
    try:
        diff = diff_of(repo, UNFIT[what][0], "-c", "core.quotePath=false")
    except OSError:
        pytest.skip("this file system does not take such a name")
    with pytest.raises(BrokenPatch):
        parse("01-frost-days.patch", as_patch(diff))


@pytest.mark.parametrize("what", FIT)
def test_nothing_is_said_of_what_the_parser_takes(repo, what):
    diff = diff_of(repo, FIT[what], "-c", "core.quotePath=false")
    assert unfit(diff) == []
    assert parse("01-frost-days.patch", as_patch(diff)).added


def test_every_file_gets_its_sentence(repo):
    def edit(folder: Path) -> None:
        for what in ("space", "empty", "executable", "symlink", "CRLF"):
            UNFIT[what][0](folder)

    expected = [UNFIT[what][1][0] for what in ("space", "CRLF", "symlink", "executable", "empty")]
    assert unfit(diff_of(repo, edit)) == expected


@pytest.mark.parametrize("what", ["space", "empty", "executable", "symlink", "CRLF", "binary"])
def test_refresh_says_the_cause_and_writes_nothing(tiny, what):
    edit, sentences = UNFIT[what]
    if what == "CRLF":
        edit = write("crlf.txt", b"one\r\n")
        sentences = [sentence.replace("dos.txt", "crlf.txt") for sentence in sentences]
    edit(tiny.stage)
    git(tiny.stage, "add", "-A")
    before = tiny.everything()
    result = tiny.run("refresh", "--new", "more")
    assert result.code == 1 and f"05-more.patch cannot hold the edits in stage/:\n    {sentences[0]}\n" in result.err
    assert tiny.everything() == before
