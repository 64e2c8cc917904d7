"""A post's links to upstream: the shortcode `upstream`, and addresses of its repository."""

import re
from collections.abc import Iterator, Sequence

from ..series.origin import WEB
from ..series.patches import nearest
from .arguments import SHORTCODES
from .current import Upstream
from .embedcheck import Finding
from .shortcodes import Shortcode

FILE = "makemore.py"  # the file that `upstream` means where none is given
LINK = re.compile(
    re.escape(WEB) + r"/(?:blob|raw|blame|tree)/([^/\s)\"'>\]#]+)/([^\s)\"'>\]#]+)(?:#L(\d+)(?:-L?(\d+))?)?"
)


def check(upstream: Upstream, text: str, tags: Sequence[Shortcode]) -> Iterator[Finding]:
    """Yield the links that lead nowhere. tags: the `upstream` shortcodes of the post."""
    for tag in tags:
        given = tag.given(SHORTCODES["upstream"].places)
        symbols = upstream.symbols.get(given.get("file", FILE), {})
        if given["symbol"] not in symbols:
            near = nearest(given["symbol"], list(symbols))
            file, pin = given.get("file", FILE), upstream.pin[:12]
            fault = f"dead link: upstream's {file} has no {given['symbol']!r} at {pin}"
            yield Finding(tag.line, fault, (f"did you mean {near}?",) if near else ())
    for link in LINK.finditer(text):
        wrong = _wrong(upstream, *link.groups())
        if wrong:
            yield Finding(text.count("\n", 0, link.start()) + 1, f"dead link: {link[0]}: {wrong}")


def _wrong(upstream: Upstream, revision: str, path: str, first: str | None, last: str | None) -> str:
    """Return why a link leads nowhere, or "" where it is good."""
    if revision != upstream.pin:
        return f"is not the pinned commit {upstream.pin}"
    folder = f"{path.rstrip('/')}/"
    if path not in upstream.lengths and not any(file.startswith(folder) for file in upstream.lengths):
        return f"upstream has no {path} there"
    lines = upstream.lengths.get(path, 0)
    if first and not 1 <= int(first) <= int(last or first) <= lines:
        return f"{path} has {lines} lines there"
    return ""
