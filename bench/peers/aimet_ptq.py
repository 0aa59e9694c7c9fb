#!/usr/bin/env python3
"""AIMET's post-training quantisation; ONNX in, OUTPUT.onnx with QuantizeLinear and DequantizeLinear out.

BatchNorm is folded and layers are equalised first, as AIMET's guide has it; --rounding adaround also learns the
rounding of weights, on the same crops.
"""
import logging

import onnx
import aimet_onnx
from aimet_onnx.batch_norm_fold import fold_all_batch_norms_to_weight
from aimet_onnx.cross_layer_equalization import equalize_model

import common

ADAROUND_STEPS = 2000  # a layer


def inputs_of(name, batches):
    return ({name: batch} for batch in batches)


def quantize(model, batches, output, scheme, equalize, rounding):
    logging.getLogger().setLevel(logging.ERROR)
    name, shape = common.input_of(model)
    proto = onnx.load(model)
    if next(s.version for s in proto.opset_import if s.domain in ("", "ai.onnx")) < 13:
        proto = onnx.version_converter.convert_version(proto, 13)
    for port in (*proto.graph.input, *proto.graph.output):  # an open batch, which AIMET's tracing refuses
        if port.type.tensor_type.shape.dim[0].dim_value == 0:
            port.type.tensor_type.shape.dim[0].dim_value = 1
    fold_all_batch_norms_to_weight(proto)
    if equalize == "yes":
        equalize_model(proto)
    sim = aimet_onnx.QuantizationSimModel(proto, param_type="int8", activation_type="int8", quant_scheme=scheme,
                                          config_file="default")
    if rounding == "adaround":
        aimet_onnx.apply_adaround(sim, list(inputs_of(name, batches)), ADAROUND_STEPS)
    sim.compute_encodings(inputs_of(name, batches))
    onnx.save(sim.to_onnx_qdq(prequantize_constants=True), output)


if __name__ == "__main__":
    common.run(quantize, scheme=("min_max", ["min_max", "tf_enhanced"]), equalize=("yes", ["yes", "no"]),
               rounding=("nearest", ["nearest", "adaround"]))
