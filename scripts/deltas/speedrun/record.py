"""A race's record: what is made of its runs. The runs are kept as they were measured, and suffice to make it again."""

import datetime
from collections.abc import Sequence
from typing import Any

from ..core import machine
from ..core.codeid import code_id
from ..stages.build import Workshop
from .settings import Contestant, Settings
from .training import Run

Document = dict[str, Any]


def begun(shop: Workshop, chosen: Settings, contestants: Sequence[Contestant], command: str) -> Document:
    """Return the document of a race that begins: on what it is run, by whom, and no runs yet."""
    about = machine.describe()
    del about["threads"]  # every contestant has its own
    return {
        "command": command,
        **about,
        "cores": machine.cores(),
        "recorded": datetime.date.today().isoformat(),
        "reference": chosen.reference[0].name,
        "contestants": [
            {
                "name": contestant.name,
                "stage": contestant.stage,
                "code_id": code_id(shop.files(shop.find(contestant.stage))),
                "arguments": list(contestant.args),
                "seeds": list(contestant.seeds),
                "steps": contestant.steps,
                "threads": contestant.threads or machine.cores(),
                "goal": contestant.goal,
            }
            for contestant in contestants
        ],
        "runs": [],
    }


def add(raced: Document, run: Run) -> None:
    """Add a run that is over."""
    row = {"name": run.contestant.name, "seed": run.seed, "curve": run.curve, "result": run.result}
    raced["runs"].append(row)


def missing(raced: Document) -> list[str]:
    """Return the runs that the race did not come to, as messages call them."""
    there = {(run["name"], run["seed"]) for run in raced["runs"]}
    return [
        f"{contestant['name']}, seed {seed}"
        for contestant in raced["contestants"]
        for seed in contestant["seeds"]
        if (contestant["name"], seed) not in there
    ]


def summary(raced: Document) -> Document:
    """Return the record: a row for every contestant that ran, with all curves, and the tests of the goals."""
    rows = []
    for contestant in raced["contestants"]:
        runs = {run["seed"]: run for run in raced["runs"] if run["name"] == contestant["name"]}
        seeds = [seed for seed in contestant["seeds"] if seed in runs]
        if seeds:
            rows.append(_row(contestant | {"seeds": seeds}, [runs[seed] for seed in seeds]))
    about = {key: value for key, value in raced.items() if key not in ("contestants", "runs")}
    tests = {
        row["name"]: {"goal": row["goal"], **below(row["test_loss"], row["goal"])}
        for row in rows
        if row["goal"] is not None and len(row["test_loss"]) > 1
    }
    return about | {"contestants": rows, "tests": tests}


def _row(contestant: Document, runs: list[Document]) -> Document:
    results = [run["result"] for run in runs]
    steps = [(result["seconds"] - result["set_up"]) / result["steps"] for result in results]
    return contestant | {
        "parameters": results[0]["parameters"],
        "seconds": [result["seconds"] for result in results],
        "set_up": [result["set_up"] for result in results],
        "step_ms": [seconds * 1e3 for seconds in steps],
        "token_us": [seconds / result["tokens"] * 1e6 for seconds, result in zip(steps, results, strict=True)],
        "test_loss": [result["test_loss"] for result in results],
        "test_loss_unseen": [result["test_loss_unseen"] for result in results],
        "train_loss": [result["train_loss"] for result in results],
        "curves": [run["curve"] for run in runs],
    }


def below(losses: Sequence[float], goal: float) -> dict[str, float]:
    """Return Student's t and p, one-sided: is the mean over such seeds below the goal? Only the seeds vary."""
    from scipy import stats

    test = stats.ttest_1samp(losses, goal, alternative="less")
    return {"t": float(test.statistic), "p": float(test.pvalue), "n": len(losses)}
