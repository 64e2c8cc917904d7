"""What is measured is what the closed form says; and a run from end to end, in a child, with a tiny makemore."""

import itertools
import json
import math
import types
from pathlib import Path

import pytest
import torch

from deltas.child import measure, programs
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

    def encode(self, word):
        return torch.tensor([ALPHABET.index(letter) + 1 for letter in word])

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
    metrics, items = measure.losses(left(Table(P), TRAIN, TEST))
    assert metrics == {
        "train_loss": pytest.approx(sum(map(nats, TRAIN)) / 17, rel=1e-6),
        "test_loss": pytest.approx(sum(map(nats, TEST)) / 12, rel=1e-6),
        "test_loss_unseen": pytest.approx((nats("ba") + nats("bb")) / 6, rel=1e-6),
        "parameters": 9,
    }
    assert items == {
        "unit": "test name",
        "keys": TEST,
        "weights": [3, 3, 3, 3],
        "values": {"test_loss": pytest.approx([nats(word) for word in TEST], rel=1e-6)},
        "subsets": {"test_loss_unseen": {"of": "test_loss", "where": [0, 1, 0, 1]}},
    }
    assert sum(items["values"]["test_loss"]) / sum(items["weights"]) == metrics["test_loss"]  # to the last bit


def test_nothing_to_measure_is_none():
    assert measure.losses(left(Table(P), ["ab"], ["ab"]))[0]["test_loss_unseen"] is None
    assert measure.losses(left(Table(P), ["ab"], []))[0]["test_loss"] is None
    assert measure.mean([]) is None


def test_an_impossible_name_is_infinitely_surprising():
    p = [[0.2, 0.5, 0.3], [0.4, 0.6, 0.0], [0.7, 0.2, 0.1]]
    metrics, items = measure.losses(left(Table(p), ["a", "ba"], ["ab", "ba"]))
    assert metrics["test_loss"] == math.inf
    assert metrics["train_loss"] == pytest.approx((nats("a", p) + nats("ba", p)) / 5, rel=1e-6)
    assert items["values"]["test_loss"][0] == math.inf


def test_samples_come_from_the_seed_in_eval_mode():
    model = Table(P).train()
    space = left(model, TRAIN, TEST)
    first = measure.sample(space, 20, 3)
    assert first == measure.sample(space, 20, 3) != measure.sample(space, 20, 4)
    assert len(first) == 20 and all(set(name) <= set(ALPHABET) and len(name) <= 4 for name in first)
    assert not any(training for _, training, _ in model.asked)
    begun = measure.sample(space, 20, 3, prompt="ab")
    assert all(name.startswith("ab") and len(name) <= 4 for name in begun) and len(set(begun)) > 1


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
    "no model, and metrics that are none": ({"model": None, "metrics": {}}, "leaves no model and no dict `metrics`"),
    "metric that is measured already": ({"metrics": {"test_loss": 1.0}}, "'test_loss', which is measured already"),
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


def test_a_stage_without_a_language_model(tmp_path, capsys):
    """Its own metrics are the result; there are no names, no items and no loss of upstream's."""
    space = {"metrics": {"solved": {"easy": 0.5, "hard": 0.0}, "programs": 12}, "args": None, "library": ["map"]}
    child.finish(space, MEASURED, tmp_path)
    assert execute._metrics(tmp_path) == {
        "steps": 0, "seconds": 1.5, "solved.easy": 0.5, "solved.hard": 0.0, "programs": 12,
    }  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {"metrics.json"}
    assert "leaves no model, train_dataset, test_dataset, generate behind" in capsys.readouterr().out


