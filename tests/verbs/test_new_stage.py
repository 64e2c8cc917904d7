"""A stage of another kind is a patch and a folder: it goes through every verb, and nothing else is touched.

It has no language model and no loss. It leaves a table of its own, samples tasks instead of test names, draws a figure
and makes claims.
"""

import json
import shutil

import pytest

import recorded
from deltas.core import machine
from deltas.runs import execute, invariance
from lab import said

SLUG = "weather-tasks"
NAME = f"05-{SLUG}"
CODE = """
    # tasks of two levels: which of them does the almanac solve?
    levels = ['easy'] * 40 + ['hard'] * 20
    solved = [int(rng.random() < args.skill / (1 + (level == 'hard'))) for level in levels]
    share = lambda level: sum(s for s, l in zip(solved, levels) if l == level) / levels.count(level)
    metrics = {'solved': sum(solved) / len(solved), 'solved_by': {level: share(level) for level in ('easy', 'hard')}}
    with open(f'{args.work_dir}/tasks.txt', 'w') as f:
        f.writelines(f'{level} {s}\\n' for level, s in zip(levels, solved))
"""
EXPERIMENT = """
title = "Tasks of two levels"
seeds = [1, 2, 3, 4, 5]
headline = "solved"
args = ["--length", "3"]

[[run]]
name = "skilled"
args = ["--skill", "0.95"]

[[run]]
name = "un-skilled"
args = ["--skill", "0.35"]

[metric.solved]
says = "tasks solved"
unit = "%"
digits = 1
over = "task"

[metric.solved_by]
says = "tasks solved of a level"
unit = "%"
digits = 1
table = "level"

[[claim]]
says = "skill solves tasks"
check = "skilled.solved > un_skilled.solved"

[[claim]]
says = "more than half of the easy ones"
check = "skilled.solved_by.easy > 0.5"
show = "skilled.solved_by.easy"
unit = "%"
"""
METRICS = '''
def _tasks(folder):
    return [line.split() for line in (folder / "tasks.txt").read_text().splitlines()]

def measure(folder):
    """One more number, read off the run's files."""
    return {"tasks": len(_tasks(folder))}

def items(folder):
    tasks = _tasks(folder)
    return {
        "unit": "task",
        "keys": [f"{level} {n}" for n, (level, _) in enumerate(tasks)],
        "weights": [1] * len(tasks),
        "values": {"solved": [int(solved) for _, solved in tasks]},
        "subsets": {
            f"solved_by.{level}": {"of": "solved", "where": [int(level == other) for other, _ in tasks]}
            for level in ("easy", "hard")
        },
    }
'''
FIGURES = """
from statistics import fmean as mean

from deltas.figures.style import Figure

def figures(runs):
    shares = {run: runs.cells(run, "solved_by") for run in ("skilled", "un-skilled")}

    def draw(canvas, palette):
        axes = canvas.add_subplot()
        for at, (run, cells) in enumerate(shares.items()):
            axes.plot(list(cells), [mean(each) for each in cells.values()], color=palette.lines[at], label=run)
        axes.legend()

    rows = tuple((run, level, mean(each)) for run, cells in shares.items() for level, each in cells.items())
    columns = ("run", "level", "share")
    return [Figure("levels", "Tasks by level", "Harder ones are harder.", "Two lines.", columns, rows, draw)]
"""


@pytest.fixture
def town(tiny, monkeypatch):
    """The tiny series, committed, with a README and the shared declarations; the next patch is still to come."""
    monkeypatch.setattr(execute, "CHILD", "plainchild")
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    monkeypatch.setattr(invariance, "TYPES", ())  # the tiny upstream has none of makemore's types
    monkeypatch.setattr(invariance, "check", lambda *_, **__: [])
    monkeypatch.setenv("PYTHONPATH", str(recorded.HERE / "tests"))
    (tiny.root / "baselines").mkdir()
    shutil.copy(recorded.HERE / "baselines" / "metrics.toml", tiny.root / "baselines")
    (tiny.root / "README.md").write_text("# x\n<!-- series -->\n<!-- /series -->\n")
    tiny.ok("apply", "last")
    said(tiny.root, "add", "-A")
    said(tiny.root, "commit", "-qm", "before")
    return tiny


