"""`apply`: moving, the reader's work, a series that changed, and all that may stand in stage/'s place."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from lab import PATCHES, git, header, said, tiny_stages

MINE = "# a line of mine"


# -- moving -----------------------------------------------------------------------------------------------------------


def test_every_stage_from_every_stage(tiny):
    model = tiny_stages()
    for wanted in ("00", "4", "01", "3", "storm-report", "04-quiet-report", "0", "last", "frost-days"):
        tiny.ok("apply", wanted)
        number = {"storm-report": 2, "04-quiet-report": 4, "last": 4, "frost-days": 1}.get(wanted, wanted)
        assert tiny.working() == model[int(number)]
        assert tiny.git("status", "--porcelain") == ""
        assert tiny.git("rev-parse", "HEAD") == tiny.tags()[f"refs/tags/stage/{int(number):02d}"]
        assert tiny.position()["stage"] == int(number)


def test_next_and_prev(tiny):
    tiny.ok("apply", "00")
    for number in (1, 2, 3, 4):
        assert f"stage {number:02d}" in tiny.ok("apply", "next").out
        assert tiny.position()["stage"] == number
    assert "nothing to do" in tiny.ok("apply", "next").out
    for number in (3, 2, 1, 0):
        tiny.ok("apply", "prev")
        assert tiny.position()["stage"] == number
    assert "nothing to do" in tiny.ok("apply", "prev").out
    assert tiny.position()["stage"] == 0


def test_first_apply_makes_stage(lab):
    shutil.rmtree(lab.stage, ignore_errors=True)
    result = lab.ok("apply", "01")
    assert lab.tags()["refs/tags/stage/01"] == lab.git("rev-parse", "HEAD")
    assert lab.git("rev-parse", "HEAD") in result.out, "the stage's commit is printed"
    assert "scripts/show.sh 01" in result.out and "scripts/train.sh 01" in result.out, "and what to type next"


@pytest.mark.parametrize("how", ["last", "by number"])
def test_already_there_says_so(lab, how):
    lab.ok("apply", "last")
    before = lab.everything()
    result = lab.ok("apply", "last" if how == "last" else str(lab.last))
    assert "already" in result.out and "nothing to do" in result.out
    assert lab.everything() == before


def test_unknown_stage(tiny):
    before = tiny.everything()
    result = tiny.run("apply", "13")
    assert result.code == 2
    assert "'13'" in result.err and "04" in result.err and "did you mean 03?" in result.err
    assert tiny.everything() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["13"],
        ["-1"],
        ["x"],
        ["01", "02"],
        ["01", "--carry", "--discard"],
        ["--carry"],
        ["01", "--json"],
        ["--bogus"],
        [""],
    ],
)
def test_bad_usage(tiny, arguments):
    before = tiny.everything()
    assert tiny.run("apply", *arguments).code == 2
    assert tiny.everything() == before


def test_unknown_verb(tiny):
    assert tiny.run("push").code == 2
    assert tiny.run().code == 2


# -- the list ---------------------------------------------------------------------------------------------------------


def test_list(tiny):
    tiny.ok("apply", "02")
    lines = tiny.ok("apply").out.splitlines()
    assert [line.split()[:3] for line in lines[:4]] == [
        [mark, f"{n:02d}", slug] for n, (mark, (slug, _)) in enumerate(zip("+>--", PATCHES, strict=True), 1)
    ]
    for line, (_, insertions) in zip(lines, PATCHES, strict=False):
        assert line.endswith(f"+{sum(len(new) for _, new in insertions)}")
    assert "Δ2: storm report" in lines[1]
    assert "stage 02" in lines[4]


def test_list_as_json(lab):
    lab.ok("apply", "01")
    listed = json.loads(lab.ok("apply", "--json").out)
    assert listed["stage"] == 1 and len(listed["series"]) == lab.last
    assert [row["state"] for row in listed["series"]] == ["current"] + ["ahead"] * (lab.last - 1)


def test_list_names_edits_and_commits(lab):
    lab.ok("apply", "01")
    lab.add_line()
    assert "stage 01 + your edits in makemore.py" in lab.ok("apply").out
    lab.commit()
    assert "stage 01 + 1 commit of yours" in lab.ok("apply").out
    lab.add_line("# another", 5)
    assert "stage 01 + 1 commit of yours + your edits in makemore.py" in lab.ok("apply").out


def test_list_without_stage(tiny):
    shutil.rmtree(tiny.stage)
    out = tiny.ok("apply").out
    assert "- 01" in out and "scripts/apply.sh 01" in out
    assert not tiny.stage.exists(), "a list makes nothing"


def test_list_changes_nothing(lab):
    lab.ok("apply", "01")
    lab.add_line()
    before = lab.everything(), (lab.stage / ".git/index").read_bytes()
    lab.ok("apply")
    assert (lab.everything(), (lab.stage / ".git/index").read_bytes()) == before


def test_position_is_told_by_the_tree(tiny):
    """Checked out by hand, or edited by hand into another stage."""
    git(tiny.stage, "checkout", "-q", "stage/02")
    assert tiny.position()["stage"] == 2
    tiny.code.write_bytes(tiny_stages()[3]["makemore.py"])
    assert tiny.position()["position"] == "stage 03"


# -- refusing ---------------------------------------------------------------------------------------------------------


def refused(lab, *arguments: str):
    """Refuses with 4, changes nothing, names both ways out."""
    before = lab.everything(), (lab.stage / ".git" / "index").read_bytes()
    result = lab.run("apply", *arguments)
    assert result.code == 4, result
    assert "--carry" in result.err and "--discard" in result.err
    assert (lab.everything(), (lab.stage / ".git" / "index").read_bytes()) == before
    return result


def test_edits_are_refused(lab):
    lab.ok("apply", "01")
    lab.add_line()
    assert "M makemore.py" in refused(lab, "00").err


def test_staged_edits_are_refused(lab):
    lab.ok("apply", "01")
    lab.add_line()
    git(lab.stage, "add", "-A")
    assert "M makemore.py" in refused(lab, "00").err


def test_edits_that_only_the_index_holds_are_refused(tiny):
    """Staged, then the file put back: `git stash` keeps those, and so must we."""
    tiny.ok("apply", "02")
    whole = tiny.code.read_bytes()
    tiny.add_line()
    git(tiny.stage, "add", "-A")
    staged = tiny.git("rev-parse", ":makemore.py")
    tiny.code.write_bytes(whole)
    result = tiny.run("apply", "03")
    if result.code == 0:
        kept = tiny.kept()
        assert any(staged in tiny.git("ls-tree", "-r", f"{name}^2", ok=(0, 128)) for name in kept), (
            "what was staged is gone"
        )
    else:
        assert result.code == 4


def test_commits_are_refused(lab):
    lab.ok("apply", "01")
    lab.add_line()
    commit = lab.commit()
    assert commit[:12] in refused(lab, "00").err


def test_deleted_and_added_files_are_refused(tiny):
    tiny.ok("apply", "02")
    (tiny.stage / "names.txt").unlink()
    (tiny.stage / "new.txt").write_text("new\n")
    git(tiny.stage, "add", "new.txt")
    err = refused(tiny, "03").err
    assert "D names.txt" in err and "A new.txt" in err


def test_mode_change_is_an_edit(tiny):
    tiny.code.chmod(0o755)
    assert "M makemore.py" in refused(tiny, "03").err


def test_hidden_edits_are_not_overwritten(tiny):
    """`update-index --skip-worktree` and `--assume-unchanged` hide an edit from git; it is the reader's still."""
    for flag in ("--skip-worktree", "--assume-unchanged"):
        lab = tiny.copy(tiny.root.parent / flag.strip("-"))
        git(lab.stage, "update-index", flag, "makemore.py")
        lab.add_line()
        mine = lab.code.read_bytes()
        lab.run("apply", "02")
        there = lab.code.read_bytes() == mine
        kept = any(lab.held(name).get("makemore.py") == mine for name in lab.kept())
        assert there or kept, f"{flag}: an edit is gone"


