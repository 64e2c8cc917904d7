"""What is printed for a reader to use."""

import pytest

from deltas.core import console


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (".", "out/01-x/losses.svg"),
        ("stage", "../out/01-x/losses.svg"),
        ("stage/town", "{root}/out/01-x/losses.svg"),  # ../../out/… says less than the whole path
        ("out/01-x", "losses.svg"),
    ],
)
def test_a_path_can_be_pasted_where_the_command_was_typed(tmp_path, monkeypatch, place, shown):
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / place)
    assert console.path(tmp_path / "out" / "01-x" / "losses.svg") == shown.format(root=tmp_path)
