"""The stylesheet of a site: every rule of it holds against a theme, and none is lost on the way."""

import json
import re
import shutil
import subprocess

import pytest

from deltas.pages import render

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
READ = """<!DOCTYPE html><style>CSS</style><pre id="said"></pre><script>
const read = rules => [...rules].map(rule => rule.cssRules && !rule.style
  ? {inside: rule.conditionText || "", rules: read(rule.cssRules)}
  : {selector: rule.selectorText, style: rule.style.cssText});
document.getElementById("said").textContent = JSON.stringify(read(document.styleSheets[0].cssRules));
</script>"""


def declarations(css: str) -> list[str]:
    """Every declaration of a stylesheet, without its custom properties."""
    text = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    blocks = re.findall(r"\{([^{}]*)\}", text)
    parts = [part.strip() for block in blocks for part in block.split(";") if part.strip()]
    return [part for part in parts if not part.startswith("--")]


def test_every_declaration_is_important_and_says_so_once():
    css = render.hardened("deltas.css")
    assert {one.count("!important") for one in declarations(css)} == {1}
    assert render.important(css) == css
    assert "min-width: 0 !important" in css


def test_no_declaration_is_lost():
    def plain(css: str) -> list[str]:
        return [one.removesuffix("!important").rstrip() for one in declarations(css)]

    assert plain(render.hardened("deltas.css")) == plain(render.RESET + render.text("deltas.css"))


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is on the PATH: nobody looked at the rules")
def test_a_browser_keeps_every_rule_for_paper(tmp_path):
    css = render.hardened("deltas.css")
    page = tmp_path / "page.html"
    page.write_text(READ.replace("CSS", css), encoding="utf-8")
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    command = [BROWSER, *quiet, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    [layer] = json.loads(re.search(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)[1].replace("&gt;", ">"))
    [paper] = [rule["rules"] for rule in layer["rules"] if rule.get("inside") == "print"]
    assert all(rule["style"] for rule in paper)
    assert {rule["selector"]: rule["style"] for rule in paper}[".d-drawing"] == "min-width: 0px !important;"
