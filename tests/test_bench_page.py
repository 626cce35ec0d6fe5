#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page and the picture of mlp-bench in a browser without a window.

Usage: test_bench_page.py MLP-BENCH. Skipped, with exit code 77, where there is
no Chromium or Chrome."""

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
import xml.etree.ElementTree

SKIP = 77
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
# Products of all layouts, kernels that compute and those that only move, a
# training step with its phases: quickly done even in plain C.
FILTER = (
    "^(gemm/(forward|nn|dx|nt|dw|tn)/(256x10x256|256x256x10|10x256x256)"
    "|activation/relu|layout/transpose|loss/softmax|step/reference|infer/.*/b1)/"
)
WIDTHS = [1280, 390]
SMALLEST_TEXT = 11  # pixels of a phone
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

# Runs in the page, and tells the frame around it what it sees.
MEASURE = """<script>
addEventListener('load', () => {
  const box = (e) => { const r = e.getBoundingClientRect();
    return [r.left, r.top, r.right, r.bottom]; };
  const root = document.documentElement;
  const seen = {scroll: root.scrollWidth, width: root.clientWidth, pictures: [], small: []};
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
    if (!e.closest('svg,script,style') && walker.currentNode.data.trim() !== '' &&
        parseFloat(getComputedStyle(e).fontSize) < SMALLEST)
      seen.small.push(walker.currentNode.data.trim());
  }
  parent.postMessage(JSON.stringify(seen), '*');
});
</script>""".replace("SMALLEST", str(SMALLEST_TEXT))

# A window may not be as narrow as a phone; a frame may.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body>
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


class Page(unittest.TestCase):
    program = None
    browser = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mlp-bench-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.page, cls.picture = cls.folder / "page.html", cls.folder / "roof.svg"
        run = subprocess.run(
            [cls.program, "--min-time", "0.0001", "--filter", FILTER, "--html", cls.page, "--svg",
             cls.picture, "--json"],
            stdout=subprocess.PIPE, check=True, timeout=240)
        document = json.loads(run.stdout)
        cls.names = {row["run_name"] for row in document["benchmarks"]}
        cls.text = cls.page.read_text(encoding="utf-8")
        if not cls.names:
            raise AssertionError("the run has no case: nothing would be tested")

    def browse(self, path):
        """The DOM of a file once it is loaded, and the requests that it made."""
        log = self.folder / "net.json"
        log.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as profile:
            done = subprocess.run(
                [self.browser, *FLAGS, f"--user-data-dir={profile}", f"--log-net-log={log}",
                 "--dump-dom", path.as_uri()],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=100,
                env={**os.environ, "HOME": profile})
        return done.stdout.decode("utf-8"), requests_of_pages(log)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def measure(self, width):
        """What MEASURE sees in the page where it is `width` pixels wide."""
        inner = self.write(f"measured-{width}.html",
                           without_policy(self.text).replace("</body>", MEASURE + "</body>"))
        frame = self.write(f"frame-{width}.html", FRAME % (inner.name, width))
        seen = Elements(self.browse(frame)[0]).seen
        self.assertTrue(seen, "the page in the frame told nothing")
        return json.loads(seen)

    def assert_inside(self, what, inner, outer):
        slack = 0.5  # of rounding
        self.assertTrue(
            inner[0] >= outer[0] - slack and inner[1] >= outer[1] - slack
            and inner[2] <= outer[2] + slack and inner[3] <= outer[3] + slack,
            f"{what} at {inner} leaves the picture at {outer}")

    def test_page_shows_every_case_and_asks_for_nothing(self):
        dom, requests = self.browse(self.page)
        self.assertEqual(set(Elements(dom).cases), self.names)
        self.assertEqual(requests, [])

    def test_picture_shows_every_case_and_asks_for_nothing(self):
        dom, requests = self.browse(self.picture)
        self.assertEqual(sorted(Elements(dom).cases), sorted(self.names))
        self.assertEqual(requests, [])

    def test_picture_is_xml(self):
        root = xml.etree.ElementTree.parse(self.picture).getroot()
        self.assertEqual(root.tag, f"{{{SVG_NAMESPACE}}}svg")
        titles = root.findall(f".//*[@data-case]/{{{SVG_NAMESPACE}}}title")
        self.assertEqual({title.text.split("\n")[0] for title in titles}, self.names)

    def test_nothing_refers_outside(self):
        self.assertEqual(outside_references(self.text), [])
        self.assertEqual(outside_references(self.picture.read_text(encoding="utf-8")), [])
        self.assertIn("default-src 'none'; style-src 'unsafe-inline'", self.text)
        self.assertNotIn("script", Elements(self.text).tags)

    def test_figures_are_numbers(self):
        for path in (self.page, self.picture):
            text = re.sub(r'data-case="[^"]*"', "", path.read_text(encoding="utf-8"))
            self.assertNotRegex(text, r"(?i)[\s\">]-?(nan|inf)\b")

    def test_everything_is_in_sight(self):
        for width in WIDTHS:
            with self.subTest(width=width):
                seen = self.measure(width)
                self.assertEqual(seen["width"], width)
                self.assertLessEqual(seen["scroll"], width, "the page is wider than its window")
                self.assertEqual(seen["small"], [])
                self.assertEqual(len(seen["pictures"]), 1)
                picture = seen["pictures"][0]
                self.assertEqual({case[0] for case in picture["cases"]}, self.names)
                for name, *box in picture["cases"]:
                    self.assertGreater(box[2] - box[0], 1, f"{name} cannot be seen")
                    self.assert_inside(name, box, picture["box"])
                for text, *box, size in picture["texts"]:
                    self.assert_inside(f"'{text}'", box, picture["box"])
                    self.assertGreaterEqual(size, SMALLEST_TEXT, text)

    def test_this_test_notices_requests(self):
        """A picture from the network: told by the page's text and by the browser."""
        image = "http://127.0.0.1:9/picture.png"
        bad = without_policy(self.text).replace("<body>", f'<body><img src="{image}">')
        self.assertIn(image, outside_references(bad))
        self.assertIn(image, self.browse(self.write("bad.html", bad))[1])

    def test_policy_forbids_requests(self):
        bad = self.text.replace("<body>", '<body><img src="http://127.0.0.1:9/picture.png">')
        self.assertEqual(self.browse(self.write("forbidden.html", bad))[1], [])


if __name__ == "__main__":
    Page.program = sys.argv.pop(1)
    Page.browser = find_browser()
    if not Page.browser:
        print("skipped: none of " + ", ".join(BROWSERS) + " is installed")
        sys.exit(SKIP)
    unittest.main()
