"""The recorded figures of every stage can be drawn again on a machine that never trained: of what was kept."""

from types import SimpleNamespace

import pytest

import fakeruns
from deltas.core import files, jsonfile
from deltas.evidence import baseline
from deltas.figures.runs import Runs
from lab import HERE

FOLDERS = sorted(path.parent for path in HERE.glob("baselines/[0-9][0-9]-*/figures.json"))


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_figures_need_no_file_of_a_run(folder, tmp_path):
    listing, recorded = jsonfile.read(folder / "figures.json"), baseline.read(folder / "baseline.json")
    results = []
    for name, run in recorded.runs.items():
        for at, seed in enumerate(run.seeds):
            numbers = {metric: summary.values[at] for metric, summary in run.metrics.items()}
            plan = SimpleNamespace(run=SimpleNamespace(name=name, args=run.arguments), seed=seed)
            results.append(fakeruns.FakeResult(tmp_path / "not there", numbers, plan))
    made = fakeruns.named(files.module(folder / "figures.py").figures(Runs(results, kept=dict(listing["kept"]))))
    assert set(made) == {figure["name"] for figure in listing["figures"]}
    captions = {figure["name"]: figure["caption"] for figure in listing["figures"]}
    assert {name: figure.caption for name, figure in made.items()} == captions
