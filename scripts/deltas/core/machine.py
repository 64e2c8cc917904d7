"""What a run stands on: Python, torch, CPU and cores, and the environment that makes runs repeatable."""

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

from .errors import CheckFailed

THREADS = 1  # of a run: models this small gain nothing from more, and one gives the same numbers on any number of cores


def cores() -> int:
    """Return how many runs go side by side: the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def torch_version() -> str:
    """Return the version of the installed torch, without importing it. CheckFailed where no run could start."""
    for package in ("torch", "tensorboard"):
        if importlib.util.find_spec(package) is None:
            raise CheckFailed(
                f"{package} is not there for {sys.executable}",
                "torch and tensorboard, to train anything",
                ["scripts/setup.sh train"],
            )
    return importlib.metadata.version("torch")


def cpu() -> str:
    """Return the processor's name, or at least its architecture."""
    try:
        if sys.platform == "darwin":
            asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        else:
            lines = Path("/proc/cpuinfo").read_text().splitlines()
            name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, subprocess.CalledProcessError, StopIteration):
        name = ""  # Linux names no model of an ARM processor
    return name or platform.processor() or platform.machine()


def describe() -> dict[str, str | int]:
    """Return torch, python, threads and cpu, as run.json and baseline.json state them."""
    return {"torch": torch_version(), "python": platform.python_version(), "threads": THREADS, "cpu": cpu()}


def environment(threads: int = THREADS) -> dict[str, str]:
    """Return the environment of a child that trains: threads, no hash randomisation, no GPU, output without delay.

    DELTAS_PARENT is this process: the child ends when it does (child/lifetime.py).
    """
    pools = ("OMP", "MKL", "OPENBLAS", "VECLIB_MAXIMUM", "NUMEXPR")
    ours = Path(__file__).resolve().parents[2]
    theirs = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        **{(f"{pool}_THREADS" if pool.endswith("MAXIMUM") else f"{pool}_NUM_THREADS"): str(threads) for pool in pools},
        "PYTHONPATH": f"{ours}{os.pathsep}{theirs}" if theirs else str(ours),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "DELTAS_PARENT": str(os.getpid()),
    }
