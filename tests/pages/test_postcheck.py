"""Posts against what they embed: each change is named at its line, what never was is bad input."""

import json
import re
import shutil

import pytest

from lab import said
from webpage import FIGURE, draw, record, svg, with_headline, with_verdicts

POST = "content/posts/part-3/index.md"


@pytest.fixture(scope="module")
def published(tiny_template, tmp_path_factory):
    """Make a checkout with two recorded stages, and a site that they were published to."""
    folder = tmp_path_factory.mktemp("published")
    lab = tiny_template.copy(folder / "checkout")
    draw(record(lab, 1, claims=["it falls"]))
    record(lab, 2)
    with pytest.MonkeyPatch.context() as patch:
        with_headline(patch)
        lab.ok("publish", "01", "02", "--to", str(folder / "site"))
    return folder


@pytest.fixture
def site(published, tiny, tmp_path):
    shutil.copytree(published / "checkout/baselines", tiny.root / "baselines")
    return shutil.copytree(published / "site", tmp_path / "site")


def check(lab, *posts, code: int = 0, options=()):
    result = lab.run("publish", "--check", *options, *map(str, posts))
    assert result.code == code, result
    return result.out


def post(folder, text: str, name: str = "post.md"):
    path = folder / name
    path.write_text(text)
    return path


def measured(lab, *values) -> None:
    record(lab, 1, values, claims=["it falls"])


def test_fresh_posts_are_as_they_were(tiny, site):
    posts = [site / POST, *site.glob("content/deltas/*/index.md")]
    out = check(tiny, *posts)
    assert out.count("✓") == 3 and "✗" not in out
    assert json.loads(check(tiny, *posts, options=["--json"]))["ok"] is True


def test_a_number_that_changed_is_named_at_its_line(tiny, site):
    measured(tiny, 2.45, 2.46, 2.40)
    line = (site / POST).read_text().splitlines().index(
        next(row for row in (site / POST).read_text().splitlines() if row.startswith("| `counted`"))
    ) + 1  # fmt: skip
    out = check(tiny, site / POST, code=1)
    assert f"index.md:{line}: result 01 counted test_loss spread: was 2.4700 ± 0.0100, is now 2.4467 ± 0.0321" in out
    assert "samples" not in out and "patch" not in out
    document = json.loads(check(tiny, site / POST, code=1, options=["--json"]))
    assert document["ok"] is False and {fault["line"] for fault in document["posts"][0]["faults"]} >= {line}


def test_numbers_that_did_not_change_as_shown_are_no_fault(tiny):
    text = '{{< result stage="01" run="counted" metric="test_loss" digits="1" was="2.5" >}}\n'
    measured(tiny, 2.4501, 2.46, 2.47)
    alone = post(tiny.root.parent, text)
    assert "✓" in check(tiny, alone)


@pytest.mark.parametrize(
    ("metric", "digits", "shown"),
    [("dead", "1", "57.7 %"), ("dead", "0", "58 %"), ("characters", "1", "204,544"), ("drift", "2", "-1e-05"),
     ("test_loss_unseen", "2", "∞"), ("test_loss", "0", "2"), ("test_loss", "15", "2.470000000000000")],
)  # fmt: skip
def test_digits_change_the_decimals_of_a_number_and_nothing_else_of_it(tiny, metric, digits, shown):
    more = {"dead": (0.577,) * 3, "characters": (204544,) * 3, "drift": (-0.00001,) * 3}
    folder = record(tiny, 1, more=more)
    with (folder / "experiment.toml").open("a") as file:
        file.write('[metric.dead]\nunit = "%"\ndigits = 2\n')
    call = f'{{{{< result stage="01" run="counted" metric="{metric}" digits="{digits}" was="{shown}" >}}}}\n'
    assert "✓" in check(tiny, post(tiny.root.parent, call))


def test_a_hunk_that_changed_and_one_that_is_gone(tiny, site):
    tiny.ok("apply", "01")
    tiny.edit("    def forget(self):", "    def forget(self, all=True):")
    tiny.edit("import math", "import statistics")
    tiny.ok("refresh", "01")
    record(tiny, 1, claims=["it falls"])
    record(tiny, 2)
    out = check(tiny, site / POST, code=1)
    assert "patch 01 forget: is not what it was" in out
    assert re.findall(r"^    ([-+] .*def forget.*)$", out, re.MULTILINE) == [
        "- +    def forget(self):", "+ +    def forget(self, all=True):",
    ]  # fmt: skip
    assert "patch 01 import-math: is gone" in out
    assert "patch 02" not in out


