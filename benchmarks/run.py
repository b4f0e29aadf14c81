#!/usr/bin/python3
"""Runs the benchmarks of a build and prints one table; writes it as JSON and as a chart.

A time is the median over repetitions that take turns with those of all other contenders, and a ratio is between
medians of one run: CPU time on one thread, wall time on several. "Of the limit" is the share of a loop on registers
that does as many multiplications and additions as xgrad's products. With --peers, LibTorch is beside it, under glibc's
allocator and under jemalloc.
"""

import argparse
import datetime
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"

# label, program, work, contender, unit in us (or "op"), target: (against, number), or None; "" is the unit itself.
ROWS = [
    ("MLP 784-512-256-10, Adam, batch 64", "mlp", "mlp_64", "xgrad", ("ms", 1e3), ("by_hand", 1.15)),
    ("the same, batch 512", "mlp", "mlp_512", "xgrad", ("ms", 1e3), ("by_hand", 1.08)),
    *((f"the same MLP in evaluation, batch {n}", "inference", f"inference_{n}", "xgrad", ("us", 1), ("libtorch", 1.0))
      for n in (1, 8, 32)),
    ("MLP 2-4-1 on XOR, a step", "small_ops", "xor", "xgrad", ("us", 1), ("", 1.0)),
    ("chain of ops on 4x4, an op", "small_ops", "chain", "xgrad", ("ns/op", 999e-3), ("", 40)),
    ("sum(tanh(x w + b) sigmoid(x)), 2^20, by ops", "elementwise", "elementwise", "xgrad", ("ms", 1e3), ("", 3.0)),
    ("the same, fused", "elementwise", "elementwise", "fused", ("ms", 1e3), ("", 1.5)),
    ("LSTM, 2 layers, 50 steps", "recurrent", "lstm", "xgrad", ("ms", 1e3), ("", 20)),
    ("tanh RNN, 50 steps", "recurrent", "rnn", "xgrad", ("ms", 1e3), ("", 2.5)),
    ("logistic regression, 100,000 x 100, float64", "logistic", "logistic", "xgrad", ("ms", 1e3), ("", 5.0)),
    ("the same by logistic_loss", "logistic", "logistic", "fused", ("ms", 1e3), ("by_hand", 1.15)),
    ("LeNet, batch 64", "lenet", "lenet", "xgrad", ("ms", 1e3), ("libtorch", 1.0)),
    ("transformer encoder block", "transformer", "transformer", "xgrad", ("ms", 1e3), ("", 4.6)),
    ("attention, 4 heads of 64, length 1,024", "attention", "attention_1024", "xgrad", ("ms", 1e3), ("libtorch", 0.8)),
    ("the same, causal", "attention", "attention_1024_causal", "xgrad", ("ms", 1e3), ("libtorch", 0.8)),
    ("the same, length 2,048", "attention", "attention_2048", "xgrad", ("ms", 1e3), ("libtorch", 0.8)),
    ("the same, length 2,048, causal", "attention", "attention_2048_causal", "xgrad", ("ms", 1e3), ("libtorch", 0.8)),
    *((f"convolution {name.replace('_', ' ')}", "convolution", f"conv_{name}", "xgrad", ("ms", 1e3), ("libtorch", 1.0))
      for name in (
          "3x3_64_64_on_56",
          "3x3_256_256_on_14",
          "3x3_512_512_on_7",
          "3x3_16_16_on_32",
          "5x5_1_6_on_28",
          "5x5_6_16_on_14",
          "1x1_256_64_on_28",
          "depthwise_3x3_64_on_56",
          "groups_4_3x3_64_64_on_28",
          "3x3_stride_2_16_32_on_32",
          "3x3_stride_2_64_128_on_16",
          "4x4_stride_2_64_128_on_32",
          "7x7_stride_2_3_64_on_64",
          "11x11_stride_4_3_64_on_224",
          "3x3_dilation_2_32_32_on_28",
      )),
    *((label, "layers", work, "xgrad", ("ms", 1e3), ("libtorch", 0.8)) for label, work in (
        ("nn::LSTM, 2 layers, 50 steps", "lstm_layer"),
        ("nn::GRU, 2 layers, 50 steps", "gru_layer"),
        ("nn::TransformerEncoderLayer", "encoder_layer"),
        ("ResNet-18's blocks on 32x32, batch 32", "resnet_blocks"),
        ("CNN with batch norm on 28x28", "cnn"),
        ("Adam on 200 tensors", "adam_200"),
    )),
    ("Gaussian mixture, objective", "gradient_ratio", "mixture_objective", "xgrad", ("ms", 1e3), None),
    ("the same with its gradient", "gradient_ratio", "mixture_gradient", "xgrad", ("ms", 1e3), ("objective", 3.0)),
    ("elementwise LSTM of 49,984 ops, objective, an op", "gradient_ratio", "tiny_ops_objective", "xgrad",
     ("ns/op", 49.984), None),
    ("the same with its gradient, an op", "gradient_ratio", "tiny_ops_gradient", "xgrad", ("ns/op", 49.984), ("", 50)),
]
ATOMIC = {"chain": "the same with atomic counts", "xor": "the same with atomic counts"}


