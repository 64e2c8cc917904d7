"""What the engine tests share: a tiny upstream, a checkout around it, plain git, oracles that know no line of ours."""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import pty
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from deltas.__main__ import main
from deltas.core.project import PIN, URL, Project

HERE = Path(__file__).resolve().parents[1]
REAL_GIT = shutil.which("git")

# -- plain git --------------------------------------------------------------------------------------------------------

CLEAN = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TEMPLATE_DIR": "",
    "GIT_TERMINAL_PROMPT": "0",
    **{
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "a reader"), ("EMAIL", "reader@example.org"), ("DATE", "1700000000 +0000"))
    },
}


def git(folder: Path, *arguments: str, stdin: bytes | None = None, ok: tuple[int, ...] = (0,), **env: str) -> bytes:
    """Plain git in a folder, with an environment of this file's making. The oracle."""
    command = [
        REAL_GIT,
        "-c",
        "protocol.file.allow=always",
        "-c",
        "safe.directory=*",
        "-c",
        "gc.auto=0",
        "-c",
        "core.fsync=none",
        *arguments,
    ]
    done = subprocess.run(
        command, cwd=folder, env=CLEAN | {"GIT_CEILING_DIRECTORIES": str(folder.parent)} | env, input=stdin,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode in ok, f"{arguments} exited {done.returncode}: {done.stderr.decode()}"
    return done.stdout


@contextlib.contextmanager
def ended():
    """What a forked child does, ends in here: with leave(code), or with 99 and what went wrong on stderr."""
    code = 99

    def leave(given: int) -> None:
        nonlocal code
        code = given

    try:
        yield leave
    except BaseException as error:
        with contextlib.suppress(BaseException):
            traceback.print_exception(error)
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def said(folder: Path, *arguments: str, **env) -> str:
    return git(folder, *arguments, **env).decode().strip()


def blob_id(content: bytes) -> str:
    """As git computes it, without git."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def tree_id(files: dict[str, bytes], executable: frozenset[str] = frozenset()) -> str:
    """The id of the tree that holds these files, without git."""
    here: dict[str, bytes] = {}
    below: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        head, slash, rest = path.partition("/")
        if slash:
            below.setdefault(head, {})[rest] = content
        else:
            mode = b"100755 " if path in executable else b"100644 "
            here[head] = mode + head.encode() + b"\0" + bytes.fromhex(blob_id(content))
    for head, inner in below.items():
        here[head + "/"] = b"40000 " + head.encode() + b"\0" + bytes.fromhex(tree_id(inner))
    body = b"".join(here[name] for name in sorted(here, key=str.encode))
    return hashlib.sha1(b"tree %d\0" % len(body) + body).hexdigest()


# -- the tiny upstream ------------------------------------------------------------------------------------------------

TINY = '''"""
Guess the weather of a made-up town, day after day.
"""

import argparse
import random

# ======================================
# almanac

class Almanac:
    """ remembers which day followed which """

    def __init__(self, days):
        self.days = list(days)
        self.seen = {}

    def learn(self):
        for today, tomorrow in zip(self.days, self.days[1:]):
            self.seen.setdefault(today, []).append(tomorrow)
        return self

    def guess(self, today, rng):
        choices = self.seen.get(today)
        if not choices:
            return today
        return rng.choice(choices)

# ======================================
# report

def report(almanac, start, length, rng):
    day = start
    lines = []
    for _ in range(length):
        lines.append(day)
        day = almanac.guess(day, rng)
    return lines

# ======================================
# report

def short_report(almanac, start, length, rng):
    day = start
    lines = []
    for _ in range(length):
        lines.append(day[0])
        day = almanac.guess(day, rng)
    return lines

# ======================================

if __name__ == '__main__':

    parser = argparse.ArgumentParser(description="Weather of a made-up town")
    parser.add_argument('--start', type=str, default='fog', help="first day")
    parser.add_argument('--length', type=int, default=7, help="how many days")
    parser.add_argument('--seed', type=int, default=1, help="seed")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    town = Almanac(['fog', 'sun', 'sun', 'rain', 'fog', 'rain', 'rain', 'sun']).learn()
    print(report(town, args.start, args.length, rng))
'''
UPSTREAM = {
    "makemore.py": TINY.encode(),
    "names.txt": b"fog\nsun\nrain\n",
    "LICENSE": b"Do as you please; no newline at the end",
    "README.md": "# Wetter\n\nHeiter bis wolkig, später Böen.\n".encode(),
    "dos.txt": b"one\r\ntwo  \r\n\r\nthree\t\r\n",
    "town/days.txt": b"monday\ntuesday\n",
}

# (slug, [(the line after which, the lines that go in)]): 1-based lines of the *previous* stage, by their text
PATCHES = [
    (
        "frost-days",
        [
            (
                "        return rng.choice(choices)",
                ["", "    def forget(self):", "        self.seen = {}", "        return self"],
            ),
            ("import random", ["import math"]),
        ],
    ),
    (
        "storm-report",
        [
            ("        lines.append(day[0])", ["        assert lines"]),
            ("    rng = random.Random(args.seed)", ["    rng.random() # the first one is never used"]),
        ],
    ),
    (
        "loud-report",
        [
            ("    parser.add_argument('--length', type=int, default=7, help=\"how many days\")",
             ["    parser.add_argument('--shout', action='store_true', help=\"twice as loud\")"]),
            ("    print(report(town, args.start, args.length, rng))", ["    if args.shout:", "        print('!')"]),
        ],
    ),
    (
        "quiet-report",
        [
            ("        self.days = list(days)", ["        self.quiet = False"]),
            ("        self.seen = {}", ["        self.wind = 0"]),
        ],
    ),
]  # fmt: skip


def insert(text: str, insertions) -> str:
    """The model: insertions by text, in plain lists. An anchor that occurs twice means its first place."""
    lines = text.split("\n")
    for anchor, new in insertions:
        at = lines.index(anchor) + 1
        lines[at:at] = new
    return "\n".join(lines)


def tiny_stages() -> list[dict[str, bytes]]:
    """What stages 00…04 of the tiny series hold."""
    stages = [dict(UPSTREAM)]
    for _, insertions in PATCHES:
        before = stages[-1]["makemore.py"].decode()
        stages.append(UPSTREAM | {"makemore.py": insert(before, insertions).encode()})
    return stages


def header(number: int, slug: str) -> bytes:
    return (
        f"From: makemore deltas <deltas@example.org>\nDate: Wed, 01 Jan 2025 00:00:{number:02d} +0000\n"
        f"Subject: delta {number}: {slug.replace('-', ' ')}\n\nYou know the weather. This is new: größer — {slug}.\n\n"
        f"A second paragraph, with *stars*.\n\nDelta: {number}, weather\nPart: 3\nRun: scripts/train.sh {number:02d}\n"
        "Expect: rain\n---\n"
    ).encode()


TRAILERS = "Delta: 1\nPart: 3\nRun: it\nExpect: rain"


def adding(files: dict[str, int], trailers: str = TRAILERS, prose: str = "Prose.") -> bytes:
    """Return a patch that adds new files with so many lines; no stage is made of it."""
    text = f"From: a <a@example.org>\nDate: now\nSubject: delta 1: rain\n\n{prose}\n\n{trailers}\n---\n"
    for path, count in files.items():
        text += f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex {'0' * 40}..{'1' * 40}\n"
        text += f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{count} @@\n" + "+x\n" * count
    return text.encode()


# -- one checkout -----------------------------------------------------------------------------------------------------


@dataclass
class Result:
    code: int
    out: str
    err: str
    raw: bytes = b""

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Lab:
    """A checkout of a project: outer repository, submodule, patches, and whatever the test does to it."""

    root: Path
    pin: str
    source: Path  # the upstream that the submodule was cloned from
    kind: str = "tiny"

    @property
    def project(self) -> Project:
        return Project(self.root, pin=self.pin)

    @property
    def stage(self) -> Path:
        return self.root / "stage"

    @property
    def code(self) -> Path:
        return self.stage / "makemore.py"

    @property
    def patches(self) -> Path:
        return self.root / "patches"

    @property
    def files(self) -> list[Path]:
        return sorted(self.patches.glob("*.patch"))

    @property
    def last(self) -> int:
        return len(self.files)

    # running

    def run(self, *arguments: str) -> Result:
        """One verb in this process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(list(arguments), self.project)
            except UnicodeError as error:  # its text may be none that pytest can print
                raise AssertionError(f"a traceback: {error!a}") from None
        raw = out.buffer.getvalue()
        return Result(code, raw.decode(errors="replace"), err.buffer.getvalue().decode(errors="replace"), raw)

    def ok(self, *arguments: str) -> Result:
        result = self.run(*arguments)
        assert result.code == 0, f"{arguments}: {result}"
        return result

    def fork(self, *arguments: str, path: Path | None = None, before=None, env: dict | None = None) -> Result:
        """One verb in a forked child, a process group of its own: may be killed. code is negative for a signal."""
        log = Path(tempfile.mkstemp(suffix=".log")[1])  # not beside the checkout: that disk may be full
        child = os.fork()
        if child == 0:
            with ended() as leave:
                os.setsid()
                fd = os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
                for target in (1, 2):
                    os.dup2(fd, target)
                null = os.open(os.devnull, os.O_RDONLY)
                os.dup2(null, 0)
                sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                signal.signal(signal.SIGINT, signal.default_int_handler)
                if path:
                    os.environ["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
                os.environ.update(env or {})
                if before:
                    before()
                leave(main(list(arguments), self.project))
        _, status = os.waitpid(child, 0)
        self.group = child
        printed = log.read_text(errors="replace")
        log.unlink()
        return Result(os.waitstatus_to_exitcode(status), printed, "")

    def at_a_terminal(self, *arguments: str, columns: int = 80, env: dict | None = None) -> Result:
        """One verb in a forked child whose input and output are a terminal so wide; out is all that it shows."""
        child, terminal = pty.fork()
        if child == 0:
            with ended() as leave:
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
                sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
                sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                for name in ("COLUMNS", "LINES", "CI", "NO_COLOR", "PAGER", "DELTAS_PAGER", "LESS"):
                    os.environ.pop(name, None)
                os.environ.update({"TERM": "xterm-256color"} | (env or {}))
                leave(main(list(arguments), self.project))
        shown = b""
        with contextlib.suppress(OSError):  # EIO: the child has closed its side
            while chunk := os.read(terminal, 65536):
                shown += chunk
        os.close(terminal)
        _, status = os.waitpid(child, 0)
        return Result(os.waitstatus_to_exitcode(status), shown.decode(errors="replace").replace("\r\n", "\n"), "")

    def settle(self, seconds: float = 5) -> None:
        """Waits for what a killed child left running. Who is dead and only waits to be buried does not count."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                os.killpg(self.group, 0)
            except ProcessLookupError:
                return
            rows = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True).stdout.splitlines()
            if not any(row.split()[0] == str(self.group) and "Z" not in row.split()[1] for row in rows):
                return
            time.sleep(0.005)
        os.killpg(self.group, signal.SIGKILL)
        raise AssertionError("a git child of a killed command is still alive")

    # looking

    def git(self, *arguments: str, **more) -> str:
        """Plain git in stage/."""
        return said(self.stage, *arguments, **more)

    def refs(self) -> dict[str, str]:
        """HEAD and every reference of stage/."""
        if not (self.stage / ".git").is_dir():
            return {}
        rows = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        found = dict(row.split(" ") for row in rows)
        head = git(self.stage, "rev-parse", "--verify", "-q", "HEAD", ok=(0, 1, 128)).decode().strip()
        return found | {"HEAD": head}

    def tags(self) -> dict[str, str]:
        return {name: value for name, value in self.refs().items() if name.startswith("refs/tags/stage/")}

    def kept(self) -> dict[str, str]:
        return {name: value for name, value in self.refs().items() if name.startswith("refs/kept/")}

    def held(self, name: str) -> dict[str, bytes]:
        """The files of a commit or tree of stage/."""
        out = git(self.stage, "ls-tree", "-r", "-z", "--full-tree", name).decode(errors="surrogateescape")
        rows = [row.split("\t", 1) for row in out.split("\0") if row]
        asked = "".join(f"{about.split(' ')[2]}\n" for about, _ in rows)
        answer = io.BytesIO(git(self.stage, "cat-file", "--batch", stdin=asked.encode()))
        found = {}
        for _, path in rows:
            length = int(answer.readline().split()[2])
            found[path] = answer.read(length + 1)[:-1]
        return found

    def tree(self, name: str) -> str:
        return self.git("rev-parse", f"{name}^{{tree}}")

    def bytes_of_patches(self) -> dict[str, bytes]:
        return contents(self.patches)

    def working(self) -> dict[str, bytes]:
        """stage/'s working files."""
        return contents(self.stage)

    def everything(self) -> dict:
        """All that a refused command must leave alone."""
        return {
            "patches": self.bytes_of_patches(),
            "baselines": contents(self.root / "baselines"),
            "readme": (self.root / "README.md").read_bytes() if (self.root / "README.md").exists() else None,
            "files": self.working(),
            "refs": self.refs(),
            "journal": self.project.journal.exists(),
        }

    def locks(self) -> list[str]:
        return [str(p.relative_to(self.root)) for p in self.root.rglob("*.lock")]

    def position(self) -> dict:
        return json.loads(self.ok("apply", "--json").out)

    # doing

    def edit(self, old: str, new: str, path: str = "makemore.py") -> None:
        file = self.stage / path
        text = file.read_text()
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new, 1))

    def add_line(self, line: str = "# a line of mine", place: int = 0) -> None:
        """Puts a line after the place-th blank line of makemore.py: good for any makemore."""
        lines = self.code.read_text().split("\n")
        blank = [n for n, text in enumerate(lines) if not text.strip()][place]
        lines.insert(blank + 1, line)
        self.code.write_text("\n".join(lines))

    def commit(self, message: str = "mine") -> str:
        git(self.stage, "commit", "-qam", message)
        return self.git("rev-parse", "HEAD")

    def append_patch(self, slug: str) -> None:
        """The edits in stage/ become the next patch, with a complete header."""
        number = self.last + 1
        self.ok("refresh", "--new", slug)
        file = self.patches / f"{number:02d}-{slug}.patch"
        data = file.read_bytes()
        file.write_bytes(header(number, slug) + data[data.index(b"\ndiff --git ") + 1 :])
        self.ok("apply", "last")

    def copy(self, to: Path) -> "Lab":
        duplicate(self.root, to)
        return Lab(to, self.pin, self.source, self.kind)


