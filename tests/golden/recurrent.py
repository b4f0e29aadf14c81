"""Makes tests/data/recurrent.json with PyTorch: rnn, gru and lstm over sequences, in both directions, with and
without lengths, their gradients, and the gradient of a weighted sum of the gradients.

    /usr/bin/python3 tests/golden/recurrent.py > tests/data/recurrent.json     (Debian's python3-torch)
"""

import json
import math

import torch

STEPS, BATCH, IN, HIDDEN = 4, 3, 2, 3
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def values(shape, salt, dtype):
    """Numbers of both signs from a formula, so that the data need no generator."""
    n = math.prod(shape)
    v = [1.2 * math.sin(1.7 * i + 0.9 * salt + 0.3) + 0.25 * math.cos(3.1 * i + salt) for i in range(n)]
    return torch.tensor(v, dtype=torch.float64).to(dtype).reshape(shape)


def weights_of(shape):
    """The weights of the second gradients, as the program golden has them."""
    n = math.prod(shape)
    return torch.tensor([0.5 + 0.5 * math.cos(0.7 * i + 5.7) for i in range(n)], dtype=torch.float64).reshape(shape)


def layer(kind, inputs, biased, activation, reverse, lengths):
    """[outputs, h] and c of an LSTM: one direction of PyTorch's layer of both."""
    states = 2 if kind == "lstm" else 1
    x, state, parameters = inputs[0], inputs[1 : 1 + states], inputs[1 + states :]
    nothing = [torch.zeros_like(p) for p in parameters]
    weights = nothing + list(parameters) if reverse else list(parameters) + nothing
    start = [torch.stack([torch.zeros_like(s), s] if reverse else [s, torch.zeros_like(s)]) for s in state]
    run = {"lstm": torch.lstm, "gru": torch.gru}.get(kind, torch.rnn_relu if activation == "relu" else torch.rnn_tanh)
    hx = start if kind == "lstm" else start[0]
    if lengths is None:
        outputs, *last = run(x, hx, weights, biased, 1, 0.0, True, True, False)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        start = [s.index_select(1, packed.sorted_indices) for s in start]
        hx = start if kind == "lstm" else start[0]
        data, *last = run(packed.data, packed.batch_sizes, hx, weights, biased, 1, 0.0, True, True)
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(packed._replace(data=data), total_length=STEPS)
        last = [s.index_select(1, packed.unsorted_indices) for s in last]
    half = slice(HIDDEN, None) if reverse else slice(0, HIDDEN)
    return [outputs[..., half], *(s[int(reverse)] for s in last)]


def array(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist(), "dtype": str(t.dtype)[6:]}


def case(kind, dtype, biased=True, activation="tanh", reverse=False, lengths=None):
    rows = GATES[kind] * HIDDEN
    shapes = [(STEPS, BATCH, IN)] + [(BATCH, HIDDEN)] * (2 if kind == "lstm" else 1)
    shapes += [(rows, IN), (rows, HIDDEN)] + ([(rows,), (rows,)] if biased else [])
    inputs = [values(s, i, dtype).requires_grad_() for i, s in enumerate(shapes)]
    outputs = layer(kind, inputs, biased, activation, reverse, lengths)
    cotangents = [values(y.shape, 20 + k, dtype) for k, y in enumerate(outputs)]
    single = dtype == torch.float32
    grads = torch.autograd.grad(outputs, inputs, cotangents, create_graph=not single)
    result = {"name": kind, "attrs": {}, "inputs": [array(t) for t in inputs]}
    if kind == "rnn":
        result["attrs"]["activation"] = activation
    if reverse:
        result["attrs"]["reverse"] = True
    if lengths is not None:
        result["attrs"]["lengths"] = lengths
    result["outputs"] = [array(y) for y in outputs]
    result["cotangents"] = [array(g) for g in cotangents]
    result["grads"] = [array(g) for g in grads]
    if single:
        return result | {"rtol": 2e-5, "atol": 2e-6}
    total = sum((g * weights_of(g.shape)).sum() for g in grads)
    return result | {"second": [array(g) for g in torch.autograd.grad(total, inputs)]}


def main():
    torch.set_num_threads(1)
    cases = []
    for kind in GATES:
        for reverse in (False, True):
            for lengths in (None, [2, 4, 1]):
                cases.append(case(kind, torch.float64, reverse=reverse, lengths=lengths))
                cases.append(case(kind, torch.float32, reverse=reverse, lengths=lengths))
        cases.append(case(kind, torch.float64, biased=False))
    cases.append(case("rnn", torch.float64, activation="relu"))
    print(json.dumps({"torch": torch.__version__, "generator": "tests/golden/recurrent.py", "cases": cases}))


main()
