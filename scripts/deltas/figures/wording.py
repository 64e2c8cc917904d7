"""Words that depend on numbers: a caption says what its figure shows, whichever way the numbers turn out."""

from collections.abc import Sequence

from ..core.numbers import fixed


def percent(share: float) -> str:
    """Write a share in whole per cent; "0 %" is said of nothing but zero, "100 %" of nothing but all.

    >>> percent(0.563), percent(0.001), percent(0.0), percent(0.999), percent(1.0), percent(1.7)
    ('56 %', 'less than 1 %', '0 %', 'more than 99 %', '100 %', '170 %')
    """
    if 0 < share < 0.005:
        return "less than 1 %"
    if 0.995 <= share < 1:
        return "more than 99 %"
    return f"{fixed(100 * share, 0)} %"


def span(values: Sequence[float], digits: int) -> str:
    """Write the range that values cover; one number where the lowest and the highest are written alike.

    >>> span([2.21, 2.8156, 2.3], 3), span([2.1334], 3)
    ('2.210 to 2.816', '2.133')
    """
    low, high = fixed(min(values), digits), fixed(max(values), digits)
    return low if low == high else f"{low} to {high}"


def moves(before: float, after: float, digits: int, *, close: float = 0.0) -> str:
    """Say how a number moves. A step of at most `close` is hardly any.

    >>> moves(2.4926, 2.1608, 3), moves(2.1608, 2.4926, 3)
    ('falls from 2.493 to 2.161', 'rises from 2.161 to 2.493')
    >>> moves(2.4040, 2.3778, 3, close=0.05), moves(1.9, 1.90001, 3)
    ('hardly changes (2.404 to 2.378)', 'stays at 1.900')
    """
    first, second = fixed(before, digits), fixed(after, digits)
    if first == second:
        return f"stays at {first}"
    if abs(after - before) <= close:
        return f"hardly changes ({first} to {second})"
    return f"{'falls' if after < before else 'rises'} from {first} to {second}"


def compared(value: float, other: float, digits: int, lower: str = "lower", higher: str = "higher") -> str:
    """Compare two numbers as they are written: "lower than", "higher than" or "the same as".

    >>> compared(1.889, 1.910, 3), compared(1.910, 1.889, 3, "better", "worse"), compared(1.8891, 1.8892, 3)
    ('lower than', 'worse than', 'the same as')
    """
    if fixed(value, digits) == fixed(other, digits):
        return "the same as"
    return f"{lower if value < other else higher} than"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
