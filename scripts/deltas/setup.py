"""Make the environment that every command runs in, and install tiers of packages into it.

scripts/setup.sh runs this file by its path when something is missing, with whatever Python 3.11 it finds; so the file
uses the standard library alone. What it keeps in `.venv/deltas/`:

    made      this program made the environment, so this program may delete it
    in-vain   a new environment did not help: this machine cannot use one of the packages
    changing  a mark: the environment is being made, or pip is at work on it
    TIER      a stamp: every package of the tier could be imported, by this interpreter, in these versions; it holds
              until somebody else adds something to site-packages or takes something away

The environment is made in its final place, because its programs hold absolute paths. The mark is there before the first
change and goes after the last; an environment that carries a mark was left unfinished, by whatever killed the command,
and is made anew. One thing spares it: the mark holds the time at which site-packages last changed. As long as that time
is true, pip was killed while it downloaded, and nothing is lost.

An environment that somebody else made is used when it works. When it does not, it is moved aside, never deleted.
"""

import ast
import contextlib
import errno
import fcntl
import http.client
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)
SHOWN = 12  # lines of pip's output, where it fails
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
COST = "torch is large: about 300 MB to fetch, 1.3 GB on the disk ({free:.1f} GB are free), some minutes, once"
GPU_COST = (
    "the index of torch without a GPU's libraries does not answer; with them it may be 3 GB to fetch, 7 GB on the disk"
)

# The reader's settings of pip that stay in force: where packages come from, and how to get there. All others are put
# away, because many of them (target, prefix, user, no-deps, dry-run, …) make pip install elsewhere, or something else.
KEPT_SETTINGS = (
    *("index-url", "extra-index-url", "find-links", "no-index", "constraint"),
    *("prefer-binary", "only-binary", "no-binary"),
    *("proxy", "trusted-host", "cert", "client-cert", "keyring-provider"),
    *("timeout", "default-timeout", "retries", "resume-retries", "cache-dir", "no-cache-dir"),
    *("use-feature", "use-deprecated"),
)

OTHER_PYTHON = "take another Python, PYTHON=/path/to/python3, with the same command"
Done = subprocess.CompletedProcess[str]

LOOK = """
import sys, sysconfig
print(*sys.version_info[:2], sys.prefix, sysconfig.get_path("purelib"), sep="\\n")
"""

CHECK = """
import importlib, importlib.metadata, sys
answer, sys.stdout = sys.stdout, sys.stderr
for expected in sys.argv[1:]:
    package, version, module = expected.split("=")
    try:
        there = importlib.metadata.version(package)
        if there != version and not there.startswith(version + "+"):
            print(f"{package} is there in version {there}, not {version}", file=answer)
        elif module:
            importlib.import_module(module)
    except Exception as error:
        print(f"{package}: {type(error).__name__}: {error}", file=answer)
"""


class Failed(Exception):
    """Set-up stops here. found: what is the case. ways: what gets out of it."""

    def __init__(self, found: str, *ways: str):
        super().__init__(found)
        self.found, self.ways = found, ways


class Incomplete(Failed):
    """Pip was content, but a package of a tier cannot be imported."""


@dataclass(frozen=True)
class Package:
    """A line of requirements.txt. module: what to import; empty for a program that is not written in Python."""

    line: str
    name: str
    version: str
    module: str

    @property
    def expected(self) -> str:
        """What CHECK is told."""
        return f"{self.name}={self.version}={self.module}"


def note(text: str) -> None:
    """Print a line on stderr, whatever signs its encoding lacks."""
    encoding = sys.stderr.encoding or "utf-8"
    print(text.encode(encoding, errors="backslashreplace").decode(encoding), file=sys.stderr, flush=True)


def lines_of(requirements: str, tier: str) -> list[str]:
    """Return the lines between a tier's heading and the next empty line, as setup.sh reads them."""
    lines, inside = [], False
    for line in requirements.split("\n"):
        if line.startswith(f"# {tier}: "):
            inside = True
        elif not line:
            inside = False
        elif inside:
            lines.append(line)
    return lines


