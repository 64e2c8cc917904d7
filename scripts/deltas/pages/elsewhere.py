"""baselines/elsewhere/README.md: the models on names and on a second list of words. It is written by program, whole."""

from ..core import columns, numbers
from ..evidence import elsewhere
from ..evidence.elsewhere import Document


def page(document: Document) -> str:
    """Return the page. document: elsewhere.json."""
    settings = document["settings"]
    seeds = ", ".join(map(str, settings["seeds"]))
    count = numbers.fixed(settings["count"], 0)
    parts = [
        "# Elsewhere: the same models on other words",
        "`scripts/bench.sh elsewhere --record` wrote this page. `elsewhere.toml`, beside it, says what is trained, and "
        "`elsewhere.json` holds the numbers.",
        "Do sentences about models hold for names alone? The second list is made when it is needed: the "
        f"{count} most frequent {settings['says']} of the package {document['package']} {document['version']} that "
        "consist of small letters, each once, in random order "
        f"(words-{document['words_id']}.txt in `out/elsewhere/`). Every model has the settings that were "
        f"chosen on names; the seeds are {seeds}, and both lists are split alike. The losses are nats per "
        "character, ± is the standard deviation over the seeds.",
        columns.markdown(elsewhere.rows(document)),
        "\n".join(f"- {sentence}" for sentence in elsewhere.sentences(document)),
        "An interval is of the difference word by word and seed by seed: test words and seeds are both samples.",
    ]
    return "\n\n".join(parts) + "\n"
