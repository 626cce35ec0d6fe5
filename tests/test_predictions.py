#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads what mlp predict writes with numpy, csv and json: every format holds the same bits.

usage: test_predictions.py MLP
"""
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
except ImportError:
    print("not run: numpy is not installed")
    sys.exit(77)

MLP = pathlib.Path(sys.argv[1]).resolve()


def run(folder, *arguments):
    result = subprocess.run([MLP, *arguments], cwd=folder, capture_output=True, check=False)
    assert result.returncode == 0, (arguments, result.stderr.decode())
    return result.stdout


def predict(folder, data, form, *more):
    """The same bytes on stdout and in a file."""
    command = ["predict", "model", "--data", data, *more]
    text = run(folder, *command, "--format", form)
    assert run(folder, *command, "--output", f"p.{form}") == b""
    assert (folder / f"p.{form}").read_bytes() == text, form
    return text


def npy(folder, data, *more):
    return numpy.load(io.BytesIO(predict(folder, data, "npy", *more)), allow_pickle=False)


def table(folder, data, *more):
    text = predict(folder, data, "csv", *more).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def objects(folder, data, *more):
    return [json.loads(line) for line in predict(folder, data, "jsonl", *more).splitlines()]


def same_bits(found, expected):
    found = numpy.asarray(found, dtype=numpy.float32)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    assert found.tobytes() == expected.tobytes()


def compare_classes(folder, data, names, word="probability", words="probabilities"):
    classes, values = npy(folder, data), npy(folder, data, "--probabilities")
    assert classes.dtype == numpy.int64 and values.dtype == numpy.float32
    assert (values.argmax(axis=1) == classes).all()
    if word == "probability":
        assert abs(values.sum(axis=1) - 1).max() < 1e-5
    columns = [f"{word}_{name}" for name in names or range(values.shape[1])]
    every, chosen = table(folder, data, "--probabilities"), table(folder, data)
    known = ["index", "class"] + (["name"] if names else [])
    assert list(every[0]) == known + columns, list(every[0])
    assert list(chosen[0]) == known + [word], list(chosen[0])
    lines = objects(folder, data, "--probabilities")
    for rows in (every, chosen, lines):
        assert [int(row["index"]) for row in rows] == list(range(len(classes)))
        assert [int(row["class"]) for row in rows] == classes.tolist()
        assert not names or [row["name"] for row in rows] == [names[c] for c in classes]
    same_bits([[row[c] for c in columns] for row in every], values)
    same_bits([row[words] for row in lines], values)
    likeliest = values[numpy.arange(len(classes)), classes]
    same_bits([row[word] for row in chosen], likeliest)
    same_bits([row[word] for row in objects(folder, data)], likeliest)


def compare_values(folder, data):
    values = npy(folder, data)
    assert values.dtype == numpy.float32
    columns = [f"value_{i}" for i in range(values.shape[1])]
    rows = table(folder, data)
    assert list(rows[0]) == ["index"] + columns
    same_bits([[row[c] for c in columns] for row in rows], values)
    same_bits([row["values"] for row in objects(folder, data)], values)


def train(folder, *arguments):
    run(folder, "train", "--epochs", "2", "--threads", "1", "--save", "model", *arguments)


def data_without_labels(folder):
    """Archives and arrays alone, in every way that they are read."""
    x = numpy.random.default_rng(1).normal(size=(40, 3)).astype(numpy.float32)
    numpy.save(folder / "X.npy", x)
    numpy.save(folder / "y.npy", (x.sum(axis=1) > 0).astype(numpy.uint8))
    train(folder, "--data", "X.npy", "--hidden", "5")
    expected = npy(folder, "X.npy", "--probabilities")
    (folder / "y.npy").unlink()
    numpy.savez(folder / "bare.npz", X=x)
    numpy.save(folder / "other.npy", x.astype(">f8"))
    for source in ("X.npy", "other.npy", "bare.npz"):
        try:
            found = npy(folder, source, "--probabilities")
        except AssertionError as reason:
            if "libzip" not in str(reason):
                raise
            continue
        same_bits(found, expected)


def names_of_classes(folder):
    """Names that CSV has to quote; False where tables are not read."""
    names = ['a "quoted", name', "blank here", "häß,lich", "plain"]
    with open(folder / "t.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["u", "v", "kind"])
        out.writerows([i % 7 / 7, i % 5 / 5, names[i % 4]] for i in range(80))
    try:
        train(folder, "--data", "t.csv", "--hidden", "8")
    except AssertionError as reason:
        if "libcsv" in str(reason):
            return False
        raise
    compare_classes(folder, "t.csv", sorted(names, key=str.encode))
    return True


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        train(folder, "--data", "moons", "--hidden", "7")
        compare_classes(folder, "moons", None)
        train(folder, "--data", "blobs", "--hidden", "none", "--loss", "binary_cross_entropy")
        compare_classes(folder, "blobs", None)
        train(folder, "--data", "sine", "--hidden", "9")
        compare_values(folder, "sine")
        data_without_labels(folder)
        named = names_of_classes(folder)
    print("numpy", numpy.__version__, "and csv read the predictions",
          "" if named else "(but no names: this build reads no tables)")


main()
