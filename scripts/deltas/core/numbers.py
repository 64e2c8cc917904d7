"""How a measured number is written: in tables, claims, README, headers and pages. Nothing else turns one into text.

A mean and its standard deviation have the same decimals. A number without spread has no "± 0.0000" behind it. Zero has
no sign, infinity is ∞, and a share whose unit is "%" is shown times 100.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Protocol

from msgspec import Meta, Struct

SIGNIFICANT = 5  # digits of a number that has no spread and no declared decimals
DECIMALS = 6  # where the deviation shows in later ones only, both numbers share a power of ten
SPREADLESS = 1e-9  # relative: a standard deviation that small is the rounding of sums


class Form(Struct, frozen=True):
    """How a number is written.

    unit: "" for none; "%" means that it is a share, which is shown times 100. digits: decimals; None leaves them to the
    rules above.
    """

    unit: str = ""
    digits: Annotated[int, Meta(ge=0, le=15)] | None = None


class Sample(Protocol):
    """A number over several seeds."""

    @property
    def n(self) -> int:
        """How many seeds there are."""

    @property
    def mean(self) -> float:
        """Their mean."""

    @property
    def sd(self) -> float | None:
        """Their standard deviation; None where there is none."""

    @property
    def values(self) -> Sequence[float]:
        """The value of every seed."""


PLAIN = Form()


def fixed(number: float | int, decimals: int, comma: bool = True) -> str:
    """Return the number with so many decimals.

    >>> fixed(2.44966, 4), fixed(-0.0001, 2), fixed(204544, 0), fixed(math.inf, 4), fixed(-math.inf, 4)
    ('2.4497', '0.00', '204,544', '∞', '−∞')
    """
    if math.isnan(number):
        return "not a number"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    text = f"{number:{',' if comma else ''}.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def value(number: float | int | None, form: Form = PLAIN) -> str:
    """Return one measured number.

    >>> value(2.44966, Form(digits=4)), value(2.44966), value(204544), value(0.0231, Form(unit="%", digits=1))
    ('2.4497', '2.4497', '204,544', '2.3 %')
    >>> value(61.23, Form(digits=1)), value(3.1e-7, Form(digits=4)), value(None), value(-0.0), value(12868813.7)
    ('61.2', '3.1e-07', '–', '0', '12,868,814')
    """
    if number is None:
        return "–"
    number, sign = (number * 100, " %") if form.unit == "%" else (number, "")
    return _alone(number, form.digits) + sign


def _alone(number: float | int, digits: int | None) -> str:
    if isinstance(number, int) or not math.isfinite(number) or number == 0:
        return fixed(number, 0 if isinstance(number, int) or digits is None else digits)
    if abs(number) < 0.5 * 10 ** -(4 if digits is None else digits):
        return f"{number:.3g}"  # decimals would show nothing of it
    if digits is not None:
        return fixed(number, digits)
    text = f"{number:,.{SIGNIFICANT}g}"
    rounded = float(f"{number:.{SIGNIFICANT}g}")  # 99999.96 has six digits once it is rounded
    return text if abs(rounded) < 10 ** (SIGNIFICANT - 1) else fixed(number, 0)


def significant(number: float, digits: int) -> str:
    """Return a number to so many significant digits: of a p value, of a standard error in a sentence, of raw data.

    >>> significant(0.0022321, 4), significant(0.00087, 2), significant(2.1e-06, 2), significant(0.5, 4)
    ('0.002232', '0.00087', '2.1e-06', '0.5')
    >>> significant(123456.7, 2), significant(99.96, 2), significant(-0.0, 2), significant(-math.inf, 2)
    ('123,457', '100', '0', '−∞')
    """
    if not math.isfinite(number) or number == 0 or abs(float(f"{number:.{digits}g}")) >= 10**digits:
        return fixed(number, 0)
    return f"{number:.{digits}g}"


def spread(sample: Sample, form: Form = PLAIN) -> str:
    """Return mean ± standard deviation over the seeds; one number where it is the same for all of them.

    >>> from deltas.evidence.baseline import summarise
    >>> spread(summarise([3.2562, 3.2566]), Form(digits=4)), spread(summarise([3.2562, 3.2566]))
    ('3.2564 ± 0.0003', '3.2564 ± 0.0003')
    >>> spread(summarise([0.019, 0.023, 0.027]), Form(unit="%")), spread(summarise([729, 729]))
    ('2.3 % ± 0.4', '729')
    >>> spread(summarise([-2e-10, 1e-10])), spread(summarise([0.00012, 0.00014]))
    ('(0 ± 2) × 1e-10', '0.00013 ± 0.00001')
    >>> spread(summarise([1.5, 300402.7, 1204.6])), spread(summarise([1205.0, 1801.0]), Form(digits=1))
    ('100,000 ± 170,000', '1,503.0 ± 421.4')
    """
    return _spread(sample, form, " %" if form.unit == "%" else "")


def mean(sample: Sample, form: Form = PLAIN) -> str:
    """Return the mean over the seeds alone.

    >>> from deltas.evidence.baseline import summarise
    >>> mean(summarise([3.2562, 3.2566]), Form(digits=4)), mean(summarise([729, 729])), mean(summarise([0.5, 1.0]))
    ('3.2564', '729', '0.75')
    """
    same = len(set(sample.values)) == 1
    return value(sample.values[0] if same else sample.mean, form)


def quantity(sample: Sample, unit: str = "", constant: bool = False, least: int = 0) -> str:
    """Return what stands in a sentence: the number with its unit, and over how many seeds, unless it is a constant.

    least: how many decimals it has at least; those of a margin that it is held against.

    >>> from deltas.evidence.baseline import summarise
    >>> quantity(summarise([0.019, 0.023, 0.027]), "%"), quantity(summarise([2.4497, 2.4497]), "nats")
    ('2.3 % ± 0.4 (n = 3)', '2.4497 nats (n = 2)')
    >>> quantity(summarise([0.2, -0.2]), "s"), quantity(summarise([0.2, -0.2]), "s", least=2)
    ('0.0 s ± 0.3 (n = 2)', '0.00 s ± 0.28 (n = 2)')
    """
    seeds = "" if constant else f" (n = {sample.n})"
    return _spread(sample, Form(unit, least or None), f" {unit}" if unit else "") + seeds


def legend(counts: Iterable[int]) -> str:
    """Return what ± is in a table; nothing where no number has one. counts: of how many seeds each number is.

    >>> legend([1, 5, 5]), legend([1])
    ('± is the standard deviation over training seeds (n = 5)', '')
    >>> legend([5, 10, 3])
    '± is the standard deviation over training seeds (n = 3, 5 or 10)'
    """
    several = [str(n) for n in sorted(set(counts)) if n > 1]
    if not several:
        return ""
    *first, last = several
    n = f"{', '.join(first)} or {last}" if first else last
    return f"± is the standard deviation over training seeds (n = {n})"


def error(number: float, form: Form = PLAIN) -> str:
    """Return a standard error to two digits.

    >>> error(0.01493), error(0.0103), error(0.0231, Form("%")), error(0.0)
    ('0.015', '0.010', '2.3 %', '0')
    """
    number *= 100 if form.unit == "%" else 1
    text = fixed(number, max(0, 1 - int(f"{number:.0e}".partition("e")[2]))) if number else "0"
    return f"{text} %" if form.unit == "%" else text


def interval(low: float, high: float, unit: str = "") -> tuple[str, str]:
    """Return the middle of an interval, and the interval, to the second digit of its half-width. unit: "%" for a share.

    >>> interval(-0.3123, -0.2871), interval(0.0195, 0.0255, "%")
    (('-0.300', '-0.312 … -0.287'), ('2.25 %', '1.95 % … 2.55 %'))
    >>> interval(1234.5, 1300.0, "s"), interval(0.5, 0.5)
    (('1,267 s', '1,234 s … 1,300 s'), ('0.5', '0.5 … 0.5'))
    >>> interval(-2.6e-10, 9e-11)
    ('-8.5e-11', '-2.6e-10 … 9e-11')
    """
    factor = 100 if unit == "%" else 1
    half = (high - low) / 2 * factor
    decimals = max(0, 1 - int(f"{half:.0e}".partition("e")[2])) if 0 < half < math.inf else None
    numbers = [number * factor for number in ((low + high) / 2, low, high)]
    if decimals is None:
        texts = [_alone(number, None) for number in numbers]
    else:
        texts = [f"{number:.2g}" if decimals > DECIMALS + 1 else fixed(number, decimals) for number in numbers]
    middle, *ends = [f"{text} {unit}" if unit else text for text in texts]
    return middle, " … ".join(ends)


def _spread(sample: Sample, form: Form, unit: str) -> str:
    """Return the mean, the unit behind it, and the deviation: to its own first digit, or to the declared decimals.

    Of a deviation of a hundred and more two digits count; the others would promise what the seeds do not keep.
    """
    factor = 100 if form.unit == "%" else 1
    middle, sd = sample.mean * factor, (sample.sd or 0.0) * factor
    if not math.isfinite(middle) or sd <= SPREADLESS * abs(middle):
        same = len(set(sample.values)) == 1
        return _alone(sample.values[0] * factor if same else middle, form.digits) + unit
    exponent = int(f"{sd:.0e}".partition("e")[2])  # of the deviation's first digit
    if exponent < -DECIMALS and abs(middle) < 10 ** (exponent + 3):
        scale = 10.0**exponent
        return f"({fixed(middle / scale, 0)} ± {fixed(sd / scale, 0)}) × 1e{exponent}{unit}"
    if form.digits is None and exponent >= 2:
        middle, sd = round(middle, 1 - exponent), round(sd, 1 - exponent)
    decimals = max(form.digits or 0, -exponent)
    return f"{fixed(middle, decimals)}{unit} ± {fixed(sd, decimals)}"