def read_package(line: str) -> Package:
    """Read one line of requirements.txt: `name==version`, then perhaps `# import module` or `# command`."""
    parts = re.fullmatch(r"(?P<line>(?P<name>[\w.-]+)==(?P<version>\S+))(\s+# (import (?P<module>\S+)|command))?", line)
    if not parts:
        raise Failed(
            f"requirements.txt: {line!r} is not understood", "git diff requirements.txt   # what was changed there"
        )
    module = parts["module"] or ("" if line.endswith("# command") else parts["name"].replace("-", "_"))
    return Package(parts["line"], parts["name"], parts["version"], module)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Let one command at a time set up. Children inherit the lock: a pip that outlives its parent still holds it."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a network drive may know no locks; then two commands had better not meet
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                note("waiting for another command, which is setting up .venv")
                fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


class Environment:
    """The folder `.venv` of a checkout. lock: the file descriptor that children inherit."""

    def __init__(self, root: Path, lock: int):
        self.root, self.lock = root, lock
        self.folder = root / ".venv"
        self.notes = self.folder / "deltas"
        self.python = self.folder / "bin" / "python"
        self.site: Path  # known once `fault` has looked
        self.mark = self.notes / "changing"
        self.requirements = (root / "requirements.txt").read_bytes().decode()

    # -- what is there ------------------------------------------------------------------------------------------------

    def stamp(self, tier: str) -> str:
        """Return what a ready tier's stamp says, as setup.sh computes it."""
        interpreter = self.python.stat()
        lines = lines_of(self.requirements, tier)
        return "".join(f"{line}\n" for line in (f"{interpreter.st_ino} {interpreter.st_size}", *lines))

    def ready(self, tier: str) -> bool:
        """Tell whether nothing is left to do for a tier; as setup.sh does, which runs at every command."""
        stamp = self.notes / tier
        try:
            sites = list(self.folder.glob("lib/python3*/site-packages"))
            touched = any(site.stat().st_mtime_ns > stamp.stat().st_mtime_ns for site in sites)
            if not sites or (touched and not self.mark.exists()):  # pip, at work on another tier, spares this one
                return False
            return stamp.read_bytes().decode() == self.stamp(tier)
        except (OSError, UnicodeDecodeError):
            return False

    def fault(self) -> str:
        """Return why this environment cannot be used; empty when it can. Look where it keeps its packages."""
        if not os.path.lexists(self.folder):
            return "it is not there"
        try:
            looked = self.run("-c", LOOK)
        except OSError as error:
            return f"its Python does not start ({error.strerror})"
        if looked.returncode:
            return f"its Python does not start ({last_line(looked.stderr)})"
        *version, prefix, site = looked.stdout.splitlines()
        self.site = Path(site)
        if tuple(map(int, version)) < OLDEST:
            return f"its Python is {'.'.join(version)}"
        if not self.folder.samefile(prefix):
            return "its Python belongs to another environment"
        if not self.site.is_dir():
            return f"it has no packages for its Python, which is {'.'.join(version)}"
        if self.mark.exists() and self.mark.read_text() != changed(self.site):
            return "a command was stopped while it worked on it"
        if self.run("-m", "pip", "--version", settings={"PIP_CONFIG_FILE": os.devnull}).returncode:
            return "it has no pip that works"
        return ""

    # -- doing --------------------------------------------------------------------------------------------------------

    def run(
        self, *arguments: str, settings: Mapping[str, str] | None = None, by: str = "", shown: bool = False
    ) -> Done:
        """Run Python without the reader's settings of Python, and with no settings of pip but these.

        by: the interpreter, unless it is the environment's own. shown: what it prints goes to stderr as it comes.
        """
        fenced = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "__PYV"))}
        return subprocess.run(
            [by or str(self.python), "-I", *arguments],
            env=fenced | dict(settings or {}),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.PIPE,
            text=True,
            errors="replace",
            pass_fds=[self.lock],
        )

    def sweep(self) -> None:
        """Delete what a command left that was killed between two renames, or whose pip was; never what is not ours."""
        for left in (self.root / ".venv.deltas-new", self.root / ".venv.deltas-old", self.notes / "tmp"):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)

    def replace(self, fault: str) -> None:
        """Take away what stands in the place of the environment, and make a new one."""
        if os.path.lexists(self.folder):
            if (self.notes / "made").exists() and not self.folder.is_symlink():
                note(f".venv is made anew: {fault}")
                old = self.root / ".venv.deltas-old"
                self.folder.rename(old)  # at once: half an environment that nobody knows as ours must not remain
                shutil.rmtree(old)
            else:
                aside = self._aside()
                self.folder.rename(aside)
                note(f".venv cannot be used: {fault}. It is kept as {aside.name}; delete that when you like")
        self._make()

    def _aside(self) -> Path:
        names = (self.root / f".venv.aside-{number}" for number in range(1, 1000))
        return next(name for name in names if not os.path.lexists(name))

    def _make(self) -> None:
        new = self.root / ".venv.deltas-new"
        (new / "deltas").mkdir(parents=True)
        (new / "deltas" / "made").touch()
        (new / "deltas" / "changing").touch()
        new.rename(self.folder)
        version = ".".join(map(str, sys.version_info[:3]))
        note(f"setting up .venv with Python {version}")
        # the Python below, where this one itself runs in an environment: perhaps in the one that was just taken away
        base = getattr(sys, "_base_executable", None) or sys.executable
        made = self.run("-m", "venv", str(self.folder), by=base)
        if made.returncode:
            said = (made.stdout + made.stderr).strip()
            note(said)
            if "ensurepip is not available" in said or "No module named ensurepip" in said:
                raise Failed("this Python comes without pip", "on Debian and Ubuntu: apt install python3-venv")
            raise Failed("python could not make a virtual environment", "df -h .   # room on the disk?", OTHER_PYTHON)
        self.mark.unlink()
        if fault := self.fault():
            raise Failed(f"the environment that {base} makes cannot be used: {fault}", OTHER_PYTHON)

    def install(self, tier: str) -> None:
        """Install a tier, look whether its packages can be imported, and write its stamp."""
        packages = [read_package(line) for line in lines_of(self.requirements, tier)]
        note(f"installing what this needs, once: {' '.join(package.name for package in packages)}")
        ready = [other for other in re.findall(r"^# (\w+): ", self.requirements, re.MULTILINE) if self.ready(other)]
        self.notes.mkdir(exist_ok=True)
        (self.notes / tier).unlink(missing_ok=True)
        self.mark.write_text(changed(self.site))
        (self.notes / "tmp").mkdir(exist_ok=True)
        torch = any(package.name == "torch" for package in packages)
        settings = self._settings(torch)
        shown = torch and sys.stderr.isatty()  # pip draws its progress
        modules = [package for package in packages if package.module]
        programs = [package for package in packages if not package.module]
        lines = (module.line for module in modules)
        done = self._pip(settings, "-c", str(self.root / "requirements.txt"), *lines, shown=shown)
        if done.returncode:
            if not shown:
                note("\n".join([*done.stdout.splitlines()[-SHOWN:], *done.stderr.splitlines()]))
            raise Failed(
                f"pip could not install: {' '.join(module.name for module in modules)}",
                "look at pip's message above; then run the same command again",
            )
        programs = [program for program in programs if self._install_program(settings, program)]
        shutil.rmtree(self.notes / "tmp")
        self.mark.unlink()
        faults = self.run("-c", CHECK, *(package.expected for package in modules + programs))
        if faults.returncode or faults.stdout:
            said = faults.stdout.strip() or last_line(faults.stderr)
            raise Incomplete("pip has installed all of it, and yet\n  " + said.replace("\n", "\n  "), OTHER_PYTHON)
        written = self.notes / f"{tier}.new"
        written.write_bytes(self.stamp(tier).encode())
        written.rename(self.notes / tier)
        for other in ready:  # site-packages has changed since their stamps, but by this program
            os.utime(self.notes / other)

    def _install_program(self, settings: dict[str, str], program: Package) -> bool:
        """Install a program, unless there is no wheel for this machine: then say so, for only some tests need it."""
        done = self._pip(settings, "--only-binary", ":all:", "--no-deps", program.line)
        if done.returncode:
            note(f"{program.name} cannot be had here, and what needs it will be left out: {last_line(done.stderr)}")
        return not done.returncode

    def _pip(self, settings: dict[str, str], *arguments: str, shown: bool = False) -> Done:
        bar = "--progress-bar=on" if shown else "--progress-bar=off"
        options = ("install", "--disable-pip-version-check", "--no-input", bar)
        return self.run("-m", "pip", *options, *arguments, settings=settings, shown=shown)

    def _settings(self, torch: bool) -> dict[str, str]:
        """Return the variables for pip: the reader's settings that stay in force, and no configuration file."""
        mine = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        mine.pop("PIP_PYTHON", None)
        for option in ("USER", "SITE", "GLOBAL", "QUIET", "VERBOSE"):  # set for all commands, they change this one, too
            mine[f"PIP_{option}"] = "0"
        listed = self.run("-m", "pip", "config", "list", settings=mine)
        if listed.returncode:
            raise Failed(f"pip cannot read its configuration: {last_line(listed.stderr)}", "pip config debug")
        kept = settings_in(listed.stdout)
        if torch:
            note(COST.format(free=shutil.disk_usage(self.root).free / 1e9))
        if torch and sys.platform == "linux" and "no-index" not in kept:
            # the default torch wheel for Linux brings gigabytes for a GPU; this index has one without them
            if answers(CPU_WHEELS + "/torch/"):
                kept["extra-index-url"] = f"{kept.get('extra-index-url', '')} {CPU_WHEELS}".strip()
            else:
                note(GPU_COST)
        variables = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in kept.items()}
        return variables | {"PIP_CONFIG_FILE": os.devnull, "TMPDIR": str(self.notes / "tmp")}


