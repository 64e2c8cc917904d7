"""Which of upstream's lines a line of a stage is: by the arithmetic of the hunks, so it needs no upstream."""

from ..core.project import URL
from .patches import Series

WEB = URL.removesuffix(".git")


def upstream_line(series: Series, number: int, path: str, line: int) -> int | None:
    """The line of the pinned file that line `line` of stage `number` is; None where a patch added it."""
    for patch in reversed(series[:number]):
        file = next((each for each in patch.hunks if each.path == path), None)
        if file is None:
            continue
        before = _before(file, line)
        if before is None:
            return None
        line = before
    return line


def _before(file, line: int) -> int | None:
    shift = 0
    for hunk in file:
        if line < hunk.target_start:
            break
        if line < hunk.target_start + hunk.target_length:
            return next(each.source_line_no for each in hunk if each.target_line_no == line)
        shift += hunk.source_length - hunk.target_length
    return line + shift


def permalink(pin: str, path: str, first: int, last: int) -> str:
    """
    >>> permalink("988a", "makemore.py", 3, 4)
    'https://github.com/karpathy/makemore/blob/988a/makemore.py#L3-L4'
    """
    return f"{WEB}/blob/{pin}/{path}#L{first}" + (f"-L{last}" if last > first else "")
