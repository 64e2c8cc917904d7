"""The files that a run leaves: flat metrics, tables cell by cell, and items that say what the metrics say."""

import json
import math

import pytest
import torch

from deltas.child import results

METRICS = {"train_loss": 2.0, "test_loss": 2.5, "test_loss_unseen": 3.0, "steps": 10, "seconds": 1.0}
ITEMS = {
    "unit": "test name",
    "keys": ["emma", "ed", "ada"],
    "weights": [5, 3, 4],
    "values": {"test_loss": [14.0, 9.0, 7.0]},  # 30 nats over 12 tokens
    "subsets": {"test_loss_unseen": {"of": "test_loss", "where": [0, 1, 0]}},
}


def put(tmp_path, own: str):
    path = tmp_path / "baselines" / "metrics.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(own)
    return path


def written(tmp_path, name="metrics.json"):
    return json.loads((tmp_path / name).read_text())


# -- flat metrics -----------------------------------------------------------------------------------------------------


def test_a_table_has_a_metric_for_every_cell():
    table = {
        "kl": torch.tensor(0.25),
        "works": True,
        "domain_loss": {"names": 1.9, "arith-2": torch.tensor(3), "x": None},
    }
    assert results.flat(table, "makemore.py") == {
        "kl": 0.25, "works": 1, "domain_loss.names": 1.9, "domain_loss.arith-2": 3, "domain_loss.x": None,
    }  # fmt: skip


def test_infinity_is_a_number_and_text_is_none():
    assert results.flat({"spread": math.inf}, "x") == {"spread": math.inf}
    assert results.flat({}, "x") == {}


BAD_METRICS = {
    "text": ({"gain": "big"}, r"makemore\.py: metrics\['gain'\]: 'big' is not a number"),
    "no dict": ([1, 2], r"makemore\.py: metrics is \[1, 2\], not a dict"),
    "a list": ({"gain": [1, 2]}, r"metrics\['gain'\]"),
    "a tensor of two": ({"gain": torch.zeros(2)}, r"metrics\['gain'\]"),
    "a name that is none": ({"test loss": 1}, r"metrics\['test loss'\]: a metric's name"),
    "a name with a dot": ({"loss.names": 1}, r"metrics\['loss\.names'\]: a metric's name"),
    "a number for a name": ({3: 1}, r"metrics\[3\]"),
    "a cell that is none": ({"loss": {"Names": 1}}, r"metrics\['loss'\]\['Names'\]: a cell's name"),
    "a cell without a name": ({"loss": {3: 1}}, r"metrics\['loss'\]\[3\]"),
    "a table of tables": ({"loss": {"names": {"short": 1}}}, r"metrics\['loss'\]\['names'\]: .* is not a number"),
}


@pytest.mark.parametrize(("table", "said"), BAD_METRICS.values(), ids=BAD_METRICS)
def test_what_is_no_metric_is_refused(table, said):
    with pytest.raises(SystemExit, match=said):
        results.flat(table, "makemore.py")


def test_nobody_measures_again_what_is_measured(tmp_path):
    with pytest.raises(SystemExit, match=r"makemore\.py: metrics say 'test_loss', which is measured already"):
        results.merged(METRICS, {"test_loss": 1.0}, "makemore.py")
    assert results.merged(METRICS, {"steps": 40}, "makemore.py")["steps"] == 40
    with pytest.raises(SystemExit, match=r"metrics\.py: metrics say 'test_loss'"):
        results.write(tmp_path, METRICS, own=put(tmp_path, "def measure(folder): return {'test_loss': 1.0}"))
    assert not (tmp_path / "metrics.json").exists()


def test_a_run_that_diverged_has_no_metrics(tmp_path):
    with pytest.raises(SystemExit, match=r"not a number: train_loss, kl\. The training diverged"):
        results.write(tmp_path, METRICS | {"train_loss": math.nan, "kl": math.nan})
    assert not (tmp_path / "metrics.json").exists()


# -- a stage's own metrics.py -----------------------------------------------------------------------------------------


def test_a_stage_measures_what_lies_in_the_folder(tmp_path):
    (tmp_path / "answers.txt").write_text("right\nwrong\nright\n")
    own = """
def measure(folder):
    lines, names = ((folder / f"{name}.txt").read_text().split() for name in ("answers", "samples"))
    return {"solved": {"easy": lines.count("right") / len(lines)}, "names": len(names)}
"""
    results.write(tmp_path, METRICS, None, ["emma", "", "ada"], own=put(tmp_path, own))
    assert written(tmp_path) == METRICS | {"solved.easy": 2 / 3, "names": 2}
    assert not (tmp_path / "items.json").exists()


def test_nothing_measured_is_no_result(tmp_path):
    with pytest.raises(SystemExit, match="nothing was measured"):
        results.write(tmp_path, {"steps": 3, "seconds": 1.0}, own=put(tmp_path, "def measure(folder): return {}"))
    assert not (tmp_path / "metrics.json").exists()


