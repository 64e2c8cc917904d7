"""The figures of a deep MLP, with and without BatchNorm: what goes forward, what comes back, what moves, what dies."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from deltas.core import files
from deltas.figures import charts, wording
from deltas.figures.runs import Runs
from deltas.figures.style import DASHES, Figure, Palette

metrics = files.module(Path(__file__).with_name("metrics.py"))

PAIRS = (("small", "small-bn"), ("good", "good-bn"), ("large", "large-bn"))  # a gain without BatchNorm, and with it
ORDER = tuple(run for pair in PAIRS for run in pair)
FAST = ("large-fast", "large-fast-bn")
MEASURES = {"test_loss": "all test names", "test_loss_unseen": "names not in train"}
COLOUR = {run: at for at, pair in enumerate(PAIRS) for run in pair}

FADED = 0.5  # a signal has faded whose last layer has less than this share of the first one's spread
ALIKE = 1.25  # layers are alike whose spreads differ by no more than this factor
EVEN = 2.5  # gradients are even that differ by no more than this factor
MANY = 0.2  # share of saturated outputs from which on they are many
CLOSE = 0.05  # nats that are hardly any
FALLEN = 1 / 3  # a curve has fallen that ends below this share of its highest point

Record = dict[str, Any]  # a line of diagnostics.jsonl: see metrics.py
Layers = list[dict[str, Any]]  # its "act" or its "grad", a table for each tanh layer


def figures(runs: Runs) -> list[Figure]:
    """Return those figures whose runs are there."""
    if not runs.has(*ORDER):
        return []
    drawn = [
        _activations(runs, 0),
        _activations(runs, -1),
        _gradients(runs),
        _gradient_histograms(runs, 0),
        _gradient_histograms(runs, -1),
        _updates(runs),
    ]
    if runs.has(*FAST):
        drawn += [_dead(runs), _losses(runs)]
    return drawn


# -- what the runs are ------------------------------------------------------------------------------------------------


def _records(runs: Runs, run: str) -> list[Record]:
    """Return the diagnostics of a run's first seed."""
    return runs.first(run).lines(metrics.FILE)


def _layers(runs: Runs, which: int, kind: str) -> dict[str, Layers]:
    """Return "act" or "grad" of each run's first record (0) or last (-1)."""
    return {run: _records(runs, run)[which][kind] for run in ORDER}


def _argument(runs: Runs, run: str, option: str) -> float:
    arguments = runs.of(run)[0].plan.run.args
    return float(arguments[arguments.index(option) + 1])


def _gain(runs: Runs, run: str) -> str:
    gain = _argument(runs, run, "--gain")
    return "gain 5/3" if math.isclose(gain, 5 / 3, abs_tol=1e-3) else f"gain {gain:g}"


def _label(runs: Runs, run: str) -> str:
    return _gain(runs, run) + (", BatchNorm" if "--batchnorm" in runs.of(run)[0].plan.run.args else "")


def _times_the_rate(runs: Runs) -> str:
    """Name the learning rate of the fast runs."""
    return f"{_argument(runs, 'large-fast', '-l') / _argument(runs, 'large', '-l'):g} times the rate"


def _mean(layers: Layers, key: str) -> float:
    return statistics.fmean(layer[key] for layer in layers)


def _spreads(layers: Layers) -> list[float]:
    """Return the standard deviation of each layer."""
    return [layer["std"] for layer in layers]


def _widest(layers: Layers) -> float:
    """Return the spread of the widest layer, as a unit: never 0."""
    return max(_spreads(layers)) or 1.0


def _ratio(layers: Layers) -> float:
    """Return how many times as wide the widest layer is as the narrowest."""
    spreads = _spreads(layers)
    return max(spreads) / min(spreads) if min(spreads) else math.inf


def _times(ratio: float) -> str:
    """Write a ratio.

    >>> _times(17.3), _times(1.62), _times(math.inf)
    ('17', '1.6', 'infinitely many')
    """
    if math.isinf(ratio):
        return "infinitely many"
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"


# -- histograms, a ridge for each layer -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ridges:
    """A panel: what it says above, and the ridge of each layer: points from left to right, and how high it is there."""

    says: str
    layers: list[tuple[numpy.ndarray, numpy.ndarray]]


