"""The figures of learned weights: the table counted and the table learned."""

import math
import statistics
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy

from deltas.figures import charts, tables, wording
from deltas.figures.runs import Folder, Runs
from deltas.figures.style import DASHES, NARROW, WIDE, Figure, Palette

MEASURES = {"test_loss": "all test names", "test_loss_unseen": "names not in train"}
SAME_MODEL = ("counted", "learned", "looked-up", "unregularised")  # roads that lead to a table of pairs
MAKEMORE_RATE = "0.0005"  # makemore's default of --learning-rate
NAMES = 14  # that the figure of names shows
RARE = 9  # of the 27 characters, the least and the most frequent
SAME_TABLE = 0.05  # share of the probability that may lie elsewhere in two tables that look alike
SAME_LOSS = 0.005  # nats
FALLING = 0.01  # a curve falls that loses this share of its height in the last tenth of its steps

Trace = tuple[list[int], list[float]]  # steps, and what is left to learn at each


def figures(runs: Runs) -> list[Figure]:
    """Return those figures whose runs are there."""
    drawn = []
    if runs.has("learned", "counted"):
        drawn.append(_tables(runs))
        if runs.has("default-rate"):
            drawn.append(_divergence(runs))
        drawn.append(_names(runs))
    if runs.has(*SAME_MODEL, "default-rate", "kneser-ney"):
        drawn.append(_losses(runs))
    return drawn


def _load(path: Path) -> Any:
    import torch  # takes seconds, and figures that are drawn again do without

    return torch.load(path, weights_only=True)


def _table(folder: Folder) -> numpy.ndarray:
    """Return the probabilities (27, 27) of a run's final model."""
    return _softmax(_load(folder.path / "model.pt")["logits"].numpy())


def _kept_table(runs: Runs, run: str) -> numpy.ndarray:
    """Return the probabilities (27, 27) of a run's final model, first seed, as they are kept: to six decimals."""
    return numpy.array(runs.keep(run, lambda: _table(runs.first(run)).round(6).tolist()))