def test_a_figure_and_claims_that_changed(tiny, site, monkeypatch):
    (next(tiny.root.glob("baselines/02-*")) / "baseline.json").unlink()
    with_verdicts(monkeypatch, ("yes", True, "2 < 3"))
    folder = next(tiny.root.glob("baselines/01-*"))
    (folder / "loss-curve.dark.svg").write_text(svg(dark=True).replace("L 2 3", "L 3 3"))
    out = check(tiny, site / POST, code=1)
    assert "figure 01 loss-curve: is drawn otherwise; its words and its data are as they were" in out
    assert "    - open: it falls\n    + yes: it falls: 2 < 3\n" in out and "result 01" not in out
    draw(folder, FIGURE | {"rows": [[0, 3.2958], [10, 2.25]]})
    assert "    - 10 | 2.5\n    + 10 | 2.25\n" in check(tiny, site / POST, code=1)


def test_names_that_changed(tiny):
    record(tiny, 1, claims=["it falls"], names=["emma"])
    alone = post(tiny.root.parent, '{{< samples stage="01" run="counted" was="not recorded" >}}\n')
    assert "samples 01 counted: is not what it was\n    - not recorded\n    + emma\n" in check(tiny, alone, code=1)


def test_accept_writes_what_is_now_and_nothing_else(tiny, site):
    path = site / POST
    before = path.read_text() + '\nWords — and {{</* result stage="01" */>}} text. {{< youtube abc >}}\n'
    path.write_text(before)
    measured(tiny, 2.45, 2.46, 2.40)
    tiny.ok("publish", "01", "--to", str(site))
    check(tiny, path, code=1)
    check(tiny, path, options=["--accept"])
    after = path.read_text()
    strip = re.compile(r'was="[^"]*"')
    assert strip.sub("", after) == strip.sub("", before) and after != before
    assert "✓" in check(tiny, path)


def test_the_diff_inside_a_shortcode_is_looked_at(tiny, site):
    path = site / "content/deltas/01-frost-days/index.md"
    path.write_text(path.read_text().replace("+    def forget(self):", "+    def forget(me):"))
    assert "the diff inside it" in check(tiny, path, code=1)
    check(tiny, path, options=["--accept"])
    assert "+    def forget(self):" in path.read_text()


def test_a_site_with_older_data_is_named(tiny, site):
    measured(tiny, 2.45, 2.46, 2.40)
    text = '{{< result stage="01" run="counted" metric="test_loss" was="2.4467" >}}\n'
    out = check(tiny, post(site, text), code=1)
    assert "the site shows 2.4700, is now 2.4467" in out and f"scripts/publish.sh 01 --to {site}" in out


def test_an_embed_without_a_past_is_not_passed(tiny, tmp_path):
    record(tiny, 1)
    path = post(tmp_path, '{{< result stage="01" run="counted" metric="test_loss" >}}')
    assert "nothing says what it was" in check(tiny, path, code=1)
    check(tiny, path, options=["--accept"])
    assert path.read_text() == '{{< result stage="01" run="counted" metric="test_loss" was="2.4700" >}}'


def test_arguments_by_place(tiny, site):
    text = '{{< result "01" "counted" "test_loss" >}} {{< patch 01 forget />}} {{< samples `01` >}}'
    assert "3 embeds" in check(tiny, post(site, text))


def test_hugo_s_own_figure_is_not_ours(tiny, site):
    assert "0 embeds" in check(tiny, post(site, '{{< figure src="cat.png" >}}\nand no more'))


UNKNOWN = {
    '{{< result stage="17" run="counted" metric="test_loss" >}}': "there is no stage '17'",
    '{{< patch stage="00" />}}': "stage 00",
    '{{< patch stage="01" hunk="forgt" />}}': "did you mean forget?",
    '{{< patch stage="01" file="x.py" />}}': "no file 'x.py'",
    '{{< result stage="01" run="countd" metric="test_loss" >}}': "did you mean counted?",
    '{{< result stage="01" run="counted" metric="loss" >}}': "no metric 'loss'",
    '{{< figure stage="01" name="loss" >}}': "no figure 'loss'",
    '{{< samples stage="01" run="x" >}}': "no run 'x'",
}


def test_what_never_was_is_bad_input(tiny, site):
    path = post(site, "\n".join(UNKNOWN))
    out = check(tiny, path, code=2)
    assert [int(n) for n in re.findall(r"post\.md:(\d+):", out)] == list(range(1, len(UNKNOWN) + 1))
    for message in UNKNOWN.values():
        assert message in out
    before = path.read_bytes()
    check(tiny, path, code=2, options=["--accept"])
    assert path.read_bytes() == before


