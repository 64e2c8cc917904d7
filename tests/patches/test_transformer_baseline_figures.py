"""What the figures of attention say, against loops over plain lists, and turned around with the data."""

import re

import pytest
import torch

import fakeruns

attention = fakeruns.program("transformer-baseline")

WORDS = ("isabella",)
TRAINED = ("transformer", "mlp", "no-positions")
EVENLY = "evenly"

# where a head puts its attention: row t -> the column with most of it
HEADS = {
    "itself": lambda t: t,
    "before": lambda t: max(t - 1, 0),
    "2 before": lambda t: max(t - 2, 0),
    "start": lambda _: 0,
}


def head(kind: str, length: int, share: float = 0.9) -> list[list[float]]:
    """Return a triangular map, rows sum to 1, with `share` of it where the kind says, or even over the row."""
    rows = []
    for t in range(length):
        row = [1 / (t + 1)] * (t + 1)
        if kind != EVENLY and t > 0:
            row = [(1 - share) / t] * (t + 1)
            row[HEADS[kind](t)] = share
        rows.append(row + [0.0] * (length - t - 1))
    return rows


def zigzag(length: int) -> list[list[float]]:
    """Return a map that looks one back in even rows and two back in odd ones."""
    rows = []
    for t in range(length):
        row = [0.0] * length
        row[max(t - 1 - t % 2, 0)] = 1.0
        rows.append(row)
    return rows


def make(tmp_path, *, kinds=(("itself", "before"), ("start", EVENLY)), maps=None, **metrics):
    """Return runs with attention maps, logs, and metrics: name -> run -> values of the seeds.

    kinds: of the heads, layer by layer. maps(length): the maps themselves, in their place.
    """
    fake = fakeruns.FakeRuns(tmp_path / "out")
    metrics = {
        "test_loss": {"transformer": [1.890, 1.892], "mlp": [1.91, 1.93], "no-positions": [1.896, 1.898],
                      "kneser-ney": [1.937, 1.937]},
        "train_loss": {"transformer": [1.76, 1.77], "mlp": [1.70, 1.71], "no-positions": [1.78, 1.79],
                       "kneser-ney": [1.62, 1.62]},
        "steps": {"transformer": [2000] * 2, "mlp": [2000] * 2, "no-positions": [2000] * 2, "kneser-ney": [0] * 2},
    } | metrics  # fmt: skip
    for run in (*TRAINED, "kneser-ney"):
        values = {name: by_run[run] for name, by_run in metrics.items()}
        first, *_ = fake.add(run, **values, test_loss_unseen=[loss + 0.03 for loss in values["test_loss"]])
        if run == "transformer":
            by_word = {
                word: maps(len(word) + 1)
                if maps
                else [[head(kind, len(word) + 1) for kind in layer] for layer in kinds]
                for word in WORDS
            }
            torch.save({word: torch.tensor(heads) for word, heads in by_word.items()}, first / "attention.pt")
    return fake


def caption(fake, name: str) -> str:
    return fakeruns.named(attention.figures(fake.runs()))[name].caption


# -- attention --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        ((("itself", "before"), ("start", EVENLY)),
         "Of the 4 heads, those that look mostly at one place are framed: 1 at the letter itself, 1 at the letter "
         "before and 1 at the start."),
        ((("start", "start"), (EVENLY, EVENLY)),
         "Of the 4 heads, those that look mostly at one place are framed: 2 at the start."),
        (((EVENLY, EVENLY), (EVENLY, EVENLY)), "None of the 4 heads looks mostly at one place."),
    ],
)  # fmt: skip
def test_who_does_what(tmp_path, kinds, says):
    assert says in caption(make(tmp_path, kinds=kinds), "attention")


def test_heads_are_marked_by_what_they_look_at(tmp_path):
    figure = fakeruns.named(attention.figures(make(tmp_path).runs()))["attention"]
    panels = fakeruns.canvas(figure)
    assert [(axes.get_title(loc="left"), axes.get_title(loc="right")) for axes in panels[:4]] == [
        ("1.1", "itself 90 %"), ("1.2", "before 90 %"), ("2.1", "start 90 %"), ("2.2", "itself 17 %"),
    ]  # fmt: skip
    framed = [all(side.get_visible() for side in axes.spines.values()) for axes in panels[:4]]
    assert framed == [True, True, True, False]


@pytest.mark.parametrize(("share", "marked"), [(0.55, True), (0.45, False)])
def test_a_head_is_marked_from_half_of_its_attention_on(tmp_path, share, marked):
    fake = make(tmp_path, maps=lambda length: [[head("before", length, share)]])
    assert ("1 at the letter before" in caption(fake, "attention")) == marked


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        ((("itself", "before"),), "Every head looks most at one distance, whatever the letters are"),
        ((("itself", "start"),), "In 1 of the 2 heads the distance looked at most differs from row to row"),
        ((("start", "start"),), "In 2 of the 2 heads the distance looked at most differs from row to row"),
    ],
)
def test_whether_a_fixed_window_could_do_it(tmp_path, kinds, says):
    assert says in caption(make(tmp_path, kinds=kinds), "attention")


