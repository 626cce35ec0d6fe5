#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Converts Keras models with tools/convert-keras and compares what mlp predicts by them.

Models are made by hand in Keras's two formats, and by Keras where it is installed.

usage: test_convert_keras.py MLP CONVERT_KERAS
"""
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

try:
    import h5py
    import numpy as np
except ImportError as error:
    print(f"not run: {error}")
    sys.exit(77)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for backend in ("jax", "tensorflow", "torch"):
    try:
        __import__(backend)
        os.environ.setdefault("KERAS_BACKEND", backend)
        break
    except ImportError:
        pass
try:
    import keras
    from keras import layers as kl
except Exception as error:  # Keras without a backend fails in ways of its own
    keras = None
    print(f"without Keras: {error}")

TOLERANCE = 2e-6  # of the largest output
COUNT, INPUTS = 40, 12
MLP, TOOL = sys.argv[1:3]


def convert(folder, model, *options):
    return subprocess.run([sys.executable, TOOL, model, folder / "model.safetensors", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def predict(folder, x, outputs, classes):
    np.save(folder / "X.npy", x.reshape(len(x), -1))
    np.save(folder / "y.npy", np.zeros((len(x), outputs), np.float32))
    options = ["--probabilities"] if classes else []
    subprocess.run([MLP, "predict", folder / "model.safetensors", "--data", folder / "X.npy",
                    "--output", folder / "found.npy", *options], check=True)
    return np.load(folder / "found.npy")


def difference(folder, x, expected, classes=True):
    found = predict(folder, x, expected.shape[1], classes)
    if found.shape[1] == 2 and expected.shape[1] == 1:  # both probabilities of one unit
        found = found[:, 1:]
    value = np.abs(found - expected).max() / np.abs(expected).max()
    return value if value == value else 1


# --- By hand ---------------------------------------------------------------------------------


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, **config}}


def hand_made():
    """Layers with their arrays, inputs and what the network makes of them, in double precision."""
    random = np.random.default_rng(1)
    kernel, bias = random.normal(size=(INPUTS, 6)), random.normal(size=6)
    gamma, beta = random.normal(size=6), random.normal(size=6)
    mean, variance = random.normal(size=6), random.random(6)
    last = random.normal(size=(6, 3))
    x = random.normal(size=(COUNT, INPUTS)).astype(np.float32)
    z = (x @ kernel + bias - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    z = np.exp(np.maximum(z, 0) @ last)
    made = [
        (layer("Dense", "first", units=6, activation="linear", use_bias=True,
               batch_input_shape=[None, INPUTS]), {"kernel:0": kernel, "bias:0": bias}),
        (layer("BatchNormalization", "norm", axis=[1], epsilon=1e-3, center=True, scale=True),
         {"gamma:0": gamma, "beta:0": beta, "moving_mean:0": mean, "moving_variance:0": variance}),
        (layer("Activation", "relu", activation="relu"), {}),
        (layer("Dropout", "drop", rate=0.2), {}),
        (layer("Dense", "last", units=3, activation="softmax", use_bias=False), {"kernel:0": last}),
    ]
    return made, x, z / z.sum(axis=1, keepdims=True)


def without_shape(made):
    one, arrays = made
    config = {key: value for key, value in one["config"].items() if key != "batch_input_shape"}
    return {**one, "config": config}, arrays


def write_h5(path, made, loss=None, config=None):
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.11.0"
        file.create_group("model_weights")
        if loss:
            file.attrs["training_config"] = json.dumps({"loss": loss})
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Functional" if config else "Sequential",
             "config": {"layers": [one for one, _ in made], **(config or {})}})
        for one, arrays in made:
            name = one["config"]["name"]
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}/{key}".encode() for key in arrays]
            for key, array in arrays.items():
                group[f"{name}/{key}"] = array if array.dtype.kind == "i" else array.astype(np.float32)


def write_keras(path, made):
    """As early versions of the format have it, without the layers' names beside the weights."""
    content = io.BytesIO()
    names = {"first": "dense", "norm": "batch_normalization", "last": "dense_1"}
    with h5py.File(content, "w") as file:
        for one, arrays in made:
            group = file.create_group(f"layers/{names.get(one['config']['name'], 'other')}/vars"
                                      if arrays else f"layers/{one['config']['name']}/vars")
            for i, array in enumerate(arrays.values()):
                group[str(i)] = array.astype(np.float32)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("config.json", json.dumps(
            {"class_name": "Sequential", "config": {"layers": [one for one, _ in made]}}))
        archive.writestr("model.weights.h5", content.getvalue())


