"""Yes, no, tie: the three things that a test can say, and their logic (Kleene 1952, § 64)."""

from enum import Enum


class Outcome(Enum):
    """TIE: the noise is too large to say yes or no."""

    NO = 0
    TIE = 1
    YES = 2

    def __str__(self) -> str:
        return self.name.lower()


def negation(outcome: Outcome) -> Outcome:
    """Return `not` of an outcome: a tie stays one.

    >>> print(negation(Outcome.TIE), negation(Outcome.NO))
    tie yes
    """
    return Outcome(2 - outcome.value)


def conjunction(outcomes: list[Outcome]) -> Outcome:
    """Return `and` of the outcomes: the least of them.

    >>> print(conjunction([Outcome.YES, Outcome.TIE]), conjunction([Outcome.NO, Outcome.TIE]))
    tie no
    """
    return min(outcomes, key=lambda outcome: outcome.value)


def disjunction(outcomes: list[Outcome]) -> Outcome:
    """Return `or` of the outcomes: the greatest of them.

    >>> print(disjunction([Outcome.YES, Outcome.TIE]), disjunction([Outcome.NO, Outcome.TIE]))
    yes tie
    """
    return max(outcomes, key=lambda outcome: outcome.value)
