"""`train` and `record` from the door, on the tiny series, with a child that needs no torch."""

import json
import os
import re
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

import recorded
from deltas.core import machine
from deltas.evidence import baseline, comparison, prediction, trained
from deltas.figures import drawn
from deltas.runs import execute, invariance
from deltas.runs.subject import look_up
from deltas.stages.build import workshop

EXPERIMENT = """
title = "Frost"
seeds = [1, 2, 3]
[[run]]
name = "good"
[[run]]
name = "more"
args = ["--mode", "good"]
"""
FOLDER = "baselines/01-frost-days"


@pytest.fixture
def town(tiny, monkeypatch):
    monkeypatch.setattr(execute, "CHILD", "fakechild")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setenv("PYTHONPATH", str(recorded.HERE / "tests"))
    put(tiny, EXPERIMENT)
    shutil.copy(recorded.HERE / "baselines" / "metrics.toml", tiny.root / "baselines")
    return tiny


def put(tiny, text: str) -> None:
    folder = tiny.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.toml").write_text(text)


def table(town) -> dict:
    return json.loads((town.root / FOLDER / "baseline.json").read_text())


def test_train_record_train(town, monkeypatch):
    first = town.ok("train", "1")
    for part in ("01-frost-days · seed 1: Frost", "2.5001", "no baseline yet: scripts/record.sh 01",
                 "names from good: emma · olivia1", "scripts/verify.sh 01", "scripts/apply.sh 02"):  # fmt: skip
        assert part in first.out, part
    assert "reused" not in first.err

    written = town.ok("record", "01")
    assert f"wrote {FOLDER}/baseline.json" in written.out
    assert written.err.count("reused") == 2  # seed 1 of both runs, from `train`
    runs = table(town)["runs"]
    assert list(runs) == ["good", "more"]
    assert runs["good"]["metrics"]["test_loss"]["values"] == [2.5001, 2.5002, 2.5003]
    assert runs["good"]["seeds"] == [1, 2, 3] and runs["more"]["arguments"] == ["--mode", "good"]
    assert runs["good"]["generated"] == ["emma", "", "olivia1"] and len(runs["good"]["measured_by"]) == 16

    again = town.ok("train", "01", "--run", "more")
    assert "✓ test_loss" in again.out and "2.5002 ± 0.0001" in again.out
    assert "01-frost-days · more · seed 1: repeats the recorded run" in again.out
    assert "good" not in again.out.split("names from")[0].replace("--mode good", "")
    assert "✗" not in again.out

    monkeypatch.setenv("FAKE_SHIFT", "0.1")
    wrong = town.run("train", "01", "--fresh")
    assert wrong.code == 1
    assert re.search(r"✗ test_loss +2\.6001 +2\.5001 +0\.1000    2\.5002 ± 0\.0001$", wrong.out, re.MULTILINE)
    assert len(re.findall("✗ test_loss", wrong.out)) == 2 and len(re.findall("✗ (good|more) ", wrong.out)) == 2
    assert wrong.out.count("seed 1: does not repeat the recorded run") == 2
    assert "2 of 2 runs do not repeat the recorded run" in wrong.out

    changed = town.ok("record", "01", "--fresh")
    assert "3 of 3 seeds outside what it predicted" in changed.out

    put(town, EXPERIMENT.replace('"good"]', '"good", "-x"]'))
    stale = town.ok("train", "01", "--run", "good")
    assert "the baseline is stale: the arguments of more have changed" in stale.out
    document = json.loads(town.ok("train", "01", "--run", "good", "--json").out)
    losses = [row for row in document["runs"][0]["metrics"] if row["metric"] == "test_loss"]
    assert losses[0]["why"] == "the baseline is stale: the arguments of more have changed"


def test_recording_twice_changes_nothing(town):
    town.ok("record", "01")
    file = town.root / FOLDER / "baseline.json"
    before = file.read_bytes()
    file.write_bytes(before.replace(b'"recorded": "', b'"recorded": "on '))
    kept = file.read_bytes()
    assert "nothing to do" in town.ok("record", "01").out
    assert file.read_bytes() == kept


FIXED = EXPERIMENT.replace('name = "good"', 'name = "good"\ndeterministic = true\nargs = ["--mode", "same"]')


