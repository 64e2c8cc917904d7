"""Rows of tries, worked out by hand; and a record that is not of its list is told apart from one that is."""

import copy

import pytest

from deltas.evidence import tries


def tried(says, *losses, **more):
    row = {"says": says, "arguments": [], "edits": [], "steps": 1000, "chosen": False, "parameters": 204544}
    return row | {"held_out": list(losses), "train": [1.0, 2.0]} | more


def shown(*rows):
    return [row[3:5] for row in tries.rows({"says": "rate", "tries": list(rows)})[1:]]


def test_a_difference_is_taken_seed_by_seed():
    rows = shown(tried("first", 2.00, 3.00), tried("near", 2.02, 3.04), tried("far", 1.90, 2.90))
    assert rows == [["2.500", ""], ["2.530", "+0.030 (+0.020, +0.040)"], ["2.400", "-0.100 (-0.100, -0.100)"]]


def test_a_difference_from_one_seed_says_so():
    assert shown(tried("first", 2.0), tried("near", 2.001))[1] == ["2.001", "+0.001 (one seed)"]


def test_no_difference_has_no_sign():
    assert shown(tried("first", 2.0), tried("near", 1.9999))[1][1] == "0.000 (one seed)"


@pytest.mark.parametrize("loss", ["NaN", "Infinity"])
def test_what_diverged_is_compared_with_nothing(loss):
    rows = (tried("first", 2.00, 3.00), tried("gone", loss, 2.0), tried("near", 2.02, 3.04))
    assert shown(*rows) == [["2.500", ""], ["diverged", ""], ["2.530", "+0.030 (+0.020, +0.040)"]]
    assert shown(rows[1], rows[0]) == [["diverged", ""], ["2.500", ""]]


def test_a_row_says_what_was_chosen():
    head, row = tries.rows({"says": "rate", "tries": [tried("first", 2.0, 3.0, chosen=True)]})
    assert dict(zip(head, row, strict=True)) == {
        "tried": "first", "steps": "1,000", "parameters": "204,544", "held out": "2.500", "against the first": "",
        "train": "1.500", "": "chosen",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "other", "said"),
    [
        (tried("a", 2.0, chosen=True), tried("b", 1.99), ["rate: b came out at 1.990, lower than the chosen a"]),
        (tried("a", 2.0, chosen=True, why="b is slower"), tried("b", 1.99), []),
        (tried("a", 2.0, chosen=True), tried("b", 1.9999), []),  # alike in the digits that are shown
        (tried("a", 2.0, chosen=True), tried("b", "NaN"), []),
        (tried("a", "NaN", chosen=True), tried("b", 3.0), ["rate: b came out at 3.000, lower than the chosen a"]),
        (tried("a", 2.0), tried("b", 1.99), []),  # nothing is chosen
    ],
)
def test_a_try_that_came_out_lower_than_the_chosen_one_needs_a_reason(chosen, other, said):
    assert tries.unexplained({"says": "rate", "tries": [chosen, other]}) == said


LIST = {
    "held_out": 9,
    "seeds": [1, 2],
    "groups": [
        {"says": "rate", "tries": [{"says": "low", "arguments": ["-l"], "steps": 5}, {"says": "high", "steps": 6}]}
    ],
}


def test_a_record_is_of_its_list():
    recorded = copy.deepcopy(LIST) | {"torch": "2.0"}
    recorded["groups"][0]["tries"][0]["held_out"] = [1.0]
    assert tries.unlike(LIST, recorded) == []


def test_what_is_not_of_the_list_is_said():
    recorded = copy.deepcopy(LIST) | {"seeds": [1]}
    low, high = recorded["groups"][0]["tries"]
    low |= {"arguments": ["-x"], "steps": 7}
    high["says"] = "higher"
    assert tries.unlike(LIST, recorded) == [
        "seeds is [1] in the record and [1, 2] in the list",
        "rate: high: no result is recorded",
        "rate: higher: recorded, and listed no longer",
        "rate: low: recorded with other arguments and steps",
    ]
