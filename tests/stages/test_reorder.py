"""`refresh --insert`, `--move` and `--rename`: the series gets another order, all of it or nothing.

The oracle is a model: the order as a list of slugs, a stage as the insertions of its patches, made in plain lists.
"""

import json
import random
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltas.series.renumber import Naming
from lab import PATCHES, UPSTREAM, contents, git, header, insert, said, tree_id

pytestmark = pytest.mark.slow

SLUGS = [slug for slug, _ in PATCHES]
MARKS = "a\n<!-- series -->\nold\n<!-- /series -->\nb\n"
INSERTIONS = dict(PATCHES)


def model(order: list[str]) -> list[dict[str, bytes]]:
    """What the stages hold when the patches come in this order."""
    text, stages = UPSTREAM["makemore.py"].decode(), [dict(UPSTREAM)]
    for slug in order:
        text = insert(text, INSERTIONS[slug])
        stages.append(UPSTREAM | {"makemore.py": text.encode()})
    return stages


def furnish(lab) -> None:
    """Give every patch a folder of baselines, and the checkout a README."""
    (lab.root / "README.md").write_text(MARKS)
    for number, slug in enumerate(SLUGS, 1):
        folder = lab.root / "baselines" / f"{number:02d}-{slug}"
        (folder / "deep").mkdir(parents=True)
        (folder / "experiment.toml").write_text(f'title = "{slug}"\n')
        (folder / "recorded.json").write_text(f'{{\n  "note": "{slug}", "stage" :  "{number:02d}-{slug}"}}\n')
        (folder / "list.json").write_text(f'["{number:02d}-{slug}"]\n')
        (folder / "deep" / "untracked.svg").write_bytes(b"\0" + slug.encode())
        (folder / "program").write_text("#!/bin/sh\n")
        (folder / "program").chmod(0o755)
    (lab.root / "baselines" / "others").mkdir()
    (lab.root / "baselines" / "others" / "stays.txt").write_text("01-frost-days\n")


@pytest.fixture
def series(tiny):
    furnish(tiny)
    return tiny


def all_bytes(lab) -> dict:
    everything = lab.everything()
    return {part: everything[part] for part in ("patches", "baselines", "readme")}


def check(lab, order: list[str], stands: str | None) -> None:
    """Everything that shows the order: patches, folders, README, tags, stage/."""
    names = [f"{number:02d}-{slug}" for number, slug in enumerate(order, 1)]
    assert [file.stem for file in lab.files] == names
    for number, (file, slug) in enumerate(zip(lab.files, order, strict=True), 1):
        original = SLUGS.index(slug) + 1
        expected = header(original, slug).replace(b"train.sh %02d" % original, b"train.sh %02d" % number)
        assert file.read_bytes().partition(b"diff --git ")[0] == expected
    assert sorted(lab.tags()) == [f"refs/tags/stage/{n:02d}" for n in range(len(order) + 1)]
    for number, files in enumerate(model(order)):
        assert lab.tree(f"stage/{number:02d}") == tree_id(files)
    number = order.index(stands) + 1 if stands else 0
    assert lab.position()["position"] == f"stage {number:02d}"
    assert lab.git("rev-parse", "HEAD") == lab.tags()[f"refs/tags/stage/{number:02d}"]
    assert lab.working() == model(order)[number] and lab.git("status", "--porcelain") == ""
    if (lab.root / "baselines").exists():
        folders = sorted(path.name for path in (lab.root / "baselines").iterdir())
        assert folders == [*names, "others"]
        for name in names:
            folder = lab.root / "baselines" / name
            assert json.loads((folder / "recorded.json").read_text()) == {"note": name[3:], "stage": name}
            assert (folder / "deep" / "untracked.svg").read_bytes() == b"\0" + name[3:].encode()
            assert (folder / "program").stat().st_mode & 0o111
        rows = (lab.root / "README.md").read_text().splitlines()
        assert [row.split("](")[0] for row in rows if row.startswith("| [")] == [f"| [{name}" for name in names]


def refused(lab, code: int, *arguments: str):
    before = lab.everything(), (lab.stage / ".git" / "index").read_bytes()
    result = lab.run("refresh", *arguments)
    assert result.code == code, result
    assert (lab.everything(), (lab.stage / ".git" / "index").read_bytes()) == before
    return result


