#!/usr/bin/env python3
"""Compares what targets/*.json let `durward inspect` estimate with what runs here take, in cycles.

usage: bench/target_estimates.py BUNDLE... [--durward build/release/bin/durward] [--runs 100]

For each bundle and each instruction set of x86 that has a target and that this machine has: the
estimated cycles of one core, and the measured ones by `durward profile --isa`. An estimate is of a
core that nothing else disturbs, so the 10th percentile is compared with it.
"""

import argparse
import json
import pathlib
import subprocess

TARGETS = {"avx2": "x86-avx2", "avx512-vnni": "x86-vnni", "amx": "x86-amx"}


def durward(program, *arguments):
    """The JSON that it prints, or None where it refuses; 3 says that a model does not fit."""
    done = subprocess.run([program, *map(str, arguments), "--json"], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode in (0, 3) else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+", type=pathlib.Path)
    parser.add_argument("--durward", default="build/release/bin/durward")
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    print(f"{'bundle':36} {'isa':12} {'estimated M cycles':>20} {'measured, p10 (median, p90)':>30}")
    for bundle in options.bundles:
        for isa, target in TARGETS.items():
            profiled = durward(options.durward, "profile", bundle, "--isa", isa, "--runs", options.runs)
            if profiled is None:
                print(f"{bundle.stem:36} {isa:12} this machine does not have it")
                continue
            (profile,) = profiled["profiles"]
            low, high = durward(options.durward, "inspect", bundle, "--target", target)["estimates"][0]["cycles"]
            median, least, most = (profile["us"][key] * profile["clock_hz"] / 1e12 for key in ("median", "p10", "p90"))
            measured = f"{least:.2f} ({median:.2f}, {most:.2f})"
            inside = "" if low <= least * 1e6 <= high else "  outside"
            print(f"{bundle.stem:36} {isa:12} {low / 1e6:9.2f}..{high / 1e6:.2f} {measured:>30}{inside}")


if __name__ == "__main__":
    main()