def _softmax(logits: numpy.ndarray) -> numpy.ndarray:
    raised = numpy.exp(logits - logits.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def _frequency(P: numpy.ndarray) -> numpy.ndarray:
    """Return how often each row of a table is asked, (27,): the distribution that the table itself leads to."""
    values, vectors = numpy.linalg.eig(P.T)
    often = numpy.abs(vectors[:, values.real.argmax()].real)
    return often / often.sum()


def _tables(runs: Runs) -> Figure:
    counted, learned = (_kept_table(runs, run) for run in ("counted", "learned"))
    difference = learned - counted
    often = _frequency(counted)
    elsewhere = numpy.abs(difference).sum(1) / 2  # (27,), the share of each row that lies in other columns
    most = sorted(numpy.ndindex(27, 27), key=lambda at: -counted[at])[:20]

    def draw(figure: Any, palette: Palette) -> None:
        (left, right), (below, beside) = figure.subplots(2, 2)
        limits = (0, float(numpy.quantile(counted, 0.99)))
        tables.draw(left, counted, "counted", cmap=palette.ramp, limits=limits, small=True)
        mesh = tables.draw(right, learned, "learned", cmap=palette.ramp, limits=limits, small=True)
        figure.colorbar(mesh, ax=right, shrink=0.8, extend="max", label="P(next | character)")
        largest = float(numpy.abs(difference).max())
        mesh = tables.draw(
            below, difference, "learned − counted", cmap=palette.split, limits=(-largest, largest), small=True
        )
        figure.colorbar(mesh, ax=below, shrink=0.8, location="left")
        beside.plot(100 * often, 100 * elsewhere, linestyle="none")  # the letters stand where dots would
        for letter, x, y in zip(tables.LETTERS, 100 * often, 100 * elsewhere, strict=True):
            beside.text(x, y, letter, color=palette.lines[0], ha="center", va="center", fontweight="bold")
        beside.set(xscale="log", title="row by row")
        beside.set_xlabel("% of the characters (logarithmic)")
        beside.set_ylabel("% of its row that lies elsewhere")
        beside.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
        beside.minorticks_off()
        beside.margins(0.08)
        beside.set_ylim(bottom=0)
        beside.grid(color=palette.faint, alpha=0.3, linewidth=0.6)

    return Figure(
        name="tables",
        title="The table that was counted, the table that was learned, and their difference",
        caption=_of_tables(difference, elsewhere, often),
        description=(
            "Three heat maps of 27 by 27: probabilities counted, probabilities learned, and the difference. Beside "
            "them a plot with a mark for each character: how often it comes, and how much its row differs."
        ),
        columns=("character", "next", "counted", "learned"),
        rows=tuple(
            (tables.LETTERS[i], tables.LETTERS[j], round(float(counted[i, j]), 4), round(float(learned[i, j]), 4))
            for i, j in most
        ),
        draw=draw,
        size=(WIDE, 7.0),
    )


def _of_tables(difference: numpy.ndarray, elsewhere: numpy.ndarray, often: numpy.ndarray) -> str:
    """Say how far two tables differ, and in which rows."""
    whole = float((often * elsewhere).sum())
    order = often.argsort()
    rare, common = (float(elsewhere[rows].mean()) for rows in (order[:RARE], order[-RARE:]))
    row = int(numpy.abs(difference).max(1).argmax())
    alike = "The first two look alike" if whole < SAME_TABLE else "The first two differ"
    if rare > 1.5 * common:
        where = "What differs most are the rows of rare characters, which training seldom visits"
    elif common > 1.5 * rare:
        where = "What differs most are the rows of common characters"
    else:
        where = "Rows of rare and of common characters differ alike"
    largest = float(numpy.abs(difference).max())
    return (
        f"{alike}: {wording.percent(whole)} of the probability lies elsewhere, each row weighed by how often its "
        f"character comes. {where}: it is {wording.percent(rare)} in the rows of the {RARE} rarest and "
        f"{wording.percent(common)} in those of the {RARE} most common. The largest single difference, {largest:.2f}, "
        f"is in the row of {tables.LETTERS[row] if row else 'the start of a name'}."
    )


def _divergence(runs: Runs) -> Figure:
    """Return KL(counted ‖ learned) in nats over the steps; a row weighs as much as it is asked."""
    lines = {run: _kept_traces(runs, run) for run in ("learned", "default-rate")}
    rows = []
    for run, traces in lines.items():
        steps = traces[0][0]
        for at in range(9, len(steps), 10):
            rows.append((_rate(runs, run), steps[at], round(statistics.fmean(left[at] for _, left in traces), 4)))

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, (run, traces) in enumerate(lines.items()):
            for n, (steps, left) in enumerate(traces):
                label = _rate(runs, run) if n == 0 else None
                axes.plot(steps, left, color=palette.lines[at], linestyle=DASHES[at], alpha=0.75, label=label)
        charts.powers(axes)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("step")
        axes.set_ylabel("KL(counted ‖ learned), nats")
        axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left")

    ends = {run: _end(traces) for run, traces in lines.items()}
    slower = ends["default-rate"] > ends["learned"]
    return Figure(
        name="divergence",
        title="How far the learned table still is from the counted one",
        caption=(
            f"After {lines['learned'][0][0][-1]:,} steps {ends['learned']:.4f} nats are left at a "
            f"{_rate(runs, 'learned')}, and {ends['default-rate']:.2f} at a {_rate(runs, 'default-rate')}. "
            + _what_is_left(slower, _falls(lines["default-rate"]))
        ),
        description=(
            f"A line chart, logarithmic: at a {_rate(runs, 'learned')} {ends['learned']:.4f} nats are left in the end, "
            f"at a {_rate(runs, 'default-rate')} {ends['default-rate']:.4f}."
        ),
        columns=("run", "step", "KL"),
        rows=tuple(rows),
        draw=draw,
        size=(NARROW, 2.9),
    )


def _kept_traces(runs: Runs, run: str) -> list[Trace]:
    """Return the traces of every seed of a run, as they are kept."""

    def read() -> list[Trace]:
        return [(steps, [round(nats, 6) for nats in left]) for steps, left in _left_to_learn(runs, run)]

    return [(steps, left) for steps, left in runs.keep(f"{run} traced", read)]


def _left_to_learn(runs: Runs, run: str) -> list[Trace]:
    """Return, for each seed, the distance to the counted table at the steps that were traced."""
    P = _table(runs.first("counted"))  # (27, 27)
    often = _frequency(P)[:, None]  # (27, 1)
    traces = []
    for folder in runs.folders(run):
        steps, weights = _load(folder.path / "trace.pt")
        traces.append((list(steps), [float((often * P * numpy.log(P / _softmax(W.numpy()))).sum()) for W in weights]))
    return traces


def _rate(runs: Runs, run: str) -> str:
    """Name the learning rate that a run was given."""
    arguments = runs.of(run)[0].plan.run.args
    if "-l" not in arguments:
        return f"learning rate of {MAKEMORE_RATE}, makemore's default"
    return f"learning rate of {float(arguments[arguments.index('-l') + 1]):g}"


def _end(traces: list[Trace]) -> float:
    return statistics.fmean(left[-1] for _, left in traces)


def _falls(traces: list[Trace]) -> bool:
    """Whether the curve of every seed still falls in the last tenth of its steps."""
    return all(left[-1] < (1 - FALLING) * left[-1 - math.ceil(len(left) / 10)] for _, left in traces)


def _what_is_left(slower: bool, falling: bool) -> str:
    """Say what the end of the slower curve means."""
    if not slower:
        return "The default rate loses nothing here."
    if falling:
        return "That curve is still falling: the model is not worse, it is not done."
    return "That curve has stopped falling: more steps would not help."


def _names(runs: Runs) -> Figure:
    """Return names of two runs side by side; characters that differ stand out by colour and by weight."""
    runs_shown = ("counted", "learned")
    kept = runs.keep("names", lambda: [runs.of(run)[0].names(NAMES) for run in runs_shown])
    pairs = list(zip(*kept, strict=True))

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.set(xlim=(0, 44), ylim=(len(pairs) + 0.5, -1.2))
        for column, run in zip((1, 23), runs_shown, strict=True):
            axes.text(column - 0.5, -0.6, run, fontweight="bold", va="center")
        for at, (left, right) in enumerate(pairs):
            for column, name, other in ((1, left, right), (23, right, left)):
                for place, (mine, theirs) in enumerate(zip_longest(name, other, fillvalue="")):
                    if mine:
                        differs = mine != theirs
                        axes.text(
                            column + place * 0.95, at + 0.4, mine, family="monospace", ha="center", va="center",
                            color=palette.lines[1] if differs else palette.ink, fontweight="bold" if differs else None,
                        )  # fmt: skip

    share = statistics.fmean(runs.metric("learned", "same_characters"))
    return Figure(
        name="names",
        title="Names from both tables, drawn with the same random numbers",
        caption=f"Of all characters that were drawn, {wording.percent(share)} are the same. {_meet_again(pairs)}",
        description=f"Two columns of {len(pairs)} names, from {wording.listed(runs_shown)}.",
        columns=runs_shown,
        rows=tuple(pairs),
        draw=draw,
        size=(6.0, 0.6 + 0.22 * len(pairs)),
    )


def _meet_again(pairs: list[tuple[str, str]]) -> str:
    """Say what becomes of names that have gone apart."""
    apart = [(left, right) for left, right in pairs if left != right]
    if not apart:
        return f"The {len(pairs)} names shown are the same in both."
    meet = sum(_agree_after_a_difference(left, right) for left, right in apart)
    go = "go" if len(apart) > 1 else "goes"
    again = f"{meet or 'none'} meet{'' if meet > 1 else 's'} again"
    why = ": a bigram remembers nothing but the last letter" if meet > len(apart) / 2 else ""
    return f"{len(apart)} of the {len(pairs)} names shown {go} apart, and of these {again}{why}."


def _agree_after_a_difference(left: str, right: str) -> bool:
    """Whether two names have the same character in one place after they differed.

    >>> _agree_after_a_difference("beloee", "belaee"), _agree_after_a_difference("ana", "anbcd")
    (True, False)
    """
    same = [mine == theirs for mine, theirs in zip(left, right, strict=False)]
    return False in same and True in same[same.index(False) :]


def _losses(runs: Runs) -> Figure:
    """Return the losses of the runs that come to the same table; others would squeeze them into one place."""
    means = {
        run: statistics.fmean(runs.metric(run, "test_loss")) for run in (*SAME_MODEL, "default-rate", "kneser-ney")
    }
    counted, learned, slow = means["counted"], means["learned"], means["default-rate"]
    if abs(learned - counted) <= SAME_LOSS:
        ends = f"Learned weights end where counting ends, at {learned:.3f} and {counted:.3f}."
    else:
        ends = (
            f"Learned weights end {wording.compared(learned, counted, 3)} counting, at {learned:.3f} and {counted:.3f}."
        )
    rate = f"Not drawn: at a {_rate(runs, 'default-rate')}, the same model is at {slow:.3f}"
    if slow > learned + SAME_LOSS:
        rate += " after as many steps" + (
            ", and still learning." if _falls(_kept_traces(runs, "default-rate")) else "."
        )
    else:
        rate += ", no worse."
    gain = counted - means["kneser-ney"]
    return charts.dots(
        runs,
        SAME_MODEL,
        MEASURES,
        "test loss, nats per character (lower is better)",
        name="losses",
        title="The same table by four roads",
        caption=(
            f"{ends} {_roads(means)} {rate} Longer contexts, counted with Kneser-Ney smoothing, are "
            f"{abs(gain):.2f} nats {'better' if gain > 0 else 'worse'} than pairs. A model that knows nothing would be "
            f"at {math.log(27):.3f}."
        ),
        digits=4,
    )


def _roads(means: dict[str, float]) -> str:
    """Say how far the roads to the table end from each other."""
    ends = [means[run] for run in SAME_MODEL]
    return f"All {len(ends)} runs drawn here end within {max(ends) - min(ends):.4f} nats of each other."