def add_file_patch(lab, path="notes/frost.txt", content="cold\n") -> None:
    """Appends a patch with a new file, in a folder of its own."""
    (lab.stage / path).parent.mkdir(parents=True, exist_ok=True)
    (lab.stage / path).write_text(content)
    git(lab.stage, "add", path)
    lab.append_patch("with-a-file")


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("what", ["file", "link", "folder", "file for folder", "nested repository"])
def test_untracked_in_the_way(tiny, what, ignored):
    add_file_patch(tiny)
    tiny.ok("apply", "04")
    assert not (tiny.stage / "notes").exists()
    place = tiny.stage / "notes" / "frost.txt"
    if what == "file for folder":
        (tiny.stage / "notes").write_text("mine\n")
    else:
        place.parent.mkdir()
        if what == "file":
            place.write_text("mine\n")
        elif what == "link":
            place.symlink_to("../names.txt")
        elif what == "folder":
            place.mkdir()
            (place / "deep.txt").write_text("mine\n")
        else:
            git(place.parent, "init", "-q")
            place.write_text("mine\n")
    if ignored:
        (tiny.stage / ".git" / "info").mkdir(exist_ok=True)
        (tiny.stage / ".git" / "info" / "exclude").write_text("notes\n")
    mine = tiny.working()
    assert "notes" in refused(tiny, "05").err
    result = tiny.run("apply", "05", "--discard")
    if result.code == 0:
        assert place.read_text() == "cold\n"
        (kept,) = tiny.kept()
        assert tiny.held(kept) == {path: data for path, data in mine.items() if "/.git/" not in path}
    else:
        assert result.code == 4, result
        assert tiny.working() == mine
    tiny.ok("apply")


def test_untracked_not_in_the_way_never_blocks(lab):
    lab.ok("apply", "01")
    others = {"runs/log.txt": "x", "out/01/model.pt": "y", "extra.py": "z", "__pycache__/a.pyc": "c"}
    for path, content in others.items():
        (lab.stage / path).parent.mkdir(parents=True, exist_ok=True)
        (lab.stage / path).write_text(content)
    git(lab.stage, "init", "-q", "nested")
    for wanted in ("00", "last", "00"):
        lab.ok("apply", wanted)
        assert {path: (lab.stage / path).read_text() for path in others} == others
    assert lab.kept() == {}


