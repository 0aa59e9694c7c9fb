#!/usr/bin/env python3
"""Writes the small .tflite models beside it, by the schema that the wheel ai-edge-litert ships.

    python3 -m pip install ai-edge-litert==2.3.0 flatbuffers==25.12.19
    python3 make_models.py
"""
import pathlib

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

HERE = pathlib.Path(__file__).parent


def tensor(name, shape, dtype, buffer, scale=None, zero_point=0):
    result = schema.TensorT()
    result.name, result.shape, result.type, result.buffer = name, shape, dtype, buffer
    if scale is not None:
        result.quantization = schema.QuantizationParametersT()
        result.quantization.scale, result.quantization.zeroPoint = [scale], [zero_point]
    return result


def write(path, code, options_type, options, tensors, inputs, outputs, buffers):
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, inputs, outputs
    operator.builtinOptionsType, operator.builtinOptions = options_type, options
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = tensors, [operator]
    graph.inputs, graph.outputs, graph.name = inputs[:1], outputs, "main"
    opcode = schema.OperatorCodeT()
    opcode.deprecatedBuiltinCode = opcode.builtinCode = code
    opcode.version = 2 if tensors[0].type == schema.TensorType.INT8 else 1
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [opcode]
    model.buffers = []
    for data in [b""] + buffers:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data, np.uint8) if data else None
        model.buffers.append(buffer)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    (HERE / path).write_bytes(bytes(builder.Output()))


# y = W x + b with W = [[1, 2, 3, 4], [-1, 0, 1, 0]], b = [0.5, -0.5].
FLOAT, INT8 = schema.TensorType.FLOAT32, schema.TensorType.INT8
write("fully_connected.tflite", schema.BuiltinOperator.FULLY_CONNECTED,
      schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT(),
      [tensor("x", [1, 4], FLOAT, 0), tensor("w", [2, 4], FLOAT, 1),
       tensor("b", [2], FLOAT, 2), tensor("y", [1, 2], FLOAT, 0)], [0, 1, 2], [3],
      [np.array([[1, 2, 3, 4], [-1, 0, 1, 0]], np.float32).tobytes(),
       np.array([0.5, -0.5], np.float32).tobytes()])

# y = x + x, every int8 value standing for 0.5 * (q + 3) before and (q + 3) after: y == x in int8.
write("add_int8.tflite", schema.BuiltinOperator.ADD, schema.BuiltinOptions.AddOptions,
      schema.AddOptionsT(),
      [tensor("x", [1, 2, 2, 3], INT8, 0, 0.5, -3), tensor("y", [1, 2, 2, 3], INT8, 0, 1.0, -3)],
      [0, 0], [1], [])
