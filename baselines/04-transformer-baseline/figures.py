"""The figures of attention: a window of fixed length against a transformer."""

import statistics
from typing import Any

import numpy

from deltas.core.numbers import fixed
from deltas.figures import charts, wording
from deltas.figures.runs import Runs
from deltas.figures.style import SMALL, WIDE, Figure, Palette

WORD = "isabella"
TRAINED = ("transformer", "mlp", "no-positions")
SEEN, UNSEEN = ("train_loss", "on train"), ("test_loss_unseen", "on test names that train lacks")
MEASURES = {"test_loss": "all test names", "test_loss_unseen": "names not in train"}
PLACES = {  # where a position may look, as a panel and as a sentence call it; the start is the place before a name
    "itself": "the letter itself",
    "before": "the letter before",
    "2 before": "the one before that",
    "start": "the start",
}
MOSTLY = 0.5  # mean share of its attention from which on a head looks mostly at one place
CLOSE = 0.01  # nats that are hardly any


def figures(runs: Runs) -> list[Figure]:
    """Return the figures, where all runs are there."""
    if not runs.has(*TRAINED, "kneser-ney"):
        return []
    return [_attention(runs), _gap(runs), _losses(runs)]


def _kept(runs: Runs) -> list[list[list[list[float]]]]:
    """Return layer -> head -> position -> what it gives to each position up to itself, as it is kept."""

    def read() -> list[Any]:
        import torch  # takes seconds, and figures that are drawn again do without

        maps = torch.load(runs.first("transformer").path / "attention.pt", weights_only=True)[WORD].tolist()
        return [
            [[[round(share, 3) for share in row[: t + 1]] for t, row in enumerate(att)] for att in layer]
            for layer in maps
        ]

    kept: list[Any] = runs.keep(f"attention {WORD}", read)
    return kept


def _attention(runs: Runs) -> Figure:
    att = numpy.array(
        [[[row + [0.0] * (len(rows) - len(row)) for row in rows] for rows in layer] for layer in _kept(runs)]
    )  # (layers, heads, T, T)
    letters = "." + WORD
    layers, heads = att.shape[:2]
    looks = {at: _looks(att[at]) for at in numpy.ndindex(layers, heads)}
    rows = []
    for (layer, head), (place, share) in looks.items():
        weights = att[layer, head, -1]
        at = int(weights.argmax())
        back = len(letters) - 1 - at
        seen = (letters[at], back, round(float(weights[at]), 3))
        rows.append((layer + 1, head + 1, place, round(share, 3), *seen))

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(layers, heads, sharex=True, sharey=True, squeeze=False)
        for (layer, head), (place, share) in looks.items():
            axes = grid[layer][head]
            mesh = axes.pcolormesh(att[layer, head], cmap=palette.ramp, vmin=0, vmax=1, rasterized=True)
            axes.set_aspect("equal")
            axes.tick_params(length=0)
            mostly = share >= MOSTLY
            for side in axes.spines.values():
                side.set_visible(mostly)
                side.set_color(palette.lines[1])
                side.set_linewidth(1.6)
            axes.set_title(f"{layer + 1}.{head + 1}", loc="left", fontsize=SMALL)
            weight, colour = ("bold", palette.lines[1]) if mostly else ("normal", palette.ink)
            what = f"{place} {wording.percent(share)}"
            axes.set_title(what, loc="right", fontsize=SMALL, fontweight=weight, color=colour)
        ticks = numpy.arange(len(letters)) + 0.5
        grid[0][0].set_xticks(ticks, list(letters))
        grid[0][0].set_yticks(ticks, list(letters))
        grid[0][0].invert_yaxis()
        figure.colorbar(mesh, ax=grid, label="attention", shrink=0.5, location="bottom", aspect=40)

    return Figure(
        name="attention",
        title=f"Where each position of {WORD} looks, head by head",
        caption=(
            "A row is a position that predicts the next letter, a column one that it may look at; rows sum to 1. "
            "2.1 is the first head of the second layer. Over each head stands the place that gets most of its "
            f"attention, and how much. {_who_does_what(looks)} {_by_distance(att)}"
        ),
        description=f"A grid of {layers} by {heads} triangular heat maps, one for each layer and head: "
        + "; ".join(
            f"{layer + 1}.{head + 1} {place} {wording.percent(share)}"
            for (layer, head), (place, share) in looks.items()
        )
        + ".",
        columns=(
            "layer",
            "head",
            "looks most at",
            "share",
            "the last letter looks most at",
            "letters back",
            "attention",
        ),
        rows=tuple(rows),
        draw=draw,
        size=(WIDE, 8.2),
    )


