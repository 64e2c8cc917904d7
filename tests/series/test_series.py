"""The folder of patches as a series: what may stand in it, and the names that people type for its stages."""

import pytest

from deltas.core.errors import BadInput, BrokenPatch
from deltas.series import patches
from deltas.series.parser import LARGEST
from lab import HERE


@pytest.fixture(scope="module")
def series(tiny_template) -> patches.Series:
    return patches.load(tiny_template.patches)


# -- the folder -------------------------------------------------------------------------------------------------------


def rename(lab, old: int, new: str) -> None:
    lab.files[old - 1].rename(lab.patches / new)


def test_two_patches_with_one_number(tiny):
    (tiny.patches / "02-zz.patch").write_bytes(tiny.files[1].read_bytes())
    result = tiny.run("apply", "01")
    assert result.code == 3 and "02-storm-report" in result.err and "02-zz" in result.err


def test_gap(tiny):
    tiny.files[1].unlink()
    result = tiny.run("apply", "01")
    assert result.code == 3 and "02" in result.err and "03-loud-report" in result.err and "→" in result.err


def test_first_one_missing(tiny):
    tiny.files[0].unlink()
    assert tiny.run("apply", "01").code == 3


def test_reordered(tiny):
    one, two = tiny.files[0].read_bytes(), tiny.files[1].read_bytes()
    before = tiny.everything()
    tiny.files[0].write_bytes(two), tiny.files[1].write_bytes(one)
    assert tiny.run("apply", "01").code == 3
    tiny.files[0].write_bytes(one), tiny.files[1].write_bytes(two)
    assert tiny.everything() == before


def test_duplicated_at_the_end(tiny):
    (tiny.patches / "05-again.patch").write_bytes(tiny.files[3].read_bytes())
    result = tiny.run("apply", "05")
    assert result.code == 3 and "05-again" in result.err


@pytest.mark.parametrize(
    "name",
    [
        "2-x.patch",
        "001-x.patch",
        "01_x.patch",
        "01-X.patch",
        "01-x.patch.orig",
        "01-x.patch~",
        "x",
        "01-.patch",
        "99-x y.patch",
    ],
)
def test_names_that_are_none(tiny, name):
    (tiny.patches / name).write_bytes(tiny.files[0].read_bytes())
    result = tiny.run("apply", "01")
    assert result.code == 3 and name in result.err


def test_what_editors_and_finders_leave_is_no_patch(tiny):
    (tiny.patches / ".DS_Store").write_bytes(b"\0\1")
    (tiny.patches / ".01-frost-days.patch.swp").write_bytes(b"\0")
    assert tiny.run("apply", "01").code == 0


def test_readme_is_no_patch(tiny):
    (tiny.patches / "README.md").write_text("# How to write a patch\n\ndiff --git a/x b/x\n")
    assert [patch.number for patch in patches.load(tiny.patches)] == [1, 2, 3, 4]
    (tiny.patches / "README.md").rename(tiny.patches / "README.txt")
    with pytest.raises(BrokenPatch, match=r"README\.txt"):
        patches.load(tiny.patches)


@pytest.mark.parametrize(
    "verb", [["apply"], ["apply", "01"], ["apply", "--json"], ["show", "01"], ["verify", "all", "--fast"]]
)
def test_patch_too_large_is_refused_unread(tiny, verb):
    """The file is sparse: whoever reads it needs 100 GB of memory."""
    with tiny.files[3].open("r+b") as file:
        file.truncate(100_000_000_000)
    result = tiny.run(*verb)
    assert result.code in (1, 3)
    assert "patches/04-quiet-report.patch has 100,000,000,000 bytes, and 1,000,000 is the most" in result.text


def test_size_limit_is_exact(tiny):
    file = tiny.files[0]
    start, blank, rest = file.read_bytes().partition(b"\n\n")
    full = start + blank + b"x" * (LARGEST - len(start + blank + rest) - 1) + b"\n" + rest
    assert len(full) == LARGEST and len(patches.parse(file.name, full).data) == LARGEST
    file.write_bytes(full.replace(b"xx", b"xxx", 1))
    with pytest.raises(BrokenPatch, match="1,000,001 bytes"):
        patches.load(tiny.patches)


def test_what_is_no_ordinary_file_is_refused(tiny):
    tiny.files[3].unlink()
    (tiny.patches / "04-quiet-report.patch").symlink_to("/dev/null")
    with pytest.raises(BrokenPatch, match="no ordinary file"):
        patches.load(tiny.patches)


def test_patch_that_cannot_be_opened_is_refused(tiny):
    tiny.files[3].unlink()
    (tiny.patches / "04-quiet-report.patch").symlink_to("nowhere")
    result = tiny.run("apply", "01")
    assert result.code == 3 and "04-quiet-report" in result.err


def test_number_zero(tiny):
    (tiny.patches / "00-zero.patch").write_bytes(tiny.files[0].read_bytes())
    result = tiny.run("apply", "01")
    assert result.code == 3 and "00-zero" in result.err


def test_empty_series(tiny):
    for file in tiny.files:
        file.unlink()
    assert tiny.run("apply").code == 0
    assert tiny.run("apply", "01").code == 2


# -- names of stages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("00", 0),
        ("3", 3),
        ("03", 3),
        ("last", 4),
        ("frost-days", 1),
        ("04-quiet-report", 4),
        ("next", 3),
        ("prev", 1),
        ("patches/02-storm-report.patch", 2),
        ("./patches/02-storm-report.patch", 2),
        ("../patches/04-quiet-report.patch", 4),
        ("03-loud-report.patch", 3),
    ],
)
def test_stage_names(series, text, number):
    assert series.number(text, here=2) == number


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("13", "03"),
        ("5", "04"),
        ("44", "04"),
        ("frost-day", "frost-days"),
        ("strom-report", "storm-report"),
        ("patches/02-strom-report.patch", "02-storm-report"),
        ("nxet", "next"),
        ("lats", "last"),
        ("prv", "prev"),
    ],
)
def test_unknown_stage_suggests_the_near_one(series, text, near):
    with pytest.raises(BadInput) as refused:
        series.number(text)
    assert near in " ".join(refused.value.ways) and "04" in refused.value.expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "٣", "³", "1e0", "-1", "x" * 300, "0x1", "1.0", "1" * 5000, "..", "stage/01", ".patch", "patches/"],
)
def test_nonsense_is_bad_input(series, text):
    with pytest.raises(BadInput):
        series.number(text)


def test_parts_come_in_the_order_of_the_blog(tiny):
    """Whatever the order of the patches: parts by number, the appendix last, and no part for who has none."""
    assert {part: [patch.number for patch in of] for part, of in patches.load(tiny.patches).parts.items()} == {
        "3": [1, 2, 3, 4]
    }
    for file, part in zip(tiny.files, (b"Part: appendix\n", b"Part: 10\n", b"Part: 9\n", b""), strict=True):
        file.write_bytes(file.read_bytes().replace(b"Part: 3\n", part))
    parts = patches.load(tiny.patches).parts
    assert [(part, [patch.number for patch in of]) for part, of in parts.items()] == [
        ("9", [3]), ("10", [2]), ("appendix", [1]),
    ]  # fmt: skip


def test_series_of_the_repository_is_whole():
    loaded = patches.load(HERE / "patches")
    assert [patch.number for patch in loaded] == list(range(1, len(loaded) + 1)) and len(loaded) >= 1
    assert all(patch.part for patch in loaded)
