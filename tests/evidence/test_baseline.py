"""What was measured is read back as it was written, and what was edited by hand is refused, with its place."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import recorded
from deltas.core import jsonfile
from deltas.core.errors import BadInput
from deltas.evidence.baseline import digest, document, read, stale, summarise, write
from deltas.evidence.items import ByItem, Items, Subset
from deltas.runs.experiment import Experiment, Run

INF = math.inf
SEEDS = (3407, 1, 2)


def of_names(values, mean):
    """A run with values by item whose metric is as they make it."""
    return recorded.run(
        {"test_loss": (mean,) * 3, "test_loss_unseen": (values[0] / 5,) * 3}, ("--x",), SEEDS,
        by_item=ByItem("s", {"test_loss": tuple(values)}), generated=("emma", ""),
    )  # fmt: skip


SPLIT = Items("test name", (5, 3), {"test_loss_unseen": Subset("test_loss", (1, 0))})
GOOD = recorded.baseline(
    {
        "counted": recorded.run(
            {"test_loss": (2.45, 2.46, 2.44), "parameters": (729, 729, 729), "seconds": (3.0, 4.0, 5.0)},
            ("--x",), SEEDS,
        ),
        "unsmoothed": recorded.run({"test_loss": (INF, INF, INF)}, ("--x",), SEEDS),
        "fixed": recorded.run({"x": (2.5,), "seconds": (1.0,)}, ("--x",), (3407,), deterministic=True),
        "by-name": of_names((11.0, 5.0), 2.0),
    },
    {"s": SPLIT},
    stage="02-more",
)  # fmt: skip


def test_summaries():
    assert (summarise((1, 2, 3)).mean, summarise((1, 2, 3)).sd) == (2.0, 1.0)
    assert summarise((5.0,)).sd is None
    assert (summarise((INF, INF)).mean, summarise((INF, INF)).sd) == (INF, 0.0)
    assert (summarise((INF, 2.0)).mean, summarise((INF, 2.0)).sd) == (INF, None)
    with pytest.raises(ValueError, match="not a measurement"):
        summarise((math.nan, 2.0))


# -- stale ------------------------------------------------------------------------------------------------------------


def described(*runs: Run, seeds=SEEDS) -> Experiment:
    return Experiment("02-more", "t", seeds, runs)


AS_RECORDED = (
    Run("counted", ("--x",)), Run("unsmoothed", ("--x",)), Run("fixed", ("--x",), deterministic=True),
    Run("by-name", ("--x",)),
)  # fmt: skip
MEASURED_BY = dict.fromkeys(GOOD.runs, recorded.MEASURED_BY)


def test_a_baseline_of_this_code_and_these_runs_is_not_stale():
    assert stale(GOOD, described(*AS_RECORDED), GOOD.code_id, MEASURED_BY) == []


@pytest.mark.parametrize(
    ("experiment", "code", "measured_by", "reasons"),
    [
        (described(*AS_RECORDED), "f" * 16, MEASURED_BY, ["the code is ffff"]),
        (
            described(*AS_RECORDED),
            GOOD.code_id,
            MEASURED_BY | {"counted": "0" * 16},
            ["what measures counted is other"],
        ),
        (
            described(*AS_RECORDED, seeds=(1, 2)),
            GOOD.code_id,
            MEASURED_BY,
            ["seeds of counted, unsmoothed, by-name are [1, 2]", "seeds of fixed are [1], recorded were [3407]"],
        ),
        (described(*AS_RECORDED[:3], Run("by-name", ("--y",))), GOOD.code_id, MEASURED_BY, ["arguments of by-name"]),
        (
            described(*AS_RECORDED[:3], Run("new")),
            GOOD.code_id,
            MEASURED_BY | {"new": "0" * 16},
            ["new was not recorded", "by-name is gone"],
        ),
        (
            described(*AS_RECORDED[:3], Run("by-name", ("--x",), control="kneser-ney")),
            GOOD.code_id,
            MEASURED_BY,
            ["by-name is a run of kneser-ney, recorded was makemore.py"],
        ),
        (
            described(AS_RECORDED[0], AS_RECORDED[1], Run("fixed", ("--x",)), AS_RECORDED[3]),
            GOOD.code_id,
            MEASURED_BY,
            ["fixed is no longer declared deterministic, as it was when it was recorded"],
        ),
        (
            described(Run("counted", ("--x",), deterministic=True), *AS_RECORDED[1:]),
            GOOD.code_id,
            MEASURED_BY,
            ["counted is declared deterministic, and was not when it was recorded"],
        ),
    ],
    ids=["code", "what measures it", "seeds", "arguments", "runs", "program", "not deterministic", "deterministic"],
)
def test_each_reason_to_be_stale_is_said(experiment, code, measured_by, reasons):
    said = stale(GOOD, experiment, code, measured_by)
    assert len(said) == len(reasons)
    for reason, part in zip(said, reasons, strict=True):
        assert part in reason


def test_seeds_that_differ_for_all_runs_are_said_once():
    runs = {name: GOOD.runs[name] for name in ("counted", "unsmoothed")}
    both = replace(GOOD, runs=runs, items={})
    said = stale(both, described(*AS_RECORDED[:2], seeds=(1, 2)), GOOD.code_id, MEASURED_BY)
    assert said == ["the seeds are [1, 2], recorded were [3407, 1, 2]"]


# -- the file ---------------------------------------------------------------------------------------------------------


def test_round_trip(tmp_path):
    path = tmp_path / "baseline.json"
    assert read(path) is None
    write(path, GOOD)
    assert read(path) == GOOD
    first = path.read_bytes()
    write(path, read(path))
    assert path.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == ["baseline.json"]
    strict = json.loads(first, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert strict["runs"]["unsmoothed"]["metrics"]["test_loss"]["values"] == ["Infinity"] * 3
    assert "deterministic" not in strict["runs"]["counted"] and strict["runs"]["fixed"]["deterministic"] is True
    assert [read(path).seeds, read(path).summary("fixed", "x").n] == [SEEDS, 1]
    assert read(path).summary("nobody", "x") is None and read(path).summary("fixed", "y") is None


finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@given(st.lists(finite | st.just(INF) | st.integers(-(10**9), 10**9), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_any_numbers_survive(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("any") / "baseline.json"
    written = recorded.baseline({"counted": recorded.run({"x": values})})
    write(path, written)
    assert read(path) == written
    assert list(map(type, read(path).runs["counted"].metrics["x"].values)) == list(map(type, values))


def test_a_thousand_items_are_kept_compactly(tmp_path):
    weights = tuple(range(3, 1003))
    values = {run: tuple(weight * 2.1234 for weight in weights) for run in "ab"}
    runs = {
        run: recorded.run({"test_loss": (2.1234,) * 5}, by_item=ByItem("s", {"test_loss": values[run]})) for run in "ab"
    }
    path = tmp_path / "baseline.json"
    write(path, recorded.baseline(runs, {"s": Items("test name", weights)}))
    assert path.stat().st_size < 60_000 and len(path.read_text().splitlines()) < 70


def changed(change) -> str:
    table = json.loads(json.dumps(jsonfile.plain(document(GOOD))))
    change(table)
    return json.dumps(table)


def run(**fields):
    return changed(lambda table: table["runs"]["counted"].update(fields))


def loss(**fields):
    return changed(lambda table: table["runs"]["counted"]["metrics"]["test_loss"].update(fields))


def by_item(**fields):
    return changed(lambda table: table["runs"]["by-name"]["by_item"].update(fields))


def items(**fields):
    return changed(lambda table: table["items"]["s"].update(fields))


PLACE = r"runs\.counted\.metrics\.test_loss"
BAD = {
    "not JSON": ('{"stage": ', r"baseline.json:1:\d+"),
    "not UTF-8": (b"\xff", "not UTF-8"),
    "not an object": ("[]", r"the document is \[\]"),
    "bare infinity": ('{"stage": Infinity}', "Infinity is not JSON"),
    "no runs": (changed(lambda t: t.pop("runs")), "no runs"),
    "unknown key": (changed(lambda t: t.update(more=1)), "unknown key 'more'"),
    "the older form": (changed(lambda t: t.update(seeds=[1])), "unknown key 'seeds'"),
    "stage of another kind": (changed(lambda t: t.update(stage=2)), "stage is 2"),
    "threads of another kind": (changed(lambda t: t.update(threads="1")), "threads is '1'"),
    "runs of another kind": (changed(lambda t: t.update(runs=[])), r"runs is \[\]"),
    "run of another kind": (changed(lambda t: t["runs"].update(new=3)), r"runs\.new is 3"),
    "no seeds": (run(seeds=[]), r"runs\.counted\.seeds is \[\]"),
    "seeds of another kind": (run(seeds=[1, 2, "3"]), r"runs\.counted\.seeds: item 3 is '3'"),
    "arguments of another kind": (run(arguments="--x"), r"runs\.counted\.arguments is '--x'"),
    "an unknown key of a run": (run(more=1), r"runs\.counted: unknown key 'more'"),
    "no id of what measured it": (changed(lambda t: t["runs"]["counted"].pop("measured_by")), "no measured_by"),
    "generated of another kind": (run(generated=[3]), r"runs\.counted\.generated: item 1 is 3"),
    "deterministic from three seeds": (run(deterministic=True), r"runs\.counted: it is deterministic, but"),
    "metric of another kind": (run(metrics={"x": 2.4}), r"runs\.counted\.metrics\.x is 2\.4"),
    "field missing": (changed(lambda t: t["runs"]["counted"]["metrics"]["test_loss"].pop("sd")), rf"{PLACE}: no sd"),
    "a seed missing": (
        loss(n=2, mean=2.455, sd=0.007071067811865324, values=[2.45, 2.46]),
        "not a value for each of 3 seeds",
    ),
    "value of text": (loss(values=[2.45, 2.46, "2.44"]), rf"{PLACE}\.values: item 3 is '2\.44'"),
    "value missing": (loss(values=[2.45, 2.46, None]), rf"{PLACE}\.values: item 3 is None"),
    "value not a number": (loss(values=[2.45, 2.46, "NaN"]), rf"{PLACE}\.values: item 3 is 'NaN'"),
    "value of truth": (loss(values=[2.45, 2.46, True]), rf"{PLACE}\.values: item 3 is True"),
    "mean edited": (loss(mean=2.40), rf"{PLACE}: mean is 2\.4, but the values make it 2\.4"),
    "sd edited": (loss(sd=0.1), rf"{PLACE}: sd is 0\.1"),
    "sd of text": (loss(sd="small"), rf"{PLACE}\.sd is 'small'"),
    "n edited": (loss(n=5), rf"{PLACE}: n is 5"),
    "a third item": (
        by_item(values={"test_loss": [11.0, 5.0, 1.0]}),
        r"runs\.by-name\.by_item: test_loss has 3 values for 2",
    ),
    "another value": (
        by_item(values={"test_loss": [11.0, 6.0]}),
        "the values of test_loss make it 2.125, but it is 2.0",
    ),
    "another subset": (
        items(subsets={"test_loss_unseen": {"of": "test_loss", "where": [1, 1]}}),
        "values of test_loss_unseen",
    ),
    "no such items": (by_item(items="t"), "there are no items 't'"),
    "values of no metric": (by_item(values={"x": [1.0, 2.0]}), "'x', which is not among the metrics"),
    "not a value": (by_item(values={"test_loss": ["x", 5.0]}), r"by_item\.values\.test_loss: item 1 is 'x'"),
    "no weight": (items(weights=[0, 3]), r"items\.s\.weights: item 1 is 0"),
    "a mark of another kind": (
        items(subsets={"y": {"of": "x", "where": [2, 0]}}),
        r"items\.s\.subsets\.y\.where: item 1 is 2",
    ),
    "a mark missing": (
        items(subsets={"y": {"of": "x", "where": [1]}}),
        r"items\.s: subsets\.y: where has 1 marks for 2",
    ),
    "items of nobody": (
        changed(lambda t: t["items"].update(t={"unit": "task", "weights": [1]})),
        r"items\.t belongs to no run",
    ),
}


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD)
def test_malformed(tmp_path, text, what):
    path = tmp_path / "02-more" / "baseline.json"
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=what) as refused:
        read(path)
    assert str(path) in refused.value.found
    assert refused.value.exit_code == 2


def test_the_unchanged_table_is_fine(tmp_path):
    (tmp_path / "baseline.json").write_text(changed(lambda table: None))
    assert read(tmp_path / "baseline.json") == GOOD


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "baseline.json"
    write(path, GOOD)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deltas.core.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, GOOD)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["baseline.json"]


def test_the_digest_follows_what_a_figure_may_show_and_nothing_else():
    assert digest(replace(GOOD, recorded="2026-01-01", cpu="another")) == digest(GOOD)
    other = GOOD.runs | {"counted": replace(GOOD.runs["counted"], measured_by="0" * 16)}
    assert digest(replace(GOOD, runs=other)) == digest(GOOD)
    faster = recorded.run(
        {"test_loss": (2.45, 2.46, 2.44), "parameters": (729,) * 3, "seconds": (3.0, 4.0, 5.1)}, ("--x",), SEEDS
    )
    for changed_run in (
        faster,
        replace(GOOD.runs["counted"], generated=("ava",)),
        replace(GOOD.runs["counted"], arguments=()),
    ):
        assert digest(replace(GOOD, runs=GOOD.runs | {"counted": changed_run})) != digest(GOOD)
    assert digest(replace(GOOD, code_id="f" * 16)) != digest(GOOD)


def test_the_committed_baselines_can_be_read():
    found = [read(path) for path in sorted((recorded.HERE / "baselines").glob("*/baseline.json"))]
    assert found and all(each and each.runs for each in found)
