"""`verify` says no where something is wrong, and names it. A check that cannot fail protects nothing."""

import json

import pytest

import lab as laboratory
from deltas.series import patches, rules


def rows(lab) -> dict[str, dict]:
    result = lab.run("verify", "--fast", "--json")
    document = json.loads(result.out)
    assert (result.code == 0) is document["ok"]
    return {row["what"]: row for row in document["checks"]}


def failing(lab) -> list[str]:
    return [f"{what}: {row['faults']}" for what, row in rows(lab).items() if row["ok"] is False]


def test_a_sound_series_passes(lab):
    assert failing(lab) == []


def test_every_part_is_looked_at(tiny):
    words = " ".join(rows(tiny))
    parts = ("numbered", "header", "context", "pinned", "pristine", "every blob", "insertions only", "byte for byte")
    for part in (*parts, "git am", "git apply", "tags in stage/"):
        assert part in words, part


def test_a_file_changed_in_upstream_is_seen(tiny):
    (tiny.root / "upstream" / "makemore" / "names.txt").write_text("mine\n")
    assert any("pristine" in row for row in failing(tiny))


def test_a_committed_pin_elsewhere_is_seen(tiny):
    parent = laboratory.said(tiny.root / "upstream" / "makemore", "rev-parse", "HEAD~1")
    laboratory.git(tiny.root, "update-index", "--cacheinfo", f"160000,{parent},upstream/makemore")
    assert any("pinned" in row for row in failing(tiny))


def test_a_moved_tag_in_stage_is_seen(tiny):
    laboratory.git(tiny.stage, "tag", "-f", "stage/01", "stage/02")
    assert any("stage/01" in row for row in failing(tiny))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Expect: rain", b"Expected: rain", "no trailer"),
        (b"Delta: 1, weather\n", b"", "no trailer Delta"),
        (b"Subject: delta 1: ", b"Subject: ", "the subject"),
        (b"You know the weather.", b"TODO: write.", "TODO"),
    ],
)
def test_a_header_that_does_not_teach_is_seen(tiny, old, new, said):
    file = tiny.files[0]
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    assert any("header" in row and said in row for row in failing(tiny))


def test_a_patch_that_git_would_write_otherwise_is_seen(tiny):
    """Applies, gives the right blobs, and yet quotes more of upstream than it may."""
    before, after = (tiny.tree(f"stage/0{n}") for n in (0, 1))
    wide = laboratory.git(tiny.stage, "diff-tree", "-p", "--full-index", "-U4", before, after)
    file = tiny.files[0]
    file.write_bytes(laboratory.header(1, "frost-days") + wide)
    found = failing(tiny)
    assert any("one line of context" in row and "lines of context together" in row for row in found)
    assert any("byte for byte" in row for row in found)


def test_section_headings_quote_upstream():
    diff = (
        "diff --git a/f b/f\nindex " + "1" * 40 + ".." + "2" * 40 + " 100644\n--- a/f\n+++ b/f\n"
        "@@ -1,2 +1,3 @@ class Almanac:\n a\n+b\n c\n"
    )
    patch = patches.parse("01-x.patch", laboratory.header(1, "x") + diff.encode())
    assert any("section heading" in fault for fault in rules.diff_faults(patch))


@pytest.mark.parametrize(
    ("kinds", "sound"),
    [
        (" + ", True),
        (" ++", True),  # at the end of a file
        ("++ ", True),
        (" +  + ", True),  # two insertions that stand close
        ("  + ", False),
        (" +  ", False),
        (" +   + ", False),
        ("+", False),
    ],
)
def test_context_rule(kinds, sound):
    assert (rules._context_faults("here", list(kinds)) == []) is sound


def test_without_upstream_the_static_part_remains(tiny, monkeypatch):
    import shutil

    shutil.rmtree(tiny.root / "upstream" / "makemore")
    (tiny.root / "upstream" / "makemore").mkdir()
    shutil.rmtree(tiny.root / ".git" / "modules")
    result = tiny.run("verify", "--fast")
    assert result.code == 0
    assert "the header teaches" in result.out
    assert "upstream cannot be had" in result.out
    assert tiny.run("verify").code == 5


def test_unknown_stage_is_bad_input(tiny):
    result = tiny.run("verify", "13", "--fast")
    assert result.code == 2
    assert "03" in result.err


def test_a_broken_patch_gets_a_document_too(tiny):
    tiny.files[0].write_bytes(tiny.files[0].read_bytes().replace(b"\n", b"\r\n"))
    result = tiny.run("verify", "--fast", "--json")
    assert result.code == 3
    document = json.loads(result.out)
    assert not document["ok"] and "carriage returns" in document["checks"][-1]["what"]


def test_only_the_stage_asked_for_is_judged(tiny):
    last = tiny.files[-1]
    last.write_bytes(last.read_bytes().replace(b"A second paragraph", b"TODO"))
    tiny.ok("apply", "last")  # its commit is another one now
    assert tiny.run("verify", "01", "--fast").code == 0
    assert tiny.run("verify", "--fast").code == 1
