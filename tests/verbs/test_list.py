"""The list of the series: where you stand, what was measured, what is trained, and how to go on from here."""

import json
import re
import subprocess

import pytest

from deltas.core import machine
from deltas.runs.subject import look_up
from deltas.stages.build import workshop
from webpage import record

LINE = 'type=int, default=7, help="how many days")\n'
CONFLICTING = (LINE, f"{LINE}    # mine\n")  # at stage 02, where patch 03 inserts
WAYS_ON = {
    "nothing of yours": (lambda lab: None, 1),
    "edits": (lambda lab: lab.add_line(), 1),
    "commits": (lambda lab: (lab.add_line(), lab.commit()), 1),
    "a file in the way": (lambda lab: lab.git("rm", "-q", "--cached", "names.txt"), 1),
    "conflicts": (lambda lab: (lab.edit(*CONFLICTING), lab.run("apply", "03", "--carry")), 2),
}


@pytest.mark.parametrize(("do", "times"), WAYS_ON.values(), ids=WAYS_ON)
def test_the_list_says_how_to_go_on_and_that_is_not_refused(tiny, do, times):
    """What it says is typed, as often as it takes to get to another stage."""
    tiny.ok("apply", "02")
    do(tiny)
    before = tiny.position()["stage"]
    for _ in range(times):
        out = tiny.ok("apply").out
        assert f"({before} of 4)" in out
        command = out.splitlines()[-1].strip().partition("#")[0].split()
        if command[0] == "scripts/apply.sh":
            tiny.ok("apply", *command[1:])
        else:
            subprocess.run(command, cwd=tiny.root, check=True)
    assert tiny.position()["stage"] == before + 1


def test_the_list_ends_where_the_series_does(tiny):
    tiny.ok("apply", "last")
    assert tiny.ok("apply").out.endswith("stage/ stands at stage 04 (4 of 4)\n")


def test_the_step_behind_a_carried_edit_carries_it_too(tiny):
    tiny.ok("apply", "01")
    assert "scripts/apply.sh next  loud-report" in tiny.ok("apply", "02").out
    tiny.add_line()
    assert "scripts/apply.sh next --carry  quiet-report" in tiny.ok("apply", "03", "--carry").out


def test_list_shows_what_was_measured_and_what_is_trained(tiny, monkeypatch):
    monkeypatch.setattr(machine, "torch_version", lambda: "2.0")
    record(tiny, 1)
    record(tiny, 3, values=(1.5, 1.5))
    plain = tiny.ok("apply").out
    assert "frost-days    2.4700  Δ1" in plain and "loud-report   1.5100  Δ3" in plain
    assert "storm-report          Δ2" in plain and "trained" not in plain
    assert "the numbers: loss on the test names (nats per character), as recorded" in plain
    with workshop(tiny.project) as shop:
        first = look_up(tiny.project, shop, shop.stages[1])
        plans = first.plans(first.experiment.runs, [1])
    for done, words in ((1, "1 of 2 trained"), (2, "trained")):
        put_run(tiny, plans[done - 1])
        assert f"frost-days    2.4700  {words}  Δ1" in tiny.ok("apply").out
    assert [row["trained"] for row in json.loads(tiny.ok("apply", "--json").out)["series"]] == [2, 0, 0, 0]
    (tiny.root / "baselines/01-frost-days/baseline.json").write_text("{")
    assert "2.4700" not in tiny.ok("apply").out, "the list does not fail"
    file = tiny.root / "baselines/03-loud-report/experiment.toml"
    file.write_text("title = 3")
    assert "loud-report" in tiny.ok("apply").out


def put_run(lab, plan) -> None:
    """A complete run that nobody trained."""
    folder = plan.folder(lab.project)
    folder.mkdir(parents=True)
    about = {
        "complete": True, "code_id": plan.code_id, "measured_by": plan.measured_by(lab.project),
        "arguments": plan.arguments, "seed": plan.seed, "torch": "2.0", "cpu": machine.cpu(),
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "metrics.json").write_text("{}")


def test_list_keeps_to_the_terminal(tiny):
    record(tiny, 1)
    shown = tiny.at_a_terminal("apply", columns=40).out
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in shown.splitlines()[:4]) <= 40
    assert "…" in shown
