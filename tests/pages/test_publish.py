"""The bundle: what is written where, from what; and that nothing of anybody else's is touched."""

import json
import re
import shutil

import pytest

from deltas.pages import document, embed
from lab import contents
from webpage import FIGURE, Page, draw, record, set_part, with_headline

NASTY = "</script><b>{{< x >}}</b> [a](javascript:b) `c`"


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


def publish(lab, site, *what) -> dict[str, bytes]:
    lab.ok("publish", *(what or ["all"]), "--to", str(site))
    return contents(site)


def front_matter(text: str) -> dict:
    _, head, _ = text.split("---\n", 2)
    return {key: json.loads(value) if value[0] in '["' else value
            for key, value in (line.split(": ", 1) for line in head.splitlines())}  # fmt: skip


def test_what_is_written(tiny, site):
    draw(record(tiny, 1))
    files = publish(tiny, site, "01")
    name = "01-frost-days"
    for path in (
        f"content/deltas/{name}/index.md", "content/posts/part-3/index.md", "data/deltas/stages/01.json",
        "data/deltas/upstream.json", "data/deltas/published.json", f"assets/deltas/{name}/patch.html",
        f"assets/deltas/{name}/hunk-forget.html", f"assets/deltas/{name}/hunk-forget.diff",
        f"assets/deltas/{name}/file-makemore-py.html", f"assets/deltas/{name}/figure-loss-curve.html",
        f"static/deltas/{name}/loss-curve.svg", f"static/deltas/{name}/loss-curve.json", "assets/deltas/deltas.css",
        "interactive/src/entries/deltas-patch.ts", "interactive/src/entries/deltas-figure.ts",
        *(f"layouts/shortcodes/{each}.html" for each in ("patch", "result", "samples", "figure", "upstream")),
    ):  # fmt: skip
        assert path in files, path
    assert not [path for path in files if "02-" in path]
    assert str(tiny.root).encode() not in b"".join(files.values())


@pytest.mark.parametrize(("names", "there"), [((), False), (("emma", "ava"), True)])
def test_generated_names_stand_only_on_pages_of_runs_that_have_some(tiny, site, names, there):
    record(tiny, 1, names=names)
    files = publish(tiny, site, "01")
    for path in ("content/deltas/01-frost-days/index.md", "content/posts/part-3/index.md"):
        assert (b"{{< samples" in files[path]) is there, path
    assert (b"## Names" in files["content/deltas/01-frost-days/index.md"]) is there


def test_an_interactive_part_only_where_there_is_something(tiny, site):
    record(tiny, 1)
    assert not [path for path in publish(tiny, site, "01") if path.endswith("deltas-figure.ts")]


def test_front_matter(tiny, site):
    record(tiny, 2)
    files = publish(tiny, site, "02")
    stage = front_matter(files["content/deltas/02-storm-report/index.md"].decode())
    part = front_matter(files["content/posts/part-3/index.md"].decode())
    about = stage.pop("description")
    assert about.startswith("Storm report. ") and len(about) <= 160 and "{{" not in about and "\n" not in about
    assert part["description"].startswith("Part 3 of Neural Nets from Scratch: ")
    assert set(part) == {*stage, "description"}
    assert stage == {"title": "02 storm report", "date": "2026-01-01", "series": ["Neural Nets from Scratch"],
                     "weight": "2", "skin": "chalkboard", "draft": "true"}  # fmt: skip
    assert part["weight"] == "3"


def test_fragments_are_html_and_diffs_are_the_patch_s(lab, site):
    files = publish(lab, site)
    for path, content in files.items():
        if path.startswith("assets/") and path.endswith(".html"):
            Page(content.decode())
    for patch in lab.files:
        added = [line[1:] for line in patch.read_text().split("\n---\n", 1)[1].splitlines()
                 if line.startswith("+") and not line.startswith("+++")]  # fmt: skip
        folder = f"assets/deltas/{patch.stem}"
        diff = files[f"{folder}/patch.diff"].decode()
        assert [line[1:] for line in diff.splitlines() if line.startswith("+")] == added
        page = Page(files[f"{folder}/patch.html"].decode())
        assert [row["text"].rstrip("\n") for row in page.rows if "d-add" in row["class"]] == added


