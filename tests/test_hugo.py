"""The bundle in a real Hugo, on a small site of the test's own making."""

import html
import json
import re
import subprocess

import pytest

import tools
from pages import FIGURE, Page, draw, record, with_names, with_verdicts

HUGO = tools.find("hugo")
pytestmark = pytest.mark.skipif(HUGO is None, reason=tools.missing("hugo"))
SINGLE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head>'
    "<body><main><h1>{{ .Title }}</h1>{{ .Content }}</main></body></html>"
)
RSS = "<rss><channel><item><description>{{ .Content | html }}</description></item></channel></rss>"


@pytest.fixture
def site(tiny, tmp_path, monkeypatch):
    draw(record(tiny, 1, claims=["it <b>falls</b>"]), FIGURE, FIGURE | {"name": "flat", "title": "Flat"})
    (next(tiny.root.glob("baselines/01-*")) / "flat.svg").unlink()
    (next(tiny.root.glob("baselines/01-*")) / "flat.dark.svg").unlink()
    record(tiny, 2, measured=False)
    with_names(monkeypatch, ["emma", "<i>ava</i>"])
    with_verdicts(monkeypatch, ("yes", True, "2 < 3"))
    folder = tmp_path / "site"
    tiny.ok("publish", "all", "--to", str(folder))
    (folder / "layouts/_default").mkdir(parents=True)
    (folder / "layouts/_default/single.html").write_text(SINGLE)
    (folder / "layouts/_default/single.rss.xml").write_text(RSS)
    (folder / "config.toml").write_text(
        'baseURL = "https://example.org/blog/"\ndisableKinds = ["taxonomy", "term", "home", "section", "sitemap"]\n'
        '[outputs]\npage = ["HTML", "RSS"]\n'
    )
    return folder


def build(site, code: int = 0) -> str:
    done = subprocess.run([HUGO, "-D", "-d", "public"], cwd=site, capture_output=True, text=True)
    assert (done.returncode != 0) == (code != 0), done.stdout + done.stderr
    assert "deprecated" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_pages_hold_what_the_shortcodes_name(tiny, site):
    extra = site / "content/posts/extra.md"
    extra.write_text(
        "---\ntitle: Extra\ndraft: true\n---\n"
        'Loss {{< result stage="01" run="counted" metric="test_loss" >}}, with two digits '
        '{{< result stage="1" run="counted" metric="test_loss" digits="2" >}}, by place '
        '{{< result "frost-days" "counted" "test_loss" "spread" >}}, n = '
        '{{< result stage="01-frost-days" run="counted" metric="test_loss" form="n" >}}, infinite '
        '{{< result "01" "counted" "test_loss_unseen" >}}, missing {{< result "02" "counted" "test_loss" >}} and '
        '{{< result "03" "any" "thing" >}}; see {{< upstream "Almanac.guess" >}}.\n\n'
        '{{< patch stage="01" hunk="forget" context="no" />}}\n\n{{< patch stage="01" file="makemore.py" />}}\n\n'
        '{{< samples "01" >}}\n\n{{< samples "02" >}}\n\n{{< figure src="cat.png" alt="A cat" >}}\n'
    )
    build(site)
    page = Page((site / "public/posts/extra/index.html").read_text())
    text = page.text
    for said in ("Loss 2.4700 , with two digits 2.47 , by place 2.4700 ± 0.0100 , n = 3 , infinite ∞",
                 "missing not measured and not measured", "emma <i>ava</i>", "not recorded"):  # fmt: skip
        assert said in text, (said, text[:600])
    link = next(link for link in page.links if "#L" in link and "guess" in text)
    assert f"/blob/{tiny.pin}/makemore.py#L" in link
    assert [each["src"] for each in page.of("img")] == ["/blog/cat.png"]
    assert len([1 for each in page.of("div") if "d-narrow" in each.get("class", "")]) == 1
    assert len(page.of("link")) == 1  # the stylesheet, once
    assert not page.of("i") and not page.of("b") and not page.of("script")


def test_the_post_and_the_stages(tiny, site):
    build(site)
    post = Page((site / "public/posts/part-3/index.html").read_text())
    assert len(post.ids) == len(set(post.ids))
    assert "2.4700 ± 0.0100" in post.text and "holds: it <b>falls</b> : 2 < 3" in post.text.replace(
        "falls</b>:", "falls</b> :"
    )
    assert [each["role"] for each in post.of("svg")] == ["img"] and "not drawn" in post.text
    data = [link for link in post.links if link.endswith(".json")]
    assert data == ["/blog/deltas/01-frost-days/loss-curve.json", "/blog/deltas/01-frost-days/flat.json"]
    assert (site / "public/deltas/01-frost-days/loss-curve.json").exists()
    patch = tiny.files[0].read_text().split("\n---\n", 1)[1]
    added = [line[1:] for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++")]
    shown = [row["text"].rstrip("\n") for row in post.rows if "d-add" in row["class"] and row["id"].startswith("d01-")]
    assert shown == added
    stage = Page((site / "public/deltas/01-frost-days/index.html").read_text())
    assert [row["text"] for row in stage.rows if "d-add" in row["class"]] == [f"{line}\n" for line in added]
    assert "language-diff" not in (site / "public/deltas/01-frost-days/index.html").read_text()


def test_what_stands_twice_has_anchors_of_its_own(site):
    (site / "content/posts/twice.md").write_text(
        "---\ntitle: Twice\ndraft: true\n---\n"
        '{{< patch stage="01" hunk="forget" />}}\n\nagain\n\n{{< patch stage="01" />}}\n\n'
        '{{< patch stage="01" hunk="forget" />}}\n\n{{< figure "01" "loss-curve" >}}\n\n'
        '{{< figure "01" "loss-curve" >}}\n'
    )
    build(site)
    page = Page((site / "public/posts/twice/index.html").read_text())
    assert len(page.ids) == len(set(page.ids)) and len(page.ids) > 10
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    hunks = {each["name"] for each in json.loads((site / "data/deltas/stages/01.json").read_text())["hunks"]}
    assert {f"d01-{name}" for name in hunks} <= set(page.ids)  # each has its plain anchor, wherever it stands first
    assert len({link for link in inside if re.fullmatch(r"d01-forget(-again\d+)?", link)}) == 3
    svg = (site / "public/posts/twice/index.html").read_text()
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'aria-labelledby="([^"]+)"', svg))
    assert used <= set(page.ids)


def test_rss_reads_as_plain_diff(site):
    build(site)
    feed = html.unescape((site / "public/posts/part-3/index.xml").read_text())
    inside = html.unescape(feed)
    assert "+    def forget(self):" in inside and "added:" not in inside and "<svg" not in feed
    assert 'src="https://example.org/blog/deltas/01-frost-days/loss-curve.svg"' in feed


def test_what_there_is_not_fails_the_build_by_name(site):
    wrong = ['{{< result "17" "a" "b" >}}', '{{< result "01" "counte" "test_loss" >}}',
             '{{< result "01" "counted" "loss" >}}', '{{< patch "01" "forgt" />}}', '{{< figure "01" "x" >}}',
             '{{< upstream "Nobody" >}}', '{{< samples "01" "x" >}}']  # fmt: skip
    for i, each in enumerate(wrong):
        (site / f"content/posts/w{i}.md").write_text(f"---\ntitle: w\ndraft: true\n---\n{each}\n")
    said = build(site, code=1)
    for i in range(len(wrong)):
        assert re.search(rf"posts/w{i}\.md:\d+", said), (wrong[i], said)
