"""What is measured is what the closed form says; and a run from end to end, in a child, with a tiny makemore."""

import itertools
import json
import math
import types
from pathlib import Path

import pytest
import torch

from deltas.child import measure
from deltas.child import run as child
from deltas.core.project import Project
from deltas.runs import execute
from deltas.runs.experiment import Run
from deltas.stages.build import Stage

ALPHABET = "ab"


class Words:
    """Items as makemore's: x starts with 0, y ends with 0, targets behind that are -1; both (T,) int64."""

    def __init__(self, words, longest=4):
        self.words, self.longest = words, longest

    def __len__(self):
        return len(self.words)

    def __getitem__(self, i):
        ix = [ALPHABET.index(letter) + 1 for letter in self.words[i]]
        rest = self.longest - len(ix)
        return torch.tensor([0, *ix] + [0] * rest), torch.tensor([*ix, 0] + [-1] * rest)

    def get_output_length(self):
        return self.longest + 1

    def decode(self, row):
        return "".join(ALPHABET[i - 1] for i in row)


class Table(torch.nn.Module):
    """log P(next | character): a bigram model that gives no loss, in a form with a mode."""

    def __init__(self, p):
        super().__init__()
        self.table = torch.nn.Parameter(torch.tensor(p).log())  # (V, V)
        self.asked = []

    def forward(self, x):
        self.asked.append((tuple(x.shape), self.training, torch.is_inference_mode_enabled()))
        return self.table[x], None


P = [[0.2, 0.5, 0.3], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]]


def nats(word: str, p=P) -> float:
    """The oracle: -log of the product of the probabilities."""
    path = [0, *(ALPHABET.index(letter) + 1 for letter in word), 0]
    product = math.prod(p[i][j] for i, j in itertools.pairwise(path))
    return -math.log(product) if product else math.inf


def left(model, train, test, **more):
    """What a makemore leaves behind."""
    args = types.SimpleNamespace(device="cpu", seed=7, top_k=-1)

    def generate(model, idx, max_new_tokens, do_sample=False, top_k=None):
        for _ in range(max_new_tokens):
            logits, _ = model(idx)
            idx = torch.cat((idx, torch.multinomial(logits[:, -1].softmax(-1), 1)), 1)
        return idx

    return {
        "model": model,
        "train_dataset": Words(train),
        "test_dataset": Words(test),
        "generate": generate,
        "args": args,
        **more,
    }


TRAIN = ["ab", "a", "bbb", "ab", "abab"]
TEST = ["ab", "ba", "ab", "bb"]


def test_per_name(monkeypatch):
    monkeypatch.setattr(measure, "BATCH", 2)
    model = Table(P)
    got, tokens = measure.per_name(model, Words(TRAIN))
    assert got.dtype is torch.float64
    assert got.tolist() == pytest.approx([nats(word) for word in TRAIN], rel=1e-6)
    assert tokens.tolist() == [3, 2, 4, 3, 5]
    assert all(not training and inference for _, training, inference in model.asked)
    assert [shape for shape, *_ in model.asked] == [(2, 3), (2, 4), (1, 5)]  # like lengths together, padding cut


def test_losses_are_means_over_tokens():
    metrics, names = measure.losses(left(Table(P), TRAIN, TEST))
    assert metrics == {
        "train_loss": pytest.approx(sum(map(nats, TRAIN)) / 17, rel=1e-6),
        "test_loss": pytest.approx(sum(map(nats, TEST)) / 12, rel=1e-6),
        "test_loss_unseen": pytest.approx((nats("ba") + nats("bb")) / 6, rel=1e-6),
        "parameters": 9,
    }
    assert [(name, tokens, seen) for name, _, tokens, seen in names] == [
        ("ab", 3, True), ("ba", 3, False), ("ab", 3, True), ("bb", 3, False),
    ]  # fmt: skip
    assert [each[1] for each in names] == pytest.approx([nats(word) for word in TEST], rel=1e-6)


def test_nothing_to_measure_is_none():
    assert measure.losses(left(Table(P), ["ab"], ["ab"]))[0]["test_loss_unseen"] is None
    assert measure.losses(left(Table(P), ["ab"], []))[0]["test_loss"] is None
    assert measure.mean([]) is None


def test_an_impossible_name_is_infinitely_surprising():
    p = [[0.2, 0.5, 0.3], [0.4, 0.6, 0.0], [0.7, 0.2, 0.1]]
    metrics, names = measure.losses(left(Table(p), ["a", "ba"], ["ab", "ba"]))
    assert metrics["test_loss"] == math.inf
    assert metrics["train_loss"] == pytest.approx((nats("a", p) + nats("ba", p)) / 5, rel=1e-6)
    assert names[0][1] == math.inf


def test_samples_come_from_the_seed_in_eval_mode():
    model = Table(P).train()
    space = left(model, TRAIN, TEST)
    first = measure.sample(space, 20, 3)
    assert first == measure.sample(space, 20, 3) != measure.sample(space, 20, 4)
    assert len(first) == 20 and all(set(name) <= set(ALPHABET) and len(name) <= 4 for name in first)
    assert not any(training for _, training, _ in model.asked)


def test_upstreams_own_evaluation_agrees():
    """Not on the mean over tokens, but batch by batch: with names of one length they are the same."""
    words = ["abab", "bbba", "aaaa"]
    model = Table(P)
    x, y = (torch.stack(each) for each in zip(*(Words(words)[i] for i in range(3)), strict=True))
    theirs = torch.nn.functional.cross_entropy(model(x)[0].view(-1, 3), y.view(-1), ignore_index=-1).item()
    assert measure.losses(left(model, words, words))[0]["test_loss"] == pytest.approx(theirs, rel=1e-6)


