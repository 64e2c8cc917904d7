"""What an interrupted command left is finished only in the stage/ that it was at work in."""

import json
import shutil

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