def test_a_head_that_changes_its_mind_is_no_window(tmp_path):
    fake = make(tmp_path, maps=lambda length: [[zigzag(length), head("itself", length)]])
    assert "In 1 of the 2 heads" in caption(fake, "attention")


def test_rows_say_where_the_last_letter_looks(tmp_path):
    rows = fakeruns.named(attention.figures(make(tmp_path).runs()))["attention"].rows
    assert rows[:3] == (
        (1, 1, "itself", 0.9, "a", 0, 0.9), (1, 2, "before", 0.9, "l", 1, 0.9), (2, 1, "start", 0.9, ".", 8, 0.9),
    )  # fmt: skip


# -- the gap between train and other names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test", "says"),
    [
        (1.70, 1.91, "On the names that both were trained on, the MLP is better than the transformer (1.700 against "
         "1.765); on names that train lacks it is worse than the transformer (1.940 "
         "against 1.921)."),
        (1.80, 1.91, "the MLP is worse than the transformer (1.800 against 1.765); on names that train lacks it is "
         "worse than the transformer"),
        (1.70, 1.85, "(1.700 against 1.765); on names that train lacks it is better than the transformer "
         "(1.880 against 1.921)."),
        (1.76, 1.90, "the MLP is about as good as (within 0.01 nats) the transformer (1.760 against 1.765); on names "
         "that train lacks it is about as good as (within 0.01 nats) the transformer (1.930 against 1.921)"),
    ],
)  # fmt: skip
def test_fitting_the_training_names_is_not_the_comparison(tmp_path, train, test, says):
    usual = {"transformer": [1.890, 1.892], "no-positions": [1.896, 1.898], "kneser-ney": [1.937] * 2}
    trained = {"transformer": [1.76, 1.77], "no-positions": [1.78, 1.79], "kneser-ney": [1.62] * 2}
    fake = make(tmp_path, test_loss=usual | {"mlp": [test] * 2}, train_loss=trained | {"mlp": [train] * 2})
    assert says in caption(fake, "gap")


def test_the_gap_shows_both_losses_of_every_run(tmp_path):
    rows = fakeruns.named(attention.figures(make(tmp_path).runs()))["gap"].rows
    assert rows[:2] == (("transformer", 1.765, 1.921, 0.156), ("mlp", 1.705, 1.95, 0.245))
    assert [row[0] for row in rows] == [*TRAINED, "kneser-ney"]


# -- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "After 2,000 steps each, the loss of the transformer is 1.891 and that of the MLP 1.920."),
        ({"mlp": [1.80, 1.82]}, "the loss of the transformer is 1.891 and that of the MLP 1.810."),
        ({}, "Without position embeddings it hardly changes (1.891 to 1.897)."),
        ({"no-positions": [1.99, 1.99]}, "Without position embeddings it rises from 1.891 to 1.990."),
        ({"no-positions": [1.79, 1.79]}, "Without position embeddings it falls from 1.891 to 1.790."),
        ({}, "reach 1.937."),
        ({"kneser-ney": [1.80, 1.80]}, "reach 1.800."),
    ],
)
def test_the_losses_are_compared_as_they_are(tmp_path, changed, says):
    usual = {
        "transformer": [1.890, 1.892],
        "mlp": [1.91, 1.93],
        "no-positions": [1.896, 1.898],
        "kneser-ney": [1.937] * 2,
    }
    assert says in caption(make(tmp_path, test_loss=usual | changed), "losses")


def test_a_different_budget_is_told(tmp_path):
    steps = {"transformer": [2000] * 2, "mlp": [4000] * 2, "no-positions": [2000] * 2, "kneser-ney": [0] * 2}
    assert caption(make(tmp_path, steps=steps), "losses").startswith("After different numbers of steps, the loss")


# -- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("without", [*TRAINED, "kneser-ney"])
def test_without_one_of_the_runs_there_are_no_figures(tmp_path, without):
    assert attention.figures(make(tmp_path).runs(without=[without])) == []


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    figures = fakeruns.named(attention.figures(make(tmp_path).runs()))
    assert list(figures) == ["attention", "gap", "losses"]
    words = fakeruns.drawn(figures, tmp_path / "drawn")
    letters = "".join(text for text in words["attention"] if re.fullmatch("[a-z.]", text))
    assert letters.count(".isabella") == 4, "letters below both columns and beside both rows"
    assert "on test names that train lacks" in words["gap"] and "1.920" in words["losses"]
