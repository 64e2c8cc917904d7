"""A list of words that is not names.txt: made from the package wordfreq, the same on every machine."""

import hashlib
import importlib.metadata
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core import files
from ..core.errors import BadInput, CheckFailed

PACKAGE = "wordfreq"
ASKED = 1_000_000  # more words than the package has of any language


@dataclass(frozen=True)
class Words:
    """A list of words. version: of the package that it was made from."""

    words: tuple[str, ...]
    version: str

    @property
    def text(self) -> str:
        """The list as makemore reads it: a word a line."""
        return "".join(f"{word}\n" for word in self.words)

    @property
    def id(self) -> str:
        """The same for the same words in the same order."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def write(self, folder: Path) -> Path:
        """Write the list into a folder, under a name of its own for every list, so that no run takes it for another."""
        path = folder / f"words-{self.id}.txt"
        files.write(path, self.text.encode())
        return path


def make(language: str, count: int, shortest: int, longest: int, order: int) -> Words:
    """Return the most frequent words of a language, shuffled. CheckFailed without the package; BadInput."""
    try:
        import wordfreq

        version = importlib.metadata.version(PACKAGE)
    except ImportError:
        raise CheckFailed(f"{PACKAGE} is not there", "a list of words", ["scripts/setup.sh elsewhere"]) from None
    try:
        frequent = wordfreq.top_n_list(language, ASKED)
    except LookupError as error:
        raise BadInput(f"{PACKAGE} has no words of the language {language!r}: {error}", "de, fr, es, …") from None
    return Words(tuple(chosen(frequent, count, shortest, longest, order)), version)


def chosen(frequent: Iterable[str], count: int, shortest: int, longest: int, order: int) -> list[str]:
    """Return the first so many words of small letters alone, and of such lengths, shuffled by a seed. BadInput.

    >>> chosen(["die", "Der", "in", "c3po", "das", "überlang", "für", "und"], 3, 3, 5, 1)
    ['das', 'für', 'die']
    """
    fit = [word for word in frequent if word.isalpha() and word == word.lower() and shortest <= len(word) <= longest]
    fit = list(dict.fromkeys(fit))[:count]
    if len(fit) < count:
        raise BadInput(f"there are {len(fit)} such words", f"{count}: fewer words, or other lengths")
    random.Random(order).shuffle(fit)
    return fit
