"""Stages: the same ids on every machine, checked before and after, and nothing moves when a patch fails."""

import itertools
import shutil
import subprocess

import pytest

from deltas.stages.build import workshop
from lab import git, said, tiny_stages, tree_id


def commits(lab) -> list[str]:
    with workshop(lab.project) as shop:
        return [stage.commit for stage in shop.stages]


def test_trees_are_the_models(tiny):
    with workshop(tiny.project) as shop:
        assert [stage.tree for stage in shop.stages] == [tree_id(files) for files in tiny_stages()]
        assert shop.files(shop.stages[3]) == tiny_stages()[3]


def test_ids_are_the_same_twice_and_elsewhere(lab, monkeypatch, clean):
    first = commits(lab)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("LC_ALL", "C")
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "somebody else")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2001-01-01T00:00:00")
    (clean / ".gitconfig").write_text("[user]\n name = me\n email = me@example.org\n[i18n]\n commitEncoding = latin1\n")
    assert commits(lab) == first
    assert commits(lab.copy(lab.root.parent / "elsewhere")) == first
    assert len(set(first)) == len(first)


def test_ids_are_those_of_the_plain_commit_object(tiny):
    """The commit, written out by hand: parent, tree, one identity, a date that only depends on the number."""
    import hashlib

    with workshop(tiny.project) as shop:
        stages = shop.stages
        for before, stage in itertools.pairwise(stages):
            body = shop.repo.run("cat-file", "commit", stage.commit)
            who = f"makemore deltas <deltas@example.org> {1735689600 + 60 * stage.number} +0000"
            head = f"tree {stage.tree}\nparent {before.commit}\nauthor {who}\ncommitter {who}\n\n"
            message = body.decode().removeprefix(head)
            assert body.decode() == head + message
            assert message.startswith(f"delta {stage.number}: ") and "Expect: rain" in message
            assert hashlib.sha1(b"commit %d\0" % len(body) + body).hexdigest() == stage.commit


def test_stage_00_is_upstream_itself(lab):
    lab.ok("apply", "00")
    assert lab.git("rev-parse", "HEAD") == lab.pin == lab.tags()["refs/tags/stage/00"]
    assert lab.held("HEAD") == lab.working()


def test_git_am_git_apply_and_patch_give_the_same_trees(lab, tmp_path):
    lab.ok("apply", "last")
    expected = [lab.tree(f"stage/{n:02d}") for n in range(lab.last + 1)]
    git(tmp_path, "clone", "-q", str(lab.source), "c")
    work = tmp_path / "c"
    for tool in ("am", "apply", "patch"):
        if tool == "patch" and not shutil.which("patch"):
            continue
        git(work, "checkout", "-qf", "--detach", lab.pin)
        for number, file in enumerate(lab.files, 1):
            if tool == "am":
                git(work, "am", "-q", str(file))
            elif tool == "apply":
                git(work, "apply", "--index", str(file))
            else:
                subprocess.run(["patch", "-p1", "-s", "-i", str(file)], cwd=work, check=True, stdin=subprocess.DEVNULL)
                git(work, "add", "-A")
            assert said(work, "write-tree") == expected[number], (tool, file.name)


def test_git_am_gives_the_same_message_but_for_the_part(tiny, tmp_path):
    git(tmp_path, "clone", "-q", str(tiny.source), "c")
    git(tmp_path / "c", "checkout", "-q", "--detach", tiny.pin)
    git(tmp_path / "c", "am", "-q", *map(str, tiny.files))
    ours = tiny.git("log", "--format=%B", "stage/00..stage/04")
    theirs = said(tmp_path / "c", "log", "--format=%B", f"{tiny.pin}..HEAD")
    assert theirs.count("\nPart: 3\n") == 4 and theirs.replace("Part: 3\n", "") == ours


@pytest.mark.parametrize("part", ["", "Part: 7\n", "Part: appendix\n", "Part: 3\n and so on\n"])
def test_a_patch_given_to_another_part_keeps_the_id_of_its_stage(tiny, part):
    before = tiny.tags()
    assert len(before) == 5
    for file in tiny.files:
        data = file.read_bytes()
        assert b"\nPart: 3\n" in data
        file.write_bytes(data.replace(b"Part: 3\n", part.encode()))
    tiny.ok("apply", "01")
    assert tiny.tags() == before
    tiny.files[0].write_bytes(tiny.files[0].read_bytes().replace(b"Delta: 1,", b"Delta: 2,"))
    tiny.ok("apply", "01")
    assert tiny.tags() != before, "another trailer does change it"


def test_wrong_one_of_two_equal_places_is_seen(tiny):
    """git puts the insertion into the wrong one of two equal blocks "cleanly"; the post-image id says no."""
    assert tiny.code.read_text().count("\n    lines = []\n") == 2
    tiny.edit("    lines = []\n", "    lines = []\n    assert length\n")  # the first of the two
    tiny.append_patch("check-length")
    file = tiny.files[4]
    good = file.read_bytes()
    lines = tiny_stages()[4]["makemore.py"].decode().split("\n")
    first, second = (n + 1 for n, line in enumerate(lines) if line == "    lines = []")
    assert b"@@ -%d,2 +%d,3 @@" % (first, first) in good
    file.write_bytes(good.replace(b"@@ -%d,2 +%d,3 @@" % (first, first), b"@@ -%d,2 +%d,3 @@" % (second, second)))
    assert file.read_bytes() != good
    before = tiny.everything()
    with_plain_git = tiny.root.parent / "plain"
    git(tiny.root.parent, "clone", "-q", str(tiny.stage), "plain")
    git(with_plain_git, "checkout", "-q", "--detach", "stage/04")
    git(with_plain_git, "apply", "--index", str(file))  # exit 0: that is the trap
    assert said(with_plain_git, "write-tree") != tiny.tree("stage/05")
    result = tiny.run("apply", "05")
    assert result.code == 3 and "05-check-length" in result.err
    assert tiny.everything() == before


