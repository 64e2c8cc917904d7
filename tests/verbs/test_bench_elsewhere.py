"""`bench elsewhere`: models on names and on words that are made at run time, and what holds on both."""

import json
import sys
import types
from pathlib import Path

import pytest

from deltas.checks.elsewhere import recorded
from deltas.core import machine
from deltas.core.errors import BadInput, CheckFailed
from deltas.evidence import elsewhere as compared
from deltas.runs import elsewhere, execute, wordlist
from deltas.stages.build import workshop

SETTINGS = """
says = "German words"
language = "de"
count = 60
shortest = 2
longest = 8
order = 1
split = 3407
seeds = [1, 2, 3]
steps = 20
compare = [["ours", "counts"], ["deep", "counts"], ["deep", "ours"]]

[[model]]
name = "counts"
stage = "frost-days"
control = "kneser-ney"
args = ["--names", "2.0", "--words", "1.5"]

[[model]]
name = "ours"
stage = "storm-report"
args = ["--names", "1.9", "--words", "1.6"]

[[model]]
name = "deep"
stage = "frost-days"
args = ["--names", "1.9", "--words", "1.4"]
"""
FREQUENT = ["Der", "die", "c3po", "ü", "überlanges"] + [f"{a}{b}ß" for a in "abcdefgh" for b in "ijklmnopqr"]


@pytest.fixture
def town(tiny, monkeypatch):
    """The tiny series with a second list of words, and children that only state their losses."""
    package = types.ModuleType(wordlist.PACKAGE)
    package.top_n_list = lambda language, count: {"de": FREQUENT}[language]
    monkeypatch.setitem(sys.modules, wordlist.PACKAGE, package)
    monkeypatch.setattr(wordlist.importlib.metadata, "version", lambda name: "3.1")
    monkeypatch.setattr(execute, "CHILD", "fakewords")
    monkeypatch.setattr(execute, "CONTROL", "fakewords")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    folder = tiny.root / "baselines" / "elsewhere"
    folder.mkdir(parents=True)
    (folder / "elsewhere.toml").write_text(SETTINGS)
    return tiny


def checks(lab):
    with workshop(lab.project) as shop:
        return list(recorded(lab.project, shop))


def test_both_lists_are_trained_on_compared_and_recorded_only_when_asked(town):
    folder = town.root / "baselines" / "elsewhere"
    assert [check.ok for check in checks(town)] == [None]
    result = town.ok("bench", "elsewhere")
    table = result.out.splitlines()
    assert table[1].split("  ")[0] == "counts" and "2.0010" in table[1] and "1.5010" in table[1]
    assert table[2].split()[:5] == ["ours", "storm-report", "1.9020", "±", "0.0010"]
    assert "1.6020 ± 0.0010" in table[2] and not (folder / "elsewhere.json").exists()
    assert "frost-days deep, seed 3: done" in result.err

    result = town.ok("bench", "elsewhere", "--record")
    assert "done after" not in result.err and "14 runs are reused" in result.err
    document = json.loads((folder / "elsewhere.json").read_text())
    assert document["version"] == "3.1" and document["settings"]["count"] == 60
    assert document["models"][1]["words"]["test_loss"] == pytest.approx([1.601, 1.602, 1.603])
    assert document["models"][0]["names"]["test_loss"] == pytest.approx([2.001])
    text = (folder / "elsewhere.json").read_text() + (folder / "README.md").read_text()
    assert str(town.root) not in text and "1.6020 ± 0.0010" in text
    assert [check.ok for check in checks(town)] == [True]

    (folder / "README.md").write_text("something else")
    assert [check.ok for check in checks(town)] == [False]
    assert "The order turns" in town.ok("bench", "elsewhere", "--kept").out
    assert [check.ok for check in checks(town)] == [True]


def test_the_words_are_those_of_the_settings_and_another_list_is_trained_again(town):
    town.ok("bench", "elsewhere")
    (list_,) = (town.root / "out" / "elsewhere").iterdir()
    words = list_.read_text(encoding="utf-8").split()
    assert len(words) == 60 and set(words) <= {word for word in FREQUENT if word != "Der" and 2 <= len(word) <= 8}
    assert words != sorted(words) and "die" in words and "c3po" not in words
    log = (town.root / "out" / "02-storm-report" / "elsewhere-words-ours" / "seed-1" / "log.txt").read_text()
    assert "--split-seed 3407" in log and f"--max-steps 20 --input-file {list_}" in log
    path = town.root / "baselines" / "elsewhere" / "elsewhere.toml"
    path.write_text(SETTINGS.replace("order = 1", "order = 2"))
    result = town.ok("bench", "elsewhere")
    assert result.err.count(": done") == 1 + 3 + 3  # names are as they were


def test_what_holds_is_said(town):
    """On names ours and deep are equal, 0.1 below the counts; on words they are 0.1 above and 0.1 below them."""
    out = town.ok("bench", "elsewhere").out.split("\n\n")
    ours, deep, both = (sentence.rstrip() for sentence in out[1:4])
    assert ours.startswith("The test loss of ours is, against that of counts, on names lower (-0.099, 95 % interval")
    assert "on the German words higher (0.101," in ours and ours.endswith("The order turns.")
    assert deep.endswith("It holds on both lists.")
    assert "on names not shown to be lower or higher (0.000," in both
    assert both.endswith("It is shown on the German words alone.")


