# SPDX-License-Identifier: MIT
"""Writes metrics.inc beside itself: random cases with what scikit-learn finds.

Inputs are whole numbers of 1/64, which floats hold exactly; results have 17 digits.
Where scikit-learn has no answer that include/mlp/metrics.h promises, the formula
stands here: probabilities of 0 (it clips them elsewhere), one sample's R2, the mean
AUC when a class has none.
"""
import math
import os
import textwrap
import warnings

import numpy as np
import sklearn
from sklearn import metrics

UNIT = 64
EPSILON = 2.0 ** -52


def number(x):
    return "NAN" if math.isnan(x) else f"{x:.17g}"


def array(kind, name, values):
    rows = textwrap.fill(", ".join(str(v) for v in values), 96,
                         initial_indent="    ", subsequent_indent="    ")
    return f"static const {kind} {name}[] = {{\n{rows},\n}};\n"


# --- Classification ---


def classification_cases(rng):
    """(name, outputs in units, predictions, labels, classes, top_k)"""

    def distributions(count, classes):
        """Rows that add up to 1, without zeros."""
        rest = rng.multinomial(UNIT - classes, np.ones(classes) / classes, count)
        return rest + 1

    def near(labels, classes, share):
        """The labels, but for a share of them that is random."""
        wrong = rng.random(len(labels)) < share
        return np.where(wrong, rng.integers(0, classes, len(labels)), labels)

    def largest(outputs):
        return outputs.argmax(axis=1)

    def case(name, outputs, labels, classes, top_k, predictions=None):
        if predictions is None:
            predictions = largest(outputs) if outputs.shape[1] > 1 else outputs[:, 0] >= UNIT // 2
        return (name, outputs, np.asarray(predictions).astype(int), labels, classes, top_k)

    labels = rng.integers(0, 3, 50)
    yield case("three_classes", distributions(50, 3), labels, 3, 2)

    labels = rng.integers(0, 10, 300)
    outputs = distributions(300, 10)
    outputs[np.arange(300), labels] += rng.integers(0, 12, 300)
    yield case("ten_classes_unnormalised", outputs, labels, 10, 3)

    labels = rng.integers(0, 5, 80)
    yield case("ties", rng.integers(1, 4, (80, 5)), labels, 5, 2)
    yield case("all_equal", np.full((20, 4), 16), rng.integers(0, 4, 20), 4, 3)

    labels = rng.choice([0, 1, 3], 60)
    predictions = rng.choice([0, 2, 3], 60)
    yield case("never_labelled_never_predicted", distributions(60, 4), labels, 4, 2, predictions)

    labels = rng.choice([0, 2, 5], 60)
    yield case("classes_that_do_not_occur", distributions(60, 6), labels, 6, 2,
               rng.choice([0, 2, 5], 60))

    yield case("one_class_labelled", distributions(25, 3), np.full(25, 1), 3, 1)
    yield case("one_output_one_class", rng.integers(1, UNIT, (25, 1)), np.zeros(25, int), 2, 1)

    labels = rng.integers(0, 2, 120)
    yield case("one_output", np.clip(rng.integers(8, 40, (120, 1)) + 16 * labels[:, None], 1, 63),
               labels, 2, 1)
    yield case("one_output_certain", rng.choice([0, 20, 64], (40, 1)), rng.integers(0, 2, 40), 2, 2)
    scores = rng.integers(-80, 80, (50, 1))
    yield case("one_output_scores", scores, rng.integers(0, 2, 50), 2, 1, scores[:, 0] >= 0)

    labels = rng.integers(0, 2, 70)
    yield case("two_outputs", distributions(70, 2), labels, 2, 1)
    labels = rng.integers(0, 2, 70)
    yield case("two_outputs_apart", rng.integers(1, 20, (70, 2)), labels, 2, 1)

    labels = rng.integers(0, 4, 60)
    yield case("scores", rng.integers(-200, 200, (60, 4)), labels, 4, 2)
    yield case("zeros", rng.choice([0, 0, 1, 2], (40, 3)) + np.array([0, 0, 1]),
               rng.integers(0, 3, 40), 3, 2)
    outputs = rng.integers(1, 9, (10, 3))
    outputs[4] = 0
    yield case("all_zero_once", outputs, rng.integers(0, 3, 10), 3, 2)

    labels = rng.integers(0, 3, 30)
    yield case("perfect", np.eye(3, dtype=int)[labels] * UNIT, labels, 3, 1)

    yield case("one_sample", distributions(1, 3), np.array([2]), 3, 2)

    labels = np.append(rng.integers(0, 256, 47), 255)
    yield case("most_classes", rng.integers(1, 8, (48, 256)), labels, 256, 100,
               near(labels, 256, 0.4))


