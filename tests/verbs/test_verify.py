"""`verify` says no where something is wrong, and names it. A check that cannot fail protects nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lab as laboratory
from deltas.pages import readme
from deltas.series import patches, rules
from webpage import record


def rows(lab) -> dict[str, dict]:
    result = lab.run("verify", "all", "--fast", "--json")
    document = json.loads(result.out)
    assert (result.code == 0) is document["ok"]
    return {row["what"]: row for row in document["checks"]}


def failing(lab) -> list[str]:
    return [f"{what}: {row['faults']}" for what, row in rows(lab).items() if row["ok"] is False]


def test_a_sound_series_passes(lab):
    assert failing(lab) == []


def test_every_part_is_looked_at(tiny):
    words = " ".join(rows(tiny))
    parts = ("numbered", "header", "context", "pinned", "pristine", "every blob", "insertions only", "byte for byte")
    for part in (*parts, "git am", "git apply", "tags in stage/"):
        assert part in words, part


def test_a_file_changed_in_upstream_is_seen(tiny):
    (tiny.root / "upstream" / "makemore" / "names.txt").write_text("mine\n")
    assert any("pristine" in row for row in failing(tiny))


def test_a_committed_pin_elsewhere_is_seen(tiny):
    parent = laboratory.said(tiny.root / "upstream" / "makemore", "rev-parse", "HEAD~1")
    laboratory.git(tiny.root, "update-index", "--cacheinfo", f"160000,{parent},upstream/makemore")
    assert any("pinned" in row for row in failing(tiny))


def test_a_moved_tag_in_stage_is_seen(tiny):
    laboratory.git(tiny.stage, "tag", "-f", "stage/01", "stage/02")
    assert any("stage/01" in row for row in failing(tiny))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Expect: rain", b"Expected: rain", "no trailer"),
        (b"Delta: 1, weather\n", b"", "no trailer Delta"),
        (b"Subject: delta 1: ", b"Subject: ", "the subject"),
        (b"You know the weather.", b"TODO: write.", "TODO"),
    ],
)
def test_a_header_that_does_not_teach_is_seen(tiny, old, new, said):
    file = tiny.files[0]
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    assert any("header" in row and said in row for row in failing(tiny))


def test_a_patch_that_git_would_write_otherwise_is_seen(tiny):
    """Applies, gives the right blobs, and yet quotes more of upstream than it may."""
    before, after = (tiny.tree(f"stage/0{n}") for n in (0, 1))
    wide = laboratory.git(tiny.stage, "diff-tree", "-p", "--full-index", "-U4", before, after)
    file = tiny.files[0]
    file.write_bytes(laboratory.header(1, "frost-days") + wide)
    found = failing(tiny)
    assert any("one line of context" in row and "lines of context together" in row for row in found)
    assert any("byte for byte" in row for row in found)


def test_section_headings_quote_upstream():
    diff = (
        "diff --git a/f b/f\nindex " + "1" * 40 + ".." + "2" * 40 + " 100644\n--- a/f\n+++ b/f\n"
        "@@ -1,2 +1,3 @@ class Almanac:\n a\n+b\n c\n"
    )
    patch = patches.parse("01-x.patch", laboratory.header(1, "x") + diff.encode())
    assert any("section heading" in fault for fault in rules.diff_faults(patch))


@pytest.mark.parametrize(
    ("kinds", "sound"),
    [
        (" + ", True),
        (" ++", True),  # at the end of a file
        ("++ ", True),
        (" +  + ", True),  # two insertions that stand close
        ("  + ", False),
        (" +  ", False),
        (" +   + ", False),
        ("+", False),
    ],
)
def test_context_rule(kinds, sound):
    assert (rules._context_faults("here", list(kinds)) == []) is sound


def test_without_upstream_the_static_part_remains(tiny, monkeypatch):
    shutil.rmtree(tiny.root / "upstream" / "makemore")
    (tiny.root / "upstream" / "makemore").mkdir()
    shutil.rmtree(tiny.root / ".git" / "modules")
    result = tiny.run("verify", "all", "--fast")
    assert result.code == 0
    assert "the header teaches" in result.out
    assert "upstream cannot be had" in result.out
    assert tiny.run("verify", "all").code == 5


def test_unknown_stage_is_bad_input(tiny):
    result = tiny.run("verify", "13", "--fast")
    assert result.code == 2
    assert "03" in result.err


def test_a_broken_patch_gets_a_document_too(tiny):
    tiny.files[0].write_bytes(tiny.files[0].read_bytes().replace(b"\n", b"\r\n"))
    result = tiny.run("verify", "all", "--fast", "--json")
    assert result.code == 3
    document = json.loads(result.out)
    assert not document["ok"] and "carriage returns" in document["checks"][-1]["what"]


def test_only_the_stage_asked_for_is_judged(tiny):
    last = tiny.files[-1]
    last.write_bytes(last.read_bytes().replace(b"A second paragraph", b"TODO"))
    tiny.ok("apply", "last")  # its commit is another one now
    assert tiny.run("verify", "01", "--fast").code == 0
    assert tiny.run("verify", "all", "--fast").code == 1


def test_where_you_stand(tiny):
    """No word means here, as it does for show, train and sample; `all` leaves no check out."""
    tiny.ok("apply", "02")
    for words in ((), ("here",)):
        assert json.loads(tiny.ok("verify", *words, "--fast", "--json").out)["stages"] == [2]
    assert (
        "02-storm-report, where you stand; scripts/verify.sh all checks everything" in tiny.ok("verify", "--fast").err
    )
    everything = json.loads(tiny.ok("verify", "all", "--fast", "--json").out)["stages"]
    assert everything == list(range(1, tiny.last + 1))


def no_stage(lab):
    shutil.rmtree(lab.stage)
    return "is not there yet"


def at_upstream(lab):
    lab.ok("apply", "00")
    return "stands at stage 00"


def at_a_strange_commit(lab):
    tree = laboratory.said(lab.stage, "rev-parse", "HEAD^{tree}")
    strange = laboratory.said(lab.stage, "commit-tree", tree, "-m", "strange")
    laboratory.git(lab.stage, "checkout", "--quiet", strange)
    return "is at no stage"


@pytest.mark.parametrize("go", [no_stage, at_upstream, at_a_strange_commit], ids=lambda go: go.__name__)
def test_who_stands_at_no_patch_has_everything_checked(tiny, go):
    why = go(tiny)
    said = tiny.run("verify", "--fast", "--json")
    assert f"checking everything, for stage/ {why}" in said.err
    assert json.loads(said.out)["stages"] == list(range(1, tiny.last + 1))


# -- what was measured ------------------------------------------------------------------------------------------------

RUN = """
import sys
from pathlib import Path
from deltas.__main__ import main
from deltas.core.project import Project
root, pin, *arguments = sys.argv[1:]
sys.exit(main(arguments, Project(Path(root), pin=pin)))
"""


@pytest.fixture
def engine(tmp_path):
    """A copy of the program, to be changed: run it on a checkout."""
    copy = tmp_path / "engine"
    shutil.copytree(
        laboratory.HERE / "scripts" / "deltas", copy / "deltas", ignore=shutil.ignore_patterns("__pycache__")
    )

    def run(lab, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", RUN, str(lab.root), lab.pin, *arguments]
        return subprocess.run(command, env=os.environ | {"PYTHONPATH": str(copy)}, capture_output=True, text=True)

    run.folder = copy / "deltas"
    return run


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, old
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_what_measures_is_part_of_what_was_measured(tiny, engine):
    """With dropout left on while it measures, every loss is another one, and the stage's own code the same."""
    record(tiny, 1)
    assert engine(tiny, "verify", "1", "--fast").returncode == 0
    measure = engine.folder / "child" / "measure.py"
    change(measure, "import torch\n", "import torch  # only where it is needed\n")
    assert engine(tiny, "verify", "1", "--fast").returncode == 0
    change(measure, "model.eval()", "model.train()")
    said = engine(tiny, "verify", "1", "--fast")
    assert said.returncode == 1
    assert "what measures counted, other is other code than when they were recorded" in said.stdout


