"""Templates → text. What comes from a patch, a name or a figure is escaped, unless it was made safe on purpose."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..series.hunkname import slug
from . import measured
from .document import NOT_MEASURED
from .gallery import cell

if TYPE_CHECKING:  # a verb's --help must not wait for what only its work needs
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
ROWS = 40  # of a figure's data; all of them are in the JSON


@cache
def environment() -> "Environment":
    """Return what all templates share: HTML escapes by itself, Markdown through the filter `md`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from . import prose

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith((".html", ".svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "prose": prose.html,
        "inline": prose.inline,
        "note": prose.note,
        "drawing": Markup,  # svg.py has read it, and refused what runs
        "cell": cell,
        "slug": slug,
        "md": plain_markdown,
        "yaml": quoted,
    }
    made.globals |= {
        "ROWS": ROWS,
        "NOT_MEASURED": NOT_MEASURED,
        "DOES_NOT_APPLY": measured.DOES_NOT_APPLY,
        "tables": measured.tables,
        "headline": measured.headline,
        "says": measured.says,
    }
    return made


def render(template: str, **values: Any) -> str:
    """Return the text of a template of this folder, with these values."""
    return environment().get_template(template).render(**values)


def fragment(macro: str, *arguments: Any, **named: Any) -> str:
    """Return the text of one macro of fragments.html."""
    return str(getattr(environment().get_template("fragments.html").module, macro)(*arguments, **named))


def stylesheet(*names: str) -> "Markup":
    """Return these stylesheets in a row, as they are."""
    from markupsafe import Markup

    return Markup("\n".join(text(name) for name in names))


def text(name: str) -> str:
    """Return a file of this folder that is no template."""
    return (TEMPLATES / name).read_text(encoding="utf-8").rstrip()


def plain_markdown(text: str) -> str:
    r"""Return the text so that Markdown shows every character of it, and no shortcode of Hugo begins in it.

    >>> plain_markdown("a *star* {{< x >}}")
    'a \\*star\\* \\{\\{\\< x \\>\\}\\}'
    """
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>()#+!|~&$" else character for character in text)


def quoted(text: str) -> str:
    """Return a text as YAML: JSON's form is one of YAML's."""
    return json.dumps(text, ensure_ascii=False)
