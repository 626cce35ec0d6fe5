#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models to and from PyTorch, ONNX Runtime and Keras: the same outputs, the same hits.

usage: test_interop.py MLP CONVERT_KERAS

Each part runs where its packages are installed; exit code 77 where none is.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
MLP, CONVERT_KERAS = map(os.path.abspath, sys.argv[1:3])
TOLERANCE = 1e-6
TRAIN, TEST, INPUTS, CLASSES = 2000, 1000, 20, 5

try:
    import numpy as np
except ImportError:
    print("not run: NumPy is not installed")
    sys.exit(77)


def make_data():
    """Classes that overlap, so that hits depend on the last digits of a model."""
    random = np.random.default_rng(1)
    x = random.normal(size=(TRAIN + TEST, INPUTS)).astype("f4")
    scores = x @ random.normal(size=(INPUTS, CLASSES)) + 2 * random.normal(size=(TRAIN + TEST, CLASSES))
    y = scores.argmax(1).astype("i8")
    for name, part in (("train", slice(TRAIN)), ("test", slice(TRAIN, None))):
        np.save(f"X_{name}.npy", x[part])
        np.save(f"y_{name}.npy", y[part])
    return x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:]


def mlp(*arguments):
    return subprocess.run([MLP, *map(str, arguments)], stdout=subprocess.PIPE, check=True,
                          universal_newlines=True).stdout


def trained_here():
    """A model of mlp, and what it predicts of the test data."""
    if not os.path.exists("ours.safetensors"):
        mlp("train", "--data", "X_train.npy", "--layers", f"{INPUTS}-32relu-16gelu-{CLASSES}",
            "--epochs", 5, "--save", "ours.safetensors")
    mlp("predict", "ours.safetensors", "--data", "X_test.npy", "--probabilities",
        "--output", "ours.npy")
    return np.load("ours.npy")


def hits_here(path, *options):
    return json.loads(mlp("eval", path, "--data", "X_test.npy", "--json", *options))["correct"]


class Failed(Exception):
    pass


def expect_close(what, found, expected):
    difference = float(np.abs(found - expected).max())
    print(f"{what}: largest difference {difference:.2g}")
    if not difference <= TOLERANCE or found.shape != expected.shape:
        raise Failed(f"{what}: expected at most {TOLERANCE:g}")


def expect_hits(what, found, expected):
    print(f"{what}: {found} of {TEST} right, {expected} there")
    if found != expected:
        raise Failed(what)


# --- PyTorch ------------------------------------------------------------------------------


def torch_net():
    from torch import nn

    return nn.Sequential(nn.Linear(INPUTS, 32), nn.ReLU(), nn.Linear(32, 16), nn.GELU(),
                         nn.Linear(16, CLASSES), nn.Identity())


def read_safetensors(path):
    """As the package safetensors does it, where that is not installed."""
    content = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    return {name: np.frombuffer(content[start:], "<f4", int(np.prod(of["shape"])),
                                of["data_offsets"][0]).reshape(of["shape"])
            for name, of in header.items() if name != "__metadata__"}


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, values in tensors.items():
        bits = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": values.shape,
                        "data_offsets": [len(data), len(data) + len(bits)]}
        data += bits
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + data)


def train_torch(x, y):
    import torch

    torch.manual_seed(1)
    net = torch_net()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(torch.tensor(x)), torch.tensor(y)).backward()
        optimizer.step()
    return net


def to_torch(data):
    import torch

    expected = trained_here()
    net = torch_net()
    try:
        from safetensors.torch import load_file

        state = load_file("ours.safetensors")
    except ImportError:
        state = {name: torch.tensor(v.copy()) for name, v in read_safetensors("ours.safetensors").items()}
    net.load_state_dict(state, strict=True)
    with torch.no_grad():
        found = torch.softmax(net(torch.tensor(data[2])), 1).numpy()
    expect_close("mlp's model in PyTorch", found, expected)


def from_torch(data):
    import torch

    net = train_torch(*data[:2])
    with torch.no_grad():
        hits = int((net(torch.tensor(data[2])).argmax(1) == torch.tensor(data[3])).sum())
    # The middle layers differ in their activation: a file without metadata has one for all.
    plain = torch.nn.Sequential(net[0], net[1], net[2], torch.nn.ReLU(), net[4])
    with torch.no_grad():
        plain_hits = int((plain(torch.tensor(data[2])).argmax(1) == torch.tensor(data[3])).sum())
    write_safetensors("torch.safetensors", {k: v.numpy() for k, v in plain.state_dict().items()})
    expect_hits("PyTorch's state dict in mlp", hits_here("torch.safetensors"), plain_hits)
    torch.onnx.export(net, torch.zeros(1, INPUTS), "torch.onnx", input_names=["x"],
                      dynamic_axes={"x": {0: "N"}})
    expect_hits("PyTorch's ONNX in mlp", hits_here("torch.onnx", "--loss", "cross_entropy"), hits)


