"""The race: the clock stands when it should, nobody waits for nobody, and the tables say what was measured."""

import json
import math
import time
from itertools import pairwise

import pytest

from deltas.core.errors import BadInput, CheckFailed
from deltas.core.project import Project
from deltas.speedrun import keep, race, racer, tables, tries
from deltas.speedrun.race import Contestant
from deltas.stages.build import workshop

SMALL = ("--n-layer", "1", "--n-embd", "8", "-b", "4")


class Quiet:
    """Listens."""

    def __init__(self):
        self.heard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def started(self, name, total):
        self.heard.append(("started", name))

    def line(self, name, text):
        self.heard.append(("line", name))

    def ended(self, name, outcome):
        self.heard.append(("ended", name))


# -- the clock --------------------------------------------------------------------------------------------------------


def test_clock_stands_inside_and_runs_outside():
    clock = racer.Clock()
    time.sleep(0.02)
    with clock.standing():
        before = clock.seconds
        with clock.standing():
            time.sleep(0.02)
        time.sleep(0.02)
        assert clock.seconds == before
    time.sleep(0.02)
    assert clock.seconds - before == pytest.approx(0.02, abs=0.015)
    assert before >= 0.02


class Pipe:
    def __init__(self, lines=()):
        self.lines, self.written = list(lines), []

    def readline(self):
        return self.lines.pop(0) if self.lines else ""

    def write(self, text):
        self.written.append(text)

    def flush(self):
        pass


def test_a_turn_lasts_to_the_end_of_the_step_that_exceeds_it():
    told = Pipe()
    turns = racer.Turns(Pipe(["0.01\n", "1000\n"]), told, racer.Clock())
    turns.wait()
    turns.over("step 0 | loss 1")
    assert told.written == []
    time.sleep(0.02)
    turns.over("step 1 | loss 1")
    assert "".join(told.written) == "step 1 | loss 1\n"
    turns.over("step 2 | loss 1")  # in the next turn, a long one
    assert "".join(told.written) == "step 1 | loss 1\n"


def test_without_a_parent_a_racer_ends():
    with pytest.raises(SystemExit):
        racer.Turns(Pipe(), Pipe(), racer.Clock()).wait()


# -- a real one, small ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Upstream against stage 04, a minute's worth of seconds shorter."""
    from deltas.core.project import here

    if not (here().upstream / "makemore.py").exists():
        pytest.skip("upstream/makemore is not there (scripts/apply.sh fetches it): there is nobody to race")
    words = tmp_path_factory.mktemp("words") / "words.txt"
    words.write_text("".join(f"{a}{b * (ord(a) % 7 + 1)}\n" for a in "abcdefghij" for b in "klmnopqrst"))
    upstream = Contestant("upstream", "", 0, (*SMALL, "-n", "0", "-i", str(words)), (3407,), 80)
    ours = Contestant("ours", "", 4, ("--baseline", *SMALL, "-i", str(words)), (1, 2), 40)
    listening = Quiet()
    with workshop(here()) as shop, pytest.MonkeyPatch.context() as patch:
        patch.setattr(race, "TURN", 0.05)
        patch.setattr(race, "UPSTREAM", upstream)
        runs = race.hold(shop, upstream, [ours], listening, tmp_path_factory.mktemp("race"))
        return runs, listening.heard, race.summary(shop, runs, 4.0, "a test") | {"recorded": "today"}


