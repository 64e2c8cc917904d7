"""Stage 02: the table counted and the table learned."""

import statistics

import numpy

from deltas.figures import charts, tables
from deltas.figures.runs import Runs
from deltas.figures.style import DASHES, Figure, Palette


def figures(runs: Runs) -> list[Figure]:
    """Return the figures whose runs are there."""
    drawn = []
    if runs.has("learned", "counted"):
        drawn += [_tables(runs)]
        if runs.has("default-rate"):
            drawn += [_divergence(runs)]
        drawn += [_names(runs)]
    if runs.has("learned", "counted", "default-rate", "kneser-ney"):
        drawn += [
            charts.dots(
                runs,
                ("counted", "learned", "default-rate", "kneser-ney"),
                (("test_loss", "all test names"), ("test_loss_unseen", "names not in train")),
                "test loss, nats per character (lower is better)",
                "The same table by two roads, a trap, and how far counting goes",
                "Learned weights end where counting ends. At makemore's default learning rate the same model looks far "
                "worse, and is merely unfinished. Longer contexts, counted with Kneser-Ney smoothing, are where the "
                "next half nat lies. Knowing nothing is 3.296, off to the right.",
            )
        ]
    return drawn


def _softmax(logits: numpy.ndarray) -> numpy.ndarray:
    raised = numpy.exp(logits - logits.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def _tables(runs: Runs) -> Figure:
    counted, learned = (_softmax(runs.first(run).weights["logits"].numpy()) for run in ("counted", "learned"))
    difference = learned - counted
    worst = numpy.unravel_index(numpy.abs(difference).argmax(), difference.shape)
    rows = [
        (tables.LETTERS[i], tables.LETTERS[j], round(float(counted[i, j]), 4), round(float(learned[i, j]), 4))
        for i, j in sorted(numpy.ndindex(27, 27), key=lambda at: -counted[at])[:20]
    ]

    def draw(figure, palette: Palette) -> None:
        left, middle, right = figure.subplots(1, 3, sharey=True)
        top = float(numpy.quantile(counted, 0.99))
        tables.draw(left, counted, "counted", cmap=palette.ramp, limits=(0, top))
        mesh = tables.draw(middle, learned, "learned", cmap=palette.ramp, limits=(0, top))
        figure.colorbar(mesh, ax=(left, middle), label="P(next | character)", shrink=0.75, extend="max")
        mesh = tables.draw(right, difference, "learned − counted", cmap=palette.split, limits=(-0.1, 0.1))
        figure.colorbar(mesh, ax=right, shrink=0.75, extend="both")

    return Figure(
        name="tables",
        title="The table that was counted, the table that was learned, and their difference",
        caption=(
            "By eye the first two are one. What differs are rows of rare characters, which 2,000 batches have hardly "
            f"visited: the largest difference, {abs(float(difference[worst])):.2f}, is in the row of "
            f"{tables.LETTERS[worst[0]]}."
        ),
        description="Three heat maps of 27 by 27: probabilities counted, probabilities learned, and the difference.",
        columns=("character", "next", "counted", "learned"),
        rows=tuple(rows),
        draw=draw,
        size=(9.5, 3.6),
    )


def _divergence(runs: Runs) -> Figure:
    """KL(counts ‖ model) in nats per character, rows weighted by how often the counts visit them."""
    import torch

    P = _softmax(runs.first("counted").weights["logits"].numpy())  # (27, 27)
    values, vectors = numpy.linalg.eig(P.T)
    often = numpy.abs(vectors[:, values.real.argmax()].real)
    often /= often.sum()  # (27,), the share of characters that each row predicts after: stationary under P

    def along(folder) -> tuple[list[int], list[float]]:
        steps, weights = torch.load(folder.path / "trace.pt", weights_only=True)
        found = []
        for W in weights:
            Q = _softmax(W.numpy())
            found.append(float((often[:, None] * P * numpy.log(P / Q)).sum()))
        return list(steps), found

    lines = {run: [along(folder) for folder in runs.folders(run)] for run in ("learned", "default-rate")}
    labels = {"learned": "learning rate 0.005", "default-rate": "learning rate 0.0005, makemore's default"}
    rows = []
    for run, traces in lines.items():
        steps = traces[0][0]
        for at in range(9, len(steps), 10):
            rows.append((labels[run], steps[at], round(statistics.fmean(t[1][at] for t in traces), 4)))

    def draw(figure, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, (run, traces) in enumerate(lines.items()):
            for n, (steps, found) in enumerate(traces):
                label = labels[run] if n == 0 else None
                axes.plot(steps, found, color=palette.lines[at], linestyle=DASHES[at], alpha=0.75, label=label)
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("KL(counted ‖ learned), nats")
        axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        axes.legend()

    last = {run: statistics.fmean(trace[1][-1] for trace in traces) for run, traces in lines.items()}
    return Figure(
        name="divergence",
        title="How far the learned table still is from the counted one",
        caption=(
            f"After 2,000 steps {last['learned']:.4f} nats are left at a learning rate of 0.005, and "
            f"{last['default-rate']:.2f} at makemore's default. That curve is still falling: the model is not worse, "
            "it is not done."
        ),
        description="A line chart, logarithmic: both curves fall, and the one at the default rate ends far higher.",
        columns=("run", "step", "KL"),
        rows=tuple(rows),
        draw=draw,
    )


def _names(runs: Runs) -> Figure:
    share = statistics.fmean(runs.metric("learned", "same_characters"))
    return charts.names(
        runs,
        "counted",
        "learned",
        "Names from both tables, drawn with the same random numbers",
        f"{share:.0%} of the characters are the same. Where one differs, the names go apart only until they meet on a "
        "letter again: a bigram remembers nothing but the last one.",
        compare=True,
    )
