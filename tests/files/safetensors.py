"""Writes the reference files of tests/files in tests/data/files: safetensors by struct, json and NumPy alone.

    python3 tests/files/safetensors.py tests/data/files
"""

import json
import struct
import sys

import numpy as np


def header_of(entries, metadata=None):
    header = {} if metadata is None else {"__metadata__": metadata}
    offset = 0
    for name, dtype, shape, data in entries:
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    return header


def write(path, text, data, pad=8):
    text = text.encode("utf-8")
    text += b" " * (-len(text) % pad)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def compact(header):
    return json.dumps(header, ensure_ascii=False, separators=(",", ":"))


def array(name, dtype, values, numpy_type):
    values = np.array(values, numpy_type)
    return name, dtype, values.shape, values.tobytes()


def every_type():
    entries = []
    for bits in (64, 32, 16, 8):
        signed, unsigned = np.iinfo(f"i{bits // 8}"), np.iinfo(f"u{bits // 8}")
        entries.append(array(f"i{bits}", f"I{bits}", [signed.min, -1, 0, 1, signed.max], f"<i{bits // 8}"))
        top = unsigned.max if bits < 64 else 2**63 - 1
        entries.append(array(f"u{bits}", f"U{bits}", [0, 1, top // 2 + 1, top], f"<u{bits // 8}"))
    floats = [0.0, -0.0, 1.5, -2.0**-20, np.inf, -np.inf, np.nan]
    entries.append(array("f64", "F64", floats + [5e-324, 0.1], "<f8"))
    entries.append(array("f32", "F32", floats + [1e-45, 0.1], "<f4"))
    halves = np.array([0.0, -0.0, 1.5, 2.0**-24, 1023 * 2.0**-24, 2.0**-14, 65504, np.inf, -np.inf, np.nan], "<f2")
    entries.append(array("f16", "F16", halves, "<f2"))
    entries.append(array("f16 as f32", "F32", halves.astype("<f4"), "<f4"))
    upper = np.array([0.0, -0.0, 1.5, -2.0**-20, 2.0**100, np.inf, np.nan], "<f4").view("<u4") >> 16
    entries.append(array("bf16", "BF16", upper, "<u2"))
    entries.append(array("bf16 as f32", "F32", (upper << 16).astype("<u4").view("<f4"), "<f4"))
    entries.append(array("bool", "BOOL", [[True, False, True]], "?"))
    return entries


def shapes():
    ones = np.arange(2, dtype="<f4").reshape([1] * 31 + [2])
    return [
        array("scalar", "F64", 2.5, "<f8"),
        array("empty", "F32", np.zeros((0,)), "<f4"),
        array("empty rows", "F32", np.zeros((3, 0, 2)), "<f4"),
        array("matrix", "F32", [[1, 2, 3], [4, 5, 6]], "<f4"),
        array("32 axes", "F32", ones, "<f4"),
    ]


def data_of(entries):
    return b"".join(data for _, _, _, data in entries)


def main(folder):
    entries = every_type()
    write(f"{folder}/every_type.safetensors", compact(header_of(entries, {"format": "pt"})), data_of(entries))

    entries = shapes()
    write(f"{folder}/shapes.safetensors", compact(header_of(entries)), data_of(entries))

    # Blanks and new lines, fields in another order, a field that is not known, keys that are escaped, entries
    # in another order than their data, a length that is no multiple of 8, so that nothing is aligned.
    entries = [array("a/ü", "BOOL", [True], "?"), array("b", "F64", [0.1, 0.2], "<f8"), array("c", "I64", [7, -7], "<i8")]
    header = header_of(entries)
    turned = {name: {"extra": [{"deep": [1.5, None]}], **dict(reversed(header[name].items()))} for name in reversed(header)}
    turned["__metadata__"] = {"note": 'two\nlines, "quotes" and \U0001f600', "": ""}
    text = json.dumps(turned, indent=1)
    write(f"{folder}/unusual.safetensors", text + " " * (len(text) % 2 == 0), data_of(entries), pad=1)

    # What a writer that sorts by the size of elements and then by name makes of four tensors.
    entries = [
        array("n", "I64", [3, -4], "<i8"),
        array("z", "F64", [[0.5], [1e300]], "<f8"),
        array("a", "F32", [1.5, -2.5], "<f4"),
        array("ä", "F32", 3, "<f4"),
        array("mask", "BOOL", [True, False, True], "?"),
    ]
    metadata = {"epoch": "3", "xgrad.state:note": "text \"q\""}
    write(f"{folder}/written.safetensors", compact(header_of(entries, metadata)), data_of(entries))

    # What a trained layer of PyTorch's looks like, with a name before each.
    entries = [
        array("model.num_batches_tracked", "I64", 5, "<i8"),
        array("model.bias", "F32", [0.5, -0.5], "<f4"),
        array("model.weight", "F16", [[1, 2, 3], [4, 5, 6]], "<f2"),
    ]
    write(f"{folder}/layer.safetensors", compact(header_of(entries, {"format": "pt"})), data_of(entries))


main(sys.argv[1])
