"""tries.md of a stage: what was tried, in a table for every group. It is written by program, whole."""

from typing import Any

from ..core import columns, numbers
from ..evidence import tries


def page(slug: str, document: dict[str, Any]) -> str:
    """Return the page. slug: of the stage. document: tries.json."""
    seeds = f"the seed{'s' * (len(document['seeds']) > 1)} {', '.join(map(str, document['seeds']))}"
    held_out = numbers.fixed(document["held_out"], 0)
    parts = [
        f"# Tried for {slug}",
        "`scripts/bench.sh tries` wrote this page. `tries.toml`, beside it, lists what was tried; `tries.json` holds "
        "the numbers.",
        f"Losses are nats per character. The last {held_out} training names of the split are held out: they judge, and "
        f"nothing is trained on them. No test name takes part. Every try was trained from {seeds}. A difference is to "
        "the first try of its table; from several seeds it is their mean, with the difference of each behind it.",
    ]
    for group in document["groups"]:
        parts += [f"## {group['says']}", columns.markdown(tries.rows(group))]
        parts += [f"Why it was chosen: {reason}." for reason in tries.reasons(group)]
        if edits := [tried for tried in group["tries"] if tried["edits"]]:
            parts.append(f"By an edit of the code, not by a flag: {'; '.join(tried['says'] for tried in edits)}.")
    return "\n\n".join(parts) + "\n"
