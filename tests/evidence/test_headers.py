"""Numbers in headers: stated as the baseline has them, or said to be stale, or filled in."""

import pytest

import recorded as made
from deltas.core.errors import BadInput
from deltas.evidence import headers
from deltas.evidence.baseline import Baseline
from deltas.series import patches

DIFF = (
    "diff --git a/f b/f\nindex "
    + "1" * 40
    + ".."
    + "2" * 40
    + " 100644\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n a\n+b\n c\n"
)


def patch(prose: str, measured: str) -> patches.Patch:
    head = "From: a <a@example.org>\nDate: now\nSubject: delta 1: x\n\n"
    tail = f"\n\nDelta: 1\nRun: it\nExpect: much\nMeasured: {measured}\n---\n"
    return patches.parse("01-x.patch", (head + prose + tail + DIFF).encode())


def recorded(**runs) -> Baseline:
    return made.baseline({run: made.run(values) for run, values in runs.items()})


LOSS = recorded(counted={"test_loss": [2.44968, 2.44970], "dead": [0.5, 0.6], "parameters": [204544, 204544],
                          "domain_loss.more-names": [1.9, 1.9]})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("2.4497", "test_loss"),
        ("2", "test_loss"),
        ("2.45", "test_loss"),
        ("55 %", "dead"),
        ("55.0%", "dead"),
        ("204,544", "parameters"),
        ("1.90", "domain_loss.more-names"),
    ],
)
def test_a_number_as_recorded_is_not_stale(text, metric):
    assert headers.stale(patch(f"It gives {text}.", f"counted.{metric} {text}"), LOSS) == []


def test_entries_are_separated_by_commas():
    both = patch(
        "From 2.45 to 2, with 204,544.", "counted.test_loss 2.45, counted.test_loss 2, counted.parameters 204,544"
    )
    assert [number.text for number in headers.numbers(both)] == ["2.45", "2", "204,544"]


def test_a_number_that_moved_is_stale_and_is_filled_in_everywhere():
    old = patch("It gives 2.4411; 12.4411 and 2.44119 are others. So 2.4411.", "counted.test_loss 2.4411")
    assert "2.4411, measured is 2.4497" in headers.stale(old, LOSS)[0]
    new = patches.parse("01-x.patch", headers.filled(old, LOSS) + old.diff)
    assert new.prose == "It gives 2.4497; 12.4411 and 2.44119 are others. So 2.4497."
    assert headers.stale(new, LOSS) == []
    assert headers.filled(new, LOSS) == new.header


def test_the_mail_header_is_no_place_for_measured_numbers():
    dated = patch("It took 25 seconds.", "a.m 25")
    dated = patches.parse("01-x.patch", dated.data.replace(b"Date: now", b"Date: Wed, 25 Nov 2026 07:25:12 GMT"))
    new = headers.filled(dated, recorded(a={"m": [26.0, 26.0]}))
    assert b"Date: Wed, 25 Nov 2026 07:25:12 GMT" in new and b"It took 26 seconds." in new


def test_a_negative_zero_has_no_sign():
    old = patch("It moves by 0.01 %.", "a.m 0.01 %")
    assert b"It moves by 0.00 %." in headers.filled(old, recorded(a={"m": [-1e-9, -1e-9]}))


def test_two_numbers_may_swap():
    two = recorded(a={"m": [1.5, 1.5]}, b={"m": [2.5, 2.5]})
    old = patch("From 2.5 to 1.5.", "a.m 2.5, b.m 1.5")
    assert b"From 1.5 to 2.5." in headers.filled(old, two)


def test_what_was_never_measured_stays_and_is_stale():
    old = patch("It gives 2.4411.", "counted.other 2.4411")
    assert headers.filled(old, LOSS) == old.header
    assert "measured is nothing" in headers.stale(old, LOSS)[0]
    assert headers.stale(old, None)


@pytest.mark.parametrize(
    ("prose", "measured"),
    [
        ("It gives much.", "counted.test_loss 2.4497"),  # not stated
        ("It gives 12.4497.", "counted.test_loss 2.4497"),  # stated as part of another
        ("It gives 2.4497.", "test_loss 2.4497"),
        ("It gives 2.4497.", "counted.test_loss = 2.4497"),
    ],
)
def test_a_trailer_that_cannot_be_held_against_the_prose_is_bad_input(prose, measured):
    with pytest.raises(BadInput, match="Measured"):
        headers.numbers(patch(prose, measured))


def test_one_text_for_two_numbers_that_part_is_bad_input():
    two = recorded(a={"m": [1.5, 1.5]}, b={"m": [2.5, 2.5]})
    with pytest.raises(BadInput, match="two numbers"):
        headers.filled(patch("Both 1.0.", "a.m 1.0, b.m 1.0"), two)


def with_added(prose: str, measured: str, added: str) -> patches.Patch:
    lines = added.splitlines()
    diff = DIFF.replace("+1,3 @@", f"+1,{2 + len(lines)} @@").replace("+b\n", "".join(f"+{line}\n" for line in lines))
    old = patch(prose, measured)
    return patches.parse("01-x.patch", old.header + diff.encode())


@pytest.mark.parametrize(
    ("prose", "added", "found"),
    [
        ("It gives 2.4497.", "x = 1", []),
        ("It gives 2.4497, not 2.5001.", "x = 1", ["the header states 2.5001"]),
        ("It gives 2.4497, and 12 % of it.", "x = 1", ["the header states 12 %"]),
        ("Knowing nothing is 3.2958, this 2.4497.", "x = 1", []),  # ln 27
        ("2.4497", "x = 1 # prints 2.4497", []),
        ("2.4497", "x = 1 # prints 2.4411", ["a comment states 2.4411"]),
        ("2.4497", '"""\nabout 40% of them\n"""', ["a comment states 40%"]),
        ("2.4497", "y = 2.4411 # a number of the code", []),
        ("2.4497", "if step % 10 == 0 and 3 % n: pass", []),
        ("2.4497", "x = 1 # 3 % n", ["a comment states 3 %"]),  # better one too many than one too few
        ("2.4497", "x = 1 # every 100 steps, at 0.01", []),
    ],
)
def test_what_looks_measured_has_to_be_listed(prose, added, found):
    faults = headers.unlisted(with_added(prose, "counted.test_loss 2.4497", added))
    assert [fault.partition(",")[0] for fault in faults] == found


def test_a_percentage_is_the_same_with_and_without_a_space():
    assert headers.unlisted(with_added("It is 55 %.", "counted.dead 55 %", "x = 1 # 55%")) == []
