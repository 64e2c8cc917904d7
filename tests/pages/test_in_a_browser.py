"""The pages in a real browser: under a theme that restyles everything, and on paper."""

import contextlib
import functools
import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest

from lab import HERE
from webpage import NO_HUGO, draw, hugos, record, with_verdicts

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hugos(), reason=NO_HUGO),
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is on the PATH: nobody looked at the pages"),
]
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=5000"),
)
LAYOUT = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<style>{{ .Params.css | safeCSS }}</style>{{ with .Params.theme }}<link rel="stylesheet" href="/{{ . }}">{{ end }}
<script src="/look.js"></script></head>
<body data-media="{{ .Params.media }}"><main>{{ .Content }}</main></body></html>"""
CONFIG = 'baseURL = "http://localhost/"\ndisableKinds = ["taxonomy", "term", "home", "section", "sitemap", "RSS"]\n'
POST = """
- in a list:

  {{< patch stage="01" />}}

{{< figure "01" "loss-curve" >}}

{{< runs "01" >}}

{{< claims "01" >}}

{{< samples "01" >}}
"""


@pytest.fixture
def site(tiny, tmp_path, monkeypatch):
    draw(record(tiny, 1, claims=["it falls"], names=["emma", "ava"]))
    with_verdicts(monkeypatch, ("yes", True, "2 < 3"))
    folder = tmp_path / "site"
    tiny.ok("publish", "01", "--to", str(folder))
    (folder / "layouts/_default").mkdir(parents=True)
    (folder / "layouts/_default/single.html").write_text(LAYOUT)
    for name in ("hostile.css", "look.js"):
        shutil.copy(HERE / "tests/pages" / name, folder / "static" / name)
    (folder / "hugo.toml").write_text(CONFIG)
    post(folder, "plain")
    post(folder, "hostile", theme="hostile.css")
    return folder


def post(site, name: str, **front: str) -> None:
    about = "".join(f"{key}: {json.dumps(value)}\n" for key, value in front.items())
    (site / f"content/posts/{name}.md").write_text(f"---\ntitle: {name}\n{about}---\n{POST}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(site, *options: str):
    """Build the site, and yield the address at which it is served."""
    subprocess.run([hugos()[0], "-d", "public", *options], cwd=site, check=True, capture_output=True)
    handler = functools.partial(Quiet, directory=site / "public")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/posts"
        server.shutdown()


def browse(address: str, profile, *options: str) -> str:
    command = [BROWSER, *QUIET, f"--user-data-dir={profile}", *options, address]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def look(address: str, profile) -> dict:
    page = browse(address, profile, "--dump-dom")
    return json.loads(re.search(r'id="found">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.parametrize("options", [(), ("--minify",)], ids=["plain", "minified"])
def test_no_theme_changes_what_is_ours(tiny, site, tmp_path, options):
    with served(site, *options) as address:
        plain, hostile = (look(f"{address}/{name}/", tmp_path / name) for name in ("plain", "hostile"))
    assert len(plain["styles"]) == len(hostile["styles"]) > 50
    changed = [
        f"{name}{pseudo}: {key} is {there[key]}, not {here[key]}"
        for (name, *heres), (_, *theres) in zip(plain["styles"], hostile["styles"], strict=True)
        for pseudo, here, there in zip(("", "::before", "::after"), heres, theres, strict=True)
        for key in here
        if here[key] != there[key]
    ]
    assert not changed, "\n".join(sorted(set(changed))[:40])
    hunks = json.loads((site / "data/deltas/stages/01.json").read_text())["hunks"]
    for found in (plain, hostile):
        assert len(found["copied"]) == len(hunks)
        assert all(focused and not code and scroll == 50 for focused, code, scroll in found["scrolled"])
    assert plain["copied"] == hostile["copied"]


def test_what_is_copied_is_python(tiny, site, tmp_path):
    with served(site) as address:
        copied = look(f"{address}/plain/", tmp_path / "profile")["copied"]
    tiny.ok("apply", "01")
    whole = tiny.held("stage/01")
    hunks = json.loads((site / "data/deltas/stages/01.json").read_text())["hunks"]
    for hunk, text in zip(hunks, copied, strict=True):
        assert text.strip("\n") in whole[hunk["path"]].decode()
    assert any("\n        " in text for text in copied)


def test_a_dark_page_is_light_on_paper(site, tmp_path):
    dark = ":root { color-scheme: dark } main { color-scheme: dark; color: #eee; background: #111 }"
    post(site, "dark", css=dark)
    post(site, "paper", media="print")
    post(site, "dark-paper", media="print", css=dark)
    with served(site) as address:
        screen, paper, dark_paper = (
            look(f"{address}/{name}/", tmp_path / name)["styles"] for name in ("dark", "paper", "dark-paper")
        )
    colours = [
        [{key: one[key] for key in ("color", "background-color", "color-scheme")} for _, one, *_ in styles]
        for styles in (screen, paper, dark_paper)
    ]
    assert colours[2] == colours[1] != colours[0]