def _six_panels(panels: dict[str, Ridges], along: str, limits: tuple[float, float]) -> Callable[[Any, Palette], None]:
    """Return what draws a panel for each run: without BatchNorm above, with it below; layers from top to bottom."""

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(2, 3, sharex=True, sharey=True)
        for column, pair in enumerate(PAIRS):
            for row, run in enumerate(pair):
                axes = grid[row][column]
                for at, (x, height) in enumerate(panels[run].layers, 1):
                    top = at - 0.85 * height / max(height.max(), 1)
                    outline = (x[0], *x, x[-1]), (at, *top, at)
                    axes.fill(*outline, color=palette.lines[row], alpha=0.7, linewidth=0)
                    axes.axhline(at, color=palette.faint, linewidth=0.5)
                axes.set_title(panels[run].says, fontsize=8.5)
                for side in axes.spines.values():
                    side.set_visible(False)
                axes.tick_params(axis="y", length=0)
        deep = len(panels[ORDER[0]].layers)
        grid[0][0].set(xlim=limits, ylim=(deep + 0.1, 0))
        grid[0][0].set_yticks([n - 0.3 for n in range(1, deep + 1)], [f"layer {n}" for n in range(1, deep + 1)])
        figure.supxlabel(along, fontsize=9)

    return draw


def _read_out(panels: dict[str, Ridges]) -> str:
    """Return what stands above the panels, as sentences."""
    return "; ".join(panel.says.replace("\n", ": ") for panel in panels.values()) + "."


def _activations(runs: Runs, which: int) -> Figure:
    """Return the tanh outputs of the first record (0) or of the last (-1)."""
    shown = _layers(runs, which, "act")
    panels = {}
    for run, layers in shown.items():
        says = f"{_label(runs, run)}\n{wording.percent(_mean(layers, 'saturated'))} saturated"
        panels[run] = Ridges(says, [_bins(layer["hist"], 1.0) for layer in layers])
    when = "start" if which == 0 else "end"
    return Figure(
        name=f"activations-{when}",
        title=f"{'At initialisation' if which == 0 else 'After training'}: what the tanh layers put out",
        caption=(
            (_signal(runs, shown) if which == 0 else _signal_after(runs, shown, _layers(runs, 0, "act")))
            + f" {_saturated(runs, shown)} Each histogram is scaled to its own peak."
        ),
        description=(
            "Six panels, three gains without BatchNorm and below with it: a histogram for each layer's tanh outputs. "
            + _read_out(panels)
        ),
        columns=("run", "layer", "mean", "std", "saturated"),
        rows=tuple(
            (run, at, round(layer["mean"], 3), round(layer["std"], 3), round(layer["saturated"], 4))
            for run, layers in shown.items()
            for at, layer in enumerate(layers, 1)
        ),
        draw=_six_panels(panels, "output of tanh", (-1, 1)),
        size=(8.6, 5.2),
    )


