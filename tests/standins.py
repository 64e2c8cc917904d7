"""A checkout in which set-up works without network and without pip: every program that it starts is a stand-in.

`Standins` copies the real scripts/*.sh and setup.py beside a small requirements.txt and a small `deltas`. The
Python that set-up finds is real, but it notes each of its starts in a log, and its `-m venv` puts in a pip of ours that
installs two files a package. At any line of that log, everything that runs can be killed.
"""

import os
import signal
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]

REQUIREMENTS = """# A list for tests

# step: what the stand-in of deltas imports
alpha==1.0
beta-ware==2.0  # import beta

# check: one more
gamma==3.0

# publish: another
delta==4.0

# train: what takes long
torchlight==5.0

# test: with a program
epsilon==6.0
tool==7.0  # command
"""

# Runs at every start of a Python: imported by a .pth file, which works under -I as well.
START = """
import os, signal, sys, time

def point(name):
    log = os.environ.get("STANDIN_LOG")
    if not log:
        return
    with open(log, "ab", 0) as file:
        file.write((name + "\\n").encode())
    with open(log, "rb") as file:
        number = file.read().count(b"\\n")
    if os.environ.get("STANDIN_KILL_AT") in (name, str(number)):
        os.killpg(0, int(os.environ.get("STANDIN_SIGNAL", signal.SIGKILL)))
        time.sleep(10)

def wait_for(variable):
    while variable in os.environ and not os.path.exists(os.environ[variable]):
        time.sleep(0.01)

words = [os.path.basename(word) for word in sys.orig_argv[1:] if word not in ("-I", "-P", "-m")]
point(words[0] if words[:1] != ["pip"] else " ".join(words[:2]))
if words[:1] == ["setup.py"] and "STANDIN_FINE" in os.environ:
    CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "subprocess.Popen")
    inside = []

    def audit(event, arguments):
        if not inside and (event in CHANGES or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR))):
            inside.append(event)
            point("before " + event)
            inside.clear()

    sys.addaudithook(audit)
if hasattr(sys, "_base_executable") and os.environ.get("STANDIN_BASE") == sys.executable:
    sys._real_base = sys._base_executable
    sys._base_executable = sys.executable  # set-up makes its environments with the Python below: here, with us
    sys.path.insert(0, os.environ["STANDIN_MODULES"])
"""

VENV = """
import importlib.util, os, shutil, sys, sysconfig
from pathlib import Path
from standin_start import wait_for

sys._base_executable = sys._real_base
where = Path(sysconfig.get_path("stdlib")) / "venv" / "__init__.py"
spec = importlib.util.spec_from_file_location("real_venv", where)
real = importlib.util.module_from_spec(spec)
sys.modules["real_venv"] = real
spec.loader.exec_module(real)
folder = Path(sys.argv[-1])
wait_for("STANDIN_VENV_WAITS")
real.create(folder, symlinks=True)
site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
for path in Path(os.environ["STANDIN_SITE"]).iterdir():
    if path.is_dir():
        shutil.copytree(path, site / path.name, symlinks=True)
    else:
        shutil.copy(path, site)
"""

# Takes a package for installed as soon as its dist-info is there, which it writes first: the worst that a pip may do.
PIP = """
import os, re, shutil, sys, sysconfig
from pathlib import Path
from standin_start import point, wait_for

site = Path(sysconfig.get_path("purelib"))
arguments = sys.argv[1:]
if arguments[0] == "--version":
    print("pip, a stand-in")
elif arguments[0] == "install":
    if os.environ.get("STANDIN_OFFLINE"):
        sys.exit("no network")
    point("downloaded")
    for argument in arguments:
        if not (line := re.fullmatch(r"([\\w-]+)==(\\S+)", argument)):
            continue
        name, version = line[1].replace("-", "_"), line[2]
        if name == "tool" and os.environ.get("STANDIN_NO_WHEEL"):
            sys.exit("ERROR: No matching distribution found for tool")
        notes, module = site / f"{name}-{version}.dist-info", site / name.removesuffix("_ware")
        if notes.exists():
            continue
        for other in site.glob(f"{name}-*.dist-info"):
            shutil.rmtree(other)
            shutil.rmtree(module)
        notes.mkdir()
        (notes / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        module.mkdir()
        (module / "__init__.py").touch()
        point("half of " + name)
        if name == os.environ.get("STANDIN_ORPHAN"):  # set-up is killed, pip is not
            os.kill(os.getppid(), 9)
            Path(os.environ["STANDIN_ORPHANED"]).touch()
            wait_for("STANDIN_ORPHAN_WAITS")
        (module / "core.py").touch()
"""

MAIN = """
import sys
import alpha.core, beta.core
print("works", *sys.argv[1:])
"""


