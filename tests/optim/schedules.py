"""Makes tests/data/schedules.json with PyTorch 1.13: python3 tests/optim/schedules.py > tests/data/schedules.json

Each case is what a schedule makes of an SGD with two groups, rates 0.1 and 0.02, momentum 0.9: the rates before any
step and after each, and where it changes them, the momenta.
"""

import json
import math

import torch
from torch.optim import SGD, Adam
from torch.optim import lr_scheduler as s
from torch.optim.swa_utils import SWALR

STEPS = 30


def optimizer(kind=SGD, **options):
    p, q = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    return kind([{"params": [p]}, {"params": [q], "lr": 0.02}], lr=0.1, **options)


def momentum_of(group):
    return group["betas"][0] if "betas" in group else group["momentum"]


def run(make, steps=STEPS, opt=None, step=None):
    opt = opt or optimizer(momentum=0.9)
    schedule = make(opt)
    rows = {"lr": [], "momentum": []}
    for i in range(steps + 1):
        rows["lr"].append([g["lr"] for g in opt.param_groups])
        rows["momentum"].append([momentum_of(g) for g in opt.param_groups])
        opt.step()
        if i < steps:
            step(schedule, i) if step else schedule.step()
    return rows


def sequential(parts, milestones):
    return lambda o: s.SequentialLR(o, [f(o) for f in parts], milestones)


def chained(parts):
    return lambda o: s.ChainedScheduler([f(o) for f in parts])


# Falls, rests, rises: enough for every branch of ReduceLROnPlateau; none is at a threshold exactly.
METRICS = [1 / (1 + i) + 0.3 * math.sin(i * i) for i in range(8)] + [0.31 + 0.002 * (i % 3) for i in range(22)]
METRICS += [0.02 * (20 - i) for i in range(10)] + [0.5] * 12
RISING = [1 - m for m in METRICS]


def plateau(metrics, **options):
    return run(lambda o: s.ReduceLROnPlateau(o, **options), steps=len(metrics),
               step=lambda schedule, i: schedule.step(metrics[i]))


