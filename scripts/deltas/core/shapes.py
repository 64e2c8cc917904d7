"""Convert what a TOML or JSON file holds into typed structures, and say in a reader's words what does not fit.

msgspec checks; its messages name a place as a program counts (`$.run[1].args[3]`). Misfit names it as a reader does:
"run 2 (learned): args: item 4 is 3407".
"""

import re
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Step = str | int | None  # a field, an item of a list, or some entry of a dict: msgspec does not say which

STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
LABELS = ("name", "says")  # of a table in a list: what a reader knows it by
WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


class Misfit(Exception):
    """What does not fit, and where; what should be there. The caller adds which file it is."""

    def __init__(self, found: str, expected: str = ""):
        super().__init__(found)
        self.found, self.expected = found, expected


def convert(value: Any, kind: type[T], expected: Mapping[str, str] | None = None) -> T:
    """Return the value as `kind`, a msgspec Struct. Misfit says what does not fit.

    expected: field -> what to put there, in words or as an example, where the type alone would say too little.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        steps: list[Step] = [
            match[1] if match[1] else int(match[2]) if match[2] else None for match in STEP.finditer(path)
        ]
        steps = _keys_found(value, kind, steps, str(error))
        raise _misfit(value, kind, steps, message, expected or {}) from None


def _keys_found(value: Any, kind: Any, steps: list[Step], message: str) -> list[Step]:
    """Return the steps with the keys of the dicts on the way: an entry that alone gives the same message is the one."""
    known: list[Step] = []
    for step in steps:
        if step is None:
            entries = _at(value, known)
            for key in entries:
                value_alone = _with(value, known, {key: entries[key]})
                try:
                    msgspec.convert(value_alone, kind)
                except msgspec.ValidationError as error:
                    if str(error) == message:
                        value, step = value_alone, key
                        break
        known.append(step)
    return known


def _at(value: Any, steps: Sequence[Step]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _with(value: Any, steps: Sequence[Step], new: Any) -> Any:
    """Return a copy of the value with something else at that place."""
    if not steps:
        return new
    first, *rest = steps
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = _with(value[first], rest, new)  # type: ignore[index]
    return copy


def _misfit(value: Any, kind: Any, steps: list[Step], message: str, expected: Mapping[str, str]) -> Misfit:
    place = _place(value, steps)
    if missing := re.fullmatch(r"Object missing required field `(.+)`", message):
        return Misfit(_joined(place, f"no {missing[1]}"), expected.get(missing[1], ""))
    if unknown := re.fullmatch(r"Object contains unknown field `(.+)`", message):
        fields = _fields(kind, steps)
        return Misfit(_joined(place, f"unknown key {unknown[1]!r}"), f"only {', '.join(fields)}" if fields else "")
    field = next((step for step in reversed(steps) if isinstance(step, str)), "")
    wanted = expected.get(field, "")
    if message.startswith(("Expected", "Invalid enum value")):
        shown = f"{place or 'the document'} is {reprlib.repr(_at(value, steps))}"
        return Misfit(shown, wanted or _in_words(message))
    return Misfit(_joined(place, message), wanted)


def _place(value: Any, steps: Sequence[Step]) -> str:
    """Return a place as a reader finds it.

    >>> _place({"run": [{"name": "counted", "args": [1]}]}, ["run", 0, "args", 0])
    'run 1 (counted): args: item 1'
    """
    text, tables = "", True
    for step in steps:
        value = value[step]
        if isinstance(step, int) and isinstance(value, dict):
            label = next((f" ({value[key]})" for key in LABELS if isinstance(value.get(key), str)), "")
            text, tables = f"{text} {step + 1}{label}", True
        elif isinstance(step, int):
            text = f"{text}: item {step + 1}"
        else:
            text = f"{text}{': ' if tables and text else '.' if text else ''}{step}"
            tables = False
    return text


def _joined(place: str, what: str) -> str:
    return f"{place}: {what}" if place else what


def _fields(kind: Any, steps: Sequence[Step]) -> list[str]:
    """Return the names of the fields that the structure at that place has."""
    info: Any = msgspec.inspect.type_info(kind)
    for step in steps:
        info = _structure(info)
        if isinstance(info, msgspec.inspect.StructType):
            info = next(field.type for field in info.fields if field.encode_name == step)
        else:
            info = getattr(info, "item_type", None) or getattr(info, "value_type", None)
    info = _structure(info)
    return [field.encode_name for field in info.fields] if isinstance(info, msgspec.inspect.StructType) else []


def _structure(info: Any) -> Any:
    """Return what a type is, where it may also be nothing."""
    if isinstance(info, msgspec.inspect.UnionType):
        return next(part for part in info.types if not isinstance(part, msgspec.inspect.NoneType))
    return info


def _in_words(message: str) -> str:
    """Return what msgspec expected, in words.

    >>> _in_words("Expected `int | null`, got `str`"), _in_words("Expected `array` of length >= 1")
    ('a whole number or nothing', 'a list of length >= 1')
    """
    parts = re.match(r"Expected `([^`]+)`(?:,? ?(.*))?", message)
    if not parts:
        return ""
    words = " or ".join(WORDS.get(name, name) for name in parts[1].split(" | "))
    rest = parts[2] if parts[2] and not parts[2].startswith(("got", "matching")) else ""
    return f"{words} {rest}".strip()
