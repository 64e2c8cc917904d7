"""The one figure of the series: every stage has its place, with a number or a dash; the words follow the numbers."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

import recorded
from deltas.core.codeid import code_id
from deltas.core.errors import BadInput
from deltas.evidence import baseline
from deltas.pages import arguments, document, hugo_site, overview, parts, readme, shortcodes
from deltas.runs import experiment, subject
from deltas.series.patches import load
from deltas.stages.build import workshop
from webpage import Page

ABOUT = """
title = "Frost, stage by stage"
metric = "test_loss"
along = "loss"
beside = "counts"
beside_says = "Counting"
digits = 2
"""
EXPERIMENT = 'title = "x"\nseeds = [1, 2]\n{headline}[[run]]\nname = "first"\n[[run]]\nname = "counts"\n'
LOSSES = (3.0, 2.0, 1.0)


@pytest.fixture
def series(tiny):
    """The tiny series, every stage recorded, and a README."""
    (tiny.project.baselines).mkdir(exist_ok=True)
    (tiny.project.baselines / "series.toml").write_text(ABOUT)
    text = "# x\n<!-- figure of the series -->\n<!-- /figure of the series -->\n<!-- series -->\n<!-- /series -->\n"
    (tiny.root / "README.md").write_text(text)
    return tiny


def record(series, *losses: float | None, counts: float | None = 1.5) -> list[str]:
    """Record the first stages with these losses, the others not at all; None: a stage without such a number."""
    patches = list(load(series.project.patches))
    for patch, loss in zip(patches, losses, strict=False):
        folder = series.project.baselines / patch.name
        folder.mkdir(exist_ok=True)
        headline = 'headline = "test_loss"\n' if loss is not None else ""
        (folder / "experiment.toml").write_text(EXPERIMENT.format(headline=headline))
        values = {"test_loss": [loss, loss]} if loss is not None else {"accuracy": [0.5, 0.5]}
        runs = {"first": recorded.run(values)}
        if counts is not None and loss is not None:
            runs["counts"] = recorded.run({"test_loss": [counts, counts]})
        baseline.write(folder / "baseline.json", recorded.baseline(runs, stage=patch.name))
    return [patch.name for patch in patches]


def read(series):
    return overview.described(overview.read(series.project, load(series.project.patches)))


def drawing(series) -> ET.Element:
    light, _ = overview.files(series.project, load(series.project.patches)).values()
    return ET.fromstring(light)


def texts(root: ET.Element) -> list[str]:
    return [text.text for text in root.findall(".//{*}text")]


def test_every_stage_has_a_row_and_its_number(series):
    names = record(series, *LOSSES)
    said = texts(drawing(series))
    for name, loss in zip(names, LOSSES, strict=False):
        assert re.sub("-", " ", name, count=1) in said and f"{loss:.2f}" in said
    assert said.count("–") == len(names) - len(LOSSES) and "Counting 1.50" in said
    circles = [float(circle.get("cx")) for circle in drawing(series).findall(".//{*}circle")]
    assert circles == sorted(circles, reverse=True) and circles[0] - circles[1] == pytest.approx(
        circles[1] - circles[2]
    )


def test_a_stage_without_that_number_keeps_its_place(series):
    names = record(series, 3.0, None, 1.0)
    figure = read(series)
    assert figure.rows[:3] == ((names[0], 3.0), (names[1], None), (names[2], 1.0))
    assert texts(drawing(series)).count("–") == len(names) - 2
    assert f"From 3.00 ({names[0]}) to 1.00 ({names[2]})" in figure.caption


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (1.5, "The line is Counting, 1.50; the first stage below it is {2}."),
        (0.5, "The line is Counting, 0.50; no stage lies below it."),
        (3.5, "The line is Counting, 3.50; every stage lies below it."),
        (None, "From 3.00 ({0}) to 1.00 ({2})."),
    ],
)
def test_the_caption_says_where_the_line_is_passed(series, counts, says):
    names = record(series, *LOSSES, counts=counts)
    assert says.format(*names) in read(series).caption


def test_it_is_of_the_same_bytes_and_in_both_palettes(series):
    record(series, *LOSSES)
    first, second = (overview.files(series.project, load(series.project.patches)) for _ in range(2))
    assert first == second and {path.name for path in first} == {"series.svg", "series.dark.svg"}
    assert len(set(first.values())) == 2


def test_nobody_asked_for_one(series):
    record(series, *LOSSES)
    (series.project.baselines / "series.toml").unlink()
    assert overview.files(series.project, load(series.project.patches)) == {}
    assert overview.markdown(series.project, load(series.project.patches)) == ""


def test_nothing_is_measured_yet(series):
    assert overview.files(series.project, load(series.project.patches)) == {}
    assert overview.figure(series.project, load(series.project.patches)) is None


@pytest.mark.parametrize(
    ("field", "was", "known"), [("metric", "test_loss", "test_loss"), ("beside", "counts", "counts, first")]
)
def test_what_no_stage_has_is_refused_and_does_not_empty_the_figure(series, field, was, known):
    record(series, *LOSSES)
    (series.project.baselines / "series.toml").write_text(ABOUT.replace(f'{field} = "{was}"', f'{field} = "typo"'))
    with pytest.raises(BadInput, match=f"{field} is 'typo'") as refused:
        read(series)
    assert known in refused.value.expected


@pytest.mark.parametrize(
    ("text", "said"),
    [("title = 3", "title is 3"), ("x = 1", "unknown key 'x'"), ("", "no title"), ("[", "series.toml")],
)
def test_a_malformed_declaration_is_refused_by_name(series, text, said):
    (series.project.baselines / "series.toml").write_text(text)
    with pytest.raises(BadInput, match=re.escape(said)) as refused:
        overview.read(series.project, load(series.project.patches))
    assert "series.toml" in refused.value.found


def test_readme_shows_it_with_its_words(series):
    record(series, *LOSSES)
    _, text = readme.filled(series.project, load(series.project.patches))
    assert text.index("<picture>") < text.index("| stage |")
    assert 'src="baselines/series.svg"' in text and 'srcset="baselines/series.dark.svg"' in text
    assert "The line is Counting, 1.50" in " ".join(text.split())


# -- in a site --------------------------------------------------------------------------------------------------------


def current(series, *losses: float) -> list[str]:
    """Record the first stages, on the code that they have now."""
    names = record(series, *losses)
    with workshop(series.project) as shop:
        for name in names[: len(losses)]:
            path = series.project.baselines / name / "baseline.json"
            table = json.loads(path.read_text())
            described = experiment.read(path.parent / "experiment.toml")
            by = subject.measured_by(described, path.parent)
            table["code_id"] = code_id(shop.files(shop.find(name)))
            for run in described.runs:
                table["runs"][run.name] |= {
                    "program": run.program,
                    "arguments": [],
                    "measured_by": by[run.name],
                    "seeds": [1, 2],
                }
            path.write_text(json.dumps(table))
    return names


def make_stale(series, name: str) -> None:
    path = series.project.baselines / name / "baseline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code_id": "0" * 16}))


def shown(series) -> dict:
    with document.source(series.project) as source:
        return document.whole(source)["figures"][0]


def test_a_number_of_other_code_is_not_shown_and_the_words_say_so(series):
    names = current(series, *LOSSES)
    assert "other code" not in shown(series)["caption"]
    make_stale(series, names[1])
    figure = shown(series)
    assert figure["rows"][1] == [names[1], None] and f"{names[1]} stale" in figure["description"]
    assert figure["svg"].count("<circle") == 2 and ">stale<" in figure["svg"]
    assert f"Left out, for they were recorded on other code: the numbers of {names[1]}." in figure["caption"]
    assert "The line is Counting" in figure["caption"]
    make_stale(series, names[0])
    make_stale(series, names[2])
    with document.source(series.project) as source:
        assert document.whole(source) is None


def test_a_line_of_other_code_is_not_drawn(series):
    names = current(series, *LOSSES)
    for name in names[1:3]:
        path = series.project.baselines / name / "baseline.json"
        table = json.loads(path.read_text())
        table["runs"]["counts"]["metrics"] = {}
        path.write_text(json.dumps(table))
    make_stale(series, names[0])
    figure = shown(series)
    assert "The line of Counting is left out, for it was recorded on other code." in figure["caption"]
    assert "dasharray" not in figure["svg"] and "Counting:" not in figure["description"]


def test_a_post_begins_with_it_and_states_no_number_that_could_become_wrong(series):
    current(series, *LOSSES)
    with document.source(series.project) as source:
        whole = document.whole(source)
    (figure,) = whole["figures"]
    (post,) = hugo_site.pages([], {parts.named("3"): []}, "content", whole).values()
    (tag,) = shortcodes.find(post.decode())
    assert tag.name == "figure" and arguments.is_ours(tag) and not arguments.faults(tag)
    assert tag.named == {"stage": "all", "name": "series", "was": figure["hash"]}
    assert "{{" not in hugo_site.pages([], {parts.named("3"): []}, "content")["content/posts/part-3/index.md"].decode()


@pytest.fixture
def site(series, tmp_path):
    """The first stages in a site, in the post of their part."""
    current(series, *LOSSES)
    for file in series.files[:3]:
        file.write_bytes(file.read_bytes().replace(b"\nRun:", b"\nPart: 3\nRun:"))
    current(series, *LOSSES)
    folder = tmp_path / "site"
    said = series.ok("publish", "01", "02", "03", "--to", str(folder)).out
    assert '{{< figure stage="all" name="series" >}}' in said
    return folder


def test_a_site_shows_it_as_it_shows_every_figure(series, site):
    fragment = (site / "assets/deltas/all/figure-series.html").read_text()
    page = Page(fragment)
    (image,) = page.of("img")
    assert image["loading"] == "lazy" and "min-width:" in image["style"] and image["class"] == "d-drawing"
    assert ("div", "d-scroll") in [(name, attributes.get("class")) for name, attributes in page.tags]
    assert "The line is Counting, 1.50" in fragment
    assert {path.name for path in (site / "static/deltas/all").iterdir()} == {"series.svg", "series.json"}


def test_a_post_that_shows_it_is_checked(series, site):
    post = site / "content" / "posts" / "part-3" / "index.md"
    assert series.run("publish", "--check", str(post)).code == 0
    current(series, 3.0, 2.0, 1.25)
    said = series.run("publish", "--check", str(post))
    assert said.code == 1 and "figure all series: is not what it was" in said.out
    assert "scripts/publish.sh all --to" in said.out and "+ 03-" in said.out
    series.ok("publish", "all", "--to", str(site))
    series.ok("publish", "--check", "--accept", str(post))
    assert series.run("publish", "--check", str(post)).code == 0


@pytest.mark.parametrize(
    ("embed", "said"),
    [
        ('figure stage="all" name="serie"', "all has no figure 'serie'"),
        ('runs stage="all"', "runs: stage is 'all'"),
    ],
)
def test_what_all_stages_have_not_is_named(series, site, embed, said):
    post = site / "content" / "mine.md"
    post.write_text(f"{{{{< {embed} >}}}}\n")
    result = series.run("publish", "--check", str(post))
    assert result.code == 2 and said in result.out


@pytest.mark.parametrize("posts", ["", '[posts]\n3 = "https://example.org/part-3/"\n'], ids=["none", "one"])
def test_stages_link_to_the_posts_of_which_the_address_is_known(series, posts):
    (series.project.baselines / "series.toml").write_text(ABOUT + posts)
    record(series, *LOSSES)
    inside = [patch for patch in load(series.project.patches) if parts.part_of(patch) == parts.named("3")]
    count = len(inside) * bool(posts)
    assert inside
    _, text = readme.filled(series.project, load(series.project.patches))
    assert text.count("([post](https://example.org/part-3/))") == text.count("[post]") == count
    series.ok("report", "--stale")
    page = (series.root / "out" / "report.html").read_text()
    assert page.count('<a href="https://example.org/part-3/">the post</a>') == page.count("the post</a>") == count


def test_verify_notices_that_it_is_not_of_these_numbers(series):
    record(series, *LOSSES)
    files = overview.files(series.project, load(series.project.patches))
    for path, content in files.items():
        path.write_bytes(content)
    what = "the figure of the series is drawn from the recorded numbers"
    assert f"✓ {what}" in series.run("verify", "all", "--fast").out
    record(series, 3.0, 2.0, 1.1)
    assert f"✗ {what}" in series.run("verify", "all", "--fast").out


def test_a_renumbered_series_is_drawn_anew(series):
    names = record(series, *LOSSES)
    series.ok("apply", "last")
    series.ok("refresh", "--rename", "01", "other")
    text = (series.project.baselines / "series.svg").read_text()
    assert "01 other" in text and names[0].replace("-", " ", 1) not in text
    wanted = overview.files(series.project, load(series.project.patches))
    assert all(path.read_bytes() == content for path, content in wanted.items())
    assert "01-other" in (series.root / "README.md").read_text()
