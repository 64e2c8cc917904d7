"""`refresh`: edits become patches, later patches are restacked, and it is all of it or nothing."""

import random
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import recorded
from deltas.evidence import baseline
from lab import PATCHES, UPSTREAM, git, said, tiny_stages, tree_id


def whole(lab) -> dict:
    return lab.everything() | {"index": (lab.stage / ".git" / "index").read_bytes()}


def refused(lab, code: int, *arguments: str):
    before = whole(lab)
    result = lab.run("refresh", *arguments)
    assert result.code == code, result
    assert whole(lab) == before
    return result


def test_unchanged_is_not_one_byte(lab):
    for number in range(1, lab.last + 1):
        lab.ok("apply", f"{number:02d}")
        before = lab.bytes_of_patches()
        stamps = [file.stat().st_mtime_ns for file in lab.files]
        out = lab.ok("refresh", f"{number:02d}").out
        assert "nothing to do" in out
        assert lab.bytes_of_patches() == before
        assert [file.stat().st_mtime_ns for file in lab.files] == stamps, "not even written"
        assert lab.git("status", "--porcelain") == ""


def test_edit_at_a_stage_restacks_the_later_ones(tiny):
    """The oracle: the edit made in the model of each stage."""
    headers = [file.read_bytes().partition(b"\ndiff --git ")[0] for file in tiny.files]
    one = tiny.files[0].read_bytes()
    tiny.ok("apply", "02")
    tiny.edit('"""\nGuess', '"""\n# of patch two\nGuess')
    out = tiny.ok("refresh", "02").out
    assert "modified   patches/02-storm-report.patch" in out and "restacked  patches/03-loud-report.patch" in out
    assert tiny.files[0].read_bytes() == one
    assert [file.read_bytes().partition(b"\ndiff --git ")[0] for file in tiny.files] == headers
    assert tiny.git("status", "--porcelain") == "" and tiny.position()["position"] == "stage 02"
    for number in (4, 3, 1):
        tiny.ok("apply", f"{number:02d}")
        model = tiny_stages()[number]["makemore.py"].decode()
        if number >= 2:
            model = model.replace('"""\nGuess', '"""\n# of patch two\nGuess', 1)
        assert tiny.code.read_text() == model


def test_refresh_is_repeatable(tiny):
    """Refreshing what was refreshed changes nothing, wherever one stands."""
    tiny.ok("apply", "01")
    tiny.edit('"""\nGuess', '"""\n# new\nGuess')
    tiny.ok("refresh", "01")
    before = tiny.bytes_of_patches()
    for number in (2, 4):
        tiny.ok("apply", f"{number:02d}")
        tiny.ok("refresh", f"{number:02d}")
    assert tiny.bytes_of_patches() == before


def test_real_makemore_edit_and_back(makemore):
    makemore.ok("apply", "01")
    before = makemore.bytes_of_patches()
    code = makemore.code.read_bytes()
    makemore.add_line(place=3)
    mine = makemore.code.read_bytes()
    makemore.ok("refresh", "01")
    assert makemore.bytes_of_patches() != before
    makemore.ok("apply", "00")
    makemore.ok("apply", "01")
    assert makemore.code.read_bytes() == mine
    makemore.code.write_bytes(code)
    makemore.ok("refresh", "01")
    assert makemore.bytes_of_patches() == before


def test_header_bytes_are_kept(tiny):
    """Also odd ones: trailing blanks, wide characters, a folded subject's spaces."""
    file = tiny.files[1]
    data = file.read_bytes().replace(b"A second paragraph", "A  second\tparagraph   \n\n\n  ünd — 漢字 \n".encode())
    file.write_bytes(data)
    tiny.ok("apply", "02")
    tiny.ok("refresh", "02")
    assert file.read_bytes() == data
    tiny.add_line()
    tiny.ok("refresh", "02")
    head = data[: data.index(b"\ndiff --git ")]
    assert file.read_bytes().startswith(head + b"\ndiff --git ") and file.read_bytes() != data


def test_new(tiny):
    tiny.ok("apply", "04")
    tiny.add_line(place=2)
    mine = tiny.working()
    before = tiny.bytes_of_patches()
    out = tiny.ok("refresh", "--new", "fifth-one").out
    assert "patches/05-fifth-one.patch" in out and "header" in out
    assert {name: data for name, data in tiny.bytes_of_patches().items() if name in before} == before
    data = (tiny.patches / "05-fifth-one.patch").read_text()
    assert (
        data.startswith("From: ") and "\nDate: " in data and "\nSubject: delta" in data and "\n---\ndiff --git " in data
    )
    assert tiny.position()["position"] == "stage 05" and tiny.git("status", "--porcelain") == ""
    tiny.ok("apply", "00")
    tiny.ok("apply", "05")
    assert tiny.working() == mine


