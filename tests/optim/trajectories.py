#!/usr/bin/env python3
"""Writes tests/data/optimizers.json: where optimizers of PyTorch 1.13, or loops over a paper's formula in numpy,
lead a small network in 1,001 steps. The network and its weights are those of tests/data/optim_f64.json."""

import json
import math
import pathlib

import numpy as np
import torch

data = pathlib.Path(__file__).resolve().parent.parent / "data"
first = json.loads((data / "optim_f64.json").read_text())["init"]
shapes = {"0.weight": (3, 2), "0.bias": (3,), "2.weight": (1, 3), "2.bias": (1,)}
x = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
kept = [0, 1, 2, 9, 100, 500, 1000]
torch.set_default_dtype(torch.float64)  # the numbers that PyTorch remembers as tensors are of this dtype


def start():
    return [np.array(first[name]).reshape(shape) for name, shape in shapes.items()]


def flat(parameters):
    return [float(v) for p in parameters for v in np.asarray(p).reshape(-1)]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(p):
    """Those of the sum of the outputs, by the chain rule."""
    w0, b0, w1, b1 = p
    hidden = sigmoid(x @ w0.T + b0)
    out = sigmoid(hidden @ w1.T + b1)
    dz1 = out * (1 - out)
    dz0 = dz1 @ w1 * hidden * (1 - hidden)
    return [dz0.T @ x, dz0.sum(0), dz1.T @ hidden, dz1.sum(0)]


def by_torch(make):
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1), torch.nn.Sigmoid())
    with torch.no_grad():
        for p, value in zip(net.parameters(), start()):
            p.copy_(torch.tensor(value))
    optimizer = make(net.parameters())
    rows = []
    for i in range(1001):
        optimizer.zero_grad()
        net(torch.tensor(x)).sum().backward()
        optimizer.step()
        if i in kept:
            rows.append([i] + flat(p.detach().numpy() for p in net.parameters()))
    return rows


def by_formula(step, ends=lambda p, states: []):
    """step(p, g, state, t) gives the new value of one parameter; its state is a dictionary of its own."""
    p, states, rows = start(), [{} for _ in shapes], []
    for i in range(1001):
        p = [step(p[k], g, states[k], i + 1) for k, g in enumerate(gradients(p))]
        if i in kept:
            rows.append([i] + flat(p) + flat(ends(p, states)))
    return rows


def mean_of(state, name, share, value):
    state[name] = share * state.get(name, np.zeros_like(value)) + (1 - share) * value
    return state[name]


def lion(lr, beta1, beta2, decay):
    def step(p, g, state, t):
        m = state.get("m", np.zeros_like(p))
        state["m"] = beta2 * m + (1 - beta2) * g
        return p - lr * decay * p - lr * np.sign(beta1 * m + (1 - beta1) * g)

    return step


def adam_direction(g, state, t, beta1, beta2, eps):
    m = mean_of(state, "m", beta1, g) / (1 - beta1**t)
    v = mean_of(state, "v", beta2, g * g) / (1 - beta2**t)
    return m / (np.sqrt(v) + eps)


def lamb(lr, beta1, beta2, eps, decay):
    def step(p, g, state, t):
        d = adam_direction(g, state, t, beta1, beta2, eps) + decay * p
        length, of_d = math.sqrt((p * p).sum()), math.sqrt((d * d).sum())
        return p - lr * (length / of_d if length > 0 and of_d > 0 else 1) * d

    return step


