#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reports of training runs in a browser without a window.

Usage: test_report_page.py REPORT-PAGES, the program that writes pages of every kind into a
folder. Skipped, with exit code 77, where there is no Chromium or Chrome."""

import re
import subprocess
import xml.etree.ElementTree

import browser
from browser import DARK, Elements, SMALLEST_TEXT, SVG_NAMESPACE, outside_references

WIDTHS = [1200, 360]
# Where every part of a page has something to show.
FULL = ["images", "values"]


class Page(browser.Browsing):
    program = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run([cls.program, cls.folder], stdout=subprocess.DEVNULL, check=True,
                       timeout=240)
        cls.pages = {path.stem: path.read_text(encoding="utf-8")
                     for path in cls.folder.glob("*.html")}
        missing = set(FULL) - set(cls.pages)
        if missing:
            raise AssertionError(f"no page was written of {missing}")

    def each(self, check):
        for name, text in sorted(self.pages.items()):
            with self.subTest(page=name):
                check(text)

    def test_nothing_refers_outside(self):
        def check(text):
            self.assertEqual(outside_references(text), [])
            self.assertIn("default-src 'none'; style-src 'unsafe-inline'", text)
            self.assertNotIn("script", Elements(text).tags)

        self.each(check)

    def test_nothing_is_asked_for(self):
        for name in FULL:
            with self.subTest(page=name):
                dom, requests = self.browse(self.folder / f"{name}.html")
                self.assertEqual(requests, [])
                self.assertIn("</main>", dom)

    def test_pictures_are_xml_and_described(self):
        def check(text):
            for picture in re.findall(r"<svg class=\"chart\".*?</svg>", text, re.S):
                root = xml.etree.ElementTree.fromstring(picture)
                for child in ("title", "desc"):
                    self.assertTrue(root.find(f"{{{SVG_NAMESPACE}}}{child}").text, child)

        self.each(check)

    def test_tables_have_headings(self):
        def check(text):
            for table in re.findall(r"<table.*?</table>", text, re.S):
                self.assertIn('<th scope="col"', table)
                rows = re.findall(r"<tr.*?</tr>", table[table.index("<tbody"):], re.S)
                for row in rows:
                    self.assertIn('<th scope="row"', row)

        self.each(check)

    def test_links_lead_somewhere(self):
        def check(text):
            for target in re.findall(r'href="#([^"]*)"', text):
                self.assertIn(f'id="{target}"', text)

        self.each(check)

    def check_sight(self, text, width, *flags):
        # Nothing is folded, so that all is measured.
        seen = self.measure(text.replace("<details>", "<details open>"), width, *flags)
        self.assertEqual(seen["width"], width)
        self.assertLessEqual(seen["scroll"], width, "the page is wider than its window")
        self.assertEqual(seen["small"], [])
        self.assertEqual(seen["faint"], [])
        self.assertEqual(seen["broken"], [])
        for picture in seen["pictures"]:
            for words, *box, size in picture["texts"]:
                self.assert_inside(f"'{words}'", box, picture["box"])
                self.assertGreaterEqual(size, SMALLEST_TEXT, words)

    def test_everything_is_in_sight(self):
        for width in WIDTHS:
            with self.subTest(width=width):
                self.each(lambda text, width=width: self.check_sight(text, width))

    def test_everything_is_in_sight_in_the_dark(self):
        for name in FULL:
            with self.subTest(page=name):
                self.check_sight(self.pages[name], WIDTHS[0], *DARK)

    def test_this_test_notices(self):
        """What is too wide, too faint, too small or broken."""
        bad = self.pages["empty"].replace(
            "<main>", '<main><p style="width:2000px">wide</p><p style="color:#888">faint</p>'
            '<p style="font-size:9px">small</p><img alt="broken" src="data:image/png;base64,AA">')
        seen = self.measure(bad, 360)
        self.assertGreater(seen["scroll"], 360)
        self.assertEqual([text for text, _ in seen["faint"]], ["faint"])
        self.assertEqual(seen["small"], ["small"])
        self.assertEqual(seen["broken"], ["broken"])


if __name__ == "__main__":
    browser.main(Page)
