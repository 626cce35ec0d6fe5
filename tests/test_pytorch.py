#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loads saved networks of every kind into torch.nn.Sequential and compares predictions.

usage: test_pytorch.py SAVE_NETS
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import torch
    from torch import nn
except ImportError:
    print("not run: PyTorch is not installed")
    sys.exit(77)

TOLERANCE = 1e-6


class Step(nn.Module):
    def forward(self, x):
        return (x >= 0).float()


ACTIVATIONS = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.01),
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "hard_sigmoid": nn.Hardsigmoid,
    "softplus": nn.Softplus,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "mish": nn.Mish,
    "step": Step,
    "softmax": lambda: nn.Softmax(dim=1),
}
NORMS = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}


def floats(data):
    return torch.tensor(struct.unpack(f"<{len(data) // 4}f", data))


def read_safetensors(path):
    """Metadata and tensors, without the package safetensors."""
    content = path.read_bytes()
    start = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:start])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        tensors[name] = floats(content[start + begin : start + end]).reshape(tensor["shape"])
    return metadata, tensors


def sequential(metadata):
    widths = [int(width) for width in metadata["mlp.widths"].split(",")]
    count = len(widths) - 1
    activations = metadata["mlp.activations"].split(",")
    norms = metadata.get("mlp.norms", ",".join(["none"] * count)).split(",")
    dropouts = metadata.get("mlp.dropout", ",".join(["0"] * count)).split(",")
    modules = []
    for i in range(count):
        modules.append(nn.Linear(widths[i], widths[i + 1]))
        if norms[i] != "none":
            modules.append(NORMS[norms[i]](widths[i + 1]))
        modules.append(ACTIVATIONS[activations[i]]())
        if float(dropouts[i]) > 0:
            modules.append(nn.Dropout(float(dropouts[i])))
    return nn.Sequential(*modules)


def scaling(metadata, key):
    return floats(bytes.fromhex("".join(word[6:8] + word[4:6] + word[2:4] + word[0:2]
                                        for word in metadata[key].split(","))))


def predict(metadata, net, x):
    if "mlp.input_mean" in metadata:
        x = (x - scaling(metadata, "mlp.input_mean")) * scaling(metadata, "mlp.input_factor")
    with torch.no_grad():
        z = net(x)
    if metadata["mlp.loss"] == "cross_entropy":
        z = torch.softmax(z, dim=1)
    if "mlp.target_mean" in metadata:
        z = z * scaling(metadata, "mlp.target_scale") + scaling(metadata, "mlp.target_mean")
    return z


def difference(path):
    """Largest difference of the predictions, relative to the largest one above 1."""
    metadata, tensors = read_safetensors(path)
    net = sequential(metadata)
    net.load_state_dict(tensors, strict=True)
    net.eval()
    inputs = net[0].in_features
    x = floats(path.with_suffix(".in").read_bytes()).reshape(-1, inputs)
    expected = floats(path.with_suffix(".out").read_bytes()).reshape(len(x), -1)
    found = predict(metadata, net, x)
    return (found - expected).abs().max().item() / max(1, expected.abs().max().item())


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        paths = sorted(pathlib.Path(folder).glob("*.safetensors"))
        differences = {path.stem: difference(path) for path in paths}
    kinds = len(ACTIVATIONS) * (1 + len(NORMS)) * 2 - 2  # no batch norm before a softmax
    bad = {name: value for name, value in differences.items() if not value <= TOLERANCE}
    print(f"{len(differences)} networks, largest difference {max(differences.values()):.2g}")
    for name, value in bad.items():
        print(f"{name}: difference {value:.2g}, expected at most {TOLERANCE:g}")
    if len(differences) != kinds:
        print(f"expected {kinds} networks")
    return 1 if bad or len(differences) != kinds else 0


sys.exit(main())
