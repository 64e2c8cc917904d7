"""A try is trained without the held-out names, judged on them, and no test name has a part in it."""

import json
import math

import pytest

from deltas.child import tried

pytestmark = pytest.mark.usefixtures("as_main")

# A model that is the mean length of the words that it saw: what it is trained and judged on shows in its losses.
MAKEMORE = """
import argparse
import torch

class CharDataset:
    def __init__(self, words, chars, max_word_length):
        self.words, self.chars, self.max_word_length = words, chars, max_word_length

    def __len__(self):
        return len(self.words)

    def __getitem__(self, i):
        return torch.tensor([0, 1]), torch.tensor([len(self.words[i]), -1])

def create_datasets(file):
    return tuple(CharDataset(words.split(), "abct", 4) for words in ("a a aa bbb bbbb", "t"))

def print_samples():
    raise RuntimeError("probabilities are NaN")

class Lengths(torch.nn.Module):
    def __init__(self, words, rate):
        super().__init__()
        self.p = torch.nn.Parameter(torch.ones(5) * rate)
        with torch.no_grad():
            for word in words:
                self.p[len(word)] += 1

    def forward(self, x):
        return self.p.log().expand(*x.shape, 5), None

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--rate', type=float)
    args = parser.parse_args()
    args.device = 'cpu'
    train_dataset, test_dataset = create_datasets('words.txt')
    print_samples()
    model = Lengths(train_dataset.words, args.rate)
    def generate(*_):
        raise RuntimeError("nothing is drawn")
"""


def result(tmp_path, count: int, rate: float) -> dict:
    script, out = tmp_path / "makemore.py", tmp_path / "out"
    script.write_text(MAKEMORE)
    out.mkdir()
    tried.main([str(script), str(out), str(count), "--", "--rate", str(rate)])
    return json.loads((out / "result.json").read_text())


def test_the_last_training_names_judge_and_are_not_trained_on(tmp_path):
    """Lengths 1, 1, 2 are counted (3 words, and 1 more for each of 5 lengths); 3 and 4 judge."""
    found = result(tmp_path, 2, 1.0)
    assert found["held_out"] == pytest.approx(-math.log(1 / 8))
    assert found["train"] == pytest.approx(-(2 * math.log(3 / 8) + math.log(2 / 8)) / 3)
    assert found["parameters"] == 5 and found["seconds"] > 0


def test_a_model_that_diverged_is_a_result(tmp_path):
    assert result(tmp_path, 2, -1.0)["held_out"] == "NaN"


@pytest.mark.parametrize("count", [0, 5])
def test_somebody_has_to_judge_and_somebody_to_be_trained_on(tmp_path, count):
    with pytest.raises(SystemExit, match=f"{count} of 5 training names cannot be held out"):
        result(tmp_path, count, 1.0)


def test_it_is_called_as_its_usage_says():
    with pytest.raises(SystemExit, match=r"usage: python -m deltas\.child\.tried"):
        tried.main(["makemore.py", "out", "two", "--"])
