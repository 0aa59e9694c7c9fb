#!/usr/bin/env python3
"""AI Edge Quantizer (LiteRT's own), int8 weights per channel and int8 activations; TFLite in, OUTPUT.tflite out.

An .onnx becomes a float .tflite by onnx2tf first.
"""
import tempfile

from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.algorithm_manager import AlgorithmName

import common
import float_tflite

ALGORITHMS = {"minmax": AlgorithmName.MIN_MAX_UNIFORM_QUANT, "octav": AlgorithmName.OCTAV, "mse": AlgorithmName.MSE}


def quantize(model, batches, output, algorithm):
    with tempfile.TemporaryDirectory() as folder:
        if model.suffix == ".onnx":
            model = with_signature(float_tflite.convert(model, batches, folder, output_signaturedefs=True))
            batches.channels_first = False
        signature, name = port_of(model)
        made = quantizer.Quantizer(str(model), recipe.static_wi8_ai8(ALGORITHMS[algorithm]))
        ranges = made.calibrate({signature: [{name: batch} for batch in batches]}, num_threads=2)
        made.quantize(ranges).export_model(str(output), overwrite=True)


def with_signature(folder):
    """A float .tflite of onnx2tf's saved model: the one that onnx2tf writes has no signature, which is asked for here."""
    import tensorflow
    file = folder / "signed.tflite"
    file.write_bytes(tensorflow.lite.TFLiteConverter.from_saved_model(str(folder)).convert())
    return file


def port_of(model):
    """The signature and its input's name there, which need not be the tensor's."""
    from ai_edge_litert.interpreter import Interpreter
    (signature, ports), = Interpreter(model_path=str(model)).get_signature_list().items()
    return signature, ports["inputs"][0]


if __name__ == "__main__":
    common.run(quantize, algorithm=("minmax", list(ALGORITHMS)))
