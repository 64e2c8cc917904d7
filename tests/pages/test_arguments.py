"""Calls of shortcodes: one that says something else than its author means is named, with what was probably meant."""

import pytest

from deltas.pages import arguments, shortcodes

BAD = {
    '{{< samples stage="01" names="5" >}}': ("no argument 'names'", "did you mean count?"),
    '{{< result stage="01" run="a" metric="b" decimals="2" >}}': ("no argument 'decimals'", "did you mean digits?"),
    '{{< result stage="01" run="a" metrics="b" >}}': ("no argument 'metrics'", "did you mean metric?"),
    '{{< samples stage="01" colour="blue" >}}': ("no argument 'colour'", "it takes stage, run, count, was"),
    '{{< patch stage="01" hnk="a" />}}': ("no argument 'hnk'", "did you mean hunk?"),
    '{{< claims stage="01" run="a" >}}': ("no argument 'run'", "it takes stage, was"),
    '{{< figure stage="01" name="a" caption="b" >}}': ("no argument 'caption'", "it takes stage, name, was"),
    '{{< upstream symbol="a" was="b" >}}': ("no argument 'was'", "it takes symbol, file"),
    '{{< samples "01" "a" "5" "6" >}}': ("4 arguments by place", "at most 3: stage, run, count"),
    '{{< claims "01" "a" >}}': ("2 arguments by place", "at most 1: stage"),
    '{{< result "01" metric="a" run="b" >}}': ("by name and by place", 'stage="01"'),
    '{{< result stage="01" run="a" run="b" metric="c" >}}': ("run is given 2 times", "once"),
    '{{< samples stage="01" run="" >}}': ("run is empty", "leave it out"),
    '{{< samples "01" "" >}}': ("run is empty", "leave it out"),
    '{{< patch stage="" />}}': ("stage is empty", ""),
    "{{< patch />}}": ("patch has no stage", "it takes stage, hunk"),
    '{{< result stage="01" >}}': ("result has no run and no metric", ""),
    '{{< figure "01" >}}': ("figure has no name", ""),
    "{{< upstream >}}": ("upstream has no symbol", ""),
    '{{< samples stage="01" count="many" >}}': ("count is 'many'", "whole number from 1"),
    '{{< samples stage="01" count="0" >}}': ("count is '0'", "whole number from 1"),
    '{{< samples stage="01" count="²" >}}': ("count is '²'", "whole number from 1"),
    '{{< result stage="01" run="a" metric="b" digits="-1" >}}': ("digits is '-1'", "whole number from 0 to 15"),
    '{{< result stage="01" run="a" metric="b" form="spred" >}}': ("form is 'spred'", "did you mean spread?"),
    '{{< result stage="01" run="a" metric="b" form="big" >}}': ("form is 'big'", "one of mean, spread, n"),
    '{{< result stage="01" run="a" metric="b" form="n" digits="2" >}}': ("form and digits", "leave one of them out"),
    '{{< patch stage="01" context="none" />}}': ("context is 'none'", ""),
    '{{< patch stage="01" hunk="a" file="b" />}}': ("hunk and file", "leave one of them out"),
    '{{< patch stage="01" >}}': ("not closed", "/>}}"),
    '{{< result stage="01" run="a" metric="b" />}}': ("is closed", "without a slash"),
    '{{< claims "01" >}}text{{< /claims >}}': ("is closed", "without a slash"),
    '{{% patch stage="01" /%}}': ("written {{% … %}}", "{{< patch … >}}"),
    '{{% upstream "a" %}}': ("written {{% … %}}", "{{< upstream … >}}"),
    '{{< claims stage=="01" >}}': ("'==' is no argument", ""),
}
GOOD = [
    '{{< result "01" counted test_loss spread >}}',
    '{{< result stage="01" run="a" metric="domain_loss.names" digits="0" was="1" >}}',
    '{{< result stage="01" run="a" metric="b" form="mean" digits="2" >}}',
    '{{< patch stage="01" />}}',
    '{{< patch 01 forget />}}',
    '{{< patch stage="01" hunk="mean" context="no" was="x" >}}text{{< /patch >}}',
    "{{< samples `01` >}}",
    '{{< samples stage=01 count=20 >}}',
    '{{< figure stage="01" name="a" was="b" >}}',
    '{{< upstream "Bigram.forward" "makemore.py" >}}',
]  # fmt: skip


def faults(text: str) -> list[arguments.Fault]:
    (tag,) = [tag for tag in shortcodes.find(text) if arguments.is_ours(tag)]
    return arguments.faults(tag)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_call_is_named_once(text):
    ((found, ways),) = faults(text)
    wrong, way = BAD[text]
    assert wrong in found and way in " ".join(ways)


@pytest.mark.parametrize("text", GOOD)
def test_a_good_call_is_not(text):
    assert faults(text) == []


def test_hugo_s_own_shortcodes_are_not_ours():
    text = '{{< figure src="cat.png" caption="a" >}} {{< youtube abc >}} {{</* claims */>}} {{% note %}}a{{% /note %}}'
    assert not [tag for tag in shortcodes.find(text) if arguments.is_ours(tag)]


@pytest.mark.parametrize(
    "text",
    [
        '{{< result stage="01 >}}',
        '{{< result stage="01"',
        "{{< patch `01 />}}",
        '{{% claims "01\n" %}}',
        '{{< runs "01" }}',
    ],
)
def test_a_tag_that_does_not_end_is_not_passed_over(text):
    name = text.split()[1]
    for after in ("", '\n{{< claims stage="01" >}}\n'):
        assert shortcodes.unreadable(f"one\n{text}{after}") == [(name, 2)]


def test_what_is_taken_stands_in_the_layouts():
    """The layouts ask for no argument that the table does not have, and by place for the same ones."""
    import re

    from deltas.pages import hugo_site

    asked: set[tuple[str, int]] = set()
    for layout in (hugo_site.HUGO / "layouts").rglob("*.*"):
        asked |= {(name, int(at)) for name, at in re.findall(r'"name" "(\w+)" "at" (-?\d)', layout.read_text())}
    known = {(name, i) for takes in arguments.SHORTCODES.values() for i, name in enumerate(takes.places)}
    known |= {(name, -1) for takes in arguments.SHORTCODES.values() for name in takes.named if name != "was"}
    assert asked == known
