"""What does not fit a structure is named by its place, as a reader counts; a deep place as well as a shallow one."""

from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from deltas.core.shapes import Misfit, convert


class Leaf(Struct, forbid_unknown_fields=True):
    kind: Literal["oak", "elm"]
    size: Annotated[int, Meta(ge=1)] | None = None


class Branch(Struct, forbid_unknown_fields=True):
    name: str
    leaves: dict[str, tuple[Leaf, ...]] = {}

    def __post_init__(self) -> None:
        if self.name == "rotten":
            raise ValueError("it is rotten")


class Tree(Struct, forbid_unknown_fields=True):
    branch: tuple[Branch, ...]
    seeds: dict[str, dict[str, int]] = {}


OAK = {"kind": "oak"}


def test_what_fits_is_converted():
    tree = convert({"branch": [{"name": "low", "leaves": {"a": [OAK | {"size": 2}]}}]}, Tree)
    assert tree == Tree((Branch("low", {"a": (Leaf("oak", 2),)}),))


BAD = {
    "nothing": ({}, "no branch", ""),
    "no object": ([], "the document is []", "a table"),
    "no list": ({"branch": 3}, "branch is 3", "a list"),
    "not a table": ({"branch": [{"name": "a"}, 3]}, "branch: item 2 is 3", "a table"),
    "unknown": ({"branch": [{"name": "a", "nest": 1}]}, "branch 1 (a): unknown key 'nest'", "only name, leaves"),
    "missing": ({"branch": [{"leaves": {}}]}, "branch 1: no name", ""),
    "a text that is none": ({"branch": [{"name": 3}]}, "branch 1: name is 3", "a text"),
    "what a type cannot say": ({"branch": [{"name": "a"}, {"name": "rotten"}]}, "branch 2 (rotten): it is rotten", ""),
    "the second key": (
        {"branch": [], "seeds": {"a": {"x": 1}, "b": {"y": 2, "z": "3"}}},
        "seeds.b.z is '3'",
        "a whole number",
    ),
    "deep": (
        {"branch": [{"name": "a"}, {"name": "b", "leaves": {"good": [OAK], "bad": [OAK, {"kind": "elm", "size": 0}]}}]},
        "branch 2 (b): leaves.bad 2: size is 0",
        "a whole number >= 1",
    ),
    "an unknown key, deep": (
        {"branch": [{"name": "b", "leaves": {"bad": [OAK | {"colour": "red"}]}}]},
        "branch 1 (b): leaves.bad 1: unknown key 'colour'",
        "only kind, size",
    ),
    "none of several": (
        {"branch": [{"name": "b", "leaves": {"x": [{"kind": "fir"}]}}]},
        "branch 1 (b): leaves.x 1: kind is 'fir'",
        "",
    ),
}


@pytest.mark.parametrize(("value", "found", "expected"), BAD.values(), ids=BAD)
def test_misfits(value, found, expected):
    with pytest.raises(Misfit) as misfit:
        convert(value, Tree)
    assert (misfit.value.found, misfit.value.expected) == (found, expected)


def test_a_hint_says_more_than_the_type():
    with pytest.raises(Misfit) as misfit:
        convert({"branch": 3}, Tree, {"branch": "at least one [[branch]]"})
    assert misfit.value.expected == "at least one [[branch]]"
    with pytest.raises(Misfit) as misfit:
        convert({}, Tree, {"branch": "at least one [[branch]]"})
    assert misfit.value.expected == "at least one [[branch]]"
