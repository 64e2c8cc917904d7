"""`train` and `record` from the door, on the tiny series, with a child that needs no torch."""

import json
from pathlib import Path

import pytest

from deltas.core import machine
from deltas.figures import drawn
from deltas.runs import execute

EXPERIMENT = """
title = "Frost"
seeds = [1, 2, 3]
[[run]]
name = "good"
args = []
[[run]]
name = "more"
args = ["--mode", "good"]
"""


@pytest.fixture
def town(tiny, monkeypatch):
    monkeypatch.setattr(execute, "CHILD", "fakechild")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setattr(drawn, "draw", lambda *_: [])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    put(tiny, EXPERIMENT)
    return tiny


def put(tiny, text: str) -> None:
    folder = tiny.root / "baselines" / "01-frost-days"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.toml").write_text(text)


def test_train_record_train(town, monkeypatch):
    first = town.ok("train", "1")
    for part in ("01-frost-days · good · seed 1", "2.5001", "not measured", "no baseline yet: scripts/record.sh 01",
                 "names from good: emma · olivia1", "scripts/verify.sh 01", "scripts/apply.sh 02"):  # fmt: skip
        assert part in first.out, part
    assert "reused" not in first.err

    recorded = town.ok("record", "01")
    assert "wrote baselines/01-frost-days/baseline.json" in recorded.out
    assert recorded.err.count("reused") == 2  # seed 1 of both runs, from `train`
    table = json.loads((town.root / "baselines/01-frost-days/baseline.json").read_text())
    assert list(table["runs"]) == ["good", "more"]
    assert table["runs"]["good"]["test_loss"]["values"] == [2.5001, 2.5002, 2.5003]
    assert table["seeds"] == [1, 2, 3] and table["arguments"] == {"good": [], "more": ["--mode", "good"]}

    again = town.ok("train", "01", "--run", "more")
    assert "✓ test_loss" in again.out and "2.5002 ± 0.0001" in again.out
    assert "good" not in again.out.split("names from")[0].replace("--mode good", "")
    assert "✗" not in again.out

    monkeypatch.setenv("FAKE_SHIFT", "0.1")
    wrong = town.run("train", "01", "--fresh")
    assert wrong.code == 1
    assert "✗ test_loss" in wrong.out and "outside 2.49" in wrong.out
    assert wrong.out.count("✗") == 2

    changed = town.ok("record", "01", "--fresh")
    assert "3 of 3 seeds outside what it predicted" in changed.out

    put(town, EXPERIMENT.replace('"good"]', '"good", "-x"]'))
    stale = town.ok("train", "01", "--run", "good")
    assert "stale" in stale.out and "the arguments of more have changed" in stale.out


def test_recording_twice_changes_nothing(town):
    town.ok("record", "01")
    file = town.root / "baselines/01-frost-days/baseline.json"
    before = file.read_bytes()
    file.write_bytes(before.replace(b'"recorded": "', b'"recorded": "on '))
    kept = file.read_bytes()
    assert "nothing to do" in town.ok("record", "01").out
    assert file.read_bytes() == kept


def test_a_failed_run_leaves_the_baseline(town):
    town.ok("record", "01")
    file = town.root / "baselines/01-frost-days/baseline.json"
    before = file.read_bytes()
    put(town, EXPERIMENT.replace('"good"]', '"fail"]'))
    failed = town.run("record", "01")
    assert failed.code == 1 and "failed with exit code 1" in failed.err
    assert file.read_bytes() == before


def test_a_broken_baseline_is_written_anew(town):
    file = town.root / "baselines/01-frost-days/baseline.json"
    file.write_text("{")
    broken = town.run("train", "01")
    assert broken.code == 2 and "baseline.json:1:2" in broken.err
    assert "can't be read" in town.ok("record", "01").err
    town.ok("train", "01")


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
        ([], 2, "STAGE"),
    ],
)
def test_refusals(town, arguments, code, said):
    result = town.run("train", *arguments)
    assert result.code == code and said in result.err
    assert result.out == ""
    assert not (town.root / "out").exists()
