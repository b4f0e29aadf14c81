#!/usr/bin/python3
"""Makes tests/data/nist_strd.json of the files of NIST's Statistical Reference Datasets for nonlinear regression:

    tests/optim/nist_strd.py FOLDER/*.dat > tests/data/nist_strd.json

The files are https://www.itl.nist.gov/div898/strd/nls/data/LINKS/DATA/*.dat, a work of the United States government
and in the public domain. Their heads say on which lines the starts, the certified values and the data stand.
"""

import json
import pathlib
import re
import sys


def lines_of(text, what):
    first, last = re.search(what + r"\s+\(lines\s+(\d+)\s+to\s+(\d+)\)", text).groups()
    return text.splitlines()[int(first) - 1 : int(last)]


def read(path):
    text = path.read_text(encoding="latin-1").replace("\r", "")
    numbers = re.compile(r"[-+]?\d*\.?\d+(?:[Ee][-+]?\d+)?")
    rows = [line.split("=")[1].split() for line in lines_of(text, "Starting Values") if "=" in line]
    columns = [[float(v) for v in column] for column in zip(*rows)]
    said = lambda name: float(re.search(name + r":\s+(\S+)", text).group(1))
    data = [[float(v) for v in line.split()] for line in lines_of(text, r"\n\s+Data") if line.strip()]
    assert len(data) == said("Number of Observations"), path
    return {
        "level": re.search(r"(Lower|Average|Higher) Level", text).group(1).lower(),
        "start1": columns[0],
        "start2": columns[1],
        "parameters": columns[2],
        "standard_errors": columns[3],
        "sum_of_squares": said("Residual Sum of Squares"),
        "standard_deviation": said("Residual Standard Deviation"),
        "y": [row[0] for row in data],
        "x": [list(column) for column in list(zip(*data))[1:]],
    }


def main():
    sets = {pathlib.Path(p).stem: read(pathlib.Path(p)) for p in sys.argv[1:]}
    lines = [f"  {json.dumps(name)}: {json.dumps(sets[name])}" for name in sorted(sets)]
    print("{\n" + ",\n".join(lines) + "\n}")


main()
