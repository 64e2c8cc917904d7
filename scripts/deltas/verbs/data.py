"""`data`: the card of a data set that the series makes."""

import json
import sys
from typing import Any

import click

from ..child import programs
from ..core import columns, console
from ..core.errors import BadInput, CheckFailed
from ..core.files import scratch
from ..core.project import Project
from ..runs.processes import Job, alone
from ..stages.build import workshop

SPLIT_SEED = 3407  # every experiment's
MAKES = "tasks.py"  # the file of a stage that makes data


@click.command(help="Show what a data set of the series is: its lines, its splits, five examples, its hash.")
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(project: Project, task: str, as_json: bool) -> int:
    """Make the data of the last stage and show its card. BadInput where no stage makes data, or not this."""
    with workshop(project) as shop, scratch() as folder:
        stage = shop.stages[-1]
        tree = folder / "tree"
        shop.export(stage, tree)
        if not (tree / MAKES).exists():
            raise BadInput(f"no stage up to {stage.name} makes data", f"a stage that brings {MAKES}")
        log = folder / "card.json"
        line = (sys.executable, "-m", programs.CARD, "makemore.py", task, str(SPLIT_SEED))
        broken = alone(Job(task, line, tree, log, folder / "errors.txt"))
        if broken and broken.code == 2:
            raise BadInput(broken.reason, "a task of that list")
        if broken:
            raise CheckFailed(f"the data of {task} cannot be made: {broken.reason}")
        card = json.loads(log.read_text(encoding="utf-8"))
    if as_json:
        console.document(card)
        return 0
    for row in shown(card):
        console.say(row)
    return 0


def shown(card: dict[str, Any]) -> list[str]:
    """Return the card as lines for a terminal."""
    splits = card["splits"]
    labels = list(dict.fromkeys(label for split in splits.values() for label in split))
    labels.sort(key=lambda label: (not label.isdigit(), int(label) if label.isdigit() else 0))
    table = [["label", *splits]]
    table += [[label, *(f"{split.get(label, 0):,}" for split in splits.values())] for label in labels]
    table += [["all", *(f"{sum(split.values()):,}" for split in splits.values())]]
    return [
        f"{card['task']}: {card['lines']:,} lines, {card['bytes']:,} bytes; longest line {card['longest']} characters",
        f"characters  {card['characters']}",
        f"checksum    {card['checksum']:,} (CRC-32 of all lines, as recorded)",
        f"sha256      {card['sha256']} (of all lines)",
        "",
        *columns.plain(table),
        f"lines that stand in two splits: {card['shared']:,}",
        "",
        *columns.plain([[prompt + answer, str(label)] for prompt, answer, label in card["examples"]]),
    ]
