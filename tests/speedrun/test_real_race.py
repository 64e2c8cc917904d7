"""Small trainings of real makemore: upstream against a stage, in turns."""

import json
from itertools import pairwise

import pytest

from deltas.core.errors import CheckFailed
from deltas.core.project import here
from deltas.runs.progress import Silent
from deltas.speedrun import race, record, tables
from deltas.speedrun.settings import Contestant, Settings
from deltas.stages.build import workshop

SMALL = ("--n-layer", "1", "--n-embd", "8", "-b", "4")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (here().upstream / "makemore.py").exists(),
        reason="upstream/makemore is not there (scripts/apply.sh fetches it): there is nobody to race",
    ),
]


class Heard(Silent):
    """Writes down who trained."""

    def __init__(self):
        self.lines = []

    def line(self, name, text):
        self.lines.append((name.partition(",")[0], text))


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Upstream against a stage of ours, a minute's worth of seconds shorter."""
    words = tmp_path_factory.mktemp("words") / "words.txt"
    words.write_text("".join(f"{a}{b * (ord(a) % 7 + 1)}\n" for a in "abcdefghij" for b in "klmnopqrst"))
    data = ("-i", str(words))
    reference = Contestant("upstream", "bigram-counting", (3, 4), 80, (*SMALL, "-n", "0", *data), threads=1)
    ours = Contestant("ours", "transformer-baseline", (1, 2), 40, ("--baseline", *SMALL, *data), goal=4.0)
    chosen = Settings(3407, "ours", (reference,), (ours,))
    heard, runs = Heard(), []
    with workshop(here()) as shop, pytest.MonkeyPatch.context() as patch:
        patch.setattr(race, "TURN", 0.05)
        raced = record.begun(shop, chosen, chosen.everybody, "a test")
        race.hold(
            shop, [chosen.reference, chosen.contestant], 3407, heard, tmp_path_factory.mktemp("race"), runs.append
        )
    for run in runs:
        record.add(raced, run)
    return runs, heard.lines, raced


def test_everybody_finishes_and_is_measured(held):
    runs, _, raced = held
    assert sorted((run.contestant.name, run.seed) for run in runs) == [
        ("ours", 1), ("ours", 2), ("upstream", 3), ("upstream", 4),
    ]  # fmt: skip
    assert record.missing(raced) == []
    for run in runs:
        steps, every = run.contestant.steps, run.contestant.steps // 40
        assert run.result["steps"] == steps
        assert [step for step, *_ in run.curve] == list(range(every, steps + 1, every))
        seconds = [point[1] for point in run.curve]
        assert seconds == sorted(seconds) and 0 < run.result["set_up"] < seconds[0]
        assert run.curve[-1][2] == pytest.approx(run.result["test_loss"], abs=1e-6)  # the last look saw the final model


def test_they_take_turns(held):
    _, lines, _ = held
    order = [name for name, _ in lines]
    changes = sum(one != other for one, other in pairwise(order))
    assert {"upstream", "ours"} == set(order) and changes >= 3


def test_the_same_names_judge_everybody(held):
    """Whatever their seeds, the split is the same: the numbers of tokens a step must agree."""
    runs, _, _ = held
    assert len({round(run.result["tokens"], 6) for run in runs}) == 1


def test_the_record_is_one_json_document_and_its_tables_name_everybody(held):
    *_, raced = held
    found = record.summary(json.loads(json.dumps(raced)))
    text = tables.markdown(found)
    assert text.index("| upstream |") < text.index("| ours | transformer-baseline |")
    assert found["tests"].keys() == {"ours"}  # who has a goal
    assert "upstream's best" in text


def test_what_breaks_off_is_said(tmp_path):
    wrong = Contestant("ours", "transformer-baseline", (1,), 40, ("--no-such-flag",))
    with workshop(here()) as shop, pytest.raises(CheckFailed, match=r"ours, seed 1: failed(?s:.*)no-such-flag"):
        race.hold(shop, [[wrong]], 3407, Silent(), tmp_path, print)
