"""Modified Kneser–Ney against its formulas in dictionaries, closed forms, and the figures of names.txt."""

import json
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.child import control, measure, programs
from deltas.child.kneser_ney import FALLBACK, KneserNey, choose_order, discounts, fitted
from deltas.core import jsonfile
from deltas.core.errors import BadInput, CheckFailed
from deltas.core.project import Project
from deltas.runs import execute, experiment
from deltas.runs.execute import Plan
from deltas.runs.experiment import Run

MAKEMORE = Path(__file__).resolve().parents[2] / "upstream" / "makemore"
END = "."


def toy(count: int, seed: int, chars: str = "abcde") -> list[str]:
    """Words with habits: a Markov chain, so that counts of counts look like those of a language."""
    draw = random.Random(seed)
    likes = {each: [draw.random() ** 3 + 0.01 for _ in (*chars, END)] for each in (*chars, "")}
    words = []
    for _ in range(count):
        word = ""
        while len(word) < 8:
            [char] = draw.choices((*chars, END), likes[word[-1:]])
            if char == END:
                break
            word += char
        words.append(word or chars[0])
    return words


# -- the oracle: dictionaries of strings, straight from the paper ------------------------------------------------------


class Paper:
    """Chen & Goodman 1999, section 3 and equation for pKN with three discounts; nothing of ours in it."""

    def __init__(self, words, order, chars, one_discount=None):
        self.order, self.symbols, self.one_discount = order, [*sorted(chars), END], one_discount
        padded = ["^" * (order - 1) + word + END for word in words]
        self.c = {}
        occurrences = Counter(w[i - order + 1 : i + 1] for w in padded for i in range(order - 1, len(w)))
        self.c[order] = occurrences
        for k in range(order - 1, 0, -1):  # N1+(·g): how many different symbols stand before g
            before = {}
            for w in padded:
                for i in range(order - 1, len(w)):
                    before.setdefault(w[i - k + 1 : i + 1], set()).add(w[i - k])
            self.c[k] = {gram: len(each) for gram, each in before.items()}

    def discount(self, k, count):
        if count == 0:
            return 0.0
        if self.one_discount is not None:
            return self.one_discount
        n = [0] + [sum(each == i for each in self.c[k].values()) for i in (1, 2, 3, 4)]
        if 0 in n[1:]:
            return FALLBACK[min(count, 3) - 1]
        y = n[1] / (n[1] + 2 * n[2])
        i = min(count, 3)
        return min(max(i - (i + 1) * y * n[i + 1] / n[i], 0), i)

    def p(self, context, symbol, k=None):
        """p(symbol | context), the context without padding."""
        k = self.order if k is None else k
        if k == 0:
            return 1 / len(self.symbols)
        h = ("^" * self.order + context)[len(context) + self.order - k + 1 :]
        counts = {w: self.c[k].get(h + w, 0) for w in self.symbols}
        total = sum(counts.values())
        if not total:
            return self.p(context, symbol, k - 1)
        taken = sum(self.discount(k, each) for each in counts.values())
        left = counts[symbol] - self.discount(k, counts[symbol])
        return (left + taken * self.p(context, symbol, k - 1)) / total


@pytest.mark.parametrize(
    ("order", "discount"), [(1, None), (2, None), (3, None), (4, None), (6, None), (4, 0.9), (3, 0.5)]
)
def test_the_formulas_of_the_paper(order, discount):
    train, test = toy(60, 1), [*toy(12, 2), "eeeeeeeeee", "e"]
    paper, model = Paper(train, order, "abcde", discount), KneserNey("abcde", order, discount).fit(train)
    for context in ("", "a", "ab", "edc", "eeeeeee", *test):
        expected = [paper.p(context, symbol) for symbol in (END, *"abcde")]
        np.testing.assert_allclose(model.following(context), expected, rtol=1e-12)
    nats, tokens = model.losses(test)
    for word, loss, count in zip(test, nats, tokens, strict=True):
        assert count == len(word) + 1
        assert loss == pytest.approx(-sum(math.log(paper.p(word[:i], (word + END)[i])) for i in range(len(word) + 1)))
    assert model.stored == sum(len(grams) for grams in paper.c.values())


