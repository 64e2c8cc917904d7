"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import deltas

MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(deltas.__path__, "deltas.")
    if not name.endswith(("__main__", ".bench"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
