"""The figures of Muon: the singular values of an update under both optimizers, and what the losses come to."""

import json
import statistics
from pathlib import Path
from typing import Any

from deltas.core import files
from deltas.core.numbers import fixed
from deltas.figures import charts, wording
from deltas.figures.runs import Runs
from deltas.figures.style import DASHES, WIDE, Figure, Palette

metrics = files.module(Path(__file__).with_name("metrics.py"))

PAIRS = {"transformer": "transformer-adamw", "mlp": "mlp-adamw"}  # a model with Muon, and the same with AdamW
ORDER = tuple(run for pair in PAIRS.items() for run in pair)
MEASURES = {"test_loss": "all test names", "test_loss_unseen": "names not in train"}
SHOWN = ("transformer.h.1.attn.c_proj", "transformer.h.1.mlp.c_fc")  # of the second of the four blocks
EVEN = 0.5  # most directions move alike where half of the singular values lie above this share of the largest


def figures(runs: Runs) -> list[Figure]:
    """Return the figures, where all runs are there."""
    return [_values(runs), _losses(runs)] if runs.has(*ORDER) else []


def _values(runs: Runs) -> Figure:
    kinds = {"Muon": ("transformer", "update"), "AdamW": (PAIRS["transformer"], "update")}
    kinds["average of the gradients, with AdamW"] = (PAIRS["transformer"], "momentum")
    shown = runs.keep("singular values", lambda: _of_the_largest(runs, kinds))

    def draw(figure: Any, palette: Palette) -> None:
        grid = figure.subplots(1, len(SHOWN), sharey=True)
        for axes, (matrix, lines) in zip(grid, shown.items(), strict=True):
            for at, (kind, values) in enumerate(lines.items()):
                places = range(1, len(values) + 1)
                axes.plot(places, values, color=palette.lines[at], linestyle=DASHES[at], label=kind)
            axes.set_title(matrix.removeprefix("transformer."))
            axes.set_xlabel("singular value, largest first")
            axes.set_ylim(0, 1.03)
            axes.grid(color=palette.faint, alpha=0.3, linewidth=0.6)
        grid[0].set_ylabel("of the largest")
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)

    return Figure(
        name="singular-values",
        title="In how many directions an update moves a matrix",
        caption=_alike({kind: [lines[kind] for lines in shown.values()] for kind in kinds})
        + f" {_all_matrices(runs)} What the optimizers would do right after the last step; one seed.",
        description=(
            "Two line charts, a matrix each: the singular values of an update from the largest to the smallest, in "
            "units of the largest, for Muon, for AdamW, and for the average of gradients that AdamW starts from."
        ),
        columns=("matrix", "of", "singular value", "of the largest"),
        rows=tuple(
            (matrix, kind, place, round(value, 4))
            for matrix, lines in shown.items()
            for kind, values in lines.items()
            for place, value in enumerate(values, 1)
        ),
        draw=draw,
        size=(WIDE, 3.6),
    )


def _of_the_largest(runs: Runs, kinds: dict[str, tuple[str, str]]) -> dict[str, dict[str, list[float]]]:
    """Return matrix -> kind -> singular values, in units of the largest. kinds: kind -> its run, and which values.

    FileNotFoundError where a run's file is gone: then what was kept of it is drawn.
    """
    there = {run: json.loads((runs.first(run).path / metrics.FILE).read_text()) for run, _ in kinds.values()}
    return {
        matrix: {
            kind: [round(value / there[run][matrix][which][0], 4) for value in there[run][matrix][which]]
            for kind, (run, which) in kinds.items()
        }
        for matrix in SHOWN
    }


def _alike(values: dict[str, list[list[float]]]) -> str:
    """Say above which share of the largest half of the singular values lie, in each of the matrices shown."""
    half = {kind: min(statistics.median(of_matrix) for of_matrix in matrices) for kind, matrices in values.items()}
    muon, adamw = wording.percent(half["Muon"]), wording.percent(half["AdamW"])
    says = f"with Muon half of the singular values lie above {muon} of the largest, with AdamW half lie above {adamw}"
    if half["Muon"] >= EVEN > half["AdamW"]:
        return f"Muon moves most directions of a matrix by about as much: {says}."
    return f"{says[0].upper()}{says[1:]}."


def _all_matrices(runs: Runs) -> str:
    """Say what share of the directions is in use, over all hidden matrices of the transformer."""
    share = {
        run: wording.percent(statistics.fmean(runs.metric(run, "update_directions")))
        for run in ("transformer", PAIRS["transformer"])
    }
    return (
        f"Over all hidden matrices of the transformer, Muon uses {share['transformer']} of the directions and AdamW "
        f"{share[PAIRS['transformer']]}, if (Σs)² / (n Σs²) counts them."
    )


def _losses(runs: Runs) -> Figure:
    mean = {run: statistics.fmean(runs.metric(run, "test_loss")) for run in ORDER}
    says = [
        f"the loss of the {'MLP' if muon == 'mlp' else muon} {wording.moves(mean[adamw], mean[muon], 3)}"
        for muon, adamw in PAIRS.items()
    ]
    return charts.dots(
        runs,
        ORDER,
        MEASURES,
        "test loss, nats per character (lower is better)",
        name="losses",
        title="The same models, the same steps, another optimizer",
        caption=(
            f"From AdamW to Muon, {wording.listed(says)}. With Muon for both, the transformer ends at "
            f"{fixed(mean['transformer'], 3)} and the MLP at {fixed(mean['mlp'], 3)}. Whether a difference is more "
            "than noise, the claims say."
        ),
    )