@pytest.mark.parametrize("discount", [-0.1, 1.1, math.nan])
def test_a_discount_that_takes_more_than_a_count_of_1_is_refused(discount):
    with pytest.raises(ValueError, match="between 0 and 1"):
        KneserNey("ab", 2, discount)


def test_the_discounts_were_estimated():
    """The comparison above would be of fallbacks otherwise."""
    paper = Paper(toy(60, 1), 3, "abcde")
    estimated = [k for k in (1, 2, 3) if all(i in paper.c[k].values() for i in (1, 2, 3, 4))]
    assert {2, 3} & set(estimated)
    counts = np.array([1] * 10 + [2] * 5 + [3] * 3 + [4] * 2 + [9])
    y = 10 / 20
    assert discounts(counts) == pytest.approx((1 - 2 * y * 0.5, 2 - 3 * y * 3 / 5, 3 - 4 * y * 2 / 3))
    assert discounts(np.array([1, 2, 3])) == FALLBACK
    for drawn in ([1] + [2] * 9 + [3] * 90 + [4], [1] * 90 + [2] + [3] * 9 + [4] * 99):
        assert all(0 <= each <= most for each, most in zip(discounts(np.array(drawn)), (1, 2, 3), strict=True))


def test_order_1_by_hand():
    """a twice, b once, the end twice: the fallback takes 1 + 0.5 + 1 of 5, and gives a third of that to each."""
    model = KneserNey("ab", 1).fit(["aa", "b"])
    assert FALLBACK == (0.5, 1.0, 1.5)
    shared = 2.5 / 3
    np.testing.assert_allclose(model.following(""), [(1 + shared) / 5, (1 + shared) / 5, (0.5 + shared) / 5])
    np.testing.assert_array_equal(model.following("ba"), model.following(""))
    nats, tokens = model.losses(["ab"])
    assert nats[0] == pytest.approx(-math.log((1 + shared) / 5 * (0.5 + shared) / 5 * (1 + shared) / 5))
    assert tokens.tolist() == [3]


def test_order_2_by_hand():
    """Bigrams ^a aa a. ^b b. once each. Different symbols before a: 2, before b: 1, before the end: 2."""
    model = KneserNey("ab", 2).fit(["aa", "b"])
    below = np.array([1 + 2.5 / 3, 1 + 2.5 / 3, 0.5 + 2.5 / 3]) / 5  # end, a, b
    np.testing.assert_allclose(model.following(""), (np.array([0, 0.5, 0.5]) + 1.0 * below) / 2)
    np.testing.assert_allclose(model.following("a"), (np.array([0.5, 0.5, 0]) + 1.0 * below) / 2)
    np.testing.assert_allclose(model.following("b"), (np.array([0.5, 0, 0]) + 0.5 * below) / 1)


words = st.lists(st.text(st.sampled_from("abcñ"), min_size=1, max_size=6), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(words, st.integers(1, 7), st.text(st.sampled_from("abcñz"), max_size=9))
def test_probabilities_sum_to_one(train, order, context):
    model = KneserNey("abcñz", order).fit(train)
    p = model.following(context)
    assert p.shape == (6,) and (p > 0).all()
    assert p.sum() == pytest.approx(1, abs=1e-12)
    nats, _ = model.losses([context])
    steps = [model.following(context[:i])[_at(model, context[i])] for i in range(len(context))]
    assert nats[0] == pytest.approx(-sum(map(math.log, [*steps, p[0]])))


def _at(model, char):
    return model.chars.index(char) + 1


def test_all_names_together_sum_to_one():
    """Over every word of two letters, of any length up to 11; what is left is for longer ones."""
    model = KneserNey("ab", 3).fit(["ab", "ab", "ba", "b", "abb"])
    every = [""]
    for _ in range(11):
        every += [each + char for each in every[-(2 ** (len(every[-1]))) :] for char in "ab"]
    assert len(every) == len(set(every)) == 2**12 - 1
    nats, _ = model.losses(every)
    total = np.exp(-nats).sum()
    assert 0.98 < total < 1


def test_twice_the_same_word_counts_twice():
    once, twice = (KneserNey("ab", 2).fit(["ab", *["ba"] * n]) for n in (1, 5))
    assert twice.following("")[_at(twice, "b")] > once.following("")[_at(once, "b")]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: KneserNey("ab", 0), "order 0"),
        (lambda: KneserNey("abcdefghijklmnopqrstuvwxyz", 14), "63 bits"),
        (lambda: KneserNey(["ab"], 2), "single characters"),
        (lambda: KneserNey("a\0", 2), "NUL"),
        (lambda: KneserNey("ab", 2).fit([]), "no words"),
        (lambda: KneserNey("ab", 2).fit(["abc"]), "'c' is not among the 2"),
        (lambda: KneserNey("ab", 2).fit(["ab"]).losses(["ax"]), "'x'"),
        (lambda: KneserNey("ab", 2).fit(["ab"]).following("é"), "'é'"),
        (lambda: choose_order("ab", ["ab"]), "no words"),
    ],
)
def test_refused(make, why):
    with pytest.raises(ValueError, match=why):
        make()


