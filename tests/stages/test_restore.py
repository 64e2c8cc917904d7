"""`apply --restore`: what was kept comes back as edits on its stage, stays kept, and nothing else is lost by that."""

import re
import shutil

import pytest

from lab import git, tiny_stages

MINE = '"""\n# mine\nGuess'


def keep(lab, number: str = "03", away: str = "01") -> str:
    """At a stage, make an edit, leave it behind, and return the name of the reference that keeps it."""
    lab.ok("apply", number)
    lab.edit('"""\nGuess', MINE)
    known = set(lab.kept())
    lab.ok("apply", away, "--discard")
    (name,) = set(lab.kept()) - known
    return name


def test_nothing_is_kept(tiny):
    assert "nothing is kept" in tiny.ok("apply", "--restore").out
    result = tiny.run("apply", "--restore", "last")
    assert result.code == 2 and "nothing is kept" in result.err


def test_the_list_says_what_and_from_where(tiny):
    name = keep(tiny)
    out = tiny.ok("apply", "--restore").out
    assert name.removeprefix("refs/kept/") in out and "made on stage 03" in out and "M makemore.py" in out
    assert re.search(r"kept \d{4}-\d\d-\d\d \d\d:\d\d", out)


def test_discarded_edits_come_back_on_their_stage(lab):
    lab.ok("apply", "01")
    lab.add_line()
    mine = lab.working()
    lab.ok("apply", "00", "--discard")
    kept = lab.kept()
    out = lab.ok("apply", "--restore", "last").out
    assert lab.working() == mine and next(iter(kept)) in out
    assert lab.position()["position"] == "stage 01 + your edits in makemore.py"
    assert lab.git("diff", "--cached", "--name-only") == ""
    assert lab.kept() == kept, "it stays kept"


@pytest.mark.parametrize("how", ["last", "whole name", "end"])
def test_names_for_it(tiny, how):
    name = keep(tiny)
    given = {"last": "last", "whole name": name, "end": name[-6:]}[how]
    tiny.ok("apply", "--restore", given)
    assert "# mine" in tiny.code.read_text() and tiny.position()["stage"] == 3


def test_last_is_the_newest(tiny):
    for line in ("# first", "# second"):
        tiny.ok("apply", "02")
        tiny.add_line(line)
        tiny.ok("apply", "02", "--discard")
    first, second = sorted(tiny.kept())
    tiny.ok("apply", "--restore", second)
    assert "# second" in tiny.code.read_text()
    tiny.ok("apply", "02", "--discard")
    tiny.ok("apply", "--restore", first)
    assert "# first" in tiny.code.read_text() and "# second" not in tiny.code.read_text()


def test_commits_and_new_files_come_back_as_edits(tiny):
    tiny.ok("apply", "02")
    tiny.edit('"""\nGuess', MINE)
    tiny.commit()
    (tiny.stage / "new.txt").write_text("new\n")
    git(tiny.stage, "add", "new.txt")
    mine = tiny.working()
    tiny.ok("apply", "04", "--discard")
    assert "1 of it committed" in tiny.ok("apply", "--restore").out
    said = tiny.ok("apply", "--restore", "last").out
    assert tiny.working() == mine and "1 of your commits are edits now" in said
    assert tiny.position()["position"] == "stage 02 + your edits in makemore.py, new.txt"


def test_work_in_stage_is_not_overwritten(tiny):
    keep(tiny)
    tiny.add_line("# other work")
    before = tiny.everything()
    result = tiny.run("apply", "--restore", "last")
    assert result.code == 4 and "M makemore.py" in result.err and "scripts/apply.sh 01 --discard" in result.err
    assert tiny.everything() == before
    ways = re.findall(r"scripts/apply\.sh (\S.*?)(?:   #.*)?$", result.err, re.MULTILINE)
    for way in ways:  # typed as they stand: `last` would bring the other work back
        tiny.ok("apply", *way.split())
    assert "# mine" in tiny.code.read_text() and len(tiny.kept()) == 2


def test_an_untracked_file_in_the_way_is_not_overwritten(tiny):
    tiny.ok("apply", "02")
    (tiny.stage / "new.txt").write_text("kept\n")
    git(tiny.stage, "add", "new.txt")
    tiny.ok("apply", "01", "--discard")
    (tiny.stage / "new.txt").write_text("other\n")
    before = tiny.everything()
    result = tiny.run("apply", "--restore", "last")
    assert result.code == 4 and "new.txt" in result.err and "mv stage/new.txt" in result.err
    assert tiny.everything() == before


