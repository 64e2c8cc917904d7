"""What is still to train, and how long it takes: by guesses first, by what this machine takes as soon as it shows."""

import pytest

from deltas.runs import agenda as module
from deltas.runs.agenda import Agenda, about


@pytest.fixture
def clock(monkeypatch):
    """clock(seconds) lets time pass."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])

    def passes(seconds: float) -> None:
        now[0] += seconds

    return passes


def have(names: str, guesses: dict | None = None, at_once: int = 1) -> Agenda:
    agenda = Agenda(guesses, at_once)
    agenda.add(names)
    return agenda


def test_nobody_knows_how_long_until_one_has_ended(clock):
    agenda = have("abc")
    assert agenda.left is None and str(agenda) == "3 trainings"
    agenda.started("a")
    clock(10)
    assert agenda.ended("a") == 10 and agenda.left == 20
    agenda.started("b")
    clock(4)
    assert agenda.left == 16 and agenda.waiting == ["c"]
    clock(100)
    assert agenda.left == 10, "what takes longer than expected takes no less than nothing"


def test_guesses_are_scaled_by_what_this_machine_takes(clock):
    agenda = have("abcd", {"a": 10, "b": 20, "c": 40})
    assert agenda.left == 10 + 20 + 40 + 70 / 3, "d, of which nobody knows, is taken for an average one"
    agenda.started("a")
    clock(20)
    agenda.ended("a")
    assert agenda.left == 40 + 80 + 20


@pytest.mark.parametrize(("guesses", "left"), [({"a": 10, "b": 10, "c": 10, "d": 10}, 20), ({"a": 90, "b": 10}, 90)])
def test_trainings_go_side_by_side_and_none_is_cut_in_two(clock, guesses, left):
    agenda = have("".join(guesses), guesses, at_once=2)
    assert agenda.left == left and f"2 at a time: {about(left)}" in str(agenda)


def test_a_training_is_on_the_list_once(clock):
    agenda = have("aab")
    agenda.add("ba")
    agenda.started("c")  # nobody had announced it
    assert agenda.names == ["a", "b", "c"]
    for name in "ab":
        agenda.started(name)
    for name in "abc":
        agenda.ended(name)
    assert agenda.left == 0 and agenda.waiting == []


def test_one_alone_goes_beside_none():
    assert str(have("a", {"a": 300}, at_once=2)) == "1 training: about 5 min"
