"""A small face model as ONNX bytes, written with the standard library alone.

    x [1,3,S,S] -> Conv 3x3 stride 2 -> PRelu -> Conv 3x3 stride 2 -> PRelu -> Flatten -> Gemm -> y [1,32]

Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import random
import struct

FLOAT = 1  # TensorProto.DataType
INTS, INT = 7, 2  # AttributeProto.AttributeType
EMBEDDING = 32


def varint(value):
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def field(number, value):
    """An integer as a varint; bytes, text or a nested message with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def attribute(name, value):
    if isinstance(value, int):
        return field(5, field(1, name) + field(3, value) + field(20, INT))
    return field(5, field(1, name) + b"".join(field(8, v) for v in value) + field(20, INTS))


def node(op, inputs, output, more_outputs=(), **attributes):
    message = b"".join(field(1, name) for name in inputs) + field(2, output)
    message += b"".join(field(2, name) for name in more_outputs)
    message += field(3, output) + field(4, op)
    return field(1, message + b"".join(attribute(k, v) for k, v in attributes.items()))


def tensor(name, shape, values):
    raw = struct.pack(f"<{len(values)}f", *values)
    return field(5, b"".join(field(1, d) for d in shape) + field(2, FLOAT) + field(8, name) + field(9, raw))


def port(number, name, shape):
    """A dimension that is a text is left open under that name."""
    dims = b"".join(field(1, field(2 if isinstance(d, str) else 1, d)) for d in shape)
    return field(number, field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims))))


def file_of(graph):
    opset = field(8, field(1, "") + field(2, 13))
    return field(1, 7) + field(7, graph) + opset


def encoder(frames, bands, hidden=16):
    """x [1,frames,bands] -> LSTM -> its last state -> Gemm -> y [1,32]: a speaker encoder in small."""
    source = random.Random(2)

    def gaussian(count, deviation):
        return [source.gauss(0, deviation) for _ in range(count)]

    return file_of(
        node("Transpose", ["x"], "t", perm=[1, 0, 2])
        + node("LSTM", ["t", "w", "r", "b"], "steps", ["last"], hidden_size=hidden)
        + node("Flatten", ["last"], "f", axis=2)
        + node("Gemm", ["f", "w2", "b2"], "y", transB=1)
        + field(2, "encoder")
        + tensor("w", [1, 4 * hidden, bands], gaussian(4 * hidden * bands, 6))
        + tensor("r", [1, 4 * hidden, hidden], gaussian(4 * hidden * hidden, 0.3))
        + tensor("b", [1, 8 * hidden], gaussian(8 * hidden, 0.2))
        + tensor("w2", [EMBEDDING, hidden], gaussian(EMBEDDING * hidden, 0.3))
        + tensor("b2", [EMBEDDING], gaussian(EMBEDDING, 0.1))
        + port(11, "x", [1, frames, bands])
        + port(12, "y", [1, EMBEDDING])
    )


def picture_model():
    """x [1,3,32,32] -> Conv -> y [1,4,32,32]: no embedding."""
    source = random.Random(3)
    return file_of(
        node("Conv", ["x", "w", "b"], "y", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        + field(2, "pictures")
        + tensor("w", [4, 3, 3, 3], [source.gauss(0, 0.2) for _ in range(108)])
        + tensor("b", [4], [0.1] * 4)
        + port(11, "x", [1, 3, 32, 32])
        + port(12, "y", [1, 4, 32, 32])
    )


def model(size=32, weight=None, side=None):
    """`weight`, if given, stands in place of one weight of the first layer; `side` leaves height and width open under
    that name."""
    source = random.Random(1)

    def gaussian(count, deviation):
        return [source.gauss(0, deviation) for _ in range(count)]

    first = gaussian(8 * 3 * 9, 0.2)
    if weight is not None:
        first[5] = weight
    features = 16 * (size // 4) ** 2
    layer = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    graph = (
        node("Conv", ["x", "w1", "b1"], "c1", **layer)
        + node("PRelu", ["c1", "a1"], "p1")
        + node("Conv", ["p1", "w2", "b2"], "c2", **layer)
        + node("PRelu", ["c2", "a2"], "p2")
        + node("Flatten", ["p2"], "f", axis=1)
        + node("Gemm", ["f", "w3", "b3"], "y", transB=1)
        + field(2, "tiny")
        + tensor("w1", [8, 3, 3, 3], first)
        + tensor("b1", [8], gaussian(8, 0.1))
        + tensor("a1", [8, 1, 1], [source.uniform(-0.2, 0.4) for _ in range(8)])
        + tensor("w2", [16, 8, 3, 3], gaussian(16 * 8 * 9, 0.1))
        + tensor("b2", [16], gaussian(16, 0.1))
        + tensor("a2", [16, 1, 1], [source.uniform(-0.2, 0.4) for _ in range(16)])
        + tensor("w3", [EMBEDDING, features], gaussian(EMBEDDING * features, 0.03))
        + tensor("b3", [EMBEDDING], gaussian(EMBEDDING, 0.01))
        + port(11, "x", [1, 3, side or size, side or size])
        + port(12, "y", [1, EMBEDDING])
    )
    return file_of(graph)
