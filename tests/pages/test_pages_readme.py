"""What scripts/deltas/pages/README.md says of documents and shortcodes is what the program makes and takes."""

import json
import re

from deltas.pages import arguments, shortcodes
from lab import HERE
from webpage import draw, record

README = (HERE / "scripts/deltas/pages/README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def fields(text: str) -> dict[str, set[str]]:
    """Return the fields in the first column of a section's tables, each with the words in code beside it."""
    rows = re.findall(r"^\| (`[^|]*`) \| (.*) \|$", text, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", about)) for names, about in rows for name in re.findall(r"`(\w+)`", names)}


def test_the_fields_of_results_json(tiny):
    draw(record(tiny, 1, claims=["it falls"], names=["emma"]))
    doc = json.loads(tiny.ok("report", "--json").out)
    told = fields(section("Fields of results.json"))
    stage = doc["stages"][0]
    assert set(told) == set(doc) | set(stage)
    assert set(doc["upstream"]) >= told["upstream"] and "here" in told["upstream"]
    for key in ("hunks", "claims", "figures"):
        assert set(stage[key][0]) == told[key] - {"first", "last", "link"}, key
    run = stage["runs"][0]
    assert set(run) | set(run["metrics"]["test_loss"]) == told["runs"]
    assert set(stage["metrics"]["test_loss"]) == told["metrics"] and set(stage["commands"]) == told["commands"]
    line = stage["hunks"][0]["lines"][0]
    assert set(line) == set(re.findall(r"`(\w+)`", section("Fields of results.json").split("A line of a hunk has")[1]))


def test_the_fields_of_a_check(tiny, tmp_path):
    (tmp_path / "post.md").write_text("{{< claims >}}")
    doc = json.loads(tiny.run("publish", "--check", "--json", str(tmp_path / "post.md")).out)
    told = fields(section("Fields of `publish --check --json`"))
    assert set(doc) == set(told) and set(doc["posts"][0]) == told["posts"]
    fault = section("Fields of `publish --check --json`").split("A fault has")[1]
    assert set(doc["posts"][0]["faults"][0]) == set(re.findall(r"`(\w+)`", fault))


def test_the_shortcodes():
    rows = re.findall(r"^\| `(\{\{<.*?>\}\})` \| (.*?) \| (.*) \|$", section("Shortcodes"), re.MULTILINE)
    assert len(rows) == len(arguments.SHORTCODES)
    for text, places, about in rows:
        (tag,) = shortcodes.find(text)
        takes = arguments.SHORTCODES[tag.name]
        assert not arguments.faults(tag) and places == ", ".join(takes.places)
        told = set(tag.named) | set(re.findall(r'(\w+)="', about))
        assert told == set(takes.all) - {"was"}, tag.name
