"""Upstream: fetched where it can be had, checked by its commit, and where it can't be had, two ways out that work."""

import os
import re
import shutil
import subprocess

import pytest

from deltas.core.project import URL
from lab import git, said, tiny_stages

NOWHERE = "file:///nowhere/at/all"


def forget_upstream(lab, modules: bool = True) -> None:
    """As after `git clone` without --recurse-submodules."""
    git(lab.root, "submodule", "deinit", "-q", "-f", "upstream/makemore")
    if modules:
        shutil.rmtree(lab.root / ".git" / "modules")
    shutil.rmtree(lab.stage, ignore_errors=True)


def redirect(monkeypatch, to: str) -> None:
    """The user's own insteadOf, by the environment."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{to}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", URL)
    monkeypatch.setenv("GIT_CONFIG_KEY_1", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_1", "always")


@pytest.fixture(autouse=True)
def offline(clean, monkeypatch):
    """Nothing here asks the network."""
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def no_upstream(result, *words):
    assert result.code == 5, result
    for word in words:
        assert word in result.err, (word, result.err)


BOTH_WAYS = ("insteadOf", "protocol.file.allow", "MAKEMORE_MIRROR")


def test_instead_of_by_environment(tiny, monkeypatch):
    forget_upstream(tiny)
    redirect(monkeypatch, tiny.source.as_uri())
    tiny.ok("apply", "02")
    assert tiny.working() == tiny_stages()[2]
    assert said(tiny.root, "status", "--porcelain") == ""


def test_instead_of_by_the_users_configuration(tiny, clean):
    forget_upstream(tiny)
    (clean / ".gitconfig").write_text(
        f'[url "{tiny.source.as_uri()}"]\n\tinsteadOf = {URL}\n[protocol "file"]\n\tallow = always\n'
    )
    tiny.ok("apply", "02")


def test_the_first_way_out_works_as_printed(tiny, clean, monkeypatch):
    """Copy it out of the refusal, put the path in, run it, run the command again."""
    forget_upstream(tiny)
    redirect(monkeypatch, NOWHERE)
    (way,) = [line for line in tiny.run("apply", "02").err.splitlines() if "insteadOf" in line]
    monkeypatch.delenv("GIT_CONFIG_COUNT")
    command = way.split("→")[1].split("   #")[0].strip().replace("file:///path/to/clone", tiny.source.as_uri())
    subprocess.run(["sh", "-c", command], check=True, env={"PATH": os.environ["PATH"], "HOME": str(clean)})
    tiny.ok("apply", "02")


MIRRORS = [
    "folder",
    "bare",
    "url",
    "relative",
    "with spaces",
    "ünïcode",
    "with = and 'quotes'",
    "% percent",
    "trailing slash",
]


@pytest.mark.parametrize("kind", MIRRORS)
def test_mirror(tiny, tmp_path, monkeypatch, kind):
    forget_upstream(tiny)
    place = tmp_path / (kind if kind not in ("url", "relative", "folder", "trailing slash") else "mirror")
    git(tmp_path, "clone", "-q", *(["--bare"] if kind == "bare" else []), str(tiny.source), str(place))
    value = {"url": place.as_uri(), "relative": "../mirror", "trailing slash": f"{place}/"}.get(kind, str(place))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("MAKEMORE_MIRROR", value)
    tiny.ok("apply", "02")
    assert tiny.working() == tiny_stages()[2]
    monkeypatch.delenv("MAKEMORE_MIRROR")
    assert said(tiny.root, "config", "--file", ".gitmodules", "submodule.upstream/makemore.url") == URL
    assert said(tiny.root, "status", "--porcelain") == ""


def test_unreachable(tiny, monkeypatch):
    forget_upstream(tiny)
    redirect(monkeypatch, NOWHERE)
    for arguments in (["apply", "01"], ["refresh", "01"]):
        no_upstream(tiny.run(*arguments), *BOTH_WAYS, tiny.pin, "/nowhere/at/all")
        assert not tiny.stage.exists()


def test_unreachable_mirror(tiny, monkeypatch):
    forget_upstream(tiny)
    monkeypatch.setenv("MAKEMORE_MIRROR", "/nowhere/at/all")
    no_upstream(tiny.run("apply", "01"), "/nowhere/at/all", *BOTH_WAYS)


def test_mirror_that_does_not_have_the_commit_then_one_that_has(tiny, tmp_path, monkeypatch):
    """What the first attempt left must not be in the way of the second."""
    forget_upstream(tiny)
    git(tmp_path, "init", "-q", "wrong")
    git(tmp_path / "wrong", "commit", "-q", "--allow-empty", "-m", "another")
    monkeypatch.setenv("MAKEMORE_MIRROR", str(tmp_path / "wrong"))
    for _ in range(2):
        no_upstream(tiny.run("apply", "01"), *BOTH_WAYS[:1], "MAKEMORE_MIRROR")
    monkeypatch.setenv("MAKEMORE_MIRROR", str(tiny.source))
    tiny.ok("apply", "02")
    assert tiny.working() == tiny_stages()[2]


@pytest.mark.parametrize("left", ["nothing", "empty folder", "half a clone", "modules only", "link only"])
def test_fetch_that_was_killed_is_done_again(tiny, monkeypatch, left):
    """Whatever a killed `git submodule update` left behind."""
    modules = tiny.root / ".git" / "modules" / "upstream" / "makemore"
    folder = tiny.root / "upstream" / "makemore"
    shutil.rmtree(tiny.stage)
    if left == "nothing":
        shutil.rmtree(folder)
    if left in ("nothing", "empty folder"):
        shutil.rmtree(tiny.root / ".git" / "modules")
    if left in ("empty folder", "half a clone", "modules only"):
        shutil.rmtree(folder)
        folder.mkdir()
    if left == "half a clone":
        shutil.rmtree(modules / "objects")
        (modules / "objects").mkdir()
        (modules / "packed-refs").unlink(missing_ok=True)
        shutil.rmtree(modules / "refs")
        (modules / "refs").mkdir()
    if left == "link only":
        shutil.rmtree(tiny.root / ".git" / "modules")
    monkeypatch.setenv("MAKEMORE_MIRROR", str(tiny.source))
    result = tiny.run("apply", "02")
    if result.code == 5:  # then the first way out that it names gets out
        ways = [line.split("→")[1].split("   #")[0].strip() for line in result.err.splitlines() if "→" in line]
        assert not re.search(r"\brm\b|deinit|force| -f\b", ways[0]), "a way out destroys nothing"
        redirect(monkeypatch, tiny.source.as_uri())
        subprocess.run(["sh", "-c", ways[0]], cwd=tiny.root, check=True, capture_output=True)
        result = tiny.run("apply", "02")
    assert result.code == 0 and tiny.working() == tiny_stages()[2], result


def test_download_without_git(tiny):
    """A zip of the files."""
    shutil.rmtree(tiny.root / ".git")
    shutil.rmtree(tiny.root / "upstream")
    (tiny.root / "upstream" / "makemore").mkdir(parents=True)
    shutil.rmtree(tiny.stage)
    no_upstream(tiny.run("apply", "01"), ".git", "git clone")
    assert not tiny.stage.exists()


def test_download_inside_another_repository(tiny, tmp_path):
    """Unzipped into somebody's project: that project is not touched."""
    shutil.rmtree(tiny.root / ".git")
    shutil.rmtree(tiny.root / "upstream")
    (tiny.root / "upstream" / "makemore").mkdir(parents=True)
    shutil.rmtree(tiny.stage)
    git(tiny.root.parent, "init", "-q")
    before = sorted(str(p) for p in (tiny.root.parent / ".git").rglob("*"))
    no_upstream(tiny.run("apply", "01"))
    assert sorted(str(p) for p in (tiny.root.parent / ".git").rglob("*")) == before


