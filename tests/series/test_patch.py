"""What a patch says of itself: its fields and trailers, the message of its stage's commit, how much of it is data."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.series.parser import parse
from deltas.series.patch import Patch
from lab import TRAILERS, adding, header


def patch(trailers: str = TRAILERS, prose: str = "Prose.", files: dict[str, int] | None = None) -> Patch:
    return parse("01-rain.patch", adding(files or {"makemore.py": 1}, trailers, prose))


def test_header_fields(tiny_template):
    first = parse("01-frost-days.patch", tiny_template.files[0].read_bytes())
    assert (first.delta, first.title) == ("1", "frost days")
    assert first.fields["Date"] == "Wed, 01 Jan 2025 00:00:01 +0000"
    assert first.trailers == {"Delta": "1, weather", "Part": "3", "Run": "scripts/train.sh 01", "Expect": "rain"}
    assert first.part == "3"
    assert first.prose.startswith("You know the weather.") and "Expect" not in first.prose
    assert header(1, "frost-days").decode().endswith(f"{first.message}\n---\n")
    assert (first.added, first.removed, first.code_added, first.data_added) == (5, 0, 5, 0)


@pytest.mark.parametrize(
    ("trailers", "part"),
    [
        ("Delta: 1\nRun: it\nExpect: rain", ""),
        ("Part: 4\nDelta: 1\nRun: it", "4"),
        ("Delta: 1\nPart: appendix", "appendix"),
        ("Part:", ""),
        ("Part:   7", "7"),
        ("Part: 3\nand prose", ""),
        ("Part: 3\nColour: red", ""),
    ],
)
def test_part(trailers, part):
    assert patch(trailers).part == part


def test_prose_may_speak_of_a_part():
    said = patch("Delta: 1\nPart: 3\nRun: it", prose="Part: 9\n\nof the series")
    assert said.part == "3" and said.prose == "Part: 9\n\nof the series"
    assert said.commit_message == "Part: 9\n\nof the series\n\nDelta: 1\nRun: it"


LINES = st.sampled_from(["Delta: 1", "Run: it", "Expect: rain,\n and snow", "Measured: a.b 1", "Expect: Part: 3"])
PARTS = st.sampled_from(["Part: 3", "Part: appendix", "Part: 3\n\tto 4", "Part: TODO", "Part:"])


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(LINES, min_size=1, max_size=4), PARTS, st.data())
def test_commit_message_is_the_message_without_the_part(lines, part, data):
    """Whatever stands around it: the commit of a patch that never had a Part is the same."""
    with_part = list(lines)
    with_part.insert(data.draw(st.integers(0, len(lines))), part)
    without, given_one = patch("\n".join(lines)), patch("\n".join(with_part))
    assert without.commit_message == without.message == given_one.commit_message
    assert given_one.message != given_one.commit_message


@pytest.mark.parametrize(
    ("name", "is_data"),
    [
        ("names.txt", True),
        ("tasks.json", True),
        ("tasks.jsonl", True),
        ("pack/DAYS.CSV", True),
        ("days.tsv", True),
        ("makemore.py", False),
        ("txt.py", False),
        ("run.sh", False),
        ("README.md", False),
        ("json", False),
        ("setup.toml", False),
    ],
)
def test_what_is_data(name, is_data):
    one = patch(files={name: 7})
    assert (one.code_added, one.data_added) == ((0, 7) if is_data else (7, 0))


def test_code_and_data_are_all_that_is_added():
    both = patch(files={"makemore.py": 100, "pack.txt": 300, "tasks.json": 40})
    assert (both.added, both.code_added, both.data_added) == (440, 100, 340)
    assert re.findall(r"^\+x", both.diff.decode(), re.MULTILINE) == ["+x"] * 440
