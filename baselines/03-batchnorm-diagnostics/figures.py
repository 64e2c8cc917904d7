"""The figures of a deep MLP, with and without BatchNorm: what it costs, what goes forward, what comes back, what dies.

A run is called MODEL-GAIN-RATE. What gain and which rate that is, and how many layers, is read off its arguments.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy

from deltas.core import files
from deltas.figures import charts, wording
from deltas.figures.runs import Runs
from deltas.figures.style import DASHES, SMALL, WIDE, Figure, Palette

metrics = files.module(Path(__file__).with_name("metrics.py"))

MODELS, GAINS, RATES = ("five", "bn", "one"), ("small", "good", "large"), ("slow", "fair", "fast")
GRID = tuple(f"{model}-{gain}-{rate}" for model in MODELS for gain in GAINS for rate in RATES)
FIVE, BN = (tuple(f"{model}-{gain}-fair" for gain in GAINS) for model in ("five", "bn"))
FAIR = FIVE + BN
LARGE = ("five-large-slow", "bn-large-slow", "five-large-fast", "bn-large-fast")
WHEN = {"start": "at initialisation", "end": "after training"}

INDIFFERENT = 0.05  # nats between the best and the worst setting that a loss does not care for
CLOSE = 0.03  # nats, or standard deviations, that are hardly any
NARROWER = 0.8  # a range of losses is narrower that has less than this share of another
RULE = 1e-3  # of thumb, for update:data

Tables = dict[str, list[dict[str, Any]]]  # run -> a table for each tanh layer: see metrics.look
Draw = Callable[[Any, Palette], None]
Fill = Callable[[Any, Palette, Any], None]


def figures(runs: Runs) -> list[Figure]:
    """Return those figures whose runs are there."""
    drawn = [_losses(runs)] if runs.has(*GRID) else []
    if runs.has(*FAIR):
        start, end = _kept(runs).values()
        drawn += [_activations(runs, "start", start), _activations(runs, "end", end, start)]
        drawn += [_gradients(runs, "start", start), _gradients(runs, "end", end, start)]
        drawn += [_gradient_lines(runs, start, end), _updates(runs)]
    if runs.has(*LARGE):
        drawn.append(_dead(runs))
    return drawn


# -- what the runs are ------------------------------------------------------------------------------------------------


def _option(runs: Runs, run: str, option: str) -> float:
    arguments = runs.of(run)[0].plan.run.args
    return float(arguments[arguments.index(option) + 1])


def _gain(runs: Runs, run: str) -> str:
    gain = _option(runs, run, "--gain")
    return "gain 5/3" if math.isclose(gain, 5 / 3, abs_tol=1e-3) else f"gain {gain:g}"


def _rate(runs: Runs, run: str) -> str:
    return f"rate {_option(runs, run, '-l'):g}"


def _model(runs: Runs, run: str) -> str:
    layers = _option(runs, run, "--n-layer")
    return f"{layers:g} layer{'s' if layers > 1 else ''}" + (" with BatchNorm" if run.startswith("bn") else "")


def _label(runs: Runs, run: str) -> str:
    return _gain(runs, run) + (", BatchNorm" if run.startswith("bn") else "")


def _of(runs: Runs) -> str:
    """Name what all runs of a picture have in common."""
    return f"Learning {_rate(runs, FAIR[0])}, seed {runs.of(FAIR[0])[0].plan.seed}."


def _mean(runs: Runs, run: str) -> float:
    return statistics.fmean(runs.metric(run, "test_loss"))


def _column(tables: Tables, run: str, key: str) -> list[float]:
    return [layer[key] for layer in tables[run]]


def _apart(tables: Tables, run: str) -> float:
    """Return how many times as wide the gradient of the widest layer is as that of the narrowest."""
    return metrics.spread(_column(tables, run, "gradient"))


def _times(ratio: float) -> str:
    """Write a ratio.

    >>> _times(17.3), _times(1.62), _times(0.0312), _times(math.inf)
    ('17', '1.6', '0.031', 'infinitely many')
    """
    if math.isinf(ratio):
        return "infinitely many"
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"


def _side_by_side(panels: dict[str, Any], fill: Fill, along: str, upward: str, columns: int = 3) -> Draw:
    """Return what draws panels, given by their titles, and a legend above; fill(axes, palette, what) draws into one."""

    def draw(figure: Any, palette: Palette) -> None:
        row = figure.subplots(1, len(panels), sharex=True, sharey=True)
        for axes, (title, what) in zip(row, panels.items(), strict=True):
            fill(axes, palette, what)
            axes.set(title=title, xlabel=along)
            axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        row[0].set_ylabel(upward)
        figure.legend(*row[0].get_legend_handles_labels(), loc="outside upper center", ncols=columns)

    return draw


# -- losses -----------------------------------------------------------------------------------------------------------


def _losses(runs: Runs) -> Figure:
    losses = {run: runs.metric(run, "test_loss") for run in GRID}
    panels = {_gain(runs, f"one-{gain}-fair"): gain for gain in GAINS}

    def fill(axes: Any, palette: Palette, gain: str) -> None:
        for at, model in enumerate(MODELS):
            names = [f"{model}-{gain}-{rate}" for rate in RATES]
            rates = [_option(runs, run, "-l") for run in names]
            look = {"color": palette.lines[at], "linestyle": DASHES[at]}
            axes.plot(rates, [_mean(runs, run) for run in names], label=_model(runs, names[0]), **look)
            for rate, run in zip(rates, names, strict=True):
                beside = [rate * 1.07 ** (at - 1)] * len(losses[run])  # the models' dots stand side by side
                axes.plot(beside, losses[run], "os^"[at], color=palette.lines[at], ms=4, alpha=0.8, mew=0)
        axes.set_xscale("log")
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.minorticks_off()

    return Figure(
        name="losses",
        title="What depth, gain and learning rate cost, and what BatchNorm changes",
        caption=(
            f"{_depth(runs)} {_settings(runs)} {_best_rates(runs)} "
            "Lines join the means over the seeds, a dot is one seed."
        ),
        description="Three panels, one for each gain: test loss over the learning rate. Means: "
        + "; ".join(f"{run} {_mean(runs, run):.3f}" for run in GRID)
        + ".",
        columns=("run", "mean", "lowest seed", "highest seed", "seeds"),
        rows=tuple(
            (run, round(_mean(runs, run), 4), round(min(values), 4), round(max(values), 4), len(values))
            for run, values in losses.items()
        ),
        draw=_side_by_side(panels, fill, "learning rate", "test loss, nats per character"),
        size=(WIDE, 4.6),
    )


def _depth(runs: Runs) -> str:
    """Say what more layers do at the fair rate and at the slow one."""
    told = [
        f"{wording.moves(_mean(runs, one), _mean(runs, five), 3, close=CLOSE)} at {_rate(runs, five)}"
        for one, five in (("one-good-fair", "five-good-fair"), ("one-good-slow", "five-good-slow"))
    ]
    steps = f"{_model(runs, 'one-good-fair')} to {_model(runs, 'five-good-fair')}"
    return f"From {steps}, at {_gain(runs, 'five-good-fair')}, the mean loss {wording.listed(told)}."


def _settings(runs: Runs) -> str:
    """Say how far the loss depends on gain and rate, without BatchNorm and with it."""
    told, ranges = [], {}
    for model in ("five", "bn"):
        mean = {run: _mean(runs, run) for run in GRID if run.startswith(model)}
        worst = max(mean, key=lambda run: mean[run])
        ranges[model] = max(mean.values()) - min(mean.values())
        told.append(f"{wording.span(list(mean.values()), 3)}, highest at {_gain(runs, worst)} and {_rate(runs, worst)}")
    if ranges["bn"] <= INDIFFERENT:
        verdict = "makes the loss indifferent to gain and learning rate"
    elif ranges["bn"] < NARROWER * ranges["five"]:
        verdict = "makes the loss less sensitive to gain and learning rate, not indifferent"
    else:
        verdict = "does not make the loss much less sensitive to gain and learning rate"
    settings = f"over the {len(GAINS) * len(RATES)} settings the means with it are {told[1]}; without it {told[0]}"
    return f"BatchNorm {verdict}: {settings}."


def _best_rates(runs: Runs) -> str:
    """Say with which of the rates BatchNorm ends lowest, at each gain."""
    best = [min((f"bn-{gain}-{rate}" for rate in RATES), key=lambda run: _mean(runs, run)) for gain in GAINS]
    rates = [_option(runs, run, "-l") for run in best]
    rising = rates == sorted(rates) and rates[0] < rates[-1]
    told = wording.listed([f"{rate:g}" for rate in rates])
    return f"The best of the three rates for it is {told}, from left to right" + (
        ": it grows with the gain." if rising else "."
    )


# -- histograms, a small panel for each layer ------------------------------------------------------------------------


def _kept(runs: Runs) -> dict[str, Tables]:
    """Return the tables of the tanh layers at initialisation and after training, as they are kept."""

    def read() -> dict[str, Tables]:
        tables = {run: runs.first(run).lines(metrics.HISTOGRAMS)[0] for run in FAIR}
        return {when: {run: [_shaped(layer) for layer in tables[run][when]] for run in FAIR} for when in WHEN}

    kept: dict[str, Tables] = runs.keep("layers", read)
    return kept


def _shaped(layer: dict[str, Any]) -> dict[str, Any]:
    """Return a layer with its histograms as shares of their highest bins, two bins in one: as smooth to the eye."""
    shapes = {}
    for kind in ("outputs", "gradients"):
        counts = numpy.add.reduceat(layer[kind], range(0, len(layer[kind]), 2))
        shapes[kind] = [round(float(share), 3) for share in counts / max(*counts, 1)]
    return layer | shapes


def _layers(titles: Sequence[str], shown: Tables, kind: str, end: dict[str, float], along: str, reach: float) -> Draw:
    """Return what draws a column for each gain, given by its title, and in it a panel for each layer.

    end: of each run, where the histograms of its layers end, a number for each layer.
    """

    def draw(figure: Any, palette: Palette) -> None:
        deep = max(len(shown[run]) for run in FAIR)
        grid = figure.subplots(deep, len(GAINS), sharex=True, sharey=True, squeeze=False)
        for column, title in enumerate(titles):
            grid[0][column].set_title(title, fontsize=SMALL)
            for axes, plain, normalised in zip(
                grid[:, column], *(_curves(shown, line[column], kind, end) for line in (FIVE, BN)), strict=True
            ):
                axes.fill(*plain, color=palette.lines[0], alpha=0.5, linewidth=0, label="without BatchNorm")
                axes.plot(*normalised, color=palette.lines[1], linewidth=1.4, label="with BatchNorm")
                axes.spines["left"].set_visible(False)
                axes.tick_params(axis="y", length=0)
        for at, row in enumerate(grid, 1):
            row[0].set_ylabel(f"layer {at}", rotation=0, ha="right", va="center")
        grid[0][0].set(xlim=(-reach, reach), ylim=(0, 1.08), yticks=[])
        figure.supxlabel(along, fontsize=9)
        figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)

    return draw


def _curves(shown: Tables, run: str, kind: str, end: dict[str, Any]) -> list[tuple[list[float], list[float]]]:
    """Return the histogram of each layer of a run as a line that begins and ends at zero."""
    lines = []
    for layer, reach in zip(shown[run], end[run], strict=True):
        inside = reach - reach / len(layer[kind])  # from the centre of the first bin to that of the last
        x = numpy.linspace(-inside, inside, len(layer[kind])).tolist()
        lines.append(([-inside, *x, inside], [0.0, *layer[kind], 0.0]))
    return lines


def _described(titles: Iterable[str]) -> str:
    texts = "; ".join(title.replace("\n", ", ") for title in titles)
    return (
        "Three columns, a gain each, and in each a small histogram for every layer, first layer on top: filled without "
        f"BatchNorm, as a line with it. {texts}."
    )


def _titles(runs: Runs, says: Callable[[str], str]) -> list[str]:
    """Return the titles of the columns: the gain, and what is said of the run without BatchNorm and with it."""
    return [
        f"{_gain(runs, plain)}\nwithout: {says(plain)}\nwith: {says(normalised)}"
        for plain, normalised in zip(FIVE, BN, strict=True)
    ]


def _activations(runs: Runs, when: str, shown: Tables, before: Tables | None = None) -> Figure:
    """Return the tanh outputs. before: of the initial model, where the trained one is shown."""
    flat = {run: statistics.fmean(_column(shown, run, "saturated")) for run in FAIR}
    titles = _titles(runs, lambda run: f"{wording.percent(flat[run])} saturated")
    end = {run: [1.0] * len(shown[run]) for run in FAIR}
    first, *_, last = _column(shown, FIVE[0], "std")
    signal, of = "From the first layer to the last, the standard deviation", first
    if before:
        signal, of = "With training, the last layer's standard deviation", _column(before, FIVE[0], "std")[-1]
    return Figure(
        name=f"activations-{when}",
        title=f"{WHEN[when].capitalize()}: what the tanh layers put out",
        caption=(
            f"{signal} at {_gain(runs, FIVE[0])} {wording.moves(of, last, 2, close=CLOSE)}. "
            f"At {_gain(runs, FIVE[-1])}, {wording.percent(flat[FIVE[-1]])} of the outputs lie beyond 0.97, "
            f"where tanh is flat. With BatchNorm it is {_shares([flat[run] for run in BN])}. "
            f"Each histogram is scaled to its own peak. {_of(runs)}"
        ),
        description=_described(titles),
        columns=("run", "layer", "std", "saturated"),
        rows=tuple((run, at, row["std"], row["saturated"]) for run in FAIR for at, row in enumerate(shown[run], 1)),
        draw=_layers(titles, shown, "outputs", end, "output of tanh", 1.0),
        size=(WIDE, 5.6),
    )


def _shares(shares: Sequence[float]) -> str:
    """Say a share at each of the gains, once where they are written alike."""
    texts = [wording.percent(share) for share in shares]
    return f"{texts[0]} at any gain" if len(set(texts)) == 1 else f"{wording.listed(texts)}, from left to right"


def _gradients(runs: Runs, when: str, shown: Tables, before: Tables | None = None) -> Figure:
    """Return the gradients in units of the panel's widest layer, so that a faint layer is seen to be faint."""
    unit = {run: max(_column(shown, run, "gradient")) or 1.0 for run in FAIR}
    titles = _titles(runs, lambda run: f"widest {_times(_apart(shown, run))} × narrowest")
    end = {run: [layer["range"] / unit[run] for layer in shown[run]] for run in FAIR}
    small, normalised = (
        f"{_times(_apart(shown, run))} times" + (f" ({_times(_apart(before, run))} before training)" if before else "")
        for run in (FIVE[0], BN[0])
    )
    worst = max(FAIR, key=lambda run: _apart(shown, run))
    return Figure(
        name=f"gradients-{when}",
        title=f"{WHEN[when].capitalize()}: the gradient of the tanh layers",
        caption=(
            f"At {_gain(runs, FIVE[0])} the gradient of the widest layer is {small} as wide as that of the narrowest, "
            f"with BatchNorm {normalised}. The layers differ most at {_label(runs, worst)}. "
            "Each column is in units of the widest layer of its model, each histogram is scaled to its own peak. "
            f"{_of(runs)}"
        ),
        description=_described(titles),
        columns=("run", "layer", "std of the gradient", "of the widest layer's"),
        rows=tuple(
            (run, at, f"{spread:.2e}", round(spread / unit[run], 3))
            for run in FAIR
            for at, spread in enumerate(_column(shown, run, "gradient"), 1)
        ),
        draw=_layers(titles, shown, "gradients", end, "gradient, in standard deviations of the widest layer", 3.0),
        size=(WIDE, 5.6),
    )


