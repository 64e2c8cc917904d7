"""Prose may change and the code id stays; nothing else may."""

import ast
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.core.codeid import code_id, strip_prose

SOURCE = '''\
#!/usr/bin/env python
"""what this is"""

import os   # with a comment
x = """kept
# kept

too   """  # gone
"bare"; y = 1
def f(a,   # first

      b):
    """
    a docstring, é
    """  # and a comment
    return f"{a}#{b!r:>#{10}}" "é" # ü
class Empty:
    """only prose"""
    ("and " # in brackets
     "more")
def g(): "doc"
z = 1 + \\
    2
match x:
    case 1:
        "nothing but a string"
'''

STRIPPED = '''\
import os
x = """kept
# kept

too   """
pass; y = 1
def f(a,
      b):
    return f"{a}#{b!r:>#{10}}" "é"
class Empty:
    pass
def g(): pass
z = 1 + \\
    2
match x:
    case 1:
        pass
'''


def test_golden():
    """The same text on every Python: written out, not computed."""
    assert strip_prose(SOURCE) == STRIPPED
    assert strip_prose(SOURCE.replace("\n", "\r\n")) == STRIPPED
    assert code_id({"a.py": SOURCE.encode()}) == "2f3957908ec4d953"


def without_prose(source: str) -> str:
    """The oracle: the syntax tree, without bare strings and without the `pass` that may stand for one."""

    class Drop(ast.NodeTransformer):
        def visit_Expr(self, node):
            return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node

        def visit_Pass(self, node):
            return None

    return ast.dump(Drop().visit(ast.parse(source)))


HERE = Path(__file__).resolve().parents[2]
STANDARD = Path(sysconfig.get_path("stdlib"))
CORPUS = [
    *(HERE / "scripts" / "deltas").rglob("*.py"),
    *sorted(HERE.glob("upstream/makemore/*.py")),
    *(STANDARD / f"{name}.py" for name in ("dataclasses", "textwrap", "tokenize")),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_real_sources(path):
    source = path.read_text(encoding="utf-8")
    stripped = strip_prose(source)
    assert without_prose(stripped) == without_prose(source)
    assert strip_prose(stripped) == stripped
    assert '"""' not in stripped or stripped.count('"""') < source.count('"""')


LINES = st.sampled_from(
    [
        "x = 1", "'bare'", '"""a\n\n# b  \n"""', "x = '''a\n\n # b  \n'''",
        "# comment", "", "   ", "'a'; x = 2", "x = 3;",
        "f('#')  # c", "x = (1,\n\n  # c\n  2)", "x = 4 + \\\n  5", "def f():\n  'doc'", "if x: 'a'", "b'bytes'", "\f",
        "def f():\n  # c\n  'doc'\n  return 1", "class A:\n\n  'doc'\n  'more'", "x = f'{x}#'  # é", "x: 'str' = 'a'",
        "x = f'''{x}\n\n#{x}  \n'''", "'é'; 'ü'", "x = '\\\n# no'", "x = 6; \\\n'a'", "('a'\n\n# c\n'b')",
        "lambda: 'a'", "f'not bare'",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=8).map("\n".join))
def test_any_mixture(source):
    stripped = strip_prose(source)
    assert without_prose(stripped) == without_prose(source)
    assert strip_prose(stripped) == stripped


CODE = "import os\n\ndef f(x):\n    return x + 1\n"
SAME = [
    "import os\ndef f(x):\n    return x + 1",
    '"""new"""\nimport os # why\ndef f(x):\n    """doc"""\n\n    # how\n    return x + 1   \n\n\n',
    CODE.replace("\n", "\r\n"),
    "\ufeff" + CODE,
]
OTHER = [
    CODE.replace("1", "2"),
    CODE.replace("import os\n", ""),
    CODE + "'x'.join([])\n",
    CODE.replace("    return", "  return"),
    CODE.replace("x + 1", "'''\n\n'''"),
]


@pytest.mark.parametrize("source", SAME)
def test_prose_keeps_the_id(source):
    assert code_id({"m.py": source.encode()}) == code_id({"m.py": CODE.encode()})


@pytest.mark.parametrize("source", OTHER)
def test_code_changes_the_id(source):
    assert code_id({"m.py": source.encode()}) != code_id({"m.py": CODE.encode()})


def test_blank_lines_inside_a_string_are_code():
    assert code_id({"m.py": b"x = '''a\n\nb'''"}) != code_id({"m.py": b"x = '''a\nb'''"})


def test_data_counts_and_prose_files_do_not():
    files = {"m.py": CODE.encode(), "names.txt": b"emma\n"}
    same = code_id(files)
    assert len(same) == 16 and set(same) <= set("0123456789abcdef")
    assert code_id({**files, "README.md": b"x", "LICENSE": b"y", "docs/more.MD": b"z"}) == same
    assert code_id(dict(reversed(files.items()))) == same
    assert code_id({**files, "names.txt": b"emma\n\n"}) != same
    assert code_id({"m.py": CODE.encode(), "words.txt": b"emma\n"}) != same
    assert code_id({"a": b"b", "c": b"d"}) != code_id({"a": b"bc", "": b"d"})


@pytest.mark.parametrize("content", [b"def f(:\n", b"\xff\xfe", b"x = 1\0", b"  x = 1"])
def test_what_is_not_python_is_hashed_as_it_is(content):
    assert code_id({"m.py": content}) != code_id({"m.py": content + b"# c"})
