"""Killed at any point, the next command finishes or undoes: nothing of the reader's is gone, nothing is half of each.

What SIGKILL leaves is what is on disk at that moment. So one run is enough to see them all: before and after every git
child and every step on files, what is on disk is copied, and the next command is run on each copy that differs from
those before. Interrupts run Python code, so those are real, as are kills of a sample of the children (a program that
stands before git on the PATH counts the calls and kills whoever called it) and those inside the reference transaction.
"""

import hashlib
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from git.cmd import Git

from deltas.stages import journal, recovery
from deltas.stages.references import RefTransaction
from lab import Lab, calls, contents, duplicate, git, shim

pytestmark = pytest.mark.slow

KILL = {  # the parent alone, before and after git did its work
    "KILL before": "kill -KILL $PPID; exit 1",
    "KILL after": '"$GIT" "$@"; kill -KILL $PPID; exit 1',
    "INT before": 'kill -INT $PPID; exec "$GIT" "$@"',
    "INT after": '"$GIT" "$@"; status=$?; kill -INT $PPID; exit $status',
    # Ctrl-C in a terminal reaches the whole group
    "INT to all": 'trap "" INT; kill -INT 0; trap - INT; exec "$GIT" "$@"',
}


@pytest.fixture(scope="module")
def short_template(tiny_template, tmp_path_factory):
    """Two patches, stage/ at 01."""
    lab = tiny_template.copy(tmp_path_factory.mktemp("short") / "c")
    for file in lab.files[2:]:
        file.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", os.devnull)
        lab.ok("apply", "01")
    return lab


MINE = '"""\n# mine\nGuess'


def prepare(template: Lab, folder: Path, verb: str) -> tuple[Lab, list[str]]:
    lab = template.copy(folder)
    if verb in EDITED:
        lab.edit('"""\nGuess', MINE)
    if verb == "carry":
        lab.commit()
        lab.add_line("# not committed", 4)
    if verb == "restore":
        lab.ok("apply", "00", "--discard")
    if verb == "series":  # an apply with every kind of tag move: moved, new and gone
        git(lab.stage, "pack-refs", "--all")
        lab.files[1].unlink()
        lab.files[0].write_bytes(lab.files[0].read_bytes().replace(b"You know", b"We know"))
    arguments = {
        "apply": ["apply", "02"],
        "carry": ["apply", "02", "--carry"],
        "restore": ["apply", "--restore", "last"],
        "refresh": ["refresh", "01"],
        "series": ["apply", "01"],
        "first": ["apply", "01"],
        "insert": ["refresh", "--insert", "between"],
        "move": ["refresh", "--move", "02", "--to", "01"],
        "rename": ["refresh", "--rename", "02", "gale"],
    }[verb]
    if verb == "first":
        shutil.rmtree(lab.stage)
    if verb in REORDERED:
        (lab.root / "README.md").write_text("<!-- series -->\n<!-- /series -->\n")
        for file in lab.files:
            folder = lab.root / "baselines" / file.stem
            folder.mkdir(parents=True)
            (folder / "recorded.json").write_text(f'{{"stage": "{file.stem}"}}\n')
            (folder / "untracked.svg").write_text(file.stem[3:])
    return lab, arguments


def state(lab: Lab) -> dict:
    """What must be all old or all new."""
    everything = lab.everything()
    dateless = {name: re.sub(rb"\nDate: .*", b"", data) for name, data in everything["patches"].items()}
    return {"patches": dateless, "tags": lab.tags()} | {part: everything[part] for part in ("baselines", "readme")}


