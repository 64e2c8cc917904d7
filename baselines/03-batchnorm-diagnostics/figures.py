"""Stage 03: inside a deep MLP, with and without BatchNorm."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

from deltas.core import files
from deltas.figures import charts
from deltas.figures.runs import Runs
from deltas.figures.style import DASHES, Figure, Palette

metrics = files.module(Path(__file__).with_name("metrics.py"))

NORMALISED = {"small": "gain 0.5, BatchNorm", "good": "gain 1, BatchNorm", "large": "gain 4, BatchNorm"}
GAINS = (("small", "gain 0.5, too small"), ("good", "gain 5/3, with BatchNorm 1"), ("large", "gain 4, too large"))


def figures(runs: Runs) -> list[Figure]:
    """Return the figures whose runs are there."""
    pairs = [run for name, _ in GAINS for run in (name, f"{name}-bn")]
    if not runs.has(*pairs):
        return []
    drawn = [
        _activations(runs, 0, "start", "At initialisation: what the tanh layers put out"),
        _activations(runs, -1, "end", "After training: what the tanh layers put out"),
        _gradients(runs),
        _gradient_histograms(runs, 0, "start", "At initialisation: the gradient of the tanh layers"),
        _gradient_histograms(runs, -1, "end", "After training: the gradient of the tanh layers"),
        _updates(runs),
    ]
    if runs.has("large-fast", "large-fast-bn"):
        drawn.append(_dead(runs))
        drawn.append(
            charts.dots(
                runs,
                (*pairs, "large-fast", "large-fast-bn"),
                (("test_loss", "all test names"), ("test_loss_unseen", "names not in train")),
                "test loss, nats per character (lower is better)",
                "What the scale costs, and what BatchNorm buys",
                "BatchNorm lifts the vanishing net out of its hole. Gain 4 it does not rescue at the same learning "
                "rate: the forward pass forgets the gain, the step size does not. At 16 times the rate the net "
                "with BatchNorm trains well from every seed, and the one without from some.",
            )
        )
    return drawn


def _records(runs: Runs, run: str) -> list[dict[str, Any]]:
    return runs.first(run).lines(metrics.FILE)


def _label(run: str) -> str:
    return (
        NORMALISED[run.removesuffix("-bn")]
        if run.endswith("-bn")
        else dict(GAINS)[run].removesuffix(", with BatchNorm 1")
    )


def _activations(runs: Runs, which: int, when: str, title: str) -> Figure:
    shown = {run: _records(runs, run)[which] for name, _ in GAINS for run in (name, f"{name}-bn")}
    rows = [
        (run, layer + 1, round(each["mean"], 3), round(each["std"], 3), round(each["saturated"], 4))
        for run, record in shown.items()
        for layer, each in enumerate(record["act"])
    ]

    def panel(axes, name: str, draw_layer) -> None:
        layers = shown[name]["act"]
        for at, layer in enumerate(layers):
            share = numpy.array(layer["hist"]) / sum(layer["hist"])
            draw_layer(at, numpy.linspace(-1, 1, len(share) + 1)[:-1] + 1 / len(share), share)
        flat = statistics.fmean(layer["saturated"] for layer in layers)
        axes.text(0.03, 0.93, f"{flat:.0%} saturated", transform=axes.transAxes, fontsize=8, va="top")
        axes.set_yscale("log")
        axes.set_ylim(1e-3, 1)

    means = {run: statistics.fmean(layer["saturated"] for layer in record["act"]) for run, record in shown.items()}
    return Figure(
        name=f"activations-{when}",
        title=title,
        caption=(
            "Too small a gain and the signal fades from layer to layer. Too large and "
            f"{means['large']:.0%} of the outputs sit beyond 0.97, where tanh is flat. "
            "With BatchNorm (below) the layers look alike at any gain: "
            f"{means['small-bn']:.0%}, {means['good-bn']:.0%} and {means['large-bn']:.0%}."
        ),
        description="Six panels, three gains without and with BatchNorm: histograms of five layers' tanh outputs.",
        columns=("run", "layer", "mean", "std", "saturated"),
        rows=tuple(rows),
        draw=_six_panels(panel, "output of tanh", "share"),
        size=(8.6, 4.6),
    )


def _six_panels(panel: Callable[..., None], across: str, up: str) -> Callable[[Any, Palette], None]:
    """Three gains side by side, without BatchNorm above and with it below, a line for each layer.

    panel(axes, run, draw_layer) calls draw_layer(layer, x, y) and sets the scales.
    """

    def draw(figure, palette: Palette) -> None:
        grid = figure.subplots(2, 3, sharex=True, sharey="row")
        for row, suffix in enumerate(("", "-bn")):
            for column, (name, label) in enumerate(GAINS):
                axes = grid[row][column]

                def draw_layer(at: int, x: Any, y: Any, axes=axes, first=row == column == 0) -> None:
                    axes.plot(
                        x, y, color=palette.lines[at % 5], linestyle=DASHES[at], linewidth=1.2,
                        label=f"layer {at + 1}" if first else None,
                    )  # fmt: skip

                panel(axes, name + suffix, draw_layer)
                axes.minorticks_off()  # on a logarithmic axis they are half of the file
                if row == 0:
                    axes.set_title(label)
                else:
                    axes.set_xlabel(across)
            grid[row][0].set_ylabel(f"{up}, " + ("with BatchNorm" if suffix else "without"))
        figure.legend(loc="outside upper center", ncols=5)

    return draw


def _gradient_histograms(runs: Runs, which: int, when: str, title: str) -> Figure:
    """In units of the panel's widest layer, so that what fades can be seen to fade."""
    order = [run for name, _ in GAINS for run in (name, f"{name}-bn")]
    shown = {run: _records(runs, run)[which]["grad"] for run in order}
    widest = {run: max(layer["std"] for layer in layers) for run, layers in shown.items()}
    rows = [
        (run, layer + 1, f"{each['std']:.2e}", round(each["std"] / widest[run], 3))
        for run, layers in shown.items()
        for layer, each in enumerate(layers)
    ]

    def panel(axes, name: str, draw_layer) -> None:
        for at, layer in enumerate(shown[name]):
            edges = numpy.linspace(-layer["range"], layer["range"], len(layer["hist"]) + 1) / widest[name]
            density = numpy.array(layer["hist"]) / sum(layer["hist"]) / (edges[1] - edges[0])
            centres = (edges[:-1] + edges[1:]) / 2
            draw_layer(at, centres[abs(centres) < 5], numpy.where(density > 0, density, numpy.nan)[abs(centres) < 5])
        narrow = min(layer["std"] for layer in shown[name])
        ratio = f"widest {widest[name] / narrow:.1f} × narrowest"
        axes.text(0.03, 0.95, ratio, transform=axes.transAxes, fontsize=7.5, va="top")
        axes.set_yscale("log")
        axes.set_xlim(-5, 5)
        axes.set_ylim(1e-3, 40)

    ratios = {run: widest[run] / min(layer["std"] for layer in shown[run]) for run in ("small", "small-bn")}
    return Figure(
        name=f"gradients-{when}",
        title=title,
        caption=(
            "A narrow peak is a layer that hears little. At gain 0.5 the widest layer's gradient is "
            f"{ratios['small']:.1f} times the narrowest's; with BatchNorm (below) {ratios['small-bn']:.1f} times. "
            "Each panel is in units of its own widest layer."
        ),
        description="Six panels, three gains without and with BatchNorm: histograms of five layers' gradients.",
        columns=("run", "layer", "std of the gradient", "of the widest layer's"),
        rows=tuple(rows),
        draw=_six_panels(panel, "gradient, widest layer = 1", "density"),
        size=(8.6, 4.6),
    )


