"""`data`: the card of a data set; its numbers are those of the lines themselves."""

import contextlib
import hashlib
import json
import zlib

import pytest

from deltas.child import card
from deltas.verbs import data

CARD = {
    "task": "add",
    "sha256": "ab" * 32,
    "checksum": 4294967295,
    "lines": 1200,
    "bytes": 18000,
    "longest": 15,
    "characters": "+0123456789=",
    "splits": {"train": {"0": 500, "10": 460}, "test": {"0": 60, "10": 60, "new": 0}, "validation": {"0": 120}},
    "shared": 0,
    "examples": [["1+2=", "3", 0], ["", "emma", "names"]],
}


def test_the_card_has_a_row_for_every_label_and_their_sum():
    rows = data.shown(CARD)
    assert rows[0] == "add: 1,200 lines, 18,000 bytes; longest line 15 characters"
    table = [row.split() for row in rows[5:10]]
    assert table == [
        ["label", "train", "test", "validation"],
        ["0", "500", "60", "120"],
        ["10", "460", "60", "0"],
        ["new", "0", "0", "0"],
        ["all", "960", "120", "120"],
    ]
    assert rows[-2:] == ["1+2=3  0", "emma   names"]


@pytest.fixture(scope="module")
def made(stage_code, stage_tree):
    """The card of a task, and the task's examples."""
    with contextlib.chdir(stage_tree("benchmark-pack")):
        mm = stage_code("benchmark-pack")
        return card.card(vars(mm), "in-order", 3407), mm.tasks.make("in-order")


def test_the_card_counts_the_lines_themselves(made):
    shown, examples = made
    text = "".join(f"{prompt}{answer}\n" for prompt, answer, _ in examples).encode()
    assert shown["sha256"] == hashlib.sha256(text).hexdigest() and shown["bytes"] == len(text)
    assert shown["lines"] == len(examples) and shown["longest"] == max(map(len, text.decode().split()))
    assert shown["characters"] == "".join(sorted(set(text.decode()) - {"\n"}))
    counted = sum(sum(split.values()) for split in shown["splits"].values())
    beyond = sum(label in (9, 10, 11) for *_, label in examples)
    never_asked = counted - len(examples)
    assert -beyond < never_asked < 0, "labels that training never shows are missing from train alone"
    assert shown["checksum"] == zlib.crc32(text) and shown["shared"] == 0 and json.dumps(shown)


def test_there_is_no_such_task(makemore):
    result = makemore.run("data", "wlak")
    assert result.code == 2 and "there is no task 'wlak'" in result.err and "walk" in result.err


def test_a_series_that_makes_no_data_says_so(tiny):
    result = tiny.run("data", "walk")
    assert result.code == 2 and "makes data" in result.err