def test_one_whose_metrics_are_in_its_files(tmp_path):
    own = tmp_path / "own.py"
    own.write_text("def measure(folder): return {'files': len(list(folder.iterdir()))}")
    folder = tmp_path / "run"
    folder.mkdir()
    child.finish({"model": torch.nn.Linear(1, 1)}, MEASURED, folder, own)
    assert execute._metrics(folder) == {"steps": 0, "seconds": 1.5, "files": 1}  # model.pt


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
    plan = execute.Plan(stage, Run(name="fake", args=("--max-steps", "10")), 5, "0123456789abcdef")

    def export(_, folder):
        folder.mkdir(parents=True)
        (folder / "makemore.py").write_text(FAKE)

    (result,) = execute.execute(project, [plan], export)
    folder = project.out / "00-upstream" / "fake" / "seed-5"
    assert result.folder == folder and not result.reused
    assert {each.name.partition(".tfevents")[0] for each in folder.iterdir()} == {
        "run.json", "metrics.json", "items.json", "samples.txt", "model.pt", "log.txt", "events.out",
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
    assert result.names(999) == measure.sample(space, measure.SAMPLES, 5)
    assert json.loads((folder / "items.json").read_text()) == measure.losses(space)[1]

    about = json.loads((folder / "run.json").read_text())
    assert about["complete"] is True and about["arguments"] == ["-n", "0", "--max-steps", "10"]
    assert about["torch"] == torch.__version__ and about["threads"] == 1 and about["cpu"]
    assert about["measured_by"] == programs.measured_by(None, None)
    said = capfd.readouterr()
    assert said.out == ""
    assert "step 10 of 10, loss" in said.err and "done after" in said.err


TOOL = """
import os, sys
import torch
work = sys.argv[sys.argv.index('--work-dir') + 1]
if __name__ == '__main__':
    print("step 9 | loss 0.0 | step time 1.00ms")
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for step in range(120):
        weight.sum().backward()
        optimizer.step()
    open(os.path.join(work, 'answers.txt'), 'w').write("right wrong right right")
    metrics = {"solved": {"easy": torch.tensor(0.5), "hard": 0}, "programs": 12}
"""
OWN = """
def measure(folder):
    return {"answers": 4}
def items(folder):
    answers = (folder / "answers.txt").read_text().split()
    return {"unit": "task", "keys": ["a", "b", "c", "d"], "weights": [1, 1, 1, 1],
            "values": {"right": [float(answer == "right") for answer in answers]},
            "subsets": {"right_late": {"of": "right", "where": [0, 0, 1, 1]}}}
"""


def test_a_run_of_a_stage_that_is_no_language_model(tmp_path):
    """From end to end: its makemore.py leaves nothing but `metrics`, a table among them; items are the stage's own."""
    project = Project(tmp_path)
    plan = execute.Plan(Stage(0, "commit", "tree"), Run(name="tool", args=()), 5, "0123456789abcdef")
    own = project.baselines / "00-upstream" / "metrics.py"
    own.parent.mkdir(parents=True)
    own.write_text(OWN)

    def export(_, folder):
        folder.mkdir(parents=True)
        (folder / "makemore.py").write_text(TOOL)

    (result,) = execute.execute(project, [plan], export)
    seconds = result.metrics.pop("seconds")
    assert 0 < seconds < 60
    assert result.metrics == {
        "steps": 120, "solved.easy": 0.5, "solved.hard": 0, "programs": 12,
        "answers": 4, "right": 0.75, "right_late": 1.0,
    }  # fmt: skip
    assert result.names(10) == []
    items = json.loads((result.folder / "items.json").read_text())
    assert (items["unit"], items["values"]) == ("task", {"right": [1.0, 0.0, 1.0, 1.0]})
    steps, weights = torch.load(result.folder / "trace.pt")
    assert steps == (50, 100) and [weight[0].item() for weight in weights] == pytest.approx([-126.5, -504.0])
    (reused,) = execute.execute(project, [plan], export)
    assert reused.reused
    own.write_text(OWN.replace('"answers": 4', '"answers": 5'))
    assert execute.execute(project, [plan], export)[0].metrics["answers"] == 5
