#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes schedules.inc: learning rates of PyTorch's schedulers, for tests/test_schedule.c.

    python3 tests/vectors/make_schedules.py > tests/vectors/schedules.inc

A row is {name, schedule, warm-up steps, rate, steps an epoch, epochs, losses, rates}. Rates are
those of every step, losses those of every epoch.
"""

import warnings

import torch
from torch.optim import lr_scheduler


def optimizer(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rates_of(rate, steps, epochs, by_step=(), by_epoch=(), losses=None):
    """Rates of all steps under schedulers, given as functions of the optimizer."""
    sgd = optimizer(rate)
    by_step = [make(sgd) for make in by_step]
    by_epoch = [make(sgd) for make in by_epoch]
    rates = []
    for epoch in range(epochs):
        for step in range(steps):
            rates.append(sgd.param_groups[0]["lr"])
            sgd.step()
            if epoch * steps + step + 1 < epochs * steps:
                for scheduler in by_step:
                    scheduler.step()
        for scheduler in by_epoch:
            scheduler.step(*([losses[epoch]] if losses else []))
    return rates


def step_lr(every, factor):
    return lambda sgd: lr_scheduler.StepLR(sgd, every, factor)


def exponential(factor):
    return lambda sgd: lr_scheduler.ExponentialLR(sgd, factor)


def cosine(total, minimum):
    return lambda sgd: lr_scheduler.CosineAnnealingLR(sgd, total, eta_min=minimum)


def one_cycle(rate, total):
    return lambda sgd: lr_scheduler.OneCycleLR(
        sgd, rate, total_steps=total, pct_start=0.3, anneal_strategy="cos",
        cycle_momentum=False, div_factor=25, final_div_factor=1e4)


def plateau(patience, factor):
    # Ours counts the epochs until the rate drops, PyTorch's those that it lets pass.
    return lambda sgd: lr_scheduler.ReduceLROnPlateau(
        sgd, factor=factor, patience=patience - 1, threshold=0,
        threshold_mode="abs", eps=0)


def warm_up(steps):
    return lambda sgd: lr_scheduler.LinearLR(sgd, 1 / (steps + 1), 1, total_iters=steps)


LOSSES = [3.0, 2.0, 2.5, 2.25, 2.0, 1.5, 1.5, 1.75, 1.625, 1.0, 4.0, 0.5, 0.5, 0.5, 0.5, 0.5]


def rows():
    for every, factor in ((1, 0.5), (3, 0.1), (4, 0.97)):
        yield (f"step:{every}:{factor}", 0, 0.1, 3, 11, [],
               rates_of(0.1, 3, 11, by_epoch=[step_lr(every, factor)]))
    for factor in (1.0, 0.95, 0.3):
        yield (f"exponential:{factor}", 0, 0.02, 2, 25, [],
               rates_of(0.02, 2, 25, by_epoch=[exponential(factor)]))
    for steps, epochs, rate, floor in ((4, 10, 0.1, 0), (7, 9, 0.003, 0.125), (1, 1, 1.0, 0)):
        text = f"cosine:{floor}" if floor else "cosine"
        yield (text, 0, rate, steps, epochs, [],
               rates_of(rate, steps, epochs, by_step=[cosine(steps * epochs, floor * rate)]))
    for steps, epochs, rate in ((1, 1, 0.1), (2, 1, 0.1), (3, 1, 0.1), (4, 1, 0.1), (5, 4, 0.1),
                                (7, 13, 0.03)):
        yield ("one_cycle", 0, rate, steps, epochs, [],
               rates_of(rate, steps, epochs, by_step=[one_cycle(rate, steps * epochs)]))
    for patience, factor in ((1, 0.5), (2, 0.1), (3, 0.3)):
        yield (f"plateau:{patience}:{factor}", 0, 0.1, 1, len(LOSSES), LOSSES,
               rates_of(0.1, 1, len(LOSSES), by_epoch=[plateau(patience, factor)],
                        losses=LOSSES))
    yield ("constant", 5, 0.1, 3, 4, [], rates_of(0.1, 3, 4, by_step=[warm_up(5)]))
    yield ("step:1:0.5", 7, 0.1, 3, 5, [],
           rates_of(0.1, 3, 5, by_step=[warm_up(7)], by_epoch=[step_lr(1, 0.5)]))
    yield ("cosine", 6, 0.1, 4, 5, [],
           rates_of(0.1, 4, 5, by_step=[warm_up(6), cosine(20, 0)]))


def numbers(values):
    lines, line = [], "    "
    for value in values:
        text = f" {value!r},"
        if len(line) + len(text) > 98:
            lines.append(line)
            line = "    "
        line += text
    return "{" + "\n".join(lines + [line]).strip().rstrip(",") + "}"


def main():
    warnings.simplefilter("error")
    print("/* SPDX-License-Identifier: MIT */")
    print(f"/* Made by make_schedules.py with PyTorch {torch.__version__.split('a')[0]}. */")
    for text, warmup, rate, steps, epochs, losses, rates in rows():
        assert len(rates) == steps * epochs
        print(f'{{"{text}", {warmup}, {rate!r}, {steps}, {epochs},\n'
              f" {numbers(losses or [0.0])},\n {numbers(rates)}}},")


if __name__ == "__main__":
    main()