def purelib(environment: Path) -> Path:
    """Return the site-packages of an environment."""
    return environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def put_start_into(site: Path) -> None:
    """Let every Python with this site-packages run START."""
    (site / "standin_start.py").write_text(START)
    (site / "standin.pth").write_text("import standin_start\n")


def make_base(folder: Path) -> Path:
    """Make the Python that set-up finds; any number of checkouts may use it."""
    venv.create(folder, symlinks=True)
    put_start_into(purelib(folder))
    return folder


@dataclass
class Door:
    """What a script said, and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class Standins:
    """folder: gets the checkout, the stand-ins and a home. base: from make_base. before: what a script's process does
    first.
    """

    folder: Path
    base: Path
    before: Callable[[], object] = lambda: None
    root: Path = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.folder / "a checkout"  # with a space
        self.log, self.home = self.folder / "log", self.folder / "home"
        self.scripts = self.root / "scripts"
        self.venv = self.root / ".venv"
        self.home.mkdir()
        (self.scripts / "deltas").mkdir(parents=True)
        for script in (HERE / "scripts").glob("*.sh"):
            self._copy(script, self.scripts / script.name)
        self._copy(HERE / "scripts" / "deltas" / "setup.py", self.scripts / "deltas" / "setup.py")
        (self.scripts / "deltas" / "__main__.py").write_text(MAIN)
        (self.root / "requirements.txt").write_text(REQUIREMENTS)
        # what each new environment gets
        site = self.folder / "site"
        (site / "pip").mkdir(parents=True)
        (site / "pip" / "__init__.py").touch()
        (site / "pip" / "__main__.py").write_text(PIP)
        put_start_into(site)
        modules = self.folder / "modules"
        modules.mkdir()
        (modules / "venv.py").write_text(VENV)

    def _copy(self, source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)

    def put_real_pip(self) -> None:
        """New environments get the pip of the Python that runs the tests."""
        import pip

        (self.folder / "site" / "pip" / "__main__.py").unlink()
        (self.folder / "site" / "pip" / "__init__.py").unlink()
        (self.folder / "site" / "pip").rmdir()
        (self.folder / "site" / "pip").symlink_to(Path(pip.__file__).parent)

    def environment(self, **more: str) -> dict[str, str]:
        """The variables that a script is started with."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHON": str(self.base / "bin" / "python"),
            "STANDIN_BASE": str(self.base / "bin" / "python"),
            "STANDIN_LOG": str(self.log),
            "STANDIN_SITE": str(self.folder / "site"),
            "STANDIN_MODULES": str(self.folder / "modules"),
        } | more

    def start(self, *command: str | Path, cwd: Path | None = None, **more: str) -> "subprocess.Popen[str]":
        """Start a script in a process group of its own, where Ctrl-C does what it does at a terminal."""

        def begin() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self.before()

        return subprocess.Popen(
            [str(word) for word in command] or [str(self.scripts / "apply.sh"), "01"],
            cwd=cwd or self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=begin,
        )

    def run(self, *command: str | Path, cwd: Path | None = None, **more: str) -> Door:
        """Run a script to its end: apply.sh, unless another is given."""
        self.log.unlink(missing_ok=True)
        process = self.start(*command, cwd=cwd, **more)
        out, err = process.communicate(timeout=300)
        return Door(process.returncode, out, err)

    def works(self, *command: str | Path, **more: str) -> Door:
        """Run a script, which must work."""
        done = self.run(*command, **more)
        assert done.code == 0 and done.out.startswith("works"), done
        self.is_clean()
        return done

    def is_clean(self) -> None:
        """Nothing of set-up lies about: no half-made folder, no mark, no temporary file."""
        left = {path.name for path in self.root.iterdir()} - {".venv", "scripts", "requirements.txt"}
        assert {name for name in left if not name.startswith(".venv.aside")} == set()
        assert {path.name for path in (self.venv / "deltas").iterdir()} <= {
            *("made", "step", "check", "publish", "train", "test")
        }

    def started(self) -> list[str]:
        """What the last run started, in order; in between, how far pip had come."""
        return self.log.read_text().splitlines() if self.log.exists() else []


def wait_until(happened, what: str) -> None:
    """Wait, but not for ever."""
    until = time.monotonic() + 300
    while not happened():
        assert time.monotonic() < until, f"waited for {what}"
        time.sleep(0.01)


def make_wheel(folder: Path, name: str, version: str, module: str, needs: str = "") -> None:
    """Write a wheel with one module, for a real pip."""
    folder.mkdir(exist_ok=True)
    file_name = name.replace("-", "_")
    notes = f"{file_name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {needs}\n" if needs else ""
    files = {
        f"{module}/__init__.py": "",
        f"{module}/core.py": "",
        f"{notes}/METADATA": metadata,
        f"{notes}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{file_name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{notes}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{notes}/RECORD"]))