def test_where_the_stage_has_changed_it_is_merged_into_where_one_stands(tiny):
    """Patch 03 becomes another: the stage of then is in the series no longer. The oracle is the edit on the new one."""
    keep(tiny)
    tiny.ok("apply", "03")
    tiny.add_line("# the author's", 5)
    tiny.ok("refresh", "03")
    assert "of an earlier series" in tiny.ok("apply", "--restore").out
    expected = tiny.code.read_text().replace('"""\nGuess', MINE, 1)
    tiny.ok("apply", "--restore", "last")
    assert tiny.code.read_text() == expected and tiny.position()["stage"] == 3


def test_a_conflict_is_marked_and_exits_3(tiny):
    tiny.ok("apply", "02")
    tiny.edit('"""\nGuess', MINE)
    tiny.ok("apply", "02", "--discard")
    tiny.edit('"""\nGuess', MINE.replace("mine", "theirs"))
    tiny.ok("refresh", "02")
    result = tiny.run("apply", "--restore", "last")
    text = tiny.code.read_text()
    assert result.code == 3 and "<<<<<<< stage 02\n" in text and ">>>>>>> your edits\n" in text
    assert "# mine" in text and "# theirs" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--restore", "no-such"], "nothing kept is called 'no-such'"),
        (["--restore", ""], ""),
        (["02", "--restore", "last"], "--restore takes a name and nothing else"),
        (["--restore", "last", "--carry"], "--restore takes a name and nothing else"),
        (["--restore", "last", "--json"], "--restore takes a name and nothing else"),
    ],
)
def test_bad_input(tiny, words, says):
    keep(tiny)
    before = tiny.everything()
    result = tiny.run("apply", *words)
    assert (result.code == 2 and says in result.err) if says else result.code == 0
    assert tiny.everything() == before


def test_an_end_that_two_have_is_refused(tiny):
    keep(tiny)
    keep(tiny, "02")
    common = "" if len({name[-1] for name in tiny.kept()}) > 1 else next(iter(tiny.kept()))[-1]
    if common:
        assert tiny.run("apply", "--restore", common).code == 2
    git(tiny.stage, "update-ref", "refs/kept/a-same", next(iter(tiny.kept().values())))
    git(tiny.stage, "update-ref", "refs/kept/b-same", next(iter(tiny.kept().values())))
    result = tiny.run("apply", "--restore", "same")
    assert result.code == 2 and "2 of the kept end in 'same'" in result.err


def test_every_file_in_the_way_is_named_as_the_shell_needs_it(tiny):
    tiny.ok("apply", "02")
    for name in ("a b.txt", "c.txt"):
        (tiny.stage / name).write_text("kept\n")
    git(tiny.stage, "add", "-A")
    tiny.ok("apply", "01", "--discard")
    for name in ("a b.txt", "c.txt"):
        (tiny.stage / name).write_text("other\n")
    said = tiny.run("apply", "--restore", "last").err
    assert "mv 'stage/a b.txt' 'stage/a b.txt.mine'" in said and "mv stage/c.txt stage/c.txt.mine" in said


def test_what_does_not_come_back_is_said(tiny):
    tiny.ok("apply", "02")
    tiny.add_line("# staged")
    git(tiny.stage, "add", "-A")
    tiny.add_line("# not staged", 5)
    (tiny.stage / "makemore.py").write_bytes(tiny_stages()[2]["makemore.py"])
    tiny.ok("apply", "03", "--discard")
    (name,) = tiny.kept()
    assert "some of it staged" in tiny.ok("apply", "--restore").out
    assert f"{name}^2, and is not brought back" in tiny.ok("apply", "--restore", "last").out


def test_without_stage_nothing_is_made(tiny):
    shutil.rmtree(tiny.stage)
    result = tiny.run("apply", "--restore", "last")
    assert result.code == 2 and "nothing is kept" in result.err and not tiny.stage.exists()


def test_a_reference_of_the_readers_own_is_not_listed(tiny):
    """Whoever writes under refs/kept/ by hand may put there what descends from no stage."""
    tree = tiny.git("hash-object", "-t", "tree", "-w", "/dev/null")
    stray = tiny.git("commit-tree", tree, "-m", "stray")
    git(tiny.stage, "update-ref", "refs/kept/stray", stray)
    assert "nothing is kept" in tiny.ok("apply", "--restore").out


def test_the_way_back_from_carrying(tiny):
    """What was carried is kept as it was before: it can be had again on the stage that it was made on."""
    tiny.ok("apply", "02")
    tiny.edit('"""\nGuess', MINE)
    mine = tiny.working()
    tiny.ok("apply", "04", "--carry")
    tiny.ok("apply", "04", "--discard")
    tiny.ok("apply", "--restore", min(tiny.kept()))
    assert tiny.working() == mine and tiny.position()["stage"] == 2
    assert tiny_stages()[2]["makemore.py"] != mine["makemore.py"]