def on_disk(lab: Lab) -> str:
    """A hash of everything but the objects of git, which are only ever added."""
    whole = hashlib.sha256()
    for path in sorted(lab.root.rglob("*")):
        inside = re.sub(r"\.\d+$", "", str(path.relative_to(lab.root)))  # a half-written file is named after a process
        if path.is_file() and "/objects/" not in inside and not inside.endswith(("/index", "journal/begun")):
            whole.update(inside.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


class Case:
    """One verb, killed in many ways; after each, the same questions."""

    def __init__(self, template: Lab, folder: Path, verb: str):
        self.folder, self.verb = folder, verb
        self.origin, self.arguments = prepare(template, folder / "origin", verb)
        self.working = self.origin.working()
        self.head = self.origin.refs().get("HEAD")
        self.old = state(self.origin)
        done = self.origin.copy(folder / "done")
        done.ok(*self.arguments)
        self.new, self.result = state(done), done.working()
        self.fresh = self.again()
        self.untouched = on_disk(self.fresh)
        self.seen = {self.untouched}
        self.followed = 0

    def again(self) -> Lab:
        shutil.rmtree(self.folder / "c", ignore_errors=True)
        return self.origin.copy(self.folder / "c")

    def kill(self, why: str, **how) -> None:
        lab = self.fresh
        lab.fork(*self.arguments, **how)
        lab.settle()
        mark = on_disk(lab)
        if mark in self.seen:
            if mark != self.untouched:
                self.fresh = self.again()
            return
        self.seen.add(mark)
        self.both_ways(lab, why)
        self.fresh = self.again()

    def both_ways(self, lab: Lab, why: str) -> None:
        """The list after every kill, and a move after every other one."""
        self.followed += 1
        if self.followed % 2:
            twin = lab.copy(self.folder / "twin")
            self.check(twin, why, ["apply", "01"] if self.verb != "first" else ["apply", "00"])
            shutil.rmtree(twin.root)
        self.check(lab, why, ["apply"])

    def check(self, lab: Lab, why: str, following: list[str]) -> None:
        result = lab.run(*following)
        # 4: the reader's work is still there, unmoved, and in the way
        assert result.code in ((0, 4) if self.verb in EDITED else (0,)), (why, following, result)
        assert not lab.project.journal.exists(), (why, following)
        assert lab.locks() == [], (why, following)
        now = state(lab)
        if following == ["apply"]:
            if self.verb == "first" and not lab.stage.exists():
                return
            assert now in (self.old, self.new) or self.verb == "first", (
                why,
                following,
                "neither the old series nor the new",
            )
            whole = (now, lab.working()) in ((self.old, self.working), (self.new, self.result))
            assert whole or self.verb == "first", (why, following, "half-moved files")
        else:
            for part in ("patches", "baselines", "readme"):
                assert now[part] in (self.old[part], self.new[part]), (why, following, part)
        self.work_is_there(lab, why)
        if lab.stage.exists():
            git(lab.stage, "status", "--porcelain")

    def work_is_there(self, lab: Lab, why: str) -> None:
        if self.verb not in EDITED:
            return
        names = [*lab.kept(), *lab.tags()]
        for line in ["# mine", "# not committed"][: 2 if self.verb == "carry" else 1]:
            on_disk = line in lab.code.read_text().split("\n")
            kept = git(lab.stage, "grep", "-l", f"^{line}$", *names, ok=(0, 1)) if names else b""
            assert on_disk or kept, (why, f"{line}: the reader's edit is gone")
        if self.verb == "carry":
            assert self.head in lab.git("rev-list", "--all", "HEAD").split(), (why, "the reader's commit is gone")


EDITED = ["carry", "restore", "refresh", "insert"]  # there is work of the reader's
REORDERED = ["insert", "move", "rename"]
VERBS = ["apply", "carry", "restore", "refresh", "series", "first", *REORDERED]


def spied(function, step):
    def wrapped(*args, **more):
        step()
        answer = function(*args, **more)
        step()
        return answer

    return wrapped


class Spy:
    """A module with some of its functions replaced."""

    def __init__(self, module, others):
        self._module, self._others = module, others

    def __getattr__(self, name):
        return self._others.get(name) or getattr(self._module, name)


def watch_files(step) -> None:
    """Calls `step` before and after every step on files. In a forked child: nothing is put back."""
    for name in ("rename", "replace", "unlink", "rmdir", "mkdir", "write_bytes", "write_text", "touch"):
        setattr(Path, name, spied(getattr(Path, name), step))
    recovery.os = Spy(os, {"link": spied(os.link, step)})
    journal.shutil = Spy(shutil, {"rmtree": spied(shutil.rmtree, step)})


def watch_git(step) -> None:
    Git.execute = spied(Git.execute, step)
    for name in ("prepare", "commit"):
        setattr(RefTransaction, name, spied(getattr(RefTransaction, name), step))


@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_every_git_child_and_every_step_on_files(short_template, tmp_path, clean, verb):
    case = Case(short_template, tmp_path, verb)
    lab, frozen = case.fresh, tmp_path / "frozen"
    frozen.mkdir()

    def before():
        seen, busy = {case.untouched}, False

        def step():
            nonlocal busy
            if busy:
                return
            busy = True
            mark = on_disk(lab)
            if mark not in seen:
                seen.add(mark)
                duplicate(lab.root, frozen / f"{len(seen):03d}")
            busy = False

        watch_files(step)
        watch_git(step)

    assert lab.fork(*case.arguments, before=before).code == 0
    moments = sorted(frozen.iterdir())
    assert len(moments) > 5
    for folder in moments:
        case.both_ways(Lab(folder, lab.pin, lab.source), f"moment {folder.name} of {len(moments)}")


@pytest.mark.parametrize("how", KILL)
@pytest.mark.parametrize("verb", ["carry", "refresh", "first", "move"])
def test_really_killed_or_interrupted_at_git_children(short_template, tmp_path, clean, verb, how):
    """INT at every seventh child, another seventh each time, and at the last ones; KILL at the last ones."""
    case = Case(short_template, tmp_path, verb)
    gate = tmp_path / "gate"
    shim(gate, 'exec "$GIT" "$@"')
    probe = case.origin.copy(tmp_path / "probe")
    assert probe.fork(*case.arguments, path=gate).code == 0
    total = calls(gate)
    assert total > 10
    shift = list(KILL).index(how)
    for k in range(1, total + 1):
        if k > total - 2 or (how.startswith("INT") and (k + shift) % 7 == 0):
            shim(gate, f'if [ $n -ne {k} ]; then exec "$GIT" "$@"; fi\n{KILL[how]}')
            case.kill(f"{how} git child {k} of {total}", path=gate)


WHOM = {
    "the command": lambda git: os.kill(os.getpid(), signal.SIGKILL),
    "git": lambda git: os.kill(git, signal.SIGKILL),
    "both": lambda git: os.killpg(0, signal.SIGKILL),
    "both, by INT": lambda git: os.killpg(0, signal.SIGINT),
}


@pytest.mark.parametrize(
    ("verb", "whom"),
    [
        *(("carry", "both"), ("carry", "git"), ("move", "both"), ("insert", "both")),
        *((verb, whom) for verb in ("refresh", "series") for whom in WHOM),
    ],
)
def test_killed_inside_the_reference_transaction(short_template, tmp_path, clean, verb, whom):
    """Before and after each word said to `update-ref --stdin`, and while it is at it."""
    case = Case(short_template, tmp_path, verb)
    plain = RefTransaction._say

    def arm(word, moment):
        def before():
            def say(self, line, expect=""):
                if line == word and moment == "before":
                    WHOM[whom](self._process.proc.pid)
                if line == word and moment == "during":
                    plain(self, line)  # said, but the answer is not waited for
                    WHOM[whom](self._process.proc.pid)
                    raise KeyboardInterrupt
                plain(self, line, expect)
                if line == word and moment == "after":
                    WHOM[whom](self._process.proc.pid)

            RefTransaction._say = say

        return before

    for word in ("prepare", "commit"):
        for moment in ("before", "during", "after"):
            case.kill(f"{moment} {word}, {whom} killed", before=arm(word, moment))
    assert case.followed


@pytest.mark.parametrize("verb", ["carry", "refresh", "move"])
def test_interrupted_between_two_steps_on_files(short_template, tmp_path, clean, verb):
    case = Case(short_template, tmp_path, verb)
    count = tmp_path / "count"

    def arm(k):
        def before():
            done = 0

            def step():
                nonlocal done
                done += 1
                fd = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.write(fd, str(done).encode())
                os.close(fd)
                if done == k:
                    os.kill(os.getpid(), signal.SIGINT)

            watch_files(step)

        return before

    probe = case.origin.copy(tmp_path / "probe")
    assert probe.fork(*case.arguments, before=arm(0)).code == 0
    total = int(count.read_text())
    assert total > 10
    for k in range(1, total + 1, 1 + total // 20):
        case.kill(f"INT at step {k} of {total}", before=arm(k))


def test_killed_and_killed_again_while_recovering(short_template, tmp_path, clean):
    """The recovery, too, may be killed at every git child."""
    case = Case(short_template, tmp_path, "carry")
    gate = tmp_path / "gate"
    shim(gate, 'case "$*" in *update-ref*--stdin*) "$GIT" "$@"; kill -KILL $PPID;; *) exec "$GIT" "$@";; esac')
    lab = case.fresh

    def before():
        real = Path.replace

        def replace(self, target):
            answer = real(self, target)
            if str(target).endswith("makemore.py"):
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        Path.replace = replace

    lab.fork(*case.arguments, before=before)
    assert lab.project.journal.exists()
    killed = lab.copy(tmp_path / "killed")
    for k in range(1, 6):
        again = killed.copy(tmp_path / f"again{k}")
        shim(gate, f'if [ $n -ne {k} ]; then exec "$GIT" "$@"; fi\n{KILL["KILL after"]}')
        again.fork("apply", "02", path=gate)
        again.settle()
        case.check(again, f"killed again at child {k}", ["apply"])


def test_edit_made_between_the_kill_and_the_next_command_survives(short_template, tmp_path, clean):
    """Somebody sees a half-moved stage/, and edits."""
    case = Case(short_template, tmp_path, "apply")
    lab = case.fresh

    def before():
        def put(project, file):
            os.kill(os.getpid(), signal.SIGKILL)

        recovery.put = put

    lab.fork("apply", "02", before=before)
    assert lab.project.journal.exists()
    lab.code.write_text("# all mine\n")
    lab.run("apply")
    held = [*contents(lab.stage).values(), *(data for name in lab.kept() for data in lab.held(name).values())]
    assert b"# all mine\n" in held
    assert not lab.project.journal.exists() and lab.locks() == []


def test_foreign_lock_met_while_recovering_is_a_refusal(short_template, tmp_path, clean):
    case = Case(short_template, tmp_path, "apply")
    lab = case.fresh

    def before():
        def put(project, file):
            os.kill(os.getpid(), signal.SIGKILL)

        recovery.put = put

    lab.fork("apply", "02", before=before)
    lab.settle()
    held = lab.stage / ".git" / "HEAD.lock"
    held.write_text("")
    os.utime(held, (1, 1))
    result = lab.run("apply", "02")
    assert result.code == 1 and held.exists()
    held.unlink()
    lab.ok("apply", "02")
    assert lab.position()["stage"] == 2


def test_stage_deleted_after_a_kill(short_template, tmp_path, clean):
    case = Case(short_template, tmp_path, "refresh")
    lab = case.fresh

    def before():
        def put(project, file):
            os.kill(os.getpid(), signal.SIGKILL)

        recovery.put = put

    lab.fork("refresh", "01", before=before)
    shutil.rmtree(lab.stage)
    lab.ok("apply", "02")
    assert state(lab)["patches"] in (case.old["patches"], case.new["patches"])