def test_everybody_finishes_and_is_measured(held):
    runs, _, _ = held
    assert sorted((run.contestant.name, run.seed) for run in runs) == [("ours", 1), ("ours", 2), ("upstream", 3407)]
    for run in runs:
        assert run.result["steps"] == run.contestant.steps
        assert [step for step, *_ in run.curve] == list(
            range(run.contestant.steps // 40, run.contestant.steps + 1, run.contestant.steps // 40)
        )
        seconds = [point[1] for point in run.curve]
        assert seconds == sorted(seconds) and 0 < run.result["set_up"] < seconds[0]
        assert run.curve[-1][2] == pytest.approx(run.result["test_loss"], abs=1e-6)  # the last look saw the final model


def test_they_take_turns(held):
    _, heard, _ = held
    order = [name.partition(",")[0] for what, name in heard if what == "line"]
    changes = sum(a != b for a, b in pairwise(order))
    assert {"upstream", "ours"} == set(order) and changes >= 3


def test_the_same_names_judge_everybody(held):
    """Upstream draws the split by its seed, ours by --split-seed: the numbers of tokens a step must agree."""
    runs, _, _ = held
    assert len({round(run.result["tokens"], 6) for run in runs}) == 1


def test_record_is_one_json_document_and_its_tables_name_everybody(held):
    *_, record = held
    again = json.loads(json.dumps(record))
    text = tables.markdown(again)
    assert text.index("| upstream |") < text.index("| ours |")
    assert record["tests"].keys() == {"ours"}  # one seed is no sample
    assert "upstream's best" in text


def test_what_breaks_off_is_said(tmp_path):
    from deltas.core.project import here

    if not (here().upstream / "makemore.py").exists():
        pytest.skip("upstream/makemore is not there (scripts/apply.sh fetches it): there is nobody to race")
    wrong = Contestant("ours", "", 4, ("--no-such-flag",), (1,), 40)
    with workshop(here()) as shop, pytest.raises(CheckFailed, match="no-such-flag"):
        race.hold(shop, None, [wrong], Quiet(), tmp_path)


# -- what it says -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "seconds"), [(2.5, 1.0), (2.4, 1.0), (2.25, 1.5), (2.1, 2.0), (2.0, None)])
def test_time_to_a_loss_is_where_the_curve_first_crosses_it(loss, seconds):
    found = tables.time_to([(10, 1.0, 2.4), (20, 2.0, 2.1), (30, 3.0, 2.3)], loss)
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_median_of_times_counts_never():
    assert tables.median([1.0, 3.0, None]) == 3.0
    assert tables.median([1.0, None, None]) is None


def test_t_test_by_hand():
    losses = [1.89, 1.88, 1.90, 1.87]
    mean, sd = 1.885, math.sqrt(sum((x - 1.885) ** 2 for x in losses) / 3)
    found = race.below(losses, 1.90)
    assert found["t"] == pytest.approx((mean - 1.90) / (sd / 2)) and found["n"] == 4
    assert 0.02 < found["p"] < 0.06  # t(3) = -2.3
    assert race.below([1.95, 1.96, 1.94], 1.90)["p"] > 0.95


def test_tables_go_between_the_marks_and_nowhere_else(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- race -->\nold\n<!-- /race -->\nafter\n")
    tables.fill(page, "race", "new\n")
    assert page.read_text() == "before\n<!-- race -->\nnew\n<!-- /race -->\nafter\n"
    with pytest.raises(BadInput, match="tries"):
        tables.fill(page, "tries", "new\n")


def test_a_page_that_says_something_else_is_found(tmp_path):
    project = Project(tmp_path)
    folder = project.baselines / "speedrun"
    assert keep.drifted(project) == []
    folder.mkdir(parents=True)
    rows = [{"says": "x", "steps": 1, "held_out": [2.0], "train": [1.0]}]
    (folder / "tries.json").write_text(json.dumps({"tries": rows}))
    (folder / "README.md").write_text("<!-- tries -->\n<!-- /tries -->\n")
    keep._fill(project)
    assert keep.drifted(project) == [] and "2.000" in (folder / "README.md").read_text()
    (folder / "README.md").write_text((folder / "README.md").read_text().replace("2.000", "1.900"))
    assert "tries" in keep.drifted(project)[0]


# -- tries ------------------------------------------------------------------------------------------------------------


class Words:
    """What makemore's CharDataset keeps."""

    def __init__(self, words, chars, max_word_length):
        self.words, self.chars, self.max_word_length = words, chars, max_word_length


def test_held_out_names_come_from_train_and_the_test_names_are_gone():
    train, test = Words(["a", "b", "c", "d", "e"], "abcdet", 1), Words(["t"], "abcdet", 1)
    left = {"create_datasets": lambda file: (train, test), "CharDataset": Words}
    kept, judged = racer._held_out(left, 2)("names.txt")
    assert (kept.words, judged.words) == (["a", "b", "c"], ["d", "e"])
    assert kept.chars == judged.chars == "abcdet"


def test_tries_are_trained_as_edited_and_judged_on_held_out_names(tmp_path):
    from deltas.core.project import here

    if not (here().upstream / "makemore.py").exists():
        pytest.skip("upstream/makemore is not there (scripts/apply.sh fetches it): there is nothing to try")
    words = tmp_path / "words.txt"
    words.write_text("".join(f"{a}{b}\n" for a in "abcdefghij" for b in "klmnopqrst"))
    arguments = ("--baseline", *SMALL, "-i", str(words))
    frozen = (("lr=args.learning_rate, weight_decay=0.0", "lr=0.0, weight_decay=0.0"),)
    plan = tries.Plan(
        6, 30, (1,), (tries.Try("as it is", arguments, (), 20), tries.Try("frozen", arguments, frozen, 20))
    )
    with workshop(here()) as shop:
        rows = tries.run(shop, plan, Quiet(), tmp_path / "scratch")
    assert [row["says"] for row in rows] == ["as it is", "frozen"]
    learned, stuck = (row["held_out"][0] for row in rows)
    assert learned < stuck - 0.05
    shown = tries.table(rows)
    assert shown[2][3].startswith("+") and len(shown) == 3


def test_differences_inside_the_noise_are_called_ties():
    def row(says, *losses):
        return {"says": says, "steps": 1, "held_out": list(losses), "train": [1.0, 1.0]}

    shown = tries.table([row("first", 2.00, 2.01), row("near", 2.002, 2.012), row("far", 2.10, 2.11)])
    assert [line[3] for line in shown[1:]] == ["", "+0.002 (tie)", "+0.100"]


@pytest.mark.parametrize(("old", "times"), [("nowhere", 0), ("a", 2)])
def test_an_edit_that_does_not_fit_is_bad_input(old, times):
    with pytest.raises(BadInput, match=f"{times} times"):
        tries.edited("a a b", [(old, "c")], "here")


@pytest.mark.parametrize(
    "text",
    ["", "stage = 1", "not toml", 'stage = 6\nheld_out = 9\nseeds = [1]\nargs = []\nsteps = 5\n[[try]]\nargs = []'],
)  # fmt: skip
def test_a_malformed_list_is_bad_input(tmp_path, text):
    path = tmp_path / "tries.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"tries\.toml"):
        tries.read(path)


def test_the_list_of_this_repository_fits_the_code(stage_tree):
    from deltas.core.project import here

    plan = tries.read(here().baselines / "speedrun" / "tries.toml")
    source = (stage_tree(str(plan.stage)) / "makemore.py").read_text()
    for each in plan.tries:
        compile(tries.edited(source, each.edits, each.says), each.says, "exec")