def test_a_part_s_headings_are_the_deltas_and_its_numbers_shortcodes(tiny, site, monkeypatch):
    record(tiny, 1)
    with_headline(monkeypatch)
    text = publish(tiny, site)["content/posts/part-3/index.md"].decode()
    body = text.split("---\n", 2)[2]
    assert re.findall(r"^## (.*)$", body, re.MULTILINE) == [f"Delta {n}: weather" for n in range(1, 4)]
    assert "| run | n | loss on the test names |" in body and body.count('form="spread"') == 2
    plain = re.sub(r"\{\{<.*?>\}\}", "", body)
    plain = re.sub(r"scripts/\w+\.sh \d\d|^## .*$", "", plain, flags=re.MULTILINE)
    assert not re.search(r"\d", plain), plain
    assert "```" not in body
    for header in ("frost days", "storm report", "loud report"):  # nothing but headers, headings and commands
        assert f"### {header}\n\nYou know the weather. This is new: größer — " in body
        assert plain.count("A second paragraph, with *stars*.") == 3
    assert len(plain.split()) < 60 + 3 * 16


def test_a_table_of_a_part_says_what_its_numbers_leave_open(tiny, site):
    """What ± is; and the error that the test names leave, by a shortcode that can be checked."""
    record(tiny, 1, sampled=True)
    record(tiny, 2)
    first, second = publish(tiny, site)["content/posts/part-3/index.md"].decode().split("### storm report")
    for text in (first, second):
        assert "\n\n± is the standard deviation over n training seeds." in text
    assert "The test names are a sample, too" in first and "are a sample" not in second
    assert 'metric="test_loss" form="error" was="0.50" >}}; in a difference between two runs' in first


def test_a_number_without_items_has_no_error_to_show(tiny):
    with document.source(tiny.project) as source:
        for sampled in (True, False):
            record(tiny, 1, sampled=sampled)
            stage = document.stage(source, source.series[0])
            loss, other = (stage["runs"][0]["metrics"][name] for name in ("test_loss", "train_loss"))
            assert (loss["error"], loss["items"]) == ((0.5, 2) if sampled else (None, None))
            assert other["error"] is None
            assert stage["legend"][0] == "± is the standard deviation over training seeds (n = 3)."
            assert len(stage["legend"]) == (2 if sampled else 1)
    with pytest.raises(embed.Unknown, match="has no standard error 'test_loss'"):
        embed.result(stage, "counted", "test_loss", "error")


def test_a_part_grows_until_somebody_writes_in_it(tiny, site):
    post = site / "content/posts/part-3/index.md"
    publish(tiny, site, "01")
    assert "### storm report" not in post.read_text()
    publish(tiny, site, "02")
    assert "### frost days" in post.read_text() and "### storm report" in post.read_text()
    post.write_text(post.read_text() + "\nMy own words.\n")
    mine = post.read_bytes()
    result = tiny.ok("publish", "03", "--to", str(site))
    assert post.read_bytes() == mine and "kept as it is" in result.err
    assert (site / "data/deltas/stages/03.json").exists()


def test_a_post_for_every_part(tiny, site):
    said = tiny.ok("publish", "all", "--to", str(site)).out
    assert "content/posts/part-3/index.md: Part 3 with stages 01, 02, 03; written" in said
    assert "content/posts/appendix/index.md: Appendix with stage 04; written" in said
    appendix = (site / "content/posts/appendix/index.md").read_text()
    assert "### quiet report" in appendix and "### frost days" not in appendix
    head = front_matter(appendix)
    assert head["title"] == "Appendix" and "weight" not in head and head["date"] == "2025-01-01"
    assert "Part 3 with stages 01, 02, 03; as it was" in tiny.ok("publish", "02", "--to", str(site)).out


