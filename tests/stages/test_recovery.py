"""What an interrupted command left is finished only in the stage/ that it was at work in."""

import json
import os
import shutil
import signal

import pytest

from lab import git


def interrupted(lab) -> None:
    """A journal as `apply` leaves it when it is killed right after its commit point."""
    lab.ok("apply", "01")
    folder = lab.project.journal
    folder.mkdir()
    (folder / "begun").touch()
    (folder / "0.new").write_text("never to be written elsewhere\n")
    log = {
        "what": "apply 03", "phase": "commit", "index": False,
        "files": [{"target": "stage/makemore.py", "staged": "0.new", "old": None, "new": "0" * 64}],
        "refs": [["HEAD", lab.tags()["refs/tags/stage/03"], lab.tags()["refs/tags/stage/01"]]],
    }  # fmt: skip
    (folder / "journal.json").write_text(json.dumps(log))


@pytest.mark.parametrize("verb", [["apply", "02"], ["apply"], ["refresh", "01"]])
def test_another_repository_in_stage_is_not_written_to(tiny, verb):
    interrupted(tiny)
    tiny.stage.rename(tiny.root / "stage.mine")
    tiny.stage.mkdir()
    git(tiny.stage, "init", "-q")
    result = tiny.run(*verb)
    assert result.code == 4
    assert "put stage/ back" in result.err
    assert sorted(path.name for path in tiny.stage.iterdir()) == [".git"]
    shutil.rmtree(tiny.stage)
    (tiny.root / "stage.mine").rename(tiny.stage)
    tiny.ok("apply")
    assert not tiny.project.journal.exists()


def moved_halfway(lab) -> dict:
    """Kill a move right after its commit point, and return what was there before."""
    from deltas.stages import recovery

    folder = lab.root / "baselines" / "02-storm-report"
    folder.mkdir(parents=True)
    (folder / "recorded.json").write_text('{"stage": "02-storm-report"}\n')
    before = lab.everything()

    def kill():
        recovery.move = lambda *_: os.kill(os.getpid(), signal.SIGKILL)

    lab.fork("refresh", "--move", "02", "--to", "03", before=kill)
    lab.settle()
    assert lab.project.journal.exists() and lab.everything()["patches"] == before["patches"]
    return before


def test_move_is_finished(tiny):
    before = moved_halfway(tiny)
    result = tiny.ok("apply")
    assert "finished `refresh --move 02 --to 03`" in result.err
    assert [file.stem for file in tiny.files][1:3] == ["02-loud-report", "03-storm-report"]
    assert tiny.everything()["baselines"] == {"03-storm-report/recorded.json": b'{"stage": "03-storm-report"}\n'}
    tiny.ok("refresh", "--move", "03", "--to", "02")
    after = tiny.everything()
    assert {part: after[part] for part in ("patches", "baselines")} == {
        part: before[part] for part in ("patches", "baselines")
    }


@pytest.mark.parametrize("what", ["made at the new place", "edited", "gone"])
def test_folder_that_somebody_touched_before_the_move_was_finished(tiny, what):
    """Whatever they made of it is there afterwards."""
    moved_halfway(tiny)
    start, end = (tiny.root / "baselines" / name for name in ("02-storm-report", "03-storm-report"))
    if what == "made at the new place":
        end.mkdir()
        (end / "recorded.json").write_text("mine\n")
    elif what == "edited":
        (start / "recorded.json").write_text("mine\n")
    else:
        start.rename(tiny.root / "mine")
    result = tiny.ok("apply")
    assert not tiny.project.journal.exists()
    assert "baselines/0" in result.err
    aside = [path for path in tiny.root.rglob("*recorded.json*") if path.read_text() == "mine\n"]
    assert (tiny.root / "mine" / "recorded.json").exists() if what == "gone" else len(aside) == 1
    assert what != "made at the new place" or (start / "recorded.json").exists()


def test_refresh_with_a_readme_that_cannot_be_filled_writes_nothing(tiny):
    """README's table is part of the transaction."""
    (tiny.root / "README.md").write_text("no marks\n")
    tiny.ok("apply", "02")
    tiny.add_line()
    before = tiny.everything()
    assert tiny.run("refresh", "02").code == 2
    assert tiny.everything() == before


def test_refresh_fills_in_the_readme(tiny):
    (tiny.root / "README.md").write_text("a\n<!-- series -->\nold\n<!-- /series -->\nb\n")
    tiny.ok("refresh", "last")
    text = (tiny.root / "README.md").read_text()
    assert "01-frost-days" in text and "not measured" in text and "old" not in text
