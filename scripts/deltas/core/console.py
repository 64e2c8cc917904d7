"""Printing, and nothing else. Results go to stdout, progress and refusals to stderr."""

import json
import os
import sys
from typing import Any, TextIO

import click

from .errors import Refusal


def coloured(stream: TextIO) -> bool:
    """Colour only on a terminal, and only where it is wanted (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


def style(text: str, **how: Any) -> str:
    """Text with ANSI colour; `say` and `note` strip it where colour is not wanted."""
    return click.style(text, **how)


def say(text: str = "") -> None:
    """A line of the result."""
    click.echo(_printable(text, sys.stdout), color=coloured(sys.stdout))


def note(text: str) -> None:
    """A line about how it goes."""
    click.echo(_printable(text, sys.stderr), err=True, color=coloured(sys.stderr))


def _printable(text: str, stream: TextIO) -> str:
    """A name that is no text, or a sign that the terminal lacks, is printed escaped: no message fails for it."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def document(value: Any) -> None:
    """The one JSON document of a `--json` call."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def refuse(refusal: Refusal) -> None:
    """What was found, what was expected, the way out."""
    note(style("✗ ", fg="red") + refusal.found)
    if refusal.expected:
        note(f"  expected: {refusal.expected}")
    for way in refusal.ways:
        note(style("  → ", bold=True) + way)


def verdict(ok: bool | None, text: str) -> str:
    """✓ for yes, ✗ for no, – for not looked at."""
    mark = {True: style("✓", fg="green"), False: style("✗", fg="red"), None: style("–", dim=True)}[ok]
    return f"{mark} {text}"