def test_new_file(tiny):
    tiny.ok("apply", "04")
    for path, content in {"data/pack.txt": "a\nb\n", "empty.txt": "", "open.txt": "no newline at the end"}.items():
        (tiny.stage / path).parent.mkdir(exist_ok=True)
        (tiny.stage / path).write_text(content)
    git(tiny.stage, "add", "data", "open.txt")
    mine = tiny.working()
    tiny.append_patch("pack")
    assert (tiny.stage / "empty.txt").exists()
    mine.pop("empty.txt")
    assert tiny.held("HEAD") == mine
    (tiny.stage / "data" / "pack.txt").write_text("a\nc\nb\n")
    tiny.append_patch("more")
    assert tiny.held("HEAD") == mine | {"data/pack.txt": b"a\nc\nb\n"}
    tiny.ok("apply", "04")
    assert not (tiny.stage / "data").exists()


def test_new_file_without_last_newline_can_grow(tiny):
    """A later patch may change what an earlier one added."""
    tiny.ok("apply", "04")
    (tiny.stage / "open.txt").write_text("one")
    git(tiny.stage, "add", "open.txt")
    tiny.append_patch("opens")
    (tiny.stage / "open.txt").write_text("one\ntwo")
    tiny.append_patch("grows")
    assert tiny.held("stage/06")["open.txt"] == b"one\ntwo"


@pytest.mark.parametrize("name", ["offset.py", "fuzz.txt", "Hunk.txt"])
def test_new_file_whose_name_git_says_of_hunks(tiny, name):
    tiny.ok("apply", "04")
    (tiny.stage / name).write_text("x\n")
    git(tiny.stage, "add", name)
    tiny.append_patch("named")
    assert tiny.held("stage/05")[name] == b"x\n"


def test_untracked_files_are_named_and_left_out(tiny):
    (tiny.stage / "notes.txt").write_text("x\n")
    tiny.add_line()
    assert "notes.txt" in tiny.ok("refresh", "04").out
    assert "notes.txt" not in tiny.held("HEAD")


def test_file_in_a_later_patch_may_change_an_earlier_ones_line(tiny):
    tiny.ok("apply", "04")
    tiny.edit("# the first one is never used", "# the first one is thrown away")
    tiny.append_patch("says-it-better")
    assert b"\n-    rng.random() # the first one is never used\n" in tiny.files[4].read_bytes()


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit", ["delete a line", "change a line", "delete a file", "empty a file"])
def test_upstreams_lines_stay(tiny, edit):
    tiny.ok("apply", "02")
    if edit == "delete a line":
        tiny.edit("            return today\n", "")
    elif edit == "change a line":
        tiny.edit("            return today\n", "            return None\n")
    elif edit == "delete a file":
        (tiny.stage / "names.txt").unlink()
    else:
        (tiny.stage / "names.txt").write_text("")
    result = refused(tiny, 1, "02")
    assert "stage 02" in result.err or "02-" in result.err


def test_more_than_one_sitting_takes(tiny):
    tiny.ok("apply", "02")
    tiny.edit('"""\nGuess', '"""\n' + "# and on\n" * 130 + "Guess")
    refused(tiny, 1, "02")


def test_upstreams_last_line_without_newline_stays(tiny):
    (tiny.stage / "LICENSE").write_bytes(UPSTREAM["LICENSE"] + b"\nmore\n")
    assert tiny.run("refresh", "04").code in (1, 3)


@pytest.mark.parametrize(
    ("stand", "arguments"), [("02", ["03"]), ("03", ["02"]), ("00", ["01"]), ("03", ["--new", "x"]), ("00", ["00"])]
)
def test_wrong_place(tiny, stand, arguments):
    tiny.ok("apply", stand)
    tiny.add_line()
    assert "→" in refused(tiny, 2, *arguments).err


@pytest.mark.parametrize("arguments", [[], ["13"], ["04", "--new", "x"], ["--new"], ["--bogus"], ["x"]])
def test_bad_usage(tiny, arguments):
    tiny.add_line()
    refused(tiny, 2, *arguments)


@pytest.mark.parametrize("slug", ["Big", "a b", "../x", "a/b", "", "ü", "-x", "x-", "a--b", "x.patch", "x\n"])
def test_slug_that_is_none(tiny, slug):
    tiny.add_line()
    refused(tiny, 2, "--new", slug)


def test_new_with_no_edits(tiny):
    refused(tiny, 2, "--new", "nothing")


def test_edits_that_undo_the_whole_patch(tiny):
    tiny.code.write_bytes(tiny_stages()[3]["makemore.py"])
    result = tiny.run("refresh", "04")
    assert result.code in (2, 3) and len(tiny.files) == 4, result


