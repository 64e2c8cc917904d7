"""README shows what really happens: transcripts are held against the commands, figures against the baselines."""

import json
import re

import pytest

import lab as laboratory

README = (laboratory.HERE / "README.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```console\n\$ scripts/(\S+\.sh(?: \d\d)?)\n(.*?)```", README, re.DOTALL))


def matches(expected: str, output: str) -> bool:
    """`…` stands for anything, over lines too, as in a doctest."""
    pattern = ".*?".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, output, re.DOTALL) is not None


def test_the_four_commands_are_there():
    assert {"apply.sh 01", "train.sh 01", "verify.sh 01"} <= set(BLOCKS)
    assert "scripts/test.sh" in README


def test_apply_prints_what_readme_shows(makemore):
    assert matches(BLOCKS["apply.sh 01"], makemore.ok("apply", "01").out)


def test_verify_prints_what_readme_shows_of_what_needs_no_training(makemore):
    said = makemore.ok("verify", "01", "--fast").out
    for line in BLOCKS["verify.sh 01"].splitlines():
        if line.startswith("✓") and "train" not in line:
            assert any(matches(line, row) for row in said.splitlines()), line


def test_numbers_of_the_transcripts_are_the_recorded_ones():
    table = json.loads(next(laboratory.HERE.glob("baselines/01-*/baseline.json")).read_text())
    recorded = table["runs"]["counted"]["metrics"]
    heading, row, same = (
        re.search(rf"^  +{start}(.*)$", BLOCKS["train.sh 01"], re.MULTILINE)[1]
        for start in ("run ", "✓ counted ", "in every run:")
    )
    shown = dict(zip(heading.split(), row.split(), strict=True)) | dict(re.findall(r"(\w+) ([\d.]+)", same))
    assert shown["recorded"] == shown["test_loss"]
    losses = {metric: value for metric, value in shown.items() if "_loss" in metric}
    assert len(losses) == 3
    for metric, value in losses.items():
        assert value == f"{recorded[metric]['mean']:.4f}"
        assert f"{metric} {value}" in BLOCKS["verify.sh 01"]


@pytest.mark.parametrize("door", sorted(set(re.findall(r"scripts/(\w+\.sh)", README))))
def test_doors_that_readme_names_are_there(door):
    path = laboratory.HERE / "scripts" / door
    assert path.stat().st_mode & 0o111


def test_every_door_is_in_readme():
    for door in (laboratory.HERE / "scripts").glob("*.sh"):
        assert door.name in README, door.name


def test_exit_codes_are_those_of_the_code():
    from deltas.core import errors

    listed = dict(re.findall(r"\| (\d+) \| ([^|]+) \|", README.split("## Exit codes")[1]))
    for name, word in (("CheckFailed", "check failed"), ("BadInput", "bad usage"), ("BrokenPatch", "patch"),
                       ("WorkAtRisk", "your work"), ("NoUpstream", "upstream")):  # fmt: skip
        assert word in listed[str(getattr(errors, name).exit_code)]


def test_what_plus_minus_is_stands_below_the_table_and_so_does_the_error_of_the_test_names():
    """Written by the program: of the headline runs, from the recorded values of every name."""
    table = " ".join(README.split("<!-- series -->")[1].split("<!-- /series -->")[0].split())
    seeds = sorted({int(n) for n in re.findall(r"n = (\d+)\)(?= \|)", table)})
    assert f"± is the standard deviation over training seeds (n = {' or '.join(map(str, seeds))})." in table
    assert re.search(r"The standard error of one number from that: .+ 0\.0\d+", table)
    assert "±" not in README.split("<!-- /series -->")[1]
