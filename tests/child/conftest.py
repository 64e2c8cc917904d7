"""Fixtures for what a child process does, tried in the process of the tests."""

import sys

import pytest


@pytest.fixture
def as_main(monkeypatch):
    """Put `__main__`, the arguments and the path of this process back, whatever a script makes of them."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "argv", [*sys.argv])
    monkeypatch.setattr(sys, "path", [*sys.path])
