"""race.toml and tries.toml are written by hand: what does not fit is named, with the file and the place."""

import pytest

from deltas.core.errors import BadInput
from deltas.core.project import here
from deltas.speedrun import settings, tries
from deltas.speedrun.settings import Contestant


def test_what_race_toml_says(project):
    found = settings.read(project)
    assert (found.split, found.goal, found.profiled) == (3407, 1.9, "ours")
    assert found.reference == Contestant("upstream", "upstream", (3407,), 60)
    assert found.named("ours") == Contestant("ours", "quick-one", (1, 2), 40, ("--baseline",))
    with pytest.raises(BadInput, match="no contestant 'theirs'") as refused:
        found.named("theirs")
    assert refused.value.expected == "one of ours, short"


def test_upstream_has_no_split_seed():
    ours, upstream = Contestant("ours", "quick-one", (1,), 40, ("-x",)), Contestant("upstream", "upstream", (7,), 60)
    assert ours.arguments(5, 7) == ("-x", "--split-seed", "7", "--seed", "5", "--max-steps", "40")
    assert upstream.arguments(7, 7) == ("--seed", "7", "--max-steps", "60")


BAD = {
    "not TOML": ("split = ", "split = 3407", "Invalid value"),
    "no goal": ("", "goal = 1.90", "goal"),
    "unknown key": ("goals = 1.90", "goal = 1.90", "goal"),
    "a stage by its number": ('stage = "4"', 'stage = "quick-one"', r"contestant 1 \(ours\): stage is '4'"),
    "no seeds": ("seeds = []", "seeds = [1, 2]", r"contestant 1 \(ours\): seeds"),
    "no steps": ("steps = 0", "steps = 40", r"contestant 1 \(ours\): steps is 0"),
    "a number for an argument": ("args = [1]", 'args = ["--baseline"]', r"contestant 1 \(ours\): args: item 1 is 1"),
    "a name twice": ('name = "short"', 'name = "ours"', "the name 'short' is taken"),
    "upstream's name": ('name = "upstream"', 'name = "ours"', "the name 'upstream' is taken"),
    "nobody to profile": ('profiled = "them"', 'profiled = "ours"', "profiled is 'them'"),
}


@pytest.mark.parametrize(("new", "old", "said"), BAD.values(), ids=BAD)
def test_malformed_settings(project, new, old, said):
    path = project.baselines / "speedrun" / "race.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput, match=rf"race\.toml(?s:.*){said}"):
        settings.read(project)


def test_no_settings_at_all(tmp_path):
    with pytest.raises(BadInput, match=r"race\.toml is not there"):
        settings.parse(tmp_path / "race.toml", settings.Settings)
    (tmp_path / "race.toml").write_bytes(b"\xff")
    with pytest.raises(BadInput, match=r"race\.toml: not UTF-8"):
        settings.parse(tmp_path / "race.toml", settings.Settings)


TRIES = 'stage = "quick-one"\nheld_out = 9\nseeds = [1]\nargs = ["-x"]\nsteps = 5\n[[try]]\nsays = "first"\n'


def test_what_tries_toml_says(tmp_path):
    path = tmp_path / "tries.toml"
    path.write_text(TRIES + '[[try]]\nsays = "other"\nargs = []\nsteps = 7\nedit = [["a", "b"], ["c", "d"]]\n')
    plan = tries.read(path)
    assert plan.tries == (tries.Try("first"), tries.Try("other", (), 7, (("a", "b"), ("c", "d"))))
    first, other = map(plan.contestant, plan.tries)
    assert (first.args, first.steps, first.stage) == (("-x",), 5, "quick-one")
    assert (other.args, other.steps) == ((), 7)


@pytest.mark.parametrize(
    "text",
    [
        "", 'stage = "quick-one"', "not toml", TRIES.replace('says = "first"', "args = []"), TRIES.replace("9", "0"),
        TRIES.replace('"quick-one"', "6"), TRIES.replace("[[try]]", "[try]"), f"{TRIES}edit = [['a']]\n",
        f"{TRIES}[[try]]\nsays = 'first'\n",
    ],
)  # fmt: skip
def test_a_malformed_list_is_bad_input(tmp_path, text):
    path = tmp_path / "tries.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"tries\.toml"):
        tries.read(path)


@pytest.mark.parametrize(("old", "times"), [("nowhere", 0), ("a", 2)])
def test_an_edit_that_does_not_fit_is_bad_input(old, times):
    with pytest.raises(BadInput, match=f"{times} times"):
        tries.edited("a a b", ((old, "c"),), "here")


def test_edits_are_made_one_after_the_other():
    assert tries.edited("a b", (("a", "b2"), ("b2 b", "c")), "here") == "c"


def test_the_files_of_this_repository_fit_its_code(stage_tree):
    chosen, plan = settings.read(here()), tries.read(here().baselines / "speedrun" / "tries.toml")
    for contestant in chosen.contestant:
        assert (stage_tree(contestant.stage) / "makemore.py").exists()
    source = (stage_tree(plan.stage) / "makemore.py").read_text()
    for tried in plan.tries:
        compile(tries.edited(source, tried.edits, tried.says), tried.says, "exec")
