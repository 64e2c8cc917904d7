"""A patch file is read strictly: whatever was done to it, it is refused with its place, or means exactly the same."""

import random
import re
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltas.core.errors import BrokenPatch
from deltas.series import patches
from deltas.stages.build import build, scratch
from deltas.stages.git import GitFailed
from lab import PATCHES, git, tiny_stages, tree_id


@pytest.fixture(scope="module")
def shop(tiny_template):
    """Keep the tiny series and a repository to build it in."""
    with scratch(tiny_template.project) as repo:
        loaded = patches.load(tiny_template.patches)
        yield tiny_template, repo, loaded, [stage.tree for stage in build(repo, loaded, tiny_template.pin)]


def trees_or_refused(shop, number: int, data: bytes):
    """Return the trees of the series with these bytes as patch `number`, or None where it is refused."""
    lab, repo, loaded, _ = shop
    changed = list(loaded)
    try:
        changed[number - 1] = patches.parse(f"{changed[number - 1].name}.patch", data)
        return [stage.tree for stage in build(repo, patches.Series(changed), lab.pin)]
    except BrokenPatch as refused:
        assert refused.exit_code == 3 and refused.found
        return None


def header_end(data: bytes) -> int:
    return data.index(b"\ndiff --git ") + 1


# -- one patch, damaged -----------------------------------------------------------------------------------------------


def test_whole(shop):
    lab, _, loaded, trees = shop
    assert [p.number for p in loaded] == [1, 2, 3, 4]
    assert [p.slug for p in loaded] == [slug for slug, _ in PATCHES]
    assert trees_or_refused(shop, 1, loaded[0].data) == trees
    for patch, path in zip(loaded, lab.files, strict=True):
        assert patch.data == path.read_bytes() == patch.header + patch.diff
        assert patch.header.endswith(b"\n---\n") and patch.diff.startswith(b"diff --git ")


def test_truncated_anywhere(shop):
    _, _, loaded, trees = shop
    for patch in loaded[:2]:
        for end in range(0, len(patch.data), 7):
            assert trees_or_refused(shop, patch.number, patch.data[:end]) in (None, trees), end
    whole_lines = [n + 1 for n, byte in enumerate(loaded[0].data) if byte == 10]
    for end in whole_lines[:-1]:
        assert trees_or_refused(shop, 1, loaded[0].data[:end]) is None, loaded[0].data[:end][-80:]


@pytest.mark.parametrize("name", ["deleted byte", "doubled byte", "swapped lines", "doubled line", "deleted line"])
def test_slips_of_the_hand(shop, name):
    _, _, loaded, trees = shop

    @settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 3), st.floats(0, 0.999999), st.booleans())
    def slip(which, place, in_diff):
        patch = loaded[which]
        start = header_end(patch.data) if in_diff else 0
        data = patch.data
        if name.endswith("byte"):
            at = start + int(place * (len(data) - start))
            changed = data[:at] + (data[at : at + 1] * 2 if name == "doubled byte" else b"") + data[at + 1 :]
        else:
            lines = data.splitlines(keepends=True)
            first = data[:start].count(b"\n")
            at = first + int(place * (len(lines) - first - 1))
            lines[at : at + 2] = {
                "swapped lines": [lines[at + 1], lines[at]],
                "doubled line": [lines[at], lines[at], lines[at + 1]],
                "deleted line": [lines[at + 1]],
            }[name]
            changed = b"".join(lines)
        assert trees_or_refused(shop, patch.number, changed) in (None, trees)

    slip()


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=200), st.text(max_size=200))
def test_garbage_is_refused_not_a_crash(data, text):
    for content in (data, text.encode(), b"From: x\n\n---\ndiff --git " + data):
        with pytest.raises(BrokenPatch):
            patches.parse("01-garbage.patch", content)


