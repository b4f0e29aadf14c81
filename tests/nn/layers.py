"""Makes tests/data/nn_layers.json with PyTorch: first weights for a seed, values, gradients and statistics of layers.

    /usr/bin/python3 tests/nn/layers.py > tests/data/nn_layers.json     (Debian's python3-torch)

Weights are drawn in float32 after manual_seed(7) and converted; everything else is float64. Layers that draw do so
after manual_seed(11), before each call.
"""

import json
import math

import torch
from torch import nn

from torch.nn.utils import spectral_norm, weight_norm

INT = "int"


def values(shape, salt):
    """Numbers of both signs from a formula."""
    n = math.prod(shape)
    v = [1.2 * math.sin(1.7 * i + 0.9 * salt + 0.3) + 0.25 * math.cos(3.1 * i + salt) for i in range(n)]
    return torch.tensor(v, dtype=torch.float64).reshape(shape)


def indices(shape, below):
    return torch.tensor([(i * i + 3 * i) % below for i in range(math.prod(shape))]).reshape(shape)


IMAGE, LINE, VOLUME = [(2, 4, 5, 6)], [(2, 4, 9)], [(2, 2, 4, 5, 3)]

CASES = {
    "Linear": (lambda: nn.Linear(4, 3), [(2, 5, 4)]),
    "Linear without bias": (lambda: nn.Linear(4, 3, bias=False), [(2, 4)]),
    "Bilinear": (lambda: nn.Bilinear(3, 4, 2), [(5, 3), (5, 4)]),
    "Bilinear of sequences": (lambda: nn.Bilinear(3, 4, 2, bias=False), [(2, 5, 3), (2, 5, 4)]),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1), LINE),
    "Conv1d same": (lambda: nn.Conv1d(4, 2, 4, padding="same", dilation=2, groups=2, bias=False), LINE),
    "Conv1d circular": (lambda: nn.Conv1d(4, 2, 3, padding=2, padding_mode="circular"), LINE),
    "Conv2d": (lambda: nn.Conv2d(4, 6, 3), IMAGE),
    "Conv2d options": (lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2, False), IMAGE),
    "Conv2d same": (lambda: nn.Conv2d(4, 3, (2, 3), padding="same"), IMAGE),
    "Conv2d reflect": (lambda: nn.Conv2d(4, 3, 3, padding=(1, 2), padding_mode="reflect"), IMAGE),
    "Conv2d replicate": (lambda: nn.Conv2d(4, 3, 3, padding=1, padding_mode="replicate"), IMAGE),
    "Conv2d same circular": (lambda: nn.Conv2d(4, 3, (2, 4), padding="same", padding_mode="circular"), IMAGE),
    "Conv3d": (lambda: nn.Conv3d(2, 4, 2), VOLUME),
    "Conv3d options": (lambda: nn.Conv3d(2, 4, (3, 2, 1), (2, 1, 2), (2, 1, 0), (1, 2, 1), 2), VOLUME),
    "Conv3d same": (lambda: nn.Conv3d(2, 3, (2, 3, 1), padding="same", bias=False), VOLUME),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2), LINE),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 3, 4, 2, 1), IMAGE),
    "ConvTranspose2d options": (lambda: nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (0, 1), 2, False, (2, 1)), IMAGE),
    "MaxPool1d": (lambda: nn.MaxPool1d(3, 2, 1), LINE),
    "MaxPool1d dilated": (lambda: nn.MaxPool1d(2, dilation=3), LINE),
    "MaxPool2d": (lambda: nn.MaxPool2d((3, 2), (2, 1), 1), IMAGE),
    "MaxPool2d default stride": (lambda: nn.MaxPool2d(2), IMAGE),
    "AvgPool1d": (lambda: nn.AvgPool1d(3, 2, 1, count_include_pad=False), LINE),
    "AvgPool1d default stride": (lambda: nn.AvgPool1d(4), LINE),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), IMAGE),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(4), LINE),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((3, 4)), IMAGE),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d((3, 4)), IMAGE),
    "Upsample nearest": (lambda: nn.Upsample(scale_factor=2), IMAGE),
    "Upsample bilinear": (lambda: nn.Upsample(size=(7, 3), mode="bilinear", align_corners=True), IMAGE),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), IMAGE),
    "ZeroPad2d": (lambda: nn.ZeroPad2d((1, 2, 0, 3)), IMAGE),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d((1, 2, 3, 0)), IMAGE),
    "Embedding": (lambda: nn.Embedding(7, 3), [(INT, (2, 4), 7)]),
    "Embedding with padding": (lambda: nn.Embedding(7, 3, padding_idx=-3), [(INT, (2, 4), 7)]),
    "EmbeddingBag mean": (lambda: nn.EmbeddingBag(7, 3), [(INT, (2, 4), 7)]),
    "EmbeddingBag sum": (lambda: nn.EmbeddingBag(7, 3, mode="sum", padding_idx=4), [(INT, (2, 4), 7)]),
    "EmbeddingBag max": (lambda: nn.EmbeddingBag(7, 3, mode="max"), [(INT, (2, 4), 7)]),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), [(6, 4)]),
    "BatchNorm1d of lines": (lambda: nn.BatchNorm1d(4, eps=1e-3, momentum=None), LINE),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4, momentum=0.3), IMAGE),
    "BatchNorm2d plain": (lambda: nn.BatchNorm2d(4, affine=False, track_running_stats=False), IMAGE),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(4), LINE),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True, momentum=0.2), IMAGE),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), IMAGE),
    "LayerNorm": (lambda: nn.LayerNorm(6), IMAGE),
    "LayerNorm of two axes": (lambda: nn.LayerNorm((5, 6), eps=1e-3, elementwise_affine=False), IMAGE),
    "Dropout": (lambda: nn.Dropout(0.3), LINE),
    "Dropout1d": (lambda: nn.Dropout1d(0.3), LINE),
    "Dropout2d": (lambda: nn.Dropout2d(0.6), IMAGE),
    "AlphaDropout": (lambda: nn.AlphaDropout(0.3), LINE),
    "ReLU": (lambda: nn.ReLU(), LINE),
    "ReLU6": (lambda: nn.ReLU6(), LINE),
    "SELU": (lambda: nn.SELU(), LINE),
    "SiLU": (lambda: nn.SiLU(), LINE),
    "Mish": (lambda: nn.Mish(), LINE),
    "Sigmoid": (lambda: nn.Sigmoid(), LINE),
    "LogSigmoid": (lambda: nn.LogSigmoid(), LINE),
    "Tanh": (lambda: nn.Tanh(), LINE),
    "Tanhshrink": (lambda: nn.Tanhshrink(), LINE),
    "Softsign": (lambda: nn.Softsign(), LINE),
    "Hardswish": (lambda: nn.Hardswish(), LINE),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), LINE),
    "ELU": (lambda: nn.ELU(0.7), LINE),
    "CELU": (lambda: nn.CELU(0.5), LINE),
    "GELU": (lambda: nn.GELU(), LINE),
    "GELU by tanh": (lambda: nn.GELU("tanh"), LINE),
    "Softplus": (lambda: nn.Softplus(2.0), LINE),
    "Hardtanh": (lambda: nn.Hardtanh(-0.5, 0.7), LINE),
    "Hardshrink": (lambda: nn.Hardshrink(0.3), LINE),
    "Softshrink": (lambda: nn.Softshrink(0.3), LINE),
    "PReLU": (lambda: nn.PReLU(4), LINE),
    "Softmax": (lambda: nn.Softmax(1), LINE),
    "Softmin": (lambda: nn.Softmin(-1), LINE),
    "LogSoftmax": (lambda: nn.LogSoftmax(-1), LINE),
    "GLU": (lambda: nn.GLU(1), LINE),
    "Flatten": (lambda: nn.Flatten(), IMAGE),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 2)), LINE),
    "weight_norm of Linear": (lambda: weight_norm(nn.Linear(4, 3)), [(5, 4)]),
    "weight_norm of Conv2d": (lambda: weight_norm(nn.Conv2d(4, 3, 2), dim=1), IMAGE),
    "spectral_norm of Linear": (lambda: spectral_norm(nn.Linear(4, 3)), [(5, 4)]),
    "spectral_norm of Conv2d": (lambda: spectral_norm(nn.Conv2d(4, 3, 2), n_power_iterations=2), IMAGE),
}


def array(t):
    return {"shape": list(t.shape), "dtype": str(t.dtype)[6:], "data": t.detach().reshape(-1).tolist()}


def case(make, shapes):
    torch.manual_seed(7)
    layer = make()
    first = {k: array(v) for k, v in layer.state_dict().items()}
    layer.double()
    inputs = [
        indices(s[1], s[2]) if s[0] == INT else values(s, i).requires_grad_() for i, s in enumerate(shapes)
    ]
    torch.manual_seed(11)
    y = layer(*inputs)
    cotangent = values(y.shape, 5)
    y.backward(cotangent)
    names = dict(layer.named_parameters())
    result = {
        "first": first,
        "inputs": [array(x) for x in inputs],
        "output": array(y),
        "cotangent": array(cotangent),
        "input_gradients": [array(x.grad) for x in inputs if x.requires_grad],
        "gradients": {k: array(p.grad) for k, p in names.items()},
        "buffers": {k: array(b) for k, b in layer.named_buffers()},
    }
    layer.eval()
    result["evaluated"] = array(layer(*inputs))
    return result


print(json.dumps({name: case(*c) for name, c in CASES.items()}))
