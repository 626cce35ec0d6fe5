#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the same nets with scikit-learn and with `mlp train`: are they as good, and how long
does each take?

Prints a Markdown table. Exit codes: 0 as good; 1 not, or not the same training; 2 usage, or mlp
fails; 77 there is no scikit-learn (package python3-sklearn).

The data sets are those within scikit-learn. A seed gives a split into 75 % to train on and 25 %
to test on (by classes), the same for both, and each program's own first weights and shuffling.

The same on both sides: inputs of mean 0 and deviation 1 over the training samples, of a
regression the targets too; float32; 100 hidden units, ReLU; Glorot's uniform weights; Adam, rate
0.001, betas 0.9 and 0.999, epsilon 1e-8; batches of min(200, samples), the last one smaller;
shuffled. What they call differently:

  L2      scikit-learn adds alpha w / b to the gradient of a minibatch of b samples, mlp l2 w. So
          l2 is the mean of alpha / b over the minibatches of an epoch.
  loss    scikit-learn halves the squared error, mlp does not, and so has twice the gradient: the
          same steps of Adam with twice the l2 and twice the epsilon.
  biases  scikit-learn draws them from a layer's own range of weights, mlp from one range for all
          layers, here the first one's.
  output  of two classes both have one sigmoid, of more a softmax. IDX labels always stand for 10
          classes and more, so fewer are given to mlp as target values: 0 and 1, or a row of them.
  stop    scikit-learn ends after the 11th epoch in a row (n_iter_no_change + 1) of which each by
          itself lowers the least loss so far by less than tol; mlp --patience lets small gains add
          up. So mlp trains twice: all epochs, whose losses tell by scikit-learn's rule when to
          end (without its penalty, whose changes are far below tol), and so many, which counts.

Times are medians over the seeds: of scikit-learn fit() alone; of mlp the training, as its --json
has it, and the whole command with start, reading, the test after each epoch and saving. The ratio
is that of the faster fit() to mlp's training.