def test_embedded_repository_that_was_added(tiny):
    """`git add` of a repository makes a gitlink: it must neither be deleted nor brick the next command."""
    git(tiny.stage, "init", "-q", "nested")
    (tiny.stage / "nested" / "f").write_text("mine\n")
    git(tiny.stage / "nested", "add", "-A")
    git(tiny.stage / "nested", "commit", "-qm", "x")
    git(tiny.stage, "add", "nested")
    for way in ("--carry", "--discard"):
        assert tiny.run("apply", "03", way).code in (0, 4)
        assert (tiny.stage / "nested" / "f").read_text() == "mine\n"
        tiny.ok("apply")
        assert tiny.run("apply", "02", "--discard").code in (0, 4)


def test_folder_of_stage_that_is_a_link_to_elsewhere(tiny, tmp_path):
    """Nothing is written through a link out of stage/."""
    tiny.ok("apply", "02")
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(tiny.stage / "town")
    (tiny.stage / "town").symlink_to(outside)
    for arguments in (["03"], ["03", "--carry"], ["03", "--discard"], ["00", "--discard"]):
        assert tiny.run("apply", *arguments).code in (0, 4), arguments
        assert list(outside.iterdir()) == [], arguments
    tiny.ok("apply")


def test_unfinished_merge_is_refused(tiny):
    tiny.ok("apply", "02")
    base = tiny.git("rev-parse", "HEAD")
    tiny.add_line("# left")
    left = tiny.commit()
    git(tiny.stage, "checkout", "-q", base)
    tiny.add_line("# right")
    tiny.commit()
    git(tiny.stage, "merge", "-q", left, ok=(1,))
    before = tiny.everything()
    for arguments in (["03"], ["03", "--discard"], ["03", "--carry"]):
        result = tiny.run("apply", *arguments)
        assert result.code == 4 and "merge" in result.err
    assert tiny.everything() == before


def test_branch_of_the_reader_stays_where_it_is(tiny):
    tiny.ok("apply", "02")
    git(tiny.stage, "checkout", "-qb", "mine")
    tiny.add_line()
    commit = tiny.commit()
    refused(tiny, "03")
    tiny.ok("apply", "03", "--discard")
    assert tiny.refs()["refs/heads/mine"] == commit
    assert tiny.position()["stage"] == 3


def test_tags_of_the_reader_stay(tiny):
    tiny.ok("apply", "02")
    tiny.add_line()
    commit = tiny.commit()
    git(tiny.stage, "tag", "mine")
    git(tiny.stage, "tag", "stage/02-mine")
    tiny.ok("apply", "03", "--discard")
    assert tiny.refs()["refs/tags/mine"] == commit
    assert tiny.refs().get("refs/tags/stage/02-mine") == commit


# -- discarding and carrying ------------------------------------------------------------------------------------------


def test_discard_keeps_everything_as_a_commit(lab):
    lab.ok("apply", "01")
    lab.add_line()
    commit = lab.commit()
    lab.add_line("# not committed", 5)
    mine = lab.working()
    result = lab.ok("apply", "00", "--discard")
    (name,) = lab.kept()
    assert name in result.out and lab.kept()[name][:12] in result.out
    assert lab.held(name) == mine
    assert commit in lab.git("rev-list", name).split()
    assert lab.working() == lab.held("stage/00") and lab.git("status", "--porcelain") == ""


def test_discard_at_the_same_stage_puts_it_back(lab):
    lab.ok("apply", "01")
    lab.add_line()
    lab.ok("apply", "01", "--discard")
    assert lab.working() == lab.held("stage/01") and len(lab.kept()) == 1


def test_discard_with_nothing_to_discard_keeps_nothing(lab):
    lab.ok("apply", "01", "--discard")
    lab.ok("apply", "00", "--discard")
    assert lab.kept() == {}


def test_two_works_kept_in_one_second_have_two_names(tiny):
    for n in range(3):
        tiny.add_line(f"# {n}")
        tiny.ok("apply", "last", "--discard")
    assert len(tiny.kept()) == 3
    assert sorted(f"# {n}" for n in range(3)) == sorted(
        line
        for name in tiny.kept()
        for line in tiny.held(name)["makemore.py"].decode().split("\n")
        if line in {"# 0", "# 1", "# 2"}
    )


def test_staged_and_unstaged_are_both_kept(tiny):
    tiny.add_line("# staged")
    git(tiny.stage, "add", "-A")
    staged = tiny.git("rev-parse", ":makemore.py")
    tiny.add_line("# not staged", 5)
    mine = tiny.working()
    tiny.ok("apply", "02", "--discard")
    (name,) = tiny.kept()
    assert tiny.held(name) == mine
    assert staged in tiny.git("ls-tree", "-r", f"{name}^2")