def duplicate(folder: Path, to: Path) -> None:
    """A copy in which two names of one file are two names of one file again."""
    links: dict[int, str] = {}

    def copy(source, target):
        about = os.lstat(source)
        if about.st_nlink > 1 and about.st_ino in links:
            return os.link(links[about.st_ino], target)
        links[about.st_ino] = target
        return shutil.copy2(source, target, follow_symlinks=False)

    shutil.copytree(folder, to, symlinks=True, copy_function=copy)


def contents(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of the files in a folder, without .git."""
    found = {}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if inside.parts[0] == ".git" or (path.is_dir() and not path.is_symlink()):
            continue
        found[str(inside)] = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    return found


def make_tiny_upstream(folder: Path) -> tuple[Path, str]:
    """The tiny upstream: a few commits, the pin is not the newest."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "master")
    (folder / "README.md").write_text("# soon\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    for name, content in UPSTREAM.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    pin = said(folder, "rev-parse", "HEAD")
    (folder / "README.md").write_text("# later\n")
    git(folder, "commit", "-qam", "third: the series does not know it")
    return folder, pin


def make_outer(root: Path, source: Path, pin: str, kind: str) -> Lab:
    """An outer repository that has upstream as a real submodule, with the real URL written in .gitmodules."""
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "patches").mkdir()
    (root / ".gitignore").write_text("/stage/\n/out/\n/.venv/\n/.journal/\n__pycache__/\n")
    (root / ".gitattributes").write_text("*.patch -text -whitespace\n")
    mirror = f"url.{source.as_uri()}.insteadOf={URL}"
    git(root, "-c", mirror, "submodule", "add", "-q", URL, "upstream/makemore")
    git(root / "upstream" / "makemore", "checkout", "-q", "--detach", pin)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "outer")
    return Lab(root, pin, source, kind)


