#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page and the picture of mlp-bench in a browser without a window.

Usage: test_bench_page.py MLP-BENCH. Skipped, with exit code 77, where there is
no Chromium or Chrome."""

import json
import re
import subprocess
import xml.etree.ElementTree

import browser
from browser import Elements, SMALLEST_TEXT, SVG_NAMESPACE, outside_references, without_policy

# Products of all layouts, kernels that compute and those that only move, a
# training step with its phases: quickly done even in plain C.
FILTER = (
    "^(gemm/(forward|nn|dx|nt|dw|tn)/(256x10x256|256x256x10|10x256x256)"
    "|activation/relu|layout/transpose|loss/softmax|step/reference|infer/.*/b1)/"
)
WIDTHS = [1280, 390]


class Page(browser.Browsing):
    program = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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
                seen = self.measure(self.text, width)
                self.assertEqual(seen["width"], width)
                self.assertLessEqual(seen["scroll"], width, "the page is wider than its window")
                self.assertEqual(seen["small"], [])
                self.assertEqual(seen["faint"], [])
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
    browser.main(Page)
