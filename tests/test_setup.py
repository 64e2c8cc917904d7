"""The doors: bash 3.2 will do, no GNU tools, one small script a verb."""

import re
import shutil
import subprocess
import sys

import pytest

import tools
from deltas import __main__ as program
from deltas import setup
from deltas.__main__ import EXTRA, NEEDS, VERBS, main
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
    texts = set()
    for path in DOORS:
        first, says, example, *rest = path.read_text().splitlines(keepends=True)
        assert says.startswith("# ") and says.endswith(".\n")
        assert example.startswith(f"# Example: scripts/{path.name}")
        texts.add(first + "".join(rest).replace(f"deltas {path.stem} ", "deltas VERB "))
    assert len(texts) == 1, "doors differ in nothing but their verb and what they say"
    (door,) = texts
    assert door.endswith('deltas VERB "$@"\n') and len(door.splitlines()) <= 8


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.name)
def test_help_has_an_example_and_installs_nothing(path, tmp_path, capsys):
    example = path.read_text().splitlines()[2].removeprefix("# ")
    for word in ("--help", "-h"):
        assert main([path.stem, word]) == 0
        assert example in capsys.readouterr().out
    shutil.copytree(HERE / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__", "pages"))
    shutil.copy(HERE / "requirements.txt", tmp_path)
    done = subprocess.run([tmp_path / "scripts" / path.name, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and example in done.stdout and "scripts/setup.sh step" in done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["requirements.txt", "scripts"]


SHELLCHECK = tools.find("shellcheck")


@pytest.mark.skipif(SHELLCHECK is None, reason=tools.missing("shellcheck"))
def test_shellcheck():
    ours = [*SCRIPTS, HERE / ".ci" / "run"]
    done = subprocess.run([SHELLCHECK, "-x", "-P", "SCRIPTDIR", *ours], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_requirements():
    """Each package is pinned, in one tier, with the module that set-up looks for."""
    text = (HERE / "requirements.txt").read_text()
    packages = [setup.read_package(line) for tier in TIERS for line in setup.lines_of(text, tier)]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(packages) == len(lines) == len({package.name for package in packages})
    step = [setup.read_package(line).expected for line in setup.lines_of(text, "step")]
    done = subprocess.run([sys.executable, "-I", "-c", setup.CHECK, *step], capture_output=True, text=True)
    assert done.stdout == "" and done.returncode == 0 and "gitpython=3" in " ".join(step), done
    wrong = ["click=1.0=click", "no-such=1=no"]
    done = subprocess.run([sys.executable, "-I", "-c", setup.CHECK, *wrong], capture_output=True, text=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["click", "no-such:"]


TIERS = ("step", "check", "publish", "train", "elsewhere", "test")


def test_help_of_every_verb_needs_the_first_tier_alone():
    """--help is there before anything is downloaded: no other package is imported when a verb's file is."""
    text = (HERE / "requirements.txt").read_text()
    later = {
        package.module for tier in TIERS[1:] for package in map(setup.read_package, setup.lines_of(text, tier))
    } - {""}
    assert {"torch", "numpy", "jinja2"} <= later
    code = (
        "import sys; sys.path.insert(0, 'scripts'); sys.modules.update(dict.fromkeys(sys.argv[1:]))\n"
        "from deltas.__main__ import VERBS, main, main\n"
        "print([verb for verb in VERBS for option in ('-h', '--help') if main([verb, option])])"
    )
    done = subprocess.run([sys.executable, "-c", code, *later], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]" and done.stdout.count("Usage: scripts/train.sh") == 2


class Installed(Exception):
    pass


def asked_for(tiny, *arguments: str) -> str | None:
    """Which tier a verb asks for before it works, if it comes so far."""

    def set_up(_, tier):
        raise Installed(tier)

    try:
        assert main(list(arguments), tiny.project, set_up) in (0, 2)
    except Installed as asked:
        return str(asked)
    return None


@pytest.mark.parametrize(
    ("arguments", "tier"),
    [
        (["train", "01"], "train"),
        (["train", "last", "--json"], "train"),
        (["sample", "02", "--num", "3"], "train"),
        (["record", "02"], "train"),
        (["verify"], "train"),
        (["verify", "all"], "train"),
        (["train", "all"], None),
        (["verify", "01"], "train"),
        (["verify", "here"], "train"),
        (["verify", "--fast"], "check"),
        (["report"], "publish"),
        (["publish", "01", "--to", "x"], "publish"),
        (["apply"], None),
        (["show", "01"], None),
        (["train", "--help"], None),
        (["train", "-h"], None),
        (["train", "01", "-h"], None),
        (["train"], "train"),
        (["train", "here"], "train"),
        (["train", "prev"], "train"),
        (["train", "next"], None),
        (["sample"], "train"),
        (["train", "17"], None),
        (["train", "nothing-like-it"], None),
        (["train", "01", "--nonsense"], None),
        (["sample", "01", "--num", "none"], None),
        (["verify", "17"], None),
        (["verify", "--help"], None),
        (["bench", "names"], "train"),
        (["bench", "tries", "02"], "train"),
        (["bench", "tries", "17"], None),
        (["bench", "elsewhere"], "elsewhere"),
        (["bench", "nonsense"], None),
        (["nonsense"], None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_installed_before_a_verb_works(tiny, arguments, tier, capsys):
    assert asked_for(tiny, *arguments) == tier


def test_every_verb_needs_a_tier_that_there_is():
    assert {*NEEDS.values(), *EXTRA} <= set(TIERS)


@pytest.mark.parametrize("begin_again", [True, False], ids=["installed", "was there"])
def test_after_an_installation_the_program_begins_again(tiny, monkeypatch, begin_again):
    """Modules that are loaded already may be of the environment that was there before."""
    stamp = tiny.root / ".venv" / "deltas" / "train"
    stamp.parent.mkdir(parents=True)
    (tiny.root / "scripts").mkdir(exist_ok=True)
    door = tiny.root / "scripts" / "setup.sh"
    if begin_again:
        door.write_text(f'[ "$1" = train ] && echo ready >"{stamp}"\n')
    else:
        stamp.touch()
        door.write_text('[ "$1" = train ]\n')
    begun = []
    monkeypatch.setattr(program.os, "execv", lambda *arguments: begun.append(arguments))
    program.install(tiny.project, "train")
    assert len(begun) == begin_again
    door.write_text("exit 130\n")
    with pytest.raises(SystemExit) as stopped:
        program.install(tiny.project, "train")
    assert stopped.value.code == 130


def test_modules_that_step_do_not_import_torch():
    """apply and show feel instant."""
    code = (
        "import sys; sys.path.insert(0, 'scripts'); import deltas.__main__; "
        "import deltas.verbs.apply, deltas.verbs.show, deltas.verbs.refresh; "
        "print([m for m in ('torch', 'numpy', 'scipy', 'pygments', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
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
    for name in ("bash", "env", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        [shutil.which("bash"), str(tmp_path / "scripts" / "apply.sh")],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
    )
    assert done.returncode == 2 and b"Python 3.11" in done.stderr, done.stderr
    assert not (tmp_path / ".venv").exists()