def test_nothing_to_measure():
    nats, tokens = KneserNey("ab", 2).fit(["ab"]).losses([])
    assert nats.shape == tokens.shape == (0,)


def test_the_order_is_chosen_on_the_last_tenth():
    train = toy(300, 3)
    found = choose_order("abcde", train)
    assert sorted(found) == list(range(1, 9))
    assert list(found.values()) == sorted(found.values())
    for order in (1, 3):
        nats, tokens = KneserNey("abcde", order).fit(train[:270]).losses(train[270:])
        assert found[order] == pytest.approx(nats.sum() / tokens.sum())
    many = [chr(i) for i in range(200, 900)]  # 8-grams of 700 characters are no 63-bit number
    assert max(choose_order(many, ["".join(many[i : i + 3]) for i in range(100)])) == 6


def test_names_are_drawn_as_likely_as_they_are():
    model = KneserNey("ab", 2).fit(["a", "ab", "b", "abab"])
    assert model.sample(20, 7, 15) == model.sample(20, 7, 15) != model.sample(20, 8, 15)
    drawn = model.sample(4000, 1, 15)
    share = sum(name == "" or name[0] == "b" for name in drawn) / len(drawn)
    p = model.following("")
    assert share == pytest.approx(p[0] + p[2], abs=0.025)
    assert max(map(len, model.sample(200, 1, 2))) == 2


# -- as a run ---------------------------------------------------------------------------------------------------------

TOML = """
title = "X"
seeds = [3407, 1]
[[run]]
name = "counted"
args = ["--type", "bigram-count"]
[[run]]
name = "control"
control = "kneser-ney"
args = ["--split-seed", "3407"]
"""