DAMAGE = {
    "CRLF everywhere": lambda d: d.replace(b"\n", b"\r\n"),
    "CRLF in one line": lambda d: d.replace(b"\n+", b"\r\n+", 1),
    "stripped trailing whitespace": lambda d: b"\n".join(line.rstrip() for line in d.split(b"\n")),
    "leading blanks as a tab": lambda d: d.replace(b"\n+        self", b"\n+\tself"),
    "no newline at the end": lambda d: d.rstrip(b"\n"),
    "empty": lambda _: b"",
    "only a header": lambda d: d[: header_end(d)],
    "only a diff": lambda d: d[header_end(d) :],
    "not UTF-8": lambda d: d.replace("größer".encode(), "größer".encode("latin-1")),
    "UTF-16": lambda d: d.decode().encode("utf-16"),
    "a byte order mark": lambda d: b"\xef\xbb\xbf" + d,
    "conflict markers": lambda d: d.replace(b"\n@@", b"\n<<<<<<< ours\n=======\n>>>>>>> theirs\n@@", 1),
    "abbreviated blob ids": lambda d: re.sub(rb"index (.{7})\S+\.\.(.{7})\S+", rb"index \1..\2", d),
    "no index line": lambda d: re.sub(rb"index .*\n", b"", d),
    "another pre-image id": lambda d: re.sub(rb"index .{4}", b"index 0123", d),
    "another post-image id": lambda d: re.sub(rb"\.\..{4}", b"..0123", d),
    "an edited added line": lambda d: d.replace(b"def forget", b"def forgot"),
    "a context line edited": lambda d: d.replace(b" import random", b" import Random"),
    "a shifted hunk": lambda d: d.replace(b"@@ -6,2 +6,3 @@", b"@@ -5,2 +5,3 @@"),
    "hunks in another order": lambda d: _swap_hunks(d),
    "the diff twice": lambda d: d + d[header_end(d) :],
    "one hunk twice": lambda d: d + d[d.rindex(b"@@ -") :],
    "one hunk less": lambda d: d[: d.rindex(b"@@ -")],
    "the mail's signature": lambda d: d + b"-- \n2.39.5\n",
    "text after the diff": lambda d: d + b"that is all\n",
    "a blank line after the diff": lambda d: d + b"\n",
    "a deletion of upstream's file": lambda d: (
        d + b"diff --git a/LICENSE b/LICENSE\ndeleted file mode 100644\nindex %s..%s\n" % (b"1" * 40, b"0" * 40)
    ),
    "a rename": lambda d: d + b"diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\n",
    "a mode change": lambda d: d + b"diff --git a/names.txt b/names.txt\nold mode 100644\nnew mode 100755\n",
    "a NUL byte in the prose": lambda d: d.replace(b"You know", b"You\0know"),
    "a NUL byte in the diff": lambda d: d.replace(b"def forget", b"def\0forget"),
    "a hunk with more digits than Python converts": lambda d: d.replace(b"@@ -6,2", b"@@ -6," + b"2" * 5000),
    "a hunk with more lines than there are": lambda d: d.replace(b"@@ -6,2", b"@@ -6,999999999"),
    "a binary file": lambda d: d + b"diff --git a/x b/x\nindex %s..%s\nBinary files differ\n" % (b"1" * 40, b"2" * 40),
}


def _swap_hunks(data: bytes) -> bytes:
    start = data.index(b"@@ -")
    hunks = [b"@@ -" + part for part in data[start:].split(b"@@ -")[1:]]
    assert len(hunks) == 2
    return data[:start] + hunks[1] + hunks[0]


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_patch_is_refused(shop, how):
    _, _, loaded, _ = shop
    damaged = DAMAGE[how](loaded[0].data)
    assert damaged != loaded[0].data, "the table no longer damages this patch"
    assert trees_or_refused(shop, 1, damaged) is None


def test_line_ends_are_named(shop):
    _, _, loaded, _ = shop
    with pytest.raises(BrokenPatch, match="carriage returns"):
        patches.parse("01-frost-days.patch", loaded[0].data.replace(b"\n", b"\r\n"))


def test_refusal_names_file_and_line(shop):
    _, _, loaded, _ = shop
    data = loaded[0].data.replace(b"+import math", b"import math")
    line = data[: data.index(b"\nimport math") + 1].count(b"\n") + 1
    with pytest.raises(BrokenPatch) as refused:
        patches.parse("01-frost-days.patch", data)
    assert f"patches/01-frost-days.patch:{line}:" in refused.value.found
    assert any(way.startswith("git diff -- patches/01-frost-days.patch") for way in refused.value.ways)


def test_no_advice_throws_prose_away(shop):
    """The header may hold prose that is committed nowhere yet: git checkout would overwrite it."""
    _, _, loaded, _ = shop
    refusals = []
    for damage in DAMAGE.values():
        try:
            patches.parse("01-frost-days.patch", damage(loaded[0].data))
        except BrokenPatch as refused:
            refusals.append(refused)
    assert len(refusals) > 20
    assert not [way for refused in refusals for way in refused.ways if "checkout" in way or "restore" in way]


MAIL_HEADERS = {
    "a traditional diff": b"--- a/names.txt\n+++ b/names.txt\n@@ -1,3 +1,4 @@\n fog\n+snow\n sun\n rain\n",
    "a field that git am decodes the diff by": b"Content-Transfer-Encoding: base64\n",
    "a folded subject": b" and a second line of it\n",
    "a second subject": b"Subject: delta 2: another\n",
    "prose without a blank line before it": b"You know the weather.\n",
}


@pytest.mark.parametrize("what", MAIL_HEADERS)
def test_mail_header_holds_three_fields_and_nothing_else(shop, what):
    _, _, loaded, _ = shop
    data = loaded[0].data
    end = data.index(b"\n\n") + 1
    with pytest.raises(BrokenPatch, match=r"01-frost-days\.patch:4: "):
        patches.parse("01-frost-days.patch", data[:end] + MAIL_HEADERS[what] + data[end:])


