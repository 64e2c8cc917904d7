"""One way to write a number, wherever it stands."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.core import numbers
from deltas.evidence.baseline import summarise
from deltas.runs.metrics import Metric

INF = math.inf
LOSS = Metric(digits=4)


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (2.44971, LOSS, "2.4497"),
        (2.44971, Metric(), "2.4497"),
        (2.5, Metric(), "2.5"),
        (0.0, LOSS, "0.0000"),
        (0.0, Metric(), "0"),
        (-0.0, Metric(), "0"),
        (-0.0, LOSS, "0.0000"),
        (-2.44971, LOSS, "-2.4497"),
        (204544, LOSS, "204,544"),
        (0, LOSS, "0"),
        (61.23, Metric(digits=1), "61.2"),
        (12868813.75, Metric(), "12,868,814"),
        (999.996, Metric(), "1,000"),
        (1234.56, Metric(), "1,234.6"),
        (9999.94, Metric(), "9,999.9"),
        (9999.96, Metric(), "10,000"),
        (12345.6, Metric(), "12,346"),
        (-12867.9999, Metric(), "-12,868"),
        (99999.96, Metric(), "100,000"),
        (999999.96, Metric(), "1,000,000"),
        (3.1e-7, LOSS, "3.1e-07"),
        (0.0231, Metric(unit="%", digits=1), "2.3 %"),
        (1, Metric(unit="%"), "100 %"),
        (0.00001, Metric(unit="%", digits=1), "0.001 %"),
        (None, LOSS, "–"),
        (INF, LOSS, "∞"),
        (-INF, Metric(unit="%"), "−∞ %"),
        (math.nan, LOSS, "not a number"),
    ],
)
def test_one_number(value, metric, text):
    assert numbers.value(value, metric) == text


@given(st.floats(-1e12, 1e12).filter(lambda number: number == 0 or abs(number) > 1e-3))
@settings(deadline=None)
def test_no_power_of_ten_and_thousands_like_those_of_whole_numbers(number):
    text = numbers.value(number)
    assert "e" not in text and float(text.replace(",", "")) == pytest.approx(number, rel=1e-4)
    whole = text.partition(".")[0]
    assert whole.lstrip("-") == f"{int(whole.replace(',', '').lstrip('-')):,}"


@pytest.mark.parametrize(
    ("values", "metric", "text"),
    [
        ((3.2562, 3.2566), LOSS, "3.2564 ± 0.0003"),
        ((3.2562, 3.2566), Metric(), "3.2564 ± 0.0003"),
        ((2.45, 2.46, 2.44), LOSS, "2.4500 ± 0.0100"),
        ((2.45, 2.46, 2.44), Metric(), "2.45 ± 0.01"),
        ((2.44970, 2.44972, 2.44968), LOSS, "2.44970 ± 0.00002"),  # never ± 0.0000
        ((2.4497, 2.4497), LOSS, "2.4497"),
        ((2.4497,), LOSS, "2.4497"),
        ((0.1 + 0.2, 0.3), LOSS, "0.3000"),  # summed in another order
        ((729, 729), LOSS, "729"),
        ((4, 5, 5), Metric(), "4.7 ± 0.6"),
        ((61.23, 60.11), Metric(digits=1), "60.7 ± 0.8"),
        ((1205.0, 1801.0), Metric(digits=1), "1,503.0 ± 421.4"),
        ((1205.0, 1801.0), Metric(), "1,500 ± 420"),
        ((1.36, 780110.0, 154.0, 2.0, 1.0), Metric(), "160,000 ± 350,000"),
        ((-9.9e-5, 4.89e-4), Metric(), "0.0002 ± 0.0004"),
        ((0.019, 0.023, 0.027), Metric(unit="%"), "2.3 % ± 0.4"),
        ((0.019, 0.023, 0.027), Metric(unit="%", digits=2), "2.30 % ± 0.40"),
        ((-0.001, 0.001), Metric(digits=2), "0.000 ± 0.001"),
        ((99999.96, 99999.96), Metric(), "100,000"),
        ((99999.94, 99999.98), Metric(), "99,999.96 ± 0.03"),
        ((INF, INF), LOSS, "∞"),
        ((INF, 2.0), LOSS, "∞"),
        ((-2e-10, 1e-10), Metric(), "(0 ± 2) × 1e-10"),
        ((-2e-10, 1e-10), LOSS, "(0 ± 2) × 1e-10"),
    ],
)
def test_mean_and_deviation_have_the_same_decimals(values, metric, text):
    assert numbers.spread(summarise(values), metric) == text


@pytest.mark.parametrize(
    ("values", "unit", "text"),
    [
        ((0.019, 0.023, 0.027), "%", "2.3 % ± 0.4 (n = 3)"),
        ((1.93712, 1.93581, 1.93843), "", "1.937 ± 0.001 (n = 3)"),
        ((12.0, 15.0), "steps", "14 steps ± 2 (n = 2)"),
        ((0.00012, 0.00014), "", "0.00013 ± 0.00001 (n = 2)"),
        ((2.44966611, 2.44966611), "", "2.4497 (n = 2)"),
        ((204544, 204544), "", "204,544 (n = 2)"),
        ((-0.3, -0.31), "nats", "-0.305 nats ± 0.007 (n = 2)"),
        ((0, 0), "", "0 (n = 2)"),
        ((1.5,), "", "1.5 (n = 1)"),
        ((INF, 1.0), "", "∞ (n = 2)"),
    ],
)
def test_a_quantity_in_a_sentence(values, unit, text):
    assert numbers.quantity(summarise(values), unit) == text


def test_a_constant_is_no_sample():
    assert numbers.quantity(summarise((2.4497,)), "nats", constant=True) == "2.4497 nats"


FINITE = st.floats(-1e9, 1e9, allow_subnormal=False)


@given(st.lists(FINITE, min_size=2, max_size=5), st.sampled_from([LOSS, Metric(), Metric(unit="%")]))
@settings(deadline=None)
def test_a_deviation_is_never_nothing_and_never_says_more_than_is_known(values, metric):
    """No "-0.0000000000 ± 0.0000000002", no "± 0.0000", no "± 0.000488" where nobody declared six decimals."""
    text = numbers.spread(summarise(values), metric)
    assert not re.search(r"-0(\.0*)?(?![\d.])", text)
    _, several, deviation = text.partition(" ± ")
    if several:
        digits = re.sub(r"\D", "", deviation.partition(")")[0]).strip("0")
        assert digits and (metric.digits is not None or len(digits) <= 2), text
