"""Files that the reader's own git converted as it checked them out: neither edits, nor in the way of a move.

The reader uses plain git in stage/, with configuration and attributes of theirs. Plain git is the oracle of what it
makes of a file; the model says what a stage holds.
"""

import os
import subprocess
from dataclasses import dataclass

import pytest

from lab import REAL_GIT, git, tiny_stages

ID = b"# $Id$\n"  # a line that the attribute ident fills in
OLD, NEW = '"""\nGuess', '"""\n# mine\nGuess'


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def utf_16(text: str) -> bytes:
    return text.encode("utf-16-le")


def shifted(text: str) -> bytes:
    return "".join(chr((ord(c) - 96) % 26 + 97) if c in "abcdefghijklmnopqrstuvwxyz" else c for c in text).encode()


@dataclass(frozen=True)
class Conversion:
    """What the reader set up, and how text looks in a file that was converted."""

    config: str = ""
    attributes: str = ""
    encode: object = crlf
    place: str = "home"


SHIFT = """
[filter "shift"]
    smudge = tr a-z b-za
    clean = tr b-za a-z
"""
CONVERSIONS = {
    "autocrlf": Conversion("[core]\n autocrlf = true\n"),
    "autocrlf and safecrlf": Conversion("[core]\n autocrlf = true\n safecrlf = true\n"),
    "core.eol": Conversion("[core]\n eol = crlf\n", "* text=auto\n"),
    "eol by attributes": Conversion("", "*.py text eol=crlf\n"),
    "XDG": Conversion("[core]\n autocrlf = true\n", place="xdg"),
    "environment": Conversion("", place="environment"),
    "configuration of stage/": Conversion("", place="stage"),
    ".gitattributes in stage/": Conversion("", "*.py text eol=crlf\n", place="tree"),
    "ident": Conversion("", "*.py ident\n", str.encode),
    "UTF-16": Conversion("", "*.py working-tree-encoding=UTF-16LE-BOM\n", utf_16),
    "a filter": Conversion(SHIFT, "*.py filter=shift\n", shifted),
}


@pytest.fixture
def reader(tiny, clean, monkeypatch, request):
    """Stage 02, checked out by plain git under one of the conversions."""
    conversion = CONVERSIONS[request.param]
    config = conversion.config
    if conversion.place == "tree":
        (tiny.stage / ".gitattributes").write_text(conversion.attributes)
    elif conversion.attributes:
        (clean / "attributes").write_text(conversion.attributes)
        config += f"[core]\n attributesFile = {clean}/attributes\n"
    if conversion.place == "xdg":
        (clean / "xdg" / "git").mkdir(parents=True)
        (clean / "xdg" / "git" / "config").write_text(config)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(clean / "xdg"))
    elif conversion.place == "environment":
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    elif conversion.place == "stage":
        git(tiny.stage, "config", "core.autocrlf", "true")
    (clean / ".gitconfig").write_text(config)
    if request.param == "ident":
        tiny.ok("apply", "01")
        tiny.edit("import random\n", "import random\n" + ID.decode())
        tiny.ok("refresh", "01")
    tiny.conversion = conversion
    tiny.models = [
        files | {"makemore.py": files["makemore.py"].replace(b"import random\n", b"import random\n" + ID, 1)}
        if request.param == "ident" and number
        else files
        for number, files in enumerate(tiny_stages())
    ]
    if conversion.place == "tree":
        tiny.models = [files | {".gitattributes": conversion.attributes.encode()} for files in tiny.models]
    plain(tiny, "checkout", "-qf", "stage/03")
    plain(tiny, "checkout", "-qf", "stage/02")
    assert tiny.code.read_bytes() != tiny.models[2]["makemore.py"], "nothing was converted: this proves nothing"
    return tiny