def test_a_deterministic_run_is_recorded_once_and_has_to_come_again(town, monkeypatch):
    put(town, FIXED)
    said = town.ok("record", "01")
    assert "good, the same for every seed" in said.out and "2.5000 ±" not in said.out
    runs = table(town)["runs"]
    assert runs["good"]["seeds"] == [1] and runs["good"]["metrics"]["test_loss"]["sd"] is None
    assert sorted(path.name for path in (town.root / "out/01-frost-days/good").glob("seed-*")) == ["seed-1", "seed-2"]
    both, alone, other = (town.ok("train", "01", *which).out for which in ((), ("--run", "good"), ("--run", "more")))
    fixed = "a deterministic run repeats if each judged number is within 0.0001 of the recorded one, whatever the seed"
    varying = "a run repeats the recorded one if each judged number is within 0.001 of the one recorded from its seed"
    assert "✓ test_loss" in alone and fixed in alone and varying not in alone
    assert fixed in both and varying in both
    assert fixed not in other and varying in other
    monkeypatch.setenv("FAKE_SHIFT", "0.001")
    assert town.run("train", "01", "--run", "good", "--fresh").code == 1


ELSEWHERE = {  # where a run may miss the recorded one: with another torch, on another processor
    "another torch": ("torch_version", "2.1", "recorded with torch 2.0; this is 2.1"),
    "another CPU": ("cpu", "a new one", "; this is a new one"),
}


