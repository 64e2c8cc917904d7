"""What the figures of attention say, against loops over plain lists, and turned around with the data."""

import re

import pytest
import torch

import fakeruns

attention = fakeruns.program("transformer-baseline")

WORDS = ("isabella", "maximilian")
TRAINED = ("transformer", "mlp", "no-positions")
EVENLY = "evenly"

# where a head puts its attention: row t -> the column with most of it
HEADS = {"itself": lambda t: t, "the one before": lambda t: max(t - 1, 0), "the start": lambda _: 0}


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


def make(tmp_path, *, kinds=(("itself", "the one before"), ("the start", EVENLY)), maps=None, **metrics):
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
    for at, run in enumerate((*TRAINED, "kneser-ney")):
        values = {name: by_run[run] for name, by_run in metrics.items()}
        first, *_ = fake.add(run, **values, test_loss_unseen=[loss + 0.03 for loss in values["test_loss"]])
        if run in TRAINED:
            fakeruns.write_log(first, [(10 * n, 3 - 0.01 * n - 0.1 * at, 0.05) for n in range(40)])
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
        ((("itself", "the one before"), ("the start", EVENLY)),
         "Of the 4 heads, those that look mostly at one place are marked: 1 at the letter itself, 1 at the letter "
         "before and 1 at the start."),
        ((("the start", "the start"), (EVENLY, EVENLY)),
         "Of the 4 heads, those that look mostly at one place are marked: 2 at the start."),
        (((EVENLY, EVENLY), (EVENLY, EVENLY)), "None of the 4 heads looks mostly at one place."),
    ],
)  # fmt: skip
def test_who_does_what(tmp_path, kinds, says):
    fake = make(tmp_path, kinds=kinds)
    for word in WORDS:
        assert says in caption(fake, f"attention-{word}")


def test_heads_are_marked_by_what_they_look_at(tmp_path):
    figure = fakeruns.named(attention.figures(make(tmp_path).runs()))["attention-isabella"]
    panels = fakeruns.canvas(figure)
    assert [(axes.get_title(loc="left"), axes.get_title(loc="right")) for axes in panels[:4]] == [
        ("1.1", "itself, 90 %"), ("1.2", "the one before, 90 %"), ("2.1", "the start, 90 %"), ("2.2", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "marked"), [(0.55, True), (0.45, False)])
def test_a_head_is_marked_from_half_of_its_attention_on(tmp_path, share, marked):
    fake = make(tmp_path, maps=lambda length: [[head("the one before", length, share)]])
    assert ("1 at the letter before" in caption(fake, "attention-maximilian")) == marked


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        ((("itself", "the one before"),), "Every head looks most at one distance, whatever the letters are"),
        ((("itself", "the start"),), "In 1 of the 2 heads the distance looked at most differs from row to row"),
        ((("the start", "the start"),), "In 2 of the 2 heads the distance looked at most differs from row to row"),
    ],
)
def test_whether_a_fixed_window_could_do_it(tmp_path, kinds, says):
    assert says in caption(make(tmp_path, kinds=kinds), "attention-isabella")


def test_a_head_that_changes_its_mind_is_no_window(tmp_path):
    fake = make(tmp_path, maps=lambda length: [[zigzag(length), head("itself", length)]])
    assert "In 1 of the 2 heads" in caption(fake, "attention-isabella")


def test_rows_say_where_the_last_letter_looks(tmp_path):
    rows = fakeruns.named(attention.figures(make(tmp_path).runs()))["attention-isabella"].rows
    assert rows[:3] == (
        (1, 1, "itself", "a", 0, 0.9), (1, 2, "the one before", "l", 1, 0.9), (2, 1, "the start", ".", 8, 0.9),
    )  # fmt: skip


# -- curves -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test", "says"),
    [
        (1.70, 1.91, "The final MLP is better than the transformer on the names that both were trained on (1.700 "
         "against 1.760), but worse than it on the test names (1.910 against 1.890)."),
        (1.80, 1.91, "(1.800 against 1.760), and worse than it on the test names"),
        (1.70, 1.85, "(1.700 against 1.760), and better than it on the test names"),
        (1.80, 1.85, "is worse than the transformer on the names that both were trained on (1.800 against 1.760), "
         "but better"),
        (1.76, 1.89, "is the same as the transformer on the names that both were trained on (1.760 against 1.760), "
         "and the same as it on the test names"),
    ],
)  # fmt: skip
def test_fitting_the_training_names_is_not_the_comparison(tmp_path, train, test, says):
    fake = make(tmp_path)
    mlp = next(result for result in fake.results if result.plan.run.name == "mlp")
    mlp.metrics |= {"train_loss": train, "test_loss": test}
    assert says in caption(fake, "curves")


def test_title_and_axis_say_that_it_is_the_training_loss(tmp_path):
    figure = fakeruns.named(attention.figures(make(tmp_path).runs()))["curves"]
    assert "training" in figure.title
    (axes,) = fakeruns.canvas(figure)
    assert "training names" in axes.get_ylabel()


def test_diamonds_are_the_test_losses_of_the_pictured_seed(tmp_path):
    (axes,) = fakeruns.canvas(fakeruns.named(attention.figures(make(tmp_path).runs()))["curves"])
    diamonds = {line.get_label(): list(line.get_ydata()) for line in axes.lines if line.get_marker() == "D"}
    assert diamonds == {
        "transformer: test names, at the end": [1.890],
        "mlp: test names, at the end": [1.91],
        "no-positions: test names, at the end": [1.896],
    }
    low, high = axes.get_ylim()
    assert all(low < loss[0] < high for loss in diamonds.values())


def test_a_point_of_a_curve_is_the_mean_of_ten_lines(tmp_path):
    rows = fakeruns.named(attention.figures(make(tmp_path).runs()))["curves"].rows
    mlp = [(step, loss) for run, step, loss in rows if run == "mlp"]
    assert mlp == [(at + 90, pytest.approx(2.9 - 0.01 * (at / 10 + 4.5), abs=1e-4)) for at in (0, 100, 200, 300)]


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
    assert list(figures) == ["attention-isabella", "attention-maximilian", "curves", "losses"]
    words = fakeruns.drawn(figures, tmp_path / "drawn")
    for word in WORDS:
        letters = "".join(text for text in words[f"attention-{word}"] if re.fullmatch("[a-z.]", text))
        assert letters.count(f".{word}") == 4, "letters below both columns and beside both rows"
    assert "mlp: training batches" in words["curves"] and "1.920" in words["losses"]
