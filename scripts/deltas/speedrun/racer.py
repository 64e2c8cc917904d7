"""`python -m deltas.speedrun.racer makemore.py OUT EVERY -- ARGUMENTS…`: one training that runs when it is its turn.

Reads a line from stdin, `SECONDS`: train so long, and no longer than to the end of a step. Answers a line on stdout:
`step 120 | loss 2.4813`, as makemore itself prints it, with the test loss of the last look; or `end`. So several
trainings share the cores in turns, and no noise hits only one of them.

The clock runs from the first line of makemore.py, its imports of torch aside, and stands still between turns and while
anybody evaluates or samples: upstream's own calls, and the look at the test split every EVERY steps. `--held-out N`,
before `--`, puts the last N training names in place of the test names, and trains without them. Writes to OUT

    curve.jsonl    {"step", "seconds", "test_loss"} a line
    result.json    metrics of the final model (measure.py), steps, seconds, tokens (useful ones a step), set_up (seconds
                   before the first step)
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..child import lifetime, measure
from ..child.script import Script
from ..core import jsonfile


class Clock:
    """Seconds for which it ran; `standing` stops it for a while, also within itself."""

    def __init__(self) -> None:
        self._before, self._since, self._stops = 0.0, time.perf_counter(), 0

    @property
    def seconds(self) -> float:
        """So far."""
        return self._before + (0.0 if self._stops else time.perf_counter() - self._since)

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """Stopped inside."""
        if not self._stops:
            self._before += time.perf_counter() - self._since
        self._stops += 1
        try:
            yield
        finally:
            self._stops -= 1
            if not self._stops:
                self._since = time.perf_counter()


class Turns:
    """When it is ours, and for how long. The parent is on the other end of two pipes."""

    def __init__(self, asked: Any, told: Any, clock: Clock):
        self.asked, self.told, self.clock = asked, told, clock
        self.until = 0.0

    def wait(self) -> None:
        """For the next turn. SystemExit where the parent is gone."""
        line = self.asked.readline()
        if not line:
            sys.exit("nobody gives turns any more")
        self.until = self.clock.seconds + float(line)

    def over(self, how_far: str) -> None:
        """After a step: gives the cores back, when the time is up."""
        if self.clock.seconds >= self.until:
            with self.clock.standing():
                self.say(how_far)
                self.wait()

    def say(self, text: str) -> None:
        """To the parent."""
        print(text, file=self.told, flush=True)


class Look:
    """What the model is worth after so many steps and seconds; nobody's time."""

    def __init__(self, left: dict[str, Any], clock: Clock, every: int, curve: Any):
        self.left, self.clock, self.every, self.curve = left, clock, every, curve
        self.steps, self.set_up, self.seen = 0, None, float("nan")

    def after_step(self) -> None:
        """Counts, and looks when it is time."""
        self.steps += 1
        if self.every and self.steps % self.every == 0:
            with self.clock.standing():
                self.look()

    def look(self) -> None:
        """A line for the curve."""
        model, seconds = self.left["model"], self.clock.seconds
        nats, tokens = measure.per_name(model, self.left["test_dataset"])
        model.train()
        self.seen = (nats.sum() / tokens.sum()).item()
        row = {"step": self.steps, "seconds": seconds, "test_loss": self.seen}
        print(json.dumps(row), file=self.curve, flush=True)


def main(arguments: list[str]) -> None:
    """SystemExit with a reason where there is no result."""
    parser = argparse.ArgumentParser(prog="racer")
    parser.add_argument("script", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("every", type=int)
    parser.add_argument("--held-out", type=int, default=0)
    at = arguments.index("--")
    given = parser.parse_args(arguments[:at])
    lifetime.begin()
    import torch  # noqa: F401  # the same for everybody, and so nobody's time

    told = os.fdopen(os.dup(1), "w")
    with (given.out / "log.txt").open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        race(given, arguments[at + 1 :], sys.stdin, told)


def race(given: argparse.Namespace, arguments: list[str], asked: Any, told: Any) -> None:
    """Runs makemore.py to its end, in turns."""
    makemore = Script(given.script, arguments)
    left = makemore.namespace
    with (given.out / "curve.jsonl").open("w", encoding="utf-8") as curve:
        clock = Clock()
        turns = Turns(asked, told, clock)
        with clock.standing():
            turns.wait()
        look = Look(left, clock, given.every, curve)
        makemore.define()
        for name in ("evaluate", "print_samples"):
            left[name] = _untimed(left[name], clock)
        if given.held_out:
            left["create_datasets"] = _held_out(left, given.held_out)
        _listen(look, turns)
        makemore.run()
        seconds = clock.seconds
    metrics, _ = measure.losses(left)
    tokens = sum(len(word) + 1 for word in left["train_dataset"].words) / len(left["train_dataset"])
    more = {"steps": look.steps, "seconds": seconds, "set_up": look.set_up}
    jsonfile.write(given.out / "result.json", metrics | more | {"tokens": tokens * left["args"].batch_size})
    turns.say("end")


def _untimed(function: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    def untimed(*given: Any, **named: Any) -> Any:
        with clock.standing():
            return function(*given, **named)

    return untimed


def _held_out(left: dict[str, Any], count: int) -> Callable[[str], tuple[Any, Any]]:
    """The split as makemore draws it, its test names thrown away and the last training names in their place."""
    create = left["create_datasets"]

    def held_out(file: str) -> tuple[Any, Any]:
        train, _ = create(file)
        parts = train.words[:-count], train.words[-count:]
        return tuple(left["CharDataset"](words, train.chars, train.max_word_length) for words in parts)

    return held_out


def _listen(look: Look, turns: Turns) -> None:
    """At the end of every step, and at the beginning of the first."""
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    def before(*_: object) -> None:
        if look.set_up is None:
            look.set_up = look.clock.seconds

    def after(*_: object) -> None:
        look.after_step()
        turns.over(f"step {look.steps - 1} | loss {look.seen:.4f}")

    register_optimizer_step_pre_hook(before)
    register_optimizer_step_post_hook(after)


if __name__ == "__main__":
    main(sys.argv[1:])