# -- moving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [1, 2, 3, 4])
def test_every_move_and_back(series, start):
    """Moved and moved back, all is as it was to the byte; the reader stays at the patch where they stood."""
    series.ok("refresh", "04")  # fills in README
    before = all_bytes(series)
    for end in range(1, 5):
        stands = (start + end) % 5
        series.ok("apply", f"{stands:02d}")
        slug = SLUGS[stands - 1] if stands else None
        series.ok("refresh", "--move", f"{start:02d}", "--to", str(end))
        order = [name for name in SLUGS if name != SLUGS[start - 1]]
        order.insert(end - 1, SLUGS[start - 1])
        check(series, order, slug)
        between = {name for n, name in enumerate(SLUGS, 1) if min(start, end) <= n <= max(start, end)}
        for file, name in zip(series.files, order, strict=True):
            if name not in between:
                assert file.read_bytes() == before["patches"][file.name], "its place stays, and so do its bytes"
        series.ok("refresh", "--move", SLUGS[start - 1], "--to", f"{start:02d}")
        assert all_bytes(series) == before
        assert series.position()["position"] == f"stage {stands:02d}"


def test_patches_outside_the_move_are_not_even_written(series):
    series.ok("apply", "01")
    stamps = {file.name: file.stat().st_mtime_ns for file in series.files}
    series.ok("refresh", "--move", "02", "--to", "03")
    now = {file.name: file.stat().st_mtime_ns for file in series.files}
    assert {name for name in now if now[name] == stamps.get(name)} == {"01-frost-days.patch", "04-quiet-report.patch"}


def test_move_onto_itself_is_nothing(series):
    series.ok("refresh", "04")
    before = all_bytes(series)
    assert "nothing to do" in series.ok("refresh", "--move", "02", "--to", "02").out
    assert all_bytes(series) == before


@settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_any_order_is_reached_by_moves(tiny_template, clean, tmp_path_factory, seed):
    """Random moves, names typed in random ways, against a list; then every patch back to its place."""
    rng = random.Random(seed)
    lab = tiny_template.copy(tmp_path_factory.mktemp("orders") / "c")
    furnish(lab)
    order, stands = list(SLUGS), rng.choice([None, *SLUGS])
    lab.ok("apply", stands or "00")
    lab.ok("refresh", "--rename", "01", "frost-days")  # fills in README
    before = all_bytes(lab)
    for _ in range(3):
        slug, end = rng.choice(order), rng.randint(1, 4)
        number = order.index(slug) + 1
        typed = rng.choice([slug, str(number), f"{number:02d}", f"{number:02d}-{slug}"])
        lab.ok("refresh", "--move", typed, "--to", str(end))
        order.remove(slug)
        order.insert(end - 1, slug)
        check(lab, order, stands)
    for number, slug in enumerate(SLUGS, 1):
        lab.ok("refresh", "--move", slug, "--to", str(number))
    assert all_bytes(lab) == before
    shutil.rmtree(lab.root)


def test_what_baselines_hold_beside_the_name_of_their_stage_stays(series):
    """A field `stage` deeper down, a list, a file that is no JSON: not touched."""
    folder = series.root / "baselines" / "02-storm-report"
    odd = {
        "nested.json": b'{"a": {"stage": "02-storm-report"}, "stage": 3}',
        "broken.json": b'{"stage": "02-storm-report", ',
        "text.json": b"\xff\xfe",
        "later.json": b'{"x": {"stage": "02-storm-report"},\n\t"stage":"02-storm-report" }',
    }
    for name, data in odd.items():
        (folder / name).write_bytes(data)
    series.ok("refresh", "--move", "02", "--to", "01")
    moved = series.root / "baselines" / "01-storm-report"
    odd["later.json"] = b'{"x": {"stage": "02-storm-report"},\n\t"stage":"01-storm-report" }'
    assert {name: (moved / name).read_bytes() for name in odd} == odd


def test_outer_repository_is_not_touched(series):
    """Its index, and what of the work was staged in it."""
    git(series.root, "add", "-A")
    (series.root / "patches" / "notes.txt").unlink(missing_ok=True)
    (series.root / "README.md").write_text(MARKS + "not staged\n")
    before = (series.root / ".git" / "index").read_bytes(), said(series.root, "rev-parse", "HEAD")
    series.ok("refresh", "--move", "01", "--to", "04")
    assert ((series.root / ".git" / "index").read_bytes(), said(series.root, "rev-parse", "HEAD")) == before
    assert (series.root / "README.md").read_text().endswith("not staged\n")


