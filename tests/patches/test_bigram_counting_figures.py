"""What the table of counts says of itself, against the same table as plain lists."""

import math
import random
import re

import pytest
import torch

import fakeruns

LETTERS = ".abcdefghijklmnopqrstuvwxyz"
counting = fakeruns.program("bigram-counting")


def random_table(seed: int = 1) -> list[list[float]]:
    """Return 27 rows of probabilities that have nothing to do with names."""
    draws = random.Random(seed)
    return [normalised([draws.random() ** 4 for _ in LETTERS]) for _ in LETTERS]


def normalised(row: list[float]) -> list[float]:
    return [value / sum(row) for value in row]


def counts(tmp_path, P: list[list[float]]):
    fake = fakeruns.FakeRuns(tmp_path / "out")
    (folder,) = fake.add("counted")
    torch.save({"logits": torch.tensor(P).log()}, folder / "model.pt")
    return fakeruns.named(counting.figures(fake.runs()))["counts"]


def favourites(caption: str) -> tuple[str, ...]:
    """Return what the caption says: the most frequent first letter and last letter, and their shares."""
    said = re.search(r"begin with (\w) .*?\((\d+ %)\), and .* end after (\w) than .*?\((\d+ %)\)\.", caption)
    assert said, caption
    return said.groups()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_caption_names_the_likeliest_first_and_last_letter(tmp_path, seed):
    P = random_table(seed)
    first = max(range(1, 27), key=lambda j: P[0][j])
    last = max(range(1, 27), key=lambda i: P[i][0])
    shares = [f"{100 * share:.0f} %" for share in (P[0][first], P[last][0])]
    assert favourites(counts(tmp_path, P).caption) == (LETTERS[first], shares[0], LETTERS[last], shares[1])


def test_the_caption_turns_with_the_table(tmp_path):
    P = random_table()
    P[0][17], P[21][0] = 3.0, 30.0  # q begins, u ends
    assert favourites(counts(tmp_path, [normalised(row) for row in P]).caption)[::2] == ("q", "u")


def test_the_name_of_no_letters_is_no_letter(tmp_path):
    P = random_table()
    P[0][0] = 5.0  # likelier than any letter, both as a beginning and as an end
    assert "." not in favourites(counts(tmp_path, [normalised(row) for row in P]).caption)[::2]


@pytest.mark.parametrize(("wide", "says"), [(1, 1), (5, 4), (20, 16)])
def test_the_description_says_how_narrow_a_row_is(tmp_path, wide, says):
    """All of a row lies evenly in its first columns: 80 % of it in four fifths of them."""
    P = [normalised([1.0 if j < wide else 1e-9 for j in range(27)]) for _ in LETTERS]
    assert fakeruns.number(counts(tmp_path, P).description, r"80 % of its probability in (\d+) of") == says


def test_the_description_names_the_heaviest_columns(tmp_path):
    P = [normalised([{0: 9.0, 26: 8.0, 3: 7.0, 9: 6.0, 2: 5.0}.get(j, 0.1) for j in range(27)]) for _ in LETTERS]
    assert counts(tmp_path, P).description.endswith("are those of the end of a name, z, c, i and b.")


def test_rows_hold_the_most_probable_next_character(tmp_path):
    P = random_table()
    for row, (character, following, share) in zip(P, counts(tmp_path, P).rows, strict=True):
        assert row[LETTERS.index(following)] == max(row)
        assert math.isclose(share, max(row), abs_tol=5e-5), character


def test_without_the_run_there_is_no_figure(tmp_path):
    assert counting.figures(fakeruns.FakeRuns(tmp_path).runs()) == []


@pytest.mark.slow
def test_the_picture_is_drawn(tmp_path):
    figure = counts(tmp_path, random_table())
    words = fakeruns.drawn({"counts": figure}, tmp_path / "drawn")["counts"]
    assert words.count("q") == 2 and "P(next | character)" in words  # a row and a column