def probabilities(outputs):
    """Of every class, or None."""
    p = outputs / UNIT
    if p.shape[1] == 1:
        return None if (p < 0).any() or (p > 1).any() else np.hstack([1 - p, p])
    total = p.sum(axis=1, keepdims=True)
    return None if (p < 0).any() or (total == 0).any() else p / total


def log_loss(outputs, labels, classes):
    p = probabilities(outputs)
    if p is None:
        return math.nan
    of_label = np.maximum(p[np.arange(len(labels)), labels], 2.0 ** -149)
    loss = math.fsum(-np.log(of_label)) / len(labels)
    if EPSILON < p.min() and p.max() < 1 - EPSILON:
        theirs = metrics.log_loss(labels, p, labels=range(classes))
        assert math.isclose(loss, theirs, rel_tol=1e-13), (loss, theirs)
        return theirs
    return loss


def top_k_accuracy(outputs, predictions, labels, classes, top_k):
    if outputs.shape[1] == 1:
        return 1.0 if top_k > 1 else metrics.accuracy_score(labels, predictions)
    if classes == 2:
        assert top_k == 1
        return metrics.accuracy_score(labels, outputs.argmax(axis=1))
    # On a tie it prefers the higher class, we the lower.
    return metrics.top_k_accuracy_score(classes - 1 - labels, outputs[:, ::-1], k=top_k,
                                        labels=range(classes))


def auc_by_class(outputs, labels, classes):
    if outputs.shape[1] == 1:
        outputs = np.hstack([-outputs, outputs])
    areas = []
    for c in range(classes):
        of_class = labels == c
        defined = 0 < of_class.sum() < len(labels)
        areas.append(metrics.roc_auc_score(of_class, outputs[:, c]) if defined else math.nan)
    return areas


def mean_auc(areas, outputs, labels, classes):
    defined = [a for a in areas if not math.isnan(a)]
    if classes == 2:
        return areas[1]
    if not defined:
        return math.nan
    mean = math.fsum(defined) / len(defined)
    p = probabilities(outputs)
    sums_to_1 = (outputs.sum(axis=1) == UNIT).all()
    if len(defined) == classes and p is not None and sums_to_1:
        theirs = metrics.roc_auc_score(labels, p, multi_class="ovr", average="macro")
        assert math.isclose(mean, theirs, rel_tol=1e-13), (mean, theirs)
    return mean


