"""Trouble with the machine is told for what it is: the patch is not blamed, and no way out destroys anything."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deltas.core.project import URL
from lab import HERE, git, shim, tiny_stages
from powers import without_power

DESTROYS = re.compile(
    r"git checkout (HEAD )?--|reset --hard|clean -|\brm -r|deinit -f|stash drop|push --force|update --force|checkout -f"
)


def ways(result) -> list[str]:
    """The ways out that were printed, without their comments."""
    return [line.split("→")[1].split("   #")[0].strip() for line in result.text.splitlines() if "→" in line]


def told_for_what_it_is(result, *words: str) -> None:
    assert result.code in (1, 4), result
    assert "Traceback" not in result.text
    assert "patches/" not in result.text, "the patch is blamed"
    assert not DESTROYS.search(result.text), result
    for word in words:
        assert word in result.text, (word, result.text)


# -- git says what is wrong -------------------------------------------------------------------------------------------

SAID = {
    "full": ("error: unable to create temporary file: No space left on device", "the disk is full"),
    "quota": ("fatal: unable to write loose object file: Disk quota exceeded", "the disk is full"),
    "read-only": ("error: unable to create temporary file: Read-only file system", "cannot be written to"),
    "forbidden": ("error: insufficient permission for adding an object to repository database .git/objects",
                  "permission denied"),
    "disk": ("error: unable to write file x: Input/output error", "the disk cannot be read or written"),
    "damaged": ("fatal: loose object 0123456789012345678901234567890123456789 is corrupt", "lacks an object"),
    "missing": ("error: failed to read makemore.py\nerror: makemore.py: patch does not apply", "lacks an object"),
    "owner": ("fatal: detected dubious ownership in repository", "safe.directory"),
    "nothing": ("", "git failed"),
    "another thing": ("fatal: the moon is full", "the moon is full"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["apply --cached", "write-tree", "commit-tree", "read-tree", "hash-object"])
@pytest.mark.parametrize("what", SAID)
def test_git_that_fails(tiny, tmp_path, what, command):
    """Whichever git command fails, and for whatever reason."""
    tiny.ok("apply", "02")
    tiny.add_line()
    said, expected = SAID[what]
    before = tiny.everything()
    body = f'case " $* " in *" {command} "*) printf "%s\\n" "{said}" >&2; exit 128;; esac\nexec "$GIT" "$@"'
    gate = shim(tmp_path / "gate", body)
    result = tiny.fork("apply", "03", "--carry", path=gate)
    if result.code == 0:
        assert command == "hash-object", "a move needs all of the others"
    else:
        told_for_what_it_is(result, expected)
        assert tiny.everything() == before
    listed = tiny.fork("apply", path=gate)
    assert listed.code == 0 and "- 03" in listed.out, "the list does not fail"


def test_patch_that_does_not_apply_is_still_blamed(tiny):
    """With its blob ids as they should be, and another line beside the insertion."""
    file = tiny.files[1]
    file.write_bytes(file.read_bytes().replace(b"\n     rng = random", b"\n     rng = randam"))
    before = tiny.everything()
    result = tiny.run("apply", "02")
    assert result.code == 3 and "patches/02-storm-report.patch does not apply" in result.err
    assert not DESTROYS.search(result.err) and "git diff -- patches/02-storm-report.patch" in result.err
    assert tiny.everything() == before


def test_ways_out_of_a_broken_patch_keep_the_authors_text(tiny):
    """Both of them, typed as printed; then the committed patch is there, and the author's version can be had again."""
    file = tiny.files[1]
    mine = file.read_bytes().replace(b"assert lines", b"assert liens").replace(b"You know", b"A long text: you know")
    file.write_bytes(mine)
    result = tiny.run("apply", "02")
    assert result.code == 3
    env = {"PATH": os.environ["PATH"], "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x", "GIT_COMMITTER_NAME": "x",
           "GIT_COMMITTER_EMAIL": "x", "GIT_PAGER": "cat"}  # fmt: skip
    for way in ways(result):
        subprocess.run(["sh", "-c", way], cwd=tiny.root, check=True, capture_output=True, env=env)
    tiny.ok("apply", "02")
    git(tiny.root, "stash", "pop")
    assert file.read_bytes() == mine


# -- damaged objects --------------------------------------------------------------------------------------------------


def loosen(git_dir: Path) -> None:
    """Turn the packs of a repository into loose objects."""
    for pack in (git_dir / "objects" / "pack").glob("*.pack"):
        aside = git_dir.parent / "aside.pack"
        pack.rename(aside)
        pack.with_suffix(".idx").unlink()
        pack.with_suffix(".rev").unlink(missing_ok=True)
        git(git_dir, "unpack-objects", "-q", stdin=aside.read_bytes(), GIT_DIR=str(git_dir))
        aside.unlink()


