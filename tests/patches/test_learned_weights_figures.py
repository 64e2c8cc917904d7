"""What the figures of learned weights say, against sums in plain Python, and turned around with the data."""

import math

import pytest
import torch

import fakeruns

LETTERS = ".abcdefghijklmnopqrstuvwxyz"
weights = fakeruns.program("learned-weights")

# Every row of this table is the same distribution. So it is also how often each character comes.
OFTEN = [0.85**i for i in range(27)]
OFTEN = [value / sum(OFTEN) for value in OFTEN]
FASTER = ["--type", "bigram-onehot", "-l", "5e-3"]


def table(shift: float = 0.0, rows=range(27)) -> list[list[float]]:
    """Return OFTEN in every row; in some, `shift` of the probability has moved from the first column to the last."""
    moved = [OFTEN[0] - shift, *OFTEN[1:-1], OFTEN[-1] + shift]
    return [moved if i in rows else OFTEN for i in range(27)]


def logits(P: list[list[float]]) -> torch.Tensor:
    return torch.tensor(P, dtype=torch.float64).log() + 3  # a constant in a row makes no difference


def divergence(Q: list[list[float]]) -> float:
    """Return the oracle, KL(OFTEN ‖ Q), a row weighed by how often it is asked."""
    return sum(
        OFTEN[i] * OFTEN[j] * math.log(OFTEN[j] / Q[i][j]) for i in range(27) for j in range(27)
    )  # fmt: skip


def make(
    tmp_path,
    *,
    learned=None,
    traces=None,
    names=(("ana", "bo"), ("ana", "bo")),
    same=0.9,
    losses=None,
    args=FASTER,
    moving=range(27),
):
    """Return runs whose tables, names and losses are these.

    traces: the first and the last shift of a run's table while it trains. moving: the rows that are shifted there.
    """
    fake = fakeruns.FakeRuns(tmp_path / "out")
    usual = {"counted": 2.45, "learned": 2.452, "looked-up": 2.451, "unregularised": 2.4508}
    losses = usual | {"default-rate": 2.744, "kneser-ney": 1.937} | (losses or {})
    tables = {"counted": table(), "learned": learned or table(0.02), "default-rate": table(0.14)}
    traces = {"learned": (0.12, 0.01), "default-rate": (0.14, 0.12)} | (traces or {})
    for run, loss in losses.items():
        more = {"same_characters": [same] * 2} if run == "learned" else {}
        arguments = {"learned": args, "default-rate": ["--type", "bigram-onehot"]}.get(run, [])
        folders = fake.add(run, args=arguments, test_loss=[loss, loss], test_loss_unseen=[loss + 0.05] * 2, **more)
        for folder in folders:
            if run in tables:
                torch.save({"logits": logits(tables[run])}, folder / "model.pt")
            if run in traces:
                first, last = traces[run]
                shifts = [first + (last - first) * at / 39 for at in range(40)]
                torch.save(
                    (tuple(range(50, 2001, 50)), tuple(logits(table(shift, moving)) for shift in shifts)),
                    folder / "trace.pt",
                )
        for at, run_with_names in enumerate(("counted", "learned")):
            if run == run_with_names:
                (folders[0] / "samples.txt").write_text("".join(f"{name}\n" for name in names[at]))
    return fake


def caption(fake, name: str) -> str:
    return fakeruns.named(weights.figures(fake.runs()))[name].caption


# -- tables -----------------------------------------------------------------------------------------------------------

RARE, COMMON = range(18, 27), range(9)


@pytest.mark.parametrize(
    ("shift", "rows", "alike", "where", "rare", "common"),
    [
        (0.1, RARE, "The first two look alike", "rows of rare characters, which training seldom visits", "10 %", "0 %"),
        (0.1, COMMON, "The first two differ", "rows of common characters", "0 %", "10 %"),
        (
            0.02,
            range(27),
            "The first two look alike",
            "Rows of rare and of common characters differ alike",
            "2 %",
            "2 %",
        ),
        (0.1, range(27), "The first two differ", "Rows of rare and of common characters differ alike", "10 %", "10 %"),
    ],
)
def test_how_the_tables_differ_and_where(tmp_path, shift, rows, alike, where, rare, common):
    says = caption(make(tmp_path, learned=table(shift, rows)), "tables")
    share = shift * sum(OFTEN[i] for i in rows)
    share = f"{100 * share:.0f} %" if share > 0.005 else "less than 1 %"
    assert f"{alike}: {share} of the probability" in says
    assert where in says
    assert f"it is {rare} in the rows of the 9 rarest and {common} in those of the 9 most common" in says


def test_the_largest_difference_is_said_with_its_row(tmp_path):
    learned = table(0.01)
    learned[17] = table(0.12)[0]
    assert "The largest single difference, 0.12, is in the row of q." in caption(
        make(tmp_path, learned=learned), "tables"
    )


def test_rows_of_the_tables_hold_the_most_probable_pairs(tmp_path):
    figure = fakeruns.named(weights.figures(make(tmp_path, learned=table(0.02)).runs()))["tables"]
    assert len(figure.rows) == 20
    for first, second, counted, learned in figure.rows:
        assert first in LETTERS and second == "."  # the first column is the largest of every row
        assert (counted, learned) == (round(OFTEN[0], 4), round(OFTEN[0] - 0.02, 4))


# -- divergence -------------------------------------------------------------------------------------------------------


def test_what_is_left_to_learn_is_the_divergence(tmp_path):
    says = caption(make(tmp_path), "divergence")
    assert f"After 2,000 steps {divergence(table(0.01)):.4f} nats are left at a learning rate of 0.005" in says
    assert f"and {divergence(table(0.12)):.2f} at a learning rate of 0.0005, makemore's default" in says