@pytest.mark.parametrize(("what", "value", "said"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_elsewhere_a_run_that_does_not_repeat_is_one_more_seed(town, monkeypatch, what, value, said):
    """It is judged by the headline alone; train, verify and --json say so."""
    put(town, 'headline = "test_loss"\n' + EXPERIMENT)
    town.ok("record", "01")
    monkeypatch.setattr(machine, what, lambda: value)
    same = town.ok("train", "01", "--fresh")
    assert "2 of 2 runs repeat the recorded run" in same.out and "one more seed" not in same.out
    monkeypatch.setenv("FAKE_SHIFT", "0.0012")
    far = town.run("train", "01", "--fresh")
    assert far.code == 1 and "± 0.0001, outside 2.4" in far.out and said in far.out
    monkeypatch.setenv("FAKE_SHIFT", "0.0002")
    monkeypatch.setenv("FAKE_MORE", '{"train_loss": 2.5}')  # of the same seed it was 2.4
    near = town.ok("train", "01", "--fresh", "--details")
    assert (
        near.out.count("seed 1: judged as one more seed") == 2
        and "one more seed is judged by test_loss alone" in near.out
    )
    assert re.search(r"✓ test_loss +2\.5003 +2\.5001 +0\.0002    2\.5002 ± 0\.0001, inside 2\.4", near.out)
    assert re.search(r"– train_loss +2\.5000 +2\.4000 +0\.1000", near.out)
    document = json.loads(town.ok("train", "01", "--json").out)
    assert [(run["way"], run["ok"]) for run in document["runs"]] == [("one more seed", True)] * 2
    assert document["family"] == 2
    row = next(row for row in document["runs"][0]["metrics"] if row["metric"] == "test_loss")
    assert (row["value"], row["recorded"], row["ok"]) == (2.5003, 2.5001, True) and row["low"] < 2.5001 < row["high"]
    assert row["difference"] == pytest.approx(0.0002)


def test_another_seed_is_judged_as_one_more(town, monkeypatch):
    put(town, 'headline = "test_loss"\n' + EXPERIMENT)
    town.ok("record", "01")
    new = town.ok("train", "01", "--run", "good", "--seed", "4")
    assert "good · seed 4: judged as one more seed" in new.out and "inside" in new.out
    assert "good · seed 2: repeats the recorded run" in town.ok("train", "01", "--run", "good", "--seed", "2").out
    assert town.run("train", "01", "--seed", "99").code == 1
    assert town.run("train", "01", "--seed", "-1").code == 2


@pytest.mark.parametrize(
    ("seeds", "values"), [("1, 2, 3", "2.51 from seed 1 and 2.52 from seed 2"), ("5", "2.55 from")]
)
def test_a_run_that_depends_on_the_seed_is_not_recorded_as_deterministic(town, seeds, values):
    put(town, FIXED.replace('"same"', '"drift"').replace("1, 2, 3", seeds))
    refused = town.run("record", "01")
    assert refused.code == 1 and not (town.root / FOLDER / "baseline.json").exists()
    assert f"good is declared deterministic, but its test_loss is {values}" in refused.err
    put(town, FIXED.replace('"same"', '"drift"').replace("deterministic = true", "").replace("1, 2, 3", seeds))
    assert "reused" in town.ok("record", "01").err


def test_a_deterministic_run_measures_the_same_metrics_from_every_seed(town, monkeypatch):
    put(town, FIXED)
    town.ok("train", "01", "--run", "good")
    monkeypatch.setenv("FAKE_MORE", '{"kl": 0.25}')
    refused = town.run("record", "01")
    assert refused.code == 1 and "its kl is None from seed 1 and 0.25 from seed 2" in refused.err


def test_a_number_that_was_recorded_and_is_gone_is_a_failure(town, monkeypatch):
    monkeypatch.setenv("FAKE_MORE", '{"kl": 0.25}')
    town.ok("record", "01")
    assert "✓ kl" in town.ok("train", "01", "--run", "good").out
    monkeypatch.delenv("FAKE_MORE")
    gone = town.run("train", "01", "--run", "good", "--fresh")
    assert gone.code == 1 and "recorded, and not there any more" in gone.out and gone.out.count("✗") == 1


def other_code(town) -> None:
    """Patch 01 becomes another, which the child does not look at."""
    town.ok("apply", "01")
    town.add_line("mine = 1", 3)
    town.ok("refresh", "01")


def test_what_other_code_repeats_to_the_last_digit_stands_for_it(town):
    town.ok("record", "01")
    before = table(town)
    other_code(town)
    assert "the baseline is stale: the code is" in town.ok("train", "01").out
    shutil.rmtree(town.root / "out")
    said = town.ok("record", "01", "--repeat")
    assert "seed 1 of 2 runs repeats what was recorded, to the last digit" in said.out
    after = table(town)
    assert after["code_id"] != before["code_id"] == after["other_seeds_on"]
    assert {key: after[key] for key in ("runs", "items", "recorded")} == {
        key: before[key] for key in ("runs", "items", "recorded")
    }
    trained_seeds = sorted(path.name for path in (town.root / "out/01-frost-days/good").glob("seed-*"))
    assert trained_seeds == ["seed-1"]
    assert "stale" not in town.ok("train", "01").out
    assert "nothing to do" in town.ok("record", "01", "--repeat").out
    other_code(town)
    town.ok("record", "01", "--repeat")
    assert table(town)["other_seeds_on"] == before["code_id"], "where all seeds were trained, however often it moves on"
    town.ok("record", "01")
    assert "other_seeds_on" not in table(town), "every seed is of this code again"


DIFFERENT = {
    "a number": ({"FAKE_SHIFT": "1e-12"}, "good, seed 1: test_loss is"),
    "a number more": ({"FAKE_MORE": '{"depth": 3}'}, "good, seed 1: depth is 3, recorded was None"),
    "a number less": ({"FAKE_MORE": '{"parameters": null}'}, "good, seed 1: parameters is None, recorded was 729"),
}


@pytest.mark.parametrize(("environment", "said"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_other_code_does_not_repeat_exactly_is_not_taken_over(town, monkeypatch, environment, said):
    town.ok("record", "01")
    other_code(town)
    before = (town.root / FOLDER / "baseline.json").read_bytes()
    shutil.rmtree(town.root / "out")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = town.run("record", "01", "--repeat")
    assert result.code == 1 and said in result.err and "scripts/record.sh 01" in result.err
    assert (town.root / FOLDER / "baseline.json").read_bytes() == before


def test_where_more_than_the_code_is_another_nothing_is_trained(town):
    town.ok("record", "01")
    other_code(town)
    put(town, EXPERIMENT.replace('"good"]', '"good", "--more"]'))
    shutil.rmtree(town.root / "out")
    result = town.run("record", "01", "--repeat")
    assert result.code == 2 and "the arguments of more have changed" in result.err
    assert not (town.root / "out").exists()


def test_runs_that_are_not_the_recorded_ones_are_not_read_for_figures(town, monkeypatch):
    """Another machine rounds otherwise: its files are not those of the recorded numbers."""
    town.ok("record", "01")
    with workshop(town.project) as shop:
        subject = look_up(town.project, shop, shop.find("01"))
    recorded_before = baseline.read(town.root / FOLDER / "baseline.json")

    def folders():
        return [result.folder.is_dir() for result in trained.remembered(town.project, subject, recorded_before)]

    assert all(folders())
    monkeypatch.setenv("FAKE_SHIFT", "1e-9")
    town.ok("train", "01", "--run", "good", "--fresh")
    assert folders() == [False] + [True] * 5
    shutil.rmtree(town.root / "out")
    first, *_ = trained.remembered(town.project, subject, recorded_before)
    with pytest.raises(FileNotFoundError):
        first.names(3)


def test_here_is_a_stage_for_record_too(town):
    town.ok("apply", "01")
    assert f"wrote {FOLDER}/baseline.json" in town.ok("record", "here").out


def test_only_what_was_recorded_can_be_repeated(town):
    result = town.run("record", "01", "--repeat")
    assert result.code == 2 and "is not measured" in result.err
    assert town.run("record", "01", "--repeat", "--fresh").code == 2


def test_other_measuring_code_makes_a_baseline_stale(town):
    """metrics.py of the stage is part of what measured its runs."""
    town.ok("record", "01")
    (town.root / FOLDER / "metrics.py").write_text("def measure(folder):\n    return {}\n")
    stale = town.ok("train", "01")
    assert "what measures good, more is other code" in stale.out and "reused" not in stale.err


def test_a_failed_run_leaves_the_baseline(town):
    town.ok("record", "01")
    file = town.root / FOLDER / "baseline.json"
    before = file.read_bytes()
    put(town, EXPERIMENT.replace('"good"]', '"fail"]'))
    failed = town.run("record", "01")
    assert failed.code == 1 and "failed with exit code 1" in failed.err
    assert file.read_bytes() == before


def test_a_broken_baseline_is_written_anew(town):
    file = town.root / FOLDER / "baseline.json"
    file.write_text("{")
    broken = town.run("train", "01")
    assert broken.code == 2 and "baseline.json:1:2" in broken.err
    assert "can't be read" in town.ok("record", "01").err
    town.ok("train", "01")


def test_a_headline_that_nothing_measures_is_said_and_the_runs_are_kept(town):
    put(town, 'headline = "accuracy"\n' + EXPERIMENT)
    refused = town.run("record", "01")
    assert refused.code == 1 and "the headline is accuracy, which good does not measure" in refused.err
    put(town, 'headline = "test_loss"\n' + EXPERIMENT)
    assert town.ok("record", "01").err.count("reused") == 6


def test_a_number_without_a_mean_is_said_with_its_run(town, monkeypatch):
    """Infinity for one seed, minus infinity for another: the runs are kept, each as it is."""
    for seed, value in ((1, "Infinity"), (2, "-Infinity")):
        monkeypatch.setenv("FAKE_MORE", f'{{"spread": "{value}"}}')
        put(town, EXPERIMENT.replace("1, 2, 3", str(seed)))
        town.ok("train", "01")
    put(town, EXPERIMENT.replace("1, 2, 3", "1, 2"))
    refused = town.run("record", "01")
    assert refused.code == 1 and "good: spread is infinite for one seed and minus infinite for another" in refused.err


CLAIM = '[[claim]]\nsays = "is small"\ncheck = "{}"\n'


@pytest.mark.parametrize("check", ["good.test_loss.1 < 3", "best.test_loss < 3", "good.test_loss <= 3"])
def test_a_malformed_claim_is_said_before_any_training(town, check):
    put(town, EXPERIMENT + CLAIM.format(check))
    for verb in ("train", "record"):
        refused = town.run(verb, "01")
        assert refused.code == 2 and "claim 1 (is small)" in refused.err
    assert not (town.root / "out").exists()


def test_a_claim_about_a_metric_that_no_run_has_is_not_recorded(town):
    put(town, EXPERIMENT + CLAIM.format("good.accuracy < 3"))
    refused = town.run("record", "01")
    assert refused.code == 2 and "claim 1 (is small): good has no metric 'accuracy'" in refused.err
    assert not (town.root / FOLDER / "baseline.json").exists()
    put(town, EXPERIMENT + CLAIM.format("good.test_loss < 3"))
    assert town.ok("record", "01").err.count("reused") == 6


def test_a_claim_that_its_recording_does_not_show_is_recorded_and_told(town):
    """It stays as it was written. Once came_out says so, nothing is left to tell; train shows it as no fact."""
    check = CLAIM.format("good.test_loss < 2.5002")
    put(town, EXPERIMENT + check)
    said = town.ok("record", "01")
    assert "claims that came out otherwise" in said.out and "✗ not shown: is small: difference" in said.out
    put(town, EXPERIMENT + check + 'came_out = "not shown"\n')
    assert "claims that came out otherwise" not in town.ok("record", "01").out
    assert "1 of 1 claims of the stage came out as recorded" in town.ok("train", "01", "--run", "good").out
    trained = town.ok("train", "01", "--run", "good", "--details")
    assert "– not shown: is small: difference" in trained.out and "✗" not in trained.out
    [claim] = json.loads(town.ok("train", "01", "--run", "good", "--json").out)["claims"]
    assert (claim["outcome"], claim["came_out"], claim["ok"]) == ("not shown", "not shown", True)
    assert claim["low"] < claim["difference"] < claim["high"]


def test_verify_goes_on_where_an_experiment_cannot_be_read(town):
    """A verdict on everything else, and a document: of this stage and of the later ones."""
    put(town, EXPERIMENT + CLAIM.format("good.test_loss.1 < 3"))
    (town.root / "README.md").write_text("# x\n<!-- series -->\n<!-- /series -->\n")
    said = town.run("verify", "all", "--fast", "--json")
    document = json.loads(said.out)
    assert said.code == 1 and document["ok"] is False
    rows = {row["what"]: row["ok"] for row in document["checks"]}
    assert len(rows) == len(document["checks"])
    assert [what for what, ok in rows.items() if ok is False and "claim 1 (is small)" in what]
    assert "02-storm-report has no experiment yet" in rows
    put(town, "title = 3")
    document = json.loads(town.run("verify", "all", "--fast", "--json").out)
    assert [row["ok"] for row in document["checks"] if "experiment.toml: title" in row["what"]] == [False]


def test_verify_says_how_much_it_trains_and_where_it_is(town, monkeypatch):
    monkeypatch.setattr(invariance, "TYPES", ())  # the tiny upstream has no types
    monkeypatch.setattr(invariance, "check", lambda *given, **how: [])
    town.ok("train", "01", "--run", "good")
    town.ok("record", "01")
    shutil.rmtree(town.root / "out")
    said = town.ok("verify", "01")
    assert re.search(r"^2 trainings.*: about \d+ s \(--fast leaves them out\)$", said.err, re.MULTILINE)
    assert "more, seed 1: started (2 of 2)" in said.err and "not done" in said.err
    again = town.ok("verify", "01")
    assert "nothing is left to train" in again.err and "started" not in again.err
    one = "with the number of a stage only that one is checked"
    assert one not in said.err
    shutil.rmtree(town.root / "out")
    assert one in town.ok("verify", "all").err
    assert "training" not in town.ok("verify", "all", "--fast").err


# -- nothing of a record is half-applied ------------------------------------------------------------------------------

FIGURES = """
from deltas.figures.style import Figure

def figures(runs):
    def draw(canvas, palette):
        canvas.add_subplot().plot(runs.metric("good", "test_loss"))

    return [Figure("losses", "T", "C", "D", ("x",), tuple((x,) for x in runs.metric("good", "test_loss")), draw)]
"""


@pytest.fixture
def drawing(town):
    (town.root / FOLDER / "figures.py").write_text(FIGURES)
    (town.root / "README.md").write_text("# x\n<!-- series -->\n<!-- /series -->\n")
    return town


def committed(town) -> dict[str, bytes]:
    files = [*(town.root / FOLDER).iterdir(), town.root / "README.md"]
    return {path.name: path.read_bytes() for path in files if path.name != "experiment.toml"}


def test_a_record_holds_baseline_figures_and_readme(drawing):
    said = drawing.ok("record", "01")
    assert f"{FOLDER}/figures.json" in said.out and "2 pictures" in said.out and "README.md" in said.out
    assert {"baseline.json", "figures.json", "losses.svg", "losses.dark.svg"} <= set(committed(drawing))
    assert drawing.run("verify", "01", "--fast").code == 0
    before = committed(drawing)
    assert "nothing to do" in drawing.ok("record", "01").out
    assert committed(drawing) == before


def test_figures_are_drawn_again_without_a_training(drawing):
    drawing.ok("record", "01")
    assert "nothing to do" in drawing.ok("record", "01", "--redraw").out
    before = committed(drawing)
    shutil.rmtree(drawing.project.out)
    (drawing.root / FOLDER / "figures.py").write_text(FIGURES.replace('"T"', '"A better title"'))
    broken = drawing.run("verify", "01", "--fast")
    assert broken.code == 1 and "scripts/record.sh 01 --redraw" in broken.out + broken.err
    assert "2 pictures" in drawing.ok("record", "01", "--redraw").out and not drawing.project.out.exists()
    assert drawing.run("verify", "01", "--fast").code == 0
    changed = {name for name, content in committed(drawing).items() if before[name] != content}
    assert changed == {"figures.py", "figures.json", "losses.svg", "losses.dark.svg"}


def test_what_was_never_recorded_is_not_drawn_again(drawing):
    refused = drawing.run("record", "01", "--redraw")
    assert refused.code == 2 and "not measured" in refused.err and "scripts/record.sh 01" in refused.err
    assert drawing.run("record", "01", "--redraw", "--fresh").code == 2


def test_a_figure_that_cannot_be_drawn_leaves_everything(drawing):
    drawing.ok("record", "01")
    before = committed(drawing)
    (drawing.root / FOLDER / "figures.py").write_text(FIGURES.replace('"test_loss"', '"accuracy"'))
    failed = drawing.run("record", "01")
    assert failed.code == 1 and "2.5002 ± 0.0001" in failed.out and "the runs are kept" in failed.err
    (drawing.root / FOLDER / "figures.py").write_text(FIGURES)
    assert committed(drawing) == before and not drawing.project.journal.exists()


BAD_FIGURES = {
    "a metric that is not there": (FIGURES.replace('"test_loss"', '"accuracy"'), "line 8: KeyError: 'accuracy'"),
    "only when it draws": (FIGURES.replace("canvas.add_subplot()", "(1 / 0)"), "line 6: ZeroDivisionError"),
    "no Python": (FIGURES.replace("def figures(runs):", "def figures(runs:"), "SyntaxError"),
    "a file that is not there": (FIGURES.replace("def draw", "open('nowhere')\n    def draw"), "FileNotFoundError"),
    "no figures": ("def figures(runs):\n    return None\n", "figures.py: TypeError"),
    "no function": ("", "figures.py: AttributeError"),
}


@pytest.mark.parametrize(("program", "said"), BAD_FIGURES.values(), ids=BAD_FIGURES)
def test_figures_that_cannot_be_drawn_hide_no_number(drawing, program, said):
    (drawing.root / FOLDER / "figures.py").write_text(program)
    failed = drawing.run("train", "01", "--run", "good")
    assert failed.code == 1 and "test_loss" in failed.out and "2.5001" in failed.out
    assert "the figures cannot be drawn: 01-frost-days/figures.py" in failed.err and said in failed.err
    assert json.loads(drawing.run("train", "01", "--run", "good", "--json").out)["ok"] is True


@pytest.mark.parametrize("writes", range(6))
def test_killed_while_it_writes(drawing, writes):
    """After so many files are in their place. The next command finishes what was under way: all is of one record."""
    put(drawing, 'headline = "test_loss"\n' + EXPERIMENT)
    drawing.ok("record", "01")
    before = committed(drawing)

    def dies() -> None:
        replace, done = os.replace, []

        def killed(source, target, **how):
            if Path(target).parent in (drawing.root / FOLDER, drawing.root):
                if len(done) == writes:
                    os.kill(os.getpid(), signal.SIGKILL)
                done.append(target)
            replace(source, target, **how)

        os.replace = killed

    ended = drawing.fork("record", "01", "--fresh", before=dies, env={"FAKE_SHIFT": "0.1"})
    assert ended.code == (-signal.SIGKILL if writes < 5 else 0)  # two pictures, two JSON files, README
    drawing.ok("apply")
    after = committed(drawing)
    assert after.keys() == before.keys() and all(after[name] != before[name] for name in after if name != "figures.py")
    assert drawing.run("verify", "01", "--fast").code == 0


def test_figures_of_another_record_are_noticed(drawing):
    """What would remain, had somebody put back the baseline alone."""
    drawing.ok("record", "01")
    file = drawing.root / FOLDER / "baseline.json"
    file.write_text(file.read_text().replace('"olivia1"', '"olivia2"'))
    said = drawing.run("verify", "01", "--fast")
    assert said.code == 1 and "losses: drawn from other runs" in said.out


# -- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_metric_takes_a_line_not_forty(town, monkeypatch):
    """Its cells are grouped; one that lies outside is named; --json has them all."""
    cells = {f"solved_by.level-{n}": 0.5 for n in range(40)}
    monkeypatch.setenv("FAKE_MORE", json.dumps(cells))
    put(town, EXPERIMENT + '[metric.solved_by]\nunit = "%"\ndigits = 1\ntable = "level"\n')
    written = town.ok("record", "01")
    assert "solved_by by level: level-0 50.0 %, level-1 50.0 %" in written.out and "and 32 more" in written.out
    assert written.out.count("level-") == 2 * 8
    trained = town.ok("train", "01", "--run", "good")
    assert "✓ solved_by by level: level-0 50.0 %" in trained.out and trained.out.count("level-") == 8

    monkeypatch.setenv("FAKE_MORE", json.dumps(cells | {"solved_by.level-33": 0.25}))
    wrong = town.run("train", "01", "--run", "good", "--fresh")
    assert wrong.code == 1 and "✗ solved_by by level" in wrong.out
    assert re.search(r"✗ solved_by\.level-33 +25\.0 % +50\.0 % +-25\.0 %", wrong.out)
    rows = json.loads(town.run("train", "01", "--run", "good", "--json").out)["runs"][0]["metrics"]
    assert {row["metric"] for row in rows} >= set(cells)
    changed = town.ok("record", "01", "--fresh")
    assert "39 of 40 unchanged; 1 of 40 3 of 3 seeds outside what it predicted" in changed.out


def test_one_json_document(town):
    document = json.loads(town.ok("train", "01", "--json").out)
    assert document["ok"] is True and document["baseline"] == "missing"
    assert [each["run"] for each in document["runs"]] == ["good", "more"]
    first = document["runs"][0]
    assert first["folder"] == "out/01-frost-days/good/seed-1" and first["names"] == ["emma", "", "olivia1"]
    assert {each["metric"]: each["value"] for each in first["metrics"]}["test_loss"] == 2.5001


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["00"], 2, "it has no experiment"),
        (["13"], 2, "13"),
        (["02"], 2, "02-storm-report has no experiment"),
        (["01", "--run", "best"], 2, "no run 'best'"),
        ([], 2, "04-quiet-report has no experiment"),
    ],
)
def test_refusals(town, arguments, code, said):
    result = town.run("train", *arguments)
    assert result.code == code and said in result.err
    assert result.out == ""
    assert not (town.root / "out").exists()


# -- how the runs compare ---------------------------------------------------------------------------------------------


def compared(said: str) -> list[list[str]]:
    """The cells of the table: its heading, then a row for each run without its mark."""
    lines = said.splitlines()
    start = next(n for n, line in enumerate(lines) if line.split()[:1] == ["run"])
    rows = [re.split(r"  +", line.strip().lstrip("✓✗– ")) for line in lines[start:]]
    return rows[: next(n for n, row in enumerate(rows) if len(row) == 1)]


def test_one_table_compares_the_runs(town, monkeypatch):
    """The headline comes first, beside what was recorded of it; what is the same everywhere stands below."""
    put(town, 'headline = "test_loss"\n' + EXPERIMENT.replace('"good"]', '"drift"]'))
    monkeypatch.setenv("FAKE_MORE", '{"accuracy": 0.25, "solved_by.easy": 0.5, "solved_by.hard": 0.75}')
    town.ok("record", "01")
    said = town.ok("train", "01").out
    heading, *rows = compared(said)
    assert heading == ["run", "test_loss", "recorded", "solved_by.easy", "solved_by.hard"]
    assert rows == [
        ["good", "2.5001", "2.5002 ± 0.0001", "0.5", "0.75"],
        ["more", "2.5100", "2.5200 ± 0.0100", "0.5", "0.75"],
    ]
    assert "in every run: train_loss 2.4000, " in said and "accuracy 0.25" in said
    assert "seed 1: repeats" not in said
    narrow = town.at_a_terminal("train", "01", columns=50).out
    assert "not in this table: solved_by (--details" in narrow, "all cells of a table, or none"
    details = town.ok("train", "01", "--details").out
    assert details.count("seed 1: repeats the recorded run") == 2 and "solved_by by cell" in details


def test_a_terminal_breaks_what_train_says_between_words(town):
    """Whatever the terminal breaks itself, it breaks inside of words."""
    long = CLAIM.format("good.test_loss < 3").replace("is small", "is small, " + "whatever anybody says " * 9)
    put(town, EXPERIMENT + long)
    town.ok("record", "01")
    whole = town.ok("train", "01", "--details").out
    said = town.at_a_terminal("train", "01", "--details", columns=80).out
    prose = [line for line in said.splitlines() if "makemore.py" not in line]
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip("\r") for line in prose]
    start = next(n for n, line in enumerate(plain) if line.startswith("claimed"))
    assert max(map(len, plain[start:])) <= 80
    assert "whatever anybody says" in whole and "says" in " ".join(plain[start:]).split()


