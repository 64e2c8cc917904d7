"""Printing, and nothing else. Results go to stdout; progress and refusals go to stderr."""

import json
import os
import sys
from typing import Any, TextIO

import click

from .errors import Refusal


def coloured(stream: TextIO) -> bool:
    """Return whether to colour: only on a terminal, and only where colour is wanted (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


def style(text: str, **how: Any) -> str:
    """Return the text with ANSI colour. `say` and `note` take the colour out where it is not wanted."""
    return click.style(text, **how)


def say(text: str = "") -> None:
    """Print a line of the result."""
    click.echo(_printable(text, sys.stdout), color=coloured(sys.stdout))


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
    note(style("✗ ", fg="red") + refusal.found)
    if refusal.expected:
        note(f"  expected: {refusal.expected}")
    for way in refusal.ways:
        note(style("  → ", bold=True) + way)


def verdict(ok: bool | None, text: str) -> str:
    """Return the text behind ✓ for yes, ✗ for no, – for not looked at."""
    mark = {True: style("✓", fg="green"), False: style("✗", fg="red"), None: style("–", dim=True)}[ok]
    return f"{mark} {text}"
