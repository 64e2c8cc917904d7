"""Stage 01: the table of counts."""

import numpy

from deltas.figures import tables
from deltas.figures.runs import Runs
from deltas.figures.style import Figure, Palette


def figures(runs: Runs) -> list[Figure]:
    """Return the table of probabilities that counting gives."""
    if not runs.has("counted"):
        return []
    P = runs.first("counted").weights["logits"].exp().numpy()  # (27, 27), rows sum to 1
    best = [(tables.LETTERS[i], tables.LETTERS[int(row.argmax())], float(row.max())) for i, row in enumerate(P)]
    begins = sorted(((float(p), tables.LETTERS[j]) for j, p in enumerate(P[0])), reverse=True)
    ends = sorted(((float(p), tables.LETTERS[i]) for i, p in enumerate(P[:, 0])), reverse=True)

    def draw(figure, palette: Palette) -> None:
        axes = figure.add_subplot()
        mesh = tables.draw(axes, P, "", cmap=palette.ramp, limits=(0, float(numpy.quantile(P, 0.99))))
        axes.set_ylabel("character")
        figure.colorbar(mesh, ax=axes, label="P(next | character)", extend="max")

    return [
        Figure(
            name="counts",
            title="How often does j follow i? The whole model, as a table",
            caption=(
                f"Each row is a probability distribution. {begins[0][1]} begins more names than any other letter "
                f"({begins[0][0]:.0%}), and "
                f"after {ends[0][1]} a name ends most readily ({ends[0][0]:.0%}): the dot is the place before the "
                "first and after the last letter."
            ),
            description=(
                "A heat map of 27 rows and 27 columns: row i, column j is the probability that character j follows "
                "character i in a name. Most of the table is nearly empty: a row has its weight in few columns, the "
                "vowels and the end of the name."
            ),
            columns=("character", "most probable next", "probability"),
            rows=tuple((first, second, round(p, 4)) for first, second, p in best),
            draw=draw,
            size=(5.6, 4.8),
        )
    ]
