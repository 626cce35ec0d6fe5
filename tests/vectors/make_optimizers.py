#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes optimizers.inc: trajectories of weights by PyTorch's and Keras's own
optimizers, for tests/test_trajectories.c.

    make_optimizers.py pytorch > torch.txt
    KERAS_BACKEND=numpy make_optimizers.py keras > keras.txt
    make_optimizers.py write torch.txt keras.txt > optimizers.inc

Three steps, so that the two libraries may be in different environments. `write`
also runs a transcription of the formulas with numpy and refuses trajectories that
differ from it.

The gradients are a fixed table, not a function of the weights, so that rounding
is not fed back. PyTorch computes in float64, which leaves the rounding of the
kernels alone to the test. Keras 3 has float32 only, except with TensorFlow, and its
betas are such that float32 holds them: 1 - beta2^t would lose five digits. The
weights stay below 1/16, which keeps a unit of their last place small.
"""
import math
import sys
import textwrap

import numpy as np

STEPS, WEIGHTS, EVERY = 100, 16, 10
EPSILON = 1e-4  # large enough that its place in the formula shows
DECAY = 0.5

# name: (library, learning rate, beta1, beta2)
OPTIMIZERS = {
    "sgd": ("PyTorch", 1e-4, 0.0, 0.0),
    "momentum": ("PyTorch", 2e-5, 0.9, 0.0),
    "nesterov": ("PyTorch", 2e-5, 0.9, 0.0),
    "rmsprop": ("PyTorch", 1e-4, 0.0, 0.99),
    "adagrad": ("PyTorch", 1e-3, 0.0, 0.0),
    "adam": ("Keras", 3e-4, 1 - 2**-3, 1 - 2**-10),
    "adam_pytorch": ("PyTorch", 3e-4, 0.9, 0.999),
    "adamw": ("PyTorch", 3e-4, 0.9, 0.999),
    "lion": ("Keras", 2e-4, 1 - 2**-3, 1 - 2**-7),
}
ACCURACY = {"PyTorch": 1e-11, "Keras": 2e-7}
DECAYING = ("adamw", "lion")


def splitmix64(state):
    mask = (1 << 64) - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


def problem():
    """Integers of the gradients, the scale of each weight's, the first weights."""
    numbers = splitmix64(20250607)
    # Half of it the same in every step, so that there is something to descend.
    slope = [next(numbers) % 2001 - 1000 for _ in range(WEIGHTS)]
    table = [[slope[i] + next(numbers) % 2001 - 1000 for i in range(WEIGHTS)]
             for _ in range(STEPS)]
    for t in range(STEPS):
        table[t][14] = 0  # never a gradient
        table[t][15] *= t == 3  # only one
    # Gradients from 2^-14, below epsilon, to 2; weights of both signs, one of them zero.
    scale = [2.0 ** (-10 - i % 14) for i in range(WEIGHTS)]
    start = [(next(numbers) % 2001 - 1000) * 2.0**-15 for _ in range(WEIGHTS)]
    start[1] = 0.0
    return table, scale, start


def gradients():
    table, scale, _ = problem()
    return np.array(table, dtype=np.float64) * np.array(scale, dtype=np.float64)


def torch_optimizer(torch, name, weights, rate, beta1, beta2):
    if name == "sgd":
        return torch.optim.SGD([weights], lr=rate)
    if name in ("momentum", "nesterov"):
        return torch.optim.SGD([weights], lr=rate, momentum=beta1, nesterov=name == "nesterov")
    if name == "rmsprop":
        return torch.optim.RMSprop([weights], lr=rate, alpha=beta2, eps=EPSILON)
    if name == "adagrad":
        return torch.optim.Adagrad([weights], lr=rate, eps=EPSILON)
    if name == "adam_pytorch":
        return torch.optim.Adam([weights], lr=rate, betas=(beta1, beta2), eps=EPSILON)
    return torch.optim.AdamW([weights], lr=rate, betas=(beta1, beta2), eps=EPSILON,
                             weight_decay=DECAY)


def by_torch(name, rate, beta1, beta2):
    import torch

    weights = torch.nn.Parameter(torch.tensor(problem()[2], dtype=torch.float64))
    optimizer = torch_optimizer(torch, name, weights, rate, beta1, beta2)
    for gradient in gradients():
        weights.grad = torch.tensor(gradient)
        optimizer.step()
        yield weights.detach().numpy().copy()


def by_keras(name, rate, beta1, beta2):
    import keras

    weights = keras.Variable(np.array(problem()[2]), dtype="float32")
    if name == "adam":
        optimizer = keras.optimizers.Adam(rate, beta_1=beta1, beta_2=beta2, epsilon=EPSILON)
    else:
        optimizer = keras.optimizers.Lion(rate, beta_1=beta1, beta_2=beta2, weight_decay=DECAY)
    optimizer.build([weights])
    for gradient in gradients():
        optimizer.apply([gradient.astype(np.float32)], [weights])
        yield np.array(keras.ops.convert_to_numpy(weights.value))


