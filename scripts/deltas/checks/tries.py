"""What was tried for a stage: the record is of the list, and the page shows the record."""

from collections.abc import Iterator

from ..core.codeid import code_id
from ..core.project import Project
from ..evidence import tries as tried
from ..pages import tries as pages
from ..runs import tries, trying
from ..stages.build import Workshop
from .check import Check, of


def recorded(project: Project, shop: Workshop, number: int) -> Iterator[Check]:
    """Check the tries of a stage, without training anything.

    To train them again takes long: that some are missing, or that they were made with other code, is said, and is no
    fault.
    """
    stage = shop.stages[number]
    folder = project.baselines / stage.name
    if not (folder / tries.FILE).exists():
        return
    plan = tries.plan_of(project, stage.name)
    again = f"scripts/bench.sh tries {number:02d} --record"
    document = trying.recorded(folder)
    if document is None:
        yield Check(f"{stage.name}: what was tried is listed, and not recorded", None, (), (again,))
        return
    said = tried.unlike(tries.described(plan), document)
    if (now := code_id(shop.files(stage))) != document["code_id"]:
        said.append(f"the code is {now}, recorded was {document['code_id']}")
    if said:
        yield Check(
            f"{stage.name}: the recorded tries are not those of the list and this code", None, tuple(said), (again,)
        )
    else:
        yield Check(f"{stage.name}: the recorded tries are those of the list and this code", True)
    lower = [line for group in document["groups"] for line in tried.unexplained(group)]
    way = f'edit baselines/{stage.name}/{tries.FILE}   # chosen = true elsewhere, or why = "…"'
    yield of(f"{stage.name}: no other try came out lower than a chosen one, or the list says why", lower, way)
    page = folder / trying.PAGE
    shown = page.read_text(encoding="utf-8") if page.exists() else ""
    faults = [] if shown == pages.page(stage.name.partition("-")[2], document) else [f"{page.name} says something else"]
    yield of(
        f"{stage.name}: {trying.PAGE} shows what {trying.RECORD} says", faults, again.replace("--record", "--kept")
    )
