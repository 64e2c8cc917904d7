"""A header's text as HTML: what its author typed, and nothing that runs."""

import pytest
from markdown_it import MarkdownIt

from deltas.pages import prose
from webpage import Page

AS_TYPED = [
    "Block.__init__ calls nn.Module.__init__ first",
    "W*x + b*y, and 2*3*4",
    "the entry P[i](j), and [x](javascript:alert(1))",
    "a \\ b \\n \\_ &lt; &amp; <b>c</b>",
    "--smoothing adds +1, costs ~0.0006",
    "# not a heading",
    "snake_case_names and _private_",
]


@pytest.mark.parametrize("text", AS_TYPED)
def test_signs_stay_as_they_were_typed(text):
    for made in (prose.html(text), prose.inline(text)):
        page = Page(made)
        assert page.text == text
        assert not [tag for tag, _ in page.tags if tag != "p"]


@pytest.mark.parametrize("text", [*AS_TYPED, "1. no list\nbut\n2) words", "{{< x >}}", "> none", "a\n===\nb", "P(j|i)"])
def test_as_markdown_they_stay_too(text):
    """Held against a whole Markdown, in which nothing is switched off; tests/pages/test_hugo.py asks Hugo itself."""
    made = prose.markdown(text)
    page = Page(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(made))
    if not text.startswith("1. "):  # a block that begins like a list is one
        assert page.text == " ".join(text.split()) and {tag for tag, _ in page.tags} == {"p"}
    assert "{{" not in made and "--" not in made


def test_a_number_is_replaced_in_words_and_nowhere_else():
    text = "2.45, 12.45, `2.45` and *2.45*.\n\n    2.45"
    assert prose.markdown(text, {"2.45": "N"}) == "N, 12.45, `2.45` and *N*.\n\n    2.45"


def test_a_description_has_no_number_that_may_change():
    text = "It ends at 2.45. It was\ncheap.\n\n- a list\n\nLook at `f`. Then *up*. At 2.45 it ends. More."
    assert prose.description("count", text, ["2.45"]) == "Count. Look at f. Then up."
    assert prose.description("count", "", []) == "Count."
    long = prose.description("count", "word " * 60)
    assert len(long) <= 160 and long.endswith("word …")


def test_code_and_emphasis():
    assert prose.inline("normalized counts *are* the `maximum_of_*all*`, 2 * 3") == (
        "normalized counts <em>are</em> the <code>maximum_of_*all*</code>, 2 * 3"
    )


def test_what_is_indented_or_quoted_is_kept():
    made = prose.html("So:\n\n    loss = a*b_c\n\n      more\n\nor\n    here\nand\n\n| -old <line>\n| +new\n\nend")
    assert [part.split("</code>")[0] for part in made.split("<pre><code>")[1:]] == [
        "loss = a*b_c\n\n  more\n", "here\n", "| -old &lt;line&gt;\n| +new\n",
    ]  # fmt: skip
    assert [part.split("</p>")[0] for part in made.split("<p>")[1:]] == ["So:", "or", "and", "end"]


def test_a_line_that_happens_to_begin_like_a_list_begins_none():
    text = "the loss of delta\n1. Start at 3 (or\n2) so, minus\n- 4 is\n+ 5\n> 6"
    page = Page(prose.html(text))
    assert page.text == " ".join(text.split()) and [tag for tag, _ in page.tags] == ["p"]


def test_lists():
    made = prose.html("- one\n  and more\n- two")
    assert Page(made).of("li") == [{}, {}] and "one\nand more" in made


def test_a_note_is_markdown_without_html():
    made = prose.note("See [this](https://example.org), _not_ <b>that</b> [x](javascript:alert(1)).")
    page = Page(made)
    assert page.links == ["https://example.org"] and page.of("em") and not page.of("b")
