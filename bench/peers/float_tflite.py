"""ONNX to a float .tflite by onnx2tf, for the tools that quantise TFLite files."""
import os
import pathlib
import shutil

import numpy as np

import common

# onnx2tf wants to download this picture set for checks that are switched off here; it looks in its working folder first.
SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy"


def convert(model, batches, folder, **options):
    """Writes onnx2tf's files for `model` into `folder` and returns it. `options` are those of onnx2tf.convert()."""
    import onnx2tf
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / "model.onnx"  # which it rewrites
    shutil.copyfile(model, copy)
    name, shape = common.input_of(copy)
    before = os.getcwd()
    os.chdir(folder)
    try:
        np.save(SAMPLES, np.zeros((20, 128, 128, 3), np.float32))
        onnx2tf.convert(input_onnx_file_path=str(copy), output_folder_path=str(folder), non_verbose=True,
                        batch_size=1 if shape[0] == 0 else None, **options)
    finally:
        os.chdir(before)
    return folder


def float_file(folder):
    return next(folder.glob("*_float32.tflite"))