@pytest.mark.parametrize("wanted", [0, 1, 2, 4])
def test_carry_is_a_three_way_merge(tiny, wanted):
    """The oracle is the edit made on the model of the other stage."""
    tiny.ok("apply", "03")
    tiny.edit('"""\nGuess', '"""\n# mine\nGuess')
    tiny.ok("apply", f"{wanted:02d}", "--carry")
    model = tiny_stages()[wanted]
    expected = model["makemore.py"].decode().replace('"""\nGuess', '"""\n# mine\nGuess', 1)
    assert tiny.working() == model | {"makemore.py": expected.encode()}
    assert tiny.position()["position"] == f"stage {wanted:02d} + your edits in makemore.py"
    assert tiny.git("rev-parse", "HEAD") == tiny.tags()[f"refs/tags/stage/{wanted:02d}"]
    assert tiny.git("diff", "--cached", "--name-only") == "" and tiny.git("diff", "--name-only") == "makemore.py"
    assert len(tiny.kept()) == 1


def test_carry_takes_commits_and_new_files_along(tiny):
    tiny.ok("apply", "02")
    tiny.edit('"""\nGuess', '"""\n# mine\nGuess')
    commit = tiny.commit()
    (tiny.stage / "new.txt").write_text("new\n")
    git(tiny.stage, "add", "new.txt")
    tiny.ok("apply", "03", "--carry")
    assert (tiny.stage / "new.txt").read_text() == "new\n" and "# mine" in tiny.code.read_text()
    assert tiny.position()["position"] == "stage 03 + 1 commit of yours + your edits in new.txt"
    (name,) = tiny.kept()
    assert commit in tiny.git("rev-list", name).split()


def test_carried_commits_keep_their_words_and_dates(tiny):
    """The oracle is the edit made on the model of the other stage, commit by commit."""
    tiny.ok("apply", "02")
    env = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "1700000000 +0200"}
    texts = []
    for line in ("# one", "# two"):
        tiny.edit('"""\nGuess', f'"""\n{line}\nGuess') if not texts else tiny.edit("# one\n", f"# one\n{line}\n")
        texts.append(line)
        git(tiny.stage, "add", "-A")
        git(tiny.stage, "commit", "-m", f"{line} — größer\n\nIts body.", **env)
    before = tiny.git("log", "-2", "--format=%an %ae %aI %cn %cI%n%B")
    out = tiny.ok("apply", "03", "--carry").out
    assert "your commits came along" in out and "your edits came along" not in out
    assert tiny.git("log", "-2", "--format=%an %ae %aI %cn %cI%n%B") == before
    assert tiny.git("rev-parse", "HEAD~2") == tiny.tags()["refs/tags/stage/03"]
    model = tiny_stages()[3]["makemore.py"].decode()
    for back, lines in ((1, "# one\n"), (0, "# one\n# two\n")):
        expected = model.replace('"""\nGuess', f'"""\n{lines}Guess', 1)
        assert tiny.held(f"HEAD~{back}")["makemore.py"].decode() == expected
    assert tiny.git("status", "--porcelain") == "" and tiny.position()["position"] == "stage 03 + 2 commits of yours"


def test_commits_that_do_not_fit_one_by_one_become_edits(tiny):
    mine = conflicting(tiny)
    tiny.commit()
    result = tiny.run("apply", "03", "--carry")
    assert result.code == 3 and "<<<<<<< stage 03" in tiny.code.read_text()
    assert "your commits became edits, for one of them does not fit" in result.out
    assert tiny.git("rev-parse", "HEAD") == tiny.tags()["refs/tags/stage/03"]
    (name,) = tiny.kept()
    assert tiny.held(name)["makemore.py"] == mine


def test_a_commit_that_the_new_stage_has_already_is_left_out(tiny):
    tiny.ok("apply", "02")
    tiny.code.write_bytes(tiny_stages()[3]["makemore.py"])
    for path, content in tiny_stages()[3].items():
        (tiny.stage / path).write_bytes(content)
    git(tiny.stage, "add", "-A")
    tiny.commit("what patch 03 does")
    tiny.add_line("# not committed", 2)
    out = tiny.ok("apply", "04", "--carry").out
    assert "this stage has all of your commits already" in out and "your edits came along" in out
    assert tiny.position()["position"] == "stage 04 + your edits in makemore.py"
    assert "# not committed" in tiny.code.read_text()


def test_a_commit_without_changes_comes_along(tiny):
    tiny.ok("apply", "02")
    git(tiny.stage, "commit", "--allow-empty", "-m", "a note")
    tiny.ok("apply", "03", "--carry")
    assert tiny.position()["position"] == "stage 03 + 1 commit of yours"
    assert tiny.git("log", "-1", "--format=%s") == "a note"


def test_carry_with_nothing_to_carry_moves(lab):
    lab.ok("apply", "00")
    lab.ok("apply", "01", "--carry")
    assert lab.position()["stage"] == 1 and lab.kept() == {}


def conflicting(lab) -> bytes:
    """At stage 02, an edit where patch 03 inserts."""
    lab.ok("apply", "02")
    lab.edit('type=int, default=7, help="how many days")\n', 'type=int, default=7, help="how many days")\n    # mine\n')
    return lab.code.read_bytes()