def _bins(counts: Sequence[float], reach: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return a ridge over equal bins from -reach to reach: their centres, and both ends of the range."""
    edges = numpy.linspace(-reach, reach, len(counts) + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    return numpy.array([-reach, *centres, reach]), numpy.array([counts[0], *counts, counts[-1]])


def _signal(runs: Runs, shown: dict[str, Layers]) -> str:
    """Say what becomes of the signal at the smallest gain, from the first layer to the last."""
    first, *_, last = _spreads(shown["small"])
    spread = f"from a standard deviation of {first:.2f} in the first layer to {last:.2f} in the last"
    if last < FADED * first:
        return f"At {_gain(runs, 'small')} the signal fades, {spread}."
    if last * ALIKE < first:
        return f"At {_gain(runs, 'small')} the signal weakens, {spread}."
    return f"At {_gain(runs, 'small')} the signal does not fade: it goes {spread}."


def _signal_after(runs: Runs, shown: dict[str, Layers], start: dict[str, Layers]) -> str:
    """Say what training did to the signal in the last layer at the smallest gain."""
    before, after = _spreads(start["small"])[-1], _spreads(shown["small"])[-1]
    moved = f"{before:.2f} at initialisation to {after:.2f}"
    if after > ALIKE * before:
        return f"Training widens the signal at {_gain(runs, 'small')}: the last layer goes from {moved}."
    if before > ALIKE * after:
        return f"Training narrows the signal at {_gain(runs, 'small')} further: the last layer goes from {moved}."
    return f"Training hardly changes the signal at {_gain(runs, 'small')}: the last layer goes from {moved}."


def _saturated(runs: Runs, shown: dict[str, Layers]) -> str:
    """Say how many outputs are flat at the largest gain, and whether BatchNorm makes the layers alike."""
    flat = _mean(shown["large"], "saturated")
    large = f"{wording.percent(flat)} of the outputs lie beyond 0.97, where tanh is flat"
    large = f"At {_gain(runs, 'large')}, {'' if flat >= MANY else 'only '}{large}."
    normalised = {with_bn: shown[with_bn] for _, with_bn in PAIRS}
    shares = [wording.percent(_mean(layers, "saturated")) for layers in normalised.values()]
    says = shares[0] if len(set(shares)) == 1 else wording.listed(shares)
    if max(_ratio(layers) for layers in normalised.values()) <= ALIKE:
        return f"{large} With BatchNorm the layers look alike at any gain: {says} saturated."
    return f"{large} With BatchNorm the layers still differ: {says} saturated."


def _gradient_histograms(runs: Runs, which: int) -> Figure:
    """Return the gradients, in units of the panel's widest layer, so that a faint layer is seen to be faint."""
    shown = _layers(runs, which, "grad")
    panels = {}
    for run, layers in shown.items():
        widest = _widest(layers)
        says = f"{_label(runs, run)}\nwidest {_times(_ratio(layers))} × narrowest"
        panels[run] = Ridges(says, [_bins(layer["hist"], layer["range"] / widest) for layer in layers])
    when = "start" if which == 0 else "end"
    return Figure(
        name=f"gradients-{when}",
        title=f"{'At initialisation' if which == 0 else 'After training'}: the gradient of the tanh layers",
        caption=(
            "A narrow peak is a layer that hears little. "
            + (_heard(runs, shown) if which == 0 else _heard_after(runs, shown, _layers(runs, 0, "grad")))
            + " Each panel is in units of its own widest layer, each histogram is scaled to its own peak."
        ),
        description=(
            "Six panels, three gains without BatchNorm and below with it: a histogram of each layer's gradients. "
            + _read_out(panels)
        ),
        columns=("run", "layer", "std of the gradient", "of the widest layer's"),
        rows=tuple(
            (run, at, f"{spread:.2e}", round(spread / _widest(layers), 3))
            for run, layers in shown.items()
            for at, spread in enumerate(_spreads(layers), 1)
        ),
        draw=_six_panels(panels, "gradient, in standard deviations of the widest layer", (-3, 3)),
        size=(8.6, 5.2),
    )


def _heard(runs: Runs, shown: dict[str, Layers]) -> str:
    """Say which layers hear most and least at the smallest gain, and what BatchNorm makes of it."""
    spreads = _spreads(shown["small"])
    most, least = spreads.index(max(spreads)) + 1, spreads.index(min(spreads)) + 1
    apart, normalised = _ratio(shown["small"]), _ratio(shown["small-bn"])
    return (
        f"At {_gain(runs, 'small')} the gradient of layer {most} is {_times(apart)} times as wide as that of layer "
        f"{least}. With BatchNorm the widest is {_times(normalised)} times the narrowest"
        + (": all layers hear." if normalised <= EVEN < apart else ".")
    )


def _heard_after(runs: Runs, shown: dict[str, Layers], start: dict[str, Layers]) -> str:
    """Say what training did to the differences between the layers, and where they are largest."""
    before, after = _ratio(start["small"]), _ratio(shown["small"])
    ratios = f"the widest layer is {_times(after)} times the narrowest, and was {_times(before)} times before"
    if after <= EVEN < before:
        says = f"Training has evened out the layers at {_gain(runs, 'small')}: {ratios}."
    elif after <= EVEN:
        says = f"The layers at {_gain(runs, 'small')} are even: {ratios}."
    else:
        says = f"Training leaves the layers at {_gain(runs, 'small')} uneven: {ratios}."
    worst = max(shown, key=lambda run: _ratio(shown[run]))
    return f"{says} The layers differ most at {_label(runs, worst)}: {_times(_ratio(shown[worst]))} times."


# -- lines ------------------------------------------------------------------------------------------------------------


def _gradients(runs: Runs) -> Figure:
    shown = {when: _layers(runs, which, "grad") for when, which in (("at initialisation", 0), ("after training", -1))}

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, (when, by_run) in zip(grid, shown.items(), strict=True):
            for run, layers in by_run.items():
                normalised = run != PAIRS[COLOUR[run]][0]
                axes.plot(
                    range(1, len(layers) + 1), _spreads(layers), color=palette.lines[COLOUR[run]],
                    linestyle=DASHES[normalised], marker="D" if normalised else "o", ms=4, label=_label(runs, run),
                )  # fmt: skip
            axes.set_title(when)
            axes.set_yscale("log")
            axes.set_xlabel("tanh layer")
            axes.set_xticks(range(1, len(layers) + 1))
            axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        grid[0].set_ylabel("std of the gradient")
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8)

    folds = [
        f"{when} {_times(_ratio(by_run['small']))}-fold, with BatchNorm {_times(_ratio(by_run['small-bn']))}-fold"
        for when, by_run in shown.items()
    ]
    return Figure(
        name="gradients",
        title="How much gradient reaches each layer",
        caption=f"At {_gain(runs, 'small')} the gradients of the layers differ in size: {'; '.join(folds)}.",
        description=(
            "Two line charts over the tanh layers, logarithmic: the standard deviation of the gradient, a line for "
            "each run, at initialisation and after training."
        ),
        columns=("run", "when", "layer", "std of the gradient"),
        rows=tuple(
            (run, when, at, f"{spread:.2e}")
            for run in ORDER
            for when, by_run in shown.items()
            for at, spread in enumerate(_spreads(by_run[run]), 1)
        ),
        draw=draw,
        size=(8.0, 3.8),
    )


