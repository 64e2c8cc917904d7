"""The figures of attention: a window of fixed length against a transformer."""

import statistics
from typing import Any

import numpy
import torch

from deltas.core.numbers import fixed
from deltas.figures import charts, wording
from deltas.figures.runs import Runs, printed_losses
from deltas.figures.style import DASHES, Figure, Palette

WORDS = ("isabella", "maximilian")
TRAINED = ("transformer", "mlp", "no-positions")
MEASURES = {"test_loss": "all test names", "test_loss_unseen": "names not in train"}
PLACES = ("itself", "the one before", "the start")  # where a position may look; the start is the place before a name
MOSTLY = 0.5  # mean share of its attention from which on a head looks mostly at one place
CLOSE = 0.01  # nats that are hardly any


def figures(runs: Runs) -> list[Figure]:
    """Return the figures, where all runs are there."""
    if not runs.has(*TRAINED, "kneser-ney"):
        return []
    return [*(_attention(runs, word) for word in WORDS), _curves(runs), _losses(runs)]


def _attention(runs: Runs, word: str) -> Figure:
    maps = torch.load(runs.first("transformer").path / "attention.pt", weights_only=True)
    att = maps[word].numpy()  # (layers, heads, T, T)
    letters = "." + word
    layers, heads = att.shape[:2]
    looks = {at: _looks(att[at]) for at in numpy.ndindex(layers, heads)}
    rows = []
    for (layer, head), (place, _) in looks.items():
        weights = att[layer, head, -1]
        at = int(weights.argmax())
        back = len(letters) - 1 - at
        rows.append((layer + 1, head + 1, place, letters[at], back, round(float(weights[at]), 3)))

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(layers, heads, sharex=True, sharey=True)
        for (layer, head), (place, share) in looks.items():
            axes = grid[layer][head]
            mesh = axes.pcolormesh(att[layer, head], cmap=palette.ramp, vmin=0, vmax=1, rasterized=True)
            axes.set_aspect("equal")
            axes.tick_params(length=0, labelsize=8)
            for side in axes.spines.values():
                side.set_visible(False)
            axes.set_title(f"{layer + 1}.{head + 1}", loc="left", fontsize=8)
            if place:
                axes.set_title(f"{place}, {wording.percent(share)}", loc="right", fontsize=8, fontweight="normal")
        ticks = numpy.arange(len(letters)) + 0.5
        grid[0][0].set_xticks(ticks, list(letters))
        grid[0][0].set_yticks(ticks, list(letters))
        grid[0][0].invert_yaxis()
        figure.colorbar(mesh, ax=grid, label="attention", shrink=0.5)

    return Figure(
        name=f"attention-{word}",
        title=f"Where each position of {word} looks, head by head",
        caption=(
            "A row is a position that predicts the next letter, a column one that it may look at; rows sum to 1. "
            f"2.1 is the first head of the second layer. {_who_does_what(looks)} {_by_distance(att)}"
        ),
        description=f"A grid of {layers} by {heads} triangular heat maps, one for each layer and head.",
        columns=("layer", "head", "looks mostly at", "the last letter looks most at", "letters back", "attention"),
        rows=tuple(rows),
        draw=draw,
        size=(7.8, 7.2),
    )


def _looks(att: numpy.ndarray) -> tuple[str, float]:
    """Return the place (T, T) that a head looks at most, and its mean share; no place where no share is large.

    The mean is over the positions for which the three places are different ones.
    """
    t = numpy.arange(2, len(att))
    shares = dict(zip(PLACES, (float(att[t, at].mean()) for at in (t, t - 1, 0)), strict=True))
    place = max(shares, key=lambda name: shares[name])
    return (place, shares[place]) if shares[place] >= MOSTLY else ("", shares[place])


def _who_does_what(looks: dict[tuple[int, ...], tuple[str, float]]) -> str:
    """Say how many heads look mostly at one place."""
    says = []
    for place, what in zip(PLACES, ("the letter itself", "the letter before", "the start"), strict=True):
        number = sum(place == looked for looked, _ in looks.values())
        if number:
            says.append(f"{number} at {what}")
    if not says:
        return f"None of the {len(looks)} heads looks mostly at one place."
    return f"Of the {len(looks)} heads, those that look mostly at one place are marked: {wording.listed(says)}."


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


def _curves(runs: Runs) -> Figure:
    shown = {run: printed_losses(runs.first(run)) for run in TRAINED}
    ends = {run: (runs.metric(run, "train_loss")[0], runs.metric(run, "test_loss")[0]) for run in TRAINED}

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(TRAINED):
            steps, losses = shown[run]
            colour = palette.lines[at]
            axes.plot(steps, losses, color=colour, linestyle=DASHES[at], label=f"{run}: training batches")
            beyond = steps[-1] * (1.02 + 0.035 * at)
            axes.plot([beyond], [ends[run][1]], "D", color=colour, ms=6, label=f"{run}: test names, at the end")
        axes.set_ylim(top=max(2.7, *(1.02 * test for _, test in ends.values())))
        axes.set_xlabel("step")
        axes.set_ylabel("loss on training names,\nmean of ten batches in 100 steps")
        axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        axes.legend(fontsize=8)

    return Figure(
        name="curves",
        title="Loss on the training batches, which is not the loss that counts",
        caption=_fit(ends) + " A diamond is the loss of the final model on the test names. One seed.",
        description=(
            "A line chart of the training losses of three models over the steps, with a mark at the right for the "
            "test loss of each final model: "
            + wording.listed([f"{run} {test:.3f}" for run, (_, test) in ends.items()])
            + "."
        ),
        columns=("run", "step", "training loss"),
        rows=tuple(
            (run, step, round(loss, 4))
            for run, (steps, losses) in shown.items()
            for step, loss in zip(steps, losses, strict=True)
        ),
        draw=draw,
        size=(7.4, 3.8),
    )


def _fit(ends: dict[str, tuple[float, float]]) -> str:
    """Compare the MLP with the transformer, on the names trained on and on the others."""
    (train, test), (other_train, other_test) = ends["mlp"], ends["transformer"]
    fits = wording.compared(train, other_train, 3, "better", "worse")
    tests = wording.compared(test, other_test, 3, "better", "worse")
    return (
        f"The final MLP is {fits} the transformer on the names that both were trained on ({train:.3f} against "
        f"{other_train:.3f}), {'and' if fits == tests else 'but'} {tests} it on the test names ({test:.3f} against "
        f"{other_test:.3f})."
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
