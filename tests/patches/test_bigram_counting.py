"""The patch's own code: the table of counts against `collections.Counter`, its losses against the closed form."""

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="module")
def tree(stage_tree) -> Path:
    return stage_tree("bigram-counting")


@pytest.fixture(scope="module")
def makemore(stage_code):
    return stage_code("bigram-counting")


def dataset(makemore, names):
    chars = sorted(set("".join(names)))
    return makemore.CharDataset(names, chars, max(map(len, names)))


def counted(makemore, data, smoothing):
    model = makemore.BigramCount(makemore.ModelConfig(vocab_size=data.get_vocab_size(), block_size=1))
    model.count(data, smoothing)
    return model


def pairs(names) -> Counter:
    """Count how often one character follows another; '.' stands before and after a name."""
    return Counter(pair for name in names for pair in zip(f".{name}", f"{name}.", strict=True))


def closed_form(counts: Counter, smoothing: float, size: int, judged: Counter) -> float:
    """Return the mean of -log P over the characters of `judged`, from the counts alone."""
    rows = Counter()
    for (first, _), n in counts.items():
        rows[first] += n
    total = sum(
        n * math.log((counts[pair] + smoothing) / (rows[pair[0]] + smoothing * size)) for pair, n in judged.items()
    )
    return -total / judged.total()


def loss(model, data) -> float:
    batch = [data[i] for i in range(len(data))]
    x, y = (torch.stack(part) for part in zip(*batch, strict=True))
    return model(x, y)[1].item()


NAMES = ["anna", "ava", "bob", "aaa", "b"]  # doubled letters, a pair that comes twice in one name, a name of one letter


@pytest.mark.parametrize("smoothing", [0.5, 1.0, 3.0])
def test_table_is_the_counts_normalised(makemore, smoothing):
    data = dataset(makemore, NAMES)
    P = counted(makemore, data, smoothing).logits.exp()
    assert torch.allclose(P.sum(1), torch.ones(len(P)))
    counts = pairs(NAMES)
    letters = "." + "".join(sorted(set("".join(NAMES))))
    for i, first in enumerate(letters):
        row = sum(counts[first, second] + smoothing for second in letters)
        for j, second in enumerate(letters):
            assert P[i, j].item() == pytest.approx((counts[first, second] + smoothing) / row, rel=1e-5)


def test_a_letter_that_was_never_counted_is_infinitely_surprising(makemore):
    """Without smoothing, also where the whole row of the letter is empty: infinity, not "not a number"."""
    data = dataset(makemore, ["ab", "ba", "z"])
    model = counted(makemore, makemore.CharDataset(["ab", "ba"], data.chars, data.max_word_length), 0.0)
    x, y = data[2]
    assert model(x[None], y[None])[1].item() == math.inf
    assert torch.allclose(model.logits.exp().sum(1), torch.ones(4))


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_loss_is_the_closed_form(makemore, smoothing):
    data = dataset(makemore, NAMES)
    model = counted(makemore, data, smoothing)
    assert loss(model, data) == pytest.approx(
        closed_form(pairs(NAMES), smoothing, data.get_vocab_size(), pairs(NAMES)), rel=1e-5
    )


def test_unseen_pair_is_impossible_without_smoothing(makemore):
    data = dataset(makemore, ["ab", "ba"])
    other = makemore.CharDataset(["aa"], data.chars, 2)
    assert loss(counted(makemore, data, 0.0), other) == math.inf
    assert loss(counted(makemore, data, 1.0), other) < math.inf


@pytest.mark.parametrize(("smoothing", "expected"), [(1.0, 2.4546), (0.0, 2.4540)])
def test_known_losses_over_the_whole_file(makemore, tree, smoothing, expected):
    names = (tree / "names.txt").read_text().split()
    data = dataset(makemore, names)
    model = counted(makemore, data, smoothing)
    from_counts = closed_form(pairs(names), smoothing, 27, pairs(names))
    assert from_counts == pytest.approx(expected, abs=1e-4)
    assert loss(model, data) == pytest.approx(from_counts, abs=2e-5)


def test_as_a_reader_runs_it(tree, tmp_path):
    """It prints the losses at upstream's split whatever --seed says, and the saved model makes up names."""

    def run(*more: str) -> str:
        command = [sys.executable, "makemore.py", "--type", "bigram-count", "-o", str(tmp_path), *more]
        return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout

    assert "train loss: 2.4548 test loss: 2.4497" in run("--split-seed", "3407", "--seed", "5")
    assert "samples that are new" in run("--sample-only", "--split-seed", "3407")
