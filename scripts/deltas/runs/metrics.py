"""How metrics are declared: baselines/metrics.toml for all stages, `[metric.NAME]` in a stage's experiment.toml.

A metric is a number that a run measures. A table metric is several of them, one for each of its cells, and the name of
such a number is the metric's, a dot and the cell's: `domain_loss.names`. Whoever declares nothing gets the defaults.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from ..core import shapes, tomlfile
from ..core.errors import BadInput
from ..core.numbers import Form

FILE = "metrics.toml"
Name = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[a-z0-9_-]+)?\Z")]
EXPECTED = {
    "digits": "how many decimals tables show, from 0 to 15",
    "unpaired": "why its values cannot be compared item by item",
}


class Metric(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a metric is, for whoever shows or judges it.

    says: its name in plain words. judged: whether a new run's value is held against the interval that the recorded
    ones predict; false for what the machine's mood decides, such as seconds.
    table: what the cells of a table metric are, "domain" or "expert". over: what it is a mean over, "test name"; then a
    claim about it needs the values item by item (items.json). unpaired: why there are no such values.
    """

    says: str = ""
    judged: bool = True
    table: str = ""
    over: str = ""
    unpaired: str = ""


class _File(Struct, forbid_unknown_fields=True):
    metric: dict[Name, Metric] = {}


class Metrics(Struct, frozen=True):
    """All that is declared for a stage."""

    declared: dict[str, Metric] = {}

    def __getitem__(self, name: str) -> Metric:
        """Return what a metric is. A cell is what its table is, unless it is declared itself."""
        table, _, cell = name.partition(".")
        metric = self.declared.get(name) or self.declared.get(table) or Metric()
        if metric.says and name in self.declared:
            return metric
        says = metric.says or table.replace("_", " ")
        return replace(metric, says=f"{says}, {cell}" if cell else says)

    def table(self, name: str) -> str:
        """Return the name of the table that a number is a cell of; "" for a metric that is one number."""
        table, dot, _ = name.partition(".")
        return table if dot else ""

    def cells(self, name: str) -> str:
        """Return what the cells of a table metric are called; "cell" where nobody says."""
        return self[name].table or "cell"


def shared(folder: Path) -> dict[str, Any]:
    """Return what baselines/metrics.toml declares, as it is written; nothing where there is no such file. BadInput."""
    path = folder / FILE
    try:
        table = tomlfile.read(path)
    except FileNotFoundError:
        return {}
    try:
        shapes.convert(table, _File, EXPECTED)
    except shapes.Misfit as wrong:
        raise BadInput(f"{path}: {wrong.found}", wrong.expected) from None
    return dict(table.get("metric", {}))


def together(common: Mapping[str, Any], own: Mapping[str, Any]) -> Metrics:
    """Return both declarations in one: what a stage says of a metric goes before what is said for all stages."""
    merged = {name: common.get(name, {}) | own.get(name, {}) for name in [*common, *own]}
    return Metrics(shapes.convert({"metric": merged}, _File).metric)
