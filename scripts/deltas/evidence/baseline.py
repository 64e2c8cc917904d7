"""baseline.json: what was measured when the experiment of a stage was last recorded."""

import datetime
import hashlib
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from ..core import jsonfile, shapes
from ..core.errors import BadInput
from ..runs.experiment import Experiment
from .items import ByItem, Items, Value, numbers

SUM = 2e-5  # relative: by so much may the rounded values by item miss the metric that they add up to


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
    """One metric of one run over its seeds, values in their order.

    sd: the standard deviation of a sample; None where there is none (one seed, or infinity for some seeds only).
    """

    n: int
    mean: Value
    sd: Value | None
    values: Annotated[tuple[Value, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Raise ValueError where n, mean and sd are not those of the values: edited by hand, it is no measurement."""
        mean, *values = numbers((self.mean, *self.values))
        force_setattr(self, "mean", mean)
        force_setattr(self, "values", tuple(values))
        if any(map(math.isnan, values)):
            raise ValueError("NaN is not a measurement")
        for name, right in zip(("n", "mean", "sd"), _moments(values), strict=True):
            stated = getattr(self, name)
            if stated != right and not (stated is not None and right is not None and _close(stated, right)):
                raise ValueError(f"{name} is {stated!r}, but the values make it {right!r}")


class Recorded(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One run. measured_by: the id of the code that measured it.

    deterministic: its metrics do not depend on the seed, but for those that are never judged; they were recorded from
    the first seed. unpaired: metric -> why its values by item could not be kept, although the seeds left some.
    generated: what the model of the first seed made up.
    """

    program: str
    arguments: tuple[str, ...]
    seeds: Annotated[tuple[int, ...], Meta(min_length=1)]
    measured_by: str
    deterministic: bool = False
    metrics: dict[str, Summary]
    by_item: ByItem | None = None
    unpaired: dict[str, str] = {}
    generated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where the parts do not fit together."""
        for name, summary in self.metrics.items():
            if summary.n != len(self.seeds):
                raise ValueError(
                    f"metrics.{name} has {summary.n} values, not a value for each of {len(self.seeds)} seeds"
                )
        if self.deterministic and len(self.seeds) > 1:
            raise ValueError(f"it is deterministic, but its seeds are {list(self.seeds)}")
        for name in [*(self.by_item.values if self.by_item else ()), *self.unpaired]:
            if name not in self.metrics:
                raise ValueError(f"there are values by item of {name!r}, which is not among the metrics")


class Baseline(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was recorded of a stage, and on what. items: the items that the runs share, by id.

    other_seeds_on: the id of the code on which all seeds but the first were trained, where that is not code_id: then
    the first seed of every run came to the same numbers on both (repeated.py).
    """

    stage: str
    code_id: str
    torch: str
    python: str
    threads: int
    cpu: str
    recorded: str
    runs: dict[str, Recorded]
    items: dict[str, Items] = {}
    other_seeds_on: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where values by item do not fit their items, or do not add up to their metric."""
        for name, run in self.runs.items():
            if run.by_item:
                try:
                    _check_items(run, run.by_item, self.items)
                except ValueError as error:
                    raise ValueError(f"runs.{name}.by_item: {error}") from None
        used = {run.by_item.items for run in self.runs.values() if run.by_item}
        for key in self.items:
            if key not in used:
                raise ValueError(f"items.{key} belongs to no run")

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those of the runs that are recorded from most of them."""
        return max((run.seeds for run in self.runs.values()), key=len, default=())

    def summary(self, run: str, metric: str) -> Summary | None:
        """Return what was recorded of a metric; None where it was not."""
        return self.runs[run].metrics.get(metric) if run in self.runs else None


def _check_items(run: Recorded, by_item: ByItem, items: Mapping[str, Items]) -> None:
    if by_item.items not in items:
        raise ValueError(f"there are no items {by_item.items!r}")
    shared = items[by_item.items]
    for metric, values in by_item.values.items():
        if len(values) != len(shared.weights):
            raise ValueError(f"{metric} has {len(values)} values for {len(shared.weights)} items")
        _check_sum(metric, run, shared.mean(values), shared.mean([abs(value) for value in values]))
    for metric, subset in shared.subsets.items():
        if metric in run.metrics and subset.of in by_item.values:
            values = by_item.values[subset.of]
            scale = shared.mean([abs(value) for value in values], subset.where)
            _check_sum(metric, run, shared.mean(values, subset.where), scale)


def _check_sum(metric: str, run: Recorded, total: float | None, scale: float | None) -> None:
    stated = run.metrics[metric].mean
    if total is None or (total != stated and not abs(total - stated) <= SUM * (scale or 0.0)):
        raise ValueError(f"the values of {metric} make it {total}, but it is {stated}")


def summarise(values: Sequence[float | int]) -> Summary:
    """Return n, mean and standard deviation. Equal infinities have that mean, and no spread."""
    return Summary(*_moments(values), tuple(values))


def _moments(values: Sequence[float | int]) -> tuple[int, float, float | None]:
    n = len(values)
    if all(map(math.isfinite, values)):
        return n, statistics.fmean(values), statistics.stdev(values) if n > 1 else None
    return n, sum(values), 0.0 if len(set(values)) == 1 and n > 1 else None


def _close(stated: float, right: float) -> bool:
    return math.isclose(stated, right, rel_tol=1e-9, abs_tol=1e-12)


def stale(baseline: Baseline, experiment: Experiment, code_id: str, measured_by: Mapping[str, str]) -> list[str]:
    """Return why the baseline is not one of this code, these runs and what measures them; nothing where it is.

    measured_by: run -> the id of the code that would measure it today.
    """
    reasons = []
    if baseline.code_id != code_id:
        reasons.append(f"the code is {code_id}, recorded was {baseline.code_id}")
    reasons += _differing_seeds(baseline, experiment)
    reasons += _toggled(baseline, experiment)
    now = {run.name: run for run in experiment.runs}
    for name in dict.fromkeys([*now, *baseline.runs]):
        if name not in baseline.runs:
            reasons.append(f"the run {name} was not recorded")
        elif name not in now:
            reasons.append(f"the recorded run {name} is gone from the experiment")
        elif now[name].program != baseline.runs[name].program:
            reasons.append(f"{name} is a run of {now[name].program}, recorded was {baseline.runs[name].program}")
        elif now[name].args != baseline.runs[name].arguments:
            reasons.append(f"the arguments of {name} have changed")
    otherwise = [name for name in now if name in baseline.runs and baseline.runs[name].measured_by != measured_by[name]]
    if otherwise:
        reasons.append(f"what measures {', '.join(otherwise)} is other code than when they were recorded")
    return reasons


def _differing_seeds(baseline: Baseline, experiment: Experiment) -> list[str]:
    """Return a reason for every pair of seeds, with its runs where it is not true of all of them."""
    differing: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
    both = [run for run in experiment.runs if run.name in baseline.runs]
    for run in both:
        now, then = run.seeds(experiment.seeds), baseline.runs[run.name].seeds
        if run.deterministic != baseline.runs[run.name].deterministic:
            continue  # then the seeds differ for that reason, which is told by itself
        if now != then:
            differing.setdefault((now, then), []).append(run.name)
    reasons = []
    for (now, then), names in differing.items():
        whose = "" if len(names) == len(both) else f" of {', '.join(names)}"
        reasons.append(f"the seeds{whose} are {list(now)}, recorded were {list(then)}")
    return reasons


def _toggled(baseline: Baseline, experiment: Experiment) -> list[str]:
    """Return a reason for every run whose declaration as deterministic came or went since it was recorded."""
    return [
        f"{run.name} is declared deterministic, and was not when it was recorded"
        if run.deterministic
        else f"{run.name} is no longer declared deterministic, as it was when it was recorded"
        for run in experiment.runs
        if run.name in baseline.runs and run.deterministic != baseline.runs[run.name].deterministic
    ]


def digest(baseline: Baseline) -> str:
    """Return a hash of everything that a figure may show of a baseline: code, arguments, seeds, values, names."""
    runs = {
        name: [
            run.arguments,
            run.seeds,
            {metric: summary.values for metric, summary in run.metrics.items()},
            run.generated,
        ]
        for name, run in baseline.runs.items()
    }
    text = json.dumps(jsonfile.plain([baseline.code_id, runs]), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def today() -> str:
    """Return the date as `recorded` states it: in UTC, so that no page is dated tomorrow anywhere."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def document(baseline: Baseline) -> dict[str, Any]:
    """Return what baseline.json holds: keys in the order of the fields, runs and metrics in theirs."""
    return msgspec.to_builtins(baseline)


def write(path: Path, baseline: Baseline) -> None:
    """Write baseline.json, whole or not at all."""
    jsonfile.write(path, document(baseline))


def read(path: Path) -> Baseline | None:
    """Return what was recorded; None where nothing was. BadInput says what is wrong with the file, and where in it."""
    try:
        table = jsonfile.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    try:
        return shapes.convert(table, Baseline)
    except shapes.Misfit as wrong:
        raise BadInput(
            f"{path}: {wrong.found}",
            wrong.expected or "the file as it was recorded",
            [
                f"git diff -- {path}   # what was changed",
                f"scripts/record.sh {path.parent.name[:2]}   # measures it anew",
            ],
        ) from None