# -- a patch that reaches outside -------------------------------------------------------------------------------------

OUTSIDE = ["../x", "a/../../x", ".git/config", ".GIT/config", "a/.git/hooks/post-checkout", "/etc/x", "a//x", "./../x"]


def new_file(path: str, mode: str = "100644") -> str:
    ids = f"{'0' * 40}..{'1' * 40}"
    top = f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex {ids}\n--- /dev/null\n+++ b/{path}\n"
    return top + "@@ -0,0 +1 @@\n+/etc\n"


@pytest.mark.parametrize("path", OUTSIDE)
def test_patch_that_reaches_outside_the_tree(tiny, path):
    new = new_file(path)
    file = tiny.files[3]
    file.write_bytes(file.read_bytes() + new.encode())
    before, outside = tiny.everything(), sorted(p.name for p in tiny.root.parent.iterdir())
    assert tiny.run("apply", "03").code == 3
    assert tiny.everything() == before
    assert sorted(p.name for p in tiny.root.parent.iterdir()) == outside


def test_patch_that_makes_a_link(tiny):
    new = new_file("l", "120000") + "\\ No newline at end of file\n"
    tiny.files[3].write_bytes(tiny.files[3].read_bytes() + new.encode())
    assert tiny.run("apply", "04").code == 3


# -- a diff hidden in the prose ---------------------------------------------------------------------------------------

HIDDEN = """diff --git a/names.txt b/names.txt
--- a/names.txt
+++ b/names.txt
@@ -1,3 +1,4 @@
 fog
+snow
 sun
 rain
"""
TRADITIONAL = HIDDEN.split("\n", 1)[1]
PROSE = {
    "a diff": HIDDEN,
    "a diff, indented by spaces": "".join(f"    {line}\n" for line in HIDDEN.splitlines()),
    "a diff, indented by a tab": "".join(f"\t{line}\n" for line in HIDDEN.splitlines()),
    "a diff without git's line": TRADITIONAL,
    "the same, indented": "".join(f"  {line}\n" for line in TRADITIONAL.splitlines()),
    "the same, indented by a tab": "".join(f"\t{line}\n" for line in TRADITIONAL.splitlines()),
    "a hunk alone": "@@ -1,3 +1,4 @@\n",
    "Index:": "Index: names.txt\n",
    "Index:, indented": "  Index: names.txt\n",
    "a lone ---": "---\n",
    "a lone --- with a blank": "--- \n",
    "a mail's first line": f"From {'1' * 40} Mon Sep 17 00:00:00 2001\n",
    "a context diff": "*** names.txt\n--- names.txt\n***************\n*** 1 ****\n! fog\n--- 1 ----\n! snow\n",
    "an ed script": "1a\nsnow\n.\n",
    "a normal diff": "1a2\n> snow\n",
    "scissors": "-- >8 --\n",
}


@pytest.mark.parametrize("where", ["first", "middle"])
@pytest.mark.parametrize("what", PROSE)
def test_diff_hidden_in_the_prose_is_refused(shop, what, where):
    _, _, loaded, _ = shop
    mark = b"You know the weather." if where == "first" else b"A second paragraph"
    data = loaded[0].data.replace(mark, PROSE[what].encode() + b"\n" + mark)
    assert trees_or_refused(shop, 1, data) is None


@pytest.mark.parametrize("field", ["Subject: another", "From: somebody@example.org", "Date: now"])
def test_first_body_line_that_git_am_would_eat(shop, field):
    _, _, loaded, _ = shop
    assert trees_or_refused(shop, 1, loaded[0].data.replace(b"You know", field.encode() + b"\nYou know")) is None


def test_quoted_diff_is_prose(shop):
    _lab, _, loaded, trees = shop
    quoted = "".join(f"| {line}\n" for line in HIDDEN.splitlines()).encode()
    data = loaded[0].data.replace(b"A second paragraph", quoted + b"\nA second paragraph")
    assert trees_or_refused(shop, 1, data) == trees


SHADY = [
    *HIDDEN.splitlines(),
    "Index: x",
    "--- ",
    "---",
    "***",
    "*** a/names.txt",
    "== x",
    "> - x",
    "1,2c3",
    "Prereq: 1",
    "-- ",
    "=====",
    "rename from a",
    "deleted file mode 100644",
    "index 123..456",
    "GIT binary patch",
    "-- >8 --",
    "8<",
    "From: x",
    "Subject: y",
    "a",
    "1a",
]


