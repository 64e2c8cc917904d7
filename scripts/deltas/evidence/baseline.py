"""baseline.json: what was measured when the experiment was last recorded, and what that predicts for one more run."""

import datetime
import functools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core import jsonfile
from ..core.errors import BadInput
from ..runs.experiment import Experiment
from . import testnames
from .testnames import ByName, Split

LEVEL = 0.99  # of the whole family of figures that a stage is judged by
FLOOR = 1e-4  # nats, and whatever else: what other libm's and CPUs do to a sum
UNJUDGED = frozenset({"seconds"})

LATER = ("controls", "splits", "names", "samples")  # absent where there is nothing to say

Figure = float | int | None


@dataclass(frozen=True)
class Summary:
    """One metric of one run over the seeds: values in their order. sd: None where it has no meaning (n = 1, inf)."""

    n: int
    mean: float
    sd: float | None
    values: tuple[float, ...]


@dataclass(frozen=True)
class Baseline:
    """What was recorded (runs: run -> metric -> Summary), from which seeds and arguments, and on what.

    controls: run -> code id of the control that it is. names: run -> its losses by test name, where all its seeds were
    tested on the same; splits: those names, once for all the runs that share them. samples: run -> names that its first
    seed made up.
    """

    stage: str
    code_id: str
    torch: str
    python: str
    threads: int
    cpu: str
    recorded: str
    seeds: tuple[int, ...]
    arguments: dict[str, tuple[str, ...]]
    runs: dict[str, dict[str, Summary]]
    controls: dict[str, str] = field(default_factory=dict)
    splits: dict[str, Split] = field(default_factory=dict)
    names: dict[str, ByName] = field(default_factory=dict)
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def family(self) -> int:
        """How many figures a stage is judged by, whichever of its runs is looked at."""
        return sum(metric not in UNJUDGED for metrics in self.runs.values() for metric in metrics)


@dataclass(frozen=True)
class Verdict:
    """A figure beside its baseline. ok: inside the interval; None where it is not judged, and `why` says why."""

    metric: str
    value: Figure
    summary: Summary | None = None
    low: float | None = None
    high: float | None = None
    ok: bool | None = None
    why: str = ""


def summarise(values: Sequence[float]) -> Summary:
    """n, mean, sample standard deviation. Equal infinities have that mean and no spread."""
    values = tuple(values)
    if all(map(math.isfinite, values)):
        sd = statistics.stdev(values) if len(values) > 1 else None
        return Summary(len(values), statistics.fmean(values), sd, values)
    same = len(set(values)) == 1
    return Summary(len(values), sum(values), 0.0 if same and len(values) > 1 else None, values)


def interval(values: Sequence[float], family: int, level: float = LEVEL) -> tuple[float, float]:
    """Where one more observation falls, and with it `family` such figures together, with probability `level`.

    The prediction interval of a normal sample, Bonferroni over the family (Hahn & Meeker, Statistical Intervals):

        mean ± t(n-1, 1 - (1 - level) / (2 family)) · sd · sqrt(1 + 1/n)

    never narrower than ± FLOOR. Infinite where some values are, or there is one only: that predicts nothing; infinity
    itself where all are. Not-a-number contains nothing.
    """
    if not values:
        raise ValueError("no values, no interval")
    if any(map(math.isnan, values)):
        return math.nan, math.nan
    if len(set(values)) == 1 and math.isinf(values[0]):
        return values[0], values[0]
    if len(values) < 2 or any(map(math.isinf, values)):
        return -math.inf, math.inf
    n, mean = len(values), statistics.fmean(values)
    half = _quantile(n - 1, 1 - (1 - level) / (2 * family)) * statistics.stdev(values) * math.sqrt(1 + 1 / n)
    half = max(half, FLOOR)
    return mean - half, mean + half


