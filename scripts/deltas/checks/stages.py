"""Upstream and the stages that the patches make of it."""

from collections.abc import Iterator, Sequence

from ..core.errors import Refusal
from ..core.project import Project
from ..series import flags
from ..stages import checkout, plaingit, position, upstream
from ..stages.build import Stage, Workshop
from ..stages.git import Repo
from ..stages.restack import differing_exports, insertion_faults
from .check import Check, of

SCRIPT = "makemore.py"


def pin(project: Project) -> Iterator[Check]:
    """Check that upstream is the recorded commit, and that nobody wrote to it."""
    outer = Repo(project.root / ".git", project.root)
    row = outer.text("ls-files", "-s", "--", "upstream/makemore").split()
    faults = [] if row[:2] == ["160000", project.pin] else [f"this repository records {' '.join(row[:2]) or 'nothing'}"]
    yield of(f"upstream/makemore is pinned at {project.pin[:12]}", faults, "git checkout HEAD -- upstream/makemore")
    inner = Repo(upstream.git_dir(project), project.upstream)
    changed = inner.text("status", "--porcelain", "--untracked-files=normal", "--ignored=no").splitlines()
    yield of("upstream/makemore is pristine", changed, "git -C upstream/makemore status")


def built(project: Project, shop: Workshop, last: int) -> Iterator[Check]:
    """Check the stages up to `last`: insert-only, and the same by every road."""
    stages = shop.stages[: last + 1]
    yield Check(f"stages 00–{last:02d}: every blob is the one its patch names, before and after", True)
    yield of(
        "insertions only: no line of upstream is gone",
        insertion_faults(shop.repo, [stage.tree for stage in stages]),
    )
    others = differing_exports(shop.repo, stages)
    faults = [f"patches/{stage.name}.patch: exporting it again would change it" for stage in others]
    ways = [f"scripts/apply.sh {stage.number:02d} && scripts/refresh.sh {stage.number:02d}" for stage in others]
    yield of("patches are what git writes, byte for byte", faults, *ways)
    yield of("upstream's flags work as ever, also abbreviated", _lost_flags(shop, stages))
    files = [project.root / stage.patch.file for stage in stages if stage.patch]
    made = plaingit.trees(project, files) if files else {}
    wrong = [f"{tool}: {tree}" for tool, tree in made.items() if tree != stages[-1].tree]
    yield of(f"{', '.join(made)} and apply give one tree", wrong)


def _lost_flags(shop: Workshop, stages: Sequence[Stage]) -> list[str]:
    """Return which of upstream's flags a stage has lost, and which of their abbreviations."""
    upstreams, *sources = [shop.files(stage).get(SCRIPT, b"").decode(errors="replace") for stage in stages]
    faults = []
    for stage, source in zip(stages[1:], sources, strict=True):
        try:
            faults += [f"{stage.label}: {sentence}" for sentence in flags.lost_prefixes(upstreams, source)]
        except SyntaxError as error:
            faults.append(f"{stage.label}: {SCRIPT} is not Python: {error.msg}, line {error.lineno}")
    return faults


def checked_out(project: Project, shop: Workshop) -> Iterator[Check]:
    """Check the tags in stage/."""
    if not checkout.exists(project):
        yield Check("stage/ is not there yet", None, (), ("scripts/apply.sh 01",))
        return
    try:
        tags = checkout.stage_tags(checkout.open_repo(project))
    except Refusal as refusal:
        yield Check("stage/ holds the series", False, (refusal.found,), refusal.ways)
        return
    wanted = {stage.tag: stage.commit for stage in shop.stages}
    if not tags:
        yield Check("stage/ has no stage tags yet", None, (), ("scripts/apply.sh 01",))
        return
    names = sorted(tag.removeprefix("refs/tags/") for tag in {*wanted, *tags} if wanted.get(tag) != tags.get(tag))
    faults = [f"{name} is not the commit of this series" for name in names]
    here = position.look(project, shop.stages)
    way = here.way_on(len(shop.series)) if here else "scripts/apply.sh   # says where stage/ stands, and how to go on"
    yield of("the tags in stage/ are the stages of this series", faults, way)