def test_a_call_that_says_something_else_than_its_author_means_is_bad_input(tiny, site):
    calls = [
        '{{< samples stage="01" names="5" >}}',
        '{{% claims "01" %}}',
        '{{< patch stage="01" hunk="forget" >}}',
        '{{< result stage="01 run="counted" >}}',
    ]
    path = post(site, "\n".join([*calls, '{{< result stage="01" run="counted" metric="test_loss" >}}']))
    before = path.read_bytes()
    for options in ((), ("--accept",)):
        out = check(tiny, path, code=2, options=options)
        assert [int(n) for n in re.findall(r"post\.md:(\d+):", out)] == [1, 2, 3, 4]
        assert path.read_bytes() == before
    assert "did you mean count?" in out and "its tag does not end" in out
    faults = json.loads(check(tiny, path, code=2, options=["--json"]))["posts"][0]["faults"]
    assert [set(fault) for fault in faults] == [{"line", "found", "ways", "known", "changes"}] * 4


def test_a_stage_without_a_baseline_is_not_measured(tiny, tmp_path):
    text = '{{< result stage="03" run="x" metric="y" was="not measured" >}}'
    text += '{{< samples stage="03" was="not recorded" >}}'
    assert "✓" in check(tiny, post(tmp_path, text))
    record(tiny, 3, measured=False)
    text = '{{< result stage="03" run="counted" metric="y" was="not measured" >}}'
    assert "✓" in check(tiny, post(tmp_path, text))


def test_figures_of_other_code(tiny, site):
    path = next(tiny.root.glob("baselines/01-*/baseline.json"))
    path.write_text(re.sub(r'"code_id": "\w+"', '"code_id": "0123456789abcdef"', path.read_text()))
    out = check(tiny, site / POST, code=1)
    assert out.count("what was measured is of other code") == 1 and "scripts/record.sh 01" in out
    assert "patch 01" not in out and " 02" not in out  # the rest was compared


# -- notes ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def noted(tiny, site):
    folder = next(tiny.root.glob("baselines/01-*"))
    (folder / "notes.toml").write_text('[[note]]\nhunk = "forget"\ntext = "Why?"\n')
    tiny.ok("publish", "01", "--to", str(site))
    assert "Why?" in (site / "assets/deltas/01-frost-days/hunk-forget.html").read_text()
    return post(site, '{{< patch stage="01" hunk="import-math" />}}')


def test_a_note_whose_hunk_is_as_it_was(tiny, noted):
    assert "✓" in check(tiny, noted)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("    def forget(self):", "    def forget(self, a=1):", "its hunk changed"),
        ("    def forget(self):", "    def unlearn(self):", "its hunk is gone"),
    ],
)
def test_a_note_whose_hunk_moved(tiny, noted, old, new, found):
    tiny.ok("apply", "01")
    tiny.edit(old, new)
    tiny.ok("refresh", "01")
    record(tiny, 1, claims=["it falls"])
    out = check(tiny, noted, code=1)
    assert f"the note on forget: {found}" in out and "notes.toml" in out


# -- links ------------------------------------------------------------------------------------------------------------


def test_links_to_upstream(tiny, tmp_path):
    web = f"https://github.com/karpathy/makemore/blob/{tiny.pin}"
    lines = len(said(tiny.source, "show", f"{tiny.pin}:makemore.py").splitlines())
    good = f'[a]({web}/makemore.py#L3-L{lines}) <{web}/README.md> {{{{< upstream "Almanac.guess" >}}}} {web}/town'
    assert "✓" in check(tiny, post(tmp_path, good))
    dead = {
        f"{web}/makemore.py#L{lines + 1}": f"has {lines} lines",
        f"{web}/makemore.py#L9-L3": "lines there",
        f"{web}/makemor.py": "upstream has no makemor.py",
        "https://github.com/karpathy/makemore/blob/master/makemore.py": "is not the pinned commit",
        '{{< upstream "Almanac.gues" >}}': "did you mean Almanac.guess?",
        '{{< upstream symbol="x" file="y.py" >}}': "y.py has no 'x'",
    }
    out = check(tiny, post(tmp_path, "\n".join(dead)), code=1)
    for line, message in enumerate(dead.values(), 1):
        assert f"post.md:{line}: dead link" in out and message in out


def test_without_upstream_links_are_not_looked_at(tiny, site, monkeypatch):
    for folder in ("upstream/makemore", ".git/modules"):
        shutil.rmtree(tiny.root / folder)
    monkeypatch.setenv("MAKEMORE_MIRROR", str(tiny.root / "nowhere"))
    out = check(tiny, site / POST)
    assert "✓" in out and "not looked at: links to upstream" in out


