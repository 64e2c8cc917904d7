"""What the engine takes for granted of git, a small test each: another version may differ, and this says in what."""

import subprocess

import pytest

from lab import CLEAN, REAL_GIT, git, said

TEXT = "".join(f"line {n}\n" for n in range(1, 9))


@pytest.fixture
def repo(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main", "repo")
    folder = tmp_path / "repo"
    (folder / "f").write_text(TEXT)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def diff(repo, context: int = 1, *more: str, **env) -> str:
    text = TEXT.replace("line 3\n", "line 3\nnew\n")
    (repo / "f").write_text(text)
    git(repo, "add", "-A")
    out = git(repo, *more, "diff-tree", "-p", "--full-index", f"-U{context}", "HEAD", said(repo, "write-tree"), **env)
    git(repo, "reset", "-q", "--hard")
    return out.decode()


def test_zero_context_lands_at_the_end(repo):
    """Why patches have one line of context, and never none."""
    git(repo, "apply", stdin=diff(repo, 0).encode())
    assert (repo / "f").read_text() == TEXT + "new\n"


def test_one_line_of_context_lands_in_its_place(repo):
    git(repo, "apply", stdin=diff(repo, 1).encode())
    assert (repo / "f").read_text() == TEXT.replace("line 3\n", "line 3\nnew\n")


def test_blob_ids_are_never_compared(repo):
    """Why stages are checked by our own comparison of ids."""
    patch = diff(repo)
    index = next(line for line in patch.splitlines() if line.startswith("index "))
    git(repo, "apply", "--cached", stdin=patch.replace(index, f"index {'1' * 40}..{'2' * 40} 100644").encode())


def test_an_offset_is_told_with_v_and_only_there(repo):
    (repo / "f").write_text("zero\n" + TEXT)
    git(repo, "commit", "-qam", "two")
    patch = b"""diff --git a/f b/f
--- a/f
+++ b/f
@@ -3,2 +3,3 @@
 line 3
+new
 line 4
"""
    command = [REAL_GIT, "apply", "--cached", "-v", "-"]
    done = subprocess.run(command, cwd=repo, input=patch, env=CLEAN, capture_output=True, check=True)
    assert b"offset" in done.stderr


def test_apply_in_an_uninitialised_submodules_folder_does_nothing_and_exits_0(repo):
    (repo / "sub").mkdir()
    git(repo / "sub", "apply", stdin=diff(repo).encode(), GIT_CEILING_DIRECTORIES="")
    assert (repo / "f").read_text() == TEXT


def test_given_git_dir_nothing_is_discovered(repo):
    """Why every child gets GIT_DIR: in a folder without .git, git walks up to the outer repository."""
    (repo / "sub").mkdir()
    assert said(repo / "sub", "rev-parse", "HEAD", GIT_CEILING_DIRECTORIES="") == said(repo, "rev-parse", "HEAD")
    git(repo / "sub", "rev-parse", "HEAD", GIT_DIR=str(repo / "sub" / ".git"), ok=(128,))


def test_commit_id_does_not_hear_time_zone_or_signing(repo):
    tree = said(repo, "write-tree")
    ids = {
        said(repo, *config, "commit-tree", tree, "-m", "x", TZ=zone)
        for zone in ("UTC", "Asia/Kathmandu")
        for config in ((), ("-c", "commit.gpgsign=true"), ("-c", "user.name=other"))
    }
    assert len(ids) == 1


def test_commit_encoding_does_change_the_id(repo):
    """Why it is overridden on every call."""
    tree = said(repo, "write-tree")
    assert said(repo, "commit-tree", tree, "-m", "ü") != said(
        repo, "-c", "i18n.commitEncoding=latin1", "commit-tree", tree, "-m", "ü"
    )


def test_GIT_DIFF_OPTS_overrides_the_option(repo):
    """Why the environment is an allow-list: this one is not among --local-env-vars."""
    assert "line 1" not in diff(repo, 1)
    assert "line 1" in diff(repo, 1, GIT_DIFF_OPTS="-u5")
    assert "GIT_DIFF_OPTS" not in said(repo, "rev-parse", "--local-env-vars").split()


def test_update_ref_moves_all_or_none(repo):
    head = said(repo, "rev-parse", "HEAD")
    lines = f"start\nupdate refs/tags/a {head} {'0' * 40}\nupdate refs/tags/b {head} {head}\nprepare\ncommit\n"
    git(repo, "update-ref", "--stdin", stdin=lines.encode(), ok=(128,))
    assert said(repo, "tag") == ""


def test_update_ref_no_deref_detaches_head(repo):
    """Why a branch of the reader's stays where it is."""
    first = said(repo, "rev-parse", "HEAD")
    git(repo, "commit", "-q", "--allow-empty", "-m", "two")
    second = said(repo, "rev-parse", "HEAD")
    git(repo, "update-ref", "--no-deref", "HEAD", first, second)
    assert said(repo, "rev-parse", "main") == second and said(repo, "rev-parse", "HEAD") == first
    git(repo, "symbolic-ref", "-q", "HEAD", ok=(1,))


def test_killed_after_prepare_leaves_locks(repo):
    """Why recovery removes the locks that the journal names."""
    head = said(repo, "rev-parse", "HEAD")
    process = subprocess.Popen(
        [REAL_GIT, "update-ref", "--stdin"], cwd=repo, env=CLEAN, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(f"start\ncreate refs/tags/a {head}\nprepare\n".encode())
    process.stdin.flush()
    assert [process.stdout.readline() for _ in range(2)] == [b"start: ok\n", b"prepare: ok\n"]
    process.kill()
    process.communicate()
    assert (repo / ".git/refs/tags/a.lock").read_text().strip() == head
    git(repo, "update-ref", "refs/tags/a", head, ok=(128,))


def test_merge_tree_says_conflicts_as_the_engine_reads_them(repo):
    tree = said(repo, "write-tree")
    root = said(repo, "commit-tree", tree, "-m", "base")
    sides = []
    for new in ("left", "right"):
        (repo / "f").write_text(TEXT.replace("line 3", new))
        git(repo, "add", "-A")
        sides.append(said(repo, "commit-tree", said(repo, "write-tree"), "-p", root, "-m", new))
    out = git(repo, "merge-tree", "--write-tree", "-z", "--messages", *sides, ok=(1,)).decode().split("\0")
    assert [row.split("\t")[1] for row in out[1:4]] == ["f"] * 3 and [row.split()[2] for row in out[1:4]] == [
        "1",
        "2",
        "3",
    ]
    assert out[4] == ""
    assert f"<<<<<<< {sides[0]}" in said(repo, "cat-file", "blob", f"{out[0]}:f")


def test_insertion_beside_anothers_last_line_conflicts(repo):
    """Why insertion points are chosen away from each other."""
    root = said(repo, "commit-tree", said(repo, "write-tree"), "-m", "base")
    sides = []
    for new in ("a\n", "b\n"):
        (repo / "f").write_text(TEXT.replace("line 3\n", "line 3\n" + new))
        git(repo, "add", "-A")
        sides.append(said(repo, "commit-tree", said(repo, "write-tree"), "-p", root, "-m", "x"))
    git(repo, "merge-tree", "--write-tree", *sides, ok=(1,))


def test_checkout_overwrites_ignored_files_without_asking(repo):
    """Why ignored files in the way are looked for."""
    (repo / "g").write_text("theirs\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "two")
    git(repo, "checkout", "-q", "HEAD~1")
    (repo / ".git/info").mkdir(exist_ok=True)
    (repo / ".git/info/exclude").write_text("g\n")
    (repo / "g").write_text("mine\n")
    git(repo, "checkout", "-q", "main")
    assert (repo / "g").read_text() == "theirs\n"


def test_protocol_and_instead_of_are_not_read_from_the_outer_repository(repo, tmp_path):
    """Why set-up points to the global configuration, and MAKEMORE_MIRROR passes -c."""
    nowhere = "https://makemore.invalid/m.git"
    git(repo, "config", "protocol.file.allow", "always")
    git(repo, "config", f"url.{repo.as_uri()}.insteadOf", nowhere)
    (repo / ".gitmodules").write_text(f'[submodule "s"]\n\tpath = s\n\turl = {nowhere}\n')
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{said(repo, 'rev-parse', 'HEAD')},s")
    command = [REAL_GIT, "submodule", "update", "--init"]
    without = subprocess.run(command, cwd=repo, env=CLEAN | {"https_proxy": "http://127.0.0.1:9"}, capture_output=True)
    assert without.returncode != 0
    by_environment = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{repo.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": nowhere,
        "GIT_CONFIG_KEY_1": "protocol.file.allow",
        "GIT_CONFIG_VALUE_1": "always",
    }
    subprocess.run(command, cwd=repo, env=CLEAN | by_environment, capture_output=True, check=True)
    assert (repo / "s" / ".git").exists()


def test_numstat_counts_deleted_lines(repo):
    (repo / "f").write_text(TEXT.replace("line 3\n", "other\n"))
    git(repo, "add", "-A")
    assert said(repo, "diff-tree", "-r", "-z", "--numstat", "HEAD", said(repo, "write-tree")) == "1\t1\tf\0"


def test_environment_configuration_survives_a_global_file_of_dev_null(repo, tmp_path):
    """Why the attributes file is named on every call: ~/.config/git/attributes is not configuration."""
    (tmp_path / "x" / "git").mkdir(parents=True)
    (tmp_path / "x" / "git" / "attributes").write_text("* binary\n")
    assert "Binary files" in diff(repo, XDG_CONFIG_HOME=str(tmp_path / "x"))
    assert "Binary files" not in diff(
        repo, 1, "-c", "core.attributesFile=/dev/null", XDG_CONFIG_HOME=str(tmp_path / "x")
    )


@pytest.mark.parametrize(
    ("config", "attributes"),
    [
        ("core.autocrlf=true", ""),
        ("core.eol=crlf", "f text"),
        ("x.y=z", "f ident"),
        ("x.y=z", "f working-tree-encoding=UTF-16"),
    ],
)
def test_cat_file_filters_is_what_checkout_writes(repo, config, attributes):
    """Why a converted file is known by asking for that; and hash-object with a path undoes it."""
    (repo / "f").write_text("one $Id$\ntwo\n")
    git(repo, "commit", "-qam", "two")
    (repo / ".gitattributes").write_text(attributes + "\n")
    blob = said(repo, "rev-parse", "HEAD:f")
    (repo / "f").unlink()
    git(repo, "-c", config, "checkout", "-f", "--", "f")
    written = (repo / "f").read_bytes()
    assert written != git(repo, "cat-file", "blob", blob)
    assert git(repo, "-c", config, "cat-file", "--filters", "--path=f", blob) == written
    out = git(repo, "-c", config, "hash-object", "--stdin", "--path=f", stdin=written)
    assert out.decode().strip() == blob


def test_attributes_among_the_files_are_not_heard_without_a_work_tree(repo):
    """Why git gets its own folder as the work tree: the reader's .gitattributes would make a diff binary."""
    (repo / ".gitattributes").write_text("f binary\n")
    text = TEXT.replace("line 3\n", "line 3\nnew\n")
    (repo / "f").write_text(text)
    git(repo, "add", "f")
    trees = said(repo, "rev-parse", "HEAD^{tree}"), said(repo, "write-tree")
    assert b"Binary files" in git(repo, "diff-tree", "-p", *trees)
    places = {"GIT_DIR": str(repo / ".git"), "GIT_WORK_TREE": str(repo / ".git")}
    assert b"+new" in git(repo / ".git", "diff-tree", "-p", *trees, **places)


def test_patch_is_blamed_for_a_file_that_cannot_be_read(repo):
    """Why "does not apply" counts only where the files that the patch was applied to are whole."""
    patch = diff(repo).encode()
    blob = said(repo, "rev-parse", "HEAD:f")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    command = [REAL_GIT, "apply", "--cached", "-"]
    done = subprocess.run(command, cwd=repo, input=patch, env=CLEAN, capture_output=True)
    assert done.returncode == 1 and b"patch does not apply" in done.stderr and b"failed to read f" in done.stderr


def test_objects_can_be_written_aside(repo, tmp_path):
    """Why the list of the series works where nothing can be written; the path may have any sign in its name."""
    place = tmp_path / 'odd: "name"'
    repo.rename(place)
    objects = place / ".git" / "objects"
    quoted = '"' + str(objects).replace("\\", "\\\\").replace('"', '\\"') + '"'
    aside = {"GIT_OBJECT_DIRECTORY": str(tmp_path / "aside"), "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted}
    (tmp_path / "aside").mkdir()
    before = sorted(objects.rglob("*"))
    blob = git(place, "hash-object", "-w", "--stdin", stdin=b"new\n", **aside).decode().strip()
    assert git(place, "cat-file", "blob", "HEAD:f", **aside).decode() == TEXT
    assert sorted(objects.rglob("*")) == before
    git(place, "cat-file", "-e", blob, ok=(1,))
