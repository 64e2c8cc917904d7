"""The stylesheet that sites get: every declaration is important, once, or a browser drops it."""

import re

from deltas.pages import render


def test_every_declaration_is_important_once():
    css = re.sub(r"/\*.*?\*/", "", render.hardened("deltas.css"), flags=re.DOTALL)
    declarations = [
        part.strip() for block in re.findall(r"\{([^{}]*)\}", css) for part in block.split(";") if part.strip()
    ]
    plain = [part for part in declarations if not part.startswith("--")]
    assert len(plain) > 100
    assert [part for part in plain if part.count("!important") != 1] == []


def test_on_paper_drawings_may_be_as_narrow_as_the_page():
    _, _, paper = render.hardened("deltas.css").partition("@media print")
    assert ".d-drawing { min-width: 0 !important; }" in paper