def orthogonal(u, steps=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    z = u.T if u.shape[0] > u.shape[1] else u
    z = z / (np.sqrt((z * z).sum()) + 1e-7)
    for _ in range(steps):
        s = z @ z.T
        z = a * z + (b * s + c * s @ s) @ z
    return z.T if u.shape[0] > u.shape[1] else z


def muon(lr, momentum, nesterov, decay, others, beta1, beta2, eps):
    """`others` is the share of lr with which what is no matrix goes by AdamW."""

    def step(p, g, state, t):
        if p.ndim != 2:
            rate = lr * others
            return p - rate * decay * p - rate * adam_direction(g, state, t, beta1, beta2, eps)
        m = mean_of(state, "m", momentum, g)
        u = orthogonal((1 - momentum) * g + momentum * m if nesterov else m)
        return p - lr * decay * p - lr * math.sqrt(max(1, p.shape[0] / p.shape[1])) * u

    return step


def root_mean_square(z):
    return math.sqrt((z * z).mean())


def adafactor(lr, relative, scaled, beta1=0, power=-0.8, eps1=1e-30, eps2=1e-3, threshold=1.0, decay=0.0):
    def step(p, g, state, t):
        beta2 = 1 - t**power
        square = g * g + eps1
        if p.ndim == 2:
            rows = mean_of(state, "r", beta2, square.mean(1))
            columns = mean_of(state, "c", beta2, square.mean(0))
            v = np.outer(rows, columns) / rows.mean()
        else:
            v = mean_of(state, "v", beta2, square)
        u = g / np.sqrt(v)
        u = u / max(1, root_mean_square(u) / threshold)
        if beta1:
            u = mean_of(state, "m", beta1, u)
        rate = min(lr, 1 / math.sqrt(t)) if relative else lr
        if scaled:
            rate *= max(eps2, root_mean_square(p))
        return p - lr * decay * p - rate * u

    return step


def schedule_free(lr, beta1, beta2, eps, decay, warmup):
    """The parameter is y; z and x are in the state."""

    def step(y, g, state, t):
        z, average = state.get("z", y), state.get("x", y)
        v = mean_of(state, "v", beta2, g * g)
        rate = lr * math.sqrt(1 - beta2**t) * min(1, t / max(1, warmup))
        z = z - rate * g / (np.sqrt(v) + eps) - rate * decay * y
        state["sum"] = state.get("sum", 0) + rate**2
        c = rate**2 / state["sum"]
        state["z"], state["x"] = z, (1 - c) * average + c * z
        return (1 - beta1) * z + beta1 * state["x"]

    return step


def averages(p, states):
    return [s["x"] for s in states]


o = torch.optim
cases = {
    "SGD(0.1,m=.9,dampening=.1,wd=.1,maximize)": by_torch(
        lambda p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.1, maximize=True)),
    "Adam(0.01,wd=.1,amsgrad,maximize)": by_torch(
        lambda p: o.Adam(p, lr=0.01, weight_decay=0.1, amsgrad=True, maximize=True)),
    "RMSprop(0.001,wd=.001,m=.5,centered,maximize)": by_torch(
        lambda p: o.RMSprop(p, lr=0.001, weight_decay=0.001, momentum=0.5, centered=True, maximize=True)),
    "AdamW(0.01,wd=.1,amsgrad,maximize)": by_torch(
        lambda p: o.AdamW(p, lr=0.01, weight_decay=0.1, amsgrad=True, maximize=True)),
    "Adagrad(0.1,lr_decay=.01,wd=.01,initial=.1)": by_torch(
        lambda p: o.Adagrad(p, lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1)),
    "Adadelta()": by_torch(lambda p: o.Adadelta(p)),
    "Adadelta(0.5,rho=.8,wd=.01,maximize)": by_torch(
        lambda p: o.Adadelta(p, lr=0.5, rho=0.8, weight_decay=0.01, maximize=True)),
    "Adamax()": by_torch(lambda p: o.Adamax(p)),
    "Adamax(0.001,betas=.8 .9,wd=.001)": by_torch(lambda p: o.Adamax(p, lr=0.001, betas=(0.8, 0.9), weight_decay=0.001)),
    "NAdam()": by_torch(lambda p: o.NAdam(p, foreach=True)),
    "NAdam(0.01,wd=.01,decay=.01)": by_torch(
        lambda p: o.NAdam(p, lr=0.01, weight_decay=0.01, momentum_decay=0.01, foreach=True)),
    "RAdam()": by_torch(lambda p: o.RAdam(p)),
    "RAdam(0.01,betas=.8 .99,wd=.01)": by_torch(lambda p: o.RAdam(p, lr=0.01, betas=(0.8, 0.99), weight_decay=0.01)),
    "Rprop(0.001,max=.01)": by_torch(lambda p: o.Rprop(p, lr=0.001, step_sizes=(1e-6, 0.01))),
    "ASGD()": by_torch(lambda p: o.ASGD(p)),
    "ASGD(0.1,lambd=.01,t0=100,wd=.001)": by_torch(
        lambda p: o.ASGD(p, lr=0.1, lambd=0.01, t0=100, weight_decay=0.001)),
    "Lion(0.001,wd=.1)": by_formula(lion(0.001, 0.9, 0.99, 0.1)),
    "LAMB(0.001,wd=.1)": by_formula(lamb(0.001, 0.9, 0.999, 1e-6, 0.1)),
    "Muon(0.02)": by_formula(muon(0.02, 0.95, True, 0, 0.015, 0.9, 0.95, 1e-10)),
    "Muon(0.02,m=.9,plain,wd=.1)": by_formula(muon(0.02, 0.9, False, 0.1, 0.015, 0.9, 0.95, 1e-10)),
    "Adafactor()": by_formula(adafactor(0.01, True, True)),
    "Adafactor(0.05,beta1=.9,wd=.1)": by_formula(adafactor(0.05, True, True, beta1=0.9, decay=0.1)),
    "Adafactor(0.005,absolute)": by_formula(adafactor(0.005, False, False)),
    "ScheduleFreeAdamW(0.01,wd=.1,warmup=10), y then x": by_formula(
        schedule_free(0.01, 0.9, 0.999, 1e-8, 0.1, 10), averages),
}