# --- ONNX Runtime ---------------------------------------------------------------------------


def to_onnxruntime(data):
    import onnxruntime

    expected = trained_here()
    mlp("export", "ours.safetensors", "--onnx", "ours.onnx", "--softmax")
    session = onnxruntime.InferenceSession("ours.onnx", providers=["CPUExecutionProvider"])
    expect_close("mlp's model in ONNX Runtime", session.run(None, {"input": data[2]})[0], expected)


# --- Keras -----------------------------------------------------------------------------------


def keras_nets(x):
    """Layers that there are for them, in the orders that people use."""
    from keras import layers

    scaling = layers.Normalization()
    scaling.adapt(x)
    softmax = {"activation": "softmax"}
    yield "dense", [layers.Dense(32, activation="relu"), layers.Dropout(0.2),
                    layers.Dense(16, activation="gelu"), layers.Dense(CLASSES, **softmax)]
    yield "batch", [layers.Dense(32), layers.BatchNormalization(), layers.Activation("relu"),
                    layers.Dense(16, activation="tanh"), layers.BatchNormalization(scale=False),
                    layers.Dense(CLASSES, **softmax)]
    yield "scaled", [scaling, layers.Dense(32, use_bias=False), layers.LayerNormalization(epsilon=1e-5),
                     layers.LeakyReLU(negative_slope=0.01), layers.Dense(CLASSES, **softmax)]


def fit_keras(keras, layers, data):
    net = keras.Sequential([keras.Input((INPUTS,)), *layers])
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(data[0], data[1], epochs=3, verbose=0)
    return net, int((np.asarray(net.predict(data[2], verbose=0)).argmax(1) == data[3]).sum())


def chained(keras, layers):
    """The same layers as a functional model."""
    start = value = keras.Input((INPUTS,))
    for layer in layers:
        value = layer(value)
    return keras.Model(start, value)


def from_keras(data):
    import h5py  # noqa: F401: for the converter
    import keras

    keras.utils.set_random_seed(1)
    for name, layers in keras_nets(data[0]):
        net, hits = fit_keras(keras, layers, data)
        for kind, model in (("sequential", net), ("functional", chained(keras, layers))):
            for ending in ("keras", "h5"):
                model.save(f"{name}.{ending}")
                subprocess.run([sys.executable, CONVERT_KERAS, f"{name}.{ending}", "k.safetensors"],
                               check=True)
                expect_hits(f"Keras's {kind} {name}.{ending} in mlp", hits_here("k.safetensors"), hits)
    kernels = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(24, activation="tanh"),
                                keras.layers.Dense(CLASSES)])
    hits = int((np.asarray(kernels.predict(data[2], verbose=0)).argmax(1) == data[3]).sum())
    write_safetensors("kernels.safetensors", {
        f"{layer.name}/{part}": np.asarray(values) for layer in kernels.layers
        for part, values in (("kernel", layer.kernel), ("bias", layer.bias))})
    expect_hits("Keras's kernels in mlp",
                hits_here("kernels.safetensors", "--orientation", "in-out", "--activation", "tanh",
                          "--map", ",".join(layer.name for layer in kernels.layers)), hits)


def refused_keras(data):
    import keras

    net = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(),
                            keras.layers.Dense(2)])
    net.save("conv.keras")
    run = subprocess.run([sys.executable, CONVERT_KERAS, "conv.keras", "conv.safetensors"],
                         stderr=subprocess.PIPE, universal_newlines=True, check=False)
    print(run.stderr.strip())
    if run.returncode != 3 or "'conv2d' (Conv2D) is no layer that mlp has" not in run.stderr:
        raise Failed("a convolution is refused by name")
    if os.path.exists("conv.safetensors"):
        raise Failed("nothing is written then")


def main():
    run, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        data = make_data()
        for part in (to_torch, from_torch, to_onnxruntime, from_keras, refused_keras):
            try:
                part(data)
                run += 1
            except ImportError as reason:
                print(f"{part.__name__}: not run: {reason.name} is not installed")
            except (Failed, subprocess.CalledProcessError) as reason:
                print(f"{part.__name__}: FAILED: {reason}")
                failed += 1
        os.chdir("/")
    if failed:
        return 1
    return 0 if run else 77


sys.exit(main())