def test_moved_submodule(tiny):
    folder = tiny.root / "upstream" / "makemore"
    git(folder, "checkout", "-q", "master")
    head = said(folder, "rev-parse", "HEAD")
    before = tiny.everything()
    for arguments in (["apply", "01"], ["refresh", "04"]):
        result = tiny.run(*arguments)
        no_upstream(result, head[:12], tiny.pin)
    assert tiny.everything() == before
    (way,) = [line.split("→")[1].strip() for line in result.err.splitlines() if "→" in line]
    subprocess.run(["sh", "-c", way], cwd=tiny.root, check=True, capture_output=True)  # the way out that it names
    tiny.ok("apply", "01")


def test_edited_files_of_the_submodule_do_not_matter(tiny):
    """Stages are made of its commit; whoever edits there is not disturbed."""
    file = tiny.root / "upstream" / "makemore" / "makemore.py"
    file.write_text("edited\n")
    tags = tiny.tags()
    tiny.ok("apply", "02")
    assert tiny.tags() == tags and file.read_text() == "edited\n"


def test_list_and_show_work_without_upstream(tiny, monkeypatch):
    stage = tiny.root.parent / "stage"
    shutil.copytree(tiny.stage, stage)
    forget_upstream(tiny)
    redirect(monkeypatch, NOWHERE)
    assert "- 01  frost-days" in tiny.ok("apply").out
    assert tiny.ok("show", "02", "--raw").raw == tiny.files[1].read_bytes()
    result = tiny.ok("show", "02")
    assert "assert lines" in result.out and "own context" in result.err
    shutil.move(stage, tiny.stage)
    assert "stage/ stands at stage 04" in tiny.ok("apply").out


def test_moved_submodule_does_not_stop_list_and_show(tiny):
    git(tiny.root / "upstream" / "makemore", "checkout", "-q", "master")
    assert "stage 04" in tiny.ok("apply").out
    assert "own context" in tiny.ok("show", "02").err


def test_upstream_checked_out_on_a_branch_at_its_pin(tiny):
    git(tiny.root / "upstream" / "makemore", "checkout", "-qb", "mine", tiny.pin)
    tiny.ok("apply", "02")


def test_pin_of_the_repository_is_the_one_in_the_code():
    from deltas.core.project import PIN
    from lab import HERE

    if not (HERE / ".git").exists():
        pytest.skip("not a clone: no gitlink to compare")
    row = git(HERE, "ls-files", "-s", "upstream/makemore", GIT_CEILING_DIRECTORIES="").decode().split()
    assert row[:2] == ["160000", PIN]
    assert said(HERE, "config", "--file", ".gitmodules", "submodule.upstream/makemore.url") == URL
