"""Printing, and nothing else. Results go to stdout; progress and refusals go to stderr."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import click

from .errors import Refusal

# Colours from the 256 that terminals show alike, whatever their theme makes of the first 16. Each stands out from white
# and from black by at least 4 : 1, so that it can be read on a light ground and on a dark one.
GOOD, BAD, QUIET = 28, 161, 243  # green, red, grey


def coloured(stream: TextIO) -> bool:
    """Return whether to colour: as the command was told, else only on a terminal, where nothing speaks against it.

    Against it speak NO_COLOR (https://no-color.org) and CI.
    """
    context = click.get_current_context(silent=True)
    if context and context.color is not None:
        return context.color
    return stream.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


def width() -> int | None:
    """Return how many columns a line of the result may have; None where it goes to no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def style(text: str, **how: Any) -> str:
    """Return the text with ANSI colour. `say` and `note` take the colour out where it is not wanted."""
    return click.style(text, **how)


def say(text: str = "") -> None:
    """Print a line of the result."""
    click.echo(_printable(text, sys.stdout), color=coloured(sys.stdout))


def page(lines: Iterable[str], wanted: bool = True) -> None:
    """Print lines of the result through a pager, on a terminal where one is wanted; else as `say` does.

    It is found as git finds its own: DELTAS_PAGER, PAGER, less. An empty one and `cat` mean none. less gets the options
    that git gives it, unless LESS holds others: it ends at once where everything fits on the screen.
    """
    pager = os.environ.get("DELTAS_PAGER", os.environ.get("PAGER", "less")).strip()
    if not wanted or pager in ("", "cat") or not (sys.stdin.isatty() and sys.stdout.isatty()):
        for line in lines:
            say(line)
        return
    settings = {"PAGER": pager, "LESS": os.environ.get("LESS", "FRX"), "LV": os.environ.get("LV", "-c")}
    with _environment(settings), click.get_pager_file(color=coloured(sys.stdout)) as file:
        for line in lines:
            file.write(_printable(line, sys.stdout) + "\n")


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment as long as the context lasts."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def path(place: Path) -> str:
    """Return a path as the reader can paste it where the command was typed: relative, unless that leads far away."""
    relative = os.path.relpath(place)
    return str(place) if relative.startswith(f"{os.pardir}{os.sep}{os.pardir}") else relative


def note(text: str) -> None:
    """Print a line about the progress of the work."""
    click.echo(_printable(text, sys.stderr), err=True, color=coloured(sys.stderr))


def _printable(text: str, stream: TextIO) -> str:
    """Escape what the terminal lacks, and file names that are no text: no message fails because of them."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def document(value: Any) -> None:
    """Print the one JSON document of a `--json` call."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def refuse(refusal: Refusal) -> None:
    """Print what was found, what was expected, and the way out."""
    note(style("✗ ", fg=BAD) + refusal.found)
    if refusal.expected:
        note(f"  expected: {refusal.expected}")
    for way in refusal.ways:
        note(style("  → ", bold=True) + way)


def verdict(ok: bool | None, text: str) -> str:
    """Return the text behind ✓ for yes, ✗ for no, – for not looked at."""
    mark = {True: style("✓", fg=GOOD), False: style("✗", fg=BAD), None: style("–", fg=QUIET)}[ok]
    return f"{mark} {text}"
