"""Makes tests/data/sequence_layers.json: layers for sequences by PyTorch on a CPU.

    python3 tests/golden/sequence_layers.py > tests/data/sequence_layers.json

Sequences of four steps are packed, and padded to five with -1.5. A case has a layer's arguments, the names and shapes of its parameters and inputs, and its outputs and gradients
in float64. Numbers that go in are not stored: element i of the k-th tensor, parameters first, then inputs, then
the cotangents of the outputs, is ((7919 i + 104729 k + 13) mod 1009) / 1009 - 1 / 2. What is random has a seed.
"""

import json

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

RNNS = {"RNN", "LSTM", "GRU"}
CELLS = {"RNNCell", "LSTMCell", "GRUCell"}


def filled(k, shape):
    size = torch.Size(shape).numel()
    values = [((7919 * i + 104729 * k + 13) % 1009) / 1009 - 0.5 for i in range(size)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def numbers(tensor):
    return [float(f"{v:.15g}") for v in tensor.detach().reshape(-1).tolist()]


def make(layer, args):
    args = dict(args)
    if layer == "TransformerEncoder" or layer == "TransformerDecoder":
        count = args.pop("num_layers")
        inner = getattr(nn, layer + "Layer")(**args)
        return getattr(nn, layer)(inner, count, nn.LayerNorm(args["d_model"], dtype=args["dtype"]))
    return getattr(nn, layer)(**args)


def run(layer, model, x, options):
    """The outputs for the inputs x, a dictionary by name."""
    if layer in RNNS:
        state = None
        if "h" in x:
            state = (x["h"], x["c"]) if layer == "LSTM" else x["h"]
        if "lengths" in options:
            packed = pack_padded_sequence(x["x"], torch.tensor(options["lengths"]), model.batch_first, False)
            y, last = model(packed, state)
            steps = x["x"].size(1 if model.batch_first else 0)
            y, _ = pad_packed_sequence(y, model.batch_first, total_length=steps)
        else:
            y, last = model(x["x"], state)
        return [y, *last] if layer == "LSTM" else [y, last]
    if layer in CELLS:
        if layer == "LSTMCell":
            return list(model(x["x"], (x["h"], x["c"]) if "h" in x else None))
        return [model(x["x"], x.get("h"))]
    masks = {name: torch.tensor(m) for name, m in options.get("masks", {}).items()}
    if layer == "MultiheadAttention":
        query = x["query"]
        key = x.get("key", query)
        y, weights = model(query, key, x.get("value", key), **masks, need_weights=options.get("need_weights", False),
                           average_attn_weights=options.get("average_attn_weights", True))
        return [y] if weights is None else [y, weights]
    if layer == "TransformerEncoder" and "src_mask" in masks:
        masks["mask"] = masks.pop("src_mask")
    return [model(*x.values(), **masks)]


def case(layer, inputs, args, **options):
    model = make(layer, {**args, "dtype": torch.float64})
    model.train("seed" in options)
    parameters = list(model.named_parameters())
    k = 0
    with torch.no_grad():
        for _, p in parameters:
            p.copy_(filled(k, p.shape))
            k += 1
    x = {}
    for name, shape in inputs.items():
        x[name] = filled(k, shape).requires_grad_()
        k += 1
    if "seed" in options:
        torch.manual_seed(options["seed"])
    outputs = run(layer, model, x, options)
    sum((y * filled(k + i, y.shape)).sum() for i, y in enumerate(outputs)).backward()
    leaves = [p for _, p in parameters] + list(x.values())
    return {"layer": layer, "args": args, "options": options,
            "parameters": [[name, list(p.shape)] for name, p in parameters],
            "inputs": [[name, list(shape)] for name, shape in inputs.items()],
            "outputs": [[list(y.shape), numbers(y)] for y in outputs],
            "gradients": [numbers(leaf.grad) for leaf in leaves]}


def first_weights(layer, args):
    torch.manual_seed(42)
    model = make(layer, {**args, "dtype": torch.float32})
    return {"layer": layer, "args": args,
            "parameters": [[name, p.detach().reshape(-1).tolist()] for name, p in model.named_parameters()]}


def recurrent_cases():
    yield case("RNN", {"x": (3, 2, 2)}, {"input_size": 2, "hidden_size": 3})
    yield case("RNN", {"x": (4, 3, 2), "h": (4, 3, 2)},
               {"input_size": 2, "hidden_size": 2, "num_layers": 2, "nonlinearity": "relu", "bidirectional": True},
               lengths=[2, 4, 1])
    yield case("RNN", {"x": (3, 2)}, {"input_size": 2, "hidden_size": 2, "bias": False})
    yield case("LSTM", {"x": (2, 3, 2), "h": (4, 2, 3), "c": (4, 2, 3)},
               {"input_size": 2, "hidden_size": 3, "num_layers": 2, "batch_first": True, "bidirectional": True})
    yield case("LSTM", {"x": (3, 2, 2)}, {"input_size": 2, "hidden_size": 2, "bias": False}, lengths=[1, 3])
    yield case("LSTM", {"x": (4, 3, 2), "h": (4, 3, 2), "c": (4, 3, 3)},
               {"input_size": 2, "hidden_size": 3, "num_layers": 2, "bidirectional": True, "proj_size": 2},
               lengths=[4, 1, 3])
    yield case("LSTM", {"x": (3, 2)}, {"input_size": 2, "hidden_size": 3, "proj_size": 1})
    yield case("LSTM", {"x": (3, 2, 2)}, {"input_size": 2, "hidden_size": 3, "num_layers": 3, "dropout": 0.5}, seed=5)
    yield case("GRU", {"x": (2, 4, 2)},
               {"input_size": 2, "hidden_size": 2, "num_layers": 2, "batch_first": True, "bidirectional": True},
               lengths=[3, 4])
    yield case("GRU", {"x": (3, 2, 2), "h": (1, 2, 3)}, {"input_size": 2, "hidden_size": 3, "bias": False})
    for cell in sorted(CELLS):
        state = {"h": (2, 3), "c": (2, 3)} if cell == "LSTMCell" else {"h": (2, 3)}
        yield case(cell, {"x": (2, 2), **state}, {"input_size": 2, "hidden_size": 3})
        yield case(cell, {"x": (2,)}, {"input_size": 2, "hidden_size": 3, "bias": False})
    yield case("RNNCell", {"x": (2, 2)}, {"input_size": 2, "hidden_size": 3, "nonlinearity": "relu"})


def attention_cases():
    small = {"embed_dim": 4, "num_heads": 2}
    yield case("MultiheadAttention", {"query": (3, 2, 4)}, small, need_weights=True)
    yield case("MultiheadAttention", {"query": (3, 4)}, small, need_weights=True, average_attn_weights=False)
    yield case("MultiheadAttention", {"query": (2, 2, 4), "key": (3, 2, 4)}, {**small, "bias": False})
    yield case("MultiheadAttention", {"query": (2, 2, 4), "key": (2, 3, 3), "value": (2, 3, 5)},
               {**small, "kdim": 3, "vdim": 5, "batch_first": True}, need_weights=True, average_attn_weights=False,
               masks={"key_padding_mask": [[False, True, False], [False, False, True]],
                      "attn_mask": [[False, False, False], [True, False, False]]})
    yield case("MultiheadAttention", {"query": (3, 1, 4)}, small,
               masks={"attn_mask": [[[0.5 * i - 0.25 * j + h for j in range(3)] for i in range(3)] for h in range(2)],
                      "key_padding_mask": [[False, False, True]]})
    yield case("MultiheadAttention", {"query": (3, 2, 4)}, {**small, "dropout": 0.5}, need_weights=True, seed=3)
    yield case("MultiheadAttention", {"query": (3, 2, 4)}, {**small, "dropout": 0.5}, seed=4)


def transformer_cases():
    small = {"d_model": 4, "nhead": 2, "dim_feedforward": 3, "dropout": 0.0}
    causal = {"src_mask": [[False, True, True], [False, False, True], [False, False, False]]}
    padded = {"src_key_padding_mask": [[False, False, False], [False, False, True]]}
    yield case("TransformerEncoderLayer", {"src": (3, 2, 4)}, small, masks={**causal, **padded})
    yield case("TransformerEncoderLayer", {"src": (2, 3, 4)},
               {**small, "activation": "gelu", "norm_first": True, "batch_first": True, "layer_norm_eps": 0.1})
    yield case("TransformerEncoderLayer", {"src": (3, 2, 4)}, {**small, "dropout": 0.25}, seed=6)
    yield case("TransformerEncoder", {"src": (3, 2, 4)}, {**small, "num_layers": 2}, masks={**causal, **padded})
    target = {"tgt": (2, 2, 4), "memory": (3, 2, 4)}
    masks = {"tgt_mask": [[False, True], [False, False]],
             "memory_mask": [[False, False, True], [False, False, False]],
             "tgt_key_padding_mask": [[False, True], [False, False]],
             "memory_key_padding_mask": [[False, False, False], [False, True, False]]}
    yield case("TransformerDecoderLayer", target, small, masks=masks)
    yield case("TransformerDecoderLayer", target, {**small, "activation": "gelu", "norm_first": True})
    yield case("TransformerDecoderLayer", target, {**small, "dropout": 0.25}, seed=7)
    yield case("Transformer", {"src": (3, 2, 4), "tgt": (2, 2, 4)},
               {**small, "num_encoder_layers": 1, "num_decoder_layers": 1}, masks={**masks, **padded})
    yield case("TransformerDecoder", target, {**small, "num_layers": 2, "norm_first": True},
               masks={"tgt_mask": masks["tgt_mask"]})


def packed_cases():
    for lengths, batch_first, is_sorted in (([4, 2, 2], False, True), ([2, 4, 1, 4], True, False)):
        x = filled(0, (len(lengths), 4, 2) if batch_first else (4, len(lengths), 2))
        packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first, is_sorted)
        padded, _ = pad_packed_sequence(packed, batch_first, -1.5, 5)
        indices = [] if is_sorted else [packed.sorted_indices.tolist(), packed.unsorted_indices.tolist()]
        yield {"lengths": lengths, "batch_first": batch_first, "sorted": is_sorted, "indices": indices,
               "data": numbers(packed.data), "batch_sizes": packed.batch_sizes.tolist(), "padded": numbers(padded)}


def all_first_weights():
    both = {"input_size": 1, "hidden_size": 2, "num_layers": 2, "bidirectional": True}
    yield first_weights("RNN", both)
    yield first_weights("GRU", {**both, "bias": False})
    yield first_weights("LSTM", {**both, "proj_size": 1})
    for cell in sorted(CELLS):
        yield first_weights(cell, {"input_size": 1, "hidden_size": 2})
    yield first_weights("MultiheadAttention", {"embed_dim": 4, "num_heads": 2})
    yield first_weights("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "kdim": 1, "bias": False})
    small = {"d_model": 2, "nhead": 1, "dim_feedforward": 3}
    yield first_weights("TransformerEncoderLayer", small)
    yield first_weights("TransformerDecoderLayer", small)
    yield first_weights("TransformerEncoder", {**small, "num_layers": 2})
    yield first_weights("Transformer", {**small, "num_encoder_layers": 1, "num_decoder_layers": 2})


def main():
    cases = [*recurrent_cases(), *attention_cases(), *transformer_cases()]
    print(json.dumps({"torch": torch.__version__, "generator": "tests/golden/sequence_layers.py", "cases": cases,
                      "packed": list(packed_cases()), "first_weights": list(all_first_weights())}, separators=(",", ":")))


main()