def test_a_run_that_is_not_as_it_should_be_shows_all_its_numbers(town, monkeypatch):
    town.ok("record", "01")
    monkeypatch.setenv("FAKE_SHIFT", "0.1")
    town.run("train", "01", "--run", "more", "--fresh")
    said = town.run("train", "01").out
    assert "01-frost-days · more · seed 1: does not repeat" in said and "01-frost-days · good ·" not in said
    assert re.search("✓ good ", said) and re.search("✗ more ", said)


@pytest.mark.parametrize("room", [30, 60, 90, 1000])
def test_the_table_keeps_to_the_room(room):
    """The headline is always there. Every other metric is in the table, or below it."""
    values = {f"metric_{n}": n + 0.25 for n in range(8)} | {"test_loss": 2.5, "parameters": 729}
    rows = [{name: value + seed * (name != "parameters") for name, value in values.items()} for seed in (0, 1)]
    table = comparison.compare(judged(rows), room)
    assert table.heading[:2] == ["run", "test_loss"]
    assert max(map(len, table.lines())) <= max(room, len("run    test_loss"))
    assert sorted([*table.heading[1:], *table.same, *table.left_out]) == sorted(values)
    assert table.same == {"parameters": "729"}
    assert (table.left_out == []) is (room == 1000)


def judged(rows: list[dict]) -> trained.Trained:
    """Runs of which nothing was recorded."""
    metrics = recorded.declared()
    experiment = SimpleNamespace(headline="test_loss", metrics=metrics)
    known = trained.Known(SimpleNamespace(experiment=experiment), None)
    results = [SimpleNamespace(plan=SimpleNamespace(run=SimpleNamespace(name=f"run-{n}"))) for n in range(len(rows))]
    verdicts = [tuple(prediction.Verdict(name, value) for name, value in row.items()) for row in rows]
    return trained.Trained(
        known, tuple(results), tuple(prediction.Judgement(prediction.Way.NOT, one) for one in verdicts)
    )


