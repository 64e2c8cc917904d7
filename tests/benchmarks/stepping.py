"""How fast is stepping through the series? A measurement, never a test.

    PYTHONPATH=scripts .venv/bin/python tests/benchmarks/stepping.py stages   # building twelve stages against `git am`
    PYTHONPATH=scripts .venv/bin/python tests/benchmarks/stepping.py doors    # the commands as a reader types them

Both take --runs N. What is compared takes turns; printed are medians with the range, and the ratio pair by pair.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deltas.core.project import Project, here
from deltas.series.patches import Series, load, parse
from deltas.stages import build
from deltas.stages.git import IDENTITY, Repo
from deltas.stages.plaingit import working_copy

STAGES = 12


def stages(project: Project, runs: int) -> None:
    """Build twelve stages, and let `git am` apply the same series."""
    with build.scratch(project) as repo, tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        series = longer(project, repo)
        files = []
        for patch in series:
            files.append(Path(folder) / f"{patch.name}.patch")
            files[-1].write_bytes(patch.data)

        def ours() -> None:
            build.build(repo, series, project.pin)

        with working_copy(project) as copy:

            def plain() -> None:
                copy.run("am", "--quiet", *map(str, files), **IDENTITY)

            def again() -> None:
                copy.run("reset", "--hard", "-q", project.pin)

            mine, theirs = in_turns(ours, plain, runs, between=again)
    report(f"building {STAGES} stages", mine)
    report("git am of the same series", theirs)
    ratios = [one / other for one, other in zip(mine, theirs, strict=True)]
    print(f"{'ratio':28} median {statistics.median(ratios):6.2f}     range {min(ratios):.2f}–{max(ratios):.2f}")


def longer(project: Project, repo: Repo) -> Series:
    """Return the project's series, with further patches that each add sixty lines in a place of their own."""
    series = list(load(project.patches))
    tree = build.build(repo, Series(series), project.pin)[-1].tree
    with tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        staging = repo.with_index(Path(folder) / "index")
        staging.read_tree(tree)
        for number in range(len(series) + 1, STAGES + 1):
            source = repo.blob(f"{tree}:makemore.py").decode().split("\n")
            at = [n for n, line in enumerate(source) if line.startswith("class ")][number - 1]
            source[at:at] = [f"# delta {number}, line {n}: room for an idea" for n in range(60)]
            blob = repo.run("hash-object", "-w", "--stdin", stdin="\n".join(source).encode()).decode().strip()
            staging.set_entries([f"100644 {blob} 0\tmakemore.py"])
            after = staging.write_tree()
            header = f"From: bench <bench@example.org>\nSubject: delta {number}: room\n\nRoom for an idea.\n---\n"
            series.append(parse(f"{number:02d}-bench.patch", header.encode() + repo.diff(tree, after)))
            tree = after
    return Series(series)


def doors(project: Project, runs: int) -> None:
    """Type the commands of a reader who steps through the series, each of them once before its time is taken."""
    last = f"{len(load(project.patches)):02d}"
    for words in (["apply.sh", last], ["apply.sh"], ["show.sh", last], ["verify.sh", "all", "--fast"]):
        command = [str(project.root / "scripts" / words[0]), *words[1:]]
        times = []
        for _ in range(runs + 1):
            begun = time.perf_counter()
            done = subprocess.run(command, capture_output=True, check=False)
            times.append(time.perf_counter() - begun)
            if done.returncode:
                sys.stderr.buffer.write(done.stderr)
                sys.exit(f"{' '.join(words)} exited with {done.returncode}: nothing was measured")
        report("scripts/" + " ".join(words), times[1:])


def in_turns(
    ours: Callable[[], None], other: Callable[[], None], runs: int, between: Callable[[], None]
) -> tuple[list[float], list[float]]:
    """Return the seconds of both, taken in turns; the first turn does not count."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(runs + 1):
        for took, work in zip(times, (ours, other), strict=True):
            begun = time.perf_counter()
            work()
            if run:
                took.append(time.perf_counter() - begun)
        between()
    return times


def report(what: str, times: list[float]) -> None:
    """Print the median and the range."""
    spread = f"range {min(times):.3f}–{max(times):.3f}"
    print(f"{what:28} median {statistics.median(times):6.3f} s   {spread}   n = {len(times)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["stages", "doors"])
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    {"stages": stages, "doors": doors}[given.what](here(), given.runs)