def make_tiny(folder: Path) -> Lab:
    source, pin = make_tiny_upstream(folder / "tiny-upstream")
    lab = make_outer(folder / "tiny", source, pin, "tiny")
    assert lab.run("apply", "00").code == 0
    for (slug, _), files in zip(PATCHES, tiny_stages()[1:], strict=True):
        lab.code.write_bytes(files["makemore.py"])
        lab.append_patch(slug)
    git(lab.root, "add", "-A")
    git(lab.root, "commit", "-qm", "the series")
    return lab


def make_real(folder: Path) -> Lab:
    lab = make_outer(folder / "real", HERE / "upstream" / "makemore", PIN, "makemore")
    for file in (HERE / "patches").glob("*.patch"):
        shutil.copy(file, lab.patches)
    shutil.copytree(HERE / "baselines", lab.root / "baselines")
    shutil.copy(HERE / "README.md", lab.root)
    _as_if_recorded_now(lab)
    git(lab.root, "add", "-A")
    git(lab.root, "commit", "-qm", "the series")
    return lab


def _as_if_recorded_now(lab: Lab) -> None:
    """Let the baselines be of this code, and README's table of these baselines.

    Whether they really are is for `verify` to say, between two recordings too; the tests need them to test the program.
    """
    from msgspec.structs import replace

    from deltas.core import jsonfile
    from deltas.evidence import baseline
    from deltas.figures import drawn
    from deltas.pages import readme
    from deltas.runs import subject
    from deltas.stages.build import workshop

    with workshop(lab.project) as shop:
        for stage in shop.stages[1:]:
            folder = lab.project.baselines / stage.name
            recorded = baseline.read(folder / "baseline.json")
            if recorded is None:
                continue
            measured_by = subject.measured_by(subject.look_up(lab.project, shop, stage).experiment, folder)
            runs = {name: replace(run, measured_by=measured_by.get(name, "")) for name, run in recorded.runs.items()}
            now = replace(recorded, code_id=subject.look_up(lab.project, shop, stage).code_id, runs=runs)
            baseline.write(folder / "baseline.json", now)
            if (folder / drawn.LISTING).exists():
                listing = jsonfile.read(folder / drawn.LISTING)
                listing |= {"program": drawn.identify(folder), "baseline": baseline.digest(now)}
                jsonfile.write(folder / drawn.LISTING, listing)
        page = readme.filled(lab.project, shop.series)
        (lab.root / "README.md").write_text(page[1])


# -- accidents --------------------------------------------------------------------------------------------------------


def shim(folder: Path, body: str, name: str = "git") -> Path:
    """A program that stands before git on the PATH; in `body`, $GIT is the real one and $n counts the calls."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / name
    script.write_text(
        f"#!/bin/sh\nGIT='{REAL_GIT}'\nread n < '{folder}/count' 2>/dev/null || n=0\nn=$((n+1))\n"
        f"echo $n > '{folder}/count'\n{body}\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (folder / "count").write_text("0\n")
    return folder


def calls(folder: Path) -> int:
    return int((folder / "count").read_text())