def test_carry_into_a_conflict(tiny):
    mine = conflicting(tiny)
    result = tiny.run("apply", "03", "--carry")
    assert result.code == 3 and "makemore.py" in result.text
    text = tiny.code.read_text()
    assert "<<<<<<< stage 03\n" in text and ">>>>>>> your edits\n" in text and "# mine" in text and "'--shout'" in text
    (name,) = tiny.kept()
    assert name in result.text and tiny.held(name)["makemore.py"] == mine
    assert tiny.git("rev-parse", "HEAD") == tiny.tags()["refs/tags/stage/03"]
    assert {row.split()[2] for row in tiny.git("ls-files", "-u").splitlines()} == {"1", "2", "3"}
    assert "stage 03" in tiny.ok("apply").out


def test_conflict_must_be_resolved_or_discarded(tiny):
    conflicting(tiny)
    tiny.run("apply", "03", "--carry")
    before = tiny.everything()
    assert tiny.run("apply", "04").code == 4
    assert tiny.run("apply", "04", "--carry").code == 4
    assert tiny.run("apply", "03").code == 4
    assert tiny.run("refresh", "03").code == 3
    assert tiny.everything() == before
    tiny.ok("apply", "04", "--discard")
    assert tiny.working() == tiny_stages()[4] and len(tiny.kept()) == 2


def offered(result) -> list[str]:
    """Return the commands that a refusal offers, or with which the list ends, without what they are for."""
    lines = [line.partition("   #")[0].strip() for line in result.text.splitlines()]
    return [line.removeprefix("→ ") for line in lines if line.startswith(("→ ", "scripts/apply.sh", "git -C"))]


def typed(lab, command: str) -> None:
    """Do as a refusal says, in the place where it was printed."""
    program, *words = shlex.split(command)
    if program.startswith("scripts/"):
        lab.ok(Path(program).stem, *words)
    else:
        subprocess.run([program, *words], cwd=lab.root, check=True)


ASKED = [("apply", "04"), ("apply", "04", "--carry"), ("apply", "03"), ("apply",), ("apply", "--restore", "last")]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_no_way_out_of_a_conflict_is_refused(tiny, words, which):
    conflicting(tiny)
    tiny.run("apply", "03", "--carry")
    ways = offered(tiny.run(*words))
    assert ways and not [way for way in ways if "NN" in way]
    if which < len(ways) and "--restore" not in ways[which]:  # that one says that it comes after the one before
        tiny.code.write_bytes(tiny_stages()[3]["makemore.py"].replace(b'as loud")\n', b'as loud")\n    # mine\n'))
        typed(tiny, ways[which])
        if which == 0 and words[:2] == ("apply", "04"):
            tiny.ok("apply", "04", "--carry")  # as it says


@pytest.mark.parametrize("edited", [False, True], ids=["clean", "edited"])
def test_the_list_leads_away_from_an_earlier_series(tiny, edited):
    tiny.ok("apply", "03")
    tiny.files[3].unlink()
    tiny.files[2].unlink()
    if edited:
        tiny.add_line()
    said = tiny.ok("apply")
    assert "of an earlier series" in said.text
    way = said.out.splitlines()[-1].partition("   #")[0].strip()
    assert way == "scripts/apply.sh 02" + " --carry" * edited
    typed(tiny, way)
    assert tiny.position()["stage"] == 2


def test_conflicts_on_an_earlier_series_lead_somewhere(tiny):
    conflicting(tiny)
    tiny.run("apply", "03", "--carry")
    tiny.files[3].unlink()
    tiny.files[2].unlink()
    tiny.code.write_bytes(tiny_stages()[3]["makemore.py"])
    for _ in range(2):  # resolved; gone
        (way,) = offered(tiny.run("show"))
        typed(tiny, way)
    assert tiny.position()["stage"] == 2


EARLIER = [
    ("refresh", "--move", "01", "--to", "02"),
    ("refresh", "--insert", "x"),
    ("refresh", "--new", "x"),
    ("show",),
]


@pytest.mark.parametrize("edited", [False, True], ids=["clean", "edited"])
@pytest.mark.parametrize("words", EARLIER, ids=" ".join)
def test_every_way_from_an_earlier_series_leads_somewhere(tiny, words, edited):
    tiny.ok("apply", "04")
    tiny.files[3].unlink()
    if edited:
        tiny.add_line()
    [way, *_] = offered(tiny.run(*words))
    typed(tiny, way)
    assert tiny.position()["stage"] == 3


def test_resolved_conflict_is_an_edit(tiny):
    conflicting(tiny)
    tiny.run("apply", "03", "--carry")
    tiny.code.write_bytes(tiny_stages()[3]["makemore.py"].replace(b'as loud")\n', b'as loud")\n    # mine\n'))
    git(tiny.stage, "add", "-u")
    assert tiny.position()["position"] == "stage 03 + your edits in makemore.py"
    tiny.ok("apply", "04", "--carry")
    assert b"# mine" in tiny.code.read_bytes()


