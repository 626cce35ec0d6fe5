#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Saves state dicts of PyTorch as safetensors and compares what mlp predicts by them.

usage: test_torch_import.py MLP
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy
    import torch
    from torch import nn
except ImportError:
    print("not run: PyTorch is not installed")
    sys.exit(77)

try:
    from safetensors.torch import save_file

    WRITER = "the package safetensors"
except ImportError:
    WRITER = "this test's own writer"
    TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64"}

    def save_file(tensors, path, metadata=None):
        header, data = {"__metadata__": metadata} if metadata else {}, b""
        for name, tensor in tensors.items():
            bits = bytes(tensor.contiguous().view(torch.uint8).flatten().tolist())
            header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape),
                            "data_offsets": [len(data), len(data) + len(bits)]}
            data += bits
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)


TOLERANCE = 1e-5
COUNT, INPUTS = 50, 20


class Net(nn.Module):
    """More than ten layers, so that their order by name is not that by number."""

    def __init__(self, activation):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(INPUTS, INPUTS, bias=i % 2 == 0) for i in range(11)])
        self.out = nn.Linear(INPUTS, 3)
        self.activation = activation

    def forward(self, x):
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.out(x)


CASES = [
    ("sequential", nn.Sequential(nn.Linear(INPUTS, 16), nn.ReLU(), nn.Linear(16, 3)), torch.float32, []),
    ("many", Net(nn.Tanh()), torch.float32, ["--activation", "tanh"]),
    ("half", Net(nn.GELU()), torch.float16, ["--activation", "gelu"]),
    ("bfloat", Net(nn.ReLU()), torch.bfloat16, []),
    ("double", Net(nn.ReLU()), torch.float64, []),
    ("mapped", Net(nn.ReLU()), torch.float32,
     ["--map", ",".join([f"layers.{i}" for i in range(11)] + ["out"])]),
]


def predict(mlp, folder, name, options):
    run = subprocess.run([mlp, "predict", folder / f"{name}.safetensors", "--data", folder / "X.npy",
                          "--loss", "mse", "--json", *options],
                         stdout=subprocess.PIPE, check=True, universal_newlines=True)
    return torch.tensor([json.loads(line)["values"] for line in run.stdout.splitlines()])


def main():
    worst = 0
    torch.manual_seed(1)
    x = torch.randn(COUNT, INPUTS)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        numpy.save(folder / "X.npy", x.numpy())
        numpy.save(folder / "y.npy", numpy.zeros((COUNT, 3), numpy.float32))
        for name, net, kind, options in CASES:
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter *= 2.4  # He's deviation: signals stay alive through ten layers
            tensors = {key: value.to(kind) for key, value in net.state_dict().items()}
            save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})
            net.load_state_dict(tensors)
            with torch.no_grad():
                expected = net(x)
            found = predict(sys.argv[1], folder, name, options)
            difference = ((found - expected).abs().max() / expected.abs().max()).item()
            print(f"{name}: difference {difference:.2g}")
            worst = max(worst, difference if difference == difference else 1)
    print(f"{len(CASES)} state dicts by {WRITER}, largest difference {worst:.2g}")
    return 0 if worst <= TOLERANCE else 1


sys.exit(main())
