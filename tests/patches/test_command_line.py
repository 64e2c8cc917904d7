"""The command line of every stage: upstream's flags as ever, also cut short; what makes no sense is refused at once."""

import argparse
import ast
import functools
import sys
import types

import pytest

from deltas.core import files
from deltas.core.project import here
from deltas.series.patches import load

SLUGS = [patch.slug for patch in load(here().patches)]


@functools.cache
def before_training(source: str) -> types.CodeType:
    """Return the main program of makemore.py up to where its arguments are printed."""
    main = next(node for node in ast.parse(source).body if isinstance(node, ast.If))
    end = next(n for n, node in enumerate(main.body) if ast.unparse(node) == "print(vars(args))")
    return compile(ast.Module(main.body[:end], []), "makemore.py", "exec")


class Source(str):
    """The text of a makemore.py. beside: the modules that stand beside it, by name."""

    beside: dict[str, types.ModuleType]


def command_line(source: Source, arguments: list[str]) -> dict:
    """Return what the main program of makemore.py makes of a command line, without training anything."""
    space = {"argparse": argparse, "sys": sys, **source.beside}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["makemore.py", *arguments])
        exec(before_training(source), space)
    return vars(space["args"])


@pytest.fixture(scope="module")
def sources(stage_tree) -> dict[str, Source]:
    made = {}
    for slug in ["00", *SLUGS]:
        folder = stage_tree(slug)
        made[slug] = Source((folder / "makemore.py").read_text())
        others = [path for path in folder.glob("*.py") if path.name != "makemore.py"]
        made[slug].beside = {path.stem: files.module(path) for path in others}
    return made


def options(source: str) -> dict[str, list[str]]:
    """Return upstream's long options, each with a value that suits it."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "parser.add_argument":
            kind = next((ast.unparse(word.value) for word in node.keywords if word.arg == "type"), None)
            found[ast.literal_eval(node.args[0])] = {None: [], "int": ["3"], "float": ["0.5"], "str": ["word"]}[kind]
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_upstreams_flags_can_still_be_cut_short(sources, slug):
    known = options(sources["00"])
    assert len(known) > 15
    for option, value in known.items():
        for length in range(3, len(option) + 1):
            prefix = option[:length]
            if prefix not in known and sum(other.startswith(prefix) for other in known) > 1:
                continue  # upstream itself calls it ambiguous
            expected = command_line(sources["00"], [prefix, *value])
            now = command_line(sources[slug], [prefix, *value])
            assert {name: now[name] for name in expected} == expected, prefix


def test_new_flags_are_written_out_in_full(sources):
    with pytest.raises(SystemExit):
        command_line(sources[SLUGS[0]], ["--smooth", "2"])


# (the stage that brings it, command line, what the one sentence names)
REFUSED = [
    ("bigram-counting", "--type bigram-count --smoothing -1", "--smoothing is a count"),
    ("bigram-counting", "--smoothing 2", "--smoothing is for --type bigram-count"),
    ("learned-weights", "--type bigram --reg 0", "--reg is for --type bigram-onehot"),
    ("batchnorm-diagnostics", "--type deep-mlp --context 0", "--context is at least 1"),
    ("batchnorm-diagnostics", "--type mlp --context 4", "--context is for --type deep-mlp"),
    ("batchnorm-diagnostics", "--batchnorm", "--batchnorm is for --type deep-mlp"),
    ("batchnorm-diagnostics", "--gain 1", "--gain is for --type deep-mlp"),
    ("batchnorm-diagnostics", "--diagnostics 5", "--diagnostics is for --type deep-mlp"),
    ("batchnorm-diagnostics", "--type deep-mlp --lr-decay", "--max-steps"),
    ("transformer-baseline", "--baseline --sgd", "no --sgd"),
    ("transformer-baseline", "--baseline --lr-decay", "no --sgd, --lr-decay"),
    ("transformer-baseline", "--baseline --type deep-mlp --diagnostics 5", "--diagnostics"),
    ("transformer-baseline", "--baseline --max-steps 0", "--max-steps"),
    ("transformer-baseline", "--baseline --type bigram-count", "no counting"),
    ("transformer-baseline", "--type mlp --attention emma", "--attention is for --type transformer"),
    ("transformer-baseline", "--type mlp --no-positions", "--no-positions is for --type transformer"),
    ("prefix-tree", "--fast", "--fast is for --baseline"),
    ("prefix-tree", "--baseline --type deep-mlp --fast", "--fast is for --type transformer"),
    ("count-teacher", "--baseline --fast --teacher -1", "--teacher is a share"),
    ("count-teacher", "--baseline --fast --teacher 1.5", "--teacher is a share"),
    ("count-teacher", "--baseline --teacher 0.4", "--teacher is a share"),
]


@pytest.mark.parametrize(("slug", "line", "sentence"), REFUSED, ids=[line for _, line, _ in REFUSED])
def test_a_flag_without_effect_is_refused_in_a_sentence(sources, slug, line, sentence):
    for later in SLUGS[SLUGS.index(slug) :]:
        with pytest.raises(SystemExit) as refused:
            command_line(sources[later], line.split())
        assert sentence in str(refused.value)


ACCEPTED = [
    ("bigram-counting", "--type bigram-count --smoothing 0 --split-seed 3"),
    (
        "batchnorm-diagnostics",
        "--type deep-mlp --context 4 --batchnorm --gain 1 --sgd --lr-decay --max-steps 5 --diagnostics 1",
    ),
    ("transformer-baseline", "--baseline --type deep-mlp --context 8 --batchnorm"),
    ("count-teacher", "--baseline --fast --teacher 1 --attention emma"),
]


@pytest.mark.parametrize(("slug", "line"), ACCEPTED)
def test_a_flag_with_effect_is_taken(sources, slug, line):
    for later in SLUGS[SLUGS.index(slug) :]:
        command_line(sources[later], line.split())


def test_defaults_of_the_recipe_give_way_to_what_is_typed(sources):
    args = command_line(sources["transformer-baseline"], ["--baseline", "--max-steps", "7"])
    assert (args["max_steps"], args["batch_size"]) == (7, 128)