# -- lines ------------------------------------------------------------------------------------------------------------


def _gradient_lines(runs: Runs, start: Tables, end: Tables) -> Figure:
    shown = {"at initialisation": start, "after training": end}

    def fill(axes: Any, palette: Palette, tables: Tables) -> None:
        for row, line in enumerate((FIVE, BN)):
            for at, run in enumerate(line):
                spreads = _column(tables, run, "gradient")
                look = {"color": palette.lines[at], "linestyle": DASHES[row], "marker": "oD"[row], "ms": 4}
                axes.plot(range(1, len(spreads) + 1), spreads, label=_label(runs, run), **look)
        axes.set_xticks(range(1, len(spreads) + 1))
        charts.powers(axes)

    folds = [
        f"{when} {_times(_apart(tables, FIVE[0]))}-fold, with BatchNorm {_times(_apart(tables, BN[0]))}-fold"
        for when, tables in shown.items()
    ]
    return Figure(
        name="gradients",
        title="How much gradient reaches each layer",
        caption=(
            f"At {_gain(runs, FIVE[0])} the gradients of the layers differ {'; '.join(folds)}."
            + (" At initialisation the lines with BatchNorm lie on one another. " if _alike(start) else " ")
            + _of(runs)
        ),
        description="Two line charts over the tanh layers, logarithmic: the standard deviation of the gradient, a line "
        "for each run, at initialisation and after training.",
        columns=("run", "when", "layer", "std of the gradient"),
        rows=tuple(
            (run, when, at, f"{spread:.2e}")
            for run in FAIR
            for when, tables in shown.items()
            for at, spread in enumerate(_column(tables, run, "gradient"), 1)
        ),
        draw=_side_by_side(shown, fill, "tanh layer", "std of the gradient", columns=2),
        size=(WIDE, 4.0),
    )


