"""Student's t distribution, the one that everything here is measured by."""

import functools


@functools.lru_cache(maxsize=10_000)
def quantile(freedom: int, p: float) -> float:
    """Return the value below which a share p of the distribution with that many degrees of freedom lies."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, p))


def below(freedom: int, t: float) -> float:
    """Return the share of the distribution that lies below t."""
    from scipy.special import stdtr

    return float(stdtr(freedom, t))
