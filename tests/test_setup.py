"""The doors: bash 3.2 will do, no GNU tools, one small script a verb."""

import re
import shutil
import subprocess

import pytest

from deltas.__main__ import VERBS
from lab import HERE

SCRIPTS = sorted((HERE / "scripts").glob("*.sh"))
DOORS = [path for path in SCRIPTS if path.name not in ("setup.sh", "test.sh")]

# what GNU, or a bash newer than 3.2, knows and a Mac's shell and tools don't
UNKNOWN = {
    r"\breadlink\s+-f": "readlink -f",
    r"\brealpath\b": "realpath",
    r"\bsed\s+-i\b": "sed -i",
    r"\bsed\s+-r\b": "sed -r",
    r"\bgrep\s+-\w*P": "grep -P",
    r"\bdate\s+-d\b": "date -d",
    r"\bstat\s+-c\b": "stat -c",
    r"\btimeout\s+\d": "timeout",
    r"\bnproc\b": "nproc",
    r"\bsort\s+-V\b": "sort -V",
    r"\bxargs\s+-r\b": "xargs -r",
    r"\bcp\s+--": "cp --",
    r"\bmktemp\s+--": "mktemp --",
    r"\bfind\b.*-printf": "find -printf",
    r"\btac\b": "tac",
    r"\bmd5sum\b": "md5sum",
    r"\bsha1sum\b": "sha1sum",
    r"\bdeclare\s+-[Ag]": "declare -A",
    r"\bmapfile\b": "mapfile",
    r"\breadarray\b": "readarray",
    r"\$\{\w+(\[@\])?(,,|\^\^|,|\^)\}": "${x,,}",
    r"\$\{\w+@\w\}": "${x@Q}",
    r"\|&": "|&",
    r"&>>": "&>>",
    r"\bcoproc\b": "coproc",
    r"\bwait\s+-n\b": "wait -n",
    r"\blocal\s+-n\b": "local -n",
    r"\bdeclare\s+-n\b": "declare -n",
    r"\$\{\w+: -\d": "negative length",
    r"\[\[\s+-v\b": "[[ -v",
    r"\becho\s+-[en]\b": "echo -e",
    r"\bhead\s+-n\s+-": "head -n -1",
    r"\bprintf\s+-v\b.*\[": "printf -v a[0]",
    r";;&|;&": ";;&",
    r"\binstall\s+-D\b": "install -D",
    r"\bls\s+--": "ls --",
    r"\bdu\s+-b\b": "du -b",
    r"\bln\s+-r": "ln -r",
    r"\bflock\b": "flock",
    r"\bsetsid\b": "setsid",
}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script(path):
    text = path.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert path.stat().st_mode & 0o111 == 0o111, "executable"
    assert subprocess.run(["bash", "-n", str(path)], capture_output=True).returncode == 0
    for pattern, what in UNKNOWN.items():
        assert not re.search(pattern, text), f"{what} is not everywhere"
    # bash 3.2 with set -u: an empty array is an unbound variable
    assert not re.search(r'"\$\{\w+\[@\]\}"', text)


def test_table_finds_what_it_names():
    for pattern, example in (
        (r"\breadlink\s+-f", "readlink -f x"),
        (r"\$\{\w+(\[@\])?(,,|\^\^|,|\^)\}", "${x,,}"),
        (r"\bdeclare\s+-[Ag]", "declare -A x"),
    ):
        assert pattern in UNKNOWN and re.search(pattern, example)


def test_every_verb_has_a_door_and_every_door_a_verb():
    assert {path.stem for path in DOORS} == set(VERBS)
    for path in DOORS:
        assert f'deltas {path.stem} "$@"' in path.read_text()
        assert len(path.read_text().splitlines()) <= 8


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck():
    subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", *map(str, SCRIPTS)], check=True)


def test_modules_that_step_do_not_import_torch():
    """apply and show feel instant."""
    code = (
        "import sys; sys.path.insert(0, 'scripts'); import deltas.__main__; "
        "import deltas.verbs.apply, deltas.verbs.show, deltas.verbs.refresh; "
        "print([m for m in ('torch', 'numpy', 'scipy', 'pygments', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [shutil.which("python3") and __import__("sys").executable, "-c", code],
        cwd=HERE,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == "[]"


def test_git_that_is_missing_or_too_old(tiny, tmp_path, monkeypatch):
    empty = tmp_path / "bin"
    empty.mkdir()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(empty))
        result = tiny.run("apply", "01")
        assert result.code == 2 and "git" in result.err
    old = empty / "git"
    old.write_text("#!/bin/sh\necho git version 2.37.9\n")
    old.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{empty}:/usr/bin:/bin")
        result = tiny.run("apply", "01")
        assert result.code == 2 and "2.37" in result.err and "2.38" in result.err
    old.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo "git version 2.39.5 (Apple Git-154)" && exit\nexec /usr/bin/git "$@"\n'
    )


def test_copy_without_a_python(tmp_path):
    """No Python 3.11: exit 2 and a way out, and nothing is made."""
    shutil.copytree(HERE / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "requirements.txt", tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "uname", "rm", "touch"):
        (tools / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        [shutil.which("bash"), str(tmp_path / "scripts" / "apply.sh")],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
    )
    assert done.returncode == 2 and b"Python 3.11" in done.stderr, done.stderr
    assert not (tmp_path / ".venv").exists()