def test_real_series_moves_and_comes_back(makemore):
    """With its recorded baselines: the field `stage` follows, and what is known of a stage is found again."""
    makemore.ok("apply", "03")
    before = all_bytes(makemore)
    first, second = makemore.files[1].stem[3:], makemore.files[2].stem[3:]
    out = makemore.ok("refresh", "--move", "03", "--to", "02").out
    assert [file.stem for file in makemore.files[1:3]] == [f"02-{second}", f"03-{first}"]
    for name in (f"02-{second}", f"03-{first}"):
        recorded = json.loads((makemore.root / "baselines" / name / "baseline.json").read_text())
        assert recorded["stage"] == name
        assert f"baselines/{name}/" in out
    assert makemore.position()["position"] == "stage 02"
    readme = (makemore.root / "README.md").read_text()
    assert f"[02-{second}]" in readme and "| not measured |" not in readme
    makemore.ok("refresh", "--move", "02", "--to", "03")
    assert all_bytes(makemore) == before


# -- renaming ---------------------------------------------------------------------------------------------------------


def test_rename_and_back(series):
    series.ok("refresh", "--rename", "02", "storm-report")
    before, tags = all_bytes(series), series.tags()
    out = series.ok("refresh", "--rename", "02", "gale").out
    assert "renamed    patches/02-gale.patch" in out and "baselines/02-gale/" in out
    assert [file.stem for file in series.files] == ["01-frost-days", "02-gale", "03-loud-report", "04-quiet-report"]
    assert not (series.root / "baselines" / "02-storm-report").exists()
    assert json.loads((series.root / "baselines" / "02-gale" / "recorded.json").read_text())["stage"] == "02-gale"
    assert series.tags() == tags, "the code and the prose are as they were"
    assert "| [02-gale](patches/02-gale.patch)" in (series.root / "README.md").read_text()
    series.ok("refresh", "--rename", "gale", "storm-report")
    assert all_bytes(series) == before


@pytest.mark.parametrize("slug", ["Big", "a b", "../x", "a/b", "", "ü", "-x", "x-", "a--b", "x.patch", "x\n"])
def test_slug_that_is_none(series, slug):
    refused(series, 2, "--rename", "02", slug)
    series.add_line()
    refused(series, 2, "--insert", slug)


@pytest.mark.parametrize("arguments", [["--rename", "02", "loud-report"], ["--insert", "loud-report"]])
def test_slug_that_is_taken(series, arguments):
    if "--insert" in arguments:
        series.add_line()
    assert "03-loud-report" in refused(series, 2, *arguments).err


# -- inserting --------------------------------------------------------------------------------------------------------

MINE = ('"""\nGuess', '"""\n# of the new one\nGuess')


@pytest.mark.parametrize("stands", [0, 1, 3, 4])
def test_insert(series, stands):
    series.ok("apply", f"{stands:02d}")
    before = series.bytes_of_patches()
    series.edit(*MINE)
    (series.stage / "mine.txt").write_text("untracked\n")
    working = series.working()
    out = series.ok("refresh", "--insert", "between").out
    new = f"{stands + 1:02d}-between"
    assert f"new        patches/{new}.patch" in out and "mine.txt" in out and "now write its header" in out
    names = [f"{n + (n > stands):02d}-{slug}" for n, slug in enumerate(SLUGS, 1)]
    assert [file.stem for file in series.files] == sorted([*names, new])
    assert series.working() == working and series.position()["position"] == f"stage {stands + 1:02d}"
    data = (series.patches / f"{new}.patch").read_bytes()
    assert b"\nRun: scripts/train.sh %02d\n" % (stands + 1) in data and b"\n+# of the new one\n" in data
    for number, name in enumerate(names, 1):
        now = (series.patches / f"{name}.patch").read_bytes()
        if number <= stands:
            assert now == before[f"{name}.patch"]
        else:
            assert b"Run: scripts/train.sh %02d\n" % (number + 1) in now
        assert json.loads((series.root / "baselines" / name / "recorded.json").read_text())["stage"] == name
    for number, files in enumerate(model(SLUGS)):
        if number > stands:
            files["makemore.py"] = files["makemore.py"].replace(MINE[0].encode(), MINE[1].encode(), 1)
        at = number + (number > stands)
        assert series.tree(f"stage/{at:02d}") == tree_id(files)