def test_posts_that_cannot_be_read(tiny, tmp_path):
    (tmp_path / "latin.md").write_bytes(b"caf\xe9")
    for name, message in (("latin.md", "byte 3"), ("none.md", "No such file"), (".", "directory")):
        result = tiny.run("publish", "--check", str(tmp_path / name))
        assert result.code == 2 and message in result.err


# -- what an author saw ------------------------------------------------------------------------------------------------

MINE = "content/posts/mine.md"
NUMBER = '{{< result stage="01" run="counted" metric="test_loss" >}}'


@pytest.fixture
def written(site):
    """Write a post against the site's first data, without a `was` in it."""
    return post(site, f'{NUMBER}\n{{{{< patch "01" "forget" />}}}}\n', MINE)


def test_a_post_written_against_older_data_is_noticed_though_newer_ones_were_published(tiny, site, written):
    measured(tiny, 2.45, 2.46, 2.40)
    tiny.ok("publish", "all", "--to", str(site))
    for _ in range(2):  # to publish once more takes nothing back
        out = check(tiny, written, code=1)
        assert "mine.md:1: result 01 counted test_loss: was 2.4700, is now 2.4467" in out and "mine.md:2" not in out
        tiny.ok("publish", "all", "--to", str(site))
    check(tiny, written, options=["--accept"])
    assert 'was="2.4467"' in written.read_text() and "✓" in check(tiny, written)


def test_a_hunk_is_shown_as_it_was_when_the_post_was_written(tiny, site, written):
    tiny.ok("apply", "01")
    tiny.edit("    def forget(self):", "    def forget(self, all=True):")
    tiny.ok("refresh", "01")
    measured(tiny, 2.45, 2.46, 2.47)
    record(tiny, 2)
    tiny.ok("publish", "all", "--to", str(site))
    out = check(tiny, written, code=1)
    assert "mine.md:2: patch 01 forget: is not what it was" in out
    assert "    - +    def forget(self):\n    + +    def forget(self, all=True):\n" in out
    before = written.read_text().splitlines()[1]
    check(tiny, written, options=["--accept"])  # by place, so the site remembers it
    assert written.read_text().splitlines()[1] == before and "✓" in check(tiny, written)


def test_a_renamed_post_is_known_again(tiny, site, written):
    tiny.ok("publish", "all", "--to", str(site))
    renamed = written.rename(written.with_name("renamed.md"))
    measured(tiny, 2.45, 2.46, 2.40)
    tiny.ok("publish", "all", "--to", str(site))
    assert "was 2.4700, is now 2.4467" in check(tiny, renamed, code=1)


def test_a_post_that_is_renamed_after_newer_data_were_published_is_noticed_too(tiny, site, written):
    measured(tiny, 2.45, 2.46, 2.40)
    tiny.ok("publish", "all", "--to", str(site))
    renamed = written.rename(written.with_name("renamed.md"))
    assert "was 2.4700, is now 2.4467" in check(tiny, renamed, code=1)


def test_accept_names_the_file_that_says_what_is_now(tiny, site, written):
    written.write_text('{{< result "01" "counted" "test_loss" >}}\n')  # by place: it cannot say so itself
    tiny.ok("publish", "all", "--to", str(site))
    measured(tiny, 2.45, 2.46, 2.40)
    tiny.ok("publish", "all", "--to", str(site))
    said = tiny.ok("publish", "--check", "--accept", str(written)).err
    assert "seen.json: says what is now" in said and "mine.md: says" not in said


def test_a_damaged_memory_is_refused(tiny, site, written):
    for content in ("{", "[]", '{"posts": 3}', '{"posts": {"a": {"b": 3}}}'):
        (site / "data/deltas/seen.json").write_text(content)
        before = (site / "data/deltas/published.json").read_bytes()
        for arguments in (["all", "--to", str(site)], ["--check", str(written)]):
            result = tiny.run("publish", *arguments)
            assert result.code == 2 and "seen.json" in result.err, (content, result)
        assert (site / "data/deltas/published.json").read_bytes() == before


def test_long_differences_are_cut_and_say_so(tiny, site):
    folder = next(tiny.root.glob("baselines/01-*"))
    draw(folder, FIGURE | {"rows": [[n, n / 7] for n in range(100)]})
    out = check(tiny, site / POST, code=1)
    assert len(re.findall(r"^    [-+] ", out, re.MULTILINE)) == 20 and "… and 82 more lines" in out
