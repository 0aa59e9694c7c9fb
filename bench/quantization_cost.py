#!/usr/bin/env python3
"""Time and memory from aligned crops to one INT8 file: `durward compress` and the peers, in turn.

    python3 bench/quantization_cost.py MODEL.onnx CROPS --preset NAME --peers-python V/bin/python [--rounds 3]

CROPS is a folder of aligned face crops of the model's size; V a virtual environment with bench/peers/requirements.txt.
Every command is a process of its own, run on --cpus (two by default) once a round, in an order that moves on from round
to round. Prints a Markdown table: median and range of the seconds from start to exit, of the processor seconds, and
the largest peak of resident memory. The seconds of Python peers are given twice: of the whole process, and without
imports, as the script itself measures them.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"


def commands(arguments, folder):
    """Name -> command line."""
    found = {}
    for export in arguments.exports:
        found[f"durward, {export}"] = [
            arguments.durward, "compress", arguments.model, "--calibrate", arguments.crops, "--aligned", "--preset",
            arguments.preset, "--calibration-images", str(arguments.images), "--threads", str(len(arguments.cpus)),
            "--exports", export, "--no-check", "--no-bench", "--out", str(folder / export)]
    if arguments.peers_python:
        shared = [arguments.model, arguments.crops]
        options = ["--preset", arguments.preset, "--images", str(arguments.images)]
        found["NNCF"] = [arguments.peers_python, str(PEERS / "nncf_ptq.py"), *shared, str(folder / "nncf.xml"), *options]
        found["ONNX Runtime, min-max"] = [
            arguments.peers_python, str(PEERS / "onnxruntime_ptq.py"), *shared, str(folder / "ort.onnx"), *options,
            "--activations", "uint8"]
    return found


def measure(command, cpus):
    """-> wall seconds, processor seconds, peak MB, the script's own seconds (None for durward)."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors,
                                 preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        output = child.stdout.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        if child.returncode != 0:
            errors.seek(0)
            sys.exit(f"{' '.join(command)}\nfailed:\n{errors.read().decode()[-2000:]}")
    own = None
    last = output.strip().splitlines()[-1]
    if last.startswith("{"):
        own = json.loads(last)["seconds"]
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, own


def spread(values):
    if None in values:
        return ""
    return f"{statistics.median(values):.1f} ({min(values):.1f}..{max(values):.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("crops")
    parser.add_argument("--preset", required=True)
    parser.add_argument("--durward", default=str(ROOT / "build/release/bin/durward"))
    parser.add_argument("--peers-python", help="without it only durward is measured")
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--exports", nargs="+", default=["tflite", "onnx", "openvino"])
    parser.add_argument("--cpus", type=int, nargs="+", default=sorted(os.sched_getaffinity(0))[:2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = commands(arguments, pathlib.Path(folder))
        results = {name: [] for name in table}
        names = list(table)
        for turn in range(arguments.rounds):
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                results[name].append(measure(table[name], arguments.cpus))
                print(f"round {turn + 1}: {name}: {results[name][-1][0]:.1f} s", file=sys.stderr)
    print("| | s, median (range) | without imports | processor s | peak MB |\n|---|---|---|---|---|")
    for name, runs in results.items():
        wall, processor, peak, own = zip(*runs)
        print(f"| {name} | {spread(wall)} | {spread(own)} | {spread(processor)} | {max(peak):.0f} |")


if __name__ == "__main__":
    main()
