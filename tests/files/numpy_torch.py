"""Makes the reference files of NumPy and PyTorch under tests/data/files, and the values in them:

    /usr/bin/python3 tests/files/numpy_torch.py        (Debian's NumPy 1.24 and PyTorch 1.13)

numpy_torch.json has for each file what it holds: name, dtype, shape and values of tensors, as xgrad is to read them,
and values alone. headers.json has headers of arrays and whether NumPy accepts them.
"""

import argparse
import io
import json
import math
import pathlib
import zipfile

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "files"
EXPECTED = {}


def number(v):
    if isinstance(v, float) and not math.isfinite(v):
        return "nan" if math.isnan(v) else "inf" if v > 0 else "-inf"
    return v


def described(array):
    """A tensor as xgrad has it: small integers widened, halves as float32."""
    array = np.asarray(array)
    kind = array.dtype.kind
    dtype = {"b": "bool", "i": "i64", "u": "i64"}.get(kind) or ("f64" if array.dtype.itemsize == 8 else "f32")
    return {"dtype": dtype, "shape": list(array.shape), "values": [number(v) for v in array.ravel().tolist()]}


def expect(file, items):
    EXPECTED[file] = [[name, value] for name, value in items]


# NumPy -----------------------------------------------------------------------------------------------------------

def sample(dtype):
    """Numbers at the ends of the type and between."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([[True, False, True], [False, False, True]])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        high = min(info.max, 2**63 - 1)
        return np.array([[0, 1, high], [info.min, high - 1, 77]]).astype(dtype)
    tiny = {2: 6e-8, 4: 1e-45, 8: 5e-324}[dtype.itemsize]
    with np.errstate(over="ignore"):
        return np.array([[0.1, -2.5, np.inf], [-np.inf, tiny, np.finfo(dtype).max]]).astype(dtype)


def numpy_files():
    arrays = {}
    for name in ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]:
        for order in "<>":
            a = sample(name).astype(order + name)
            arrays[f"{order}{name}/C"] = a
            arrays[f"{order}{name}/F"] = np.asfortranarray(a)
    np.savez(FOLDER / "dtypes.npz", **arrays)
    expect("dtypes.npz", [(k, described(v)) for k, v in arrays.items()])

    arrays = {
        "layers/0/weight": np.arange(-6, 6, dtype=np.float32).reshape(3, 4) / 8,
        "größe/重み": np.arange(3),
        "number": np.float64(2.5),
        "empty": np.zeros((0, 3), dtype=np.float32),
        "empty inside": np.zeros((2, 0, 3), dtype=np.int64, order="F"),
        "five axes": np.asfortranarray(np.arange(2 * 3 * 1 * 2 * 2, dtype=np.int16).reshape(2, 3, 1, 2, 2)),
        "../outside": np.array([True]),
        "many": np.tile(np.arange(5.0), 40),
    }
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "deflated.npz", **arrays)
    class Unseekable(io.RawIOBase):  # so that sizes follow the data
        def __init__(self, file):
            self.file = file
        def writable(self):
            return True
        def write(self, data):
            return self.file.write(data)
    with open(FOLDER / "streamed.npz", "wb") as file, zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as z:
        for name, array in arrays.items():
            with z.open(zipfile.ZipInfo(name + ".npy"), "w") as member:
                np.lib.format.write_array(member, array)
    for file in ["stored.npz", "deflated.npz", "streamed.npz"]:
        expect(file, [(k, described(v)) for k, v in arrays.items()])

    np.savez(FOLDER / "none.npz")
    expect("none.npz", [])
    np.save(FOLDER / "matrix.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    expect("matrix.npy", [("", described(np.arange(6, dtype=np.float32).reshape(2, 3)))])
    # Every half: what xgrad reads is compared by its bits.
    np.save(FOLDER / "halves.npy", np.arange(0x10000, dtype=np.uint16).view(np.float16)[::17])
    expect("halves.npy", [("", described(np.arange(0x10000, dtype=np.uint16).view(np.float16)[::17]))])


HEADERS = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    '{"descr": "<f4", "fortran_order": False, "shape": (2, 3)}',
    "{'shape': (2, 3), 'fortran_order': True, 'descr': '>f4'}",
    "  \t{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n\n   \n",
    "{\n'descr': '<f4',\n'fortran_order': False,\n'shape': (2,\n3,)}\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L)}",
    "{'descr': '=f4', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '|f4', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': 'f4', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '|b1', 'fortran_order': False, 'shape': (24,)}",
    "{'descr': '?', 'fortran_order': False, 'shape': (24,)}",
    "{'descr': '|i1', 'fortran_order': False, 'shape': (24,)}",
    "{'descr': '>u2', 'fortran_order': False, 'shape': (12,)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3, 1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,) }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': ()}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}",
    # refused
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
    "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'shape': (2, 3)}",
    "{'fortran_order': False, 'shape': (2, 3)}",
    "{}",
    "",
    "[]",
    "'descr'",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} 1",
    "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': None, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 6}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 'a')}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (02, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3)}",
    "{'descr': 'nonsense', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '<f3', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '<', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': 7, 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
    "{descr: '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': false, 'shape': (2, 3)}",
    "{'descr': open('/etc/passwd'), 'fortran_order': False, 'shape': (2, 3)}",
]


def headers():
    """What NumPy says to each header before 24 bytes of data, in each version of the format."""
    data = bytes([0, 0, 128, 63, 1, 2, 3, 64, 0, 0, 0, 0, 0, 0, 0, 192, 5, 6, 7, 65, 0, 1, 1, 1])
    rows = []
    blanks = [n - len(HEADERS[1]) for n in (10000, 10001)]  # the longest header that NumPy reads, and one more
    for text, more in [(text, 0) for text in HEADERS] + [(HEADERS[1], n) for n in blanks]:
        for version in (1, 2, 3):
            row = {"version": version, "header": text, "blanks": more}
            length = (len(text) + more).to_bytes(2 if version == 1 else 4, "little")
            file = b"\x93NUMPY" + bytes([version, 0]) + length + text.encode("latin1") + b" " * more
            try:
                array = np.load(io.BytesIO(file + data), allow_pickle=False)
            except Exception:
                rows.append(row)
                continue
            rows.append({**row, **described(array), "bytes": array.nbytes})
    return {"data": list(data), "rows": rows}


# PyTorch ---------------------------------------------------------------------------------------------------------

def flat(value, path=""):
    """Names and values as read_pt flattens them."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from flat(v, f"{path}.{k}" if path else str(k))
    elif isinstance(value, (list, tuple)):
        for k, v in enumerate(value):
            yield from flat(v, f"{path}.{k}" if path else str(k))
    elif isinstance(value, torch.Tensor):
        value = value.detach()
        yield path, described((value.float() if value.dtype == torch.bfloat16 else value).numpy())
    elif isinstance(value, float):
        yield path, {"number": number(value)}
    elif value is not None:
        yield path, value


