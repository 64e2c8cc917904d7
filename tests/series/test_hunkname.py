"""Names of hunks, and upstream's line numbers: by what is added, by arithmetic; never by count, never by looking."""

import itertools

from deltas.series import hunkname, hunks, origin, patches
from deltas.series.hunks import Hunk, Line
from lab import adding


def hunk(*lines: str, path: str = "makemore.py") -> Hunk:
    return Hunk(path, "", [Line(text[0], 1, 1, text[1:]) for text in lines])


def names(*hunks: Hunk) -> list[str]:
    return hunkname.names(hunks)


def test_by_what_it_adds():
    assert names(
        hunk(" x", "+", "+# ruler", "+class BigramCount(Bigram):", "+    def count(self):"),
        hunk(" x", "+    parser.add_argument('--split-seed', type=int)"),
        hunk(" x", "-    parser.epilog = 'a'", "+    parser.epilog = 'b'"),
        hunk(" x", "+    # why", "+    if args.seed is not None and more:"),
        hunk(" x", "-    old_thing(3)"),
        hunk("+fog", path="town/days.txt"),
        hunk(" x", "+"),
    ) == ["bigram-count", "split-seed", "parser-epilog", "if-args-seed-is-not", "without-old-thing-3",
          "town-days-txt-fog", "lines"]  # fmt: skip


def test_names_that_would_be_shared_grow_on_both_sides():
    first = hunk(" a = 1", "+    self.seen = {}", "+    return self")
    second = hunk(" b = 1", "+    self.seen = {}", "+    return None")
    assert names(first, second) == ["self-seen-return-self", "self-seen-return-none"]
    assert names(second, first) == ["self-seen-return-none", "self-seen-return-self"]


def test_the_same_lines_at_two_places_take_the_place():
    first, second = hunk(" alpha", "+x = 1", " beta"), hunk(" gamma", "+x = 1", " delta")
    assert names(first, second) == ["x-alpha", "x-gamma"]


def test_hunks_that_nothing_tells_apart_still_differ():
    same = hunk(" a", "+x = 1", " b")
    three = names(same, same, same)
    assert len(set(three)) == 3 and not any(character.isdigit() for name in three for character in name)


def test_another_hunk_does_not_rename(tiny):
    """Stable: other hunks may come and go, lines may move."""
    whole = [hunk(" x", f"+def f{letter}():", "+    pass") for letter in "abcd"]
    alone = {tuple(one.lines): names(one)[0] for one in whole}
    for some in itertools.permutations(whole, 3):
        assert names(*some) == [alone[tuple(one.lines)] for one in some]
    for patch in patches.load(tiny.patches):
        told_apart = hunkname.names(hunks.hunks(patch.diff, {}))
        assert len(set(told_apart)) == len(told_apart)


def test_upstream_lines_across_a_removal_without_context():
    """A later patch may drop what an earlier one added; git then names the line before the hunk."""
    head = adding({"x.py": 1}).partition(b"diff --git ")[0]
    diff = f"diff --git a/m.py b/m.py\nindex {'1' * 40}..{'2' * 40} 100644\n--- a/m.py\n+++ b/m.py\n"
    one = patches.parse("01-x.patch", head + diff.encode() + b"@@ -3,2 +2,0 @@\n-c\n-d\n@@ -9,0 +8,1 @@\n+new\n")
    origins = [origin.upstream_line(patches.Series([one]), 1, "m.py", line) for line in range(1, 11)]
    assert origins == [1, 2, 5, 6, 7, 8, 9, None, 10, 11]
    assert origin.upstream_line(patches.Series([one]), 1, "other.py", 8) == 8


def test_upstream_lines_by_arithmetic_are_upstream_s_lines(lab):
    """Every line of every stage: either a patch's, or the upstream line of that number, each once and in order."""
    lab.ok("apply", "last")
    series = patches.load(lab.patches)
    held = [lab.held(f"stage/{number:02d}") for number in range(lab.last + 1)]
    for number in range(lab.last + 1):
        for path in {file.path for patch in series for file in patch.files}:
            if path not in held[number]:
                continue  # a later patch brings it
            upstream, stage = (held[n].get(path, b"").decode().split("\n") for n in (0, number))
            origins = [origin.upstream_line(series, number, path, n) for n in range(1, len(stage) + 1)]
            assert all(stage[i] == upstream[line - 1] for i, line in enumerate(origins) if line)
            assert [line for line in origins if line] == list(range(1, len(upstream) + 1))
