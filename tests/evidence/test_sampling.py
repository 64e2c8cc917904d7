"""The error that its items leave a number is computed from the recorded values, and said beside the table."""

import math
import random
import statistics

import pytest

import recorded
from deltas.evidence import baseline, paired, sampling, significance
from deltas.evidence.items import ByItem, Items, Subset
from deltas.evidence.sampling import Error
from deltas.runs import experiment

METRICS = recorded.declared(solved={"says": "tasks solved", "unit": "%"})


def by_names(count: int, seed: int = 1):
    """A run tested on so many names of one length, with the loss of every name; half of them are not in train."""
    draw = random.Random(seed)
    losses = [draw.gauss(2, 0.5) for _ in range(count)]
    unseen = tuple(n % 2 for n in range(count))
    means = {
        "test_loss": statistics.fmean(losses),
        "test_loss_unseen": statistics.fmean(losses[1::2]),
        "train_loss": 1.9,
    }
    items = Items("test name", (1,) * count, {"test_loss_unseen": Subset("test_loss", unseen)})
    run = recorded.run({name: (mean,) * 3 for name, mean in means.items()}, by_item=ByItem("n", {"test_loss": losses}))
    return losses, recorded.baseline({"a": run}, {"n": items})


@pytest.mark.parametrize("count", [10, 1000])
def test_names_of_one_length_have_the_standard_error_of_a_mean(count):
    losses, base = by_names(count)
    whole, unseen = sampling.errors(base, METRICS)
    assert (whole.metric, whole.item, whole.count) == ("test_loss", "test name", count)
    assert whole.value == pytest.approx(statistics.stdev(losses) / math.sqrt(count))
    assert (unseen.metric, unseen.count) == ("test_loss_unseen", count // 2)
    assert unseen.value == pytest.approx(statistics.stdev(losses[1::2]) / math.sqrt(count // 2))


def test_what_is_no_mean_over_items_has_no_such_error():
    _, base = by_names(10)
    for run, metric in (("a", "train_loss"), ("a", "nothing"), ("b", "test_loss")):
        assert sampling.error(base, run, metric, METRICS) is None
    assert [*sampling.errors(recorded.baseline({"a": recorded.run({"test_loss": (2.0, 2.1)})}), METRICS)] == []


def test_a_stage_says_what_its_items_are():
    """What measures every run takes them for names; a stage with lines knows better."""
    _, base = by_names(10)
    lines = recorded.declared(test_loss={"says": "loss on the test lines", "over": "test line"})
    assert [one.item for one in sampling.errors(base, lines)] == ["test line", "test name"]


SAID = {
    "one run": (
        [Error("test_loss", 0.0149, "test name", 1000)],
        "loss on the test names 0.015 nats per character (1,000 test names)",
    ),
    "several runs": (
        [Error("test_loss", 0.0149, "test name", 1000), Error("test_loss", 0.0103, "test name", 1000)],
        "loss on the test names 0.010 to 0.015 nats per character (1,000 test names)",
    ),
    "a table, and a share": (
        [Error("solved.easy", 0.031, "task", 60), Error("solved.hard", 0.092, "task", 20)],
        "tasks solved 3.1 % to 9.2 % (20 to 60 tasks)",
    ),
}


@pytest.mark.parametrize(("errors", "said"), SAID.values(), ids=SAID)
def test_it_is_said_in_sentences(errors, said):
    item = errors[0].item
    assert sampling.said(errors, METRICS) == (
        f"The {item}s are a sample, too. The standard error of one number from that: {said}. "
        f"In a difference between two runs on the same {item}s it cancels largely where the two are alike."
    )


def test_nothing_is_said_of_no_items():
    assert sampling.said([], METRICS) == ""


def test_items_of_two_kinds_have_a_sentence_each():
    both = [Error("test_loss", 0.01, "test name", 9), Error("solved", 0.1, "task", 5)]
    assert sampling.said(both, METRICS).count("are a sample, too") == 2


def test_in_differences_of_what_was_recorded_it_cancels_largely():
    """What the sentence says. Unlike models find other names hard, and less cancels."""
    left = []
    for path in sorted((recorded.HERE / "baselines").glob("[0-9][0-9]-*/baseline.json")):
        base = baseline.read(path)
        own = experiment.read(path.with_name("experiment.toml"))
        runs = [name for name in base.runs if own.headline in base.runs[name].metrics]
        for other in runs[1:]:
            a, b = (paired.sample(base, run, own.headline, own.metrics) for run in (runs[0], other))
            if a.influences and b.influences and a.items == b.items:
                alone = math.hypot(significance.item_error(a), significance.item_error(b))
                left.append(significance.item_error(a - b) / alone)
    assert max(left) < 1 and statistics.median(left) < 0.5
