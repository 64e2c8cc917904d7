"""Yes, no, not shown: the three things that a test can say, and their logic (Kleene 1952, § 64)."""

from enum import Enum


class Outcome(Enum):
    """NO: the opposite is shown. NOT_SHOWN: the noise is too large to say yes or no."""

    NO = 0
    NOT_SHOWN = 1
    YES = 2

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


def negation(outcome: Outcome) -> Outcome:
    """Return `not` of an outcome: what is not shown stays so.

    >>> print(negation(Outcome.NOT_SHOWN), negation(Outcome.NO))
    not shown yes
    """
    return Outcome(2 - outcome.value)


def conjunction(outcomes: list[Outcome]) -> Outcome:
    """Return `and` of the outcomes: the least of them.

    >>> print(conjunction([Outcome.YES, Outcome.NOT_SHOWN]), conjunction([Outcome.NO, Outcome.NOT_SHOWN]))
    not shown no
    """
    return min(outcomes, key=lambda outcome: outcome.value)


def disjunction(outcomes: list[Outcome]) -> Outcome:
    """Return `or` of the outcomes: the greatest of them.

    >>> print(disjunction([Outcome.YES, Outcome.NOT_SHOWN]), disjunction([Outcome.NO, Outcome.NOT_SHOWN]))
    yes not shown
    """
    return max(outcomes, key=lambda outcome: outcome.value)
