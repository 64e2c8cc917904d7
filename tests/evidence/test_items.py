"""What the seeds of a run leave item by item is put together, or it is said why that is not possible."""

import json
import math

import pytest

from deltas.core.errors import BadInput
from deltas.evidence import items
from deltas.evidence.items import Items, Subset

INF = math.inf
ONE = {
    "unit": "test name",
    "keys": ["emma", "ed"],
    "weights": [5, 3],
    "values": {"test_loss": [8.00004, "Infinity"]},
    "subsets": {"test_loss_unseen": {"of": "test_loss", "where": [1, 0]}},
}


def left(folder, table):
    folder.mkdir()
    (folder / "items.json").write_text(json.dumps(table))
    return folder


def test_the_mean_over_the_seeds_is_kept(tmp_path):
    one = left(tmp_path / "1", ONE)
    two = left(tmp_path / "2", ONE | {"values": {"test_loss": [9.0, "Infinity"]}})
    collected = items.collect([one, two])
    assert collected.by_item.values == {"test_loss": (8.50002, INF)}
    assert collected.items == Items("test name", (5, 3), {"test_loss_unseen": Subset("test_loss", (1, 0))})
    assert collected.why == "" and collected.metrics == ("test_loss", "test_loss_unseen")
    assert items.collect([two]).by_item.items == collected.by_item.items


OTHERS = {
    "another key": {"keys": ["ed", "emma"]},
    "another weight": {"weights": [6, 3]},
    "another subset": {"subsets": {}},
    "another unit": {"unit": "name"},
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_other_items_cannot_be_put_together(tmp_path, change):
    collected = items.collect([left(tmp_path / "1", ONE), left(tmp_path / "2", ONE | change)])
    assert collected.by_item is None and "different test names" in collected.why
    assert "test_loss" in collected.metrics


def test_what_was_sampled_has_an_id_of_its_own(tmp_path):
    """Runs share it where they were tested on the same, whatever was measured there."""
    ids = [
        items.collect([left(tmp_path / str(n), ONE | change)]).by_item.items
        for n, change in enumerate([{}, {"keys": ["a", "b"]}, {"weights": [5, 4]}, {"unit": "task"}])
    ]
    assert len(set(ids)) == 4
    more = {"values": {"test_loss": [1.0, 2.0], "other": [3.0, 4.0]}, "subsets": {}}
    assert items.collect([left(tmp_path / "more", ONE | more)]).by_item.items == ids[0]


def test_seeds_without_items(tmp_path):
    one = left(tmp_path / "1", ONE)
    assert items.collect([]) == items.collect([tmp_path]) == items.Collected()
    torn = items.collect([one, tmp_path])
    assert torn.by_item is None and "left no test names" in torn.why and "test_loss" in torn.metrics
    other = left(tmp_path / "2", ONE | {"values": {"x": [1.0, 2.0]}, "subsets": {}})
    assert "different" in items.collect([one, other]).why
    third = left(tmp_path / "3", ONE | {"values": {"test_loss": [1.0, 2.0], "x": [1.0, 2.0]}})
    assert items.collect([one, third]).why == "its seeds left values of different metrics"


BROKEN = {
    "a value of text": {"values": {"test_loss": ["x", 1.0]}},
    "no value": {"values": {"test_loss": [None, 1.0]}},
    "a value too few": {"values": {"test_loss": [1.0]}},
    "a weight too few": {"weights": [5]},
    "no weight": {"weights": [5, 0]},
    "a subset of nothing": {"subsets": {"y": {"of": "x", "where": [0, 1]}}},
    "a mark of another kind": {"subsets": {"y": {"of": "test_loss", "where": [0, 2]}}},
    "unknown key": {"names": []},
    "a blank unit": {"unit": " "},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_malformed(tmp_path, change):
    with pytest.raises(BadInput, match=r"1/items\.json: "):
        items.collect([left(tmp_path / "1", ONE | change)])


def test_means_over_marked_items():
    shared = Items("task", (1, 2, 3))
    assert shared.mean((2, 4, 6)) == 2.0
    assert shared.mean((2, 4, 6), (1, 0, 1)) == 2.0
    assert shared.mean((2, 4, 7), (0, 0, 1)) == pytest.approx(7 / 3)
    assert shared.mean((2, 4, 6), (0, 0, 0)) is None
    assert shared.mean((2, INF, 6)) == INF