def test_the_speedrun_may_be_deleted_without_a_trace(tiny, engine):
    (tiny.root / "baselines" / "speedrun").mkdir(parents=True)
    (tiny.root / "baselines" / "speedrun" / "README.md").write_text("# x\n")
    assert "speedrun" in engine(tiny, "verify", "all", "--fast").stdout
    shutil.rmtree(engine.folder / "speedrun")
    said = engine(tiny, "verify", "all", "--fast")
    assert said.returncode == 0 and "speedrun" not in said.stdout + said.stderr
    said = engine(tiny, "bench", "--help")
    assert said.returncode == 0 and "tries" in said.stdout and "speedrun" not in said.stdout


def test_a_picture_that_somebody_touched_is_named(makemore):
    before = failing(makemore)
    picture = next((makemore.root / "baselines").glob("01-*/*.svg"))
    picture.write_text(picture.read_text() + "<!-- nicer -->")
    [found] = set(failing(makemore)) - set(before)
    assert f"{picture.name} is not the file that was drawn" in found


def test_a_change_of_what_draws_is_named(makemore):
    before = failing(makemore)
    program = next((makemore.root / "baselines").glob("02-*/figures.py"))
    change(program, "figure.legend(", "figure.legend(ncols=2, ")
    [found] = set(failing(makemore)) - set(before)
    assert "drawn by another program" in found and "divergence" in found