def test_what_was_merged_comes_along_as_one_commit_and_that_is_said(tiny):
    tiny.ok("apply", "02")
    git(tiny.stage, "checkout", "-q", "-b", "side")
    for name in ("one.txt", "two.txt"):
        (tiny.stage / name).write_text("mine\n")
        git(tiny.stage, "add", name)
        git(tiny.stage, "commit", "-qm", name)
    git(tiny.stage, "checkout", "-q", "stage/02")
    git(tiny.stage, "merge", "-q", "--no-ff", "-m", "merged", "side")
    result = tiny.ok("apply", "03", "--carry")
    assert "what you had merged is one commit for each merge" in result.out
    assert "your commit came along" not in result.out
    assert tiny.git("rev-list", "--count", "stage/03..HEAD") == "1"
    assert (tiny.stage / "one.txt").exists() and (tiny.stage / "two.txt").exists()


def test_carry_of_a_file_that_the_stage_brings_too(tiny):
    add_file_patch(tiny)
    tiny.ok("apply", "04")
    (tiny.stage / "notes").mkdir()
    (tiny.stage / "notes" / "frost.txt").write_text("mine\n")
    assert tiny.run("apply", "05", "--carry").code == 3
    assert "mine" in (tiny.stage / "notes" / "frost.txt").read_text()


# -- a series that changed --------------------------------------------------------------------------------------------


def prose(lab, number: int, old="You know the weather.", new="You know the climate.") -> None:
    file = lab.files[number - 1]
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def pull(lab, number: int = 2, line: str = "# of the series") -> None:
    """Somebody else changed patch `number`; their patches arrive here."""
    other = lab.copy(lab.root.parent / "maintainer")
    other.ok("apply", f"{number:02d}", "--discard")
    other.edit('"""\nGuess', f'"""\n{line}\nGuess')
    other.ok("refresh", f"{number:02d}")
    for file in other.files:
        shutil.copy(file, lab.patches)
    shutil.rmtree(other.root)


def test_pull_of_prose_alone(tiny):
    tiny.ok("apply", "02")
    prose(tiny, 1)
    assert tiny.position()["stage"] == 2
    out = tiny.ok("apply", "next").out
    assert "01-frost-days has new prose, the same code" in out
    assert tiny.position()["stage"] == 3 and tiny.working() == tiny_stages()[3]


def test_pull_of_prose_alone_where_you_stand(tiny):
    tiny.ok("apply", "02")
    old = tiny.git("rev-parse", "HEAD")
    prose(tiny, 2)
    tiny.ok("apply", "02")
    assert tiny.git("rev-parse", "HEAD") == tiny.tags()["refs/tags/stage/02"] != old
    assert tiny.git("status", "--porcelain") == ""


@pytest.mark.parametrize("work", ["edits", "commits"])
def test_pull_of_prose_with_work_on_top(tiny, work):
    """Also the second and third time: the stage is known by its tree, though its old tag is gone."""
    tiny.ok("apply", "02")
    tiny.add_line()
    if work == "commits":
        tiny.commit()
    mine = tiny.working()
    expected = "stage 02 + " + ("1 commit of yours" if work == "commits" else "your edits in makemore.py")
    prose(tiny, 1)
    assert tiny.position()["position"] == expected
    tiny.ok("apply", "02")
    assert tiny.working() == mine
    assert tiny.position()["position"] == expected
    prose(tiny, 2)
    tiny.ok("apply", "02")
    assert tiny.position()["position"] == expected
    assert tiny.working() == mine
    assert tiny.run("apply", "03").code == 4
    tiny.ok("apply", "03", "--carry")
    assert MINE in tiny.code.read_text()


def test_pull_of_a_modified_patch(tiny):
    tiny.ok("apply", "03")
    pull(tiny)
    assert tiny.position()["position"] == "stage 03 of an earlier series"
    out = tiny.ok("apply", "03").out
    assert (
        "02-storm-report is modified" in out
        and "03-loud-report is modified" in out
        and "01-" not in out.split("stage 03")[0]
    )
    assert "# of the series" in tiny.code.read_text() and tiny.position()["position"] == "stage 03"


def test_pull_of_a_modified_patch_with_edits(tiny):
    tiny.ok("apply", "03")
    tiny.edit("    return lines\n", "    return lines # mine\n")
    mine = tiny.working()
    pull(tiny)
    result = tiny.run("apply", "03")
    assert result.code == 4 and "of an earlier series" in result.err and tiny.working() == mine
    tiny.ok("apply", "03", "--carry")
    assert "# of the series" in tiny.code.read_text() and "return lines # mine" in tiny.code.read_text()
    assert tiny.position()["position"] == "stage 03 + your edits in makemore.py"


def test_pull_with_commits_on_the_old_series_twice(tiny):
    """The reader's commits stand on an old stage; two pulls later they are still told apart from the series' own."""
    tiny.ok("apply", "03")
    tiny.edit("    return lines\n", "    return lines # mine\n")
    commit = tiny.commit()
    pull(tiny)
    assert commit[:12] in refused(tiny, "03").err
    prose(tiny, 1)
    err = refused(tiny, "03").err
    assert [line.split()[1] for line in err.splitlines() if line.strip().startswith("commit ")] == [commit[:12]]
    tiny.ok("apply", "03", "--carry")
    assert "# of the series" in tiny.code.read_text() and "return lines # mine" in tiny.code.read_text()


