"""Quantisation-aware training in your own PyTorch loop, with the scales that Durward chose.

    quantization = durward.Bundle("out/face.bundle").quantization()
    student = durward.training.prepare(model, quantization)
    ...                                     # train it as any module
    durward.training.export_onnx(student, "face.qat.onnx", example)

and `durward compress face.qat.onnx` takes the scales and the integers from that file as they are.

What is simulated: weights as int8 in -127..127 with a scale for each output channel, which follows the largest
weight as training moves it; activations as int8 with one scale and zero point for a tensor, which stay as Durward
chose them. Gradients pass through the rounding (straight-through estimator) and are zero where a value is clipped.
"""

import copy
import operator

import torch
import torch.fx
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

_LARGEST_WEIGHT = 127
_LAYERS = (nn.Conv2d, nn.Linear)
_ACTIVATIONS = (nn.PReLU, nn.ReLU, nn.ReLU6)
_FUNCTIONS = {
    operator.add: "Add",
    torch.add: "Add",
    "add": "Add",
    operator.mul: "Mul",
    torch.mul: "Mul",
    "mul": "Mul",
    torch.sigmoid: "Sigmoid",
    "sigmoid": "Sigmoid",
    torch.mean: "ReduceMean",
    "mean": "ReduceMean",
}
_MODULES = {nn.Sigmoid: "Sigmoid", nn.AdaptiveAvgPool2d: "ReduceMean"}


class QuantizationError(ValueError):
    """The model and the quantisation do not belong together; says where they part."""


def _named(entry):
    return f"'{entry['name']}' ({entry['op']})"


def _without_ones(shape):
    """[O, I, 1, 1] and [O, I] are the same weights."""
    return shape[:2] if all(size == 1 for size in shape[2:]) else shape


class FakeQuantize(nn.Module):
    """x rounded to what int8 with this scale and zero point can hold; gradients pass through."""

    def __init__(self, scale, zero_point):
        super().__init__()
        self.scale, self.zero_point = float(scale), int(zero_point)

    def forward(self, x):
        return torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero_point, -128, 127)

    def extra_repr(self):
        return f"scale={self.scale:g}, zero_point={self.zero_point}"


class QuantizedLayer(nn.Module):
    """A convolution or linear layer with its activation, rounded once at the end, as the engine does it."""

    def __init__(self, layer, activation, output):
        super().__init__()
        self.layer, self.activation, self.output = layer, activation, output
        self.register_buffer("scales", self._new_scales())
        self.register_buffer("zero_points", torch.zeros(self.scales.shape, dtype=torch.int32))
        self.frozen = False  # the scales no longer follow the weights

    def _new_scales(self):
        largest = self.layer.weight.detach().abs().flatten(1).max(dim=1).values
        # A channel of zeros has any scale.
        return torch.where(largest > 0, largest / _LARGEST_WEIGHT, torch.ones_like(largest)).contiguous()

    def forward(self, x):
        if not self.frozen:
            self.scales.copy_(self._new_scales())
        weight = torch.fake_quantize_per_channel_affine(
            self.layer.weight, self.scales, self.zero_points, 0, -128, 127
        )
        if isinstance(self.layer, nn.Conv2d):
            y = self.layer._conv_forward(x, weight, self.layer.bias)
        else:
            y = nn.functional.linear(x, weight, self.layer.bias)
        if self.activation is not None:
            y = self.activation(y)
        return self.output(y)


class _Quantization:
    """The nodes that Durward quantised, each taken once and in their order."""

    def __init__(self, quantization):
        if quantization.get("equalized"):
            raise QuantizationError(
                "Durward moved scales between this model's layers (cross-layer equalisation), so its activations are "
                "no longer the model's own: compress it again with --no-equalize"
            )
        self._left = list(quantization["nodes"])

    def take_layer(self, layer, node):
        for index, entry in enumerate(self._left):
            if "weights" not in entry:
                continue
            # A 1x1 convolution of one pixel may be a fully connected layer there.
            shape = list(layer.weight.shape)
            if _without_ones(entry["weights"]) != _without_ones(shape):
                raise QuantizationError(
                    f"'{node.target}' has weights {shape}; Durward's {_named(entry)} there has {entry['weights']}"
                )
            return self._left.pop(index)
        raise QuantizationError(f"Durward quantised no further layer: nothing is known of '{node.target}'")

    def take(self, op, node):
        for index, entry in enumerate(self._left):
            if entry["op"] == op:
                return self._left.pop(index)
        raise QuantizationError(f"Durward quantised no further {op}: nothing is known of '{node.target}'")

    def expect_none_left(self):
        if self._left:
            raise QuantizationError(f"nothing in the model is Durward's {_named(self._left[0])}")


