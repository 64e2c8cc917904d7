"""What `verify` looks at before any training: the pin, the patches, the stages."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.errors import Refusal
from ..core.project import Project
from ..evidence import baseline, headers
from ..pages import readme
from ..series import rules
from ..series.patches import Patch, Series
from ..speedrun import keep
from ..stages import checkout, plaingit, upstream
from ..stages.build import Workshop
from ..stages.checkout import stage_tags
from ..stages.git import Repo
from ..stages.restack import export_faults, insertion_faults


@dataclass(frozen=True)
class Check:
    """One thing looked at. ok None: not looked at, and why. ways: commands that mend it."""

    what: str
    ok: bool | None
    faults: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()


def of(what: str, faults: list[str], *ways: str) -> Check:
    """A check that passes where there are no faults."""
    return Check(what, not faults, tuple(faults), ways if faults else ())


def patches(series: Series, asked: list[Patch]) -> Iterator[Check]:
    """What can be said of the patches asked for without upstream."""
    yield Check(f"series: {len(series)} patch{'es' * (len(series) != 1)}, numbered without a gap", True)
    for patch in asked:
        yield of(f"{patch.file}: the header teaches", rules.header_faults(patch), f"edit {patch.file}")
        yield of(f"{patch.file}: one line of context, small", rules.diff_faults(patch))


def published(project: Project, series: Series, asked: list[Patch]) -> Iterator[Check]:
    """Headers and README's table say what the baselines say."""
    for patch in asked:
        recorded = baseline.read(project.baselines / patch.name / "baseline.json")
        faults = headers.stale(patch, recorded)
        yield of(f"{patch.file}: states the recorded numbers", faults, f"scripts/refresh.sh {patch.number:02d}")
        yield of(f"{patch.file}: states no others", headers.unlisted(patch), f"edit {patch.file}")
    if len(asked) == len(series):
        ways = [f"scripts/bench.sh {name} --record" for name in ("names", "profile", "tries")]
        yield of("the speedrun's README states what was recorded", keep.drifted(project), *ways)
    if not (project.root / "README.md").exists():
        return
    old, new = readme.filled(project, series)
    faults = [] if old == new else ["the table of the series differs from patches/ and baselines/"]
    yield of("README states the recorded numbers", faults, "scripts/refresh.sh NN   # fills it in")


def pin(project: Project) -> Iterator[Check]:
    """Upstream: the recorded commit, and that nobody wrote to it."""
    outer = Repo(project.root / ".git", project.root)
    row = outer.text("ls-files", "-s", "--", "upstream/makemore").split()
    faults = [] if row[:2] == ["160000", project.pin] else [f"this repository records {' '.join(row[:2]) or 'nothing'}"]
    yield of(f"upstream/makemore is pinned at {project.pin[:12]}", faults, "git checkout HEAD -- upstream/makemore")
    inner = Repo(upstream.git_dir(project), project.upstream)
    changed = inner.text("status", "--porcelain", "--untracked-files=normal", "--ignored=no").splitlines()
    yield of("upstream/makemore is pristine", changed, "git -C upstream/makemore status")


def stages(project: Project, shop: Workshop, last: int) -> Iterator[Check]:
    """The stages up to `last`: built, insert-only, the same by every road."""
    built = shop.stages[: last + 1]
    yield Check(f"stages 00–{last:02d}: every blob is the one its patch names, before and after", True)
    yield of(
        "insertions only: no line of upstream is gone",
        insertion_faults(shop.repo, [stage.tree for stage in built]),
    )
    yield of("patches are what git writes, byte for byte", export_faults(shop.repo, built), "scripts/refresh.sh NN")
    files = [project.root / stage.patch.file for stage in built[1:]]
    made = plaingit.trees(project, files) if files else {}
    wrong = [f"{tool}: {tree}" for tool, tree in made.items() if tree != built[-1].tree]
    yield of(f"{', '.join(made)} and apply give one tree", wrong)
    yield from _stage_folder(project, shop)


def _stage_folder(project: Project, shop: Workshop) -> Iterator[Check]:
    if not checkout.exists(project):
        yield Check("stage/ is not there yet", None, (), ("scripts/apply.sh 01",))
        return
    try:
        found = stage_tags(checkout.open_repo(project))
    except Refusal as refusal:
        yield Check("stage/ holds the series", False, (refusal.found,), refusal.ways)
        return
    wanted = {stage.tag: stage.commit for stage in shop.stages}
    if not found:
        yield Check("stage/ has no stage tags yet", None, (), ("scripts/apply.sh 01",))
        return
    names = sorted(tag.removeprefix("refs/tags/") for tag in {*wanted, *found} if wanted.get(tag) != found.get(tag))
    faults = [f"{name} is not the commit of this series" for name in names]
    yield of("the tags in stage/ are the stages of this series", faults, "scripts/apply.sh NN   # moves them")