def _alike(tables: Tables) -> bool:
    """Return whether each layer's gradient with BatchNorm is nearly the same at all gains, as lines are seen."""
    layers = zip(*(_column(tables, run, "gradient") for run in BN), strict=True)
    return all(metrics.spread(list(spreads)) < 1.1 for spreads in layers)


def _updates(runs: Runs) -> Figure:
    def read() -> dict[str, list[tuple[int, float]]]:
        """Return of each run the steps and update:data, the median over the hidden weights."""
        return {
            run: [
                (row["step"], float(f"{statistics.median(metrics.hidden(row)):.3g}"))
                for row in runs.first(run).lines(metrics.FILE)
            ]
            for run in FAIR
        }

    shown = {run: [(step, ratio) for step, ratio in points] for run, points in runs.keep("updates", read).items()}
    best = min(FAIR, key=lambda run: _mean(runs, run))
    along = "update : data, median of hidden weights"

    def fill(axes: Any, palette: Palette, line: tuple[str, ...]) -> None:
        for at, run in enumerate(line):
            look = {"color": palette.lines[at], "linestyle": DASHES[at], "linewidth": 3.0 if run == best else 1.4}
            axes.plot(*zip(*shown[run], strict=True), label=_gain(runs, run), **look)
        axes.axhline(RULE, color=palette.ink, linewidth=0.8)
        where = {"transform": axes.get_yaxis_transform(), "va": "top", "fontsize": SMALL}
        axes.text(0.15, RULE * 0.95, f"{RULE:g}, the rule of thumb", **where)
        charts.powers(axes)

    return Figure(
        name="updates",
        title="How far the weights move in a step",
        caption=(
            "The standard deviation of a step over that of the weights. "
            f"{_rule(runs, shown, best)} {_gain_and_step(runs, shown)} {_of(runs)}"
        ),
        description="Two line charts over the steps, logarithmic: update to data, without BatchNorm and with it, and a "
        f"guide line at one thousandth. The thick line is {_model(runs, best)} at {_gain(runs, best)}.",
        columns=("run", "step", "update:data"),
        rows=tuple((run, step, f"{ratio:.2e}") for run, points in shown.items() for step, ratio in points),
        draw=_side_by_side({_model(runs, line[0]): line for line in (FIVE, BN)}, fill, "step", along),
        size=(WIDE, 3.8),
    )


