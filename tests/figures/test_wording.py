"""Words that depend on numbers turn with them, and never say more than the numbers do."""

import pytest

from deltas.figures import wording


@pytest.mark.parametrize(
    ("share", "says"),
    [(0, "0 %"), (1e-9, "less than 1 %"), (0.0049, "less than 1 %"), (0.0051, "1 %"), (0.25, "25 %"),
     (0.9949, "99 %"), (0.9951, "more than 99 %"), (1, "100 %"), (1.2, "120 %")],
)  # fmt: skip
def test_none_and_all_are_said_of_nothing_else(share, says):
    assert wording.percent(share) == says


@pytest.mark.parametrize(
    ("before", "after", "close", "says"),
    [
        (2.0, 1.0, 0.1, "falls from 2.00 to 1.00"),
        (1.0, 2.0, 0.1, "rises from 1.00 to 2.00"),
        (1.0, 1.05, 0.1, "hardly changes (1.00 to 1.05)"),
        (1.05, 1.0, 0.1, "hardly changes (1.05 to 1.00)"),
        (1.0, 1.05, 0.0, "rises from 1.00 to 1.05"),
        (1.0, 1.001, 0.0, "stays at 1.00"),  # "rises from 1.00 to 1.00" would be nonsense
    ],
)
def test_a_number_that_moves(before, after, close, says):
    assert wording.moves(before, after, 2, close=close) == says


@pytest.mark.parametrize(
    ("value", "other", "says"),
    [(1.0, 2.0, "better than"), (2.0, 1.0, "worse than"), (1.0, 1.0004, "the same as"), (1.0004, 1.0, "the same as")],
)
def test_two_numbers_that_are_written_alike_are_the_same(value, other, says):
    assert wording.compared(value, other, 3, "better", "worse") == says


@pytest.mark.parametrize(
    ("values", "says"),
    [([3.0, 1.0, 2.0], "1.0 to 3.0"), ([1.0], "1.0"), ([1.01, 1.02], "1.0"), ([-1.0, 1.0], "-1.0 to 1.0")],
)
def test_a_range_goes_from_the_lowest_to_the_highest(values, says):
    assert wording.span(values, 1) == says
