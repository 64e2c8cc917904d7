"""The series: all patches in their order, the names that people type for its stages. No git, no upstream.

>>> nearest("13", ["00", "01", "02", "03"])
'03'
"""

import difflib
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import overload

from ..core.errors import BadInput, BrokenPatch
from .parser import LARGEST, parse, too_large
from .patch import APPENDIX, NAME, NO_OBJECT, SLUG, SUBJECT, TRAILERS, FileChange, Patch

__all__ = [
    "APPENDIX", "NO_OBJECT", "SLUG", "STEPS", "SUBJECT", "TRAILERS", "FileChange", "Patch", "Series", "load", "nearest",
    "parse",
]  # fmt: skip

STEPS = {"prev": -1, "here": 0, "next": 1}  # words for a stage that count from where the reader stands
NO_PATCHES = ("README.md",)  # what else stands in patches/


class Series(Sequence[Patch]):
    """The patches in order: series[0] is patch 01."""

    def __init__(self, patches: list[Patch]):
        self._patches = patches

    @overload
    def __getitem__(self, index: int) -> Patch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Patch]: ...
    def __getitem__(self, index: int | slice) -> Patch | list[Patch]:
        return self._patches[index]

    def __len__(self) -> int:
        return len(self._patches)

    def __iter__(self) -> Iterator[Patch]:
        return iter(self._patches)

    @property
    def names(self) -> list[str]:
        """00, 01, … as people type them."""
        return [f"{number:02d}" for number in range(len(self) + 1)]

    @property
    def parts(self) -> dict[str, list[Patch]]:
        """The parts of the blog series with their patches: by number, the appendix last. No part: left out."""
        parts: dict[str, list[Patch]] = {}
        for patch in self:
            if patch.part:
                parts.setdefault(patch.part, []).append(patch)
        return {part: parts[part] for part in sorted(parts, key=lambda part: (not part.isdecimal(), len(part), part))}

    def number(self, text: str, here: int | None = None) -> int:
        """Return the number of the stage that `3`, `03`, a slug, a patch file, `here`, `next`, `prev` or `last` names.

        here: where the reader stands. Raises BadInput: which stages exist, and the near one.
        """
        last = len(self)
        if text == "last":
            return last
        if text in STEPS:
            if here is None:
                raise BadInput(
                    f"{text}: stage/ stands on no stage of the series",
                    "a number",
                    [f"scripts/apply.sh {self.names[-1]}"],
                )
            return here + STEPS[text]
        slugs = {patch.slug: patch.number for patch in self} | {patch.name: patch.number for patch in self}
        name = PurePath(text).stem if text.endswith(".patch") else text  # the shell completes the names of files
        if name in slugs:
            return slugs[name]
        if _is_number(text) and int(text) <= last:
            return int(text)
        near = nearest(name, [*self.names, *slugs, *STEPS, "last"])
        raise BadInput(
            f"there is no stage {text!r}",
            f"00 (upstream itself) to {last:02d}, here, next, prev, last",
            [f"did you mean {near}?"] if near else [],
        )


def nearest(text: str, names: list[str]) -> str | None:
    """Return the name that was probably meant: the closest number, else the closest spelling."""
    numbers = [name for name in names if name.isdigit()]
    if _is_number(text) and numbers:
        shared = [name for name in numbers if name[-1] == text[-1] and len(text) == 2]
        return shared[0] if shared else min(numbers, key=lambda name: abs(int(name) - int(text)))
    return next(iter(difflib.get_close_matches(text, names, n=1, cutoff=0.4)), None)


def _is_number(text: str) -> bool:
    """Return whether this is a whole number as people type them: ASCII digits, and not thousands of them."""
    return text.isascii() and text.isdigit() and len(text) < 10


def load(folder: Path) -> Series:
    """Return the series in a folder.

    Raises BrokenPatch for the first thing that is wrong: names, gaps, two patches with one number, contents.
    """
    patches: dict[int, Patch] = {}
    for path in sorted(folder.glob("*")):
        if path.name.startswith(".") or path.name in NO_PATCHES or path.is_dir() or ".patch.yours-" in path.name:
            continue  # the last is an edit that recovery put aside
        match = NAME.fullmatch(path.name)
        if match and int(match[1]) in patches:
            twin = patches[int(match[1])]
            raise BrokenPatch(
                f"two patches have the number {match[1]}: {twin.name}.patch and {path.name}",
                "one patch a number",
                ["git status patches", "rename or remove one of them"],
            )
        patch = parse(path.name, _content(path) if match else b"")
        patches[patch.number] = patch
    for expected, number in enumerate(sorted(patches), 1):
        if number != expected:
            raise BrokenPatch(
                f"patch {expected:02d} is missing; the series goes on with {patches[number].name}.patch",
                "numbers from 01 on without a gap",
                [
                    "git status patches",
                    "git ls-files --deleted patches   # git checkout -- FILE brings one of them back",
                ],
            )
    return Series([patches[number] for number in sorted(patches)])


def _content(path: Path) -> bytes:
    """Return the bytes of a patch file. One that is too large is refused before it is read."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise BrokenPatch(f"patches/{path.name} is no ordinary file", "a text file", [f"ls -l patches/{path.name}"])
        if about.st_size > LARGEST:
            raise too_large(path.name, about.st_size)
        return path.read_bytes()
    except OSError as error:
        raise BrokenPatch(
            f"patches/{path.name} cannot be read: {error.strerror}", "", [f"ls -l patches/{path.name}"]
        ) from None
