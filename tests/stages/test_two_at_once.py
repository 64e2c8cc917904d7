"""Two commands at once: one waits, or is refused; never a mixture."""

import os
import time

import pytest

from lab import shim, tiny_stages


def start(lab, *arguments, env=None, path=None) -> int:
    child = os.fork()
    if child == 0:
        code = 99
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            if path:
                os.environ["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
            from deltas.__main__ import main

            code = main(list(arguments), lab.project)
        finally:
            os._exit(code)
    return child


def end(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("one", [["apply", "01"], ["apply", "04"], ["refresh", "02"]])
@pytest.mark.parametrize("other", [["apply", "03"], ["apply", "next"]])
def test_two_at_once(tiny, one, other):
    tiny.ok("apply", "02")
    patches, tags = tiny.bytes_of_patches(), tiny.tags()
    children = [start(tiny, *arguments) for arguments in (one, other, one, other)]
    codes = [end(child) for child in children]
    assert all(code in (0, 2) for code in codes), codes  # 2: refresh at what is now the wrong place
    assert codes[1] == codes[3] == 0
    assert tiny.bytes_of_patches() == patches and tiny.tags() == tags
    assert tiny.git("status", "--porcelain") == "" and tiny.locks() == [] and not tiny.project.journal.exists()
    number = tiny.position()["stage"]
    assert tiny.working() == tiny_stages()[number]


def test_two_first_applies(tiny):
    """Both would make stage/."""
    import shutil

    shutil.rmtree(tiny.stage)
    children = [start(tiny, "apply", "01"), start(tiny, "apply", "02")]
    assert [end(child) for child in children] == [0, 0]
    assert tiny.working() in (tiny_stages()[1], tiny_stages()[2])


def test_next_twice_is_two_steps(tiny):
    tiny.ok("apply", "01")
    children = [start(tiny, "apply", "next"), start(tiny, "apply", "next")]
    assert [end(child) for child in children] == [0, 0]
    assert tiny.position()["stage"] == 3


def test_second_waits_for_the_child_of_a_killed_first(tiny, tmp_path):
    """The first is killed while its git is still at work: the second begins when that git is done."""
    tiny.ok("apply", "02")
    gate = shim(tmp_path / "gate", 'case "$*" in *read-tree*) kill -KILL $PPID; sleep 0.5;; esac\nexec "$GIT" "$@"')
    assert end(start(tiny, "apply", "03", path=gate)) == -9
    begin = time.monotonic()
    tiny.ok("apply", "01")
    assert time.monotonic() - begin > 0.3
    assert tiny.working() == tiny_stages()[1] and tiny.locks() == []


def test_list_and_show_do_not_wait(tiny, tmp_path):
    gate = shim(tmp_path / "gate", 'case "$*" in *update-ref*) sleep 1.5;; esac\nexec "$GIT" "$@"')
    child = start(tiny, "apply", "01", path=gate)
    time.sleep(0.2)
    assert tiny.run("show", "02", "--raw").code == 0
    assert end(child) == 0
    tiny.ok("apply")