@pytest.mark.parametrize("moving", [range(3), range(20, 27)])
def test_a_row_weighs_as_much_as_its_character_comes(tmp_path, moving):
    says = caption(make(tmp_path, moving=moving), "divergence")
    assert f" {divergence(table(0.01, moving)):.4f} nats are left at" in says
    assert f"and {divergence(table(0.12, moving)):.2f} at" in says


@pytest.mark.parametrize(
    ("trace", "says"),
    [
        ((0.14, 0.10), "That curve is still falling: the model is not worse, it is not done."),
        ((0.14, 0.14), "That curve has stopped falling: more steps would not help."),
        ((0.10, 0.14), "That curve has stopped falling: more steps would not help."),
        ((0.14, 0.001), "The default rate loses nothing here."),
    ],
)
def test_what_the_end_of_the_slow_curve_means(tmp_path, trace, says):
    assert caption(make(tmp_path, traces={"default-rate": trace}), "divergence").endswith(says)


def test_the_learning_rate_is_the_run_s(tmp_path):
    fake = make(tmp_path, args=["--type", "bigram-onehot", "-l", "2e-2"])
    figure = fakeruns.named(weights.figures(fake.runs()))["divergence"]
    assert "at a learning rate of 0.02," in figure.caption
    assert figure.rows[0][0] == "learning rate of 0.02"


def test_rows_of_the_divergence_are_every_tenth_step(tmp_path):
    rows = fakeruns.named(weights.figures(make(tmp_path).runs()))["divergence"].rows
    assert [step for _, step, _ in rows] == [500, 1000, 1500, 2000] * 2
    assert rows[3][2] == pytest.approx(divergence(table(0.01)), abs=6e-5)
    assert rows[7][2] == pytest.approx(divergence(table(0.12)), abs=6e-5)


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (["ana", "bo"], ["ana", "bo"], "The 2 names shown are the same in both."),
        (["beloee", "bo"], ["belaee", "bo"], "1 of the 2 names shown goes apart, and of these 1 meets again: a bigram"),
        (["anab", "bod"], ["anxy", "bax"], "2 of the 2 names shown go apart, and of these none meets again."),
        (
            ["beloee", "anab", "bod"],
            ["belaee", "anxy", "bax"],
            "3 of the 3 names shown go apart, and of these 1 meets again.",
        ),
    ],
)
def test_names_that_go_apart_and_meet(tmp_path, left, right, says):
    assert says in caption(make(tmp_path, names=(left, right)), "names")


def test_the_share_of_same_characters_is_the_metric(tmp_path):
    assert "Of all characters that were drawn, 37 % are the same." in caption(make(tmp_path, same=0.371), "names")


def test_characters_that_differ_stand_out_in_both_columns(tmp_path):
    figure = fakeruns.named(weights.figures(make(tmp_path, names=(["anna"], ["anja"])).runs()))["names"]
    (axes,) = fakeruns.canvas(figure)
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert bold == ["counted", "learned", "n", "j"]


# -- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        ({"learned": 2.452}, "Learned weights end where counting ends, at 2.452 and 2.450."),
        ({"learned": 2.5}, "Learned weights end higher than counting, at 2.500 and 2.450."),
        ({"learned": 2.4}, "Learned weights end lower than counting, at 2.400 and 2.450."),
        ({}, "the same model is at 2.744 after as many steps, and still learning."),
        ({"default-rate": 2.453}, "the same model is at 2.453, no worse."),
        ({"looked-up": 2.4544}, "All 4 runs drawn here end within 0.0044 nats of each other."),
        ({"kneser-ney": 2.0}, "are 0.45 nats better than pairs."),
        ({"kneser-ney": 2.6}, "are 0.15 nats worse than pairs."),
    ],
)
def test_the_losses_are_compared_as_they_are(tmp_path, losses, says):
    assert says in caption(make(tmp_path, losses=losses), "losses")


def test_a_slow_run_that_has_stopped_is_not_said_to_be_learning(tmp_path):
    says = caption(make(tmp_path, traces={"default-rate": (0.14, 0.14)}), "losses")
    assert "the same model is at 2.744 after as many steps. " in says


def test_knowing_nothing_is_the_logarithm_of_27(tmp_path):
    assert fakeruns.number(
        caption(make(tmp_path), "losses"), r"knows nothing would be at ([\d.]+)\.$"
    ) == pytest.approx(math.log(27), abs=5e-4)


# -- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("without", "names"),
    [
        ([], ["tables", "divergence", "names", "losses"]),
        (["kneser-ney"], ["tables", "divergence", "names"]),
        (["default-rate"], ["tables", "names"]),
        (["looked-up"], ["tables", "divergence", "names"]),
        (["learned"], []),
        (["counted"], []),
    ],
)
def test_the_figures_whose_runs_are_there(tmp_path, without, names):
    assert [figure.name for figure in weights.figures(make(tmp_path).runs(without=without))] == names


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    figures = fakeruns.named(weights.figures(make(tmp_path, names=(["anna", "bo"], ["anja", "bo"])).runs()))
    words = fakeruns.drawn(figures, tmp_path / "drawn")
    assert "learned − counted" in words["tables"]
    assert "learning rate of 0.005" in words["divergence"]
    assert "".join(words["names"]).endswith("annaanjabobo")
    assert {"counted", "learned", "looked-up", "unregularised", "2.4520"} <= set(words["losses"])
    assert not {"kneser-ney", "default-rate"} & set(words["losses"]), "they would squeeze the others into one place"
