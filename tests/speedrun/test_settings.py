"""race.toml is written by hand: what does not fit is named, with the file and the place."""

import pytest

from deltas.core.errors import BadInput
from deltas.core.project import here
from deltas.speedrun import settings
from deltas.speedrun.settings import Contestant


def test_what_race_toml_says(project):
    found = settings.read(project)
    assert (found.split, found.profiled) == (3407, "ours")
    alone = Contestant("alone", "quick-one", (9,), 60, ("-n", "0"), threads=1)
    assert found.reference == (Contestant("upstream", "quick-one", (7, 8), 60), alone)
    assert found.named("ours") == Contestant("ours", "quick-one", (1, 2), 40, ("--baseline",), goal=1.9)
    with pytest.raises(BadInput, match="no contestant 'theirs'") as refused:
        found.named("theirs")
    assert refused.value.expected == "one of upstream, alone, ours, short"


def test_everybody_is_tested_on_the_same_names():
    ours = Contestant("ours", "quick-one", (1,), 40, ("-x",))
    assert ours.arguments(5, 7) == ("-x", "--split-seed", "7", "--seed", "5", "--max-steps", "40")


BAD = {
    "not TOML": ("split = ", "split = 3407", "Invalid value"),
    "a goal in words": ('goal = "low"', "goal = 1.90", r"contestant 1 \(ours\): goal is 'low'"),
    "unknown key": ("goals = 1.90", "goal = 1.90", "goals"),
    "a stage by its number": ('stage = "4"', 'stage = "quick-one"', r"reference 1 \(upstream\): stage is '4'"),
    "no threads": ("threads = 0", "threads = 1", r"reference 2 \(alone\): threads is 0"),
    "no seeds": ("seeds = []", "seeds = [1, 2]", r"contestant 1 \(ours\): seeds"),
    "no steps": ("steps = 0", "steps = 40", r"contestant 1 \(ours\): steps is 0"),
    "a number for an argument": ("args = [1]", 'args = ["--baseline"]', r"contestant 1 \(ours\): args: item 1 is 1"),
    "a name twice": ('name = "short"', 'name = "ours"', "the name 'short' is taken"),
    "a reference's name": ('name = "upstream"', 'name = "ours"', "the name 'upstream' is taken"),
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


def test_the_settings_of_this_repository_name_stages_that_are_there(stage_tree):
    for contestant in settings.read(here()).everybody:
        assert (stage_tree(contestant.stage) / "makemore.py").exists()