def test_a_stage_of_no_part_says_so(tiny, site):
    set_part(tiny, 2, "")
    result = tiny.ok("publish", "02", "--to", str(site))
    assert "02-storm-report: its header names no part of the series" in result.err and "stands in no post" in result.err
    assert not (site / "content/posts").exists() and (site / "content/deltas/02-storm-report/index.md").exists()


@pytest.mark.parametrize(
    ("said", "folder", "title"),
    [("12", "part-12", "Part 12"), ("03", "part-3", "Part 3"), ("interlude two", "interlude-two", "Interlude two"),
     ("../../x", "x", "../../x")],
)  # fmt: skip
def test_what_a_trailer_may_say(tiny, site, said, folder, title):
    set_part(tiny, 1, said)
    tiny.ok("publish", "01", "--to", str(site))
    assert [path.parent.name for path in site.glob("content/posts/*/index.md")] == [folder]
    assert front_matter((site / f"content/posts/{folder}/index.md").read_text())["title"] == title


def test_two_spellings_of_a_part_are_one_post(tiny, site):
    set_part(tiny, 1, "appendix")
    set_part(tiny, 4, "Appendix")
    tiny.ok("publish", "01", "04", "--to", str(site))
    post = (site / "content/posts/appendix/index.md").read_text()
    assert "### frost days" in post and "### quiet report" in post


def test_what_is_measured_and_makes_no_claim_says_so(tiny, site):
    record(tiny, 1)
    record(tiny, 2, measured=False, claims=["it falls"])
    publish(tiny, site, "01", "02", "03")
    shown = {
        (stage.name[:2], name): Page((stage / f"{name}.html").read_text()).text
        for stage in (site / "assets/deltas").iterdir() if stage.is_dir() for name in ("claims", "runs")
    }  # fmt: skip
    assert shown["01", "claims"] == "no claims" and "2.4700 ± 0.0100" in shown["01", "runs"]
    assert "it falls" in shown["02", "claims"] and "not measured" in shown["02", "claims"]
    assert shown["03", "claims"] == shown["03", "runs"] == "not measured"


def test_pages_go_where_hugo_looks(tiny, site):
    site.mkdir()
    (site / "hugo.toml").write_text(
        '[languages.en]\ncontentDir = "content/en"\n[languages.de]\ncontentDir = "content/de"'
    )
    result = tiny.ok("publish", "01", "--to", str(site))
    assert (site / "content/en/deltas/01-frost-days/index.md").exists() and not (site / "content/deltas").exists()
    assert "content/en/posts/part-3/index.md: Part 3" in result.out
    assert "the content folder of the site's default language (en)" in result.err


def test_a_broken_configuration_stops_before_anything_is_written(tiny, site):
    site.mkdir()
    (site / "config.toml").write_text("[languages")
    before = contents(site)
    result = tiny.run("publish", "01", "--to", str(site))
    assert result.code == 2 and "config.toml" in result.err and contents(site) == before


def test_twice_changes_nothing(tiny, site):
    draw(record(tiny, 1, names=["emma"]))
    first = publish(tiny, site)
    assert publish(tiny, site) == first
    assert publish(tiny, site.parent / "other") == first


def test_what_is_no_more_is_removed_and_what_was_edited_is_not(tiny, site):
    folder = record(tiny, 1)
    draw(folder, FIGURE, FIGURE | {"name": "second"}, FIGURE | {"name": "third"})
    publish(tiny, site, "01", "02")
    static = site / "static/deltas/01-frost-days"
    (static / "third.svg").write_text("mine now")
    draw(folder)
    publish(tiny, site, "01")
    assert sorted(path.name for path in static.iterdir()) == ["loss-curve.json", "loss-curve.svg", "third.svg"]
    assert (site / "assets/deltas/02-storm-report/patch.html").exists()


@pytest.mark.parametrize(
    "path", ["layouts/shortcodes/figure.html", "assets/deltas/deltas.css", "data/deltas/stages/01.json"]
)
def test_files_of_somebody_else_are_never_touched(tiny, site, path):
    (site / path).parent.mkdir(parents=True)
    (site / path).write_text("theirs")
    (site / "content").mkdir()
    (site / "content/about.md").write_text("theirs, too")
    before = contents(site)
    result = tiny.run("publish", "01", "--to", str(site))
    assert result.code == 2 and path in result.err and "nothing was written" in result.err
    assert contents(site) == before


