"""`show`: the prose, then the diff with as much context as asked, and where each hunk stands."""

import re
import shutil
import textwrap

import pytest

from deltas.core import console
from deltas.pages import highlight
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
    "arguments",
    [
        ["00"],
        ["13"],
        ["01", "02"],
        ["01", "--context", "-1"],
        ["01", "--context", "x"],
        ["next"],
        ["01", "--color", "x"],
    ],
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


# -- where you stand -----------------------------------------------------------------------------------------------


def test_without_a_number_it_is_the_stage_where_you_stand(tiny):
    tiny.ok("apply", "02")
    tiny.add_line()  # an edit on top changes nothing about that
    for words, number in (([], "02"), (["here"], "02"), (["next"], "03"), (["prev"], "01")):
        assert tiny.ok("show", *words).out == tiny.ok("show", number).out, words
    tiny.ok("apply", "00", "--discard")
    assert "stage 00 is upstream itself" in tiny.run("show").err


@pytest.mark.parametrize("verb", ["show", "train", "sample"])
def test_nobody_stands_where_there_is_no_stage(tiny, verb):
    shutil.rmtree(tiny.stage)
    refused = tiny.run(verb)
    assert refused.code == 2 and "scripts/apply.sh 01" in refused.err
    assert not tiny.stage.exists()


def test_nobody_stands_at_a_stage_of_an_earlier_series(tiny):
    tiny.ok("apply", "04")
    tiny.files[3].unlink()
    refused = tiny.run("show")
    assert refused.code == 2 and "of an earlier series" in refused.err and "→ scripts/apply.sh 03" in refused.err
    assert tiny.ok("apply").out.splitlines()[-1] == "  scripts/apply.sh 03"
    tiny.ok("apply", "03")


# -- at a terminal ---------------------------------------------------------------------------------------------------

STYLE = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_a_long_line_goes_on_under_its_gutter(tiny, columns):
    """Nothing is lost and nothing is longer than the terminal; the gutter holds numbers and marks alone."""
    wrapped = STYLE.sub("", tiny.at_a_terminal("show", "03", columns=columns, env={"PAGER": "cat"}).out)
    assert max(map(len, wrapped.splitlines())) <= columns
    whole: list[str] = []
    for line in wrapped[wrapped.index("\nmakemore.py") :].splitlines():
        if line.startswith(" " * 8):
            whole[-1] += line
        else:
            whole.append(line)
    plain = tiny.ok("show", "03").out
    expected = plain[plain.index("\nmakemore.py") :].splitlines()
    assert ["".join(row.split()) for row in whole] == ["".join(row.split()) for row in expected]
    if columns == 60:  # the rest of a line stands further in than the line itself: it is no code of less depth
        assert re.search(r"^ +\d+ \+ {5}parser.add_argument.*\n {16}\S", wrapped, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "room", "rows"),
    [
        ("return a + b", 9, ["return a ", "+ b"]),
        ("return a + b", 12, ["return a + b"]),
        ("returnab", 4, ["retu", "rnab"]),
        ("a returnab", 6, ["a retu", "rnab"]),  # a blank near the front is no place to break
        ("", 4, [""]),
        ("return a + b", None, ["return a + b"]),
    ],
)
def test_where_a_line_is_broken(text, room, rows):
    """Whatever its tokens are."""
    hanging = show.wrapped([("", "a b c d e f")], 6, hang=2)
    assert ["".join(part for _, part in row) for row in hanging] == ["a b c ", "d e ", "f"]
    for cut in range(len(text) + 1):
        tokens = [("k", text[:cut]), ("", text[cut:])]
        broken = list(show.wrapped(tokens, room))
        assert ["".join(part for _, part in row) for row in broken] == rows
        assert "".join(part for row in broken for kind, part in row if kind) == text[:cut]


PAGERS = {
    "its own": ({"DELTAS_PAGER": "{pager}", "PAGER": "false"}, True),
    "everybody's": ({"PAGER": "{pager}"}, True),
    "with options of less": ({"PAGER": "{pager}", "LESS": "-S"}, True),
    "none": ({"DELTAS_PAGER": "cat", "PAGER": "{pager}"}, False),
    "an empty one": ({"DELTAS_PAGER": "", "PAGER": "{pager}"}, False),
}


@pytest.mark.parametrize(("env", "paged"), PAGERS.values(), ids=PAGERS)
def test_pager(tiny, tmp_path, env, paged):
    seen, pager = tmp_path / "seen", tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\necho "LESS=$LESS" >"{seen}"\ncat >>"{seen}"\n')
    pager.chmod(0o755)
    env = {name: value.format(pager=pager) for name, value in env.items()}
    done = tiny.at_a_terminal("show", "01", columns=200, env=env)
    assert done.code == 0 and seen.exists() is paged, done
    if paged:
        options, _, text = seen.read_text().partition("\n")
        assert options == f"LESS={env.get('LESS', 'FRX')}" and done.out == ""
        assert STYLE.sub("", text) == tiny.ok("show", "01").out and STYLE.search(text)
    seen.unlink(missing_ok=True)
    assert "Expect: rain" in tiny.at_a_terminal("show", "01", "--no-pager", env=env).out and not seen.exists()
    assert "Expect: rain" in tiny.ok("show", "01").out and not seen.exists(), "a pipe needs no pager"


@pytest.mark.parametrize("pager", ["true", "no-such-pager --at-all"])
def test_a_pager_that_does_not_read_is_no_accident(tiny, pager):
    done = tiny.at_a_terminal("show", "01", "--context", "1000", env={"PAGER": pager})
    assert done.code == 0 and "Traceback" not in done.out
    assert ("Expect: rain" in done.out) is (pager != "true")


def test_color(tiny):
    """As git has it: on a terminal, unless it is told otherwise."""
    env = {"PAGER": "cat"}
    assert STYLE.search(tiny.at_a_terminal("show", "01", env=env).out)
    assert not STYLE.search(tiny.at_a_terminal("show", "01", env=env | {"NO_COLOR": "1"}).out)
    assert not STYLE.search(tiny.at_a_terminal("show", "01", "--color", "never", env=env).out)
    assert not STYLE.search(tiny.ok("show", "01").out)
    coloured = tiny.ok("show", "01", "--color", "always").out
    assert STYLE.search(coloured) and STYLE.sub("", coloured) == tiny.ok("show", "01").out


def rgb(colour: int) -> tuple[int, int, int]:
    """One of the colours 16 to 255 of a terminal, as xterm defines them."""
    if colour >= 232:
        return (8 + 10 * (colour - 232),) * 3
    steps = (0, 95, 135, 175, 215, 255)
    return steps[(colour - 16) // 36], steps[(colour - 16) // 6 % 6], steps[(colour - 16) % 6]


def luminance(colour: tuple[int, int, int]) -> float:
    """As WCAG 2 defines it."""
    shares = [part / 255 for part in colour]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    "colour", [console.GOOD, console.BAD, console.QUIET, *(how["fg"] for how in show.COLOURS.values() if "fg" in how)]
)
def test_colours_are_legible_on_white_and_on_black(colour):
    assert colour >= 16, "the first 16 are what the terminal's theme makes of them"
    light = luminance(rgb(colour))
    assert min(1.05 / (light + 0.05), (light + 0.05) / 0.05) >= 4


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
    painted = []
    lexer = highlight.get_lexer_for_filename
    monkeypatch.setattr(
        highlight, "get_lexer_for_filename", lambda *given, **how: painted.append(given) or lexer(*given, **how)
    )
    highlight.lines.cache_clear()
    assert tiny.ok("show", "01", "--color", "always").out.count("makemore.py") == 2
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