# -- the files of a run -----------------------------------------------------------------------------------------------

MEASURED = {"upstream_test_loss": None, "steps": 0, "seconds": 1.5}


def test_infinity_is_valid_json_and_comes_back(tmp_path):
    p = [[0.2, 0.5, 0.3], [0.4, 0.6, 0.0], [0.7, 0.2, 0.1]]
    child.finish(left(Table(p), ["a", "ba"], ["ab", "ba"]), MEASURED, tmp_path)
    text = (tmp_path / "metrics.json").read_text()
    strict = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert strict["test_loss"] == "Infinity"
    assert execute._metrics(tmp_path)["test_loss"] == math.inf
    assert execute._metrics(tmp_path)["upstream_test_loss"] is None


BAD = {
    "not a number": ({"model": Table([[math.nan] * 3] * 3)}, "not a number: train_loss, test_loss"),
    "no model": ({"model": None}, "leaves no model"),
    "metric that is measured here": ({"metrics": {"test_loss": 1.0}}, "'test_loss', which is measured here"),
    "metric of text": ({"metrics": {"gain": "big"}}, r"metrics\['gain'\]: 'big'"),
    "metric that is not a number": ({"metrics": {"gain": math.nan}}, "not a number: gain"),
}


@pytest.mark.parametrize(("more", "what"), BAD.values(), ids=BAD)
def test_no_result(tmp_path, more, what):
    space = left(Table(P), TRAIN, TEST) | more
    if space["model"] is None:
        del space["model"]
    with pytest.raises(SystemExit, match=what):
        child.finish(space, MEASURED, tmp_path)
    assert not (tmp_path / "metrics.json").exists()


def test_what_a_stage_adds(tmp_path):
    added = {"kl": torch.tensor(0.25), "dead": 3, "steps": 40, "works": True}
    child.finish(left(Table(P), TRAIN, TEST, metrics=added), MEASURED, tmp_path)
    metrics = execute._metrics(tmp_path)
    assert (metrics["kl"], metrics["dead"], metrics["steps"], metrics["works"]) == (0.25, 3, 40, 1)


# -- from end to end --------------------------------------------------------------------------------------------------

FAKE = """
import argparse, os, sys
from dataclasses import dataclass
import torch
from torch.utils.tensorboard import SummaryWriter
from test_measure import TEST, TRAIN, P, Table, Words, left

@dataclass
class Config:
    block: "int" = 4

parser = argparse.ArgumentParser()
parser.add_argument('--work-dir', '-o')
parser.add_argument('--num-workers', '-n', type=int, default=4)
parser.add_argument('--seed', type=int)
parser.add_argument('--max-steps', type=int)
parser.add_argument('--top-k', type=int, default=-1)
parser.add_argument('--device', default='cpu')
if __name__ == '__main__':
    args = parser.parse_args()
    print(vars(args), torch.get_num_threads(), repr(sys.stdin.read()), os.getcwd())
    torch.manual_seed(args.seed)
    writer = SummaryWriter(log_dir=args.work_dir)
    train_dataset, test_dataset, model = Words(TRAIN), Words(TEST), Table(P)
    generate = left(model, TRAIN, TEST)["generate"]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(args.max_steps):
        loss = (model(torch.randint(3, (2, 4)))[0] ** 2).mean()
        loss.backward()
        optimizer.step()
        print(f"step {step} | loss {loss.item():.4f} | step time 1.00ms")
        writer.add_scalar("Loss/train", 0.5, step)
        writer.add_scalar("Loss/test", abs(step - 3) + 1.0, step)
    torch.save({}, os.path.join(args.work_dir, 'model.pt'))
    metrics = {"gain": 0.5}
    sys.exit()
"""


def test_a_run(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    project = Project(tmp_path / "ä project")
    stage = Stage(0, "commit", "tree")
    plan = execute.Plan(stage, Run("fake", ("--max-steps", "10")), 5, "0123456789abcdef")

    def export(_, folder):
        folder.mkdir(parents=True)
        (folder / "makemore.py").write_text(FAKE)

    (result,) = execute.execute(project, [plan], export)
    folder = project.out / "00-upstream" / "fake" / "seed-5"
    assert result.folder == folder and not result.reused
    assert {each.name.partition(".tfevents")[0] for each in folder.iterdir()} == {
        "run.json", "metrics.json", "names.json", "samples.txt", "model.pt", "log.txt", "events.out",
    }  # fmt: skip

    echo = (folder / "log.txt").read_text().splitlines()[0]
    assert f"'work_dir': '{folder}'" in echo and "'num_workers': 0" in echo and "'seed': 5" in echo
    assert "} 1 ''" in echo  # one thread, and nothing on stdin

    metrics = result.metrics
    assert (metrics["steps"], metrics["upstream_test_loss"], metrics["gain"]) == (10, 1.0, 0.5)
    assert 0 < metrics["seconds"] < 60
    model = Table(P)
    model.load_state_dict(torch.load(folder / "model.pt"))  # the final one: the script itself saved an empty one
    space = left(model, TRAIN, TEST)
    assert measure.losses(space)[0].items() <= metrics.items()
    assert result.names(child.SAMPLES) == measure.sample(space, child.SAMPLES, 5)
    assert [each[0] for each in json.loads((folder / "names.json").read_text())] == TEST

    about = json.loads((folder / "run.json").read_text())
    assert about["complete"] is True and about["arguments"] == ["-n", "0", "--max-steps", "10"]
    assert about["torch"] == torch.__version__ and about["threads"] == 1 and about["cpu"]
    said = capfd.readouterr()
    assert said.out == ""
    assert "step 10 of 10, loss" in said.err and "done after" in said.err