@pytest.mark.parametrize("indent", ["", " ", "    ", "\t", "| ", "> ", "X", "- ", "\f", "\u00a0"])
def test_prose_that_is_accepted_is_prose_to_git_and_patch_too(shop, tmp_path, indent):
    """Whatever the parser lets through as prose, git apply, git am and GNU patch make the same tree of the file."""
    lab, _, loaded, trees = shop
    mark = b"A second paragraph"

    def with_prose(lines) -> bytes:
        return loaded[0].data.replace(mark, "".join(f"{indent}{line}\n" for line in lines).encode() + b"\n" + mark)

    def accepted(lines) -> bool:
        try:
            return bool(patches.parse("01-frost-days.patch", with_prose(lines)))
        except BrokenPatch:
            return False

    together = [line for line in SHADY if accepted([line])]
    git(tmp_path, "clone", "-q", str(lab.source), "c")
    work, file = tmp_path / "c", tmp_path / "01.patch"
    for lines in [together] if accepted(together) else [[line] for line in together]:
        file.write_bytes(with_prose(lines))
        for command in (["git", "apply", "--index"], ["git", "am", "-q", "--keep-cr"], ["patch", "-p1", "-s", "-i"]):
            git(work, "checkout", "-qf", "--detach", lab.pin)
            if command[0] == "git":
                git(work, *command[1:], str(file))
            elif shutil.which("patch"):
                subprocess.run(
                    [*command, str(file)], cwd=work, check=True, stdin=subprocess.DEVNULL, capture_output=True
                )
                git(work, "add", "-A")
            assert git(work, "write-tree").decode().strip() == trees[1], (command, lines)


def test_build_agrees_with_the_model(shop):
    assert shop[3] == [tree_id(files) for files in tiny_stages()]


NAMES = st.sampled_from(["makemore.py", "names.txt", "pack/tasks.json", "größe.py", "a.b-c_d"])
TEXTS = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=20)
KINDS = st.lists(st.sampled_from("+- "), min_size=1, max_size=12).map("".join)


@st.composite
def diffs(draw):
    """Draw a diff, with what it should be read as: path -> (added lines, removed lines)."""
    text, expected = "", {}
    for path in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        new = draw(st.booleans())
        hunks = [draw(KINDS) for _ in range(draw(st.integers(1, 3)))]
        if new:
            hunks = ["+" * len(kinds) for kinds in hunks[:1]]
        ids = f"{'0' * 40 if new else '2' * 40}..{'1' * 40}"
        text += f"diff --git a/{path} b/{path}\n" + "new file mode 100644\n" * new
        text += f"index {ids}{'' if new else ' 100644'}\n--- {'/dev/null' if new else f'a/{path}'}\n+++ b/{path}\n"
        for kinds in hunks:
            old, now = (sum(kind in side for kind in kinds) for side in (" -", " +"))
            text += f"@@ -{7 if old else 0},{old} +{7 if now else 0},{now} @@\n"
            text += "".join(f"{kind}{draw(TEXTS)}\n" for kind in kinds)
        if draw(st.booleans()):
            text += "\\ No newline at end of file\n"
        expected[path] = ("".join(hunks).count("+"), "".join(hunks).count("-"))
    return text, expected


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(diffs())
def test_counts_are_those_of_the_diff_and_those_of_unidiff(tiny_template, drawn):
    text, expected = drawn
    head = tiny_template.files[0].read_bytes().partition(b"diff --git ")[0]
    patch = patches.parse("01-frost-days.patch", head + text.encode())
    assert {file.path: (file.added, file.removed) for file in patch.files} == expected
    assert (patch.header, patch.diff.decode()) == (head, text)
    assert (patch.added, patch.removed) == (patch.hunks.added, patch.hunks.removed)
    assert {file.path: (file.added, file.removed) for file in patch.hunks} == expected


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(diffs(), st.data())
def test_a_damaged_diff_that_is_accepted_is_read_the_same_by_unidiff(tiny_template, drawn, data):
    """Lines are lost, doubled, moved, or become another line of the diff."""
    lines = drawn[0].splitlines(keepends=True) or [""]
    at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines[at] = data.draw(st.sampled_from(["", lines[at] * 2, lines[other], lines[at][1:], "+" + lines[at], "\n"]))
    head = tiny_template.files[0].read_bytes().partition(b"diff --git ")[0]
    try:
        patch = patches.parse("01-frost-days.patch", head + "".join(lines).encode())
    except BrokenPatch:
        return
    assert [(file.path, file.added, file.removed) for file in patch.files] == [
        (file.path, file.added, file.removed) for file in patch.hunks
    ]


def test_random_damage_never_ends_in_a_traceback(shop):
    """Many bytes at once, too."""
    rng = random.Random(1)
    _, _, loaded, trees = shop
    for _ in range(60):
        data = bytearray(loaded[0].data)
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            assert trees_or_refused(shop, 1, bytes(data)) in (None, trees)
        except GitFailed as error:
            raise AssertionError(f"git's error came through: {error}") from error
