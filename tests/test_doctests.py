"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import deltas
from deltas.core import files
from lab import HERE

MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(deltas.__path__, "deltas.")
    if not name.endswith(("__main__", ".bench"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


OWN = sorted(HERE.glob("baselines/[0-9][0-9]-*/*.py"))


@pytest.mark.parametrize("path", OWN, ids=[f"{path.parent.name}/{path.name}" for path in OWN])
def test_examples_of_the_stages_own_code(path):
    """All of them: doctest skips a function whose module it does not find under its name, and says nothing."""
    tried = doctest.testmod(files.module(path))
    assert (tried.failed, tried.attempted) == (0, path.read_text(encoding="utf-8").count(">>> "))
