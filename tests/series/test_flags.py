"""Upstream's flags and their abbreviations at a stage: argparse itself is the oracle."""

import argparse
import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltas.series.flags import lost_prefixes

UPSTREAM = """
import argparse
parser = argparse.ArgumentParser(description="days")
parser.add_argument('--batch-size', '-b', type=int, default=32)
parser.add_argument('--work-dir', '-o', default='out')
parser.add_argument('--n-embd', type=int)
parser.add_argument('--n-embd2', type=int)
parser.add_argument('--loud', action='store_true')
"""


def with_flags(*flags: str, more: str = "") -> str:
    return UPSTREAM + "".join(f"parser.add_argument({flag!r})\n" for flag in flags) + more


COMPUTED = "the name of a flag is computed (line 9): write it out, so that it can be checked"


@pytest.mark.parametrize(
    ("stage", "sentences"),
    [
        (UPSTREAM, []),
        (with_flags("--smoothing", "names", "--no-positions"), []),
        (with_flags("--batchnorm"),
         ["--batch, --batc, --bat, --ba, --b: --batch-size to upstream, --batch-size or --batchnorm here"]),
        (with_flags("--bn"), ["--b: --batch-size to upstream, --batch-size or --bn here"]),
        (with_flags("--bat"),
         ["--bat: --batch-size to upstream, --bat here",
          "--ba, --b: --batch-size to upstream, --batch-size or --bat here"]),
        (with_flags("--batch-size2"),
         ["--batch-siz, --batch-si, --batch-s, --batch-, --batch, --batc, --bat, --ba, --b: "
          "--batch-size to upstream, --batch-size or --batch-size2 here"]),
        (UPSTREAM.replace("'--loud'", "'--cry'"), ["--loud, --lou, --lo, --l: --loud to upstream, nothing here"]),
        (UPSTREAM.replace("'-o', ", ""), ["-o: -o to upstream, nothing here"]),
        (with_flags("-bn"), ["-bn: -b with the value n to upstream"]),
        (with_flags(more="parser.add_argument('--b', '--quick')\n"), ["--b: --batch-size to upstream, --b here"]),
        (with_flags(more="parser.add_argument(name)\n"), [COMPUTED]),
        (with_flags(more="parser.add_argument(*names)\n"), [COMPUTED]),
    ],
)  # fmt: skip
def test_what_is_lost_is_told(stage, sentences):
    assert lost_prefixes(UPSTREAM, stage) == sentences


def test_flags_of_a_second_parser_that_takes_no_abbreviations_are_in_nobodys_way():
    second = "more = argparse.ArgumentParser(add_help=False, allow_abbrev=False)\nmore.add_argument({!r})\n"
    assert lost_prefixes(UPSTREAM, with_flags(more=second.format("--batchnorm"))) == []
    taken = lost_prefixes(UPSTREAM, with_flags(more=second.format("--bat")))
    assert taken == ["--bat: --batch-size to upstream, --bat here"]


def test_abbreviations_switched_off_are_all_lost():
    off = UPSTREAM.replace('description="days"', "allow_abbrev=False")
    assert all(sentence.endswith(", nothing here") for sentence in lost_prefixes(UPSTREAM, off))
    assert len(lost_prefixes(UPSTREAM, off)) == 4, "all long flags that have an abbreviation, --help too"
    assert lost_prefixes(off, UPSTREAM) == lost_prefixes(off, with_flags("--batchnorm")) == []


def test_flags_count_wherever_they_are_added():
    nested = with_flags(more="def more(group):\n    if True:\n        group.add_argument('--batches')\n")
    assert any("--batches" in sentence for sentence in lost_prefixes(UPSTREAM, nested))


def test_a_boolean_flag_has_its_opposite():
    upstream = with_flags("--no-loss")
    stage = upstream + "parser.add_argument('--lottery', action=argparse.BooleanOptionalAction)\n"
    assert "--no-lo, --no-l, --no-, --no: --no-loss to upstream, --no-loss or --no-lottery here" in lost_prefixes(
        upstream, stage
    )


def test_help_is_a_flag_of_upstream():
    assert lost_prefixes(UPSTREAM, with_flags("--height")) == ["--he, --h: --help to upstream, --help or --height here"]


def test_what_is_no_python_is_refused():
    with pytest.raises(SyntaxError):
        lost_prefixes(UPSTREAM, "def (:")


FLAGS = st.lists(st.text("abn-", min_size=1, max_size=4).map(lambda text: f"--x{text}"), max_size=6, unique=True)


def means(flags: list[str], text: str) -> str | None:
    """Return what argparse takes a text for, None where it refuses."""
    parser = argparse.ArgumentParser()
    for flag in flags:
        parser.add_argument(flag, action="append_const", const=flag, dest="seen")
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return parser.parse_args([text]).seen[0]
    except SystemExit:
        return None


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(FLAGS, FLAGS)
def test_verdicts_are_those_of_argparse(theirs, more):
    """Every prefix of every flag of upstream: lost where argparse gives it another meaning, or none."""
    ours = theirs + [flag for flag in more if flag not in theirs]

    def source(flags: list[str]) -> str:
        return "p = argparse.ArgumentParser()\n" + "".join(f"p.add_argument({flag!r})\n" for flag in flags)

    texts = {flag[:end] for flag in theirs for end in range(3, len(flag) + 1)}
    lost = {text for text in texts if means(theirs, text) and means(theirs, text) != means(ours, text)}
    told = [sentence.partition(":")[0].split(", ") for sentence in lost_prefixes(source(theirs), source(ours))]
    assert {text for texts in told for text in texts} == lost


def test_upstream_keeps_its_own_flags():
    file = Path(__file__).resolve().parents[2] / "upstream" / "makemore" / "makemore.py"
    if not file.exists():
        pytest.skip("upstream/makemore is not there (scripts/apply.sh fetches it)")
    assert lost_prefixes(file.read_text(), file.read_text()) == []
    more = file.read_text().replace(
        "parser.add_argument(", "parser.add_argument('--batchnorm')\n    parser.add_argument(", 1
    )
    assert [sentence.partition(":")[0] for sentence in lost_prefixes(file.read_text(), more)] == [
        "--batch, --batc, --bat, --ba, --b"
    ]
