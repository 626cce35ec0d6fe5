#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Google Benchmark's compare.py reads what mlp-bench --json prints.

Usage: test_bench_google.py MLP_BENCH
       test_bench_google.py OLD.json NEW.json

The second form looks at files that are there. Exit code 77, with a word, where
compare.py or what it needs is missing: on Debian the packages libbenchmark-tools
and python3-scipy.
"""

import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

COMPARE = pathlib.Path(os.environ.get("MLP_GOOGLE_COMPARE", "/usr/share/benchmark/compare.py"))
# Another interpreter on the path may lack Debian's modules.
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
QUICK = ["--min-time", "0.0001", "--isa", "c", "--threads", "1"]
QUICK += ["--filter", "^math/exp/.*/c/", "--json"]
ENOUGH = 9  # repetitions, for compare.py's U test without a warning


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def fail(reason, detail=""):
    print("FAILED:", reason)
    if detail:
        print(detail)
    sys.exit(1)


def find_compare():
    """Skips the test where compare.py cannot run."""
    if not COMPARE.is_file():
        skip(f"no {COMPARE} (package libbenchmark-tools)")
    done = subprocess.run([PYTHON, "-c", "import numpy, scipy.stats"], capture_output=True)
    if done.returncode != 0:
        skip(f"{PYTHON} has no numpy and scipy (package python3-scipy)")


def measure(program, path):
    with open(path, "wb") as output:
        done = subprocess.run([program, *QUICK], stdout=output, stderr=subprocess.PIPE)
    if done.returncode != 0:
        fail(f"mlp-bench: exit code {done.returncode}", done.stderr.decode(errors="replace"))


def compare(*arguments):
    """What compare.py prints."""
    done = subprocess.run(
        [PYTHON, str(COMPARE), *map(str, arguments)], capture_output=True, text=True
    )
    if done.returncode != 0:
        fail(f"compare.py: exit code {done.returncode}", done.stdout + done.stderr)
    return done.stdout


def check_numbers(name, value):
    """All numbers within `value` are finite."""
    if isinstance(value, dict):
        for key, item in value.items():
            check_numbers(f"{name}.{key}", item)
    elif isinstance(value, list):
        for item in value:
            check_numbers(name, item)
    elif isinstance(value, float) and not math.isfinite(value):
        fail(f"{name} is {value}")


def figures_of(line, name):
    """The six numbers behind a name on a line of compare.py's table."""
    words = line[len(name) :].split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        fail("no numbers", line)
    if len(numbers) != 6 or not all(map(math.isfinite, numbers)):
        fail("not six finite numbers", line)
    return numbers


def repetitions(path):
    """How often each case was measured."""
    counts = {}
    for entry in json.loads(path.read_text())["benchmarks"]:
        if entry.get("run_type") == "iteration":
            counts[entry["name"]] = counts.get(entry["name"], 0) + 1
    if not counts:
        fail(f"{path}: no repetitions")
    return counts


def check_table(text, old, new):
    lines = text.splitlines()
    for name, count in old.items():
        rows = [line for line in lines if line.split(" ")[0] == name]
        if len(rows) != min(count, new.get(name, 0)):
            fail(f"{name}: {len(rows)} lines of {count} repetitions", text)
        for row in rows:
            if min(figures_of(row, name)[2:]) < 0:
                fail("a time below 0", row)
        if not any(line.split(" ")[0] == name + "_median" for line in lines):
            fail(f"{name}: no line of the median", text)
        tests = [line for line in lines if line.split(" ")[0] == name + "_pvalue"]
        if len(tests) != 1:
            fail(f"{name}: {len(tests)} lines of the U test, expected 1", text)
        if not re.search(rf"U Test, Repetitions: {count} vs {new[name]}\b", tests[0]):
            fail(f"{name}: other repetitions", tests[0])
        if min(count, new[name]) >= ENOUGH and "WARNING" in tests[0]:
            fail(f"{name}: the U test warns", tests[0])


def check_dump(report, old, new):
    """What compare.py -d writes: an entry for each name."""
    check_numbers("report", report)
    entries = {entry["name"]: entry for entry in report}
    for name, count in old.items():
        entry = entries.get(name)
        if entry is None:
            fail(f"the report lacks {name}")
        if entry["time_unit"] != "ns" or entry["run_type"] != "iteration":
            fail(f"{name}: not nanoseconds of repetitions", json.dumps(entry))
        if len(entry["measurements"]) != min(count, new[name]):
            fail(f"{name}: {len(entry['measurements'])} measurements of {count}")
        test = entry["utest"]
        if not (0 <= test["time_pvalue"] <= 1 and 0 <= test["cpu_pvalue"] <= 1):
            fail(f"{name}: no p", json.dumps(test))
        median = entries.get(name + "_median", {})
        if median.get("aggregate_name") != "median" or median.get("utest"):
            fail(f"{name}: the median is no aggregate", json.dumps(median))
    if "OVERALL_GEOMEAN" not in entries:
        fail("the report has no geometric mean")


def check(old_path, new_path, folder):
    old, new = repetitions(old_path), repetitions(new_path)
    if old.keys() != new.keys():
        fail("the files have different cases", f"{sorted(old)}\n{sorted(new)}")
    check_table(compare("--no-color", "benchmarks", old_path, new_path), old, new)
    dump = folder / "out.json"
    compare("-d", dump, "benchmarks", old_path, new_path)
    check_dump(json.loads(dump.read_text()), old, new)
    compare("-a", "benchmarks", old_path, new_path)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    find_compare()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if len(sys.argv) == 3:
            check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), folder)
            return
        old, new = folder / "a.json", folder / "b.json"
        measure(sys.argv[1], old)
        measure(sys.argv[1], new)
        check(old, new, folder)


if __name__ == "__main__":
    main()