"As good" is a paired t test on the seeds' differences in test accuracy or R2 (mlp - scikit-learn;
a seed's split is the same for both), at 1 % for each data set: the 99 % interval of the mean
difference must contain 0. "The same training" is sharper: from the same weights, without
shuffling, on full minibatches only, with a penalty that matters (alpha 0.1), both train for 20
epochs; the Euclidean distance of the weights from each other, divided by their norm, must be below
3e-6. Another epsilon (times 10 or 1/10, or PyTorch's place for it), beta2 0.9999 instead of 0.999,
a rate of 0.1 % more or an L2 penalty of 10 % more give 7e-6 and more.
"""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import warnings

try:
    import numpy as np
    import scipy.stats
    import sklearn
    from sklearn import datasets
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import accuracy_score, r2_score
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_info, threadpool_limits
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
DATA = {
    "digits": datasets.load_digits,
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "diabetes": datasets.load_diabetes,
}
REGRESSIONS = {"diabetes"}

HIDDEN, RATE, EPSILON = 100, 0.001, 1e-8
BATCH, EPOCHS, ALPHA = 200, 200, 1e-4
NO_CHANGE, TOL = 10, 1e-4
SAME_EPOCHS, SAME_ALPHA, SAME_DISTANCE = 20, 0.1, 3e-6
CONFIDENCE = 0.99
IDX_CLASSES = 10  # labels of u8 stand for so many at least


class MlpFailed(Exception):
    pass


# --- Data -------------------------------------------------------------------------


class Split:
    """A data set divided by a seed, as it is and standardised."""

    def __init__(self, name, seed):
        data = DATA[name]()
        self.regression = name in REGRESSIONS
        self.classes = 0 if self.regression else len(data.target_names)
        self.train_x, self.test_x, self.train_y, self.test_y = train_test_split(
            data.data,
            data.target,
            test_size=0.25,
            random_state=seed,
            stratify=None if self.regression else data.target,
        )

    def keep(self, count):
        """Trains on the first samples only."""
        self.train_x, self.train_y = self.train_x[:count], self.train_y[:count]

    @property
    def batch(self):
        return min(BATCH, len(self.train_x))

    def inputs(self):
        """Standardised: of training and of test."""
        scaler = StandardScaler().fit(self.train_x)
        return [scaler.transform(x).astype(np.float32) for x in (self.train_x, self.test_x)]

    def targets(self):
        """What scikit-learn is to learn: labels, or standardised values."""
        if not self.regression:
            return self.train_y
        column = self.train_y.reshape(-1, 1)
        return StandardScaler().fit_transform(column).astype(np.float32).ravel()

    def score(self, predicted):
        if not self.regression:
            return accuracy_score(self.test_y, predicted)
        return r2_score(self.test_y, predicted)


def write_idx(path, array):
    kind = 0x08 if array.dtype == np.uint8 else 0x0D
    values = array.astype(np.uint8 if kind == 0x08 else ">f4")
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    path.write_bytes(header + values.tobytes())


def idx_labels(split, y):
    if split.regression or split.classes == 2:
        return y.astype(np.float32)
    if split.classes < IDX_CLASSES:
        return np.eye(split.classes, dtype=np.float32)[y]
    return y.astype(np.uint8)


def write_folder(folder, split):
    for part, x, y in (
        ("train", split.train_x, split.train_y),
        ("t10k", split.test_x, split.test_y),
    ):
        write_idx(folder / f"{part}-images-idx3-ubyte", x.astype(np.float32))
        write_idx(folder / f"{part}-labels-idx1-ubyte", idx_labels(split, y))


def read_safetensors(path):
    """Weights [out, in] and biases, layer by layer."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    body = content[8 + size :]
    arrays = {}
    for name, of in json.loads(content[8 : 8 + size]).items():
        if name != "__metadata__":
            values = np.frombuffer(body[slice(*of["data_offsets"])], "<f4")
            arrays[name] = values.reshape(of["shape"])
    return [(arrays[f"{i}.weight"], arrays[f"{i}.bias"]) for i in (0, 2)]


# --- scikit-learn -----------------------------------------------------------------


def make_sklearn(split, seed, **changed):
    settings = {
        "hidden_layer_sizes": (HIDDEN,),
        "activation": "relu",
        "solver": "adam",
        "alpha": ALPHA,
        "batch_size": split.batch,
        "learning_rate_init": RATE,
        "epsilon": EPSILON,
        "max_iter": EPOCHS,
        "tol": TOL,
        "n_iter_no_change": NO_CHANGE,
        "random_state": seed,
    }
    kind = MLPRegressor if split.regression else MLPClassifier
    return kind(**{**settings, **changed})


def fit(model, x, y):
    """Seconds of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = time.perf_counter()
        model.fit(x, y)
        return time.perf_counter() - start


def run_sklearn(split, seed, cores):
    """Score, epochs, seconds of one thread and of all cores."""
    train_x, test_x = split.inputs()
    y = split.targets()
    seconds = []
    for threads in (cores, 1):
        with threadpool_limits(limits=threads):
            fit(make_sklearn(split, seed, max_iter=2), train_x, y)  # to warm up
            model = make_sklearn(split, seed)
            seconds.append(fit(model, train_x, y))
    # R2 stays the same where targets and predictions are scaled back alike.
    predicted = model.predict(test_x)
    if split.regression:
        predicted = predicted * split.train_y.std() + split.train_y.mean()
    return split.score(predicted), model.n_iter_, seconds[1], seconds[0]


def epochs_until_stop(losses):
    """How many epochs scikit-learn would train with these losses."""
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, 1):
        waited = waited + 1 if loss > best - TOL else 0
        best = min(best, loss)
        if waited > NO_CHANGE:
            return epoch
    return len(losses)


# --- mlp ----------------------------------------------------------------------------


def call(arguments):
    """What the program prints."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    if done.returncode != 0:
        raise MlpFailed(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def loss_scale(split):
    """How many times scikit-learn's loss mlp's is."""
    return 2 if split.regression else 1


def mlp_options(split, seed, alpha=ALPHA, rate=RATE):
    count, batch = len(split.train_x), split.batch
    sizes = [min(batch, count - first) for first in range(0, count, batch)]
    l2 = loss_scale(split) * alpha * statistics.fmean(1 / size for size in sizes)
    range_of_first = (6 / (split.train_x.shape[1] + HIDDEN)) ** 0.5
    loss = "mse" if split.regression else "cross_entropy"
    if split.classes == 2:
        loss = "binary_cross_entropy"
    return [
        *("--standardize", "--hidden", HIDDEN, "--activation", "relu", "--loss", loss),
        *("--init", "glorot", "--bias-init", f"uniform:{range_of_first:.9g}"),
        *("--optimizer", "adam", "--lr", rate, "--beta1", 0.9, "--beta2", 0.999),
        *("--epsilon", loss_scale(split) * EPSILON, "--l2", f"{l2:.9g}"),
        *("--batch", batch, "--seed", seed, "--threads", 1),
    ]


def train_mlp(mlp, folder, options):
    """What --json prints, and seconds of the whole command."""
    start = time.perf_counter()
    text = call([mlp, "train", "--data", folder, *options, "--json"])
    return json.loads(text), time.perf_counter() - start


def predict_mlp(mlp, folder, model, split):
    lines = call([mlp, "predict", model, "--data", folder, "--json"]).splitlines()
    found = [json.loads(line) for line in lines]
    return [line["values"][0] if split.regression else line["class"] for line in found]


def run_mlp(mlp, split, seed, folder):
    """Score, epochs, seconds of training and of the command, instruction set."""
    write_folder(folder, split)
    options = mlp_options(split, seed)
    model = folder / "model.safetensors"
    full, _ = train_mlp(mlp, folder, [*options, "--epochs", EPOCHS])
    losses = [epoch["loss"] / loss_scale(split) for epoch in full["epochs"]]
    epochs = epochs_until_stop(losses)
    result, seconds = train_mlp(
        mlp, folder, [*options, "--epochs", epochs, "--save", model]
    )
    score = split.score(predict_mlp(mlp, folder, model, split))
    return score, epochs, result["seconds"], seconds, result["isa"]


# --- The same training ----------------------------------------------------------------


def distance(mlp, name, folder):
    """Between the weights of both after some epochs from the same ones."""
    split = Split(name, 1)
    split.keep(len(split.train_x) // split.batch * split.batch)
    write_folder(folder, split)
    first, last = folder / "first.safetensors", folder / "last.safetensors"
    # A rate that moves no weight saves the first ones.
    for path, rate, epochs in ((first, 1e-30, 1), (last, RATE, SAME_EPOCHS)):
        options = mlp_options(split, 1, SAME_ALPHA, rate)
        more = ["--no-shuffle", "--epochs", epochs, "--save", path]
        train_mlp(mlp, folder, [*options, *more])

    x, y = split.inputs()[0], split.targets()
    model = make_sklearn(
        split, 1, alpha=SAME_ALPHA, shuffle=False, warm_start=True, n_iter_no_change=EPOCHS
    )
    fit(model.set_params(max_iter=1), x, y)  # after which there are weights to replace
    start = read_safetensors(first)
    model.coefs_ = [np.array(weights.T) for weights, _ in start]
    model.intercepts_ = [np.array(biases) for _, biases in start]
    fit(model.set_params(max_iter=SAME_EPOCHS), x, y)

    ours = [array.T.ravel() for pair in read_safetensors(last) for array in pair]
    theirs = [a.ravel() for pair in zip(model.coefs_, model.intercepts_) for a in pair]
    ours, theirs = np.concatenate(ours), np.concatenate(theirs)
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


# --- The table --------------------------------------------------------------------------


def interval(differences):
    """Of the mean of paired differences."""
    mean, error = np.mean(differences), scipy.stats.sem(differences)
    reach = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, len(differences) - 1) * error
    return mean - reach, mean + reach


def verdict(good):
    return "" if good else " DIFFERS"


def compare(mlp, name, seeds, cores):
    """A row of the table, whether all is as it should be, and mlp's instruction set."""
    theirs, ours = [], []
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        apart = distance(mlp, name, folder)
        for seed in range(1, seeds + 1):
            split = Split(name, seed)
            theirs.append(run_sklearn(split, seed, cores))
            ours.append(run_mlp(mlp, split, seed, folder))
    scores, epochs, one, many = map(np.array, zip(*theirs))
    mlp_scores, mlp_epochs, trained, command = map(np.array, list(zip(*ours))[:4])
    low, high = interval(mlp_scores - scores)
    as_good, same = low <= 0 <= high, apart < SAME_DISTANCE
    scale, unit, digits = (1, "R2", 3) if split.regression else (100, "%", 2)
    times = [1e3 * np.median(of) for of in (one, many, trained, command)]
    cells = [
        f"{name} ({len(split.train_x)} x {split.train_x.shape[1]})",
        *(
            f"{scale * of.mean():.{digits}f} {unit}, {scale * of.std(ddof=1):.{digits}f}"
            for of in (scores, mlp_scores)
        ),
        f"{scale * low:+.{digits}f} to {scale * high:+.{digits}f}" + verdict(as_good),
        f"{apart:.1e}" + verdict(same),
        f"{epochs.mean():.0f}, {mlp_epochs.mean():.0f}",
        *(f"{milliseconds:.1f}" for milliseconds in times),
        f"{min(times[:2]) / times[2]:.1f}",
    ]
    return cells, as_good and same, ours[0][4]


def describe_blas():
    found = [b for b in threadpool_info() if b["user_api"] == "blas"]
    if not found:
        return "a BLAS that threadpoolctl does not know, whose threads are as it chooses"
    return ", ".join(
        f"{blas['internal_api']} {blas['version']} {blas.get('architecture', '')}".strip()
        for blas in found
    )


def print_line(cells):
    print("|", " | ".join(cells), "|", flush=True)


def parse_arguments():
    def count(text):
        if int(text) < 2:
            raise argparse.ArgumentTypeError("a spread needs 2 seeds and more")
        return int(text)

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program = HERE.parent / "build/release/src/cli/mlp"
    parser.add_argument("--mlp", default=program, type=pathlib.Path, help="the program mlp")
    parser.add_argument("--seeds", default=10, type=count, help="10 by default")
    parser.add_argument("--data", choices=DATA, action="append", help="only this data set")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    cores = len(os.sched_getaffinity(0))
    blas = describe_blas()
    print_line(
        [
            "data set (training samples x inputs)",
            "scikit-learn: mean, deviation",
            "mlp: mean, deviation",
            "difference, 99 % interval",
            "distance from the same start",
            "epochs of both",
            "fit(), 1 thread: ms",
            f"fit(), {cores} threads: ms",
            "mlp, 1 thread: ms",
            "whole command: ms",
            "ratio",
        ]
    )
    print_line(["---"] * 3 + ["---:"] * 8)
    all_good = True
    isa = ""
    for name in arguments.data or DATA:
        cells, good, isa = compare(arguments.mlp, name, arguments.seeds, cores)
        print_line(cells)
        all_good = all_good and good
    print(
        f"\n{arguments.seeds} seeds; scikit-learn {sklearn.__version__}, numpy {np.__version__}, "
        f"{blas}; mlp's kernels {isa}"
    )
    return 0 if all_good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (MlpFailed, OSError) as error:
        print(f"sklearn_compare.py: {error}", file=sys.stderr)
        sys.exit(2)
