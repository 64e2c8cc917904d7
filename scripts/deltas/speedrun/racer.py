"""`python -m deltas.speedrun.racer makemore.py OUT EVERY [OPTIONS] -- ARGUMENTS…`: one training of the speedrun.

    --turns IN OUT   two file descriptors. The training waits for a line on IN, `SECONDS`, and then trains so long, and
                     on to the end of a step. It answers a line on OUT, `step 120 | loss 2.4813`, as makemore prints it,
                     with the test loss of its last look; or `end`. So several trainings share the cores in turns, and
                     no noise hits only one of them. Without this option it trains at once.

The clock runs from the first line of makemore.py (torch is imported before). It stands still between turns and while
anybody evaluates or samples: in upstream's own calls, and while this program looks at the test split every EVERY steps.
Writes into the folder OUT:

    curve.jsonl    {"step", "seconds", "test_loss"}, a line for every look
    result.json    metrics of the final model (measure.py), steps, seconds, tokens (those of a step that are no padding)
                   and set_up (seconds before the first step)
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from ..child import lifetime, measure
from ..child.script import Script
from ..core import jsonfile


class Clock:
    """Counts the seconds in which it runs."""

    def __init__(self) -> None:
        self._before, self._since, self._stops = 0.0, time.perf_counter(), 0

    @property
    def seconds(self) -> float:
        """The seconds until now."""
        return self._before + (0.0 if self._stops else time.perf_counter() - self._since)

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """Stop the clock inside. It may be stopped already."""
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
    """When this training may use the cores. The parent is at the other end of two pipes."""

    def __init__(self, asked: TextIO, told: TextIO, clock: Clock):
        self.asked, self.told, self.clock = asked, told, clock
        self.until = 0.0

    def wait(self) -> None:
        """Wait for the next turn. SystemExit where the parent is gone."""
        line = self.asked.readline()
        if not line:
            sys.exit("nobody gives turns any more")
        self.until = self.clock.seconds + float(line)

    def step(self, how_far: str) -> None:
        """Give the cores back after a step, where the time is up."""
        if self.clock.seconds >= self.until:
            with self.clock.standing():
                self.say(how_far)
                self.wait()

    def say(self, text: str) -> None:
        """Tell the parent a line."""
        print(text, file=self.told, flush=True)


class Look:
    """Looks at the test split, and writes down what the model is worth after so many steps and seconds."""

    def __init__(self, left: dict[str, Any], clock: Clock, every: int, curve: TextIO):
        self.left, self.clock, self.every, self.curve = left, clock, every, curve
        self.steps, self.loss = 0, float("nan")
        self.set_up: float | None = None

    def step(self) -> None:
        """Count a step, and look when it is time."""
        self.steps += 1
        if self.steps % self.every == 0:
            with self.clock.standing():
                self.look()

    def look(self) -> None:
        """Write a line of the curve."""
        model, seconds = self.left["model"], self.clock.seconds
        nats, tokens = measure.per_name(model, self.left["test_dataset"])
        model.train()
        self.loss = (nats.sum() / tokens.sum()).item()
        row = {"step": self.steps, "seconds": seconds, "test_loss": self.loss}
        print(json.dumps(row), file=self.curve, flush=True)


def main(words: list[str]) -> None:
    """Train. SystemExit with a reason where there is no result."""
    parser = argparse.ArgumentParser(prog="racer")
    parser.add_argument("script", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("every", type=int)
    parser.add_argument("--turns", type=int, nargs=2)
    at = words.index("--")
    given = parser.parse_args(words[:at])
    lifetime.begin()
    import torch  # noqa: F401  # it takes everybody the same time, and counts for nobody

    pipes = (os.fdopen(given.turns[0]), os.fdopen(given.turns[1], "w")) if given.turns else None
    race(given.script, words[at + 1 :], given.out, given.every, pipes=pipes)


def race(
    script: Path,
    arguments: list[str],
    out: Path,
    every: int,
    *,
    pipes: tuple[TextIO, TextIO] | None = None,
) -> None:
    """Run makemore.py to its end, in turns where there are pipes, and write the result."""
    makemore = Script(script, arguments)
    left = makemore.namespace
    with (out / "curve.jsonl").open("w", encoding="utf-8") as curve:
        clock = Clock()
        turns = Turns(*pipes, clock) if pipes else None
        with clock.standing():
            if turns:
                turns.wait()
        look = Look(left, clock, every, curve)
        makemore.define()
        for name in ("evaluate", "print_samples"):
            left[name] = _untimed(left[name], clock)
        _listen(left, look, turns)
        makemore.run()
        seconds = clock.seconds
    metrics, _ = measure.losses(left)
    tokens = sum(len(word) + 1 for word in left["train_dataset"].words) / len(left["train_dataset"])
    more = {"steps": look.steps, "seconds": seconds, "set_up": look.set_up}
    jsonfile.write(out / "result.json", metrics | more | {"tokens": tokens * left["args"].batch_size})
    if turns:
        turns.say("end")


def _untimed(function: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    def untimed(*given: Any, **named: Any) -> Any:
        with clock.standing():
            return function(*given, **named)

    return untimed


class Times:
    """Stands in makemore.py for the module `time`, which it reads before and after every step, and nowhere else.

    So a step is over at the first reading after an optimizer has stepped, however many optimizers there are.
    """

    def __init__(self, over: Callable[[], None]):
        self.over, self.stepped = over, False

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        """Return the time, and say that a step is over where one was made."""
        now = time.time()
        if self.stepped:
            self.stepped = False
            self.over()
        return now


def _listen(left: dict[str, Any], look: Look, turns: Turns | None) -> None:
    """Hear the first step of an optimizer, and the end of every step of the training."""
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    def over() -> None:
        look.step()
        if turns:
            turns.step(f"step {look.steps - 1} | loss {look.loss:.4f}")

    times = left["time"] = Times(over)

    def before(*_: object) -> None:
        if look.set_up is None:
            look.set_up = look.clock.seconds

    def after(*_: object) -> None:
        times.stepped = True

    register_optimizer_step_pre_hook(before)
    register_optimizer_step_post_hook(after)


if __name__ == "__main__":
    main(sys.argv[1:])