def add_the_stage(town) -> None:
    """What somebody does who has an idea: a patch, and a folder."""
    seed = "    parser.add_argument('--seed', type=int, default=1, help=\"seed\")\n"
    more = "    parser.add_argument('--skill', type=float, default=0.5, help=\"of solving tasks\")\n"
    ours = "    parser.add_argument('--work-dir', '-o')\n    parser.add_argument('-n', type=int)\n"
    town.edit(seed, seed + more + ours)
    town.code.write_text(town.code.read_text() + CODE)
    town.append_patch(SLUG)
    town.ok("refresh", "05")  # README's table has the title that the header was given
    folder = town.root / "baselines" / NAME
    folder.mkdir()
    for name, text in (("experiment.toml", EXPERIMENT), ("metrics.py", METRICS), ("figures.py", FIGURES)):
        (folder / name).write_text(text)


def test_a_stage_of_another_kind_goes_through_every_verb(town, tmp_path):
    add_the_stage(town)
    assert "not measured" in town.ok("verify", "05", "--fast").out

    first = town.ok("train", "05")
    for part in ("05-weather-tasks · seed 1: ", "  solved_by.easy  solved_by.hard", "no baseline yet", "figures:\n"):
        assert part in first.out, part
    assert "names from" not in first.out  # nothing generates any

    written = town.ok("record", "05")
    assert "wrote" in written.out and "solved_by by level: easy" in written.out
    table = json.loads((town.root / "baselines" / NAME / "baseline.json").read_text())
    [items] = table["items"].values()
    assert items["unit"] == "task" and set(items["subsets"]) == {"solved_by.easy", "solved_by.hard"}
    for run in table["runs"].values():
        assert len(run["by_item"]["values"]["solved"]) == 60 and "generated" not in run
        assert set(run["metrics"]) == {"solved", "solved_by.easy", "solved_by.hard", "tasks", "steps", "seconds"}

    fast = town.ok("verify", "05", "--fast")
    assert "✓ skill solves tasks: difference" in fast.out and "✓ more than half of the easy ones:" in fast.out
    assert "✓ 05-weather-tasks: the figures are as they were drawn" in fast.out
    whole = town.ok("verify", "05")
    assert "05-weather-tasks skilled, seed 1: repeats the recorded run (solved " in whole.out
    rows = [row["run"] for row in json.loads(town.ok("verify", "05", "--json").out)["checks"] if "run" in row]
    assert {(row["run"], row["way"], row["ok"]) for row in rows} >= {("skilled", "repeated", True)}
    assert all(number["value"] == number["recorded"] for row in rows for number in row["metrics"] if number["ok"])
    again = town.ok("train", "05", "--details")
    assert "✗" not in again.out and "✓ solved_by by level" in again.out and "✓ skill solves tasks" in again.out

    readme = (town.root / "README.md").read_text()
    assert "| tasks solved (%) |" in readme and "(`skilled`, n = 5)" in readme

    town.ok("report")
    page = json.loads((town.root / "out/results.json").read_text())["stages"][-1]
    says = page["metrics"][page["headline"]]["says"]
    assert says == "tasks solved" and [figure["name"] for figure in page["figures"]] == ["levels"]
    assert page["metrics"]["solved_by"]["table"] == "level" and "solved_by.easy" in page["runs"][0]["metrics"]
    assert all(claim["ok"] for claim in page["claims"])
    site = tmp_path / "site"
    town.ok("publish", "05", "--to", str(site))
    published = (site / "content/deltas" / NAME / "index.md").read_text()
    assert "{{< runs" in published and "{{< figure" in published and "{{< claims" in published

    touched = [line.split()[-1] for line in said(town.root, "status", "--porcelain", "-uall").splitlines()]
    allowed = (f"patches/{NAME}.patch", f"baselines/{NAME}/", "README.md")  # README's table is filled in by program
    assert touched and all(path.startswith(allowed) for path in touched), touched


def test_its_claims_are_about_tasks_like_these(town):
    """Sixty tasks are a sample: what they leave open is not shown, whatever the seeds say."""
    add_the_stage(town)
    file = town.root / "baselines" / NAME / "experiment.toml"
    file.write_text(EXPERIMENT.replace('"0.35"', '"0.9"'))
    town.ok("record", "05")
    result = town.run("verify", "05", "--fast")
    assert result.code == 1 and "✗ not shown: skill solves tasks" in result.out and "from the tasks" in result.out


def test_items_that_do_not_add_up_are_refused(town):
    add_the_stage(town)
    file = town.root / "baselines" / NAME / "metrics.py"
    file.write_text(METRICS.replace("[int(solved) for _, solved in tasks]", "[1 for _ in tasks]"))
    result = town.run("record", "05")
    assert result.code == 1 and "the values of solved make it 1.0" in result.err
    assert not (file.parent / "baseline.json").exists()
