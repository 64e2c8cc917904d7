"""What a patch must be beyond being readable: insertions, one line of context, a whole header."""

import re

import pytest

from deltas.series import rules
from deltas.series.patches import parse
from lab import HERE, git


def with_diff(lab, number: int, *options: str) -> bytes:
    """Patch `number` of the tiny series with its diff written by plain git."""
    data = lab.files[number - 1].read_bytes()
    stages = (f"stage/{number - 1:02d}", f"stage/{number:02d}")
    diff = git(lab.stage, "diff-tree", "-r", "-p", "--full-index", *options, *stages)
    return data[: data.index(b"\ndiff --git ") + 1] + diff


def without_heading(data: bytes) -> bytes:
    return re.sub(rb"^(@@ .*? @@).*$", rb"\1", data, flags=re.MULTILINE)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_one_line_of_context_is_right(tiny, number):
    assert rules.diff_faults(parse(f"{number:02d}-x.patch", without_heading(with_diff(tiny, number, "-U1")))) == []


@pytest.mark.parametrize("context", [0, 2, 3, 10])
def test_any_other_is_not(tiny, context):
    found = rules.diff_faults(parse("01-x.patch", without_heading(with_diff(tiny, 1, f"-U{context}"))))
    assert found and all("context" in fault for fault in found)


def test_heading_after_the_hunk_quotes_upstream(tiny):
    data = with_diff(tiny, 1, "-U1")
    assert data != without_heading(data)
    assert any("heading" in fault for fault in rules.diff_faults(parse("01-x.patch", data)))


FAULTS = {
    "From": lambda d: d.replace(b"From: makemore deltas <deltas@example.org>", b"From: ", 1),
    "Date": lambda d: re.sub(rb"Date: .*\n", b"", d, count=1),
    "Subject": lambda d: re.sub(rb"Subject: .*\n", b"", d, count=1),
    "subject": lambda d: d.replace(b"Subject: delta 1: ", b"Subject: "),
    "Delta": lambda d: re.sub(rb"\nDelta: .*", b"", d),
    "Run": lambda d: re.sub(rb"\nRun: .*", b"", d),
    "Expect": lambda d: re.sub(rb"\nExpect: .*", b"", d),
    "prose": lambda d: re.sub(rb"\n\nYou know.*\nDelta", b"\n\nDelta", d, flags=re.DOTALL),
    "TODO": lambda d: d.replace(b"You know", b"TODO: you know"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_header_that_lacks_something(tiny, what):
    data = tiny.files[0].read_bytes()
    assert rules.header_faults(parse("01-x.patch", data)) == []
    damaged = FAULTS[what](data)
    assert damaged != data
    assert any(what in fault for fault in rules.header_faults(parse("01-x.patch", damaged)))


def test_diffs_of_the_repository_keep_the_rules():
    for file in sorted((HERE / "patches").glob("*.patch")):
        assert rules.diff_faults(parse(file.name, file.read_bytes())) == []
