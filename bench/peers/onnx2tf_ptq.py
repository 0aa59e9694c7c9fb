#!/usr/bin/env python3
"""onnx2tf and TensorFlow's full integer quantisation, per channel; ONNX in, OUTPUT.tflite with float ports out."""
import shutil
import tempfile

import numpy as np

import common
import float_tflite


def quantize(model, batches, output):
    name, _ = common.input_of(model)
    with tempfile.TemporaryDirectory() as folder:
        crops = f"{folder}/crops.npy"
        # The crops are normalised already: mean 0, deviation 1.
        nhwc = np.concatenate([batch.transpose(0, 2, 3, 1) for batch in batches])
        np.save(crops, nhwc)
        files = float_tflite.convert(
            model, batches, f"{folder}/files", output_integer_quantized_tflite=True, quant_type="per-channel",
            custom_input_op_name_np_data_path=[[name, crops, [[[[0.0, 0.0, 0.0]]]], [[[[1.0, 1.0, 1.0]]]]]])
        shutil.copyfile(next(p for p in files.glob("*_integer_quant.tflite") if "full" not in p.name), output)


if __name__ == "__main__":
    common.run(quantize)
