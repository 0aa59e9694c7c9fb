#!/usr/bin/env python3
"""ONNX Runtime's quantize_static: QDQ, per channel; ONNX in, OUTPUT.onnx out.

Percentile and entropy calibration keep every intermediate tensor of every image: about 30 MB an image.
"""
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import common

METHODS = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile,
           "entropy": CalibrationMethod.Entropy}
TYPES = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


class Reader(CalibrationDataReader):
    def __init__(self, name, batches):
        self.inputs = ({name: batch} for batch in batches)

    def get_next(self):
        return next(self.inputs, None)


def quantize(model, batches, output, method, activations):
    proto = onnx.load(model)
    # Below opset 13 DequantizeLinear has no axis: the file would be written and then refused.
    if next(s.version for s in proto.opset_import if s.domain in ("", "ai.onnx")) < 13:
        onnx.save(onnx.version_converter.convert_version(proto, 13), model)
    prepared = model.with_name("prepared.onnx")
    quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    name, _ = common.input_of(model)
    quantize_static(str(prepared), str(output), Reader(name, batches), quant_format=QuantFormat.QDQ, per_channel=True,
                    calibrate_method=METHODS[method], activation_type=TYPES[activations],
                    weight_type=QuantType.QInt8)


if __name__ == "__main__":
    common.run(quantize, method=("minmax", list(METHODS)), activations=("int8", list(TYPES)))
