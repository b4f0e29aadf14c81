#!/usr/bin/env python3
"""Step times of data-parallel training that is not at hand: measured computation, modelled networks.

A step is a forward and a backward, of which `scaling profile` has measured when each parameter's gradient is ready.
Gradients travel in buckets, one after the other, as soon as all of a bucket are ready (overlap) or when backward is
over. A message of n bytes costs alpha + n beta (Hockney, 1994), and with p ranks an all_reduce of n bytes costs

    ring                 2 (p - 1) alpha + 2 (p - 1) / p n beta
    direct               2 (alpha + (p - 2) gap) + 2 (p - 1) / p n beta      what xgrad::parallel does
    tree                 2 log2(p) (alpha + n beta)                          reduce, then broadcast
    recursive doubling   log2(p) (alpha + n beta)

and each byte that is summed another gamma (Thakur et al., 2005, and Chan et al., 2007). gap is what a further message of the
same rank costs.

    simulate.py [--plot FILE] [--check] [--reduce NETWORK RANKS BYTES]
"""

import argparse
import json
import math
import os

MB = 2.0**20
GAMMA = 1 / 8e9  # seconds a byte: two numbers are read, one is written
BUCKET = 1 * MB

# seconds, seconds a byte, seconds. Shared memory as measured here; a TCP stack's latency for 10 Gb/s Ethernet, RDMA's
# for 100 Gb/s, and HDR InfiniBand's figures as the vendor and OSU's benchmarks state them, rounded.
NETWORKS = {
    "shared memory": (4e-6, 1 / 6e9, 2e-6),
    "1 Gb/s": (50e-6, 1 / 0.125e9, 5e-6),
    "10 Gb/s": (30e-6, 1 / 1.25e9, 2e-6),
    "100 Gb/s": (5e-6, 1 / 12.5e9, 1e-6),
    "InfiniBand HDR": (1.3e-6, 1 / 25e9, 0.3e-6),
}


def ring(p, n, alpha, beta, gap):
    return 2 * (p - 1) * alpha + 2 * (p - 1) / p * n * beta + (p - 1) / p * n * GAMMA


def direct(p, n, alpha, beta, gap):
    rounds = 0 if p == 1 else 2 * (alpha + (p - 2) * gap)
    return rounds + 2 * (p - 1) / p * n * beta + (p - 1) / p * n * GAMMA


def tree(p, n, alpha, beta, gap):
    return math.ceil(math.log2(p)) * (2 * (alpha + n * beta) + n * GAMMA)


def doubling(p, n, alpha, beta, gap):
    return math.ceil(math.log2(p)) * (alpha + n * beta + n * GAMMA)


ALGORITHMS = {"ring": ring, "direct": direct, "tree": tree, "recursive doubling": doubling}


def top_k(p, n, alpha, beta, gap, share=0.01):
    """All picks of all ranks, 16 bytes for each of 4."""
    picks = 16 * share * n / 4
    return 0 if p == 1 else alpha + (p - 2) * gap + (p - 1) * picks * (beta + GAMMA)


def buckets_of(profile):
    """[(seconds at which it is ready, bytes)], in the order in which they are filled."""
    buckets, held, at = [], 0, 0
    for ready, size in profile["ready"]:
        if held and held + size > BUCKET:
            buckets.append((at, held))
            held = 0
        held, at = held + size, ready / 1000
    return buckets + [(at, held)]


def step(profile, p, network, algorithm=direct, overlap=True, compression=None):
    """Seconds of a step on p ranks that each compute what the profile did."""
    alpha, beta, gap = network
    compute = profile["step_ms"] / 1000
    end = 0
    for ready, size in buckets_of(profile):
        if compression == "top_k":
            cost = top_k(p, size, alpha, beta, gap)
        else:
            cost = algorithm(p, size / 2 if compression == "16 bits" else size, alpha, beta, gap)
        end = max(end, ready if overlap else compute) + cost
    return max(compute, end)


def efficiency(profile, p, *arguments, **options):
    return profile["step_ms"] / 1000 / step(profile, p, *arguments, **options)