def test_what_to_type_next_is_not_refused(town):
    """With edits in stage/ a plain move would be."""
    town.ok("apply", "01")
    assert "scripts/apply.sh 02    # 02-storm-report" in town.ok("train").out
    town.add_line()
    said = town.ok("train")
    assert "scripts/apply.sh 02 --carry   # 02-storm-report" in said.out
    assert "trained is stage 01 itself" in said.err


def test_how_much_there_is_to_train_is_said(town):
    assert "2 trainings" in town.ok("train", "01").err
    assert "training" not in town.ok("train", "01").err, "all is there already"
    town.ok("record", "01")
    again = town.ok("train", "01", "--fresh").err
    assert re.search(r"^2 trainings.*: about \d+ s$", again, re.MULTILINE), "as long as it took when it was recorded"


def test_a_stage_without_an_experiment_gets_one_to_begin_with(town):
    result = town.run("train", "02")
    path = "baselines/02-storm-report/experiment.toml"
    assert result.code == 2 and f"edit {path}" in result.err and (town.root / path).exists()
    assert "has no experiment" not in town.run("train", "02").err


def test_figures_are_drawn_for_a_look(drawing):
    said = drawing.ok("train", "01")
    [path] = re.findall(r"^figures:\n  (.+)$", said.out, re.MULTILINE)
    assert Path(path).resolve() == drawing.root / "out/01-frost-days/losses.svg", "a path that can be pasted"
    assert drawn.read(drawing.root / "out/01-frost-days").baseline == ""


def test_a_series_that_is_reordered_while_it_is_trained_is_not_written_over(drawing, monkeypatch):
    """What would be written belongs to a stage that has another place, or another patch, by now."""
    before = committed(drawing)
    summarise = trained.summarise

    def meanwhile(*given):
        drawing.files[0].rename(drawing.patches / "01-renamed.patch")
        return summarise(*given)

    monkeypatch.setattr(trained, "summarise", meanwhile)
    refused = drawing.run("record", "01")
    assert refused.code == 1 and "is not what it was when the training began" in refused.err
    assert committed(drawing) == before
