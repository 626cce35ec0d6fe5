#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/fetch-mnist against a server on 127.0.0.1 that fails in all ways."""

import gzip
import hashlib
import http.server
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
SCRIPT = SOURCE / "tools" / "fetch-mnist"
NAMES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]
CONTENT = {name: name.encode() * 1000 for name in NAMES}


def mnist_folder():
    """Where the real files are, or None."""
    given = os.environ.get("MLP_MNIST_DIR")
    places = [given] if given else [SOURCE.parent / "shared/data/mnist", SOURCE / "data/mnist"]
    for place in places:
        if all((pathlib.Path(place) / (name + ".gz")).is_file() for name in NAMES):
            return pathlib.Path(place)
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    """The first part of the path says how to answer, the last which file."""

    def do_GET(self):
        _, how, file_name = self.path.split("/")
        self.server.requests.append(self.path)
        if how == "missing":
            self.send_error(404)
            return
        if how == "mnist":
            body = (mnist_folder() / file_name).read_bytes()
        else:
            body = gzip.compress(CONTENT[file_name[: -len(".gz")]])
        if how == "wrong":
            body = gzip.compress(b"something else")
        elif how == "page":
            body = b"<!DOCTYPE html><title>Please log in</title>"
        elif how == "short":
            body = body[:-9]
        elif how == "bad-crc":
            body = body[:-8] + bytes([body[-8] ^ 1]) + body[-7:]
        elif how == "garbage":
            body += b"garbage"
        length = len(body)
        if how in ("cut", "stall"):
            body = body[: length // 2]
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if how == "stall":
            self.server.stalled.set()
            self.server.released.wait(60)

    def log_message(self, *_):
        pass


class FetchMnist(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.requests = []
        self.server.stalled = threading.Event()
        self.server.released = threading.Event()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        self.parent = pathlib.Path(tempfile.mkdtemp(prefix="mlp-test-"))
        self.folder = self.parent / "a folder" / "mnist"
        self.sums = self.parent / "sums"
        self.sums.write_text(
            "".join(f"{hashlib.sha256(CONTENT[n]).hexdigest()}  {n}\n" for n in NAMES)
        )

    def tearDown(self):
        self.server.released.set()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.parent)

    def start(self, *mirrors, arguments=None, **environment):
        """mirrors: ways of the server to answer, or whole addresses."""
        addresses = [m if ":" in m else f"{self.address}/{m}" for m in mirrors]
        variables = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        variables |= {"MNIST_MIRRORS": " ".join(addresses), "MNIST_SHA256": str(self.sums)}
        variables |= environment
        return subprocess.Popen(
            [SCRIPT] + ([self.folder] if arguments is None else arguments),
            env=variables, cwd=self.parent, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def run_script(self, *mirrors, **others):
        process = self.start(*mirrors, **others)
        self.out, self.talk = process.communicate(timeout=120)
        return process.returncode

    def assert_nothing_left(self):
        """Neither files nor the folders that were made for them."""
        self.assertEqual([p.name for p in self.parent.iterdir()], [self.sums.name])

    def assert_complete(self, folder=None):
        folder = folder or self.folder
        self.assertEqual(sorted(os.listdir(folder)), sorted(n + ".gz" for n in NAMES))
        for name in NAMES:
            self.assertEqual(gzip.decompress((folder / (name + ".gz")).read_bytes()), CONTENT[name])

    def assert_next_mirror_serves_after(self, first):
        self.assertEqual(self.run_script(first, "good"), 0, first)
        self.assert_complete()
        self.assertEqual(self.out, "")

    def test_downloads_all_files(self):
        self.assertEqual(self.run_script("good", "missing"), 0)
        self.assert_complete()
        self.assertEqual(self.server.requests, [f"/good/{n}.gz" for n in NAMES])

    def test_files_have_the_usual_permissions(self):
        self.assertEqual(self.run_script("good"), 0)
        mask = os.umask(0)
        os.umask(mask)
        for name in NAMES:
            mode = (self.folder / (name + ".gz")).stat().st_mode & 0o7777
            self.assertEqual(mode, 0o666 & ~mask)

    def test_default_folder(self):
        self.assertEqual(self.run_script("good", arguments=[]), 0)
        self.assert_complete(self.parent / "data" / "mnist")

    def test_folder_that_looks_like_an_option(self):
        self.assertEqual(self.run_script("good", arguments=["--", "-x"]), 0)
        self.assert_complete(self.parent / "-x")

    def test_next_mirror_after_404(self):
        self.assert_next_mirror_serves_after("missing")

    def test_next_mirror_after_a_dead_one(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # bound, not listening: refuses
            self.assert_next_mirror_serves_after(f"http://127.0.0.1:{unused.getsockname()[1]}")

    def test_next_mirror_after_wrong_content(self):
        self.assert_next_mirror_serves_after("wrong")

    def test_next_mirror_after_a_page(self):
        self.assert_next_mirror_serves_after("page")

    def test_next_mirror_after_a_cut_connection(self):
        self.assert_next_mirror_serves_after("cut")

    def test_next_mirror_after_a_truncated_file(self):
        self.assert_next_mirror_serves_after("short")

    def test_next_mirror_after_a_bad_crc(self):
        self.assert_next_mirror_serves_after("bad-crc")

    def test_next_mirror_after_trailing_garbage(self):
        self.assert_next_mirror_serves_after("garbage")

    def test_all_mirrors_fail(self):
        self.assertEqual(self.run_script("missing", "wrong", "cut", "short"), 1)
        self.assert_nothing_left()
        self.assertIn("no mirror has train-images-idx3-ubyte", self.talk)

    def test_a_failure_keeps_the_old_file(self):
        self.folder.mkdir(parents=True)
        old = self.folder / (NAMES[0] + ".gz")
        old.write_bytes(b"old")
        self.assertEqual(self.run_script("missing"), 1)
        self.assertEqual(os.listdir(self.folder), [old.name])
        self.assertEqual(old.read_bytes(), b"old")

    def test_right_files_are_kept_and_wrong_ones_replaced(self):
        self.folder.mkdir(parents=True)
        kept = gzip.compress(CONTENT[NAMES[1]], 1)
        (self.folder / NAMES[0]).write_bytes(CONTENT[NAMES[0]])
        (self.folder / (NAMES[1] + ".gz")).write_bytes(kept)
        (self.folder / (NAMES[2] + ".gz")).write_bytes(b"half a fi")
        self.assertEqual(self.run_script("good"), 0)
        self.assertEqual(self.server.requests, [f"/good/{n}.gz" for n in NAMES[2:]])
        self.assertEqual((self.folder / (NAMES[1] + ".gz")).read_bytes(), kept)
        (self.folder / NAMES[0]).rename(self.folder / "plain")
        self.assertEqual(self.run_script("good"), 0)
        (self.folder / "plain").unlink()
        self.assert_complete()

    def test_a_wrong_plain_file_is_not_hidden_behind_a_right_one(self):
        self.folder.mkdir(parents=True)
        (self.folder / NAMES[0]).write_bytes(b"mine")
        self.assertEqual(self.run_script("good"), 1)
        self.assertEqual((self.folder / NAMES[0]).read_bytes(), b"mine")
        self.assertEqual(self.server.requests, [])

    def assert_signal_cleans_up(self, number):
        process = self.start("stall", "good")
        self.assertTrue(self.server.stalled.wait(60))
        process.send_signal(number)
        process.communicate(timeout=20)  # well below the script's own limits
        self.assertEqual(process.returncode, 128 + number)
        self.assert_nothing_left()

    def test_sigterm_cleans_up(self):
        self.assert_signal_cleans_up(signal.SIGTERM)

    def test_sigint_cleans_up(self):
        self.assert_signal_cleans_up(signal.SIGINT)

    def test_unwritable_folder(self):
        (self.parent / "a folder").write_text("a file")
        self.assertEqual(self.run_script("good"), 1)

    def test_missing_curl(self):
        tools = self.parent / "bin"
        tools.mkdir()
        for tool in ("sh", "gzip", "mktemp", "sha256sum", "cat", "mkdir"):
            found = shutil.which(tool)
            if found:
                (tools / tool).symlink_to(found)
        self.assertEqual(self.run_script("good", PATH=str(tools)), 1)
        self.assertIn("curl is missing", self.talk)

    def test_help(self):
        self.assertEqual(self.run_script("good", arguments=["--help"]), 0)
        self.assertIn("Usage:", self.out)
        self.assertEqual(self.server.requests, [])

    def test_wrong_use(self):
        for arguments in (["--frobnicate"], ["a", "b"]):
            self.assertEqual(self.run_script("good", arguments=arguments), 2)
        self.assertEqual(self.server.requests, [])

    @unittest.skipUnless(mnist_folder(), "MNIST's files are not here: set MLP_MNIST_DIR")
    def test_mnist_itself(self):
        self.assertEqual(self.run_script("wrong", "mnist", MNIST_SHA256=""), 0)
        for name in NAMES:
            expected = (mnist_folder() / (name + ".gz")).read_bytes()
            self.assertEqual((self.folder / (name + ".gz")).read_bytes(), expected)


if __name__ == "__main__":
    if not shutil.which("curl"):
        print("skipped: curl is missing")
        sys.exit(77)
    unittest.main()
