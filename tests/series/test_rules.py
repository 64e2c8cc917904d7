"""What a patch must be beyond being readable: insertions, one line of context, a whole header."""

import re
import textwrap

import pytest

from deltas.series import rules
from deltas.series.parser import LARGEST, parse
from deltas.series.patch import DATA, OPTIONAL, TRAILERS
from lab import HERE, adding, git


def with_diff(lab, number: int, *options: str) -> bytes:
    """Return patch `number` of the tiny series with its diff written by plain git."""
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
    faults = rules.diff_faults(parse("01-x.patch", without_heading(with_diff(tiny, 1, f"-U{context}"))))
    assert faults and all("context" in fault for fault in faults)


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
    "Part": lambda d: re.sub(rb"\nPart: .*", b"", d),
    "neither the number of a part": lambda d: d.replace(b"Part: 3", b"Part: three"),
    "Part: 0": lambda d: d.replace(b"Part: 3", b"Part: 0"),
    "Part: stands there 2 times": lambda d: d.replace(b"Part: 3", b"Part: 3\nPart: 4"),
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


@pytest.mark.parametrize("number", [1, 7, 42])
@pytest.mark.parametrize(
    ("part", "most"), [("3", 120), ("appendix", 120), ("4", 250), ("7", 250), ("10", 250), ("", 250)]
)
def test_size_is_limited_by_the_part_not_by_the_number(number, part, most):
    """One more line of code is one too many; lines of data are none."""

    def sized(code: int, data: int) -> list[str]:
        trailers = f"Delta: 1\nPart: {part}"
        return rules.diff_faults(parse(f"{number:02d}-x.patch", adding({"more.py": code, "days.txt": data}, trailers)))

    assert sized(most, 1) == sized(most, 300) == sized(1, 5000) == []
    for faults in (sized(most + 1, 1), sized(most + 1, 300)):
        assert faults == [f"adds {most + 1} lines of code, more than one sitting takes ({most})"]


README = (HERE / "patches" / "README.md").read_text()


def test_readme_states_the_limits():
    rows = dict(re.findall(r"^\| (\d+|appendix|any other) \| (\d+) \|$", README, re.MULTILINE))
    assert rows == {part: str(most) for part, most in rules.LINES.items()} | {"any other": str(rules.LATER)}
    assert all(f"`{suffix}`" in README for suffix in DATA) and f"{LARGEST:,}\nbytes" in README


def test_readme_s_header_is_one():
    """The example is taken out of the README and read as a patch."""
    block = re.search(r"(?:^    .*\n|^\n(?=    ))+", README[README.index("## The header") :], re.MULTILINE)
    diff = adding({"more.py": 1}).partition(b"diff --git ")
    example = parse("01-x.patch", textwrap.dedent(block[0].lstrip("\n")).encode() + diff[1] + diff[2])
    assert rules.header_faults(example) == [] and example.part == "3"
    assert set(example.trailers) == {*TRAILERS, *OPTIONAL}
    assert all(f"| `{name}:` |" in README for name in example.trailers)


def test_diffs_of_the_repository_keep_the_rules():
    for file in sorted((HERE / "patches").glob("*.patch")):
        assert rules.diff_faults(parse(file.name, file.read_bytes())) == []
