"""What a patch of this series must be, beyond readable: insert-only, one line of context, a header that teaches."""

import re

from .patches import SUBJECT, TRAILERS, Patch

LINES = {range(1, 5): 120, range(5, 100): 250}  # what a reader takes in at one sitting
HEADING = re.compile(r"^@@ [^@]* @@.+$", re.MULTILINE)


def header_faults(patch: Patch) -> list[str]:
    """What the header lacks."""
    faults = [f"no {field}:" for field in ("From", "Date", "Subject") if not patch.fields.get(field)]
    if not SUBJECT.fullmatch(patch.fields.get("Subject", "")):
        faults.append("the subject is not `delta N: …`")
    faults += [f"no trailer {name}:" for name in TRAILERS if not patch.trailers.get(name)]
    if not patch.prose.strip():
        faults.append("no prose")
    if "TODO" in patch.message:
        faults.append("a TODO is left in it")
    return faults


def diff_faults(patch: Patch) -> list[str]:
    """What of the diff breaks the rules that need no upstream."""
    faults = []
    if HEADING.search(patch.diff.decode()):
        faults.append("a section heading after @@ quotes upstream")
    for file in patch.hunks:
        if file.is_added_file:
            continue  # nothing there that could be quoted
        for hunk in file:
            faults += _context_faults(f"{file.path}:{hunk.target_start}", [line.line_type for line in hunk])
    most = next(most for numbers, most in LINES.items() if patch.number in numbers)
    if patch.added > most:
        faults.append(f"adds {patch.added} lines, more than one sitting takes ({most})")
    return faults


def _context_faults(place: str, kinds: list[str]) -> list[str]:
    runs = re.findall(r" +|[^ ]+", "".join(kinds))
    faults = []
    for position, run in enumerate(runs):
        edge = position in (0, len(runs) - 1)
        if run[0] == " " and len(run) > (1 if edge else 2):
            faults.append(
                f"{place}: {len(run)} lines of context together, {1 if edge else 2} is what a patch may quote"
            )
    if not {" ", "-"} & set(kinds):
        faults.append(f"{place}: no context: git am puts such an insertion at the end of the file")
    return faults
