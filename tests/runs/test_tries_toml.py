"""tries.toml is written by hand: what it says, and each way to get it wrong."""

import pytest

from deltas.core.errors import BadInput
from deltas.core.project import here
from deltas.runs import tries
from deltas.stages.build import workshop

GOOD = """
held_out = 9
seeds = [1, 2]
args = ["-x"]
steps = 5
[[group]]
says = "rate"
args = ["-y"]
[[group.try]]
says = "first"
[[group.try]]
says = "other"
args = ["-z"]
steps = 7
edit = [["a", "b"], ["c", "d"]]
chosen = true
[[group]]
says = "depth"
steps = 6
[[group.try]]
says = "first"
"""


def read(tmp_path, text: str):
    path = tmp_path / "tries.toml"
    path.write_text(text)
    return tries.read(path)


def test_what_it_says(tmp_path):
    plan = read(tmp_path, GOOD)
    assert (plan.held_out, plan.seeds, [group.says for group in plan.groups]) == (9, (1, 2), ["rate", "depth"])
    (first, other), (deep,) = (group.tries for group in plan.groups)
    assert first == tries.Try("first", ("-x", "-y"), 5)
    assert other == tries.Try("other", ("-x", "-y", "-z"), 7, (("a", "b"), ("c", "d")), True)
    assert deep == tries.Try("first", ("-x",), 6)
    assert [group.says for group in plan.only(["dep"]).groups] == ["depth"]
    assert plan.only([]) == plan


BAD = {
    "not TOML": ("held_out =", "held_out = 9", "Invalid value"),
    "nobody judges": ("held_out = 0", "held_out = 9", "held_out is 0"),
    "no seeds": ("seeds = []", "seeds = [1, 2]", "seeds"),
    "a seed twice": ("seeds = [1, 1]", "seeds = [1, 2]", "seeds: 1 is there 2 times"),
    "a stage": ('stage = "this"', "held_out = 9", "unknown key 'stage'|no held_out"),
    "a number for an argument": ("args = [1]", 'args = ["-z"]', r"try 2 \(other\): args: item 1 is 1"),
    "the program's argument": ('args = ["--seed=3"]', 'args = ["-z"]', "try 'other': args hold '--seed=3'"),
    "the program's split": ('args = ["--split-seed", "1"]', 'args = ["-y"]', "try 'first': args hold '--split-seed'"),
    "no steps": ("", "steps = 5", "group 'rate': try 'first': nobody says how many steps"),
    "a try twice": ('says = "first"', 'says = "other"', "two tries say 'first'"),
    "a group twice": ('says = "rate"', 'says = "depth"', "two groups say 'rate'"),
    "two choices": ('says = "first"\nchosen = true', 'says = "first"', "two tries are chosen"),
    "half an edit": ('edit = [["a"]]', 'edit = [["a", "b"], ["c", "d"]]', "edit"),
    "no try": ("", '[[group.try]]\nsays = "first"\n', "no try|try"),
}


@pytest.mark.parametrize(("new", "old", "said"), BAD.values(), ids=BAD)
def test_malformed(tmp_path, new, old, said):
    assert old in GOOD
    with pytest.raises(BadInput, match=rf"tries\.toml(?s:.*)({said})"):
        read(tmp_path, GOOD.replace(old, new) if old.startswith("[[") else GOOD.replace(old, new, 1))


@pytest.mark.parametrize(("old", "times"), [("nowhere", 0), ("a", 2)])
def test_an_edit_that_does_not_fit_is_bad_input(old, times):
    with pytest.raises(BadInput, match=f"{times} times"):
        tries.edited("a a b", ((old, "c"),), "here")


def test_edits_are_made_one_after_the_other():
    assert tries.edited("a b", (("a", "b2"), ("b2 b", "c")), "here") == "c"


def test_the_lists_of_this_repository_fit_its_code():
    if not (here().upstream / "makemore.py").exists():
        pytest.skip("upstream/makemore is not there (scripts/apply.sh fetches it): the edits are of its stages")
    with workshop(here()) as shop:
        for name in tries.stages(here()):
            whole = shop.files(shop.find(name))["makemore.py"].decode()
            for group in tries.plan_of(here(), name).groups:
                for tried in group.tries:
                    where = f"{name}: {group.says}: {tried.says}"
                    compile(tries.edited(whole, tried.edits, where), where, "exec")