def test_an_interval_by_hand():
    """Words of 1 and 3 tokens; differences 0.3 and 0.1 of one seed, 0.5 and 0.7 of the other."""
    left = ([[1.3, 3.1], [1.5, 3.7]], [1, 3])
    right = ([[1.0, 3.0]], [1, 3])
    found = compared.compare(left, right)
    assert found["difference"] == pytest.approx((0.4 / 4 + 1.2 / 4) / 2)  # 0.2
    influences = [(0.4 - 0.2 * 1) / 4, (0.4 - 0.2 * 3) / 4]
    items, seeds = 2 * sum(e * e for e in influences), (0.3 - 0.1) ** 2 / 2 / 2
    half = (items + seeds) ** 0.5 * 12.7062047  # t(1) at 97.5 %
    assert (found["low"], found["high"]) == pytest.approx((0.2 - half, 0.2 + half))
    with pytest.raises(ValueError, match="other words"):
        compared.compare(left, ([[1.0, 3.0]], [1, 4]))


SIDES = {
    (-1, -1): "It holds on both lists.", (1, 1): "It holds on both lists.", (-1, 1): "The order turns.",
    (0, 1): "It is shown on the German words alone.", (-1, 0): "It is shown on names alone.",
    (0, 0): "It is shown on neither list.",
}  # fmt: skip


@pytest.mark.parametrize(("sides", "said"), SIDES.items())
def test_sentences_follow_the_intervals(sides, said):
    cells = [{"difference": side * 0.1, "low": side * 0.1 - 0.05, "high": side * 0.1 + 0.05} for side in sides]
    pair = {"left": "a", "right": "b", "names": cells[0], "words": cells[1]}
    (sentence,) = compared.sentences({"settings": {"says": "German words"}, "compared": [pair]})
    assert sentence.endswith(f"**{said}**")


@pytest.mark.parametrize("old, new", [("order = 1", "order = 2"), ('"1.9"', '"1.8"'), ("[1, 2, 3]", "[1, 2]")])
def test_a_record_of_other_settings_is_said_and_is_no_fault(town, old, new):
    assert old in SETTINGS
    town.ok("bench", "elsewhere", "--record")
    (town.root / "baselines" / "elsewhere" / "elsewhere.toml").write_text(SETTINGS.replace(old, new, 1))
    page, other = checks(town)
    assert page.ok and other.ok is None
    assert other.faults == ("elsewhere.toml has other settings than those recorded",)


def test_a_record_of_other_code_is_said_and_is_no_fault(town):
    town.ok("bench", "elsewhere", "--record")
    path = town.root / "baselines" / "elsewhere" / "elsewhere.json"
    code = json.loads(path.read_text())["models"][1]["code_id"]
    path.write_text(path.read_text().replace(code, "0" * 16))
    page, other = checks(town)
    assert page.ok and other.ok is None and other.faults == (f"ours: the code is {code}, recorded was {'0' * 16}",)
    path.write_text('{"models": 3}')
    with pytest.raises(BadInput, match=r"elsewhere\.json is not what bench\.sh writes"):
        checks(town)


BAD = {
    "one seed": ("seeds = [1]", "seeds = [1, 2, 3]", "seeds"),
    "a stranger": ('["deep", "them"]', '["deep", "ours"]', "compare: there is no model 'them'"),
    "a name twice": ('name = "ours"', 'name = "deep"', "the name 'ours' is taken"),
    "no such control": ('control = "n-grams"', 'control = "kneser-ney"', "no control 'n-grams'"),
    "unknown key": ("ordre = 1", "order = 1", "ordre|no order"),
    "too many words": ("count = 900", "count = 60", "there are 81 such words"),
    "no such language": ('language = "xx"', 'language = "de"', "no words of the language 'xx'"),
}


@pytest.mark.parametrize(("new", "old", "said"), BAD.values(), ids=BAD)
def test_malformed_settings(town, new, old, said):
    assert old in SETTINGS
    (town.root / "baselines" / "elsewhere" / "elsewhere.toml").write_text(SETTINGS.replace(old, new))
    result = town.run("bench", "elsewhere")
    assert result.code == 2 and any(part in result.err for part in said.split("|"))


REFUSED = {
    ("elsewhere", "--last"): "finished runs are reused",
    ("elsewhere", "--kept"): "nothing is recorded yet",
    ("elsewhere", "02"): "elsewhere is of no stage",
    ("elsewhere", "--only", "ours"): "--only is of names and tries",
}


@pytest.mark.parametrize(("words", "said"), REFUSED.items(), ids=lambda value: " ".join(value))
def test_bad_usage(town, words, said):
    result = town.run("bench", *words)
    assert result.code == 2 and said in result.err and not (town.root / "out").exists()


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, wordlist.PACKAGE, None)
    with pytest.raises(CheckFailed) as refused:
        wordlist.make("de", 10, 3, 15, 1)
    assert refused.value.ways == ("scripts/setup.sh elsewhere",)


def test_the_settings_of_this_repository_can_be_read():
    from deltas.core.project import here

    assert len(elsewhere.read(here()).model) == 4