def damage(git_dir: Path, name: str, how: str) -> None:
    commit = git(git_dir, "rev-parse", name, GIT_DIR=str(git_dir)).decode().strip()
    file = git_dir / "objects" / commit[:2] / commit[2:]
    whole = file.read_bytes()
    file.chmod(0o644)
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes({"junk": b"junk", "empty": b"", "cut off": whole[: len(whole) // 2]}[how])


OBJECTS = ["{pin}", "{pin}^{{tree}}", "{pin}:makemore.py", "{pin}:names.txt"]
OBJECTS += ["stage/03", "stage/03^{{tree}}", "stage/03:makemore.py", "stage/01:makemore.py"]


@pytest.mark.parametrize("how", ["junk", "empty", "cut off", "missing"])
@pytest.mark.parametrize("name", OBJECTS)
def test_damaged_object_in_stage(tiny, name, how):
    """It is made again where it can be; else it is told, and the way out that is named works and keeps everything."""
    tiny.ok("apply", "02")
    tiny.add_line()
    commit = tiny.commit()
    loosen(tiny.stage / ".git")
    damage(tiny.stage / ".git", name.format(pin=tiny.pin), how)
    before = tiny.working()
    assert tiny.run("apply").code == 0, "the list does not fail"
    result = tiny.run("apply", "03", "--discard")
    if result.code == 0:
        assert tiny.working() == tiny_stages()[3]
        return
    told_for_what_it_is(result)
    assert tiny.working() == before and not tiny.project.journal.exists()
    (way,) = [way for way in ways(result) if way.startswith("mv stage ")]
    subprocess.run(["sh", "-c", way], cwd=tiny.root, check=True)
    tiny.ok("apply", "03")
    assert tiny.working() == tiny_stages()[3]
    assert (tiny.root / "stage.old" / ".git" / "HEAD").read_text().strip() == commit


@pytest.mark.parametrize("how", ["junk", "missing"])
@pytest.mark.parametrize("name", ["{pin}", "{pin}^{{tree}}", "{pin}:makemore.py"])
def test_damaged_object_of_upstream(tiny, monkeypatch, name, how):
    """The first `apply` and `show` read it. The way out fetches it anew."""
    modules = tiny.root / ".git" / "modules" / "upstream" / "makemore"
    loosen(modules)
    damage(modules, name.format(pin=tiny.pin), how)
    shutil.rmtree(tiny.stage)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    for number, (key, value) in enumerate(
        {f"url.{tiny.source.as_uri()}.insteadOf": URL, "protocol.file.allow": "always"}.items()
    ):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    for arguments in (["apply", "02"], ["show", "02"]):
        result = tiny.run(*arguments)
        if result.code in (0, 5):  # fetched again, or git could not
            continue
        told_for_what_it_is(result, "upstream/makemore")
        (way,) = [way for way in ways(result) if "mv " in way]
        subprocess.run(["sh", "-c", way], cwd=tiny.root, check=True)
        tiny.ok(*arguments)
    tiny.ok("apply", "03")


def test_damaged_index(tiny):
    """The way out keeps it, and the next command works."""
    tiny.ok("apply", "02")
    tiny.add_line()
    mine = tiny.working()
    (tiny.stage / ".git" / "index").write_bytes(b"DIRC garbage")
    result = tiny.run("apply", "03")
    told_for_what_it_is(result, "index")
    subprocess.run(["sh", "-c", ways(result)[0]], cwd=tiny.root, check=True)
    assert (tiny.root / "index.damaged").read_bytes() == b"DIRC garbage"
    assert tiny.position()["position"] == "stage 02 + your edits in makemore.py" and tiny.working() == mine


# -- permissions ------------------------------------------------------------------------------------------------------


CLOSED = [
    (".", 0o500),
    ("stage", 0o500),
    ("stage", 0o000),
    ("stage/.git", 0o500),
    ("stage/.git", 0o000),
    ("stage/.git/objects", 0o500),
    ("stage/.git/objects", 0o000),
    ("stage/.git/refs/tags/stage", 0o500),
    ("stage/makemore.py", 0o000),
    ("stage/.git/index", 0o000),
    ("stage/.git/HEAD", 0o000),
    ("baselines", 0o500),
    ("patches", 0o500),
]


def close(lab, place: str, mode: int) -> None:
    """Objects lie in folders of their own: all of them."""
    path = lab.root / place
    for folder in sorted(path.rglob("*"), reverse=True) if place.endswith("objects") else []:
        if folder.is_dir():
            folder.chmod(mode)
    path.chmod(mode)


def reopen(lab) -> None:
    for folder, _, names in os.walk(lab.root):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink() and not path.stat().st_mode & 0o400:
                path.chmod(0o644)


@pytest.mark.parametrize(("place", "mode"), CLOSED)
@pytest.mark.parametrize("verb", [["apply", "03"], ["refresh", "--move", "02", "--to", "01"]])
def test_no_permission(tiny, powerless, place, mode, verb):
    """Refused with the place and a way out, nothing half-done; and once it is open, it works."""
    (tiny.root / "baselines" / "02-storm-report").mkdir(parents=True)
    (tiny.root / "baselines" / "02-storm-report" / "recorded.json").write_text('{"stage": "02-storm-report"}')
    tiny.ok("apply", "02")
    file = tiny.files[0]
    file.write_bytes(file.read_bytes().replace(b"You know", b"We know"))  # there are commits to be made
    before = tiny.everything()
    close(tiny, place, mode)
    result = tiny.fork(*verb, before=without_power)
    listed = tiny.fork("apply", before=without_power)
    reopen(tiny)
    assert listed.code == 0 and " 03" in listed.out and "Traceback" not in listed.out, listed
    if result.code == 0:
        assert place in ("baselines", "patches") and verb[0] == "apply"
        return
    assert result.code in (1, 4) and "Traceback" not in result.out, result
    assert "ermission denied" in result.out, result
    named = result.out.replace("patches/02-storm-report.patch", "").replace("patches: ", "")
    assert place == "patches" or "patches/" not in named, "the patch is blamed"
    assert not DESTROYS.search(result.out)
    after = tiny.everything()
    if place == ".":
        after["journal"] = before["journal"]
    assert after == before
    tiny.ok(*verb)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away: whose they are is not tested")
@pytest.mark.parametrize("place", ["stage/.git/objects", "stage", "stage/.git/refs/tags/stage"])
def test_what_a_command_run_as_root_left(tiny, powerless, place):
    """Once as somebody else, then as oneself: whose it is, and how to get it back."""
    tiny.ok("apply", "02")
    file = tiny.files[0]
    file.write_bytes(file.read_bytes().replace(b"You know", b"We know"))
    for path in [tiny.root / place, *(tiny.root / place).rglob("*")]:
        if path.is_dir():
            os.chown(path, 12345, 12345)
    result = tiny.fork("apply", "03", before=without_power)
    told_for_what_it_is(result, "permission denied", place, "belongs to", 'sudo chown -R "$(id -un)" stage')
    way = next(way for way in ways(result) if "chown" in way)
    subprocess.run(["sh", "-c", way.replace("sudo ", "")], cwd=tiny.root, check=True)
    assert tiny.fork("apply", "03", before=without_power).code == 0


def test_trouble_after_the_commit_point_is_told_and_finished_later(tiny, powerless):
    """A folder is closed between the last look and the renames: told at every door, and finished once it is open."""
    from deltas.stages import recovery

    tiny.ok("apply", "02")

    def late():
        plain = recovery.put

        def put(project, file):
            project.stage.chmod(0o500)
            without_power()
            recovery.put = plain
            return plain(project, file)

        recovery.put = put

    result = tiny.fork("apply", "03", before=late)
    again = tiny.fork("apply", before=without_power)
    tiny.stage.chmod(0o755)
    for told in (result, again):
        assert told.code == 1 and "permission denied" in told.out and "stage" in told.out, told
        assert "Traceback" not in told.out
    tiny.ok("apply")
    assert tiny.position()["stage"] == 3 and tiny.working() == tiny_stages()[3]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount: a read-only file system is not tested")
def test_read_only_file_system(tiny, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        lab = tiny.copy(place / "c")
        lab.ok("apply", "02")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        for arguments in (["apply", "03"], ["refresh", "--move", "02", "--to", "01"]):
            told_for_what_it_is(lab.run(*arguments), "cannot be written to")
        assert "stage 02" in lab.ok("apply").out
        lab.ok("show", "02")
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


# -- what is advised --------------------------------------------------------------------------------------------------


def test_no_way_out_destroys():
    """In all of the engine that moves, restacks and recovers."""
    rooms = [*(HERE / "scripts/deltas/stages").glob("*.py"), *(HERE / "scripts/deltas/core").glob("*.py")]
    rooms += [HERE / "scripts/deltas/verbs" / name for name in ("apply.py", "refresh.py")]
    for file in rooms:
        match = DESTROYS.search(file.read_text())
        assert not match, (file.name, match)


def test_place_outside_the_checkout_is_not_given_away(tiny):
    """`sudo chown -R … /tmp` would be worse than any trouble."""
    from deltas.stages.trouble import explain

    for path in ("/etc/shadow", "/tmp", str(tiny.root.parent)):
        refusal = explain(tiny.project, PermissionError(13, "Permission denied", path))
        assert path in refusal.found and not any("chown" in way or "chmod" in way for way in refusal.ways)


def test_error_that_is_no_trouble_with_the_machine_is_not_explained_away(tiny):
    from deltas.stages.trouble import explain

    assert explain(tiny.project, FileNotFoundError(2, "No such file or directory", "x")) is None
