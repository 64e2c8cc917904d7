"""Which of upstream's lines a line of a stage is: by the arithmetic of the hunks, so it needs no upstream."""

from ..core.project import URL
from .patches import Series

WEB = URL.removesuffix(".git")


def upstream_line(series: Series, number: int, path: str, line: int) -> int | None:
    """Return the line of the pinned file that line `line` of stage `number` is; None where a patch added it."""
    for patch in reversed(series[:number]):
        before = patch.shifts[path].before(line) if path in patch.shifts else line
        if before is None:
            return None
        line = before
    return line


def permalink(pin: str, path: str, first: int, last: int) -> str:
    """Return the address of lines first…last of a file of upstream.

    >>> permalink("988a", "makemore.py", 3, 4)
    'https://github.com/karpathy/makemore/blob/988a/makemore.py#L3-L4'
    """
    return f"{WEB}/blob/{pin}/{path}#L{first}" + (f"-L{last}" if last > first else "")
