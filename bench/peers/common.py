"""What the peers' scripts share: crops as calibration batches, and the measurement of one quantisation.

A script defines quantize(model, batches, output) and calls run(quantize). It is then used as

    python3 SCRIPT MODEL CROPS OUTPUT --preset NAME [--images 300]

with MODEL an .onnx, or a .tflite where the tool takes one, and CROPS a folder of aligned face crops, and prints one
line of JSON: seconds without imports, the peak resident memory of the process, the size of what was written, and the
first digits of the crops' SHA-256.
"""
import argparse
import hashlib
import json
import pathlib
import resource
import shutil
import sys
import tempfile
import time

import cv2
import numpy as np

# Per preset: the RGB crop in 0..255 becomes (x - mean) / scale, channel by channel.
PRESETS = {
    "mobilefacenet-prelu": (0.0, 1.0),
    "mobilefacenet-relu6": (255 * np.float32([0.485, 0.456, 0.406]), 255 * np.float32([0.229, 0.224, 0.225])),
    "mobilefacenet-torch": (127.5, 128.0),
    "mobilefacenet-expo": (127.5, 128.0),
}
IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}


class Batches:
    """The calibration inputs: a fresh pass over `count` evenly spaced crops at every iteration, one batch in memory.

    `shape` is the model's input, NCHW or NHWC; a model with a fixed batch of N gets the same crop N times.
    """

    def __init__(self, folder, preset, count, shape):
        files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix.lower() in IMAGES)
        if not files:
            sys.exit(f"{folder}: no .jpg, .png or .bmp in it")
        count = min(count, len(files))
        self.files = [files[i * len(files) // count] for i in range(count)]
        self.mean, self.scale = PRESETS[preset]
        self.channels_first = shape[1] == 3
        self.batch = max(1, shape[0])
        self.height, self.width = shape[2:] if self.channels_first else shape[1:3]

    def __len__(self):
        return len(self.files)

    def __iter__(self):
        for file in self.files:
            image = cv2.imread(str(file))
            if image is None:
                sys.exit(f"{file}: not an image that can be read")
            if image.shape[:2] != (self.height, self.width):
                sys.exit(f"{file}: {image.shape[1]}x{image.shape[0]}, but the model takes "
                         f"{self.width}x{self.height}: give aligned crops")
            rgb = (image[:, :, ::-1].astype(np.float32) - self.mean) / self.scale
            one = rgb.transpose(2, 0, 1) if self.channels_first else rgb
            yield np.ascontiguousarray(np.repeat(one[None], self.batch, axis=0), dtype=np.float32)

    def digest(self):
        """SHA-256 over the used files' bytes, in their order."""
        total = hashlib.sha256()
        for file in self.files:
            total.update(file.read_bytes())
        return total.hexdigest()


def input_of(model):
    """The name and shape of a model file's first input that is no initialiser; 0 where the batch is open."""
    if pathlib.Path(model).suffix == ".tflite":
        from ai_edge_litert.interpreter import Interpreter
        details = Interpreter(model_path=str(model)).get_input_details()[0]
        return details["name"], tuple(int(n) for n in details["shape"])
    import onnx
    graph = onnx.load(model).graph
    weights = {tensor.name for tensor in graph.initializer}
    port = next(value for value in graph.input if value.name not in weights)
    return port.name, tuple(dim.dim_value for dim in port.type.tensor_type.shape.dim)


def bytes_of(path):
    path = pathlib.Path(path)
    siblings = [path, path.with_suffix(".bin"), path.with_name(path.name + "_data")]
    return sum(p.stat().st_size for p in siblings if p.exists())


def run(quantize, **options):
    """`options` are extra arguments of quantize: name=(default, choices), given as --name."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("crops")
    parser.add_argument("output")
    parser.add_argument("--preset", choices=PRESETS, required=True)
    parser.add_argument("--images", type=int, default=300)
    for name, (default, choices) in options.items():
        parser.add_argument(f"--{name}", default=default, choices=choices)
    arguments = vars(parser.parse_args())
    _, shape = input_of(arguments["model"])
    batches = Batches(arguments["crops"], arguments["preset"], arguments["images"], shape)
    chosen = {name: arguments[name] for name in options}
    with tempfile.TemporaryDirectory() as folder:
        # Some tools write beside or over what they read.
        copy = (pathlib.Path(folder) / "model").with_suffix(pathlib.Path(arguments["model"]).suffix)
        shutil.copyfile(arguments["model"], copy)
        begin = time.perf_counter()
        quantize(copy, batches, pathlib.Path(arguments["output"]), **chosen)
        seconds = time.perf_counter() - begin
    print(json.dumps({
        "peer": pathlib.Path(sys.argv[0]).stem, **chosen, "model": arguments["model"], "images": len(batches),
        "seconds": round(seconds, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "output_bytes": bytes_of(arguments["output"]), "crops": batches.digest()[:12]}))