def settings_in(listed: str) -> dict[str, str]:
    """Return what `pip config list` shows of KEPT_SETTINGS; [install] goes before [global], a variable before both.

    >>> settings_in("install.target='/x'\\nglobal.proxy='a'\\ninstall.proxy='b'\\n:env:.retries='3'")
    {'proxy': 'b', 'retries': '3'}
    """
    kept: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.*)$", listed, re.MULTILINE):
            if name in KEPT_SETTINGS:
                kept[name] = ast.literal_eval(value)
    return kept


def answers(url: str) -> bool:
    """Tell whether a web server answers at once."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=3):
            return True
    except (OSError, ValueError, http.client.HTTPException):
        return False


def changed(site: Path) -> str:
    """Return when something was last added to site-packages, or taken away."""
    return str(site.stat().st_mtime_ns)


def last_line(text: str) -> str:
    """Return the last line of what a program said."""
    return (text.strip().splitlines() or ["it says nothing"])[-1]


def set_up(environment: Environment, tiers: list[str]) -> None:
    """Make the environment where it is missing or cannot be used, and install the tiers that are not ready."""
    environment.sweep()
    if all(environment.ready(tier) for tier in tiers):
        return  # another command did it while this one waited for the lock
    anew = False
    if fault := environment.fault():
        environment.replace(fault)
        anew = True
    elif not environment.notes.exists():
        note(".venv was made by somebody else, and it works: what is missing is installed into it")
    try:
        for tier in tiers:
            if not environment.ready(tier):
                environment.install(tier)
    except Incomplete as incomplete:
        in_vain = environment.notes / "in-vain"  # a new environment had such a fault, too: yet another one won't help
        if anew or in_vain.exists():
            in_vain.touch()
            raise
        environment.replace(incomplete.found)  # files were lost that pip believes to be there
        in_vain.touch()
        for tier in tiers:
            environment.install(tier)
        in_vain.unlink()


def main(root: str, *tiers: str) -> int:
    """Return the exit code: 0 when the tiers are ready, 2 when they cannot be, 130 when interrupted."""
    folder = Path(root)
    try:
        with locked(folder / "scripts") as lock:
            set_up(Environment(folder, lock), list(tiers))
        return 0
    except Failed as failed:
        note(f"✗ {failed.found}")
        for way in failed.ways:
            note(f"  → {way}")
        return 2
    except OSError as error:
        reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error)
        note(f"✗ .venv cannot be set up: {reason}")
        note("  → mend that, then run the same command again; what is half-done is made anew")
        return 2
    except KeyboardInterrupt:
        note("stopped; the same command goes on")
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