def test_a_shortcode_that_somebody_changed_is_not_overwritten(tiny, site):
    publish(tiny, site, "01")
    (site / "layouts/shortcodes/patch.html").write_text("mine")
    result = tiny.run("publish", "01", "--to", str(site))
    assert result.code == 2 and "layouts/shortcodes/patch.html" in result.err


def test_a_broken_off_call_is_taken_up(tiny, site, monkeypatch):
    from deltas.pages import delivery

    write, left = delivery.write, [12]

    def breaks(path, content):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(delivery, "write", breaks)
    assert tiny.run("publish", "01", "--to", str(site)).code == 130
    monkeypatch.undo()
    tiny.ok("publish", "01", "--to", str(site))


def test_bad_places_and_stages(tiny, site, tmp_path):
    (tmp_path / "file").write_text("x")
    for arguments, said in (
        (["01", "--to", str(tmp_path / "file")], "is a file"),
        (["01", "--to", str(tiny.root / "site")], "inside this repository"),
        (["17", "--to", str(site)], "there is no stage '17'"),
        (["00", "--to", str(site)], "stage 00"),
        (["01"], "--to"),
        ([], "--to"),
        (["--check"], "posts"),
        (["--check", str(tmp_path / "none.md")], "none.md"),
        (["01", "--to", str(site), "--accept"], "--check"),
    ):
        result = tiny.run("publish", *arguments)
        assert result.code == 2 and said in result.err, (arguments, result)
        assert not site.exists()
    tiny.ok("publish", "01", "--to", str(tiny.root / "out/site"))


def test_a_damaged_record_is_refused(tiny, site):
    publish(tiny, site, "01")
    for content in ("{", "[]", '{"files": 3}'):
        (site / "data/deltas/published.json").write_text(content)
        result = tiny.run("publish", "01", "--to", str(site))
        assert result.code == 2 and "published.json" in result.err


def test_figures_of_other_code_are_not_published(tiny, site):
    path = record(tiny, 1) / "baseline.json"
    path.write_text(re.sub(r'"code_id": "\w+"', '"code_id": "0123456789abcdef"', path.read_text()))
    result = tiny.run("publish", "01", "--to", str(site))
    assert result.code == 2 and "other code" in result.err and not site.exists()


def test_nothing_breaks_out(tiny, site):
    file = tiny.files[0]
    file.write_text(file.read_text().replace("frost days", NASTY).replace("Delta: 1, weather", f"Delta: 1, {NASTY}"))
    draw(record(tiny, 1, names=[NASTY]), FIGURE | {"title": NASTY, "caption": NASTY, "description": NASTY})
    files = publish(tiny, site, "01")
    for path, content in files.items():
        text = content.decode()
        if path.startswith(("data/", "static/")) and path.endswith(".json"):
            assert "<" not in text
            json.loads(text)
        if path.startswith("assets/") and path.endswith(".html"):
            assert not [tag for tag, _ in Page(text).tags if tag in ("b", "script")]
            assert "javascript:b" not in Page(text).links
        if path.startswith("content/"):
            assert "{{< x" not in text.split("---\n", 2)[2]


def test_without_upstream(tiny, site, monkeypatch):
    draw(record(tiny, 1))
    before = publish(tiny, site)
    for folder in ("upstream/makemore", ".git/modules"):
        shutil.rmtree(tiny.root / folder)
    monkeypatch.setenv("MAKEMORE_MIRROR", str(tiny.root / "nowhere"))
    result = tiny.ok("publish", "all", "--to", str(site))
    assert "left out" in result.err
    after = contents(site)
    assert after["data/deltas/upstream.json"] == before["data/deltas/upstream.json"]
    assert after["content/posts/part-3/index.md"] == before["content/posts/part-3/index.md"]


