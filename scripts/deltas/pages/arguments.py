"""What a shortcode may be given, and what is wrong with a call of one.

Hugo itself ignores an argument that the layout does not ask for; a call that says something else than its author means
is named here.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..stages.position import ALL
from .document import MOST_DIGITS
from .shortcodes import Shortcode

FORMS = ("mean", "spread", "n", "error")
Fault = tuple[str, tuple[str, ...]]  # what is wrong, and the ways out


@dataclass(frozen=True)
class Takes:
    """What one shortcode may be given.

    places: its arguments in the order in which they may be given by place; needed: how many of them have to be there.
    named: those that are given by name only. looks: those that change how it looks, not what it shows. numbers: the
    whole numbers, with the smallest and the largest. words: the arguments that have a fixed set of values.
    closed: it has to be closed, as `/>}}` does; the others must not be.
    """

    places: tuple[str, ...]
    needed: int
    named: tuple[str, ...] = ("was",)
    looks: tuple[str, ...] = ()
    numbers: dict[str, tuple[int, int]] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    closed: bool = False

    @property
    def all(self) -> tuple[str, ...]:
        """Every argument."""
        return self.places + self.named


SHORTCODES = {
    "patch": Takes(
        ("stage", "hunk"), 1, ("file", "context", "was"), looks=("context",),
        words={"context": ("no", "yes", "false", "true", "0", "1")}, closed=True,
    ),
    "result": Takes(
        ("stage", "run", "metric", "form"), 3, ("digits", "was"),
        numbers={"digits": (0, MOST_DIGITS)}, words={"form": FORMS},
    ),
    "figure": Takes(("stage", "name"), 2),
    "samples": Takes(("stage", "run", "count"), 1, numbers={"count": (1, 10_000)}),
    "claims": Takes(("stage",), 1),
    "runs": Takes(("stage",), 1),
    "upstream": Takes(("symbol", "file"), 1, ()),
}  # fmt: skip
TOGETHER = (("patch", "hunk", "", "file"), ("result", "form", "mean", "digits"))  # beside another value, one is ignored


def is_ours(tag: Shortcode) -> bool:
    """Return whether the shortcode is one of this project; `figure` with `src` is Hugo's own."""
    return tag.name in SHORTCODES and not (tag.name == "figure" and "src" in tag.named)


def wanted(tag: Shortcode) -> dict[str, str]:
    """Return the arguments that say which thing of a stage it shows, by name."""
    takes = SHORTCODES[tag.name]
    return {key: value for key, value in tag.given(takes.places).items() if key not in ("stage", "was", *takes.looks)}


def faults(tag: Shortcode) -> list[Fault]:
    """Return what is wrong with a call of one of our shortcodes, without looking at any stage."""
    takes = SHORTCODES[tag.name]
    if tag.rest:
        return [(f"{tag.name}: {tag.rest!r} is no argument", ('give arguments as stage="01"',))]
    return [*_form(tag, takes), *_names(tag, takes), *_values(tag, takes)]


def _form(tag: Shortcode, takes: Takes) -> Iterator[Fault]:
    """Yield what is wrong with the tag as a tag."""
    if tag.percent:
        yield (
            f"{tag.name} is written {{{{% … %}}}}: Hugo reads what it shows as Markdown, and drops its HTML",
            (f"write {{{{< {tag.name} … >}}}}",),
        )
    if takes.closed and not tag.closed:
        yield f"{tag.name} is not closed, and Hugo refuses it", (f"write {{{{< {tag.name} … />}}}}",)
    if tag.closed and not takes.closed:
        yield f"{tag.name} is closed, which Hugo refuses", (f"write {{{{< {tag.name} … >}}}}, without a slash",)


def _names(tag: Shortcode, takes: Takes) -> Iterator[Fault]:
    """Yield arguments that are unknown, missing, given twice, or too many."""
    keys = [argument.key for argument in tag.arguments if argument.key]
    for argument in tag.arguments:
        if argument.key and argument.key not in takes.all:
            near = _meant(argument.key, argument.value, tag, takes)
            way = f"did you mean {near}?" if near else f"it takes {', '.join(takes.all)}"
            yield f"{tag.name} has no argument {argument.key!r}", (way,)
    for key in dict.fromkeys(keys):
        if keys.count(key) > 1:
            yield f"{tag.name}: {key} is given {keys.count(key)} times", ("give it once",)
    if keys and tag.by_place:
        yield f"{tag.name} is given arguments by name and by place, which Hugo refuses", ('write stage="01" …',)
    if len(tag.by_place) > len(takes.places):
        most = f"at most {len(takes.places)}: {', '.join(takes.places)}"
        yield f"{tag.name} is given {len(tag.by_place)} arguments by place", (most,)
    unknown = any(key not in takes.all for key in keys)
    missing = [key for key in takes.places[: takes.needed] if key not in tag.given(takes.places)]
    if missing and not unknown:
        yield f"{tag.name} has no {' and no '.join(missing)}", (f"it takes {', '.join(takes.all)}",)


def _values(tag: Shortcode, takes: Takes) -> Iterator[Fault]:
    """Yield values that are empty, no number, none of the words that there are, or would be ignored."""
    given = tag.given(takes.places)
    for key, value in given.items():
        if key not in takes.all:
            continue
        if not value:
            yield f"{tag.name}: {key} is empty", ("leave it out, or say what it is",)
        elif key in takes.numbers:
            low, high = takes.numbers[key]
            if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
                yield f"{tag.name}: {key} is {value!r}", (f"a whole number from {low} to {high}",)
        elif key in takes.words and value not in takes.words[key]:
            near = difflib.get_close_matches(value, takes.words[key], 1)
            way = f"did you mean {near[0]}?" if near else f"one of {', '.join(takes.words[key])}"
            yield f"{tag.name}: {key} is {value!r}", (way,)
    if given.get("stage") == ALL and tag.name != "figure":
        yield f"{tag.name}: stage is {ALL!r}", ("the number or the slug of a stage; figures alone are of all stages",)
    for name, one, usual, other in TOGETHER:
        if tag.name == name and given.get(one, usual) != usual and given.get(other):
            yield f"{tag.name}: {one} and {other} do not go together", ("leave one of them out",)


def _meant(key: str, value: str, tag: Shortcode, takes: Takes) -> str | None:
    """Return the argument that was probably meant: of like spelling, else the one that a number is for."""
    free = [name for name in takes.all if name not in tag.named]
    near = difflib.get_close_matches(key, free, 1)
    numeric = [name for name in free if name in takes.numbers and value.isdigit()]
    return next(iter(near or numeric), None)
