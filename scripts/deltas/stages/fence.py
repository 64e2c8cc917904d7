"""What git is allowed to listen to. It listens to far more than its arguments, so a child git runs behind three fences:

- its environment is a list of allowed names: hooks export GIT_INDEX_FILE, users export GIT_DIFF_OPTS;
- system and user configuration are off, and whatever a repository's own configuration may say about bytes
  (line endings, attributes, hooks, signing) is overridden on every call;
- GIT_DIR and GIT_WORK_TREE are always given. Without them git walks up, and in an uninitialised submodule it acts on
  the *outer* repository; and a `.gitattributes` that the reader put into stage/ would change what git writes.

One question is asked outside the fence, of the reader's own configuration: which bytes does *your* git make of a file?
"""

import contextlib
import os
from collections.abc import Iterator

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # a missing git is reported by us, in a sentence

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DEVELOPER_DIR", "SUDO_UID")
ALWAYS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
FENCE = ALWAYS | {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
}
OVERRIDES = {
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.safecrlf": "false",
    "core.attributesFile": os.devnull,
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "core.bigFileThreshold": "512m",
    "core.fsync": "none",
    "apply.whitespace": "nowarn",
    "apply.ignoreWhitespace": "no",
    "diff.suppressBlankEmpty": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "commit.gpgSign": "false",
    "merge.conflictStyle": "merge",
    "merge.renames": "false",
    "merge.default": "text",
    "gc.auto": "0",
    "advice.detachedHead": "false",
}
AS_OPTIONS = [part for key, value in OVERRIDES.items() for part in ("-c", f"{key}={value}")]

# Where the reader's configuration comes from: let through for the one question of `readers_environment`.
_CONFIGURATION = ("GIT_CONFIG_", "GIT_ATTR_", "XDG_CONFIG_HOME")


@contextlib.contextmanager
def only_allowed_environment() -> Iterator[None]:
    """Run a block with nothing but the allowed names in os.environ. GitPython starts every child from os.environ."""
    whole = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update({name: whole[name] for name in PASSED_ON if name in whole})
        yield
    finally:
        os.environ.clear()
        os.environ.update(whole)


def readers_environment() -> dict[str, str]:
    """Return the variables by which the reader's git finds the reader's configuration and attributes."""
    return ALWAYS | {name: value for name, value in os.environ.items() if name.startswith(_CONFIGURATION)}