def _rule(runs: Runs, shown: dict[str, list[tuple[int, float]]], best: str) -> str:
    """Say where the run that ends best stands to the rule of thumb."""
    ratios = [ratio for _, ratio in shown[best]]
    above, median = sum(ratio > RULE for ratio in ratios), statistics.median(ratios)
    where = {0: "never rises above", len(ratios): "is never below"}.get(above, "crosses")
    return (
        f"Of these runs the lowest mean test loss, {_mean(runs, best):.3f}, is that of the thick line, "
        f"{_model(runs, best)} at {_gain(runs, best)}. It {where} the rule of thumb of {RULE:g}: "
        f"{above} of {len(ratios)} points are above it, and their median is {_times(median / RULE)} times the rule."
    )


def _gain_and_step(runs: Runs, shown: dict[str, list[tuple[int, float]]]) -> str:
    """Say what a larger gain does to the step, with BatchNorm."""
    small, large = (statistics.median(ratio for _, ratio in shown[run]) for run in (BN[0], BN[-1]))
    times = _times(max(small, large) / min(small, large))
    how = "as far" if times == "1.0" else f"{times} times {'less' if large < small else 'more'}"
    why = ": what the forward pass forgets, the step size remembers" if "less" in how else ""
    than = "as" if how == "as far" else "than"
    return f"With BatchNorm the weights move {how} at {_gain(runs, BN[-1])} {than} at {_gain(runs, BN[0])}{why}."


