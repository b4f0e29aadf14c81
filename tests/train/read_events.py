"""Prints the events of a TensorBoard file, read by struct alone: read_events.py FILE.

A line for each value: step, tag and the number, or of a histogram its min, max, num, sum and counts. Fails where a
checksum is wrong. For tests/train/events.cpp.
"""

import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def unmasked(masked):
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    return ((rotated << 15) | (rotated >> 17)) & 0xFFFFFFFF


def fields(data):
    """The fields of a protobuf message: number and value, bytes of what has a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        elif kind == 2:
            size = varint()
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {kind}")
        yield key >> 3, value


def records(data):
    at = 0
    while at < len(data):
        size, of_size = struct.unpack_from("<QI", data, at)
        assert crc32c(data[at:at + 8]) == unmasked(of_size), "checksum of a length"
        body = data[at + 12:at + 12 + size]
        (of_body,) = struct.unpack_from("<I", data, at + 12 + size)
        assert crc32c(body) == unmasked(of_body), "checksum of an event"
        yield body
        at += 16 + size


def doubles(data):
    return list(struct.unpack(f"<{len(data) // 8}d", data))


for body in records(open(sys.argv[1], "rb").read()):
    event = dict(fields(body))
    assert event[1] > 1.6e9, "a time of this century"
    if 3 in event:
        print("version", event[3].decode())
    for number, value in fields(event.get(5, b"")):
        assert number == 1
        scalar = dict(fields(value))
        tag = scalar[1].decode()
        if 2 in scalar:
            print(event[2], tag, f"{scalar[2]:.6g}")
        else:
            h = dict(fields(scalar[5]))
            assert len(doubles(h[6])) == len(doubles(h[7]))
            assert doubles(h[6])[-1] == h[2]
            print(event[2], tag, f"{h[1]:.6g} {h[2]:.6g} {h[3]:.6g} {h[4]:.6g} {h[5]:.6g} {sum(doubles(h[7])):.6g}")
