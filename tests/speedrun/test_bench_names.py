"""`bench` from the door: it measures, keeps what it measured before anything is made of it, and records it if asked."""

import json
from pathlib import Path

import pytest

from deltas.__main__ import main
from deltas.checks import pages
from deltas.core.project import here
from deltas.speedrun import drawing, keep, record, training

pytestmark = [pytest.mark.usefixtures("shop"), pytest.mark.filterwarnings("ignore:constrained_layout not applied")]


def load(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def bench(project, capsys):
    """bench(words) -> (exit code, stdout, stderr)."""

    def run(*words):
        code = main(["bench", *words], project)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def folder(project) -> Path:
    return project.baselines / "speedrun"


def test_a_race_is_shown_and_recorded_only_when_asked(bench, project, folder):
    code, out, err = bench("names")
    assert code == 0
    assert "upstream  quick-one  its defaults" in out and "2.1010" not in out and "2.1015 ± 0.0007" in out
    assert "ours: over seeds, on this split, the mean test loss is not shown to be below 1.90" in out
    assert "scripts/bench.sh names --last --record" in err
    assert not (folder / "record.json").exists()

    training.RACER = "nobody"  # nothing is measured again
    code, out, err = bench("names", "--last", "--record")
    assert code == 0 and "shows what record.json says" in out
    found = load(folder / "record.json")
    assert [(row["name"], row["stage"], row["seeds"]) for row in found["contestants"]] == [
        ("upstream", "quick-one", [7, 8]), ("alone", "quick-one", [9]), ("ours", "quick-one", [1, 2]),
        ("short", "quick-one", [3, 4, 5]),
    ]  # fmt: skip
    ours = found["contestants"][2]
    assert [row["goal"] for row in found["contestants"]] == [None, None, 1.9, None] and found["tests"].keys() == {
        "ours"
    }
    assert found["contestants"][1]["threads"] == 1 and found["reference"] == "upstream"
    assert ours["test_loss"] == pytest.approx([2.101, 2.102]) and ours["step_ms"] == pytest.approx([3.5 / 40 * 1e3] * 2)
    assert ours["token_us"] == pytest.approx([3.5 / 40 / 100 * 1e6] * 2) and ours["arguments"] == ["--baseline"]
    assert (found["torch"], found["command"]) == ("2.0", "scripts/bench.sh names")
    page = (folder / "README.md").read_text()
    assert "2.1015 ± 0.0007" in page and keep.drifted(project) == []
    assert {path.name for path in folder.glob("*.svg")} == {"race.svg", "race.dark.svg"}

    (folder / "README.md").write_text(page.replace("2.1015", "1.1015"))
    assert "the section race is not what record.json says" in keep.drifted(project)[0]
    code, out, _ = bench("names", "--kept")
    assert code == 0 and "2.1015 ± 0.0007" in out and (folder / "README.md").read_text() == page


def test_an_error_while_the_record_is_made_loses_no_run(bench, folder, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(record, "below", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bench("names", "--record")
    assert not (folder / "record.json").exists()
    monkeypatch.setattr(training, "RACER", "nobody")
    assert bench("names", "--last", "--record")[0] == 0
    assert len(load(folder / "record.json")["contestants"][3]["curves"]) == 3


def test_an_error_while_the_page_is_made_writes_nothing_and_loses_no_run(bench, folder, monkeypatch):
    page = (folder / "README.md").read_text()
    (folder / "README.md").write_text("no marks here\n")
    code, _, err = bench("names", "--record")
    assert code == 2 and "lacks <!-- race -->" in err
    assert {path.name for path in folder.iterdir()} == {"README.md", "race.toml"}
    (folder / "README.md").write_text(page)
    monkeypatch.setattr(training, "RACER", "nobody")
    assert bench("names", "--last", "--record")[0] == 0
    assert "2.1015 ± 0.0007" in (folder / "README.md").read_text()


def test_a_race_that_breaks_off_keeps_what_was_over(bench, folder, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "break")
    monkeypatch.setenv("FAKE_SEED", "4")
    code, out, err = bench("names", "--record")
    assert code == 1 and "short, seed 4: failed with exit code 1" in err and out == ""
    code, out, _ = bench("names", "--last")
    assert code == 0 and "2.1015 ± 0.0007" in out  # both of ours were over
    code, _, err = bench("names", "--last", "--record")
    assert code == 2 and "short, seed 4, short, seed 5" in err and not (folder / "record.json").exists()


def test_a_quick_look_leaves_the_last_race_alone(bench, project):
    assert bench("names")[0] == 0
    before = (project.out / "speedrun" / "names.json").read_bytes()
    code, out, err = bench("names", "--only", "short")
    assert code == 0 and "a record has all contestants" in err
    assert "short" in out and "ours" not in out and "upstream" not in out
    assert (project.out / "speedrun" / "names.json").read_bytes() == before


def test_a_figure_that_is_not_what_the_record_draws_is_named(bench, project, folder, monkeypatch):
    assert keep.undrawn(project) == []  # nothing is recorded
    assert bench("names", "--record")[0] == 0
    assert keep.undrawn(project) == []
    picture, kept = folder / "race.svg", (folder / "race.svg").read_text()
    picture.write_text("<svg/>")
    assert keep.undrawn(project) == ["race.svg is not the file that was drawn"]
    picture.write_text(kept)
    text = (folder / "record.json").read_text()
    (folder / "record.json").write_text(text.replace('"ours"', '"theirs"'))
    assert keep.undrawn(project) == ["race.svg was drawn from other numbers than those in record.json"]
    (folder / "record.json").write_text(text)
    with monkeypatch.context() as other:
        other.setattr(drawing, "PROGRAM", (*drawing.PROGRAM, keep.__file__))
        assert "by another program" in keep.undrawn(project)[0]
    (folder / "race.drawn.json").unlink()
    assert "nobody knows" in keep.undrawn(project)[0]
    monkeypatch.setattr(training, "RACER", "nobody")
    assert bench("names", "--kept")[0] == 0 and keep.undrawn(project) == []


def test_a_race_on_other_code_is_looked_at_again_and_not_called_wrong(bench, project, folder, shop, monkeypatch):
    assert [check.ok for check in pages.speedrun(project)] == [True, True]
    assert bench("names", "--record")[0] == 0
    assert [check.ok for check in pages.speedrun(project)] == [True, True]
    monkeypatch.setattr(type(shop), "files", lambda self, stage: {"makemore.py": f"now = {stage.number}\n".encode()})
    *_, last = pages.speedrun(project)
    assert last.ok is None and "other code" in last.what and last.ways == ("scripts/bench.sh names --record",)
    assert [fault.partition(":")[0] for fault in last.faults] == ["upstream", "alone", "ours", "short"]


REFUSED = {
    ("names",): "",
    ("names", "--kept"): "names: nothing is recorded yet",
    ("profile", "--last"): "profile: nothing was measured yet",
    ("names", "--only", "theirs"): "no contestant 'theirs'",
    ("profile", "--only", "ours"): "--only is of names",
    ("names", "01"): "names is of no stage",
    ("names", "--only", "ours", "--record"): "a record has all of them",
    ("names", "--kept", "--record"): "--kept shows what is recorded already",
    ("stages",): "'stages' is not one of",
    (): "Missing argument",
}


@pytest.mark.parametrize(("words", "said"), list(REFUSED.items())[1:], ids=lambda value: " ".join(value))
def test_bad_usage(bench, project, words, said):
    code, out, err = bench(*words)
    assert code == 2 and said in err and out == ""
    assert not project.out.exists()


def test_the_page_of_this_repository_shows_what_is_recorded():
    assert keep.drifted(here()) == []


# -- the profile ------------------------------------------------------------------------------------------------------

MAKEMORE = """
import argparse
import torch
from torch import nn

class ShortDataLoader:
    def next(self):
        return torch.tensor([[0, 1, 2], [0, 1, 1]]), torch.tensor([[1, 2, 0], [1, 1, 0]])

class Muon(torch.optim.Optimizer):
    def __init__(self, hidden):
        super().__init__(hidden, {})

    def step(self):
        for weight in self.param_groups[0]["params"]:
            weight.data -= 0.01 * weight.grad

class TaughtTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.mlp, self.lm_head = nn.Embedding(3, 4), nn.Linear(4, 4, bias=False), nn.Linear(4, 3, bias=False)

    def forward(self, idx, targets=None):
        logits = self.lm_head(self.mlp(self.wte(idx)))
        loss = None if targets is None else nn.functional.cross_entropy(logits.view(-1, 3), targets.view(-1))
        return logits, loss

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    for name in ('--seed', '--split-seed', '--max-steps', '--n-embd'):
        parser.add_argument(name, type=int, default=4)
    parser.add_argument('--baseline', action='store_true')
    parser.add_argument('--work-dir')
    args = parser.parse_args()
    assert args.baseline and args.seed == 1 and args.split_seed == 3407
    vocab_size, model, loader = 3, TaughtTransformer(), ShortDataLoader()
    batch_loader = loader
    muon = Muon([model.mlp.weight])
    adamw = torch.optim.AdamW([p for p in model.parameters() if p is not model.mlp.weight])
    for step in range(args.max_steps):
        X, Y = batch_loader.next()
        logits, loss = model(X, Y)
        model.zero_grad()
        loss.backward()
        for optimizer in (adamw, muon):
            optimizer.step()
    model.eval()
    model(X)  # is no step's
"""


@pytest.mark.slow
def test_profile(bench, folder, shop, monkeypatch):
    """Of a training of three symbols: its parts, its operators, and its matrix products counted by hand."""
    shop.source = MAKEMORE
    monkeypatch.setattr(keep, "PROFILED", 60)
    code, out, err = bench("profile", "--record")
    assert code == 0, err
    found = load(folder / "profile.json")
    assert found["parts"].keys() == {"batch", "forward", "backward", "AdamW", "Muon"}
    assert all(took > 0 for took in found["parts"].values())
    assert found["beginnings"] == 3  # 0, 1 and 2 occur in every batch
    assert found["flops"] == 3 * 2 * 3 * (4 * 4 + 4 * 3) + 5 * (4 * 4**3 + 2 * 4**3)
    assert found["floor"] == pytest.approx(found["flops"] / found["rate"] * 1e3)
    assert 0 < len(found["operators"]) <= 12 and found["steps"] == 60
    assert "A batch has 3 beginnings" in out and "A batch has 3 beginnings" in (folder / "README.md").read_text()


def test_a_profile_that_breaks_off(bench, shop):
    shop.source = "import sys\nif __name__ == '__main__':\n    sys.exit('no such flag')\n"
    code, _, err = bench("profile")
    assert code == 1 and "the profiled training broke off: " in err


def test_documents_are_json(bench, project):
    bench("names", "--only", "short")
    assert json.loads((project.out / "speedrun" / "names-only.json").read_text())["runs"][0]["seed"] == 3
