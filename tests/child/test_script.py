"""The loader of makemore.py: definitions apart from the main program, and both as if called by name."""

import pickle
import sys

import pytest

from deltas.child.script import Script

pytestmark = pytest.mark.usefixtures("as_main")

MAKEMORE = """
import pickle, sys
from dataclasses import dataclass, field
said = [__name__]

@dataclass
class Config:
    size: "int" = 4
    more: "list[int]" = field(default_factory=list)

def speak():
    said.append("as it was written")

if __name__ == '__main__':
    speak()
    copy = pickle.loads(pickle.dumps(Config(5)))
    said += sys.argv[1:]
    #HERE
"""


def script(tmp_path, text, *arguments):
    path = tmp_path / "makemore.py"
    path.write_text(text)
    return Script(path, arguments)


def test_the_main_program_waits_and_sees_what_was_replaced(tmp_path):
    makemore = script(tmp_path, MAKEMORE, "--seed", "3")
    makemore.define()
    names = makemore.namespace
    assert names["said"] == ["__main__"] and "copy" not in names
    names["speak"] = lambda: names["said"].append("replaced")
    makemore.run()
    assert names["said"] == ["__main__", "replaced", "--seed", "3"]
    assert sys.argv == [str(tmp_path / "makemore.py"), "--seed", "3"]


def test_dataclasses_and_pickle_find_their_classes(tmp_path):
    makemore = script(tmp_path, MAKEMORE)
    makemore.define()
    makemore.run()
    copy = makemore.namespace["copy"]
    assert copy == makemore.namespace["Config"](5) and copy.size == 5
    assert pickle.loads(pickle.dumps(copy)) == copy


def test_it_finds_what_lies_beside_it(tmp_path):
    (tmp_path / "beside_makemore.py").write_text("answer = 42\n")
    makemore = script(tmp_path, "from beside_makemore import answer\n")
    makemore.define()
    assert makemore.namespace["answer"] == 42


@pytest.mark.parametrize("leaving", ["sys.exit()", "sys.exit(0)", "pass"])
def test_leaving_is_a_normal_end(tmp_path, leaving):
    makemore = script(tmp_path, MAKEMORE.replace("#HERE", leaving))
    makemore.define()
    makemore.run()
    assert "copy" in makemore.namespace


@pytest.mark.parametrize(
    ("leaving", "error"), [("sys.exit('no')", SystemExit), ("sys.exit(3)", SystemExit), ("1/0", ZeroDivisionError)]
)
def test_an_error_is_not(tmp_path, leaving, error):
    makemore = script(tmp_path, MAKEMORE.replace("#HERE", leaving))
    makemore.define()
    with pytest.raises(error):
        makemore.run()


def test_without_a_main_program_everything_is_a_definition(tmp_path):
    makemore = script(tmp_path, "made = 1\nmade += 1\n")
    makemore.define()
    makemore.run()
    assert makemore.namespace["made"] == 2


def test_what_follows_the_main_program_belongs_to_it(tmp_path):
    makemore = script(tmp_path, "made = 1\nif __name__ == '__main__':\n    made = 2\nmade *= 10\n")
    makemore.define()
    assert makemore.namespace["made"] == 1
    makemore.run()
    assert makemore.namespace["made"] == 20


def test_the_future_reaches_the_main_program(tmp_path):
    text = "from __future__ import annotations\nif __name__ == '__main__':\n    def f(x: no_such_type): pass\n"
    makemore = script(tmp_path, text)
    makemore.define()
    makemore.run()
    assert makemore.namespace["f"].__annotations__ == {"x": "no_such_type"}


def test_a_traceback_names_the_file_and_the_line(tmp_path):
    makemore = script(tmp_path, MAKEMORE.replace("#HERE", "1/0"))
    makemore.define()
    with pytest.raises(ZeroDivisionError) as error:
        makemore.run()
    last = error.traceback[-1]
    assert str(last.path) == str(tmp_path / "makemore.py")
    assert MAKEMORE.splitlines()[last.lineno] == "    #HERE"
