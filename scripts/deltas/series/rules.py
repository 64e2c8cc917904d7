"""What a patch of this series must be, beyond readable: insert-only, one line of context, a header that teaches."""

import re
from collections import Counter

from .patches import APPENDIX, SUBJECT, TRAILERS, Patch

# How many lines of code a patch may add, by the part of the blog series that it belongs to: what a reader takes in at
# one sitting. The parts that are not listed have LATER. patches/README.md has this table, too.
LINES = {"3": 120, APPENDIX: 120}
LATER = 250

PART = re.compile(rf"[1-9]\d*|{APPENDIX}")
HEADING = re.compile(r"^@@ [^@]* @@.+$", re.MULTILINE)


def limit(part: str) -> int:
    """Return how many lines of code a patch of this part may add."""
    return LINES.get(part, LATER)


def header_faults(patch: Patch) -> list[str]:
    """Return what the header lacks, and what stands in it that should not."""
    faults = [f"no {field}:" for field in ("From", "Date", "Subject") if not patch.fields.get(field)]
    if not SUBJECT.fullmatch(patch.fields.get("Subject", "")):
        faults.append("the subject is not `delta N: …`")
    faults += [f"no trailer {name}:" for name in TRAILERS if not patch.trailers.get(name)]
    faults += [f"the trailer {name}: stands there {count} times" for name, count in _repeated(patch).items()]
    if patch.part and not PART.fullmatch(patch.part):
        faults.append(f"Part: {patch.part} is neither the number of a part of the blog series nor `{APPENDIX}`")
    if not patch.prose.strip():
        faults.append("no prose")
    if "TODO" in patch.message:
        faults.append("a TODO is left in it")
    return faults


def _repeated(patch: Patch) -> dict[str, int]:
    names = re.findall(r"^(\w+):", patch.message.rpartition("\n\n")[2], re.MULTILINE) if patch.trailers else []
    return {name: count for name, count in Counter(names).items() if count > 1}


def diff_faults(patch: Patch) -> list[str]:
    """Return what of the diff breaks the rules that need no upstream."""
    faults = []
    if HEADING.search(patch.diff.decode()):
        faults.append("a section heading after @@ quotes upstream")
    for file in patch.hunks:
        if file.is_added_file:
            continue  # nothing there that could be quoted
        for hunk in file:
            faults += _context_faults(f"{file.path}:{hunk.target_start}", [line.line_type for line in hunk])
    most = limit(patch.part)
    if patch.code_added > most:
        faults.append(f"adds {patch.code_added} lines of code, more than one sitting takes ({most})")
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