def check_hand_made(folder):
    made, x, expected = hand_made()
    worst = 0
    image = {"batch_input_shape": [None, 4, INPUTS // 4]}  # Keras 2 has it in both layers
    flat = [(layer("InputLayer", "image", **image), {}), (layer("Flatten", "flat", **image), {})]
    for name, write, before in (("hand.h5", write_h5, []), ("image.h5", write_h5, flat),
                                ("hand.keras", write_keras, [])):
        write(folder / name, before + [without_shape(made[0])] + made[1:] if before else made)
        run = convert(folder, folder / name)
        if run.returncode != 0:
            print(run.stderr)
            return 1
        value = difference(folder, x, expected)
        print(f"{name}: difference {value:.2g}")
        worst = max(worst, value)
    return worst


def check_outputs(folder):
    """A functional model whose hidden layer is an output too is no chain."""
    made, _, _ = hand_made()
    names = [one["config"]["name"] for one, _ in made]
    made = [({**one, "inbound_nodes": [[[before, 0, 0, {}]]] if before else []}, arrays)
            for (one, arrays), before in zip(made, [None] + names)]
    for outputs, code in ((["last"], 0), (["first", "last"], 3)):
        write_h5(folder / "outputs.h5", made, config={"output_layers": [[name, 0, 0] for name in outputs]})
        run = convert(folder, folder / "outputs.h5")
        if run.returncode != code or (code and "has the outputs ['first', 'last']" not in run.stderr):
            print(f"{outputs}: {run.returncode}, {run.stderr}")
            return 1
    return 0


def check_losses(folder):
    """The loss that a model was compiled with comes before what its last activation implies."""
    made, x, _ = hand_made()
    made = made[:1] + [(layer("Activation", "last", activation="sigmoid"), {})]
    kernel, bias = made[0][1].values()
    expected = 1 / (1 + np.exp(-(x @ kernel + bias)))
    write_h5(folder / "mse.h5", made, "mse")
    run = convert(folder, folder / "mse.h5")
    if run.returncode != 0:
        print(run.stderr)
        return 1
    return difference(folder, x, expected, classes=False)


def check_refusals(folder):
    """Files that are refused, with the reason."""
    made, _, _ = hand_made()
    cases = [
        (made[:2] + [(layer("Conv1D", "convolution"), {})],
         "layer 'convolution' (Conv1D) is no layer that mlp has"),
        (made[:1] + [(layer("Activation", "odd", activation="cubic"), {})],
         "layer 'odd' (Activation) has the activation 'cubic', which mlp has not"),
        (made[:1] + [(layer("Activation", "hard", activation="hard_sigmoid"), {})],
         "layer 'hard' (Activation) has the hard_sigmoid of Keras 2"),
        (made[:3] + [(layer("Dense", "second", units=6), made[0][1])],
         "layer 'second' (Dense) takes 12 values, but the Dense before has 6"),
        (made[:1] + made[2:3] + made[1:2],
         "layer 'norm' (BatchNormalization) scales values behind the last Dense"),
        (made[:3] + [(layer("Activation", "again", activation="tanh"), {})],
         "layer 'again' (Activation) is an activation behind another, or behind no Dense"),
        ([(layer("Dense", "empty", units=2, activation="linear"), {})],
         "'empty' (Dense) has no weights"),
        (made[:2] + [(layer("LayerNormalization", "second", epsilon=1e-3), {})],
         "layer 'second' (LayerNormalization) is not between a Dense and its activation"),
        ([(layer("InputLayer", "image", batch_shape=[None, 4, INPUTS]), {}),
          (layer("Dense", "flat", units=6), made[0][1])],
         "layer 'flat' (Dense) takes samples that are no vectors, expected Flatten"),
        (made[:1] + [(layer("Reshape", "table", target_shape=[2, 3]), {}),
                     (layer("Softmax", "rows", axis=-1), {})],
         "layer 'rows' (Softmax) takes samples that are no vectors, expected Flatten"),
        (made[:1] + [(layer("Reshape", "table", target_shape=[2, 3]), {}),
                     (layer("LayerNormalization", "rows", epsilon=1e-3, scale=False, center=False), {})],
         "layer 'rows' (LayerNormalization) takes samples that are no vectors, expected Flatten"),
        ([(layer("InputLayer", "image", batch_shape=[None, 3, 4]), {}),
          (layer("Flatten", "turned", data_format="channels_first"), {})],
         "layer 'turned' (Flatten) turns samples of channels_first, expected channels_last"),
        ([(made[0][0], {**made[0][1], "kernel:0": np.ones((INPUTS, 6), np.int8)})],
         "layer 'first' (Dense) has a kernel of int8, expected floats"),
        ([(layer("InputLayer", "image", batch_shape=[None, 2, 6]), {}), made[1],
          (layer("Flatten", "flat"), {}), without_shape(made[0])],
         "layer 'norm' (BatchNormalization) scales 6 values of 12, expected Flatten before it"),
        ([], "no Dense layer"),
    ]
    losses = [(made[:1], "poisson", "no loss that mlp knows, expected --loss"),
              (made[:1] + made[2:3], "binary_crossentropy",
               "layer 'first' (Dense) has the activation relu, which the loss binary_cross_entropy of")]
    failures = 0
    for layers, loss, reason in [(layers, None, reason) for layers, reason in cases] + losses:
        write_h5(folder / "bad.h5", layers, loss)
        run = convert(folder, folder / "bad.h5")
        if run.returncode != 3 or reason not in run.stderr or "Traceback" in run.stderr:
            print(f"expected '{reason}', found: {run.stderr or run.stdout}")
            failures += 1
    write_h5(folder / "good.h5", made)
    run = convert(folder, folder / "good.h5", "--loss", "foo")
    if run.returncode != 2 or (folder / "model.safetensors").exists():
        print(f"--loss foo: {run.returncode}, {run.stderr}")
        failures += 1
    write_h5(folder / "bad.h5", made[:1] + [(made[1][0], {})])
    run = convert(folder, folder / "bad.h5")
    if run.returncode != 1 or "Traceback" in run.stderr:
        print(f"without arrays: {run.stderr}")
        failures += 1
    (folder / "text.keras").write_text("text")
    run = convert(folder, folder / "text.keras")
    if run.returncode == 0 or "neither a .keras nor an .h5 file" not in run.stderr:
        print(f"text: {run.stderr}")
        failures += 1
    return failures


# --- By Keras --------------------------------------------------------------------------------


def keras_models():
    image = [kl.Input((4, 3)), kl.Flatten()]
    slope = {"negative_slope": float(np.float32(0.01))}
    yield "plain", [kl.Input((INPUTS,)), kl.Dense(9, activation="relu"),
                    kl.Dense(4, activation="softmax")]
    yield "batch", image + [kl.Dense(8), kl.BatchNormalization(), kl.Activation("gelu"),
                            kl.Dropout(0.3), kl.Dense(5, activation="softmax")]
    yield "layer", [kl.Input((INPUTS,)), kl.Dense(8), kl.LayerNormalization(),
                    kl.LeakyReLU(**slope), kl.Dense(1, activation="sigmoid")]
    yield "folded", [kl.Input((INPUTS,)), kl.BatchNormalization(scale=False),
                     kl.Dense(8, activation="tanh"), kl.BatchNormalization(center=False),
                     kl.Dropout(0.1), kl.Dense(2), kl.BatchNormalization()]
    for name in ("elu", "selu", "hard_sigmoid", "softplus", "silu", "mish", "sigmoid"):
        yield name, [kl.Input((INPUTS,)), kl.Dense(8, activation=name, use_bias=False), kl.Dense(3)]


def make(layers, functional):
    if not functional:
        return keras.Sequential(layers)
    first = value = layers[0]
    for one in layers[1:]:
        value = one(value)
    return keras.Model(first, value)


def shake(model):
    """Numbers that no initialisation has."""
    random = np.random.default_rng(2)
    for one in model.layers:
        values = [random.normal(size=array.shape) / 2 for array in one.get_weights()]
        if isinstance(one, kl.BatchNormalization):
            values[-1] = np.abs(values[-1])  # the variance
        one.set_weights(values)


def check_keras(folder):
    worst = 0
    x = np.random.default_rng(3).normal(size=(COUNT, INPUTS)).astype(np.float32)
    for name, layers in keras_models():
        for kind in ("keras", "h5"):
            model = make(layers, name == "plain")
            shake(model)
            model.save(folder / f"{name}.{kind}")
            expected = np.asarray(model(x.reshape((COUNT,) + model.input_shape[1:])))
            classes = layers[-1].get_config().get("activation", "linear") != "linear"
            options = [] if classes else ["--loss", "mse"]
            run = convert(folder, folder / f"{name}.{kind}", *options)
            if run.returncode != 0:
                print(f"{name}.{kind}: {run.stderr}")
                return 1
            value = difference(folder, x, expected, classes)
            print(f"{name}.{kind}: difference {value:.2g}")
            worst = max(worst, value)
    return worst


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        failures = check_refusals(folder) + check_outputs(folder)
        worst = max(check_hand_made(folder), check_losses(folder))
        if keras:
            worst = max(worst, check_keras(folder))
    print(f"largest difference {worst:.2g}, expected at most {TOLERANCE:g}")
    return 0 if worst <= TOLERANCE and failures == 0 else 1


sys.exit(main())