def save(name, value):
    torch.save(value, FOLDER / name)
    expect(name, flat(value))


def torch_files():
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten(),
                                torch.nn.Linear(8, 3))
    adam = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.99))
    model(torch.randn(2, 1, 4, 4)).square().sum().backward()
    adam.step()
    save("model.pt", model.state_dict())
    save("checkpoint.pt", {"model": torch.nn.Linear(2, 1).state_dict(), "optimizer": adam.state_dict(), "epoch": 3,
                           "loss": 0.1, "best": float("inf"), "name": "größe", "done": False, "none": None,
                           "shape": (2, [3, {"deep": -1}]), "large": 2**40 + 1, "lowest": -2**63, 12: {"a": 70000}})
    save("parameters.pt", list(torch.nn.Linear(2, 2).parameters()))

    base = torch.arange(24.0).reshape(4, 6)
    tied = torch.arange(6.0)
    save("strided.pt", {"base": base, "transposed": base.t(), "rows": base[1:3], "columns": base[:, 2:5],
                        "every other": base[::2, ::3], "element": base[2, 3], "expanded": base[0].expand(3, 6),
                        "flat": base.view(-1)[5:9], "permuted": torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
                        "tied": tied, "tied too": tied, "empty": torch.zeros(0, 3), "one": torch.tensor([[True]]).t(),
                        "windows": torch.arange(5.0).unfold(0, 3, 1)})
    kinds = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
             torch.int8, torch.uint8, torch.bool]
    save("dtypes.pt", {str(k)[6:]: torch.tensor([[0.5, 1, 3], [100, 0, 2]]).to(k) for k in kinds})

    # What is refused.
    torch.save(model.state_dict(), FOLDER / "old_form.pt", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(1, 1), FOLDER / "module.pt")
    torch.save({"args": argparse.Namespace(lr=0.1)}, FOLDER / "namespace.pt")
    torch.save({"loss": np.float64(0.5)}, FOLDER / "numpy_number.pt")
    torch.save({"x": torch.ones(1, dtype=torch.complex64)}, FOLDER / "complex.pt")
    torch.save({"a": {"b": 1}, "a.b": 2}, FOLDER / "one_name.pt")
    torch.save(torch.ones(1), FOLDER / "tensor.pt")
    inner = []
    for _ in range(100):
        inner = [inner]
    torch.save({"deep": inner}, FOLDER / "deep.pt")
    bomb = [1] * 10
    for _ in range(20):
        bomb = [bomb] * 10
    torch.save({"bomb": bomb}, FOLDER / "laughs.pt")
    cycle = []
    cycle.append(cycle)
    torch.save({"cycle": cycle}, FOLDER / "cycle.pt")
    torch.save({"x": torch.zeros(1).expand(1 << 40)}, FOLDER / "expanded.pt")
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(FOLDER / "program.pt"))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    numpy_files()
    torch_files()
    (FOLDER / "numpy_torch.json").write_text(json.dumps(EXPECTED, ensure_ascii=False, separators=(",", ":")) + "\n")
    (FOLDER / "headers.json").write_text(json.dumps(headers(), separators=(",", ":")) + "\n")