def test_conflict_is_shown_and_nothing_is_written(tiny):
    tiny.ok("apply", "02")
    place = 'type=int, default=7, help="how many days")\n'
    tiny.edit(place, place + "    # mine, where 03 inserts\n")
    result = refused(tiny, 3, "02")
    assert "03-loud-report" in result.err and "# mine, where 03 inserts" in result.err and "'--shout'" in result.err
    assert "<<<<<<<" in result.err and "→" in result.err


def test_patch_that_would_be_empty(tiny):
    """Stage 03 as edited has all of patch 04: that patch is neither dropped nor written empty."""
    tiny.ok("apply", "03")
    tiny.code.write_bytes(tiny_stages()[4]["makemore.py"])
    tiny.git("status")
    if tiny.position()["stage"] == 4:  # recognised by its tree
        refused(tiny, 2, "03")
    else:
        refused(tiny, 3, "03")


def test_too_much_context_cannot_come_about(tiny):
    """Insertions at every distance: whatever refresh accepts has at most two lines of context together."""
    lines = tiny.code.read_text().split("\n")
    for at in (40, 36, 33, 31, 30, 12):
        lines.insert(at, f"    # inserted at {at}")
    tiny.code.write_text("\n".join(lines))
    tiny.ok("refresh", "04")
    context = 0
    for line in tiny.files[3].read_text().split("\n@@ ", 1)[1].split("\n")[1:]:
        context = context + 1 if line.startswith(" ") else 0
        assert (context <= 2 and "@@ " not in line[3:]) or not line.split("@@")[-1].strip()


def test_broken_series_is_refused(tiny):
    tiny.add_line()
    tiny.files[1].write_bytes(tiny.files[1].read_bytes().replace(b"assert lines", b"assert liens"))
    refused(tiny, 3, "04")


def test_unfinished_conflict_of_carry(tiny):
    tiny.ok("apply", "02")
    place = 'type=int, default=7, help="how many days")\n'
    tiny.edit(place, place + "    # mine\n")
    assert tiny.run("apply", "03", "--carry").code == 3
    refused(tiny, 3, "03")
    tiny.code.write_text(
        tiny.code.read_text()
        .replace("<<<<<<< stage 03\n", "")
        .replace("\n=======\n", "\n")
        .replace(">>>>>>> your edits\n", "")
    )
    git(tiny.stage, "add", "-u")
    tiny.ok("refresh", "03")
    assert b"+    # mine\n" in tiny.files[2].read_bytes()


# -- the reader's work ------------------------------------------------------------------------------------------------


def test_commits_become_the_patch_and_are_kept(tiny):
    tiny.ok("apply", "02")
    tiny.add_line("# one", 2)
    commit = tiny.commit()
    tiny.add_line("# two", 3)
    result = tiny.ok("refresh", "02")
    (name,) = tiny.kept()
    assert name in result.out and commit in tiny.git("rev-list", name).split()
    data = tiny.files[1].read_bytes()
    assert b"+# one\n" in data and b"+# two\n" in data
    assert tiny.position()["position"] == "stage 02"


def test_branch_of_the_reader_stays(tiny):
    git(tiny.stage, "checkout", "-qb", "mine")
    old = tiny.git("rev-parse", "HEAD")
    tiny.add_line()
    tiny.ok("refresh", "04")
    assert tiny.refs()["refs/heads/mine"] == old


def test_working_files_are_not_touched(tiny):
    tiny.add_line()
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in tiny.stage.rglob("*")
        if ".git" not in path.parts and path.is_file()
    }
    tiny.ok("refresh", "04")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before


def test_without_stage(tiny):
    shutil.rmtree(tiny.stage)
    result = tiny.run("refresh", "01")
    assert result.code in (0, 2)


def test_plain_git_applies_what_refresh_wrote(tiny, tmp_path):
    tiny.ok("apply", "01")
    tiny.edit('"""\nGuess', '"""\n# new\nGuess')
    tiny.ok("refresh", "01")
    git(tmp_path, "clone", "-q", str(tiny.source), "c")
    git(tmp_path / "c", "checkout", "-q", "--detach", tiny.pin)
    git(tmp_path / "c", "am", "-q", *map(str, tiny.files))
    assert said(tmp_path / "c", "rev-parse", "HEAD^{tree}") == tiny.tree("stage/04")


# -- against a model in plain lists -----------------------------------------------------------------------------------