def _updates(runs: Runs) -> Figure:
    shown = {
        run: [(record["step"], statistics.median(metrics.hidden(record))) for record in _records(runs, run)]
        for run in ORDER
    }

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        for run, points in shown.items():
            steps, ratios = zip(*points, strict=True)
            normalised = run != PAIRS[COLOUR[run]][0]
            axes.plot(
                steps, ratios, color=palette.lines[COLOUR[run]], linestyle=DASHES[normalised], label=_label(runs, run)
            )
        axes.axhline(1e-3, color=palette.ink, linewidth=0.8)
        axes.text(1.02, 1e-3, "1e-3, the rule of thumb", transform=axes.get_yaxis_transform(), va="center", fontsize=8)
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("update : data, median of hidden weights")
        figure.legend(loc="outside right upper", fontsize=8)

    return Figure(
        name="updates",
        title="How far the weights move in a step",
        caption=(
            "The standard deviation of a step over that of the weights it changes. "
            f"{_gain_and_step(runs, shown)} {_towards_the_end(shown)}"
        ),
        description="A line chart over the steps, logarithmic: update to data, with a guide line at one thousandth.",
        columns=("run", "step", "update:data"),
        rows=tuple((run, step, f"{ratio:.2e}") for run, points in shown.items() for step, ratio in points),
        draw=draw,
        size=(8.0, 3.6),
    )


def _gain_and_step(runs: Runs, shown: dict[str, list[tuple[int, float]]]) -> str:
    """Say what a larger gain does to the step, with BatchNorm."""
    one, large = (statistics.median(ratio for _, ratio in shown[run]) for run in ("good-bn", "large-bn"))
    gains = f"at {_gain(runs, 'large-bn')}", f"at {_gain(runs, 'good-bn')}"
    if one > ALIKE * large:
        remembers = "what the forward pass forgets, the step size remembers"
        return (
            f"With BatchNorm the weights move {_times(one / large)} times less {gains[0]} than {gains[1]}: {remembers}."
        )
    if large > ALIKE * one:
        return f"With BatchNorm the weights move {_times(large / one)} times more {gains[0]} than {gains[1]}."
    return f"With BatchNorm the weights move as far {gains[0]} as {gains[1]}."


def _towards_the_end(shown: dict[str, list[tuple[int, float]]]) -> str:
    """Say whether the curves fall with the learning rate."""
    fallen = [run for run, points in shown.items() if points[-1][1] < FALLEN * max(ratio for _, ratio in points)]
    if len(fallen) == len(shown):
        return "All curves fall towards the end, with the learning rate."
    if fallen:
        return f"Towards the end {len(fallen)} of the {len(shown)} curves fall: {wording.listed(fallen)}."
    return "No curve falls much towards the end."


# -- saturated and dead -----------------------------------------------------------------------------------------------


