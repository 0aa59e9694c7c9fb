#!/usr/bin/env python3
"""onnx-neural-compressor's static quantisation with its defaults (QOperator, min-max); ONNX in, OUTPUT.onnx out."""
from onnx_neural_compressor import data_reader
from onnx_neural_compressor.quantization import config, quantize as compress

import common


class Reader(data_reader.CalibrationDataReader):
    def __init__(self, name, batches):
        self.name, self.batches = name, batches
        self.rewind()

    def get_next(self):
        return next(self.inputs, None)

    def rewind(self):
        self.inputs = ({self.name: batch} for batch in self.batches)


def quantize(model, batches, output):
    name, _ = common.input_of(model)
    compress(str(model), str(output), config.StaticQuantConfig(Reader(name, batches)))


if __name__ == "__main__":
    common.run(quantize)
