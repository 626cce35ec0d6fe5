#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""benchmarks/sklearn_compare.py on one data set: `mlp train` takes the same steps as scikit-learn,
and the comparison notices where it does not.

Usage: test_sklearn_compare.py MLP SCRIPT. Exit code 77, with a word, where there is no
scikit-learn (package python3-sklearn)."""

import math
import os
import pathlib
import subprocess
import sys
import tempfile

SKIP = 77
DATA = "wine"
# Another interpreter on the path may lack Debian's modules.
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
COLUMNS = 11
DISTANCE = 4  # the column of it

# An mlp with twice the penalty that it is told.
WRONG_MLP = """#!{python}
import os, sys
arguments = sys.argv[1:]
if "--l2" in arguments:
    at = arguments.index("--l2") + 1
    arguments[at] = str(2 * float(arguments[at]))
os.execv({mlp!r}, [{mlp!r}] + arguments)
"""

# The stopping rule, on losses of which scikit-learn tells when it stopped: at a rate at which it
# does so early.
STOPPING = """
import sys
sys.path.insert(0, sys.argv[1])
import sklearn_compare as compare
split = compare.Split("wine", 1)
inputs = split.inputs()[0]
model = compare.make_sklearn(split, 1, learning_rate_init=0.05, max_iter=2000)
compare.fit(model, inputs, split.targets())
assert model.n_iter_ < 2000, "did not stop"
found = compare.epochs_until_stop(model.loss_curve_)
assert found == model.n_iter_, (found, model.n_iter_)
longer = model.loss_curve_ + [0.0] * 5
assert compare.epochs_until_stop(longer) == model.n_iter_
"""


def fail(reason, detail=""):
    print("FAILED:", reason)
    if detail:
        print(detail)
    sys.exit(1)


def run(*arguments):
    return subprocess.run([PYTHON, *map(str, arguments)], capture_output=True, text=True)


def compare(script, mlp):
    """Exit code and the cells of the row of DATA."""
    done = run(script, "--mlp", mlp, "--data", DATA, "--seeds", 2)
    if done.returncode == SKIP:
        print(done.stdout.strip())
        sys.exit(SKIP)
    said = done.stdout + done.stderr
    lines = done.stdout.splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    if done.returncode not in (0, 1):
        fail(f"exit code {done.returncode}", said)
    if len(table) != 3 or [len(cells) for cells in table] != [COLUMNS] * 3:
        fail(f"no table of one row of {COLUMNS} cells", said)
    if not table[2][0].startswith(DATA + " ("):
        fail(f"no row of {DATA}", said)
    if "2 seeds; scikit-learn " not in done.stdout:
        fail("no line of versions", said)
    return done.returncode, table[2], said


def check_right(script, mlp):
    """Of two seeds the scores may differ by chance, and the exit code be 1."""
    code, cells, said = compare(script, mlp)
    if "DIFFERS" in cells[DISTANCE]:
        fail("not the same training as scikit-learn's", said)
    if code != any("DIFFERS" in cell for cell in cells):
        fail(f"exit code {code}", said)
    for text in (cells[DISTANCE], *cells[6:]):
        if not (math.isfinite(float(text)) and float(text) > 0):
            fail(f"'{text}' is no number above 0", said)


def check_wrong(script, mlp, folder):
    wrong = folder / "mlp"
    wrong.write_text(WRONG_MLP.format(python=PYTHON, mlp=mlp))
    wrong.chmod(0o755)
    code, cells, said = compare(script, wrong)
    if code != 1 or "DIFFERS" not in cells[DISTANCE]:
        fail("another penalty is not noticed", said)


def check_usage(script, mlp, folder):
    for arguments in (
        ["--mlp", folder / "none"],
        ["--mlp", mlp, "--seeds", "1"],
        ["--mlp", mlp, "--data", "none"],
    ):
        done = run(script, *arguments)
        if done.returncode != 2 or not done.stderr:
            fail(f"{arguments}: exit code {done.returncode}, expected 2", done.stderr)


def check_stopping(script):
    done = run("-c", STOPPING, pathlib.Path(script).parent)
    if done.returncode != 0:
        fail("another stopping rule than scikit-learn's", done.stderr)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    mlp, script = sys.argv[1:]
    check_right(script, mlp)
    with tempfile.TemporaryDirectory() as folder:
        check_wrong(script, mlp, pathlib.Path(folder))
        check_usage(script, mlp, pathlib.Path(folder))
    check_stopping(script)


if __name__ == "__main__":
    main()