CASES = {
    "StepLR": run(lambda o: s.StepLR(o, 4, gamma=0.3)),
    "MultiStepLR": run(lambda o: s.MultiStepLR(o, [0, 5, 11, 11, 20], gamma=0.7)),
    "ExponentialLR": run(lambda o: s.ExponentialLR(o, 0.93)),
    "ConstantLR": run(lambda o: s.ConstantLR(o)),
    "ConstantLR(.25, 7)": run(lambda o: s.ConstantLR(o, 0.25, 7)),
    "LinearLR": run(lambda o: s.LinearLR(o)),
    "LinearLR(.1, .6, 12)": run(lambda o: s.LinearLR(o, 0.1, 0.6, 12)),
    "LinearLR(1, 0, 9)": run(lambda o: s.LinearLR(o, 1, 0, 9)),
    "PolynomialLR": run(lambda o: s.PolynomialLR(o)),
    "PolynomialLR(21, 2.5)": run(lambda o: s.PolynomialLR(o, 21, 2.5)),
    "CosineAnnealingLR": run(lambda o: s.CosineAnnealingLR(o, 7, eta_min=0.001)),
    "CosineAnnealingLR(30)": run(lambda o: s.CosineAnnealingLR(o, 30)),
    "CosineAnnealingWarmRestarts": run(lambda o: s.CosineAnnealingWarmRestarts(o, 6, eta_min=0.002)),
    "CosineAnnealingWarmRestarts(3, 2)": run(lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2)),
    "LambdaLR": run(lambda o: s.LambdaLR(o, [lambda i: 0.95**i, lambda i: 1 / (1 + i)])),
    "MultiplicativeLR": run(lambda o: s.MultiplicativeLR(o, lambda i: 1 - 0.1 / (1 + i))),
    "OneCycleLR": run(lambda o: s.OneCycleLR(o, 0.5, total_steps=31)),
    "OneCycleLR(linear)": run(lambda o: s.OneCycleLR(
        o, [0.5, 0.2], epochs=4, steps_per_epoch=8, pct_start=0.4, anneal_strategy="linear", base_momentum=[0.8, 0.7],
        max_momentum=[0.9, 0.99], div_factor=10.0, final_div_factor=50.0)),
    "OneCycleLR(three_phase)": run(lambda o: s.OneCycleLR(o, 0.5, total_steps=31, pct_start=0.37, three_phase=True)),
    "OneCycleLR(Adam)": run(lambda o: s.OneCycleLR(o, 0.5, total_steps=31), opt=optimizer(Adam)),
    "OneCycleLR(pct_start=0)": run(lambda o: s.OneCycleLR(o, 0.5, total_steps=31, pct_start=0.0)),
    "OneCycleLR(pct_start=1)": run(lambda o: s.OneCycleLR(o, 0.5, total_steps=31, pct_start=1.0)),
    "CyclicLR(triangular)": run(lambda o: s.CyclicLR(o, 0.01, 0.1, step_size_up=4)),
    "CyclicLR(triangular2)": run(lambda o: s.CyclicLR(
        o, [0.01, 0.002], [0.1, 0.05], step_size_up=4, step_size_down=6, mode="triangular2", base_momentum=[0.7, 0.75],
        max_momentum=[0.9, 0.95])),
    "CyclicLR(exp_range)": run(lambda o: s.CyclicLR(o, 0.01, 0.1, step_size_up=5, mode="exp_range", gamma=0.97)),
    "CyclicLR(scale_fn of cycle)": run(lambda o: s.CyclicLR(o, 0.01, 0.1, step_size_up=3, scale_fn=lambda x: 1 / x)),
    "CyclicLR(scale_fn of iterations)": run(lambda o: s.CyclicLR(
        o, 0.01, 0.1, step_size_up=3, scale_fn=lambda x: 0.9**x, scale_mode="iterations", cycle_momentum=False)),
    "SWALR": run(lambda o: SWALR(o, 0.05)),
    "SWALR(linear)": run(lambda o: SWALR(o, [0.05, 0.03], anneal_epochs=7, anneal_strategy="linear")),
    "SWALR(0)": run(lambda o: SWALR(o, 0.05, anneal_epochs=0)),
    "Chained(Constant, Exponential)": run(chained([lambda o: s.ConstantLR(o, 0.1, 4), lambda o: s.ExponentialLR(o, 0.9)])),
    "Chained(Linear, Cosine, Step)": run(chained([
        lambda o: s.LinearLR(o, 0.2, 1, 6), lambda o: s.CosineAnnealingLR(o, 9, 0.001), lambda o: s.StepLR(o, 5, 0.8)])),
    "Chained(Lambda, Multiplicative, Polynomial)": run(chained([
        lambda o: s.LambdaLR(o, lambda i: 1 + i / 10), lambda o: s.MultiplicativeLR(o, lambda i: 0.9),
        lambda o: s.PolynomialLR(o, 25, 2)])),
    "Sequential(Constant, Exponential)": run(sequential([lambda o: s.ConstantLR(o, 0.1, 2), lambda o: s.ExponentialLR(o, 0.9)],
                                                        [5])),
    "Sequential(Linear, Cosine, Step)": run(sequential([
        lambda o: s.LinearLR(o, 0.1, 1, 6), lambda o: s.CosineAnnealingLR(o, 10, 0.001), lambda o: s.StepLR(o, 3, 0.5)],
        [6, 17])),
    "Sequential(Exponential, Linear, Polynomial)": run(sequential([
        lambda o: s.ExponentialLR(o, 0.5), lambda o: s.LinearLR(o, 0.5, 0.75, 4), lambda o: s.PolynomialLR(o, 6, 1.5)],
        [3, 12])),
    "Sequential(WarmRestarts, Multiplicative, Lambda, MultiStep)": run(sequential([
        lambda o: s.CosineAnnealingWarmRestarts(o, 2, 2), lambda o: s.MultiplicativeLR(o, lambda i: 0.9),
        lambda o: s.LambdaLR(o, lambda i: 0.8**i), lambda o: s.MultiStepLR(o, [0, 2, 4], 0.5)], [9, 13, 20])),
    "Sequential(Exponential, OneCycle)": run(sequential([
        lambda o: s.ExponentialLR(o, 0.9), lambda o: s.OneCycleLR(o, 0.5, total_steps=24)], [7])),
    "Sequential(Cyclic, Exponential)": run(sequential([
        lambda o: s.CyclicLR(o, 0.01, 0.1, step_size_up=3), lambda o: s.ExponentialLR(o, 0.9)], [8])),
    "Sequential(Linear, Cyclic, Exponential)": run(sequential([
        lambda o: s.LinearLR(o, 0.5, 1, 4), lambda o: s.CyclicLR(o, 0.01, 0.05, step_size_up=3),
        lambda o: s.ExponentialLR(o, 0.9)], [4, 10])),
    "Sequential(Exponential, SWALR)": run(sequential([
        lambda o: s.ExponentialLR(o, 0.9), lambda o: SWALR(o, 0.05, anneal_epochs=6)], [10])),
    "Sequential(SWALR, Exponential)": run(sequential([
        lambda o: SWALR(o, 0.05, anneal_epochs=6), lambda o: s.ExponentialLR(o, 0.9)], [10])),
    "Chained(Sequential, Exponential)": run(chained([
        sequential([lambda o: s.ConstantLR(o, 0.1, 2), lambda o: s.StepLR(o, 4, 0.5)], [6]),
        lambda o: s.ExponentialLR(o, 0.95)])),
    "Plateau": plateau(METRICS, factor=0.5, patience=3),
    "Plateau(abs, cooldown)": plateau(METRICS, factor=0.7, patience=1, threshold=0.05, threshold_mode="abs", cooldown=3),
    "Plateau(max, rel)": plateau(RISING, mode="max", factor=0.6, patience=2, threshold=0.01, cooldown=1),
    "Plateau(max, abs)": plateau(RISING, mode="max", factor=0.1, patience=0, threshold=0.01, threshold_mode="abs",
                                 min_lr=[0.001, 0.005], eps=1e-4),
    "Plateau(eps)": plateau([1.0] * 8, factor=0.5, patience=0, eps=0.02),
}

for rows in CASES.values():
    if all(m == rows["momentum"][0] for m in rows["momentum"]):
        del rows["momentum"]

print(json.dumps({"metrics": METRICS, "rising": RISING, "cases": CASES}, indent=None).replace('}, "', '},\n"'))
