"""The one loader of makemore.py: its definitions first, then its main program, in a module of their own."""

import __future__

import ast
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


class Script:
    """A makemore.py that is ready to be executed as if it had been called by name, with these arguments.

    namespace: its global variables. Between `define` and `run` they may be replaced, by a timed function for instance.
    """

    def __init__(self, path: Path, arguments: Sequence[str] = ()):
        tree = ast.parse(path.read_bytes(), str(path))
        at = next((n for n, statement in enumerate(tree.body) if _asks_for_name(statement)), len(tree.body))
        self._definitions = _compiled(tree.body[:at], path, 0)
        self._program = _compiled(tree.body[at:], path, self._definitions.co_flags & FUTURE)
        module = types.ModuleType("__main__")  # a real module: dataclasses and pickle look their classes up in it
        module.__file__ = str(path)
        sys.modules["__main__"] = module
        sys.argv = [str(path), *arguments]
        sys.path.insert(0, str(path.resolve().parent))
        self.namespace: dict[str, Any] = module.__dict__

    def define(self) -> None:
        """Execute everything before `if __name__ == '__main__'`: all of it, where there is no such line."""
        exec(self._definitions, self.namespace)

    def run(self) -> None:
        """Execute the main program. Leaving it with sys.exit() is a normal end; with an error, SystemExit goes on."""
        try:
            exec(self._program, self.namespace)
        except SystemExit as leaving:
            if leaving.code not in (0, None):
                raise


def _asks_for_name(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and any(
        isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test)
    )


def _compiled(statements: list[ast.stmt], path: Path, flags: int) -> types.CodeType:
    return compile(ast.Module(statements, []), str(path), "exec", flags=flags, dont_inherit=True)