@settings(max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_insertions_at_random_stages(tiny_template, clean, tmp_path_factory, seed):
    """A model of the series as lists of (id, line): refresh agrees, or refuses a conflict and changes nothing."""
    rng = random.Random(seed)
    lab = tiny_template.copy(tmp_path_factory.mktemp("random") / "c")
    texts = [stage["makemore.py"].decode().split("\n")[:-1] for stage in tiny_stages()]
    accepted = 0
    for round_ in range(2):
        number = rng.randint(1, 4)
        lab.ok("apply", f"{number:02d}", "--discard")
        assert lab.code.read_text() == "\n".join(texts[number]) + "\n"
        edited = list(texts[number])
        anchors = []
        for n in range(rng.randint(1, 3)):
            at = rng.randrange(1, len(edited))
            anchors.append((edited[at - 1], edited[at]))
            edited.insert(at, f"# round {round_}, line {n}, of stage {number:02d}")
        lab.code.write_text("\n".join(edited) + "\n")
        before = lab.bytes_of_patches()
        result = lab.run("refresh", f"{number:02d}")
        if result.code != 0:
            assert result.code == 3 and lab.bytes_of_patches() == before, result
            continue
        accepted += 1
        later = [_carry(texts[number], edited, text) for text in texts[number + 1 :]]
        texts = [*texts[:number], edited, *later]
    for number in (4, 2):
        lab.ok("apply", f"{number:02d}", "--discard")
        assert lab.code.read_text() == "\n".join(texts[number]) + "\n"
    for stage, text in enumerate(texts):
        files = UPSTREAM | {"makemore.py": ("\n".join(text) + "\n").encode()}
        assert lab.tree(f"stage/{stage:02d}") == tree_id(files)
    shutil.rmtree(lab.root)


def _carry(old: list[str], new: list[str], later: list[str]) -> list[str]:
    """`later` (old with insertions) with the insertions of `new` (old with others) at the same lines of old.

    Where both insert at one line of old, git would have called it a conflict.
    """

    def gaps(whole):
        lines, at = [[] for _ in range(len(old) + 1)], 0
        for line in whole:
            if at < len(old) and line == old[at]:
                at += 1
            else:
                lines[at].append(line)
        assert at == len(old)
        return lines

    out = []
    for at, (mine, theirs) in enumerate(zip(gaps(new), gaps(later), strict=True)):
        out += mine + theirs
        if at < len(old):
            out.append(old[at])
    return out


def test_series_of_the_tests_is_the_models(tiny):
    assert [file.name for file in tiny.files] == [f"{n:02d}-{slug}.patch" for n, (slug, _) in enumerate(PATCHES, 1)]


def test_a_broken_experiment_of_another_stage_stops_no_refresh(tiny):
    """It is said; README's table waits."""
    (tiny.root / "README.md").write_text("<!-- series -->\n<!-- /series -->\n")
    folder = tiny.project.baselines / "04-quiet-report"
    folder.mkdir(parents=True)
    made = recorded.baseline({"a": recorded.run({"x": (1.0, 2.0)})}, stage="04-quiet-report")
    baseline.write(folder / "baseline.json", made)
    (folder / "experiment.toml").write_text("no toml")
    tiny.ok("apply", "02")
    tiny.add_line()
    result = tiny.ok("refresh", "02")
    assert "README's table stays as it is" in result.err and "04-quiet-report" in result.err
    assert "modified" in result.out


@pytest.mark.parametrize("arguments", [("--rename", "03", "04"), ("--rename", "03", "next"), ("--rename", "03", "3d")])
def test_a_slug_that_could_be_taken_for_a_place_is_refused(tiny, arguments):
    before = tiny.everything()
    assert tiny.run("refresh", *arguments).code == 2 and tiny.everything() == before


@pytest.mark.parametrize(
    ("stands", "arguments"),
    [
        ("00", ("--rename", "prev", "oops")), ("00", ("--move", "prev", "--to", "01")),
        ("last", ("--move", "next", "--to", "01")), ("last", ("--move", "02", "--to", "next")), ("last", ("next",)),
    ],
)  # fmt: skip
def test_before_the_first_and_behind_the_last_there_is_no_patch(tiny, stands, arguments):
    tiny.ok("apply", stands)
    before = tiny.everything()
    assert tiny.run("refresh", *arguments).code == 2 and tiny.everything() == before


def test_away_from_its_stage_with_edits_it_names_the_way_there(tiny):
    """The way out is typed: the edits become part of the patch that was meant."""
    tiny.ok("apply", "04")
    tiny.edit('"""\nGuess', '"""\n# mine\nGuess')
    refused = tiny.run("refresh", "02")
    assert refused.code == 2 and "scripts/apply.sh 02 --carry" in refused.err
    tiny.ok("apply", "02", "--carry")
    tiny.ok("refresh", "02")
    assert b"+# mine" in tiny.files[1].read_bytes()
