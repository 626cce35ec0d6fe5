#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs exported networks of every kind in ONNX Runtime and compares predictions.

usage: test_onnxruntime.py ONNX_NETS
"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as error:
    print(f"not run: {error.name} is not installed")
    sys.exit(77)

TOLERANCE = 1e-6
EXP_TOLERANCE = 3e-6  # of Poisson's exp, whose relative error is its argument's absolute one
FEWEST = 600  # networks


def difference(path):
    """Largest difference of the predictions, relative to the largest one above 1."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if [i.name for i in inputs] != ["input"] or [o.name for o in outputs] != ["output"]:
        raise ValueError(f"{path}: found other inputs and outputs")
    x = numpy.fromfile(path.with_suffix(".in"), "<f4").reshape(-1, inputs[0].shape[1])
    expected = numpy.fromfile(path.with_suffix(".out"), "<f4").reshape(len(x), -1)
    found = session.run(None, {"input": x})[0]
    if found.shape != expected.shape:
        raise ValueError(f"{path}: shape {found.shape}, expected {expected.shape}")
    scale = max(1, numpy.abs(expected).max())
    return float(numpy.abs(found - expected).max() / scale)


def tolerance(name):
    return EXP_TOLERANCE if "-poisson-" in name else TOLERANCE


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "export", folder], check=True)
        paths = sorted(pathlib.Path(folder).glob("*.onnx"))
        differences = {path.stem: difference(path) for path in paths}
    bad = {name: value for name, value in differences.items() if not value <= tolerance(name)}
    print(f"{len(differences)} networks, largest difference {max(differences.values()):.3g}")
    for name, value in bad.items():
        print(f"{name}: difference {value:.3g}, expected at most {tolerance(name):g}")
    if len(differences) < FEWEST:
        print(f"expected at least {FEWEST} networks")
    return 1 if bad or len(differences) < FEWEST else 0


sys.exit(main())
