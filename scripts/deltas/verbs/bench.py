"""`bench`: what is claimed to be fast, measured side by side in one call. A measurement, never a test."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from ..core import console
from ..core.errors import BadInput
from ..core.project import Project
from ..series.patches import Series, load, parse
from ..speedrun import keep, race
from ..stages import build
from ..stages.git import IDENTITY, GitFailed, Repo
from ..stages.plaingit import working_copy


@click.command(
    help="Measure side by side: `stages`, building twelve stages against `git am`; `doors`, the verbs as typed; "
    "`names`, upstream's training against ours; `tries`, what led to ours; `profile`, where its time goes."
)
@click.argument("what", type=click.Choice(["stages", "doors", "names", "tries", "profile"]))
@click.option("--runs", type=click.IntRange(min=3), default=15, show_default=True, help="Of stages and doors.")
@click.option("--only", multiple=True, type=click.Choice([each.name for each in race.OURS]), help="Of names.")
@click.option("--kept", is_flag=True, help="Of names: show the record that is kept, without a race.")
@click.option("--record", is_flag=True, help="Keep what names, tries or profile found, in baselines/speedrun/.")
@click.pass_obj
def command(project: Project, what: str, runs: int, only: tuple[str, ...], kept: bool, record: bool) -> int:
    """Interleaved; medians with the range, and the ratio pair by pair."""
    if what == "names":
        if record and only:
            raise BadInput("a record has all contestants", "--record without --only")
        if kept:
            keep.kept(project)
        else:
            keep.names(project, record=record, only=only)
    elif what == "tries":
        keep.attempts(project, record=record)
    elif what == "profile":
        keep.profile(project, record=record)
    else:
        (_stages if what == "stages" else _doors)(project, runs)
    return 0


def _stages(project: Project, runs: int) -> None:
    with build.scratch(project) as repo, tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        series = _twelve(project, repo)
        files = []
        for patch in series:
            files.append(Path(folder) / f"{patch.name}.patch")
            files[-1].write_bytes(patch.data)

        def ours() -> None:
            build.build(repo, series, project.pin)

        with working_copy(project) as copy:

            def plain() -> None:
                copy.run("am", "--quiet", *map(str, files), env=IDENTITY)

            def again() -> None:
                copy.run("reset", "--hard", "-q", project.pin)

            pairs = _interleaved(ours, plain, runs, between=again)
    _print("building twelve stages", pairs[0])
    _print("git am of the same series", pairs[1])
    _print_ratio(pairs)


def _twelve(project: Project, repo: Repo) -> Series:
    """The project's series, gone on to twelve with patches that each add a file's worth of lines in their own place."""
    series = list(load(project.patches))
    built = build.build(repo, Series(series), project.pin)
    with tempfile.TemporaryDirectory(prefix="deltas-") as folder:
        staging = repo.with_index(Path(folder) / "index")
        tree = built[-1].tree
        for number in range(len(series) + 1, 13):
            staging.read_tree(tree)
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


def _doors(project: Project, runs: int) -> None:
    """Each door as a reader types it, warm."""
    last = f"{len(load(project.patches)):02d}"
    for words in (["apply.sh", last], ["apply.sh"], ["show.sh", last], ["verify.sh", "--fast"]):
        command = [str(project.root / "scripts" / words[0]), *words[1:]]
        times = []
        for _ in range(runs + 1):
            begun = time.perf_counter()
            done = subprocess.run(command, capture_output=True, check=False)
            times.append(time.perf_counter() - begun)
            if done.returncode:
                sys.stderr.buffer.write(done.stderr)
                raise GitFailed(words, done.returncode, "a door failed; nothing was measured")
        _print("scripts/" + " ".join(words), times[1:])


def _interleaved(
    ours: Callable[[], None], other: Callable[[], None], runs: int, between: Callable[[], None]
) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(runs + 1):
        for which, work in enumerate((ours, other)):
            begun = time.perf_counter()
            work()
            if run:
                times[which].append(time.perf_counter() - begun)
        between()
    return times


def _print(what: str, times: list[float]) -> None:
    spread = f"range {min(times):.3f}–{max(times):.3f}"
    console.say(f"{what:28} median {statistics.median(times):6.3f} s   {spread}   n = {len(times)}")


def _print_ratio(pairs: tuple[list[float], list[float]]) -> None:
    ratios = [a / b for a, b in zip(*pairs, strict=True)]
    console.say(f"{'ratio':28} median {statistics.median(ratios):6.2f}     range {min(ratios):.2f}–{max(ratios):.2f}")