def table(profiles):
    ranks = [2, 8, 32, 128, 1024]
    for name, network in NETWORKS.items():
        if name == "shared memory":
            continue
        print(f"\n{name}: share of ideal speed, weak scaling\n")
        print("| | " + " | ".join(str(p) for p in ranks) + " |")
        print("|---|" + "---|" * len(ranks))
        for profile in profiles:
            rows = [(a, dict(algorithm=f)) for a, f in ALGORITHMS.items()]
            rows.append(("direct, no overlap", dict(overlap=False)))
            rows += [(f"direct, {c}", dict(compression=c)) for c in ("16 bits", "top_k")]
            for label, options in rows:
                numbers = " | ".join(f"{efficiency(profile, p, network, **options):.2f}" for p in ranks)
                print(f"| {profile['model']}, {label} | {numbers} |")


def strong(profiles):
    """One batch for all: the computation is divided, the gradients are not."""
    ranks = [1, 2, 4, 8, 16, 32, 64]
    print("\nstrong scaling, times as fast as one rank, direct\n")
    print("| | " + " | ".join(str(p) for p in ranks) + " |")
    print("|---|" + "---|" * len(ranks))
    for profile in profiles:
        for name in ("10 Gb/s", "100 Gb/s"):
            speeds = []
            for p in ranks:
                part = dict(profile, step_ms=profile["step_ms"] / p, ready=[[r / p, s] for r, s in profile["ready"]])
                speeds.append(profile["step_ms"] / 1000 / step(part, p, NETWORKS[name]))
            print(f"| {profile['model']}, {name} | " + " | ".join(f"{s:.1f}" for s in speeds) + " |")


def plot(profiles, path):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(profiles), figsize=(4 * len(profiles), 3.2), sharey=True)
    ranks = [2**k for k in range(11)]
    for axis, profile in zip(axes, profiles):
        for name, network in NETWORKS.items():
            if name != "shared memory":
                axis.plot(ranks, [efficiency(profile, p, network) for p in ranks], label=name)
        axis.set_xscale("log", base=2)
        axis.set_xlabel("ranks")
        axis.set_title(f"{profile['model']}, {profile['rows']} rows a rank")
    axes[0].set_ylabel("share of ideal speed")
    axes[-1].legend()
    figure.tight_layout()
    figure.savefig(path)


def check():
    assert direct(1, MB, 1, 1, 1) == ring(1, MB, 1, 1, 1) == tree(1, MB, 1, 1, 1) == 0
    assert math.isclose(ring(4, 100, 3, 2, 0), 6 * 3 + 1.5 * 100 * 2 + 0.75 * 100 * GAMMA)
    assert math.isclose(direct(4, 100, 3, 2, 1), 2 * (3 + 2) + 1.5 * 100 * 2 + 0.75 * 100 * GAMMA)
    assert math.isclose(tree(8, 100, 3, 2, 0), 3 * (2 * (3 + 200) + 100 * GAMMA))
    assert math.isclose(doubling(1024, 100, 3, 2, 0), 10 * (3 + 200 + 100 * GAMMA))
    # Two buckets of 1 MB, ready at 1 and 2 s of a step of 2 s, on a network of 1 s a megabyte.
    profile = dict(step_ms=2000, ready=[[1000, MB], [2000, MB]])
    network = (0, 1 / MB, 0)
    assert buckets_of(profile) == [(1, MB), (2, MB)]
    assert math.isclose(step(profile, 2, network), 3, rel_tol=1e-3)
    assert math.isclose(step(profile, 2, network, overlap=False), 4, rel_tol=1e-3)
    assert math.isclose(step(profile, 2, network, compression="16 bits"), 2.5, rel_tol=1e-3)
    assert step(profile, 1, network) == 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", help="write the weak scaling to this SVG file")
    parser.add_argument("--check", action="store_true", help="compare the model with numbers by hand")
    parser.add_argument("--reduce", nargs=3, metavar=("NETWORK", "RANKS", "BYTES"), help="one all_reduce, in us")
    options = parser.parse_args()
    check()
    if options.check:
        return
    if options.reduce:
        name, ranks, size = options.reduce
        print(f"{direct(int(ranks), int(size), *NETWORKS[name]) * 1e6:.0f} us")
        return
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "profiles.jsonl")) as file:
        profiles = [json.loads(line) for line in file]
    table(profiles)
    strong(profiles)
    if options.plot:
        plot(profiles, options.plot)


if __name__ == "__main__":
    main()
