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
    rows = re.findall(r"✓ (\w+_loss\w*) +([\d.]+) +([\d.]+) +0$", BLOCKS["train.sh 01"], re.MULTILINE)
    assert len(rows) == 3
    for metric, value, mean in rows:
        assert [value, mean] == [f"{recorded[metric]['mean']:.4f}"] * 2
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
