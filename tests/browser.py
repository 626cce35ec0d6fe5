# SPDX-License-Identifier: MIT
"""Pages in a browser without a window, for the tests of pages."""

import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIP = 77
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
SMALLEST_TEXT = 11  # pixels of a phone
LEAST_CONTRAST = 4.5  # of text, by WCAG 2
SVG_NAMESPACE = "http://www.w3.org/2000/svg"

# Nothing of the browser's own traffic, and no way out of the machine.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=5000",
]
DARK = ["--blink-settings=preferredColorScheme=0"]

# Runs in the page, and tells the frame around it what it sees.
MEASURE = """<script>
addEventListener('load', () => {
  const box = (e) => { const r = e.getBoundingClientRect();
    return [r.left, r.top, r.right, r.bottom]; };
  const root = document.documentElement;
  const seen = {scroll: root.scrollWidth, width: root.clientWidth, pictures: [], small: [],
    faint: [], broken: [...document.images].filter((i) => !i.naturalWidth).map((i) => i.alt)};
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const over = (front, back) => { const a = front.length > 3 ? front[3] : 1;
    return [0, 1, 2].map((i) => a * front[i] + (1 - a) * back[i]); };
  const behind = (e) => e ? over(channels(getComputedStyle(e).backgroundColor),
    behind(e.parentElement)) : [255, 255, 255];
  const light = (colour) => { const l = colour.map((c) => c / 255).map(
    (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2] + 0.05; };
  const contrast = (e) => { const style = getComputedStyle(e), back = behind(e);
    const front = over(channels(e.closest('svg') ? style.fill : style.color), back);
    const [a, b] = [light(front), light(back)];
    return Math.max(a / b, b / a); };
  for (const svg of document.querySelectorAll('svg')) {
    if (svg.getBoundingClientRect().width === 0) continue;
    const scale = svg.getScreenCTM().a;
    seen.pictures.push({box: box(svg),
      cases: [...svg.querySelectorAll('[data-case]')].map(
        (e) => [e.getAttribute('data-case'), ...box(e)]),
      texts: [...svg.querySelectorAll('text')].map(
        (e) => [e.textContent, ...box(e), scale * parseFloat(getComputedStyle(e).fontSize)])});
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!e.closest('script,style,title,desc') && walker.currentNode.data.trim() !== '' &&
        contrast(e) < CONTRAST)
      seen.faint.push([walker.currentNode.data.trim(), contrast(e)]);
    if (!e.closest('svg,script,style') && walker.currentNode.data.trim() !== '' &&
        parseFloat(getComputedStyle(e).fontSize) < SMALLEST)
      seen.small.push(walker.currentNode.data.trim());
  }
  parent.postMessage(JSON.stringify(seen), '*');
});
</script>""".replace("SMALLEST", str(SMALLEST_TEXT)).replace("CONTRAST", str(LEAST_CONTRAST))

# A window may not be as narrow as a phone; a frame may.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><body>
<script>addEventListener('message', (m) => {
  const out = document.createElement('pre'); out.id = 'seen';
  out.textContent = m.data; document.body.append(out); });</script>
<iframe src="%s" style="border:0;width:%dpx;height:2000px"></iframe>"""


def find_browser():
    for name in BROWSERS:
        if shutil.which(name):
            return shutil.which(name)
    return None


class Elements(html.parser.HTMLParser):
    """All data-case values, the text of #seen, and what points out of the page."""

    def __init__(self, text):
        super().__init__()
        self.cases, self.seen, self.links, self.tags, self._reading = [], "", [], set(), False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.add(tag)
        self._reading = given.get("id") == "seen"
        if "data-case" in given:
            self.cases.append(given["data-case"])
        for name in ("href", "src", "srcset", "data", "action", "poster", "background"):
            if name in given:
                self.links.append(given[name])

    def handle_endtag(self, tag):
        self._reading = False

    def handle_data(self, data):
        if self._reading:
            self.seen += data


def without_policy(page):
    """A page that may do what it tries."""
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)


def outside_references(text):
    """What a page, or a picture, would load or could lead to, by its text."""
    text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]*", "data:,", text)
    found = re.findall(r"(?:https?:)?//[^\s\"'<>)]+|url\([^)]*\)|@import[^;]*", text)
    found = [reference for reference in found if reference != SVG_NAMESPACE]
    links = Elements(text).links
    return found + [link for link in links if not link.startswith("#") and link != "data:,"]


def requests_of_pages(net_log):
    """URLs that pages asked the network for. Files and data: do not pass there;
    what the browser asks for by itself has no origin that asks."""
    text = net_log.read_text(errors="replace")
    try:
        log = json.loads(text)
    except json.JSONDecodeError:  # the end is written last
        log = json.loads(text.rstrip().rstrip(",") + "]}")
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    jobs = [event["params"] for event in log["events"]
            if event["type"] == start and "url" in event.get("params", {})]
    return [job["url"] for job in jobs if job.get("initiator") != "not an origin"]


class Browsing(unittest.TestCase):
    """A test with a folder of its own, `folder`, for pages."""

    browser = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mlp-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def browse(self, path, *flags):
        """The DOM of a file once it is loaded, and the requests that it made."""
        log = self.folder / "net.json"
        log.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as profile:
            done = subprocess.run(
                [self.browser, *FLAGS, *flags, f"--user-data-dir={profile}", f"--log-net-log={log}",
                 "--dump-dom", path.as_uri()],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=100,
                env={**os.environ, "HOME": profile})
        return done.stdout.decode("utf-8"), requests_of_pages(log)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def measure(self, text, width, *flags):
        """What MEASURE sees in a page where it is `width` pixels wide."""
        inner = self.write(f"measured-{width}.html",
                           without_policy(text).replace("</body>", MEASURE + "</body>"))
        frame = self.write(f"frame-{width}.html", FRAME % (inner.name, width))
        seen = Elements(self.browse(frame, *flags)[0]).seen
        self.assertTrue(seen, "the page in the frame told nothing")
        return json.loads(seen)

    def assert_inside(self, what, inner, outer):
        slack = 0.5  # of rounding
        self.assertTrue(
            inner[0] >= outer[0] - slack and inner[1] >= outer[1] - slack
            and inner[2] <= outer[2] + slack and inner[3] <= outer[3] + slack,
            f"{what} at {inner} leaves the picture at {outer}")


def main(test):
    """Runs the tests of a class whose `program` is the first argument; skipped, with exit code
    77, where there is no Chromium or Chrome."""
    test.program = sys.argv.pop(1)
    Browsing.browser = find_browser()
    if not Browsing.browser:
        print("skipped: none of " + ", ".join(BROWSERS) + " is installed")
        sys.exit(SKIP)
    unittest.main()
