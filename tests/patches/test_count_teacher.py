"""The patch's own code: the counts against the Kneser-Ney of the control, the loss against its definition."""

import json
import subprocess
import sys

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.child import kneser_ney as control
from deltas.core import machine

WORDS = ["emma", "emmett", "em", "olivia", "oliver", "a", "ava", "emma", "mia", "amelia"]


@pytest.fixture(scope="module")
def mm(stage_code):
    return stage_code("count-teacher")


def data(mm, words=WORDS):
    return mm.CharDataset(words, sorted(set("".join(words))), max(map(len, words)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=12), st.integers(2, 6))
def test_counts_are_the_control_s_with_one_discount(mm, words, order):
    """The control was written from the same equation by another road: sorted n-grams, one order after the other."""
    loader = mm.PrefixLoader(data(mm, words), len(words))
    X, V = loader.char[loader.X], data(mm, words).get_vocab_size()
    P = mm.kneser_ney(X, loader.Y, V, order=order, D=0.9)
    model = control.KneserNey(sorted(set("".join(words))), order, 0.9).fit(words)
    for word, rows in zip(words, P, strict=True):
        for t in range(len(word) + 1):
            assert numpy.allclose(rows[t].numpy(), model.following(word[:t]), atol=1e-5), (word, t)


def test_every_row_is_a_distribution_that_rules_nothing_out(mm):
    loader = mm.PrefixLoader(data(mm), len(WORDS))
    rows = mm.kneser_ney(loader.char[loader.X], loader.Y, data(mm).get_vocab_size())[loader.Y != -1]
    assert torch.allclose(rows.sum(1), torch.ones(len(rows)), atol=1e-5)
    assert (rows > 0).all()


@pytest.fixture
def loader(mm):
    return mm.PrefixLoader(data(mm), len(WORDS))


@pytest.fixture
def taught(mm, loader):
    """Return a model with its teacher, put together as the main program does."""
    torch.manual_seed(1)
    V = data(mm).get_vocab_size()
    config = mm.ModelConfig(vocab_size=V, block_size=data(mm).get_output_length(), n_layer=1, n_embd=8, n_head=2)
    model = mm.TaughtTransformer(config)
    model.char, model.pos = loader.char, loader.pos
    model.teacher = torch.zeros(len(loader.char), V)
    model.teacher[loader.X] = mm.kneser_ney(loader.char[loader.X], loader.Y, V)
    return model


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_loss_is_the_names_and_the_teacher_s_in_shares(taught, loader, share):
    taught.share = share
    ids, targets = loader.next()
    logits, loss = taught(ids, targets)
    P = taught.teacher[ids]
    names, teacher, tokens = 0.0, 0.0, 0
    for b, row in enumerate(targets.tolist()):
        for t, target in enumerate(row):
            if target != -1:
                log_q = logits[b, t].log_softmax(0)
                names -= log_q[target].item()
                teacher -= (P[b, t] * log_q).sum().item()
                tokens += 1
    assert loss.item() == pytest.approx(((1 - share) * names + share * teacher) / tokens, abs=1e-5)


def test_evaluation_never_asks_the_teacher(mm, taught):
    taught.share, taught.teacher = 1.0, None
    taught.eval()
    X, Y = (torch.stack(part) for part in zip(*data(mm), strict=True))
    assert torch.isfinite(taught(X, Y)[1])


PROGRAM = """
import json, sys
from pathlib import Path
from deltas.child.script import Script
script, words, out = sys.argv[1:]
makemore = Script(Path(script), ["--baseline", "--fast", "--teacher", "0.4", "--max-steps", "1", "-i", words,
    "--n-layer", "1", "--n-embd", "8", "--n-head", "1", "--work-dir", out])
makemore.define()
makemore.run()
left = makemore.namespace
model, loader = left["model"], left["batch_loader"]
words = left["train_dataset"].words
teacher = {word[:t]: model.teacher[row[t]].tolist() for word, row in zip(words, loader.X) for t in range(len(word) + 1)}
json.dump({"words": words, "share": model.share, "teacher": teacher}, open(f"{out}/teacher.json", "w"))
"""


def test_the_program_asks_the_teacher_about_five_characters(stage_tree, tmp_path):
    """The main program's own table, against the control's counts of the same training names."""
    words = tmp_path / "words.txt"
    words.write_text("".join(f"{a}{b}{c}{a}{b}c{c}\n" for a in "abcd" for b in "bcde" for c in "abef"))
    script = stage_tree("count-teacher") / "makemore.py"
    environment = machine.environment() | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, str(script), str(words), str(tmp_path)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    left = json.loads((tmp_path / "teacher.json").read_text())
    assert left["share"] == 0.4
    model = control.KneserNey("abcdef", 6, 0.9).fit(left["words"])
    assert len(left["teacher"]) == len({word[:t] for word in left["words"] for t in range(len(word) + 1)})
    for beginning, row in left["teacher"].items():
        assert numpy.allclose(row, model.following(beginning), atol=1e-5), beginning
