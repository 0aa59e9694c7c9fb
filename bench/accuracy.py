#!/usr/bin/env python3
"""What INT8 costs a face model in TAR at fixed FARs, of Durward's exports and of the peers', on the same people.

    python3 bench/accuracy.py MODEL.onnx --preset NAME --calibrate FACES --crops CROPS --trials PEOPLE
        [--images LIST_FOLDER] [--peers-python V/bin/python] [--calibration-images 300 150 75] [--tune] [--work FOLDER]

FACES are photographs of people who are in no trial; CROPS the same photographs as aligned crops of the model's size,
which is what the peers are given; PEOPLE a folder with a subfolder for each person, or a list that durward evaluate
reads. V is a virtual environment with bench/peers/requirements.txt; without it only Durward is judged. Every file is
run in its own runtime by one `durward compare`, so all are judged on the same embeddings of the float model and the
same draws of people.

Prints Markdown: the command, digests of what it saw, TAR with its interval of 95 % over people, the paired loss
against the float model with the upper 95 % bound, the loss of templates that the float model enrolled, the thresholds.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
EXPORTS = {"bundle": "{}.bundle", "tflite": "{}.int8.tflite", "onnx": "{}.qdq.onnx", "openvino": "{}.int8.xml"}
# Name -> script, ending of its file, options.
PEER_RUNS = {
    "NNCF": ("nncf_ptq.py", ".xml", []),
    "ONNX Runtime, min-max": ("onnxruntime_ptq.py", ".onnx", ["--activations", "uint8"]),
    "onnx-neural-compressor": ("neural_compressor_ptq.py", ".onnx", []),
}


def run(command):
    print("$ " + shlex.join(map(str, command)), file=sys.stderr, flush=True)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}\nfailed:\n{done.stderr[-2000:]}")
    return done.stdout


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def durward_files(arguments, images, tune, work):
    """Name -> file, and the digest of the calibration pictures."""
    folder = work / f"durward-{images}{'-tuned' if tune else ''}"
    options = ["--tune", "distill", "--tune-images", min(1500, 5 * images)] if tune else []
    out = run([arguments.durward, "compress", arguments.model, "--preset", arguments.preset, "--calibrate",
               arguments.calibrate, "--calibration-images", images, "--exports", ",".join(EXPORTS), "--no-check",
               "--no-bench", "--out", folder, "--json", *options])
    stem = pathlib.Path(arguments.model).stem
    label = f"{images} pictures" + (", fine-tuned" if tune else "")
    files = {f"Durward, {kind}, {label}": folder / name.format(stem) for kind, name in EXPORTS.items()}
    return files, json.loads(out)["calibration"]["digest"]


def peer_files(arguments, work):
    files = {}
    for name, (script, ending, options) in PEER_RUNS.items():
        file = work / (script.removesuffix(".py") + ending)
        run([arguments.peers_python, PEERS / script, arguments.model, arguments.crops, file, "--preset",
             arguments.preset, "--images", arguments.calibration_images[0], *options])
        files[f"{name}, {arguments.calibration_images[0]} pictures"] = file
    return files


def with_names_of_their_own(files, work):
    """The same files under names by which a report tells them apart."""
    named = {}
    for number, (name, file) in enumerate(files.items()):
        link = work / f"{number}{file.suffix}"
        for source, target in [(file, link), (file.with_suffix(".bin"), link.with_suffix(".bin"))]:
            target.unlink(missing_ok=True)
            if source.exists():
                target.symlink_to(source.resolve())
        named[name] = link
    return named


def percent(value):
    return f"{100 * value:.2f}"


def cell(point):
    low, high = point["tar_interval"] or (float("nan"),) * 2
    return f"{percent(point['tar'])} [{percent(low)}, {percent(high)}]"


def by_far(points, key="far"):
    return {point[key]: point for point in points}


def table(evaluation, names, fars):
    """Rows in the order of `names`; the first is the float model."""
    figures = {v["name"]: v["figures"] for v in evaluation["variants"]}
    order = [v["name"] for v in evaluation["variants"]]
    losses = {entry["to"]: by_far(entry["points"]) for entry in evaluation["losses"]}
    cosines = {entry["to"]: entry for entry in evaluation.get("cosine", [])}
    crossed = {entry["probe"]: by_far(entry["figures"]["operating_points"], "far_target")
               for entry in evaluation.get("cross", []) if entry["enrolled"] == order[0]}
    head = [f"TAR at FAR {far:g}" for far in fars] + [f"loss at {far:g} (at most)" for far in fars]
    lines = ["| | EER | " + " | ".join(head) + f" | fp32 enrols, at {fars[-1]:g} | threshold at {fars[0]:g} "
             "| cosine, mean / lowest |", "|---" * (len(head) + 5) + "|"]
    for name, variant in zip(names, order):
        points = by_far(figures[variant]["operating_points"], "far_target")
        row = [name, percent(figures[variant]["eer"])]
        row += [cell(points[far]) if far in points else "refused" for far in fars]
        for far in fars:
            loss = losses.get(variant, {}).get(far)
            row.append(f"{percent(loss['loss'])} ({percent(loss['upper_bound'])})" if loss else "")
        cross = crossed.get(variant, {}).get(fars[-1])
        row.append(percent(cross["tar"]) if cross else "")
        row.append(f"{points[fars[0]]['threshold']:.3f}" if fars[0] in points else "")
        cosine = cosines.get(variant)
        row.append(f"{cosine['mean']:.4f} / {cosine['lowest']:.4f}" if cosine else "")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--preset", required=True)
    parser.add_argument("--calibrate", required=True)
    parser.add_argument("--crops", help="needed with --peers-python")
    parser.add_argument("--trials", required=True)
    parser.add_argument("--images")
    parser.add_argument("--peers-python")
    parser.add_argument("--calibration-images", type=int, nargs="+", default=[300])
    parser.add_argument("--tune", action="store_true", help="also fine-tuned, on five times as many pictures (1500 at most)")
    parser.add_argument("--fars", type=float, nargs="+", default=[1e-3, 1e-4, 1e-5])
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/accuracy"))
    parser.add_argument("--durward", default=str(ROOT / "build/release/bin/durward"))
    arguments = parser.parse_args()
    if arguments.peers_python and not arguments.crops:
        parser.error("--peers-python needs --crops")
    work = arguments.work / pathlib.Path(arguments.model).stem
    work.mkdir(parents=True, exist_ok=True)
    files, digests = {"fp32": pathlib.Path(arguments.model)}, {}
    for images in arguments.calibration_images:
        for tune in [False, True] if arguments.tune else [False]:
            made, digests[images] = durward_files(arguments, images, tune, work)
            files.update(made)
    if arguments.peers_python:
        files.update(peer_files(arguments, work))
    named = with_names_of_their_own(files, work)
    judge = [arguments.durward, "compare", *named.values(), "--preset", arguments.preset, "--trials", arguments.trials,
             *(["--images", arguments.images] if arguments.images else []), "--json"]
    evaluation = json.loads(run(judge))["evaluation"]
    fp32 = evaluation["variants"][0]["figures"]
    print(f"    bench/accuracy.py {shlex.join(os.path.basename(a) if os.path.exists(a) else a for a in sys.argv[1:])}\n")
    print(f"{fp32['genuine']:,} genuine and {fp32['impostors']:,} impostor trials of {fp32['people']:,} people; model "
          f"{sha256(arguments.model)[:12]}, calibration " +
          ", ".join(f"{images}: {digest[:12]}" for images, digest in digests.items()) + ". In %.\n")
    print(table(evaluation, list(files), arguments.fars))


if __name__ == "__main__":
    main()
