"""`sample`: names begin with the prompt, a seed draws them again, and what cannot be drawn is said, exit 2."""

from types import SimpleNamespace

import pytest
import torch

from deltas.child import sampling
from deltas.child.programs import compare_names
from deltas.core.errors import BadInput, CheckFailed
from deltas.runs.execute import Plan
from deltas.runs.experiment import Run
from deltas.stages.build import Stage
from deltas.verbs import sample

pytestmark = pytest.mark.slow


class Data:
    chars = "abc"

    def get_output_length(self):
        return 6  # the longest name has five letters

    def encode(self, word):
        return torch.tensor([self.chars.index(letter) + 1 for letter in word], dtype=torch.long)

    def decode(self, row):
        return "".join(self.chars[i - 1] for i in row)


def generate(model, idx, steps, do_sample=False, top_k=None):
    assert do_sample and not model.training
    more = torch.randint(0, 4, (idx.size(0), steps))
    return torch.cat([idx, more], dim=1)


@pytest.fixture
def left():
    args = SimpleNamespace(device="cpu")
    return {"model": torch.nn.Linear(1, 1), "train_dataset": Data(), "generate": generate, "args": args}


def test_names_begin_with_the_prompt_and_are_no_longer_than_names_are(left):
    names = sampling.names(left, 50, "ab", 1)
    assert len(names) == 50
    assert all(name.startswith("ab") and len(name) <= 5 for name in names)


def test_a_seed_draws_the_same_names_again(left):
    assert sampling.names(left, 20, "", 7) == sampling.names(left, 20, "", 7) != sampling.names(left, 20, "", 8)


@pytest.mark.parametrize(
    ("prompt", "said"), [("aX", "X"), ("é", "é"), ("a b", "no name of the data has"), ("aaaaa", "5 letters")]
)
def test_prompts_that_no_name_has(left, prompt, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        sampling.names(left, 1, prompt, 1)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("prompt", "near"), [("AB", "ab"), ("aB", "ab"), ("AX", None), ("é", None)])
def test_a_prompt_in_capitals_suggests_the_small_letters(left, prompt, near, capsys):
    with pytest.raises(SystemExit):
        sampling.names(left, 1, prompt, 1)
    said = capsys.readouterr().err
    assert (f"did you mean {near}?" in said) if near else ("did you mean" not in said)


# -- in a child -------------------------------------------------------------------------------------------------------

MAKEMORE = """
import argparse, os, sys
import torch
class Data:
    chars = "abc"
    def get_output_length(self): return 6
    def encode(self, word): return torch.tensor([self.chars.index(c) + 1 for c in word], dtype=torch.long)
    def decode(self, row): return "".join(self.chars[i - 1] for i in row)
def generate(model, idx, steps, do_sample=False, top_k=None):
    assert top_k == 2
    return torch.cat([idx, torch.randint(0, 4, (idx.size(0), steps))], dim=1)
if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    for name in ('--work-dir', '--type', '--num-workers', '-n'):
        parser.add_argument(name)
    parser.add_argument('--sample-only', action='store_true')
    args = parser.parse_args()
    args.device, args.top_k = 'cpu', 2
    print("this is not the answer")
    if args.type == 'broken':
        raise KeyError('broken')
    model, train_dataset = torch.nn.Linear(1, 1), Data()
    model.load_state_dict(torch.load(os.path.join(args.work_dir, 'model.pt')))
    if args.sample_only:
        sys.exit()
"""


@pytest.fixture
def drawn(tmp_path):
    """drawn(prompt, seed) -> names, drawn by a child from a model of the script above."""
    tree, model = tmp_path / "tree", tmp_path / "model"
    tree.mkdir()
    model.mkdir()
    (tree / "makemore.py").write_text(MAKEMORE)
    torch.save(torch.nn.Linear(1, 1).state_dict(), model / "model.pt")

    def run(prompt="", seed=1, kind="good"):
        plan = Plan(Stage(0, "a", "b"), Run(name="learned", args=("--type", kind)), 5, "c")
        return sample._drawn(plan, tree, model, {"num": 20, "prompt": prompt, "seed": seed})

    run.model = model / "model.pt"
    return run


def test_names_are_drawn_in_a_child(drawn):
    names = drawn("ab")
    assert len(names) == 20 and all(name.startswith("ab") and len(name) <= 5 for name in names)
    assert drawn("ab") == names != drawn("ab", seed=2)


def test_what_a_child_cannot_draw(drawn):
    with pytest.raises(BadInput, match="no name of the data has X"):
        drawn("aX")
    with pytest.raises(CheckFailed, match="00-upstream learned, seed 5 cannot be sampled: KeyError: 'broken'"):
        drawn(kind="broken")
    torch.save(torch.nn.Linear(2, 1).state_dict(), drawn.model)
    with pytest.raises(BadInput, match="the model of 00-upstream learned, seed 5 does not fit: Error") as unfit:
        drawn()
    assert unfit.value.ways == ("scripts/train.sh 00 --run learned --fresh",)
    drawn.model.write_bytes(b"")
    with pytest.raises(BadInput, match="does not fit"):
        drawn()


def test_a_run_that_was_not_trained_is_bad_input(makemore):
    result = makemore.run("sample", "01")
    assert result.code == 2
    assert "scripts/train.sh 01" in result.err


@pytest.mark.parametrize("arguments", [["00"], ["13"], ["01", "--run", "none"], ["01", "--num", "0"]])
def test_bad_usage(makemore, arguments):
    assert makemore.run("sample", *arguments).code == 2


@pytest.mark.parametrize(
    ("names", "others", "share"),
    [
        (["ab"], ["ab"], 1),
        (["ab"], ["b"], 0),
        (["ab"], ["a"], 1 / 3),
        ([""], [""], 1),
        (["ab", "c"], ["ab", "d"], 4 / 5),
    ],
)
def test_share_of_same_characters(names, others, share):
    assert compare_names(names, others) == {"same_characters": pytest.approx(share)}
