"""How far does counting go? Modified Kneser–Ney n-grams over the characters of names.

Chen & Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (TR-10-98, Harvard 1998; Computer
Speech & Language 13, 1999): the interpolated form, with three discounts for every order. For a character w after a
context h,

    p(w|h) = (max(c(hw) - D(c(hw)), 0) + (D1 N1(h·) + D2 N2(h·) + D3+ N3+(h·)) p(w|h')) / c(h·)

where h' is h without its first character and Ni(h·) is the number of characters seen i times after h. At the highest
order, c counts occurrences; below it, c counts how many different characters stand before: c(hw) = N1+(·hw). Below
order 1 lies the uniform distribution. The discounts come from n1…n4; ni is how many n-grams of that order have c = i:

    Y = n1 / (n1 + 2 n2)    D1 = 1 - 2 Y n2 / n1    D2 = 2 - 3 Y n3 / n2    D3+ = 3 - 4 Y n4 / n3

Before a name stand order - 1 start symbols. Its end is a symbol, which is predicted like any other.

This file is part of the `measured_by` of the runs of this control (see programs.py). It imports nothing of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

FALLBACK = (0.5, 1.0, 1.5)  # discounts where one of n1…n4 is zero and they cannot be estimated (KenLM's choice)
HELD_OUT = 10  # the order is chosen on one in so many training names
ORDERS = range(1, 9)


@dataclass(frozen=True)
class _Level:
    """The n-grams of one order, sorted, and their contexts, sorted.

    An n-gram is a number in base V, its last character the last digit; its context is that number without its last
    digit.
    """

    grams: "np.ndarray"  # (G,) int64
    left: "np.ndarray"  # (G,) c(hw) - D(c(hw)): what the discount leaves
    contexts: "np.ndarray"  # (C,) int64
    total: "np.ndarray"  # (C,) c(h·)
    taken: "np.ndarray"  # (C,) the sum of the discounts after h, which p(w|h') shares out


class KneserNey:
    """An n-gram model over `chars`, which a name may contain. Symbol 0 stands before a name, and at its end.

    discount: one for all counts of all orders; None for three of every order, estimated.
    """

    def __init__(self, chars: Sequence[str], order: int, discount: float | None = None):
        import numpy as np

        self.chars, self.order, self.discount = sorted(set(chars)), order, discount
        self.vocabulary = len(self.chars) + 1  # V
        if order < 1 or not _fits(self.vocabulary, order):
            raise ValueError(f"order {order}: n-grams over {self.vocabulary} symbols have to fit 63 bits")
        if discount is not None and not 0 <= discount <= 1:
            raise ValueError(f"discount {discount:g}: it is taken off counts of 1, so it lies between 0 and 1")
        if any(len(char) != 1 or char == "\0" for char in self.chars):
            raise ValueError("chars: single characters, and not NUL, which marks the end")
        self.codes = np.array([0, *map(ord, self.chars)], dtype=np.uint32)  # (V,) code point of each symbol, sorted
        self.levels: list[_Level] = []

    def fit(self, words: Sequence[str]) -> "KneserNey":
        """Count the words, each as often as it occurs. ValueError where there is none, or an unknown character."""
        import numpy as np

        if not words:
            raise ValueError("no words to count")
        levels = []
        grams, counts = np.unique(self._grams(words), return_counts=True)
        for order in range(self.order, 0, -1):
            if order < self.order:  # count an n-gram once for every different character that stands before it
                grams, counts = np.unique(grams % self.vocabulary**order, return_counts=True)
            taken = discounts(counts) if self.discount is None else (self.discount,) * 3
            off = np.array([0.0, *taken])[np.minimum(counts, 3)]  # (G,)
            contexts, at = np.unique(grams // self.vocabulary, return_inverse=True)
            levels.append(_Level(grams, counts - off, contexts, np.bincount(at, counts), np.bincount(at, off)))
        self.levels = levels[::-1]
        return self

    @property
    def stored(self) -> int:
        """The number of counts that the model consists of, all orders together."""
        return sum(len(level.grams) for level in self.levels)

    def losses(self, words: Sequence[str]) -> "tuple[np.ndarray, np.ndarray]":
        """Return -log p of every name in nats, its end included, and its number of symbols: (N,) float64, (N,) int64.

        ValueError for a character outside the vocabulary.
        """
        import numpy as np

        tokens = np.array([len(word) + 1 for word in words], dtype=np.int64)
        if not len(tokens):
            return np.zeros(0), tokens
        nats = -np.log(self._probabilities(self._grams(words)))  # (sum of tokens,)
        return np.add.reduceat(nats, np.cumsum(tokens) - tokens), tokens

    def following(self, context: str) -> "np.ndarray":
        """Return p of what follows the beginning of a name: (V,), at 0 its end, at i the character chars[i-1]."""
        import numpy as np

        gram = self._grams([context])[-1]  # its last symbol is the end, 0: the place to fill
        return self._probabilities(gram + np.arange(self.vocabulary))

    def sample(self, count: int, seed: int, longest: int) -> list[str]:
        """Return names drawn from the model, cut at `longest` characters. The same seed draws the same names."""
        import numpy as np

        random = np.random.default_rng(seed)
        names = []
        for _ in range(count):
            name = ""
            while len(name) < longest:
                p = self.following(name)
                symbol = int(random.choice(self.vocabulary, p=p / p.sum()))
                if symbol == 0:
                    break
                name += self.chars[symbol - 1]
            names.append(name)
        return names

    def _grams(self, words: Sequence[str]) -> "np.ndarray":
        """Return the n-gram of the highest order that ends at each symbol to predict: (sum of tokens,) int64."""
        import numpy as np

        before = "\0" * (self.order - 1)
        text = "".join(f"{before}{word}\0" for word in words)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        symbols = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        strange = np.flatnonzero(self.codes[symbols] != codes)
        if len(strange):
            raise ValueError(f"{text[strange[0]]!r} is not among the {len(self.chars)} characters of the vocabulary")
        grams = np.zeros(len(symbols), dtype=np.int64)
        for back in range(self.order - 1, -1, -1):
            grams[back:] = grams[back:] * self.vocabulary + symbols[: len(symbols) - back]
        lengths = np.array([len(word) + 1 for word in words])
        ends = np.cumsum(lengths + self.order - 1)
        first = np.repeat(ends - lengths, lengths)  # of every symbol: where its name begins
        return grams[first + np.arange(len(first)) - np.repeat(np.cumsum(lengths) - lengths, lengths)]

    def _probabilities(self, grams: "np.ndarray") -> "np.ndarray":
        """Return p(w|h) of n-grams hw of the highest order, (M,) float64: the equation above, from order 1 up."""
        import numpy as np

        p = np.full(len(grams), 1 / self.vocabulary)
        for order, level in enumerate(self.levels, 1):
            gram = grams % self.vocabulary**order
            at, known = _find(level.grams, gram)
            left = np.where(known, level.left[at], 0.0)
            at, known = _find(level.contexts, gram // self.vocabulary)
            p = np.where(known, (left + level.taken[at] * p) / level.total[at], p)  # after an unknown context: p(w|h')
        return p


def _find(table: "np.ndarray", wanted: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """Return where the wanted numbers stand in a sorted table, and whether they are there."""
    import numpy as np

    at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return at, table[at] == wanted


def _fits(vocabulary: int, order: int) -> bool:
    """Return whether an n-gram is a number of 63 bits."""
    return vocabulary**order < 2**63


def discounts(counts: "np.ndarray") -> tuple[float, float, float]:
    """Return (D1, D2, D3+) from the counts of one order, no more than can be taken off: D1 ≤ 1, D2 ≤ 2, D3+ ≤ 3."""
    import numpy as np

    n1, n2, n3, n4 = (int(np.count_nonzero(counts == count)) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return FALLBACK
    y = n1 / (n1 + 2 * n2)
    d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return min(max(d1, 0.0), 1.0), min(max(d2, 0.0), 2.0), min(max(d3, 0.0), 3.0)


def choose_order(chars: Sequence[str], words: Sequence[str], orders: Sequence[int] = ORDERS) -> dict[int, float]:
    """Return, for every order, nats per character on the last tenth of the training names; the others are counted.

    The best order comes first. The names are in random order, and the test split has no part in it. ValueError for
    fewer than two words.
    """
    held = words[-max(1, len(words) // HELD_OUT) :]
    losses = {}
    for order in orders:
        if not _fits(len(set(chars)) + 1, order):
            continue
        nats, tokens = KneserNey(chars, order).fit(words[: -len(held)]).losses(held)
        losses[order] = float(nats.sum() / tokens.sum())
    return dict(sorted(losses.items(), key=lambda item: item[1]))


def fitted(
    chars: Sequence[str], words: Sequence[str], order: int | None = None, discount: float | None = None
) -> KneserNey:
    """Return a model that counted all the words. Without an order, take and print the best on held-out words.

    The order is chosen with the estimated discounts.
    """
    if order is None:
        held_out = choose_order(chars, words)
        for tried in sorted(held_out):
            print(f"order {tried}: {held_out[tried]:.4f} nats per character on held-out training names", flush=True)
        order = next(iter(held_out))
    return KneserNey(chars, order, discount).fit(words)
