"""What the peers' scripts share: crops as calibration batches, and the measurement of one quantisation.

A script defines quantize(model, batches, output) and calls run(quantize). It is then used as

    python3 SCRIPT MODEL.onnx CROPS OUTPUT --preset NAME [--images 300]

with CROPS a folder of aligned face crops, and prints one line of JSON: seconds without imports, the peak resident
memory of the process, and the size of what was written.
"""
import argparse
import json
import pathlib
import resource
import shutil
import sys
import tempfile
import time

import cv2
import numpy as np
import onnx

# Per preset: the RGB crop in 0..255 becomes (x - mean) / scale, channel by channel.
PRESETS = {
    "mobilefacenet-prelu": (0.0, 1.0),
    "mobilefacenet-relu6": (255 * np.float32([0.485, 0.456, 0.406]), 255 * np.float32([0.229, 0.224, 0.225])),
    "mobilefacenet-torch": (127.5, 128.0),
}
IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}


class Batches:
    """The calibration inputs: a fresh pass over `count` evenly spaced crops at every iteration, one image in memory."""

    def __init__(self, folder, preset, count, size):
        files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix.lower() in IMAGES)
        if not files:
            sys.exit(f"{folder}: no .jpg, .png or .bmp in it")
        count = min(count, len(files))
        self.files = [files[i * len(files) // count] for i in range(count)]
        self.mean, self.scale = PRESETS[preset]
        self.height, self.width = size

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
            yield np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], dtype=np.float32)


def input_of(model):
    """The name and the height and width of the model's first input that is no initialiser."""
    weights = {tensor.name for tensor in model.graph.initializer}
    port = next(value for value in model.graph.input if value.name not in weights)
    dims = [dim.dim_value for dim in port.type.tensor_type.shape.dim]
    return port.name, (dims[2], dims[3])


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
    _, size = input_of(onnx.load(arguments["model"]))
    batches = Batches(arguments["crops"], arguments["preset"], arguments["images"], size)
    chosen = {name: arguments[name] for name in options}
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "model.onnx"  # some tools write beside or over what they read
        shutil.copyfile(arguments["model"], copy)
        begin = time.perf_counter()
        quantize(copy, batches, pathlib.Path(arguments["output"]), **chosen)
        seconds = time.perf_counter() - begin
    print(json.dumps({
        "peer": pathlib.Path(sys.argv[0]).stem, **chosen, "model": arguments["model"], "images": len(batches),
        "seconds": round(seconds, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "output_bytes": bytes_of(arguments["output"])}))