# -- what a header says ------------------------------------------------------------------------------------------------


def test_a_measured_number_of_a_header_is_an_embed_and_any_other_is_not(tiny, site):
    """The words are the author's to edit; the number goes with the baseline, and `--check` sees when it moves."""
    file = tiny.files[0]
    header, diff = file.read_text().split("\n---\n", 1)
    header = header.replace("You know", "It ends at 2.4700, in 3 steps; `2.4700` is code.\n\n    2.4700\n\nYou know")
    file.write_text(f"{header}\nMeasured: counted.test_loss 2.4700\n---\n{diff}")
    record(tiny, 1)
    files = publish(tiny, site, "01")
    call = '{{< result stage="01" run="counted" metric="test_loss" digits="4" was="2.4700" >}}'
    for path in ("content/deltas/01-frost-days/index.md", "content/posts/part-3/index.md"):
        text = files[path].decode()
        assert f"It ends at {call}, in 3 steps; `2.4700` is code.\n\n    2.4700\n\nYou know" in text
        assert "2.47" not in front_matter(text)["description"]
    record(tiny, 1, (2.44, 2.45, 2.46))
    result = tiny.run("publish", "--check", str(site / "content/posts/part-3/index.md"))
    assert result.code == 1 and "result 01 counted test_loss 4: was 2.4700, is now 2.4600" in result.out


# -- stages whose numbers are of other code ----------------------------------------------------------------------------


def spoil(folder) -> None:
    """Let a baseline be of other code."""
    path = folder / "baseline.json"
    path.write_text(re.sub(r'"code_id": "\w+"', '"code_id": "0123456789abcdef"', path.read_text()))


def test_a_stale_stage_is_named_and_the_others_are_published(tiny, site):
    record(tiny, 1)
    spoil(record(tiny, 2))
    result = tiny.run("publish", "all", "--to", str(site))
    assert result.code == 1 and "left out: 02-storm-report" in result.err and "scripts/record.sh 02" in result.err
    assert "other code" in result.err
    post = (site / "content/posts/part-3/index.md").read_text()
    assert "### frost days" in post and "### loud report" in post and "### storm report" not in post
    assert not (site / "content/deltas/02-storm-report").exists()
    record(tiny, 2)
    tiny.ok("publish", "02", "--to", str(site))
    assert "### storm report" in (site / "content/posts/part-3/index.md").read_text()


def test_a_post_keeps_the_section_of_a_stage_that_became_stale(tiny, site):
    record(tiny, 1)
    folder = record(tiny, 2)
    publish(tiny, site, "01", "02")
    before = contents(site)
    spoil(folder)
    result = tiny.run("publish", "03", "--to", str(site))
    assert result.code == 1 and "content/posts/part-3/index.md: as it was" in result.err
    after = contents(site)
    assert {path: after[path] for path in before if "published.json" not in path and "deltas-patch" not in path} == {
        path: content for path, content in before.items() if "published.json" not in path and "deltas-patch" not in path
    }
    assert "content/deltas/03-loud-report/index.md" in after


# -- what can be embedded ----------------------------------------------------------------------------------------------


def test_everything_that_can_be_embedded_is_listed_and_each_call_is_good(tiny, site, tmp_path):
    draw(record(tiny, 1, claims=["it falls"], names=["emma"], more={"domain_loss.sums": (0.1, 0.2, 0.3)}))
    said = tiny.ok("publish", "01", "--to", str(site)).out
    calls = re.findall(r"^  (\{\{<.*>\}\})$", said, re.MULTILINE)
    assert "01-frost-days: 2 hunks, 1 figure, 2 runs" in said
    assert {call.split()[1] for call in calls} == {"patch", "figure", "claims", "runs", "samples", "result"}
    assert "run: counted, other" in said
    assert "metric: train_loss, test_loss, test_loss_unseen, parameters, domain_loss.sums" in said
    (site / "content/mine.md").write_text("\n".join(calls))
    assert f"{len(calls)} embeds" in tiny.ok("publish", "--check", str(site / "content/mine.md")).out