def by_formula(name, rate, beta1, beta2):
    """simd/kernels.h's formulas, without its rounding and flushing."""
    w, m, v = np.array(problem()[2]), np.zeros(WEIGHTS), np.zeros(WEIGHTS)
    for t, g in enumerate(gradients(), 1):
        if name in DECAYING:
            w = w * (1 - rate * DECAY)
        if name == "sgd":
            step = g
        elif name in ("momentum", "nesterov"):
            m = beta1 * m + g
            step = g + beta1 * m if name == "nesterov" else m
        elif name == "rmsprop":
            m += (1 - beta2) * (g * g - m)
            step = g / (np.sqrt(m) + EPSILON)
        elif name == "adagrad":
            m += g * g
            step = g / (np.sqrt(m) + EPSILON)
        elif name == "lion":
            u = m + (1 - beta1) * (g - m)
            # No sign may hang on rounding.
            assert np.all((m == 0) & (g == 0) | (np.abs(u) > 2**-20 * np.max(np.abs(m))))
            step = np.sign(u)
            m += (1 - beta2) * (g - m)
        else:
            m += (1 - beta1) * (g - m)
            v += (1 - beta2) * (g * g - v)
            corrected = math.sqrt(1 - beta2**t)
            beside = EPSILON if name == "adam" else EPSILON * corrected
            step = corrected / (1 - beta1**t) * m / (np.sqrt(v) + beside)
        w = w - rate * step
        yield w


def run(library):
    version = __import__("torch" if library == "PyTorch" else "keras").__version__
    for name, (by, rate, beta1, beta2) in OPTIMIZERS.items():
        if by != library:
            continue
        trajectory = list((by_torch if by == "PyTorch" else by_keras)(name, rate, beta1, beta2))
        for t in range(EVERY, STEPS + 1, EVERY):
            print(name, f"{library}-{version}", *(w.hex() for w in trajectory[t - 1].tolist()))


def read(paths):
    """{name: (source, [row of weights, ...])}"""
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, source, *weights = line.split()
                row = [float.fromhex(w) for w in weights]
                found.setdefault(name, (source.replace("-", " "), []))[1].append(row)
    return found


def check(name, rows):
    library, rate, beta1, beta2 = OPTIMIZERS[name]
    expected = np.array(list(by_formula(name, rate, beta1, beta2)))
    assert np.max(np.abs(expected)) < 1 / 16, (name, np.max(np.abs(expected)))
    error = np.max(np.abs(np.array(rows) - expected[EVERY - 1::EVERY]))
    assert error < ACCURACY[library], (name, error)


def lines_of(values, indent):
    """C initializers on lines of at most 98 columns."""
    return textwrap.wrap(", ".join(values), 98, initial_indent=" " * indent,
                         subsequent_indent=" " * indent)


def write(paths):
    found = read(paths)
    table, scale, start = problem()
    out = [
        "/* SPDX-License-Identifier: MIT */",
        "/* Made by make_optimizers.py: trajectories by the libraries that they name, PyTorch's\n * in float64, Keras's in float32. */",
        "",
        f"enum {{ STEPS = {STEPS}, WEIGHTS = {WEIGHTS}, EVERY = {EVERY} }};",
        "",
        f"static const double epsilon = {EPSILON}, weight_decay = {DECAY};",
        "",
        "/* The gradient of weight i in step t is gradient_table[t][i] * gradient_scale[i]. */",
        "static const float gradient_scale[WEIGHTS] = {",
        *lines_of([f"{s.hex().replace('0x1.0000000000000', '0x1.0')}f" for s in scale], 4),
        "};",
        "",
        "static const short gradient_table[STEPS][WEIGHTS] = {",
    ]
    for row in table:
        lines = lines_of([str(g) for g in row], 5)
        out += ["    {" + lines[0].strip(), *lines[1:]]
        out[-1] += "},"
    out += [
        "};",
        "",
        "static const double first_weights[WEIGHTS] = {",
        *lines_of([repr(w) for w in start], 4),
        "};",
        "",
        "/* The weights after every tenth step. */",
        "static const struct trajectory {",
        "    const char *optimizer, *source;",
        "    double rate, beta1, beta2;",
        "    double weights[STEPS / EVERY][WEIGHTS];",
        "} trajectories[] = {",
    ]
    for name, (_, rate, beta1, beta2) in OPTIMIZERS.items():
        source, rows = found[name]
        check(name, rows)
        out += [f'    {{"{name}", "{source}", {rate!r}, {beta1!r}, {beta2!r},', "     {"]
        for row in rows:
            lines = lines_of([f"{w:.10g}" for w in row], 10)
            out += ["         {" + lines[0].strip(), *lines[1:-1], lines[-1] + "},"]
        out += ["     }},"]
    out += ["};"]
    print("\n".join(out))


if __name__ == "__main__":
    if sys.argv[1:] in (["pytorch"], ["keras"]):
        run({"pytorch": "PyTorch", "keras": "Keras"}[sys.argv[1]])
    elif sys.argv[1:2] == ["write"]:
        write(sys.argv[2:])
    else:
        sys.exit(__doc__)
