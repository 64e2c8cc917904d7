"""Fixtures of the engine tests: `tiny` and `makemore` are checkouts of their own, `lab` is both, one by one."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

import lab as laboratory
from powers import without_power

HERE = Path(__file__).parent
NO_MAKEMORE = "upstream/makemore is not there (scripts/apply.sh fetches it): tested on the tiny upstream alone"


@pytest.fixture
def clean(monkeypatch, tmp_path_factory):
    """No configuration and no git variables of whoever runs the tests."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_", "MAKEMORE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


def _template(tmp_path_factory, name: str, make) -> laboratory.Lab:
    with pytest.MonkeyPatch.context() as patch:
        for variable in list(os.environ):
            if variable.startswith(("GIT_", "XDG_", "MAKEMORE_")):
                patch.delenv(variable)
        patch.setenv("HOME", os.devnull)
        return make(tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def tiny_template(tmp_path_factory):
    return _template(tmp_path_factory, "tiny", laboratory.make_tiny)


@pytest.fixture(scope="session")
def makemore_template(tmp_path_factory):
    if not (laboratory.HERE / "upstream" / "makemore" / "makemore.py").exists():
        pytest.skip(NO_MAKEMORE)
    return _template(tmp_path_factory, "real", laboratory.make_real)


@pytest.fixture
def tiny(tiny_template, tmp_path: Path, clean) -> laboratory.Lab:
    """The tiny series, stage/ at its last stage."""
    return tiny_template.copy(tmp_path / "checkout")


@pytest.fixture
def makemore(makemore_template, tmp_path: Path, clean) -> laboratory.Lab:
    """The series of this repository on real makemore, without a stage/ yet."""
    return makemore_template.copy(tmp_path / "checkout")


@pytest.fixture(params=["tiny", "makemore"])
def lab(request) -> laboratory.Lab:
    """The same table on the tiny upstream and on the real one."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def stage_tree(tmp_path_factory):
    """Slug (or number) -> a folder with the files of that stage of this repository's series."""
    from deltas.core.project import here
    from deltas.stages.build import workshop

    if not (here().upstream / "makemore.py").exists():
        pytest.skip("upstream/makemore is not there (scripts/apply.sh fetches it): a stage is made of it")

    def tree(slug: str) -> Path:
        folder = tmp_path_factory.mktemp(slug)
        with workshop(here()) as shop:
            shop.export(shop.find(slug), folder)
        return folder

    return tree


@pytest.fixture(scope="session")
def stage_code(stage_tree):
    """Slug -> makemore.py of that stage as a module: its classes, without its main program."""

    def code(slug: str):
        folder = stage_tree(slug)
        name = f"makemore_{slug.replace('-', '_')}"
        spec = importlib.util.spec_from_file_location(name, folder / "makemore.py")
        module = importlib.util.module_from_spec(spec)
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            spec.loader.exec_module(module)
        for path in folder.glob("*.py"):
            sys.modules.pop(path.stem, None)  # so that every stage imports what stands beside it, and not another's
        return module

    return code


# What the fast loop (scripts/test.sh -m "not slow") leaves out: folders whose tests start git, torch or trainings by
# the dozen, and whatever is made of the whole series on real makemore.
SLOW = ("stages", "child", "patches", "runs", "speedrun", "verbs")
WHOLE_SERIES = ("makemore_template", "stage_tree")


def pytest_ignore_collect(collection_path, config):
    """The fast loop does not even import the tests of slow folders: torch alone takes seconds."""
    if config.option.markexpr == "not slow" and collection_path.parent == HERE and collection_path.name in SLOW:
        return True


def pytest_collection_modifyitems(items):
    for item in items:
        real = getattr(item, "callspec", None) and item.callspec.params.get("lab") == "makemore"
        if Path(item.path).parent.name in SLOW or real or set(WHOLE_SERIES) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def no_power_cuts():
    """Nothing waits for the disk: tests kill processes, not machines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def powerless(tmp_path_factory):
    """Whether permissions can be made to count here."""
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root ignores permissions here")
    closed = tmp_path_factory.mktemp("closed") / "folder"
    closed.mkdir(mode=0o500)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            without_power()
            code = os.access(closed, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
        finally:
            os._exit(int(code))
    if os.waitpid(child, 0)[1]:
        pytest.skip("root's powers cannot be given up here")