def _gradients(runs: Runs) -> Figure:
    order = [run for name, _ in GAINS for run in (name, f"{name}-bn")]
    shown = {run: (_records(runs, run)[0], _records(runs, run)[-1]) for run in order}
    rows = [
        (run, when, layer + 1, f"{each['std']:.2e}")
        for run, pair in shown.items()
        for when, record in zip(("start", "end"), pair, strict=True)
        for layer, each in enumerate(record["grad"])
    ]

    def draw(figure, palette: Palette) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, which, title in zip(grid, (0, 1), ("at initialisation", "after training"), strict=True):
            for at, run in enumerate(order):
                spread = [layer["std"] for layer in shown[run][which]["grad"]]
                axes.plot(
                    range(1, len(spread) + 1), spread, color=palette.lines[at // 2], linestyle=DASHES[at % 2],
                    marker="o" if at % 2 == 0 else "D", ms=4, label=_label(run) if which == 0 else None,
                )  # fmt: skip
            axes.set_title(title)
            axes.set_yscale("log")
            axes.set_xlabel("tanh layer")
            axes.set_xticks(range(1, len(spread) + 1))
            axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        grid[0].set_ylabel("std of the gradient")
        figure.legend(loc="outside upper center", ncols=3, fontsize=7.5)

    spread = {run: runs.metric(run, "gradient_spread_start") for run in ("small", "small-bn")}
    return Figure(
        name="gradients",
        title="How much gradient reaches each layer",
        caption=(
            f"At gain 0.5 the layers' gradients differ {statistics.fmean(spread['small']):.0f}-fold in size; "
            f"with BatchNorm {statistics.fmean(spread['small-bn']):.1f}-fold."
        ),
        description="Two line charts over five layers, logarithmic: the gradient's standard deviation for each run.",
        columns=("run", "when", "layer", "std of the gradient"),
        rows=tuple(rows),
        draw=draw,
        size=(8.0, 3.8),
    )


def _updates(runs: Runs) -> Figure:
    order = [run for name, _ in GAINS for run in (name, f"{name}-bn")]
    shown = {run: [(r["step"], statistics.median(metrics.hidden(r))) for r in _records(runs, run)] for run in order}

    def draw(figure, palette: Palette) -> None:
        axes = figure.add_subplot()
        for at, run in enumerate(order):
            steps, ratios = zip(*shown[run], strict=True)
            axes.plot(steps, ratios, color=palette.lines[at // 2], linestyle=DASHES[at % 2], label=_label(run))
        axes.axhline(1e-3, color=palette.ink, linewidth=0.8)
        axes.annotate(
            "1e-3: about right", (1, 1e-3), xycoords=("axes fraction", "data"), xytext=(0, 3),
            textcoords="offset points", fontsize=7.5, ha="right",
        )  # fmt: skip
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("update : data, median of hidden weights")
        figure.legend(loc="outside right upper", fontsize=8)

    return Figure(
        name="updates",
        title="How far the weights move in a step",
        caption=(
            "The standard deviation of a step over that of the weights it changes. With BatchNorm a gain four times as "
            "large moves the weights many times less: what the forward pass forgets, the step size remembers. All "
            "curves go to zero with the learning rate."
        ),
        description="A line chart over the steps, logarithmic: update to data, with a guide line at one thousandth.",
        columns=("run", "step", "update:data"),
        rows=tuple((run, step, f"{ratio:.2e}") for run, pairs in shown.items() for step, ratio in pairs),
        draw=draw,
        size=(8.0, 3.6),
    )


def _dead(runs: Runs) -> Figure:
    order = ("large", "large-bn", "large-fast", "large-fast-bn")
    labels = {
        "large": "gain 4", "large-bn": "gain 4, BatchNorm",
        "large-fast": "gain 4, 16 times the rate", "large-fast-bn": "gain 4, 16 times the rate, BatchNorm",
    }  # fmt: skip
    shown = {
        run: [[(r["step"], r["act"]) for r in folder.lines(metrics.FILE)] for folder in runs.folders(run)]
        for run in order
    }
    rows = [
        (
            run,
            step,
            round(statistics.fmean(a["saturated"] for a in act), 4),
            round(statistics.fmean(a["dead"] for a in act), 4),
        )
        for run, seeds in shown.items()
        for step, act in seeds[0]
    ]

    def draw(figure, palette: Palette) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, key, title in zip(grid, ("saturated", "dead"), ("saturated outputs", "dead neurons"), strict=True):
            for at, run in enumerate(order):
                for n, seed in enumerate(shown[run]):
                    share = [statistics.fmean(layer[key] for layer in act) for _, act in seed]
                    label = labels[run] if key == "dead" and n == 0 else None
                    steps = [step for step, _ in seed]
                    axes.plot(steps, share, color=palette.lines[at % 4], linestyle=DASHES[at], alpha=0.8, label=label)
            axes.set_title(title)
            axes.set_xlabel("step")
        grid[0].set_ylabel("share, mean of the layers")
        figure.legend(loc="outside upper center", ncols=2, fontsize=8)

    ends = {run: statistics.fmean(runs.metric(run, "dead_end")) for run in order}
    worst = runs.metric("large-fast", "dead_end")
    return Figure(
        name="dead",
        title="Saturated is not yet dead",
        caption=(
            "A neuron is called dead when every character of a batch saturates it: next to no gradient comes "
            f"through. At gain 4 many outputs are saturated, {ends['large']:.0%} of the neurons dead. At 16 times the "
            f"learning rate it is {ends['large-fast']:.0%} without BatchNorm ({min(worst):.0%} to {max(worst):.0%} by "
            f"seed), and {ends['large-fast-bn']:.0%} with it. A line a seed."
        ),
        description="Two line charts over the steps, four runs at gain 4: saturated outputs, dead neurons.",
        columns=("run", "step", "saturated", "dead"),
        rows=tuple(rows),
        draw=draw,
        size=(8.0, 3.6),
    )