def test_insert_and_take_out_again_by_hand(series):
    """What a moved series holds does not depend on how it came about."""
    series.ok("apply", "02")
    before = series.bytes_of_patches()
    series.edit(*MINE)
    series.ok("refresh", "--insert", "between")
    series.ok("refresh", "--move", "between", "--to", "05")
    series.files[4].unlink()
    assert series.bytes_of_patches() == before
    series.ok("apply", "04")
    assert series.working() == model(SLUGS)[4]


def test_insert_takes_commits_and_keeps_them(series):
    series.ok("apply", "02")
    series.edit(*MINE)
    commit = series.commit()
    result = series.ok("refresh", "--insert", "between")
    (name,) = series.kept()
    assert name in result.out and commit in series.git("rev-list", name).split()
    assert series.position()["position"] == "stage 03"


def test_insert_where_a_later_patch_inserts_is_shown(series):
    series.ok("apply", "02")
    place = 'type=int, default=7, help="how many days")\n'
    series.edit(place, place + "    # mine, where 03 inserts\n")
    err = refused(series, 3, "--insert", "between").err
    assert "03-loud-report" in err and "# mine, where 03 inserts" in err and "'--shout'" in err


def test_insert_without_edits(series):
    assert "no edits" in refused(series, 2, "--insert", "between").err


def test_folder_that_was_made_ready_for_the_new_patch_stays(series):
    series.ok("apply", "02")
    series.edit(*MINE)
    ready = series.root / "baselines" / "03-between" / "experiment.toml"
    ready.parent.mkdir()
    ready.write_text("ready\n")
    series.ok("refresh", "--insert", "between")
    assert ready.read_text() == "ready\n"


def test_a_hundredth_patch_is_refused(tiny, monkeypatch):
    from deltas.stages import plans

    monkeypatch.setattr(plans, "MOST", 4)
    tiny.add_line()
    refused(tiny, 2, "--insert", "more")
    refused(tiny, 2, "--new", "more")


# -- refusing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["--move", "02"], ["--to", "02"], ["--move", "02", "--to", "00"], ["--move", "00", "--to", "02"],
        ["--move", "02", "--to", "05"], ["--move", "13", "--to", "01"], ["02", "--to", "03"], ["--rename", "02"],
        ["--rename", "00", "x"], ["--rename", "13", "x"], ["--insert"], ["--insert", "a", "--new", "b"],
        ["--move", "01", "--to", "02", "--rename", "01", "x"], ["02", "--insert", "x"], ["--move", "", "--to", ""],
    ],
)  # fmt: skip
def test_bad_usage(series, arguments):
    refused(series, 2, *arguments)


def dependent(lab) -> None:
    """Append a patch that changes a line of patch 02."""
    lab.ok("apply", "04")
    lab.edit("# the first one is never used", "# the first one is thrown away")
    lab.append_patch("says-it-better")


@pytest.mark.parametrize("stands", ["00", "05"])
@pytest.mark.parametrize("move", [("05", "01"), ("02", "05")])
def test_order_in_which_a_patch_does_not_fit(tiny, move, stands):
    dependent(tiny)
    furnish(tiny)
    tiny.ok("apply", stands)
    err = refused(tiny, 3, "--move", move[0], "--to", move[1]).err
    assert "05-says-it-better" in err and "# the first one is thrown away" in err and "<<<<<<<" in err and "→" in err
    tiny.ok("refresh", "--move", "05", "--to", "03")
    tiny.ok("refresh", "--move", "03", "--to", "05")


WORK = {
    "edits": lambda lab: lab.add_line(),
    "commits": lambda lab: (lab.add_line(), lab.commit()),
    "staged": lambda lab: (lab.add_line(), git(lab.stage, "add", "-A")),
    "deleted": lambda lab: (lab.stage / "names.txt").unlink(),
}


@pytest.mark.parametrize("what", WORK)
@pytest.mark.parametrize("arguments", [["--move", "02", "--to", "03"], ["--rename", "02", "gale"]])
def test_work_in_stage_is_refused_with_two_ways_out(series, what, arguments):
    series.ok("apply", "02")
    WORK[what](series)
    err = refused(series, 4, *arguments).err
    assert "scripts/refresh.sh 02" in err and "scripts/apply.sh 02 --discard" in err
    series.ok("apply", "02", "--discard")
    series.ok("refresh", *arguments)