def write_classification(write, name, outputs, predictions, labels, classes, top_k):
    confusion = metrics.confusion_matrix(labels, predictions, labels=range(classes))
    cells = [(a, b, confusion[a, b]) for a, b in zip(*np.nonzero(confusion))]
    by_class = np.array(metrics.precision_recall_fscore_support(
        labels, predictions, labels=range(classes), zero_division=0)).T
    areas = auc_by_class(outputs, labels, classes)

    def averages(average):
        found = metrics.precision_recall_fscore_support(labels, predictions, average=average,
                                                        zero_division=0)
        return ", ".join(number(x) for x in found[:3])

    write(array("int16_t", name + "_outputs", outputs.ravel()))
    write(array("uint8_t", name + "_predictions", predictions))
    write(array("uint8_t", name + "_labels", labels))
    write(array("struct cell", name + "_confusion", ["{%d, %d, %d}" % cell for cell in cells]))
    write(array("mlp_class_metrics", name + "_by_class", [
        "{%s, %d}" % (", ".join(number(x) for x in [*row[:3], auc]), row[3])
        for row, auc in zip(by_class, areas)]))
    return f"""\
    {{
        .name = "{name}",
        .count = {len(labels)},
        .classes = {classes},
        .width = {outputs.shape[1]},
        .top_k = {top_k},
        .outputs = {name}_outputs,
        .predictions = {name}_predictions,
        .labels = {name}_labels,
        .confusion = {name}_confusion,
        .cells = {len(cells)},
        .by_class = {name}_by_class,
        .accuracy = {number(metrics.accuracy_score(labels, predictions))},
        .top_k_accuracy = {number(top_k_accuracy(outputs, predictions, labels, classes, top_k))},
        .log_loss = {number(log_loss(outputs, labels, classes))},
        .macro = {{{averages("macro")}}},
        .weighted = {{{averages("weighted")}}},
        .auc = {number(mean_auc(areas, outputs, labels, classes))},
    }},
"""


# --- Regression ---


def regression_cases(rng):
    """(name, predictions, targets) in units"""

    def near(targets, most):
        return targets + rng.integers(-most, most + 1, targets.shape)

    targets = rng.integers(-640, 640, (40, 1))
    yield "one_value", near(targets, 64), targets
    targets = rng.integers(-640, 640, (30, 3))
    yield "three_values", near(targets, 320), targets
    yield "no_better_than_chance", rng.integers(-640, 640, (30, 2)), rng.integers(-64, 64, (30, 2))
    targets = rng.integers(-64, 64, (20, 37))
    yield "many_values", near(targets, 8), targets
    targets = 2 ** 23 + rng.integers(-3, 4, (50, 1))
    yield "far_from_zero", near(targets, 1), targets
    yield "met", targets, targets
    targets = rng.integers(-64, 64, (12, 3))
    targets[:, 1:] = [7, -9]
    predictions = near(targets, 4)
    predictions[:, 1] = 7
    predictions[0, 2] = 3
    yield "constant_targets", predictions, targets
    yield "one_sample_met", np.array([[5, -5]]), np.array([[5, -5]])
    yield "one_sample_missed", np.array([[5, -5]]), np.array([[5, -4]])


def r2(predictions, targets):
    if len(targets) == 1:
        return np.mean(predictions == targets)
    return metrics.r2_score(targets / UNIT, predictions / UNIT)


def write_regression(write, name, predictions, targets):
    p, t = predictions / UNIT, targets / UNIT
    write(array("int32_t", name + "_predicted", predictions.ravel()))
    write(array("int32_t", name + "_targets", targets.ravel()))
    return f"""\
    {{
        .name = "{name}",
        .count = {targets.shape[0]},
        .outputs = {targets.shape[1]},
        .predictions = {name}_predicted,
        .targets = {name}_targets,
        .mse = {number(metrics.mean_squared_error(t, p))},
        .mae = {number(metrics.mean_absolute_error(t, p))},
        .r2 = {number(r2(predictions, targets))},
    }},
"""


def main():
    warnings.simplefilter("error")
    rng = np.random.default_rng(20)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.inc")
    with open(path, "w", encoding="ascii") as file:
        file.write("/* SPDX-License-Identifier: MIT */\n"
                   f"/* Made by make_metrics.py with scikit-learn {sklearn.__version__}. */\n\n")
        rows = [write_classification(file.write, *case) for case in classification_cases(rng)]
        file.write("\nstatic const struct classification_case CLASSIFICATIONS[] = {\n"
                   + "".join(rows) + "};\n\n")
        rows = [write_regression(file.write, *case) for case in regression_cases(rng)]
        file.write("\nstatic const struct regression_case REGRESSIONS[] = {\n"
                   + "".join(rows) + "};\n")


if __name__ == "__main__":
    main()
