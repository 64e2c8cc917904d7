"""`hugo server` renders a page again and again; each time it has to be the page that a fresh build makes."""

import contextlib
import http.client
import socket
import subprocess
import time

import pytest

from webpage import NO_HUGO, Page, draw, hugos, record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hugos(), reason=NO_HUGO)]
LAYOUT = "layouts/_default/single.html"
SINGLE = "<html><body>{{ .Content }}</body></html>"
CONFIG = (
    'baseURL = "http://localhost/blog/"\ndisableKinds = ["taxonomy", "term", "home", "section", "sitemap", "RSS"]\n'
)
POST = (
    "---\ntitle: Twice\n---\n"
    '{{< result stage="01" run="counted" metric="test_loss" >}}\n\n{{< patch stage="01" hunk="forget" />}}\n\n'
    '{{< patch stage="01" />}}\n\n{{< figure "01" "loss-curve" >}}\n\n{{< figure "01" "loss-curve" >}}\n\n'
    '{{< runs "01" >}}\n'
)
PATIENCE = 120  # seconds until a page is given up; a page takes a tenth of one


class Server:
    """A `hugo server` on a site, until the block ends."""

    def __init__(self, hugo: str, site, log):
        self.hugo, self.site, self.log = hugo, site, log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def __enter__(self):
        command = [self.hugo, "server", "--bind", "127.0.0.1", "--port", str(self.port), "--disableLiveReload"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.site, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path: str = "/blog/posts/twice/") -> str:
        """Return what the server answers now; "" where it does not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == 200 else ""
        return ""

    def page_with(self, text: str) -> str:
        """Return the page once it holds the text."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            page = self.get()
            if text in page:
                return page
            time.sleep(0.05)
        raise AssertionError(f"no page with {text!r}: {self.get()[:500]}\n{self.log.read_text()}")

    def settled(self) -> str:
        """Return the page that a fresh build makes as well, once the server has caught up with it."""
        fresh = self.fresh()
        until = time.monotonic() + PATIENCE
        while (page := self.get()) != fresh and time.monotonic() < until and self.process.poll() is None:
            time.sleep(0.05)
        return page

    def fresh(self) -> str:
        """Return the page that a new build makes of the site as it is."""
        public = self.log.with_name("public")
        subprocess.run([self.hugo, "-d", str(public)], cwd=self.site, check=True, capture_output=True)
        return (public / "posts/twice/index.html").read_text()


@pytest.fixture
def site(tiny, tmp_path):
    draw(record(tiny, 1))
    folder = tmp_path / "site"
    tiny.ok("publish", "01", "--to", str(folder))
    (folder / LAYOUT).parent.mkdir(parents=True)
    (folder / LAYOUT).write_text(SINGLE)
    (folder / "hugo.toml").write_text(CONFIG)
    (folder / "content/posts/twice.md").write_text(POST)
    return folder


@pytest.mark.parametrize("hugo", hugos())
def test_a_page_that_is_rendered_again_is_the_same(tiny, site, tmp_path, hugo):
    with Server(hugo, site, tmp_path / "log") as server:
        first = server.page_with("</html>")
        ids = Page(first).ids
        assert first == server.fresh() and len(Page(first).of("link")) == 1 and ids.count("d01-forget") == 1

        (site / LAYOUT).write_text(SINGLE.replace("<body>", "<body><p>another layout</p>"))
        page = server.page_with("another layout")
        assert page.replace("<p>another layout</p>", "") == first

        shortcode = site / "layouts/shortcodes/runs.html"
        ours = shortcode.read_text()
        shortcode.write_text(ours + "<p>another shortcode</p>")
        page = server.page_with("another shortcode")
        assert page == server.fresh() and Page(page).ids == ids and len(Page(page).of("link")) == 1
        shortcode.write_text(ours)
        server.settled()

        record(tiny, 1, (2.45, 2.46, 2.40))
        tiny.ok("publish", "01", "--to", str(site))
        server.page_with("2.4467 ± 0.0321")
        page = server.settled()
        assert page == server.fresh() and Page(page).ids == ids and len(Page(page).of("link")) == 1

        post = site / "content/posts/twice.md"
        post.write_text(POST.replace('{{< patch stage="01" hunk="forget" />}}', "No hunk here.", 1))
        server.page_with("No hunk here.")
        page = server.settled()
        assert page == server.fresh() and Page(page).ids.count("d01-forget") == 1
        assert len(Page(page).of("link")) == 1
    assert server.process.returncode is not None