def _fake_quantize(entry):
    output = entry["output"]
    return FakeQuantize(output["scale"], output["zero_point"]) if output else nn.Identity()


def _module_of(traced, node):
    return traced.get_submodule(node.target) if node.op == "call_module" else None


def _only_user(node):
    return next(iter(node.users)) if len(node.users) == 1 else None


def _fold_batch_norms(traced):
    """BatchNorm behind a layer becomes part of its weights, as it does in Durward."""
    for node in list(traced.graph.nodes):
        norm = _module_of(traced, node)
        if not isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d)):
            continue
        before = node.args[0]
        layer = _module_of(traced, before)
        if not isinstance(layer, _LAYERS) or _only_user(before) is not node:
            raise QuantizationError(
                f"'{node.target}' is a BatchNorm that follows no convolution or linear layer; fold it into the layer "
                "behind it before training"
            )
        fold = fuse_conv_bn_eval if isinstance(layer, nn.Conv2d) else fuse_linear_bn_eval
        _set(traced, before.target, fold(layer, norm))
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)


def _set(module, name, value):
    parent, _, leaf = name.rpartition(".")
    setattr(module.get_submodule(parent), leaf, value)


def _drop_inactive(traced):
    for node in list(traced.graph.nodes):
        if isinstance(_module_of(traced, node), (nn.Dropout, nn.Identity)):
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)


def _elementwise_op(traced, node):
    if node.op == "call_module":
        return _MODULES.get(type(_module_of(traced, node)))
    return _FUNCTIONS.get(node.target) if node.op in ("call_function", "call_method") else None


def _insert_behind(traced, node, module, name):
    traced.add_submodule(name, module)
    with traced.graph.inserting_after(node):
        added = traced.graph.call_module(name, (node,))
    node.replace_all_uses_with(added, lambda user: user is not added)


def prepare(model, quantization):
    """A copy of `model` that computes with fake quantisation, ready to be trained.

    `quantization` is Bundle.quantization() of that same model, compressed with --no-equalize. Its layers are met
    in the order in which they run, and must be of the same kind and shape. BatchNorm is folded into the layers, so
    the copy has none. QuantizationError where the two do not match. The model must be one that torch.fx can trace.
    """
    known = _Quantization(quantization)
    traced = torch.fx.symbolic_trace(copy.deepcopy(model).eval())
    _drop_inactive(traced)
    _fold_batch_norms(traced)
    count = 0
    for node in list(traced.graph.nodes):
        module = _module_of(traced, node)
        if node.op == "placeholder":
            _insert_behind(traced, node, _fake_quantize(known.take("Quantize", node)), "quantized_input")
        elif isinstance(module, _LAYERS):
            entry = known.take_layer(module, node)
            user, activation = _only_user(node), None
            if user is not None and isinstance(_module_of(traced, user), _ACTIVATIONS):
                activation = _module_of(traced, user)
                user.replace_all_uses_with(node)
                traced.graph.erase_node(user)
            _set(traced, node.target, QuantizedLayer(module, activation, _fake_quantize(entry)))
        elif op := _elementwise_op(traced, node):
            entry = known.take(op, node)
            _insert_behind(traced, node, _fake_quantize(entry), f"quantized_{op.lower()}_{count}")
            count += 1
    known.expect_none_left()
    traced.graph.lint()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.train()


def export_onnx(prepared, path, example):
    """Writes what was trained as an ONNX model with QuantizeLinear and DequantizeLinear (opset 13).

    `example` is an input of the model, of batch 1. `durward compress` gives the tensors in it these very scales.
    """
    frozen = copy.deepcopy(prepared).eval()
    for module in frozen.modules():
        if isinstance(module, QuantizedLayer):
            module.scales.copy_(module._new_scales())
            module.frozen = True
    options = {"opset_version": 13, "input_names": ["input"], "output_names": ["output"]}
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 5):
        options["dynamo"] = False
    with torch.no_grad():
        torch.onnx.export(frozen, (example,), str(path), **options)