def _dead(runs: Runs) -> Figure:
    order = ("large", "large-bn", *FAST)
    rate = _times_the_rate(runs)
    labels = {run: _label(runs, run) + (f"\n{rate}" if run in FAST else "") for run in order}
    shown = {
        run: [
            [(record["step"], record["act"]) for record in folder.lines(metrics.FILE)] for folder in runs.folders(run)
        ]
        for run in order
    }  # run -> a list for each seed of (step, layers)
    kinds = {"saturated": "saturated outputs", "dead": "dead neurons"}

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(1, len(order), sharex=True, sharey=True)
        for axes, run in zip(grid, order, strict=True):
            for at, (kind, says) in enumerate(kinds.items()):
                for n, seed in enumerate(shown[run]):
                    axes.plot(
                        [step for step, _ in seed], [100 * _mean(layers, kind) for _, layers in seed],
                        color=palette.lines[at], linestyle=DASHES[at], linewidth=1.2, label=says if n == 0 else None,
                    )  # fmt: skip
            axes.set_title(labels[run], fontsize=8.5)
            axes.set_xlabel("step")
            axes.grid(axis="y", color=palette.faint, alpha=0.3, linewidth=0.6)
        grid[0].set_ylim(-3, 103)
        grid[0].set_ylabel("%, mean of the layers")
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)

    return Figure(
        name="dead",
        title="Saturated outputs and dead neurons",
        caption=_of_dead(runs, shown),
        description=(
            "Four panels, a run each, all at the largest gain: the share of saturated outputs and the share of dead "
            "neurons over the steps, a line for each seed."
        ),
        columns=("run", "step", "saturated, mean of the seeds", "dead, lowest seed", "dead, highest seed"),
        rows=tuple(
            (
                run,
                records[0][0],
                round(statistics.fmean(_mean(layers, "saturated") for _, layers in records), 4),
                round(min(_mean(layers, "dead") for _, layers in records), 4),
                round(max(_mean(layers, "dead") for _, layers in records), 4),
            )
            for run, seeds in shown.items()
            for records in zip(*seeds, strict=True)
        ),
        draw=draw,
        size=(8.6, 3.4),
    )


def _of_dead(runs: Runs, shown: dict[str, list[list[tuple[int, Layers]]]]) -> str:
    """Say how many neurons are dead in the end, at both learning rates."""
    dead = {run: [_mean(seed[-1][1], "dead") for seed in seeds] for run, seeds in shown.items()}
    mean = {run: statistics.fmean(shares) for run, shares in dead.items()}
    flat = statistics.fmean(_mean(seed[-1][1], "saturated") for seed in shown["large"])
    saved = flat >= MANY and mean["large"] < 0.005
    by_seed = wording.span([100 * share for share in dead["large-fast"]], 0)
    by_seed = f" ({by_seed} % by seed)" if " to " in by_seed else ""
    return (
        "A neuron is called dead when every character of a batch saturates it: next to no gradient comes through. "
        + ("Saturated is not yet dead: at " if saved else "At ")
        + f"{_gain(runs, 'large')}, {wording.percent(flat)} of the outputs end saturated, and "
        f"{wording.percent(mean['large'])} of the neurons dead. At {_times_the_rate(runs)}, "
        f"{wording.percent(mean['large-fast'])} of the neurons end dead without BatchNorm{by_seed}, and "
        f"{wording.percent(mean['large-fast-bn'])} with it. Each line is a seed."
    )


# -- losses -----------------------------------------------------------------------------------------------------------


def _losses(runs: Runs) -> Figure:
    seeds = {run: runs.metric(run, "test_loss") for run in (*ORDER, *FAST)}
    mean = {run: statistics.fmean(losses) for run, losses in seeds.items()}
    small = wording.moves(mean["small"], mean["small-bn"], 3, close=CLOSE)
    large = wording.moves(mean["large"], mean["large-bn"], 3, close=CLOSE)
    fast = {run: wording.span(seeds[run], 3) for run in FAST}
    better = len(seeds["large-fast"]) > 1 and max(seeds["large-fast-bn"]) < min(seeds["large-fast"])
    return charts.dots(
        runs,
        tuple(seeds),
        MEASURES,
        "test loss, nats per character (lower is better)",
        name="losses",
        title="What the scale costs, and what BatchNorm changes",
        caption=(
            f"With BatchNorm the loss at {_gain(runs, 'small')} {small}, and at {_gain(runs, 'large')} it {large}"
            + (_why_not(mean) if abs(mean["large-bn"] - mean["large"]) <= CLOSE else "")
            + f". At {_times_the_rate(runs)} it is {fast['large-fast-bn']} with BatchNorm and {fast['large-fast']} "
            "without" + (", so that the worst seed with it is better than the best one without." if better else ".")
        ),
    )


def _why_not(mean: dict[str, float]) -> str:
    """Say what the step size has to do with it, where a larger one is what helps."""
    if mean["large-fast-bn"] < mean["large-bn"] - CLOSE:
        return ": the forward pass forgets the gain, the step size does not"
    return ""
