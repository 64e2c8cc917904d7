"""A full disk at any moment: refused or interrupted, nothing half-applied, and it works once there is room."""

import os
import resource
import shutil
import signal
import subprocess

import pytest

from lab import tiny_stages

pytestmark = pytest.mark.slow


def limit(size: int):
    def before():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return before


SIZES = [0, 60, 150, 300, 600, 1000, 1500, 2500, 4000]


@pytest.mark.parametrize("verb", ["apply", "carry", "refresh", "move"])
def test_no_room_for_files_beyond_a_size(tiny, tmp_path, verb):
    tiny.ok("apply", "02")
    if verb in ("carry", "refresh"):
        tiny.edit('"""\nGuess', '"""\n# mine, and quite long it is\nGuess')
    if verb == "move":
        folder = tiny.root / "baselines" / "02-storm-report"
        folder.mkdir(parents=True)
        (folder / "recorded.json").write_text('{"stage": "02-storm-report"}\n')
    arguments = {
        "apply": ["apply", "03"],
        "carry": ["apply", "03", "--carry"],
        "refresh": ["refresh", "02"],
        "move": ["refresh", "--move", "02", "--to", "01"],
    }[verb]
    old = tiny.everything()
    failed = 0
    for size in SIZES:
        lab = tiny.copy(tmp_path / f"room-{size}")
        before = limit(size)

        def armed(before=before, lab=lab):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what it prints goes elsewhere
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            before()

        result = lab.fork(*arguments, before=armed)
        assert result.code in (0, 1), (size, result)
        if result.code:
            failed += 1
            state = lab.everything()
            state["refs"] = {name: to for name, to in state["refs"].items() if not name.startswith("refs/kept/")}
            for part in ("patches", "files", "baselines"):
                assert state[part] == old[part], (size, part)
            assert state["refs"] == old["refs"], size
        lab.ok("apply")
        assert lab.locks() == [] and not lab.project.journal.exists(), size
        if result.code:
            lab.ok(*arguments)
            if verb == "apply":
                assert lab.working() == tiny_stages()[3]
        shutil.rmtree(lab.root)
    assert 0 < failed < len(SIZES)


def test_no_room_says_so(tiny):
    tiny.ok("apply", "02")
    result = tiny.fork("apply", "03", before=limit(400))
    assert result.code == 1 and "Traceback" not in result.out
    assert "full" in result.out or "room" in result.out or "File too large" in result.out


def test_full_disk(tiny, tmp_path):
    """A real one, of a few pages."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    size = sum(path.stat().st_blocks * 512 for path in tiny.root.rglob("*")) + 400_000
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=5000", "tmpfs", str(place)], capture_output=True
    ).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        lab = tiny.copy(place / "c")
        lab.ok("apply", "02")
        old = lab.everything()
        codes = set()
        free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        for left in (0, 4096, 8192, 12288, 20480, 40960, 81920):
            filler = place / "filler"
            with filler.open("wb") as file:
                file.write(b"\0" * max(0, free - left))
            result = lab.fork("apply", "03")
            filler.unlink()
            codes.add(result.code)
            assert result.code in (0, 1), (left, result)
            if result.code:
                assert lab.everything() == old, left
            lab.ok("apply")
            assert lab.locks() == [] and not lab.project.journal.exists(), left
            lab.ok("apply", "02")
        assert codes == {0, 1}
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