def test_stage_of_an_earlier_series_is_refused(series):
    series.files[3].unlink()
    result = refused(series, 2, "--move", "02", "--to", "03")
    assert "earlier series" in result.err and "scripts/apply.sh" in result.err


def test_conflicts_to_be_resolved_are_refused(series):
    series.ok("apply", "02")
    place = 'type=int, default=7, help="how many days")\n'
    series.edit(place, place + "    # mine\n")
    assert series.run("apply", "03", "--carry").code == 3
    refused(series, 3, "--move", "02", "--to", "03")
    refused(series, 3, "--insert", "x")


def test_untracked_file_where_the_stage_gets_one(tiny):
    """Moved behind the patch with the file, the stage where the reader stands has that file, too."""
    (tiny.stage / "pack.txt").write_text("theirs\n")
    git(tiny.stage, "add", "pack.txt")
    tiny.append_patch("pack")
    tiny.ok("apply", "04")
    (tiny.stage / "pack.txt").write_text("mine\n")
    assert "pack.txt" in refused(tiny, 4, "--move", "04", "--to", "05").err
    (tiny.stage / "pack.txt").rename(tiny.stage / "pack.mine")
    tiny.ok("refresh", "--move", "04", "--to", "05")
    assert (tiny.stage / "pack.txt").read_text() == "theirs\n"


def test_folder_that_is_in_the_way(series):
    """A folder of that name which belongs to no patch is somebody's."""
    place = series.root / "baselines" / "03-storm-report"
    place.mkdir()
    (place / "x").write_text("mine\n")
    err = refused(series, 2, "--move", "02", "--to", "03").err
    assert "baselines/03-storm-report" in err and "mv " in err


def test_readme_that_cannot_be_filled_in(series):
    (series.root / "README.md").write_text("no marks\n")
    refused(series, 2, "--move", "02", "--to", "03")


@pytest.mark.parametrize("what", ["patch", "document", "readme"])
def test_edit_made_while_it_works_is_not_overwritten(series, monkeypatch, what):
    """Somebody saves a file between the reading and the writing."""
    from deltas.verbs import refresh

    series.ok("apply", "02")
    path = {
        "patch": series.files[1],
        "document": series.root / "baselines" / "02-storm-report" / "recorded.json",
        "readme": series.root / "README.md",
    }[what]
    plain = refresh._readme

    def late(*given):
        found = plain(*given)
        if what != "document":
            path.write_bytes(path.read_bytes() + b"\n")
        return found

    monkeypatch.setattr(refresh, "_readme", late)
    if what == "document":
        documents = refresh.rewrite._documents

        def edited(moving):
            for file in documents(moving):
                path.write_bytes(path.read_bytes() + b"\n")
                yield file

        monkeypatch.setattr(refresh.rewrite, "_documents", edited)
    result = series.run("refresh", "--move", "02", "--to", "03")
    assert result.code == 4 and "changed while" in result.err
    assert path.read_bytes().endswith(b"\n") and len(series.files) == 4
    assert [file.stem[:2] for file in series.files] == ["01", "02", "03", "04"]
    assert series.files[1].stem == "02-storm-report" and not series.project.journal.exists()


def test_two_patches_with_one_slug(tiny):
    """They may be there; a move could give one the other's name."""
    twin = tiny.patches / "04-storm-report.patch"
    tiny.files[3].rename(twin)
    tiny.ok("apply", "04")
    assert "storm-report" in refused(tiny, 2, "--move", "02", "--to", "04").err
    tiny.ok("refresh", "04")


# -- what is said -----------------------------------------------------------------------------------------------------


def test_commands_in_headers_follow_and_prose_is_listed(series):
    """In every header, of moved patches and of others; a number in prose is the author's to look at."""
    last = series.files[3]
    text = last.read_text().replace(
        "A second paragraph",
        "Try `scripts/show.sh 02`, `scripts/apply.sh storm-report` and `scripts/publish.sh 1 02 --to x 02`.\n"
        "See patches/02-storm-report.patch, as in 02. Stage 2 is no 2.02; 12:02:02 neither.\nA second paragraph",
    )
    last.write_text(text)
    series.ok("apply", "04")
    out = series.ok("refresh", "--move", "02", "--to", "03").out
    now = last.read_text()
    assert "Try `scripts/show.sh 03`, `scripts/apply.sh storm-report` and `scripts/publish.sh 1 03 --to x 02`.\n" in now
    assert "See patches/03-storm-report.patch, as in 02. Stage 2 is no 2.02; 12:02:02 neither.\n" in now
    listed = [line.strip() for line in out.splitlines() if "04-quiet-report.patch:" in line]
    assert [int(line.split(":")[1]) for line in listed] == [7, 8]
    series.ok("refresh", "--move", "03", "--to", "02")
    assert last.read_text() == text


