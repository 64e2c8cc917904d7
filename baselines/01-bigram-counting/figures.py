"""The figure of counting: the table of probabilities that is the whole model."""

from typing import Any

import numpy

from deltas.figures import tables, wording
from deltas.figures.runs import Runs
from deltas.figures.style import Figure, Palette

MOST = 0.8  # the share of a row that counts as most of it


def figures(runs: Runs) -> list[Figure]:
    """Return the table of counts, where it was counted."""
    return [_counts(runs)] if runs.has("counted") else []


def _table(runs: Runs) -> list[list[float]]:
    """Return the probabilities (27, 27) that the model holds; rows sum to 1."""
    import torch  # takes seconds, and figures that are drawn again do without

    logits = torch.load(runs.first("counted").path / "model.pt", weights_only=True)["logits"]
    return [[round(share, 6) for share in row] for row in logits.softmax(1).tolist()]


def _counts(runs: Runs) -> Figure:
    P = numpy.array(runs.keep("counted", lambda: _table(runs)))  # (27, 27), row and column 0 are the end of a name
    first = 1 + int(P[0, 1:].argmax())
    last = 1 + int(P[1:, 0].argmax())
    likeliest = [
        (tables.LETTERS[i], tables.LETTERS[int(row.argmax())], round(float(row.max()), 4)) for i, row in enumerate(P)
    ]

    def draw(figure: Any, palette: Palette) -> None:
        axes = figure.add_subplot()
        top = float(numpy.quantile(P, 0.99))
        mesh = tables.draw(axes, P, "", cmap=palette.ramp, limits=(0, top))
        axes.set_ylabel("character")
        figure.colorbar(mesh, ax=axes, label="P(next | character)", extend="max")

    return Figure(
        name="counts",
        title="How often does j follow i? The whole model, as a table",
        caption=(
            "Each row is a probability distribution over the characters that may come next. The dot is the place "
            "before the first letter and after the last. "
            f"More names begin with {tables.LETTERS[first]} than with any other letter "
            f"({wording.percent(float(P[0, first]))}), and a name is likelier to end after {tables.LETTERS[last]} than "
            f"after any other letter ({wording.percent(float(P[last, 0]))})."
        ),
        description=(
            "A heat map of 27 rows and 27 columns: row i, column j is the probability that character j follows "
            f"character i in a name. {_weight(P)}"
        ),
        columns=("character", "most probable next", "probability"),
        rows=tuple(likeliest),
        draw=draw,
        size=(5.6, 4.8),
    )


def _weight(P: numpy.ndarray) -> str:
    """Say where in the table the probability lies: in how many columns of a row, and in which columns of all."""
    descending = -numpy.sort(-P, axis=1)  # (27, 27)
    columns = (descending.cumsum(1) < MOST).sum(1) + 1  # (27,), the fewest that hold MOST of a row
    heaviest = [tables.LETTERS[j] if j else "the end of a name" for j in (-P.mean(0)).argsort(kind="stable")[:5]]
    return (
        f"A row has {wording.percent(MOST)} of its probability in {int(numpy.median(columns))} of its 27 columns, by "
        f"the median over the rows. The columns that hold the most are those of {wording.listed(heaviest)}."
    )