def test_pull_of_a_new_patch(tiny):
    last = tiny.files[3].read_bytes()
    tiny.files[3].unlink()
    tiny.ok("apply", "03")
    (tiny.patches / "04-quiet-report.patch").write_bytes(last)
    out = tiny.ok("apply", "next").out
    assert "04-quiet-report is new" in out and tiny.working() == tiny_stages()[4]


def test_patch_removed_from_the_end(tiny):
    tiny.files[3].unlink()
    assert "earlier series" in tiny.position()["position"]
    out = tiny.ok("apply", "03").out
    assert "stage/04 is gone" in out and "refs/tags/stage/04" not in tiny.tags()
    assert tiny.working() == tiny_stages()[3]


# -- what may stand in stage/'s place ---------------------------------------------------------------------------------


def test_stage_deleted_by_hand(lab):
    lab.ok("apply", "last")
    tags = lab.tags()
    shutil.rmtree(lab.stage)
    lab.ok("apply", "last")
    assert lab.tags() == tags and lab.git("status", "--porcelain") == ""


def test_stage_is_an_empty_folder(tiny):
    shutil.rmtree(tiny.stage)
    tiny.stage.mkdir()
    tiny.ok("apply", "02")
    assert tiny.working() == tiny_stages()[2]


def instead_file(lab):
    lab.stage.write_text("mine\n")


def instead_link(lab):
    shutil.copytree(lab.source, lab.root.parent / "elsewhere")
    lab.stage.symlink_to(lab.root.parent / "elsewhere")


def instead_dangling_link(lab):
    lab.stage.symlink_to("nowhere")


def instead_folder(lab):
    lab.stage.mkdir()
    (lab.stage / "makemore.py").write_text("mine\n")


def instead_repository(lab):
    git(lab.root, "init", "-q", "stage")
    (lab.stage / "f").write_text("mine\n")
    git(lab.stage, "add", "-A")
    git(lab.stage, "commit", "-qm", "mine")


def instead_worktree(lab):
    git(lab.root / "upstream" / "makemore", "worktree", "add", "-q", "--detach", str(lab.stage), lab.pin)


def instead_empty_repository(lab):
    git(lab.root, "init", "-q", "stage")


@pytest.mark.parametrize(
    "make",
    [
        instead_file,
        instead_link,
        instead_dangling_link,
        instead_folder,
        instead_repository,
        instead_worktree,
        instead_empty_repository,
    ],
)
def test_stage_replaced_by_something_else(tiny, make):
    shutil.rmtree(tiny.stage)
    make(tiny)
    before = sorted((str(p), p.is_file() and p.read_bytes()) for p in tiny.root.rglob("*") if ".git/" not in str(p))
    for arguments in (["01"], ["01", "--discard"], ["01", "--carry"]):
        result = tiny.run("apply", *arguments)
        assert result.code == 4 and "stage" in result.err and "→" in result.err, result
    assert tiny.run("refresh", "01").code == 4
    assert tiny.run("apply").code == 0, "the list works and says why"
    after = sorted((str(p), p.is_file() and p.read_bytes()) for p in tiny.root.rglob("*") if ".git/" not in str(p))
    assert after == before
    tiny.stage.rename(tiny.root / "stage.old")  # the way out that it names
    tiny.ok("apply", "01")


def test_stage_is_the_readers_own_clone_of_upstream(tiny):
    shutil.rmtree(tiny.stage)
    git(tiny.root, "clone", "-q", str(tiny.source), "stage")
    result = tiny.run("apply", "01")
    assert result.code == 4 and "1 commit" in result.err
    head = tiny.git("rev-parse", "HEAD")
    tiny.ok("apply", "01", "--discard")
    assert head in tiny.git("rev-list", "--all").split() and tiny.working() == tiny_stages()[1]


def test_stage_with_its_refs_packed_and_collected(tiny):
    git(tiny.stage, "-c", "gc.auto=1", "gc", "-q", "--prune=now")
    tiny.ok("apply", "02")
    prose(tiny, 1)
    tiny.files[3].unlink()
    tiny.ok("apply", "03")
    assert sorted(tiny.tags()) == [f"refs/tags/stage/0{n}" for n in range(4)]
    assert tiny.working() == tiny_stages()[3]


def test_stage_without_an_index(tiny):
    (tiny.stage / ".git" / "index").unlink()
    tiny.ok("apply", "02")
    assert tiny.working() == tiny_stages()[2] and tiny.git("status", "--porcelain") == ""


def test_stage_with_a_broken_index(tiny):
    (tiny.stage / ".git" / "index").write_bytes(b"DIRC garbage")
    before = tiny.working()
    result = tiny.run("apply", "02")
    assert result.code in (1, 4) and "index" in result.err and tiny.working() == before


# -- locks of other programs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/tags/stage/02.lock", "packed-refs.lock"])
def test_lock_of_another_git_is_respected(tiny, lock):
    tiny.ok("apply", "02")
    prose(tiny, 2)
    tiny.files[3].unlink()
    before = tiny.everything()
    held = tiny.stage / ".git" / lock
    held.write_text("")
    result = tiny.run("apply", "03")
    assert result.code == 1 and "lock" in result.err.lower(), result
    assert held.exists(), "a lock that is not ours was removed"
    held.unlink()
    assert tiny.everything() == before
    tiny.ok("apply", "03")
    assert tiny.locks() == []