def test_numbers_in_added_lines_and_beside_the_patches_are_listed(series):
    series.ok("apply", "04")
    series.edit('"""\nGuess', '"""\n# as 02 has it\nGuess')
    series.ok("refresh", "04")
    (series.root / "README.md").write_text(MARKS + "\nscripts/train.sh 02\n")
    (series.root / "baselines" / "02-storm-report" / "experiment.toml").write_text("# more than stage 03\n")
    out = series.ok("refresh", "--move", "02", "--to", "03").out
    assert "# as 02 has it" in out
    assert "README.md:12: scripts/train.sh 02" in out
    assert "baselines/03-storm-report/experiment.toml:1: # more than stage 03" in out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scripts/train.sh 01", "scripts/train.sh 02"),
        ("scripts/train.sh 1", "scripts/train.sh 2"),
        ("scripts/train.sh 01.", "scripts/train.sh 02."),
        ("scripts/train.sh 01.5", "scripts/train.sh 01.5"),
        ("scripts/train.sh 011", "scripts/train.sh 011"),
        ("scripts/publish.sh 01 02 03", "scripts/publish.sh 02 01 03"),
        ("scripts/apply.sh next 01", "scripts/apply.sh next 01"),
        ("scripts/apply.sh 01-one", "scripts/apply.sh 02-one"),
        ("scripts/apply.sh two", "scripts/apply.sh zwei"),
        ("scripts/apply.sh two-fold", "scripts/apply.sh two-fold"),
        ("patches/02-two.patch and baselines/01-one/", "patches/01-zwei.patch and baselines/02-one/"),
        ("101-one 01-one-more", "101-one 01-one-more"),
        ("of 01 and 02", "of 01 and 02"),
    ],
)
def test_what_is_rewritten(text, expected):
    assert Naming({"01-one": "02-one", "02-two": "01-zwei", "03-three": "03-three"}).rewritten(text) == expected


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("as in 01", True), ("01's", True), ("stages 1", True), ("patch 2", True), ("stage/01", True), ("(02)", True),
        ("stage\n01", True), ("2.01", False), ("01.5", False), ("1", False), ("delta 1", False), ("03", False),
        ("10:01", False), ("%01", False), ("Date: 01 Jan", False), ("Subject: delta 1: 01", False), ("a-01", False),
        ("scripts/train.sh 01", False), ("two-fold", False), ("to-day", True), ("to-days", False),
    ],
)  # fmt: skip
def test_what_is_listed(text, listed):
    naming = Naming({"01-one": "02-one", "02-to-day": "01-tomorrow", "03-three": "03-three"})
    assert bool(naming.left(text)) == listed


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("the MLP of 12 (two layers", True), ("the MLP of 12, two layers", True), ("lower than 12's", True),
        ("as 12 has it", True), ("what 11 and 12 add", True), ("the test loss of 12", True), ("stage 12", True),
        ("12 names", False), ("in 12 steps", False), ("--batch 12", False), ("-l 02", False), ("0.12", False),
        ("x = 12", False), ("12 Nov 2026", False), ("at 12:30", False), ("12 %", False), ("1.12 to 12.5", False),
        ("layers differ 12-fold", False), ("the part of 13", False), ("range(12)", False), ("[12, 16]", False),
    ],
)  # fmt: skip
def test_numbers_without_a_zero_are_listed_where_they_count_nothing(text, listed):
    naming = Naming({"11-one": "12-one", "12-two": "11-two", "13-three": "13-three"})
    assert bool(naming.left(text)) == listed


def test_stages_of_the_test_are_the_models(tiny):
    for number, files in enumerate(model(SLUGS)):
        assert contents(tiny.stage) == model(SLUGS)[4]
        assert tiny.tree(f"stage/{number:02d}") == tree_id(files)