def plain(lab, *arguments: str) -> str:
    """The reader's own git."""
    done = subprocess.run([REAL_GIT, *arguments], cwd=lab.stage, env=dict(os.environ), capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(errors="replace")


def edit(lab) -> None:
    """An edit in the file as it looks now."""
    encode = lab.conversion.encode
    before = lab.code.read_bytes()
    assert encode(OLD) in before
    lab.code.write_bytes(before.replace(encode(OLD), encode(NEW), 1))


def edited(files: dict[str, bytes]) -> dict[str, bytes]:
    return files | {"makemore.py": files["makemore.py"].replace(OLD.encode(), NEW.encode(), 1)}


every = pytest.mark.parametrize("reader", CONVERSIONS, indirect=True)


@every
def test_not_edited_is_clean(reader):
    assert reader.position()["position"] == "stage 02"
    reader.ok("apply", "03")
    assert reader.working() == reader.models[3] and reader.kept() == {}
    assert reader.position()["position"] == "stage 03"


@every
def test_where_it_stands_it_is_made_exact(reader):
    out = reader.ok("apply", "02").out
    assert "makemore.py" in out and "exact" in out
    assert reader.working() == reader.models[2] and reader.kept() == {}
    assert "nothing to do" in reader.ok("apply", "02").out


@pytest.mark.parametrize("way", ["--carry", "--discard"])
@pytest.mark.parametrize("reader", ["autocrlf", "UTF-16"], indirect=True)
def test_both_ways_out_find_nothing_to_keep(reader, way):
    reader.ok("apply", "03", way)
    assert reader.working() == reader.models[3] and reader.kept() == {}


@every
def test_edited_is_refused_then_kept(reader):
    edit(reader)
    mine = reader.code.read_bytes()
    result = reader.run("apply", "03")
    assert result.code == 4 and "M makemore.py" in result.err and "--carry" in result.err and "--discard" in result.err
    assert reader.code.read_bytes() == mine
    reader.ok("apply", "03", "--discard")
    assert reader.working() == reader.models[3]
    (name,) = reader.kept()
    kept = reader.held(name)["makemore.py"]
    if reader.conversion.attributes == "*.py ident\n":  # the id of the file before the edit is part of the bytes
        assert kept == mine
    else:
        assert kept == edited(reader.models[2])["makemore.py"]


@every
def test_edited_is_carried(reader):
    edit(reader)
    mine = reader.code.read_bytes()
    reader.ok("apply", "03", "--carry")
    if reader.conversion.attributes == "*.py ident\n":
        assert b"# mine\n" in reader.code.read_bytes() and mine.split(b"$")[1] in reader.code.read_bytes()
    else:
        assert reader.working() == edited(reader.models[3])


@pytest.mark.parametrize("reader", [name for name in CONVERSIONS if name != "ident"], indirect=True)
def test_edited_becomes_a_patch_of_what_git_would_store(reader):
    edit(reader)
    reader.ok("refresh", "02")
    data = reader.files[1].read_bytes()
    assert b"\n+# mine\n" in data and b"\r" not in data and b"\0" not in data
    assert reader.position()["position"] == "stage 02"
    reader.ok("apply", "03")
    assert reader.working() == edited(reader.models[3])


@pytest.mark.parametrize("reader", ["autocrlf", "UTF-16", "ident"], indirect=True)
def test_series_moves_under_it(reader):
    reader.ok("refresh", "--move", "01", "--to", "02")
    assert reader.position()["position"] == "stage 01"
    reader.ok("refresh", "--move", "02", "--to", "01")
    reader.ok("apply", "03")
    assert reader.working() == reader.models[3]


@pytest.mark.parametrize("reader", ["autocrlf", "UTF-16", "a filter"], indirect=True)
def test_setting_that_is_gone_makes_it_an_edit_that_can_be_left(reader, clean):
    """Plain git, too, calls the file modified now."""
    (clean / ".gitconfig").write_text("")
    assert "makemore.py" in plain(reader, "status", "--porcelain")
    mine = reader.code.read_bytes()
    assert reader.run("apply", "03").code == 4
    reader.ok("apply", "03", "--discard")
    (name,) = reader.kept()
    assert reader.held(name)["makemore.py"] == mine and reader.working() == reader.models[3]


def test_line_ends_of_the_readers_own_are_kept_as_they_are(tiny, clean):
    """A file in which some lines end in CR LF is not what git's conversion makes: every byte is kept."""
    (clean / ".gitconfig").write_text("[core]\n autocrlf = true\n")
    mine = tiny.code.read_bytes().replace(b'"""\nGuess', b'"""\r\n# mine\r\nGuess', 1)
    tiny.code.write_bytes(mine)
    tiny.ok("apply", "02", "--discard")
    (name,) = tiny.kept()
    assert tiny.held(name)["makemore.py"] == mine


def test_exact_file_is_not_read_as_a_converted_one(tiny, clean):
    """Our files are not encoded as the reader's git would do it; with an edit in one, its bytes are what counts."""
    (clean / "attributes").write_text("*.py working-tree-encoding=ISO-8859-1\n")
    (clean / ".gitconfig").write_text(f"[core]\n attributesFile = {clean}/attributes\n")
    tiny.edit('"""\nGuess', '"""\n# größer\nGuess')
    mine = tiny.working()
    tiny.ok("apply", "02", "--carry")
    assert "# größer\n".encode() in tiny.code.read_bytes()
    (name,) = tiny.kept()
    assert tiny.held(name) == mine


@pytest.mark.parametrize("config", ["[core\n", '[filter "x"]\n clean = false\n required = true\n'])
def test_git_of_the_reader_that_fails_is_not_needed(tiny, clean, config):
    (clean / "attributes").write_text("* filter=x\n")
    (clean / ".gitconfig").write_text(f"[core]\n attributesFile = {clean}/attributes\n{config}")
    tiny.add_line("# mine")
    mine = tiny.working()
    tiny.ok("apply", "02", "--discard")
    (name,) = tiny.kept()
    assert tiny.held(name) == mine and tiny.working() == tiny_stages()[2]


def test_gitattributes_in_stage_do_not_change_what_is_written(tiny):
    """They speak to the reader's git, not to ours: diffs, merges and files are exact."""
    (tiny.stage / ".gitattributes").write_text("*.py binary -diff merge=union eol=crlf\n")
    tiny.edit(OLD, NEW)
    tiny.ok("refresh", "04")
    assert b"\n+# mine\n" in tiny.files[3].read_bytes()
    tiny.edit('type=int, default=7, help="how many days")\n', 'type=int, default=7, help="how many days")\n    # x\n')
    assert tiny.run("apply", "02", "--carry").code == 3, "merge=union would have hidden the conflict"
    assert "<<<<<<<" in tiny.code.read_text()