# -- moved, copied, strange places ------------------------------------------------------------------------------------


def snapshot(folder) -> dict:
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()
    }


def test_copy_never_touches_the_original(lab):
    lab.ok("apply", "last")
    before = snapshot(lab.root)
    copy = lab.copy(lab.root.parent / "the copy")
    copy.add_line()
    assert copy.run("apply", "00").code == 4
    copy.ok("apply", "00", "--discard")
    copy.ok("apply", "01")
    copy.add_line()
    copy.run("refresh", "01")
    git(copy.stage, "checkout", "-qf", "stage/00")
    git(copy.root, "submodule", "update", "-q", "--init", "--force")
    copy.ok("show", "01")
    assert snapshot(lab.root) == before


def test_moved_clone(lab):
    lab.ok("apply", "last")
    lab.add_line()
    place = lab.position()
    new = lab.root.parent / "moved" / "deeper"
    new.parent.mkdir()
    lab.root.rename(new)
    lab.root = new
    assert lab.position() == place
    lab.ok("apply", "00", "--carry")
    assert MINE in lab.code.read_text()


@pytest.mark.parametrize(
    "name",
    ["with spaces", "größer & ‘schöner’", "a $HOME of mine", "-dash", "new\nline", "q'uote\"s", "%41 back\\slash"],
)
def test_strange_places(tiny, name):
    strange = tiny.copy(tiny.root.parent / name)
    strange.ok("apply", "02")
    strange.add_line()
    strange.ok("apply", "03", "--carry")
    strange.ok("refresh", "03")
    strange.ok("show", "03")
    shutil.rmtree(strange.stage)
    strange.ok("apply", "01")
    assert strange.working() == tiny_stages()[1]


def test_file_of_the_reader_with_a_name_that_is_no_text(tiny):
    name = b"caf\xe9.txt".decode(errors="surrogateescape")
    (tiny.stage / name).write_text("mine\n")
    git(tiny.stage, "add", "-A")
    assert tiny.run("apply", "02").code == 4
    tiny.ok("apply")
    tiny.ok("apply", "02", "--carry")
    assert (tiny.stage / name).read_text() == "mine\n"
    tiny.ok("apply", "03", "--discard")
    assert not (tiny.stage / name).exists() and len(tiny.kept()) == 2


@pytest.mark.parametrize("path", ["with space.txt", "ü.txt", 'quo"te.txt', "tab\t.txt", "-f", "a/b/c/d.txt"])
def test_files_of_the_reader_with_strange_names(tiny, path):
    (tiny.stage / path).parent.mkdir(parents=True, exist_ok=True)
    (tiny.stage / path).write_text("mine\n")
    git(tiny.stage, "add", "-A")
    refused(tiny, "02")
    tiny.ok("apply", "02", "--carry")
    assert (tiny.stage / path).read_text() == "mine\n"
    tiny.ok("apply", "01", "--discard")
    assert not (tiny.stage / path).exists() and tiny.working() == tiny_stages()[1]


def test_folder_that_became_empty_goes(tiny):
    add_file_patch(tiny, "notes/deep/frost.txt")
    tiny.ok("apply", "04")
    assert not (tiny.stage / "notes").exists()
    tiny.ok("apply", "05")
    (tiny.stage / "notes" / "mine.txt").write_text("mine\n")
    tiny.ok("apply", "04")
    assert [p.name for p in (tiny.stage / "notes").iterdir()] == ["mine.txt"]


def test_bytes_are_upstreams(tiny):
    """Line ends and a missing last newline survive every move."""
    tiny.ok("apply", "00")
    tiny.ok("apply", "03")
    for name in ("dos.txt", "LICENSE", "README.md"):
        assert (tiny.stage / name).read_bytes() == tiny_stages()[0][name]
    assert said(tiny.stage, "ls-tree", "HEAD", "dos.txt") == said(tiny.stage, "ls-tree", tiny.pin, "dos.txt")


def test_executable_bit(tiny):
    (tiny.stage / "run.sh").write_text("#!/bin/sh\n")
    (tiny.stage / "run.sh").chmod(0o755)
    git(tiny.stage, "add", "run.sh")
    tiny.ok("apply", "02", "--carry")
    assert (tiny.stage / "run.sh").stat().st_mode & 0o111
    tiny.ok("apply", "03", "--discard")
    (name,) = [n for n in tiny.kept() if "run.sh" in tiny.held(n)][:1]
    assert "100755" in tiny.git("ls-tree", name, "run.sh")


def test_header_of_appended_patches_is_complete(tiny):
    """The fixture itself: what the tests build is a series that keeps the project's own rules."""
    assert [
        file.read_bytes()[: len(header(n, slug))]
        for n, (file, (slug, _)) in enumerate(zip(tiny.files, PATCHES, strict=True), 1)
    ] == [header(n, slug) for n, (slug, _) in enumerate(PATCHES, 1)]