def run_program(path, arguments, environment, threads):
    """Medians in us, by work/contender, and the context of the run."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [str(path), f"--threads={threads}", f"--benchmark_out={out.name}", *arguments]
        done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(f"{shlex.join(command)} failed")
        report = json.load(open(out.name))
    key = "cpu_time" if threads == 1 else "real_time"
    times = {b["run_name"].split("/repeats")[0]: b[key]
             for b in report["benchmarks"] if b.get("aggregate_name") == "median"}
    return times, report["context"]


def run_all(build, kind, arguments, environment, threads):
    times, context = {}, {}
    for program in dict.fromkeys(row[1] for row in ROWS):
        print(f"running {program} {' '.join(f'{k}={v}' for k, v in environment.items())}", file=sys.stderr)
        found, context = run_program(build / f"{program}_{kind}", arguments, environment, threads)
        times |= found
    return times, context


def rows_of(times, atomic):
    """One dictionary for each line of the table."""
    rows = []
    for label, _, work, contender, (unit, scale), target in ROWS:
        runs = [(label, times, target)]
        if work in ATOMIC and atomic:
            runs.append((ATOMIC[work], atomic, None))
        for name, source, goal in runs:
            value = lambda who: source[f"{work}/{who}"] / scale if f"{work}/{who}" in source else None
            row = {"work": name, "unit": unit, "xgrad": value(contender), "by_hand": value("by_hand"),
                   "libtorch": value("libtorch"), "register_loop": value("register_loop"), "target": "",
                   "reached": None}
            if goal:
                against, number = goal
                if against == "":
                    row["target"], row["reached"] = f"{number:g} {unit}", row["xgrad"] <= number
                elif against == "objective":
                    ratio = row["xgrad"] / (source["mixture_objective/xgrad"] / scale)
                    row["target"], row["reached"] = f"{number:g} x objective (is {ratio:.2f})", ratio <= number
                elif row[against] is not None:
                    row["target"] = f"{number:g} x {against.replace('_', ' ')}"
                    row["reached"] = row["xgrad"] <= number * row[against]
            rows.append(row)
    return rows


def measured(command, repetitions=1):
    """Median seconds and largest MiB of a command's process."""
    seconds, memory = [], 0
    for _ in range(repetitions):
        start = datetime.datetime.now()
        pid = os.posix_spawnp(command[0], command, os.environ,
                              file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status, usage = os.wait4(pid, 0)
        seconds.append((datetime.datetime.now() - start).total_seconds())
        if status:
            sys.exit(f"{shlex.join(command)} failed")
        memory = max(memory, usage.ru_maxrss / 1024)
    return statistics.median(seconds), memory


def footprint(build, source, program):
    """What a user waits for: to compile a program that trains an MLP, to start it, and what it takes."""
    commands = json.load(open(build.parent / "compile_commands.json"))
    command = next(shlex.split(c["command"]) for c in commands
                   if c["file"].endswith(source))
    while Path(command[0]).name == "ccache":
        command = command[1:]
    command[command.index("-o") + 1] = os.devnull
    command = [part for part in command if part not in ("-O3", "-c", "-MD")] + ["-O2", "-c"]
    # The compiler proper is a child of its driver, so another process looks at the largest of its descendants.
    watch = ("import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
             "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
             "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024); sys.exit(code)")
    compiled = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", watch, *command], cwd=build.parent, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        compiled.append([float(x) for x in done.stdout.split()])
    path = build / program
    stripped = build / f"{program}.stripped"
    subprocess.run(["strip", "-o", stripped, path], check=True)
    w1 = ["20", "64", "784", "512", "256", "10"]
    deep = ["20", "64", *["256"] * 50, "10"]
    start, idle = measured([str(path)], 21)
    return {"to compile a training program, s": statistics.median(c[0] for c in compiled),
            "the compiler's peak memory, MiB": max(c[1] for c in compiled),
            "to start, ms": 1e3 * start,
            "the program's size, stripped, MiB": stripped.stat().st_size / 2**20,
            "peak memory, idle, MiB": idle,
            "peak memory, MLP 784-512-256-10 at batch 64, MiB": measured([str(path), *w1])[1],
            "peak memory, MLP of 50 layers of 256, MiB": measured([str(path), *deep])[1]}


FOOTPRINT_TARGETS = {"to compile a training program, s": 1.0, "to start, ms": 4.0,
                     "peak memory, MLP 784-512-256-10 at batch 64, MiB": 25.0}


def number(x):
    return "" if x is None else f"{x:.3g}" if abs(x) < 1000 else f"{x:.0f}"


def table(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines = [lines[0], ["-" * w for w in widths], *lines[1:]]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in lines)


def mark(reached):
    return "" if reached is None else "yes" if reached else "no"


def speed_table(rows, jemalloc, peers):
    head = ["work", "unit", "xgrad", "of the limit", "by hand", "ratio"]
    head += ["LibTorch", "ratio"] if peers else []
    head += ["jemalloc: xgrad", "LibTorch"] if jemalloc else []
    lines = [head + ["target", "reached"]]
    for index, row in enumerate(rows):
        ratio = lambda who: number(row["xgrad"] / row[who]) if row[who] else ""
        limit = row["register_loop"]
        share = f"{limit / row['xgrad']:.2f}" if limit else ""
        line = [row["work"], row["unit"], number(row["xgrad"]), share, number(row["by_hand"]), ratio("by_hand")]
        line += [number(row["libtorch"]), ratio("libtorch")] if peers else []
        if jemalloc:
            other = jemalloc[index]
            line += [number(other["xgrad"]), number(other["libtorch"])]
        lines.append(line + [row["target"], mark(row["reached"])])
    return table(lines)


def footprint_table(ours, theirs):
    lines = [["what a user waits for", "xgrad", *(["LibTorch"] if theirs else []), "target", "reached"]]
    for what, value in ours.items():
        goal = FOOTPRINT_TARGETS.get(what)
        lines.append([what, number(value), *([number(theirs[what])] if theirs else []),
                      f"{goal:g}" if goal else "", mark(value <= goal if goal else None)])
    return table(lines)


def chart(path, rows, title):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot

    contenders = [c for c in ("by_hand", "xgrad", "libtorch") if any(row[c] for row in rows)]
    colours = {"by_hand": "#999999", "xgrad": "#0072b2", "libtorch": "#e69f00"}  # Okabe and Ito
    figure, axes = pyplot.subplots(figsize=(9, 0.45 * len(rows) + 1.5))
    height = 0.8 / len(contenders)
    for k, who in enumerate(contenders):
        places = [i + k * height for i, row in enumerate(rows) if row[who]]
        values = [row[who] / (row["by_hand"] or row["xgrad"]) for row in rows if row[who]]
        axes.barh(places, values, height, color=colours[who], label=who.replace("_", " "))
    axes.set_yticks([i + 0.4 - height / 2 for i in range(len(rows))], [row["work"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("time, the loop written by hand = 1")
    axes.set_title(title, fontsize=9)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def cpu_name():
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{names[0].strip() if names else 'unknown'}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="the folder of the programs, such as build/release/benchmarks")
    parser.add_argument("--peers", action="store_true", help="with LibTorch, and under jemalloc too")
    parser.add_argument("--threads", type=int, default=1, help="for each contender (1)")
    parser.add_argument("--out", type=Path, help="where figures.json and figures.svg go (the build folder)")
    options, arguments = parser.parse_known_args()  # the rest is for Google Benchmark
    build = options.build.resolve()
    out = (options.out or build).resolve()

    kind = "peers" if options.peers else "bench"
    times, context = run_all(build, kind, arguments, {}, options.threads)
    atomic, _ = run_program(build / "small_ops_bench", ["--atomic-counts", *arguments], {}, options.threads)
    rows = rows_of(times, atomic)
    jemalloc = None
    if options.peers and Path(JEMALLOC).exists():
        jemalloc = rows_of(run_all(build, kind, arguments, {"LD_PRELOAD": JEMALLOC}, options.threads)[0], atomic)
    ours = footprint(build, "benchmarks/footprint/xgrad.cpp", "footprint")
    theirs = footprint(build, "benchmarks/peers/footprint.cpp", "footprint_libtorch") if options.peers else None

    title = (f"{datetime.date.today()}, {cpu_name()}, {options.threads} thread"
             f"{'s' if options.threads > 1 else ''}, OpenBLAS kernel {context['openblas']} "
             f"(OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE') or 'unset'})")
    print(context["built"].strip(), title, speed_table(rows, jemalloc, options.peers), footprint_table(ours, theirs), sep="\n\n")
    figures = {"title": title, "rows": rows, "jemalloc": jemalloc, "footprint": {"xgrad": ours, "libtorch": theirs},
               "microseconds": times}
    (out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    chart(out / "figures.svg", rows, title)
    print(f"\nwritten: {out}/figures.json, {out}/figures.svg")


if __name__ == "__main__":
    main()
