"""Whatever the user, the system, a repository or the environment says: the same ids, the same bytes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab import REAL_GIT, git, tiny_stages

EVIL = """
[user]
    useConfigOnly = true
[core]
    autocrlf = true
    eol = crlf
    safecrlf = true
    attributesFile = {home}/attributes
    excludesFile = {home}/excludes
    hooksPath = {home}/hooks
    fsmonitor = {home}/hooks/fsmonitor
    quotePath = true
    whitespace = tab-in-indent,cr-at-eol
    pager = false
    editor = false
    abbrev = 4
    bigFileThreshold = 10
    fileMode = false
    ignoreCase = true
    precomposeUnicode = true
    symlinks = false
    logAllRefUpdates = always
    sparseCheckout = true
    splitIndex = true
    untrackedCache = true
    commentChar = d
    sshCommand = false
    notesRef = refs/notes/x
    preferSymlinkRefs = true
    compression = 0
[index]
    version = 4
    threads = 2
[apply]
    whitespace = fix
    ignoreWhitespace = change
[diff]
    noprefix = true
    mnemonicPrefix = true
    context = 0
    interHunkContext = 20
    suppressBlankEmpty = true
    indentHeuristic = false
    algorithm = patience
    renames = copies
    external = false
    orderFile = {home}/excludes
    wsErrorHighlight = all
    colorMoved = zebra
    submodule = diff
    relative = true
    srcPrefix = x/
    ignoreSubmodules = all
    statGraphWidth = 3
[diff "evil"]
    textconv = false
    command = false
    xfuncname = "^.*$"
    binary = true
[filter "evil"]
    clean = tr a-z A-Z
    smudge = tr a-z A-Z
    required = true
[merge]
    conflictStyle = diff3
    renames = true
    directoryRenames = true
    renormalize = true
    default = union
    verbosity = 5
[merge "evil"]
    driver = false
[format]
    noprefix = true
    attach = true
    signature = evil
    subjectPrefix = EVIL
    signOff = true
    numbered = true
    useAutoBase = true
    headers = "X-Evil: 1"
[color]
    ui = always
    diff = always
[commit]
    gpgSign = true
    template = {home}/excludes
    verbose = true
[tag]
    gpgSign = true
    forceSignAnnotated = true
[gpg]
    program = false
[i18n]
    commitEncoding = latin1
    logOutputEncoding = utf-16
[log]
    showSignature = true
    date = raw
[init]
    templateDir = {home}/template
    defaultObjectFormat = sha256
    defaultBranch = evil
[gc]
    auto = 1
[fetch]
    fsckObjects = true
[transfer]
    fsckObjects = true
[advice]
    detachedHead = true
[alias]
    apply = !false
    diff-tree = !false
[column]
    ui = always
[trace2]
    normalTarget = 0
[pack]
    writeReverseIndex = true