HEADLINES = {
    "a headline that is no loss": ('headline = "parameters"\n', "| parameters | 729"),
    "no headline": ("", "| measured |"),
    "a headline that was not recorded": ('headline = "accuracy"\n', "| – |"),
}


@pytest.mark.parametrize(("line", "shown"), HEADLINES.values(), ids=HEADLINES)
def test_a_stage_needs_no_loss(tiny, line, shown):
    """Neither verify nor refresh nor report knows a metric that must be there."""
    folder = record(tiny, 1)
    table = json.loads((folder / "baseline.json").read_text())
    for run in table["runs"].values():
        run["metrics"] = {"parameters": run["metrics"]["parameters"]}
    (folder / "baseline.json").write_text(json.dumps(table))
    described = folder / "experiment.toml"
    described.write_text(described.read_text().replace('headline = "test_loss"\n', line))
    (tiny.root / "README.md").write_text("# x\n<!-- series -->\n<!-- /series -->\n")
    tiny.ok("apply", "01")
    tiny.add_line()
    tiny.ok("refresh", "01")
    page = (tiny.root / "README.md").read_text()
    assert "01-frost-days" in page and all(part in page for part in shown.split(" | ")), page
    tiny.ok("apply", "last")
    assert not [row for row in failing(tiny) if "README" in row]
    tiny.ok("report", "--stale")


def test_a_headline_that_was_not_recorded_is_seen(tiny):
    """A misspelt one would leave the stage without a number, and head the table with a word that nobody measured."""
    described = record(tiny, 1) / "experiment.toml"
    (tiny.root / "README.md").write_text("# x\n<!-- series -->\n<!-- /series -->\n")
    assert rows(tiny)["01-frost-days: the headline was recorded"]["ok"] is True
    described.write_text(described.read_text().replace('headline = "test_loss"', 'headline = "test_los"'))
    row = rows(tiny)["01-frost-days: the headline was recorded"]
    assert row["ok"] is False and "counted has no metric 'test_los'; one of train_loss, test_loss" in row["faults"][0]
    assert "| added lines | measured |" in readme.table(tiny.project, patches.load(tiny.patches))
    described.write_text(described.read_text().replace('headline = "test_los"\n', ""))
    assert "01-frost-days: the headline was recorded" not in rows(tiny)