def _looks(att: numpy.ndarray) -> tuple[str, float]:
    """Return the place (T, T) that a head looks at most, and its mean share.

    The mean is over the positions for which the places are different ones.
    """
    t = numpy.arange(3, len(att))
    shares = dict(zip(PLACES, (float(att[t, at].mean()) for at in (t, t - 1, t - 2, 0)), strict=True))
    place = max(shares, key=lambda name: shares[name])
    return place, shares[place]


def _who_does_what(looks: dict[tuple[int, ...], tuple[str, float]]) -> str:
    """Say how many heads look mostly at one place."""
    says = []
    for place, what in PLACES.items():
        number = sum(place == looked and share >= MOSTLY for looked, share in looks.values())
        if number:
            says.append(f"{number} at {what}")
    if not says:
        return f"None of the {len(looks)} heads looks mostly at one place."
    return f"Of the {len(looks)} heads, those that look mostly at one place are framed: {wording.listed(says)}."


def _by_distance(att: numpy.ndarray) -> str:
    """Say whether the favourite of a head is always as many letters back, as a fixed window would have it."""
    layers, heads, T, _ = att.shape
    back = numpy.arange(T) - att.argmax(-1)  # (layers, heads, T)
    fixed = int((back[..., 2:] == back[..., 2:3]).all(-1).sum())
    number = layers * heads
    if fixed == number:
        return "Every head looks most at one distance, whatever the letters are, as a fixed window does."
    differ = f"{number - fixed} of the {number} heads"
    return f"In {differ} the distance looked at most differs from row to row, which a fixed window cannot do."


def _gap(runs: Runs) -> Figure:
    return charts.gap(
        runs,
        (*TRAINED, "kneser-ney"),
        SEEN,
        UNSEEN,
        "loss, nats per character (lower is better)",
        name="gap",
        title="How well the names of train are known, and names that train lacks",
        caption=_fit(runs),
    )


def _fit(runs: Runs) -> str:
    """Compare the MLP with the transformer, on the names trained on and on the others."""
    (train, test), (other_train, other_test) = (
        [statistics.fmean(runs.metric(run, metric)) for metric, _ in (SEEN, UNSEEN)] for run in ("mlp", "transformer")
    )
    fits, tests = (
        f"about as good as (within {CLOSE:g} nats)"
        if abs(mlp - transformer) <= CLOSE
        else wording.compared(mlp, transformer, 3, "better", "worse")
        for mlp, transformer in ((train, other_train), (test, other_test))
    )
    return (
        f"On the names that both were trained on, the MLP is {fits} the transformer ({fixed(train, 3)} against "
        f"{fixed(other_train, 3)}); on names that train lacks it is {tests} the transformer ({fixed(test, 3)} against "
        f"{fixed(other_test, 3)}). The loss that training lowers is the left one, the loss that counts the right one."
    )


def _losses(runs: Runs) -> Figure:
    mean = {run: statistics.fmean(runs.metric(run, "test_loss")) for run in (*TRAINED, "kneser-ney")}
    transformer, mlp, counts = mean["transformer"], mean["mlp"], mean["kneser-ney"]
    return charts.dots(
        runs,
        tuple(mean),
        MEASURES,
        "test loss, nats per character (lower is better)",
        name="losses",
        title="A window or attention, with positions or without",
        caption=(
            f"{_budget(runs)}, the loss of the transformer is {fixed(transformer, 3)} and that of the MLP "
            f"{fixed(mlp, 3)}. Without position embeddings it "
            f"{wording.moves(transformer, mean['no-positions'], 3, close=CLOSE)}. Kneser-Ney counts, which nobody "
            f"trained, reach {fixed(counts, 3)}. Whether a difference is more than noise, the claims say."
        ),
    )


def _budget(runs: Runs) -> str:
    """Say how long the models were trained."""
    steps = {runs.metric(run, "steps")[0] for run in TRAINED}
    return f"After {steps.pop():,} steps each" if len(steps) == 1 else "After different numbers of steps"