def test_a_control_in_experiment_toml(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(TOML)
    counted, found = experiment.read(path).runs
    assert found == Run(name="control", args=("--split-seed", "3407"), steps=0, control="kneser-ney")
    assert (found.total, found.program, counted.program) == (0, "kneser-ney", "makemore.py")
    for old, new, why in (
        ("kneser-ney", "oracle", "no control 'oracle'"),
        ('"kneser-ney"', "3", "control"),
        ('"kneser-ney"', '["kneser-ney"]', "control"),
        ('"kneser-ney"', '"kneser-ney"\nsteps = 5', "steps is 5"),
    ):
        path.write_text(TOML.replace(old, new))
        with pytest.raises(BadInput, match=why):
            experiment.read(path)


class Stage:
    name = "02-x"


def test_its_plan_and_its_files():
    run = Run(name="control", args=("--split-seed", "3407"), steps=0, control="kneser-ney")
    assert Plan(Stage(), run, 5, "c").arguments == ["--split-seed", "3407"]
    assert Plan(Stage(), Run(name="r", args=("--x",)), 5, "c").arguments == ["-n", "0", "--x"]


SCRIPT = """
import torch
class Data:
    def __init__(self, words, chars, longest):
        self.words, self.chars, self.max_word_length = words, chars, longest
def create_datasets(path):
    words = open(path).read().split()
    order = torch.randperm(len(words)).tolist()
    chars = sorted(set("".join(words)))
    longest = max(map(len, words))
    test = len(words) // 10
    return tuple(Data([words[i] for i in part], chars, longest) for part in (order[:-test], order[-test:]))
if __name__ == "__main__":
    raise AssertionError("nothing is to be trained")
"""


def made(root, seeds=(1,), args=("--split-seed", "3407")):
    """A control run from start to end, in a child process, of a small makemore."""

    def export(stage, folder):
        folder.mkdir(parents=True)
        (folder / "makemore.py").write_text(SCRIPT)
        (folder / "names.txt").write_text("\n".join(toy(200, 5)))

    run = Run(name="control", args=args, steps=0, control="kneser-ney")
    plans = [Plan(Stage(), run, seed, "c") for seed in seeds]
    return execute.execute(Project(root), plans, export)


def test_a_run_from_start_to_end(tmp_path, monkeypatch):
    first, second = made(tmp_path, seeds=(1, 2))
    metrics = jsonfile.read(first.folder / "metrics.json")
    assert list(metrics) == [
        "train_loss", "test_loss", "test_loss_unseen", "parameters", "steps", "seconds", "order",
    ]  # fmt: skip
    assert metrics["steps"] == 0 and metrics["order"] in range(1, 9) and metrics["parameters"] > 50
    same = set(metrics) - {"seconds"}
    assert {key: metrics[key] for key in same} == {key: second.metrics[key] for key in same}  # the split is the same
    assert (first.folder / "items.json").read_bytes() == (second.folder / "items.json").read_bytes()
    assert first.names(50) != second.names(50) and len(first.names(9999)) == measure.SAMPLES
    items = json.loads((first.folder / "items.json").read_text())
    nats, tokens = items["values"]["test_loss"], items["weights"]
    unseen = items["subsets"]["test_loss_unseen"]["where"]
    assert len(nats) == 20 and tokens == [len(name) + 1 for name in items["keys"]]
    assert metrics["test_loss"] == pytest.approx(sum(nats) / sum(tokens))
    marked = [(loss, count) for loss, count, counts in zip(nats, tokens, unseen, strict=True) if counts]
    assert metrics["test_loss_unseen"] == pytest.approx(sum(n for n, _ in marked) / sum(c for _, c in marked))
    about = jsonfile.read(first.folder / "run.json")
    assert about["control"] == "kneser-ney"
    assert about["measured_by"] == programs.measured_by("kneser-ney", None) != programs.measured_by(None, None)
    assert made(tmp_path)[0].reused
    monkeypatch.setattr(programs, "measured_by", lambda control, own: "0" * 16)
    assert not made(tmp_path)[0].reused


def test_a_run_that_fails_says_why(tmp_path):
    for args, why in ((("--type", "mlp"), "unrecognized arguments"), (("--order", "40"), "63 bits")):
        with pytest.raises(CheckFailed, match=why):
            made(tmp_path, args=args)


def test_a_stages_own_metrics_are_measured_of_controls_too(tmp_path):
    own = tmp_path / "baselines" / "02-x" / "metrics.py"
    own.parent.mkdir(parents=True)
    own.write_text("def measure(folder): return {'drawn': len((folder / 'samples.txt').read_text().splitlines())}")
    (result,) = made(tmp_path)
    assert result.metrics["drawn"] == measure.SAMPLES
    assert result.about["measured_by"] == programs.measured_by("kneser-ney", own)
    own.write_text(own.read_text().replace("'drawn'", "'made_up'"))
    assert made(tmp_path)[0].metrics["made_up"] == measure.SAMPLES  # repeated: it is measured by something else


# -- the figures of names.txt -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not (MAKEMORE / "makemore.py").exists(), reason="upstream/makemore is not there")
@pytest.mark.usefixtures("as_main")
def test_names_txt():
    """Upstream's split: modified Kneser–Ney at 1.937, on unseen names 1.987, the order as training names choose it."""
    train, test = control.datasets(MAKEMORE / "makemore.py", str(MAKEMORE / "names.txt"), 3407)
    assert (len(train.words), len(test.words)) == (31033, 1000)
    model = fitted(train.chars, train.words)
    assert model.order == 6
    metrics, items = control.losses(model, train.words, test.words)
    assert metrics["test_loss"] == pytest.approx(1.937, abs=0.003)
    assert metrics["test_loss_unseen"] == pytest.approx(1.987, abs=0.004)
    assert metrics["train_loss"] < 1.7 and metrics["parameters"] > 100_000
    assert items["subsets"]["test_loss_unseen"]["where"].count(0) == 153