"""
ATTRIBUTES = "* text=auto eol=crlf ident diff=evil filter=evil merge=evil -text working-tree-encoding=UTF-16\n"
ATTRIBUTES += "*.py binary -diff\n"
HOOKS = [
    "pre-commit",
    "post-checkout",
    "reference-transaction",
    "post-index-change",
    "pre-applypatch",
    "fsmonitor",
    "commit-msg",
    "post-rewrite",
]


def write_evil(home) -> str:
    (home / "hooks").mkdir(parents=True, exist_ok=True)
    for name in HOOKS:
        hook = home / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch '{home}/hook-ran'\nexit 1\n")
        hook.chmod(0o755)
    (home / "template" / "hooks").mkdir(parents=True, exist_ok=True)
    shutil.copy(home / "hooks" / "post-checkout", home / "template" / "hooks")
    (home / "attributes").write_text(ATTRIBUTES)
    (home / "excludes").write_text("*\n")
    return EVIL.replace("{home}", str(home))


def user_configuration(lab, home, monkeypatch):
    (home / ".gitconfig").write_text(write_evil(home))


def xdg_files(lab, home, monkeypatch):
    folder = home / "xdg" / "git"
    folder.mkdir(parents=True)
    (folder / "config").write_text(write_evil(home))
    (folder / "attributes").write_text(ATTRIBUTES)
    (folder / "ignore").write_text("*\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    shutil.copytree(home / "xdg", home / ".config")


def system_configuration(lab, home, monkeypatch):
    (home / "system").write_text(write_evil(home))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(home / "system"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "0")


def configuration_by_environment(lab, home, monkeypatch):
    write_evil(home)
    pairs = {
        "diff.noprefix": "true",
        "diff.context": "0",
        "apply.whitespace": "fix",
        "core.autocrlf": "true",
        "core.eol": "crlf",
        "core.attributesFile": str(home / "attributes"),
        "core.hooksPath": str(home / "hooks"),
        "core.bigFileThreshold": "10",
        "i18n.commitEncoding": "latin1",
        "commit.gpgsign": "true",
    }
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(pairs)))
    for n, (key, value) in enumerate(pairs.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{n}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{n}", value)
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'diff.noprefix'='true' 'core.autocrlf'='true'")


def environment(lab, home, monkeypatch):
    for name, value in {
        "GIT_DIFF_OPTS": "-u7",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_PAGER": "false",
        "GIT_EDITOR": "false",
        "GIT_AUTHOR_DATE": "yesterday",
        "GIT_COMMITTER_DATE": "yesterday",
        "GIT_COMMITTER_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ATTR_SOURCE": "HEAD",
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_INDEX_VERSION": "4",
        "GIT_REPLACE_REF_BASE": "refs/tags",
        "GIT_NO_REPLACE_OBJECTS": "0",
        "GIT_MERGE_VERBOSITY": "5",
        "GIT_TRACE": "1",
        "GIT_FLUSH": "0",
        "GIT_TEMPLATE_DIR": str(home),
        "GIT_EXEC_PATH_": "x",
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_REFLOG_ACTION": "x",
        "GIT_NAMESPACE": "evil",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
        "TZ": "Asia/Kathmandu",
        "GREP_OPTIONS": "-v",
        "CDPATH": "/",
        "POSIXLY_CORRECT": "1",
    }.items():
        monkeypatch.setenv(name, value)


def from_a_hook(lab, home, monkeypatch):
    """What git exports to a hook of the outer repository."""
    for name, value in {
        "GIT_DIR": str(lab.root / ".git"),
        "GIT_INDEX_FILE": str(lab.root / ".git" / "index"),
        "GIT_WORK_TREE": str(lab.root),
        "GIT_PREFIX": "patches/",
        "GIT_OBJECT_DIRECTORY": str(lab.root / ".git" / "objects"),
        "GIT_COMMON_DIR": str(lab.root / ".git"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(lab.root / ".git" / "objects"),
        "GIT_QUARANTINE_PATH": str(home),
    }.items():
        monkeypatch.setenv(name, value)


def repository_local(lab, home, monkeypatch):
    evil = write_evil(home)
    for folder in (lab.root / ".git", lab.root / ".git" / "modules" / "upstream" / "makemore", lab.stage / ".git"):
        if folder.exists():
            with (folder / "config").open("a") as file:
                file.write(evil)
            (folder / "hooks").mkdir(exist_ok=True)
            for name in HOOKS:
                shutil.copy(home / "hooks" / name, folder / "hooks")


SOURCES = [
    user_configuration,
    xdg_files,
    system_configuration,
    configuration_by_environment,
    environment,
    from_a_hook,
    repository_local,
]


@pytest.fixture
def outcome(tiny_template, tmp_path):
    """A table of what a walk through the verbs leaves."""

    def walk(lab):
        seen = {}
        lab.ok("apply", "02")
        seen["01..04"] = lab.tags()
        seen["files 02"] = lab.working()
        seen["position"] = lab.position()["position"]
        lab.code.write_text(lab.code.read_text().replace('"""\nGuess', '"""\n# mine\nGuess'))
        seen["edited"] = lab.position()["position"]
        assert lab.run("apply", "03").code == 4
        lab.ok("apply", "03", "--carry")
        seen["carried"] = lab.working()
        lab.ok("refresh", "03")
        seen["patches"], seen["tags"] = lab.bytes_of_patches(), lab.tags()
        lab.ok("refresh", "--move", "01", "--to", "02")
        seen["moved"] = lab.bytes_of_patches(), lab.tags(), lab.working()
        lab.ok("refresh", "--move", "02", "--to", "01")
        assert lab.bytes_of_patches() == seen["patches"]
        seen["kept"] = len(lab.kept())
        seen["shown"] = lab.ok("show", "03").raw
        lab.code.write_text(lab.code.read_text().replace("import random\n", "import random\n# conflicting\n"))
        assert lab.run("apply", "00", "--carry").code == 3
        seen["conflict"] = lab.code.read_bytes()
        shutil.rmtree(lab.stage)
        lab.ok("apply", "01")
        seen["again"] = lab.tags(), lab.working()
        return seen

    return walk


@pytest.fixture(scope="module")
def peaceful(tiny_template, tmp_path_factory):
    return {}


@pytest.mark.parametrize("source", SOURCES)
def test_hostile(tiny, clean, monkeypatch, outcome, peaceful, source):
    if not peaceful:
        peaceful |= outcome(tiny.copy(tiny.root.parent / "peaceful"))
        assert peaceful["files 02"] == tiny_stages()[2]
    with monkeypatch.context() as hostile:
        source(tiny, clean, hostile)
        result = outcome(tiny)
    for part, expected in peaceful.items():
        assert result[part] == expected, part
    assert not (clean / "hook-ran").exists()


ATTRIBUTES_OF_ONES_OWN = [
    "* text=auto eol=crlf",
    "*.py binary -diff -merge",
    "* ident",
    "* filter=evil",
    "*.py merge=union",
    "* working-tree-encoding=UTF-16",
]


@pytest.mark.parametrize("line", ATTRIBUTES_OF_ONES_OWN)
def test_attributes_of_stage_itself(tiny, clean, outcome, peaceful, line):
    """`.git/info/attributes`: without effect, or refused in a sentence that names them; never other bytes."""
    if not peaceful:
        peaceful |= outcome(tiny.copy(tiny.root.parent / "peaceful"))
    for folder in (tiny.root / ".git", tiny.root / ".git" / "modules" / "upstream" / "makemore"):
        (folder / "info").mkdir(exist_ok=True)
        (folder / "info" / "attributes").write_text(line + "\n")
    (tiny.stage / ".git" / "info").mkdir(exist_ok=True)
    (tiny.stage / ".git" / "info" / "attributes").write_text(line + "\n")
    with (tiny.stage / ".git" / "config").open("a") as file:
        file.write('[filter "evil"]\n clean = tr a-z A-Z\n smudge = tr A-Z a-z\n')
    before = tiny.everything()
    first = tiny.run("apply", "02")
    if first.code:
        assert "attributes" in first.err and tiny.everything() == before, first
        return
    for part, expected in outcome(tiny).items():
        assert expected == peaceful[part], part


def test_line_ends_of_the_readers_files_are_kept(tiny, clean, monkeypatch):
    """An untracked file in the way, kept byte for byte where autocrlf would change it."""
    (tiny.stage / "pack.txt").write_text("theirs\n")
    git(tiny.stage, "add", "pack.txt")
    tiny.append_patch("pack")
    tiny.ok("apply", "01")
    (tiny.stage / "pack.txt").write_bytes(b"mine\r\nand mine\n")
    repository_local(tiny, clean, monkeypatch)
    tiny.ok("apply", "05", "--discard")
    (name,) = [row.split()[1] for row in git(tiny.stage, "show-ref").decode().splitlines() if "/kept/" in row]
    assert tiny.held(name)["pack.txt"] == b"mine\r\nand mine\n"


def test_hostile_evil_is_evil(tiny, clean):
    """The table does harm to plain git: else the tests above prove nothing."""
    (clean / ".gitconfig").write_text(write_evil(clean).replace("diff-tree = !false", ""))
    environment = {"PATH": os.environ["PATH"], "HOME": str(clean), "GIT_CONFIG_NOSYSTEM": "1"}

    def plain(*arguments):
        return subprocess.run([REAL_GIT, "-C", str(tiny.stage), *arguments], env=environment, capture_output=True)

    assert b"Binary" in plain("-c", "diff.external=", "diff", "--no-ext-diff", "stage/01", "stage/02").stdout
    assert plain("commit", "--allow-empty", "-qm", "x").returncode != 0
    assert (clean / "hook-ran").exists()


def test_same_ids_under_hostile_configuration_on_makemore(makemore, clean, monkeypatch):
    makemore.ok("apply", "last")
    tags, patches = makemore.tags(), makemore.bytes_of_patches()
    user_configuration(makemore, clean, monkeypatch)
    repository_local(makemore, clean, monkeypatch)
    environment(makemore, clean, monkeypatch)
    makemore.ok("refresh", "last")
    makemore.ok("apply", "00")
    shutil.rmtree(makemore.stage)
    makemore.ok("apply", "last")
    assert makemore.tags() == tags and makemore.bytes_of_patches() == patches


def test_replaced_objects_are_not_taken_for_the_real_ones(tiny):
    """`git replace` in stage/: stages are built from the objects that the ids name."""
    tags = tiny.tags()
    tiny.ok("apply", "00")
    tiny.add_line()
    other = tiny.commit()
    git(tiny.stage, "checkout", "-q", "stage/00")
    git(tiny.stage, "replace", tiny.pin, other)
    result = tiny.run("apply", "02", "--discard")
    assert result.code == 0 and tiny.tags() == tags and tiny.working() == tiny_stages()[2]


# -- where it is run from ---------------------------------------------------------------------------------------------


def door(lab):
    """Put the scripts of this repository into the tiny checkout, with the environment that the tests run in."""
    from lab import HERE

    shutil.copytree(HERE / "scripts", lab.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "requirements.txt", lab.root)
    settings = lab.root / "scripts" / "deltas" / "core" / "project.py"
    from deltas.core.project import PIN

    assert PIN in settings.read_text()
    settings.write_text(settings.read_text().replace(PIN, lab.pin))
    (lab.root / ".venv").symlink_to(sys.prefix)
    return lab.root / "scripts"


def through(script, *arguments, cwd="/", **more):
    return subprocess.run([str(script), *arguments], cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, **more)


@pytest.mark.parametrize("name", ["plain", "with spaces and ünïcode"])
def test_through_the_door_from_another_directory(tiny, tmp_path, name):
    lab = tiny.copy(tmp_path / name)
    scripts = door(lab)
    done = through(scripts / "apply.sh", "02", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lab.working() == tiny_stages()[2]
    relative = subprocess.run(["bash", "../scripts/apply.sh", "next"], cwd=lab.stage, capture_output=True)
    assert relative.returncode == 0, relative.stderr
    assert lab.working() == tiny_stages()[3]
    assert through(scripts / "apply.sh", "13").returncode == 2
    raw = through(scripts / "show.sh", "03", "--raw")
    assert raw.stdout == lab.files[2].read_bytes()
    lab.add_line()
    assert through(scripts / "apply.sh", "01").returncode == 4
    assert through(scripts / "refresh.sh", "03").returncode == 0


def test_from_a_real_hook(tiny):
    """A post-commit hook of the outer repository and one of stage/ run apply."""
    scripts = door(tiny)
    tags = tiny.tags()
    for folder, number in ((tiny.root, 2), (tiny.stage, 3)):
        hooks = folder / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        (hooks / "pre-push").unlink(missing_ok=True)
        hook = hooks / "post-commit"
        hook.write_text(f"#!/bin/sh\nexec '{scripts}/apply.sh' {number:02d} --discard >'{tiny.root.parent}/log' 2>&1\n")
        hook.chmod(0o755)
        outer = git(tiny.root, "rev-parse", "HEAD")
        git(folder, "commit", "-q", "--allow-empty", "-m", "x")
        hook.unlink()
        assert tiny.working() == tiny_stages()[number], (tiny.root.parent / "log").read_text()
        assert tiny.tags() == tags
        assert folder == tiny.root or git(tiny.root, "rev-parse", "HEAD") == outer


def test_pipe_that_is_closed_early(tiny):
    """`show.sh 01 | head -1` ends without a traceback."""
    scripts = door(tiny)
    command = f"'{scripts}/show.sh' 01 --context 1000 2>'{tiny.root.parent}/err' | true"
    for _ in range(3):
        subprocess.run(["bash", "-c", command], check=True)
        assert "Traceback" not in (tiny.root.parent / "err").read_text()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_terminal_that_knows_few_letters(tiny, encoding):
    scripts = door(tiny)
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    for arguments, code in (
        (["apply.sh"], 0),
        (["apply.sh", "13"], 2),
        (["show.sh", "01"], 0),
        (["apply.sh", "01"], 0),
    ):
        done = through(scripts / arguments[0], *arguments[1:], env=env)
        assert done.returncode == code and b"Traceback" not in done.stderr, (
            arguments,
            done.stderr.decode(errors="replace"),
        )


def test_no_colour_where_it_is_not_a_terminal(tiny):
    scripts = door(tiny)
    for arguments in (["apply.sh"], ["show.sh", "01"], ["apply.sh", "13"]):
        done = through(scripts / arguments[0], *arguments[1:], env=os.environ | {"TERM": "xterm-256color"})
        assert b"\x1b[" not in done.stdout + done.stderr


# -- owners -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away: folders of another owner not tested")
def test_checkout_of_another_owner(tiny):
    """As in containers."""
    for folder, _, names in os.walk(tiny.root):
        for name in (".", *names):
            os.chown(Path(folder) / name, 12345, 12345, follow_symlinks=False)
    tiny.ok("apply", "02")
    tiny.ok("show", "01")
    tiny.edit('"""\nGuess', '"""\n# mine\nGuess')
    tiny.ok("refresh", "02")
    shutil.rmtree(tiny.stage)
    tiny.ok("apply", "01")
    assert tiny.working() == tiny_stages()[1]