def test_offset_is_a_failure(tiny):
    file = tiny.files[3]
    data = file.read_bytes()
    import re

    shifted = re.sub(
        rb"@@ -(\d+),(\d+) \+(\d+),", lambda m: b"@@ -%d,%s +%d," % (int(m[1]) + 1, m[2], int(m[3]) + 1), data
    )
    file.write_bytes(shifted)
    before = tiny.everything()
    assert tiny.run("apply", "01").code == 3
    assert tiny.everything() == before


@pytest.mark.parametrize("which", [0, 1, 3])
@pytest.mark.parametrize("end", ["pre", "post"])
def test_wrong_blob_id(tiny, which, end):
    file = tiny.files[which]
    data = file.read_bytes()
    index = next(line for line in data.splitlines() if line.startswith(b"index "))
    pre, post = index.split(b" ")[1].split(b"..")
    wrong = data.replace(pre, b"5" * 40) if end == "pre" else data.replace(post, b"5" * 40)
    file.write_bytes(wrong)
    before = tiny.everything()
    result = tiny.run("apply", "01")
    assert result.code == 3 and file.name in result.err and "expected" in result.err and "→" in result.err
    assert tiny.everything() == before


def test_failing_patch_leaves_a_fresh_checkout_fresh(tiny):
    """The first apply of all, with a broken last patch: no stage/ half made, no journal."""
    shutil.rmtree(tiny.stage)
    tiny.files[3].write_bytes(tiny.files[3].read_bytes().replace(b"self.wind", b"self.wand"))
    outer = said(tiny.root, "status", "--porcelain", "--ignored")
    assert tiny.run("apply", "01").code == 3
    assert not tiny.project.journal.exists()
    left = set(said(tiny.root, "status", "--porcelain", "--ignored").splitlines()) - set(outer.splitlines())
    assert left <= {"!! stage/"}
    if tiny.stage.exists():
        assert tiny.tags() == {} and tiny.git("status", "--porcelain") == ""


def test_tags_and_history(lab):
    lab.ok("apply", "last")
    count = lab.last
    assert sorted(lab.tags()) == [f"refs/tags/stage/{n:02d}" for n in range(count + 1)]
    line = lab.git("rev-list", "--first-parent", "HEAD").splitlines()
    assert line[: count + 1] == [lab.tags()[f"refs/tags/stage/{n:02d}"] for n in range(count, -1, -1)]
    assert lab.git("status", "--porcelain") == ""
    assert lab.git("fsck", "--strict").strip() == ""


def test_upstream_and_the_outer_repository_stay_as_they_are(lab):
    """The submodule and its objects, byte for byte; the outer status."""

    def whole(folder):
        return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}

    def status():
        return said(lab.root, "status", "--porcelain", GIT_OPTIONAL_LOCKS="0")

    modules = lab.root / ".git" / "modules"
    before = whole(modules), whole(lab.root / "upstream"), status(), whole(lab.patches)
    for verb in (["apply", "last"], ["show", "01"], ["apply", "00"], ["apply"], ["apply", "last"], ["refresh", "last"]):
        lab.ok(*verb)
    lab.add_line()
    lab.run("apply", "00")
    lab.ok("apply", "00", "--discard")
    assert (whole(modules), whole(lab.root / "upstream"), status(), whole(lab.patches)) == before


def test_stage_is_a_repository_of_its_own(lab):
    """No borrowed objects, no links out of it: it can be moved anywhere alone."""
    lab.ok("apply", "last")
    assert not (lab.stage / ".git" / "objects" / "info" / "alternates").exists()
    away = lab.root.parent / "away"
    shutil.move(lab.stage, away)
    shutil.rmtree(lab.root)
    assert said(away, "status", "--porcelain") == ""
    assert said(away, "fsck", "--full") == ""


def test_shallow_upstream_gives_the_same_ids(tiny, tmp_path):
    expected = tiny.tags()
    shutil.rmtree(tiny.stage)
    modules = tiny.root / ".git" / "modules" / "upstream" / "makemore"
    git(tmp_path, "init", "-q", "--bare", "shallow.git")
    git(
        tmp_path / "shallow.git",
        "-c",
        "uploadpack.allowAnySHA1InWant=true",
        "fetch",
        "-q",
        "--depth=1",
        tiny.source.as_uri(),
        tiny.pin,
    )
    shutil.rmtree(modules / "objects")
    shutil.copytree(tmp_path / "shallow.git" / "objects", modules / "objects")
    shutil.copy(tmp_path / "shallow.git" / "shallow", modules / "shallow")
    for ref in ("packed-refs", "refs/heads/master", "refs/remotes/origin/HEAD", "refs/remotes/origin/master"):
        (modules / ref).unlink(missing_ok=True)
    tiny.ok("apply", "02")
    assert tiny.tags() == expected
    tiny.ok("show", "02")
