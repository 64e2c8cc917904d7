"""Whether upstream's flags still work at a stage, abbreviated as argparse lets people abbreviate them.

`--batch 16` means --batch-size to upstream. A patch that adds --batchnorm makes it ambiguous, one that adds --batch
makes it mean something else. Both sources are read, never run.
"""

import ast
from dataclasses import dataclass, field


@dataclass
class _Parser:
    """What a makemore.py tells argparse: flags that can be abbreviated, and flags that have to be written in full.

    unread: lines whose flags are computed, so that nobody can read them off.
    """

    flags: list[str] = field(default_factory=list)
    in_full: list[str] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)


def lost_prefixes(upstream_source: str, stage_source: str) -> list[str]:
    """Return what of upstream's flags is lost at a stage, in sentences: ways to write one that mean something else now.

    Checked are the flags themselves and all their unique prefixes. Raises SyntaxError for what is not Python.
    """
    upstream, stage = _parser(upstream_source), _parser(stage_source)
    sentences = []
    if len(stage.unread) > len(upstream.unread):
        lines = ", ".join(map(str, stage.unread))
        sentences.append(f"the name of a flag is computed (line {lines}): write it out, so that it can be checked")
    for flag in upstream.flags:
        lost: dict[str, list[str]] = {}
        for text in _ways_to_write(flag):
            now = _meant(text, stage)
            if now != [flag] and _meant(text, upstream) == [flag]:
                lost.setdefault(" or ".join(now) or "nothing", []).append(text)
        sentences += [f"{', '.join(texts)}: {flag} to upstream, {now} here" for now, texts in lost.items()]
        if not flag.startswith("--"):  # its value may follow without a blank: -b16
            added = [new for new in [*stage.flags, *stage.in_full] if new not in upstream.flags]
            longer = [new for new in added if new.startswith(flag)]
            sentences += [f"{new}: {flag} with the value {new.removeprefix(flag)} to upstream" for new in longer]
    return sentences


def _parser(source: str) -> _Parser:
    """Read the calls of `add_argument` and `ArgumentParser`, wherever they stand."""
    tree = ast.parse(source)
    strict = _parsers_without_abbreviations(tree)
    parser = _Parser()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "ArgumentParser":
            known = parser.flags if _setting(node, "allow_abbrev") else parser.in_full
            known += ["-h", "--help"] if _setting(node, "add_help") else []
        elif name == "add_argument":
            receiver = getattr(getattr(node.func, "value", None), "id", "")
            known = parser.in_full if receiver in strict else parser.flags
            texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            flags = [text for text in texts if isinstance(text, str) and text.startswith("-")]
            known += flags
            if any("BooleanOptionalAction" in ast.dump(word.value) for word in node.keywords if word.arg == "action"):
                known += [f"--no-{flag[2:]}" for flag in flags if flag.startswith("--")]
            if None in texts or any(word.arg is None for word in node.keywords):
                parser.unread.append(node.lineno)
    return parser


def _parsers_without_abbreviations(tree: ast.AST) -> set[str]:
    """Return the variables that hold a parser made with allow_abbrev=False."""
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and not _setting(node.value, "allow_abbrev")
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _setting(call: ast.Call, name: str) -> bool:
    """Return whether a parser is made with this setting; argparse's settings are on where nothing is said."""
    return next((getattr(word.value, "value", None) for word in call.keywords if word.arg == name), True) is not False


def _ways_to_write(flag: str) -> list[str]:
    """Return a flag and what abbreviates it: `--batch` down to `--b`; a flag with one dash has no abbreviations."""
    return [flag[:end] for end in range(len(flag), 2, -1)] if flag.startswith("--") else [flag]


def _meant(text: str, parser: _Parser) -> list[str]:
    """Return the flags that argparse takes a text for: the flag of that name, else all that begin so."""
    if text in [*parser.flags, *parser.in_full]:
        return [text]
    return [flag for flag in parser.flags if flag.startswith(text)]