def by_lbfgs(steps, parameters, loss, **options):
    """Rows of the step, the parameters after it and the number of losses so far."""
    optimizer = o.LBFGS(parameters, **options)

    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    rows = []
    for i in range(steps):
        optimizer.step(closure)
        rows.append([i] + flat(p.detach().numpy() for p in parameters) +
                    [optimizer.state[parameters[0]]["func_evals"]])
    return rows


def fit(steps, **options):
    """The sum of the squares of the network's deviations from 0.3, 0.6 and 0.8."""
    w0, b0, w1, b1 = p = [torch.tensor(value, requires_grad=True) for value in start()]
    target = torch.tensor([[0.3], [0.6], [0.8]])

    def loss():
        hidden = torch.sigmoid(torch.tensor(x) @ w0.T + b0)
        return ((torch.sigmoid(hidden @ w1.T + b1) - target) ** 2).sum()

    return by_lbfgs(steps, p, loss, **options)


def rosenbrock(steps, **options):
    p = torch.tensor([-1.2, 1.0], requires_grad=True)
    return by_lbfgs(steps, [p], lambda: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2, **options)


def waves(steps, **options):
    """A bowl with ripples, on which a line search has to go back and forth."""
    p = torch.tensor([3.0, -2.0, 1.1], requires_grad=True)
    return by_lbfgs(steps, [p], lambda: (p**2).sum() + 2 * torch.sin(4 * p).sum(), **options)


def valley(steps, **options):
    """The logarithm of a bowl: flat far out, where a line search goes further than it has to and comes back."""
    p = torch.tensor([0.0, 5.0], requires_grad=True)
    return by_lbfgs(steps, [p], lambda: torch.log((p - 30) ** 2 + 1).sum(), **options)


cases["LBFGS, network, strong_wolfe"] = fit(4, line_search_fn="strong_wolfe")
cases["LBFGS, network, lr=.2,max_iter=3,history=2"] = fit(4, lr=0.2, max_iter=3, history_size=2)
cases["LBFGS, Rosenbrock, strong_wolfe,max_iter=4"] = rosenbrock(10, max_iter=4, line_search_fn="strong_wolfe")
cases["LBFGS, Rosenbrock, strong_wolfe,lr=3,history=2"] = rosenbrock(
    3, lr=3, history_size=2, line_search_fn="strong_wolfe")
cases["LBFGS, Rosenbrock, strong_wolfe,lr=1e-4,max_iter=3"] = rosenbrock(
    4, lr=1e-4, max_iter=3, line_search_fn="strong_wolfe")
cases["LBFGS, waves, strong_wolfe,lr=7,max_iter=2"] = waves(5, lr=7, max_iter=2, line_search_fn="strong_wolfe")
cases["LBFGS, waves, strong_wolfe,lr=.01,max_iter=2"] = waves(5, lr=0.01, max_iter=2, line_search_fn="strong_wolfe")
cases["LBFGS, valley, strong_wolfe,lr=.3,max_iter=3"] = valley(3, lr=0.3, max_iter=3, line_search_fn="strong_wolfe")
cases["LBFGS, valley, strong_wolfe,lr=7,max_iter=2"] = valley(4, lr=7, max_iter=2, line_search_fn="strong_wolfe")

lines = ",\n".join("  %s: [\n%s]" % (json.dumps(name), ",\n".join("   " + json.dumps(row) for row in rows))
                   for name, rows in cases.items())
(data / "optimizers.json").write_text('{"cases": {\n%s\n}}\n' % lines)
