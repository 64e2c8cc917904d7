"""What was measured on a second list of words: the page shows it, and the code is the one it was measured on."""

from collections.abc import Iterator

import msgspec

from ..core import jsonfile
from ..core.codeid import code_id
from ..core.errors import BadInput
from ..core.project import Project
from ..pages import elsewhere as pages
from ..runs import elsewhere
from ..stages.build import Workshop
from .check import Check, of

RECORD = "scripts/bench.sh elsewhere --record"


def recorded(project: Project, shop: Workshop) -> Iterator[Check]:
    """Check the record and its page. That it was measured on other code is said, and is no fault: it takes long."""
    folder = project.baselines / elsewhere.FOLDER
    if not (folder / elsewhere.FILE).exists():
        return
    try:
        document = jsonfile.read(folder / elsewhere.RECORD)
    except FileNotFoundError:
        yield Check("elsewhere: nothing is recorded yet", None, (), (RECORD,))
        return
    try:
        made = pages.page(document)
        settings = msgspec.convert(document["settings"], elsewhere.Settings)
        models = {model["name"]: (model["stage"], model["code_id"]) for model in document["models"]}
    except (LookupError, TypeError, AttributeError, msgspec.ValidationError):
        raise BadInput(f"{folder / elsewhere.RECORD} is not what bench.sh writes", "its document", [RECORD]) from None
    page = folder / elsewhere.PAGE
    faults = [] if page.exists() and page.read_text(encoding="utf-8") == made else [f"{page.name} says something else"]
    yield of("elsewhere: the README shows what was recorded", faults, "scripts/bench.sh elsewhere --kept")
    said = []
    if settings != elsewhere.read(project):
        said.append(f"{elsewhere.FILE} has other settings than those recorded")
    for name, (slug, code) in models.items():
        try:
            now = code_id(shop.files(shop.find(slug)))
        except BadInput:
            said.append(f"{name}: there is no stage {slug} any more")
            continue
        if now != code:
            said.append(f"{name}: the code is {now}, recorded was {code}")
    if said:
        yield Check(
            "elsewhere was measured with other settings or code than there are now", None, tuple(said), (RECORD,)
        )
