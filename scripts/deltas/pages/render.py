"""Templates → text. What comes from a patch, a name or a figure is escaped, unless it was made safe on purpose."""

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..series.hunkname import slug
from . import measured, svg
from .document import NOT_MEASURED
from .gallery import cell

if TYPE_CHECKING:  # a verb's --help must not wait for what only its work needs
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
ROWS = 40  # of a figure's data; all of them are in the JSON
PREFORMATTED = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
DECLARATION = re.compile(r"(?<=[{;])(\s*(?!--)[a-z-]+: [^;{}]*[^;{}\s])(?=\s*[;}])")

# What a theme says of the elements inside ours is put away; what a drawing says of itself is not.
RESET = """\
:where(ROOTS), :where(ROOTS) :where(:not(svg, svg *, img)) { all: revert; }
:where(ROOTS)::before, :where(ROOTS)::after { all: revert; }
:where(ROOTS) :where(*)::before, :where(ROOTS) :where(*)::after { all: revert; }
""".replace("ROOTS", ".d-patch, .d-hunk, .d-figure, .d-measured, .d-claims, .d-samples")


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
        "image": svg.image,
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
    """Return the text of one macro of fragments.html, on one line."""
    return one_line(str(getattr(environment().get_template("fragments.html").module, macro)(*arguments, **named)))


def one_line(markup: str) -> str:
    """Return the same HTML without a line break, for places where a line break is changed.

    Hugo indents each line of what a shortcode in a list shows, and its minifiers take lines together. A line of code
    ends in a character reference.

    >>> one_line("<p>one\\ntwo</p>\\n<pre>if x:\\n    y\\n</pre>\\n")
    '<p>one two</p> <pre>if x:&#10;    y&#10;</pre>'
    """
    parts = PREFORMATTED.split(markup.strip())
    return "".join(part.replace("\n", "&#10;" if i % 2 else " ") for i, part in enumerate(parts))


def stylesheet(*names: str) -> "Markup":
    """Return these stylesheets in a row, as they are."""
    from markupsafe import Markup

    return Markup("\n".join(text(name) for name in names))


def hardened(name: str) -> str:
    r"""Return a stylesheet so that no other rule of a page can change what it says.

    Everything is important, and stands in a layer: what is important in a layer wins over all that stands in none. Its
    custom properties are the exception, they are there to be set.

    """
    return f"@layer deltas {{\n{important(f'{RESET}{text(name)}')}\n}}"


def important(rules: str) -> str:
    """Return rules of CSS with every declaration important, but for custom properties.

    One that says so itself does not say it twice: browsers would drop it.

    >>> important("a:hover { --d-x: 1; color: red; top: 0 } @media print { a { top: 1 !important } }")
    'a:hover { --d-x: 1; color: red !important; top: 0 !important } @media print { a { top: 1 !important } }'
    """
    return DECLARATION.sub(lambda found: f"{found[1].removesuffix('!important').rstrip()} !important", rules)


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
