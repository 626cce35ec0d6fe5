#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Imports what PyTorch exports as ONNX and compares predictions.

usage: test_torch_onnx.py ONNX_NETS
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import torch
    import torch.onnx
    from torch import nn
except ImportError:
    print("not run: PyTorch is not installed")
    sys.exit(77)

TOLERANCE = 2e-6
INPUTS, HIDDEN, OUTPUTS, COUNT = 12, 17, 3, 20

# What stands between two linear layers.
HIDDEN_MODULES = {
    "identity": [],
    "relu": [nn.ReLU()],
    "leaky_relu": [nn.LeakyReLU(0.01)],
    "sigmoid": [nn.Sigmoid()],
    "tanh": [nn.Tanh()],
    "elu": [nn.ELU()],
    "selu": [nn.SELU()],
    "hard_sigmoid": [nn.Hardsigmoid()],
    "softplus": [nn.Softplus()],
    "silu": [nn.SiLU()],
    "gelu": [nn.GELU()],
    "gelu_tanh": [nn.GELU(approximate="tanh")],
    "mish": [nn.Mish()],
    "softmax": [nn.Softmax(dim=1)],
    "batch": [nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Dropout(0.5)],
    "layer": [nn.LayerNorm(HIDDEN), nn.Tanh()],
}

# What follows the last one, and the loss that is told from it.
LAST = {
    "plain": ([], "mse"),
    "softmax": ([nn.Softmax(dim=1)], "cross_entropy"),
    "sigmoid": ([nn.Sigmoid()], "binary_cross_entropy"),
}


def network(name, last, flatten, bias):
    modules = [nn.Flatten()] if flatten else []
    modules += [nn.Linear(INPUTS, HIDDEN, bias=bias), *HIDDEN_MODULES[name]]
    modules += [nn.Linear(HIDDEN, OUTPUTS), *LAST[last][0]]
    net = nn.Sequential(*modules)
    for module in net:
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return net.eval()


def difference(nets, name, last, flatten, bias):
    net = network(name, last, flatten, bias)
    x = torch.rand(COUNT, 3, 2, 2) if flatten else torch.rand(COUNT, INPUTS)
    opset = 17 if name == "layer" else 13
    torch.onnx.export(net, x, "net.onnx", opset_version=opset,
                      input_names=["x"], dynamic_axes={"x": {0: "N"}} if bias else None)
    values = x.reshape(-1).tolist()
    pathlib.Path("net.in").write_bytes(struct.pack(f"<{len(values)}f", *values))
    result = subprocess.run([nets, "import", "net", str(COUNT)], check=False, text=True,
                            stdout=subprocess.PIPE)
    if result.returncode != 0:
        raise ValueError(result.stdout.strip())
    if result.stdout.strip() != LAST[last][1]:
        raise ValueError(f"loss {result.stdout.strip()}, expected {LAST[last][1]}")
    found = torch.frombuffer(bytearray(pathlib.Path("net.out").read_bytes()), dtype=torch.float32)
    with torch.no_grad():
        expected = net(x).reshape(-1)
    return (found - expected).abs().max().item() / max(1, expected.abs().max().item())


def main():
    failed = False
    largest, count = 0, 0
    nets = os.path.abspath(sys.argv[1])
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in HIDDEN_MODULES:
            for last in LAST:
                for flatten, bias in ((False, True), (True, True), (False, False)):
                    try:
                        value = difference(nets, name, last, flatten, bias)
                    except ValueError as error:
                        print(f"{name}, {last}, flatten {flatten}, bias {bias}: {error}")
                        failed = True
                        continue
                    largest, count = max(largest, value), count + 1
                    if not value <= TOLERANCE:
                        print(f"{name}, {last}: difference {value:.2g}, "
                              f"expected at most {TOLERANCE:g}")
                        failed = True
        os.chdir("/")
    print(f"{count} networks, largest difference {largest:.2g}")
    return 1 if failed else 0


sys.exit(main())