# -- saturated and dead -----------------------------------------------------------------------------------------------


def _dead(runs: Runs) -> Figure:
    labels = {run: _rate(runs, run) + (", BatchNorm" if run.startswith("bn") else "") for run in LARGE}
    return charts.dots(
        runs,
        LARGE,
        {"saturation_end": "saturated outputs", "dead_end": "dead neurons"},
        "% after training, mean of the layers",
        name="dead",
        title=f"Saturated outputs and dead neurons at {_gain(runs, LARGE[0])}, after training",
        caption=(
            "A neuron is called dead when every character of a batch saturates it: next to no gradient comes through. "
            + " ".join(_ends(runs, *pair) for pair in (LARGE[:2], LARGE[2:]))
        ),
        percent=True,
        labels=labels,
    )


def _ends(runs: Runs, plain: str, normalised: str) -> str:
    """Say how much is saturated and dead at the end, without BatchNorm and with it."""
    dead = runs.metric(plain, "dead_end")
    saturated, died, saturated_bn, died_bn = (
        wording.percent(statistics.fmean(runs.metric(run, metric)))
        for run in (plain, normalised)
        for metric in ("saturation_end", "dead_end")
    )
    by_seed = wording.span([100 * share for share in dead], 0)
    by_seed = f" ({by_seed} % by seed)" if " to " in by_seed else ""
    return (
        f"At {_rate(runs, plain)}, {saturated} of the outputs end saturated and {died} of the neurons dead{by_seed}; "
        f"with BatchNorm {saturated_bn} and {died_bn}."
    )
