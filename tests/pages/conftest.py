"""The checkouts of the publication tests: their patches say which part of the blog series they belong to."""

import pytest

import lab as laboratory
from webpage import set_part

PARTS = ("3", "3", "3", "appendix")


@pytest.fixture(scope="session")
def tiny_template(tiny_template, tmp_path_factory) -> laboratory.Lab:
    """The tiny series with a trailer `Part:` in each header."""
    copy = tiny_template.copy(tmp_path_factory.mktemp("parts") / "checkout")
    for number, part in enumerate(PARTS, 1):
        set_part(copy, number, part)
    return copy