@functools.cache
def _quantile(freedom: int, probability: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def judge(baseline: Baseline | None, run: str, metrics: Mapping[str, Figure], stale: str = "") -> list[Verdict]:
    """Each figure of a run against the interval that the baseline's seeds predict; the run's own first, in their order.

    baseline: None where nothing was recorded. stale: why the baseline is of another thing, if it is; then nothing is
    judged against it.
    """
    recorded = baseline.runs.get(run, {}) if baseline else {}
    verdicts = []
    for metric in [*metrics, *(each for each in recorded if each not in metrics)]:
        value, summary = metrics.get(metric), recorded.get(metric)
        if baseline is None or summary is None or value is None:
            verdicts.append(Verdict(metric, value, summary, why="not measured"))
        elif stale:
            verdicts.append(Verdict(metric, value, summary, why="stale"))
        elif metric in UNJUDGED:
            verdicts.append(Verdict(metric, value, summary))
        elif summary.n < 2:
            verdicts.append(Verdict(metric, value, summary, why="one seed predicts nothing"))
        else:
            low, high = interval(summary.values, baseline.family)
            verdicts.append(Verdict(metric, value, summary, low, high, low <= value <= high))
    return verdicts


def stale(baseline: Baseline, experiment: Experiment, code_id: str) -> list[str]:
    """Why the baseline is not one of this code and this experiment; empty where it is."""
    reasons = []
    if baseline.code_id != code_id:
        reasons.append(f"the code is {code_id}, recorded was {baseline.code_id}")
    if baseline.seeds != experiment.seeds:
        reasons.append(f"the seeds are {list(experiment.seeds)}, recorded were {list(baseline.seeds)}")
    now = {run.name: run.args for run in experiment.runs}
    for name in dict.fromkeys([*now, *baseline.arguments]):
        if name not in baseline.arguments:
            reasons.append(f"the run {name} was not recorded")
        elif name not in now:
            reasons.append(f"the recorded run {name} is gone from the experiment")
        elif now[name] != baseline.arguments[name]:
            reasons.append(f"the arguments of {name} have changed")
    for run in experiment.runs:
        recorded = baseline.controls.get(run.name)
        if run.name in baseline.arguments and run.control_id != recorded:
            now, was = (f"the control {each}" if each else "makemore.py" for each in (run.control_id, recorded))
            reasons.append(f"{run.name} is of {now}, recorded was {was}")
    return reasons


def today() -> str:
    """As `recorded` states it."""
    return datetime.date.today().isoformat()


def write(path: Path, baseline: Baseline) -> None:
    """Whole or not at all; keys in the order of the fields, runs and metrics in theirs."""
    runs = {
        run: {
            metric: {"n": each.n, "mean": each.mean, "sd": each.sd, "values": list(each.values)}
            for metric, each in metrics.items()
        }
        for run, metrics in baseline.runs.items()
    }
    arguments = {run: list(args) for run, args in baseline.arguments.items()}
    table = {**baseline.__dict__, "seeds": list(baseline.seeds), "arguments": arguments, "runs": runs}
    table["splits"] = {key: testnames.plain_split(each) for key, each in baseline.splits.items()}
    table["names"] = {run: {"split": each.split, "nats": list(each.nats)} for run, each in baseline.names.items()}
    table["samples"] = {run: list(each) for run, each in baseline.samples.items()}
    jsonfile.write(path, {key: value for key, value in table.items() if value or key not in LATER})


def read(path: Path) -> Baseline | None:
    """None where nothing was recorded yet. BadInput says what is wrong with the file, and where in it."""
    try:
        table = jsonfile.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    try:
        return _baseline(table)
    except _Wrong as wrong:
        raise BadInput(
            f"{path}: {wrong}",
            "the file as it was recorded",
            [f"git checkout -- {path}", f"scripts/record.sh {path.parent.name[:2]}"],
        ) from wrong


class _Wrong(Exception):
    """What is wrong, and where; `read` adds which file."""


def _baseline(table: Any) -> Baseline:
    fields = Baseline.__dataclass_fields__
    _object(table, "the document")
    for key in fields:
        if key not in table and key not in LATER:
            raise _Wrong(f"no {key}")
    for key in table:
        if key not in fields:
            raise _Wrong(f"unknown key {key!r}")
    for key in ("stage", "code_id", "torch", "python", "cpu", "recorded"):
        if not isinstance(table[key], str):
            raise _Wrong(f"{key} is {table[key]!r}, not a string")
    if type(table["threads"]) is not int:
        raise _Wrong(f"threads is {table['threads']!r}, not a whole number")
    seeds = table["seeds"]
    if not isinstance(seeds, list) or not seeds or any(type(seed) is not int for seed in seeds):
        raise _Wrong(f"seeds is {seeds!r}, not a list of whole numbers")
    arguments = {}
    for run, args in _object(table["arguments"], "arguments").items():
        if not isinstance(args, list) or not all(isinstance(arg, str) for arg in args):
            raise _Wrong(f"arguments.{run} is {args!r}, not a list of strings")
        arguments[run] = tuple(args)
    runs = {
        run: {
            metric: _summary(each, f"runs.{run}.{metric}", len(seeds))
            for metric, each in _object(metrics, f"runs.{run}").items()
        }
        for run, metrics in _object(table["runs"], "runs").items()
    }
    if set(runs) != set(arguments):
        raise _Wrong(f"runs are {sorted(runs)}, but arguments are of {sorted(arguments)}")
    controls = _object(table.get("controls", {}), "controls")
    for run, control_id in controls.items():
        if not isinstance(control_id, str):
            raise _Wrong(f"controls.{run} is {control_id!r}, not a string")
    splits, names = _names(table, runs)
    read = {"seeds": tuple(seeds), "arguments": arguments, "runs": runs}
    later = {"controls": controls, "splits": splits, "names": names, "samples": _samples(table, runs)}
    return Baseline(**{**table, **read, **later})


def _samples(table: dict[str, Any], runs: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    samples = {}
    for run, made_up in _object(table.get("samples", {}), "samples").items():
        if run not in runs:
            raise _Wrong(f"samples are of {run!r}, which is not among the runs")
        if not isinstance(made_up, list) or not all(isinstance(name, str) for name in made_up):
            raise _Wrong(f"samples.{run} is not a list of names")
        samples[run] = tuple(made_up)
    return samples


def _names(table: dict[str, Any], runs: dict[str, dict[str, Summary]]) -> tuple[dict[str, Split], dict[str, ByName]]:
    splits, names = {}, {}
    for key, each in _object(table.get("splits", {}), "splits").items():
        try:
            splits[key] = testnames.read_split(each)
        except ValueError as error:
            raise _Wrong(f"splits.{key}: {error}") from error
    for run, each in _object(table.get("names", {}), "names").items():
        if run not in runs:
            raise _Wrong(f"names are of {run!r}, which is not among the runs")
        loss = runs[run].get("test_loss")
        try:
            names[run] = testnames.read_by_name(each, splits, loss.mean if loss else None)
        except ValueError as error:
            raise _Wrong(f"names.{run}: {error}") from error
    return splits, names


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{place} is {value!r}, not an object")
    return value


def _summary(table: Any, place: str, seeds: int) -> Summary:
    """Mean and sd have to be those of the values: a figure that was edited by hand is not a measurement."""
    if set(_object(table, place)) != {"n", "mean", "sd", "values"}:
        raise _Wrong(f"{place} has {', '.join(table) or 'nothing'}, not n, mean, sd, values")
    if not isinstance(table["values"], list) or len(table["values"]) != seeds:
        raise _Wrong(f"{place}.values is {table['values']!r}, not a value for each of {seeds} seeds")
    values = []
    for value in table["values"]:
        try:
            figure = jsonfile.number(value)
        except ValueError as error:
            raise _Wrong(f"{place}.values: {error}") from error
        if figure is None or math.isnan(figure):
            raise _Wrong(f"{place}.values: {value!r} is not a measurement")
        values.append(figure)
    summary = summarise(values)
    for key in ("n", "mean", "sd"):
        expected = getattr(summary, key)
        try:
            found = jsonfile.number(table[key])
        except ValueError as error:
            raise _Wrong(f"{place}.{key}: {error}") from error
        if found != expected and not (found is not None and expected is not None and _close(found, expected)):
            raise _Wrong(f"{place}.{key} is {table[key]!r}, but the values make it {expected!r}")
    return summary


def _close(found: float, expected: float) -> bool:
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)
