"""`show`: the prose, then the diff with as much context as asked, and where each hunk stands."""

import re
import shutil
import textwrap

import pytest

from deltas.series import symbols
from deltas.series.hunks import hunks
from deltas.verbs import show
from lab import git, tiny_stages


def test_prose_comes_first(tiny):
    out = tiny.ok("show", "01").out
    assert out.startswith("01 frost-days  Δ1: frost days\n")
    assert "You know the weather. This is new: größer — frost-days." in out
    assert out.index("Expect: rain") < out.index("makemore.py")


def test_raw_is_the_patch_file(lab):
    for number, file in enumerate(lab.files, 1):
        assert lab.ok("show", f"{number:02d}", "--raw").raw == file.read_bytes()


def shown(out: str) -> list[tuple[str, str, str]]:
    """Return (number, mark, text) of every line of code."""
    rows = re.findall(r"^([ \d]{5}) ([-+ ]) (.*)$", out[out.index("\nmakemore.py") :], re.MULTILINE)
    return [(number.strip(), mark, text) for number, mark, text in rows]


@pytest.mark.parametrize("context", [0, 1, 3, 10, 1000])
def test_context_is_the_readers_own_checkout(tiny, context):
    """Line numbers and text are those of the stage; the added lines are the patch's whatever the context."""
    model = tiny_stages()[2]["makemore.py"].decode().split("\n")
    rows = shown(tiny.ok("show", "02", "--context", str(context)).out)
    for number, mark, text in rows:
        assert text.rstrip() == model[int(number) - 1].rstrip(), (number, mark)
    assert [text for _, mark, text in rows if mark == "+"] == [
        "        assert lines",
        "    rng.random() # the first one is never used",
    ]
    quoted = [row for row in rows if row[1] == " "]
    assert len(quoted) == {0: 0, 1: 4, 3: 11, 10: None, 1000: len(model) - 1 - 2}[context] or context == 10


def test_place_names(tiny):
    out = tiny.ok("show", "01", "--context", "1").out
    assert "makemore.py, at the top" in out and "makemore.py, in `Almanac.forget`" in out
    out = tiny.ok("show", "02").out
    assert "makemore.py, in `short_report`" in out and "makemore.py, in the main program" in out
    assert "makemore.py, in `Almanac.__init__`" in tiny.ok("show", "04").out


def test_real_makemore_places(makemore):
    out = makemore.ok("show", "01").out
    assert re.search(r"^makemore.py, (in|after) `Bigram", out, re.MULTILINE)
    assert "in the main program" in out and "counting" in out


def test_new_file_is_shown(tiny):
    (tiny.stage / "pack.txt").write_text("a\nb\n")
    git(tiny.stage, "add", "pack.txt")
    tiny.append_patch("pack")
    out = tiny.ok("show", "05").out
    assert "pack.txt" in out and "+ a" in out and "+ b" in out


def test_deleted_lines_are_shown_with_a_minus(tiny):
    tiny.edit("# the first one is never used", "# the first one is thrown away")
    tiny.append_patch("says-it-better")
    out = tiny.ok("show", "05").out
    assert re.search(r"^ +- +rng.random\(\) # the first one is never used$", out, re.MULTILINE)
    assert re.search(r"^ +\d+ \+ +rng.random\(\) # the first one is thrown away$", out, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [["00"], ["13"], [], ["01", "02"], ["01", "--context", "-1"], ["01", "--context", "x"], ["next"]]
)
def test_bad_usage(tiny, arguments):
    assert tiny.run("show", *arguments).code == 2


def test_broken_series(tiny):
    tiny.files[0].write_bytes(tiny.files[0].read_bytes()[:-5])
    assert tiny.run("show", "02").code == 3


def test_show_moves_nothing(lab):
    lab.ok("apply", "01")
    lab.add_line()
    before = lab.everything()
    lab.ok("show", "01")
    assert lab.everything() == before


def test_without_stage(tiny):
    shutil.rmtree(tiny.stage)
    assert "in the main program" in tiny.ok("show", "02").out
    assert not tiny.stage.exists()


# -- its parts --------------------------------------------------------------------------------------------------------


SOURCE = textwrap.dedent(
    """\
    import x

    @x.y
    class A:
        def f(self):
            def g():
                pass
            return g

        @property
        async def h(self): pass

    def f(): pass

    if __name__ == '__main__':
        f()
    """
)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (1, 1, "at the top"),
        (2, 2, "at the top"),
        (3, 4, "in `A`"),
        (5, 5, "in `A.f`"),
        (7, 7, "in `A.f.g`"),
        (7, 8, "in `A.f`"),
        (9, 9, "in `A`"),
        (10, 10, "in `A.h`"),
        (12, 12, "after `A`"),
        (13, 13, "in `f`"),
        (14, 14, "after `f`"),
        (12, 14, "after `A`"),
        (16, 16, "in the main program"),
        (17, 17, "after `f`"),
    ],
)
def test_places(first, last, words):
    assert symbols.Outline(SOURCE).place(first, last) == words


def test_places_of_what_is_not_python():
    for source in ("def (:\n", "x = '\0'\n", "(" * 1000, f"x = {'(' * 150}1{')' * 150}\n"):
        assert symbols.spans(source) == []
    assert symbols.spans("def (:\n") == [] and symbols.Outline("def (:\n").place(1, 2) == "at the top"


def test_places_in_a_file_that_nests_deeply():
    """A chain of elif and a long sum are deep trees to Python, and no reason to fall over."""
    chain = "if a == 0:\n    pass\n" + "".join(f"elif a == {n}:\n    pass\n" for n in range(1, 1500))
    outline = symbols.Outline(f"def f():\n    pass\n{chain}x = {' + '.join(['1'] * 2000)}\ndef g():\n    pass\n")
    assert [span.name for span in outline.spans] == ["f", "g"]
    assert outline.place(2000, 2000) == "after `f`"


def test_a_file_is_highlighted_once(tiny, monkeypatch):
    import pygments

    painted = []
    highlight = pygments.highlight
    monkeypatch.setattr(pygments, "highlight", lambda *arguments: painted.append(1) or highlight(*arguments))
    monkeypatch.setattr("deltas.core.console.coloured", lambda _: True)
    show._painted.cache_clear()
    assert tiny.ok("show", "01").out.count("makemore.py") == 2
    assert len(painted) == 1


def test_hunks_number_their_lines(tiny):
    diff = tiny.files[1].read_bytes()
    diff = diff[diff.index(b"\ndiff --git ") + 1 :]
    before, after = (tiny_stages()[n]["makemore.py"].decode().split("\n") for n in (1, 2))
    for hunk in hunks(diff, tiny_stages()[2]):
        for line in hunk.lines:
            assert line.old is None or before[line.old - 1] == line.text
            assert line.new is None or after[line.new - 1] == line.text
            assert (line.old is None) == (line.kind == "+")
