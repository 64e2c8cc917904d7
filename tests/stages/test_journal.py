"""A `.journal` that is not ours is refused at every door, with a way out that keeps it; what is ours goes."""

import json
import os
import subprocess

import pytest

from deltas.stages import recovery
from lab import contents, tiny_stages

LOG = {
    "what": "apply 03",
    "phase": "commit",
    "files": [{"target": "stage/x", "staged": "0.new", "old": None, "new": "0" * 64}],
    "refs": [["HEAD", "0" * 40, None]],
    "index": False,
}


def as_file(place):
    place.write_text("Dear diary\n")


def as_link(place):
    (place.parent / "diary").mkdir()
    (place.parent / "diary" / "monday.txt").write_text("rain\n")
    place.symlink_to("diary")


def as_dangling_link(place):
    place.symlink_to("nowhere")


def as_diary(place):
    place.mkdir()
    (place / "monday.txt").write_text("rain\n")


def beside_ours(place):
    place.mkdir()
    (place / "begun").touch()
    (place / "monday.txt").write_text("rain\n")


def without_begun(place):
    place.mkdir()
    (place / "journal.json").write_text(json.dumps(LOG))


def with_log(change):
    def make(place):
        place.mkdir()
        (place / "begun").touch()
        log = change(json.loads(json.dumps(LOG)))
        (place / "journal.json").write_bytes(log if isinstance(log, bytes) else json.dumps(log).encode())

    make.__name__ = f"log: {change.__name__}"
    return make


def list_of_logs(log):
    return [log]


def another_phase(log):
    return log | {"phase": "perhaps"}


def no_references(log):
    return {name: value for name, value in log.items() if name != "refs"}


def references_of_another_kind(log):
    return log | {"refs": [["HEAD"]]}


def files_of_another_kind(log):
    return log | {"files": ["stage/x"]}


def outside(log):
    return log | {"files": [log["files"][0] | {"target": "../elsewhere"}]}


def at_the_root(log):
    return log | {"files": [log["files"][0] | {"target": "/tmp/elsewhere"}]}


def from_outside(log):
    return log | {"files": [log["files"][0] | {"staged": "../diary"}]}


def folder_from_outside(log):
    return log | {"folders": [{"start": "../a", "end": "b"}]}


def no_json(log):
    return b"{"


def nothing(log):
    return b""


def no_text(log):
    return b"\xff\xfe\x00"


def folder_for_the_log(place):
    place.mkdir()
    (place / "begun").touch()
    (place / "journal.json").mkdir()


LOGS = [
    list_of_logs, another_phase, no_references, references_of_another_kind, files_of_another_kind, outside, at_the_root,
    from_outside, folder_from_outside, no_json, nothing, no_text,
]  # fmt: skip
NOT_OURS = [as_file, as_link, as_dangling_link, as_diary, beside_ours, without_begun, folder_for_the_log]
DOORS = [["apply", "02"], ["apply"], ["show", "02"], ["refresh", "04"], ["verify", "all", "--fast"], ["train", "01"]]


@pytest.mark.parametrize("make", [*NOT_OURS, *map(with_log, LOGS)], ids=lambda make: make.__name__)
def test_not_ours(tiny, make):
    make(tiny.project.journal)
    before = contents(tiny.root)
    for door in DOORS:
        result = tiny.run(*door)
        assert result.code == 4 and ".journal" in result.err and "not made by these commands" in result.err, result
    assert contents(tiny.root) == before
    (way,) = [line.split("→")[1].split("   #")[0].strip() for line in result.err.splitlines() if "→" in line]
    subprocess.run(["sh", "-c", way], cwd=tiny.root, check=True)
    tiny.ok("apply", "02")
    assert tiny.working() == tiny_stages()[2] and os.path.lexists(tiny.root / "journal.old")


LITTER = ["begun", "0.new", ".1.new.4711", "index", "index.lock", ".journal.json.4711"]


@pytest.mark.parametrize("left", [[], ["begun"], LITTER, ["clone"]])
def test_what_a_killed_command_of_ours_left_is_cleared_away(tiny, left):
    """It had not come to the log: nothing was under way."""
    place = tiny.project.journal
    place.mkdir()
    for name in left:
        (place / name).touch()
    if left == ["clone"]:
        (place / "clone").unlink()
        (place / "begun").touch()
        (place / "clone" / ".git").mkdir(parents=True)
        (place / "clone" / ".git" / "HEAD").touch()
    tiny.ok("apply", "02")
    assert not place.exists() and tiny.working() == tiny_stages()[2]


def test_the_log_is_on_the_disk_before_the_first_step(tiny, monkeypatch):
    """After a power cut, too, what was begun can be finished: the log and what it names, content and names."""
    synced, folder = {}, tiny.project.journal

    def fsync(descriptor, real=os.fsync):
        real(descriptor)
        about = os.fstat(descriptor)
        synced[about.st_ino] = about.st_mtime_ns, about.st_size

    def put(project, file, real=recovery.put):
        files = [path for path in folder.iterdir() if path.name == "journal.json" or path.suffix == ".new"]
        on_disk.extend(
            synced.get(path.stat().st_ino) == (path.stat().st_mtime_ns, path.stat().st_size) for path in files
        )
        on_disk.append(folder.stat().st_ino in synced)
        assert json.loads((folder / "journal.json").read_text())["phase"] == "commit"
        return real(project, file)

    on_disk = []
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(recovery, "put", put)
    tiny.ok("apply", "01")
    assert on_disk and all(on_disk)