def test_items_of_a_stages_own(tmp_path):
    """A whole document takes the place of another, and makes metrics that nobody stated."""
    own = """
def measure(folder):
    return {"solved": 0.5}
def items(folder):
    return {"unit": "task", "keys": ["2+2", "17*3"], "weights": [1, 1],
            "values": {"solved": [1, 0], "length": [1.0, 2.0]},
            "subsets": {"solved_hard": {"of": "solved", "where": [0, 1]}, "none": {"of": "solved", "where": [0, 0]}}}
"""
    results.write(tmp_path, METRICS, ITEMS, [], own=put(tmp_path, own))
    items = written(tmp_path, "items.json")
    assert (items["unit"], items["keys"], items["values"]["solved"]) == ("task", ["2+2", "17*3"], [1, 0])
    assert written(tmp_path) == METRICS | {"solved": 0.5, "length": 1.5, "solved_hard": 0.0, "none": None}


def test_items_may_be_extended(tmp_path):
    """What a stage says without keys is added to the test names: here a table's cell, made of the names themselves."""
    own = """
import json
def measure(folder):
    return {}
def items(folder):
    there = json.loads((folder / "items.json").read_text())
    short = [int(len(key) < 4) for key in there["keys"]]
    return {"subsets": {"length_loss.short": {"of": "test_loss", "where": short}}}
"""
    results.write(tmp_path, METRICS, ITEMS, [], own=put(tmp_path, own))
    assert written(tmp_path)["length_loss.short"] == pytest.approx(16 / 7)
    items = written(tmp_path, "items.json")
    assert items["subsets"].keys() == {"test_loss_unseen", "length_loss.short"} and items["keys"] == ITEMS["keys"]


def test_a_stage_may_have_items_alone(tmp_path):
    own = "def items(folder): return {'values': {'length': [4, 2, 3]}}"
    results.write(tmp_path, METRICS, ITEMS, [], own=put(tmp_path, own))
    assert written(tmp_path) == METRICS | {"length": 0.75}


@pytest.mark.parametrize("items", [ITEMS, None])
def test_items_may_be_none(tmp_path, items):
    own = "def measure(folder): return {'kl': 1}\ndef items(folder): return None"
    results.write(tmp_path, METRICS, items, [], own=put(tmp_path, own))
    assert written(tmp_path) == METRICS | {"kl": 1}
    assert (tmp_path / "items.json").exists() is (items is not None)


def test_a_program_that_measures_nothing_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"metrics\.py defines neither measure\(folder\) nor items\(folder\)"):
        results.write(tmp_path, METRICS, own=put(tmp_path, "def mesure(folder): return {}"))
    assert not (tmp_path / "metrics.json").exists()


TASKS = {"unit": "task", "keys": ["a", "b"], "weights": [1, 3], "values": {"solved": [1.0, 0.0]}}


def subset(of, where):
    return {"subsets": {"x": {"of": of, "where": where}}}


BAD_ITEMS = {
    "says something else": (
        TASKS | {"values": {"test_loss": [1.0, 2.0]}},
        "test_loss is 2.5, but the items make it 0.75",
    ),
    "too few values": (TASKS | {"values": {"solved": [1.0]}}, "values of solved: 1 entries for 2 keys"),
    "too few weights": (TASKS | {"weights": [1]}, "weights: 1 entries for 2 keys"),
    "a weight of nothing": (TASKS | {"weights": [0, 3]}, r"Expected `float` > 0(\.0)? - at `\$\.weights\[0\]"),
    "a blank unit": (TASKS | {"unit": " "}, "unit"),
    "a subset of nothing": (TASKS | subset("speed", [0, 1]), "the subset x is of 'speed', which has no values"),
    "a subset of too many": (TASKS | subset("solved", [0, 1, 1]), "the subset x: 3 entries for 2 keys"),
    "a mark that is none": (TASKS | subset("solved", [0, 2]), "Invalid enum value 2"),
    "no unit": ({key: value for key, value in TASKS.items() if key != "unit"}, "unit"),
    "another key": (TASKS | {"rows": []}, "rows"),
    "text for a value": (TASKS | {"values": {"solved": [1, "b"]}}, "Expected `float`, got `str`"),
    "added twice": ({"values": {"test_loss": [1.0, 2.0, 3.0]}}, "say 'test_loss', which is there already"),
    "no dict": ([1, 2], r"metrics\.py: items is \[1, 2\], not a dict"),
    "values that are no dict": ({"values": None}, r"metrics\.py: values of items is None, not a dict"),
    "a unit without keys": ({"unit": "task"}, "items has 'unit' without keys"),
}


@pytest.mark.parametrize(("items", "said"), BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_items_that_are_not_as_they_should_be(tmp_path, items, said):
    own = put(tmp_path, f"def measure(folder): return {{}}\ndef items(folder): return {items!r}\n")
    with pytest.raises(SystemExit, match=said):
        results.write(tmp_path, METRICS, ITEMS, [], own=own)
    assert not (tmp_path / "metrics.json").exists()


def test_an_impossible_name_is_worth_infinity(tmp_path):
    items = ITEMS | {"values": {"test_loss": [math.inf, 9.0, 7.0]}}
    results.write(tmp_path, METRICS | {"test_loss": math.inf}, items, [])
    assert written(tmp_path, "items.json")["values"]["test_loss"] == ["Infinity", 9.0, 7.0]
    assert written(tmp_path)["test_loss"] == "Infinity"
