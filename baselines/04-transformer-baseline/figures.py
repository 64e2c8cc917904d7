"""Stage 04: a fixed window against attention."""

import statistics

import numpy

from deltas.figures import charts
from deltas.figures.runs import Runs, printed_losses
from deltas.figures.style import DASHES, Figure, Palette

WORDS = ("isabella", "maximilian")


def figures(runs: Runs) -> list[Figure]:
    """Return the figures whose runs are there."""
    if not runs.has("transformer", "mlp", "no-positions", "kneser-ney"):
        return []
    means = {
        run: statistics.fmean(runs.metric(run, "test_loss"))
        for run in ("transformer", "mlp", "no-positions", "kneser-ney")
    }
    return [
        *(_attention(runs, word) for word in WORDS),
        _window(runs, "mlp"),
        _curves(runs),
        charts.dots(
            runs,
            ("transformer", "mlp", "no-positions", "kneser-ney"),
            (("test_loss", "all test names"), ("test_loss_unseen", "names not in train")),
            "test loss, nats per character (lower is better)",
            "The same budget, a window or attention, with positions or without",
            f"After as many steps on as many names: {means['transformer']:.3f} for the transformer, {means['mlp']:.3f} "
            f"for the MLP, {means['no-positions']:.3f} without position embeddings. Kneser-Ney counts, which nobody "
            f"trained, reach {means['kneser-ney']:.3f}.",
        ),
        charts.names(
            runs, "mlp", "transformer", "Names from the MLP and from the transformer",
            "Both write names. The difference in the loss is hard to see in fourteen of them: so it is measured.",
        ),
    ]  # fmt: skip


def _attention(runs: Runs, word: str) -> Figure:
    import torch

    maps = torch.load(runs.first("transformer").path / "attention.pt", weights_only=True)
    att = maps[word].numpy()  # (layers, heads, T, T)
    letters = "." + word
    layers, heads = att.shape[:2]
    rows = []
    for layer in range(layers):
        for head in range(heads):
            weights = att[layer, head, -1]
            at = int(weights.argmax())
            rows.append((layer + 1, head + 1, letters[at], len(letters) - 1 - at, round(float(weights[at]), 3)))

    def draw(figure, palette: Palette) -> None:
        grid = figure.subplots(layers, heads, sharex=True, sharey=True)
        for layer in range(layers):
            for head in range(heads):
                axes = grid[layer][head]
                mesh = axes.pcolormesh(att[layer, head], cmap=palette.ramp, vmin=0, vmax=1, rasterized=True)
                axes.set_aspect("equal")
                axes.tick_params(length=0, labelsize=7)
                for side in axes.spines.values():
                    side.set_visible(False)
                if layer == 0:
                    axes.set_title(f"head {head + 1}")
                if head == 0:
                    axes.set_ylabel(f"layer {layer + 1}")
        ticks = numpy.arange(len(letters)) + 0.5
        grid[0][0].set_xticks(ticks, list(letters))
        grid[0][0].set_yticks(ticks, list(letters))
        grid[0][0].invert_yaxis()
        figure.colorbar(mesh, ax=grid, label="attention", shrink=0.5)

    return Figure(
        name=f"attention-{word}",
        title=f"Where each position of {word} looks, head by head",
        caption=(
            "A row is a position that predicts the next letter, a column one that it may look at; rows sum to 1. None "
            "of it is wired: where a head looks is computed from letters and positions, and differs from name to name."
        ),
        description=f"A grid of {layers} by {heads} triangular heat maps, one for each layer and head.",
        columns=("layer", "head", "the last letter looks most at", "letters back", "attention"),
        rows=tuple(rows),
        draw=draw,
        size=(7.4, 6.4),
    )


def _window(runs: Runs, run: str) -> Figure:
    """How strongly the MLP's first layer is wired to each place of its window; the same for every name."""
    folder = runs.first(run)
    embedding, first = folder.weights["wte.weight"].numpy(), folder.weights["mlp.0.weight"].numpy()
    width = embedding.shape[1]
    letters = embedding[:27]  # the <BLANK> before a name aside
    reach = []
    for back in range(first.shape[1] // width):
        W = first[:, back * width : (back + 1) * width]  # (hidden, width)
        reach.append(float((letters @ W.T).std()))

    def draw(figure, palette: Palette) -> None:
        axes = figure.add_subplot()
        axes.bar(range(len(reach)), reach, color=palette.lines[0])
        axes.set_xlabel("letters back (0: the last one read)")
        axes.set_ylabel("std of its part of the hidden layer")

    return Figure(
        name="window",
        title="The MLP's fixed window",
        caption=(
            "How much each place before the next letter moves the hidden layer. The wiring is by distance, learned "
            "once, and the same for every name; the attention maps differ from letter to letter."
        ),
        description="A bar chart over the places of the window: " + ", ".join(f"{each:.2f}" for each in reach) + ".",
        columns=("letters back", "std"),
        rows=tuple((back, round(each, 3)) for back, each in enumerate(reach)),
        draw=draw,
        size=(7.0, 2.8),
    )


def _curves(runs: Runs) -> Figure:
    order = ("transformer", "mlp", "no-positions")
    shown = {run: printed_losses(runs.first(run)) for run in order}
    fit = {run: statistics.fmean(runs.metric(run, "train_loss")) for run in ("transformer", "mlp")}
    better = "better" if fit["mlp"] < fit["transformer"] else "worse"

    def draw(figure, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(order):
            steps, losses = shown[run]
            axes.plot(steps, losses, color=palette.lines[at], linestyle=DASHES[at], label=run)
        axes.set_ylim(top=2.7)
        axes.set_xlabel("step")
        axes.set_ylabel("training loss, mean of 100 steps")
        axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        axes.legend()

    return Figure(
        name="curves",
        title="Loss while training",
        caption=(
            "Batches of 128 names each, the learning rate falling to zero from step 100 on. In the end the MLP fits "
            f"the names it trains on {better} than the transformer: {fit['mlp']:.3f} against {fit['transformer']:.3f}. "
            "What counts is other names."
        ),
        description="A line chart of three falling curves.",
        columns=("run", "step", "loss"),
        rows=tuple(
            (run, s, round(x, 4)) for run, (steps, losses) in shown.items() for s, x in zip(steps, losses, strict=True)
        ),
        draw=draw,
    )
