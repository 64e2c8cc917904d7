"""`python -m deltas.child.card makemore.py TASK SPLIT_SEED`: what a data set of a stage's tasks.py is, as JSON.

    sha256        of its lines as `python tasks.py TASK` prints them
    checksum      CRC-32 of the same, which the baseline of the stage holds
    lines         how many
    characters    which
    longest       line, in characters
    bytes         of all lines
    splits        train, validation and test as makemore.py draws them from the split seed: how many lines of each label
    shared        how many lines two splits share
    examples      five of them, (prompt, answer, label)

Exit code 2: there is no such task. The last line on stderr says which there are.
"""

import collections
import contextlib
import hashlib
import io
import itertools
import json
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from . import lifetime
from .script import Script

EXAMPLES = 5


def main(arguments: list[str]) -> None:
    """Print the card. SystemExit, from tasks.py, where there is no such task."""
    script, task, split_seed = arguments
    lifetime.begin()
    makemore = Script(Path(script))
    makemore.define()
    print(json.dumps(card(makemore.namespace, task, int(split_seed))))


def card(left: dict[str, Any], task: str, split_seed: int) -> dict[str, Any]:
    """Return the card of a task. left: the definitions of makemore.py, whose `args` this sets."""
    import torch

    parts = {}
    for name, validate in (("test", False), ("validation", True)):
        left["args"] = SimpleNamespace(lines=None, answers_only=False, validate=validate)
        torch.manual_seed(split_seed)
        with contextlib.redirect_stdout(io.StringIO()):
            train, parts[name] = left["create_task"](task)
    parts = {"train": train, **parts}
    examples = left["tasks"].make(task)
    lines = [prompt + answer for prompt, answer, _ in examples]
    text = "".join(f"{line}\n" for line in lines).encode()
    words = [set(part.words) for part in parts.values()]
    return {
        "task": task,
        "sha256": hashlib.sha256(text).hexdigest(),
        "checksum": zlib.crc32(text),
        "lines": len(lines),
        "bytes": len(text),
        "longest": max(map(len, lines)),
        "characters": "".join(sorted(set("".join(lines)))),
        "splits": {name: _by_label(part.examples) for name, part in parts.items()},
        "shared": sum(len(one & other) for one, other in itertools.combinations(words, 2)),
        "examples": examples[:EXAMPLES],
    }


def _by_label(examples: list[tuple[str, str, Any]]) -> dict[str, int]:
    return {str(label): count for label, count in sorted(collections.Counter(label for *_, label in examples).items())}


if __name__ == "__main__":
    main(sys.argv[1:])
