// Convolutions, products, pooling, reductions and normalisation.
#include <algorithm>
#include <cmath>

#include "formats/onnx/exporter.h"

namespace durward {
namespace {

// The operands of a layer with weights: x, weights, bias?, slope?
struct LayerInputs {
  TensorId bias, slope;
};
LayerInputs layer_inputs(const Node& node) {
  const auto at = [&node](size_t i) {
    return i < node.inputs.size() ? node.inputs[i] : TensorId{};
  };
  return {at(2), at(3)};
}

std::string bias_value(Exporter& exporter, TensorId bias) {
  return bias.valid() ? exporter.value(bias, {0}, ConstantRole::kWeight) : std::string();
}

std::vector<int64_t> onnx_pads(const Padding& padding) {
  return {padding.top, padding.left, padding.bottom, padding.right};
}

template <typename ConvOp>
absl::Status export_conv(Exporter& exporter, const Node& node, const ConvOp& op,
                         const Permutation& weights_order, int64_t kernel_h, int64_t kernel_w,
                         int64_t groups) {
  const auto [bias, slope] = layer_inputs(node);
  const std::string name =
      exporter.add("Conv", exporter.result_name(node.outputs[0], op.activation),
                   {exporter.value(node.inputs[0], kNchwOrder),
                    exporter.value(node.inputs[1], weights_order, ConstantRole::kWeight),
                    bias_value(exporter, bias)});
  exporter.attribute("dilations", std::vector<int64_t>{op.dilation_h, op.dilation_w});
  exporter.attribute("group", groups);
  exporter.attribute("kernel_shape", std::vector<int64_t>{kernel_h, kernel_w});
  exporter.attribute("pads", onnx_pads(op.padding));
  exporter.attribute("strides", std::vector<int64_t>{op.stride_h, op.stride_w});
  return exporter.store(node, name, kNchwOrder, op.activation, slope);
}

// An order of storage with dimension `axis` second, where BatchNormalization has its channels.
Permutation channels_second(size_t rank, int axis) {
  Permutation order = identity_permutation(rank);
  order.erase(order.begin() + axis);
  order.insert(order.begin() + 1, axis);
  return order;
}

std::string_view reduce_name(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kMean:
      return "ReduceMean";
    case ReduceKind::kSum:
      return "ReduceSum";
    case ReduceKind::kMax:
      return "ReduceMax";
    case ReduceKind::kMin:
      return "ReduceMin";
    case ReduceKind::kSumSquare:
      return "ReduceSumSquare";
    case ReduceKind::kL2:
      return "ReduceL2";
  }
  return "";
}

// Adds a reduction over dimensions of ONNX.
std::string add_reduce(Exporter& exporter, ReduceKind kind, const std::string& wanted,
                       const std::string& input, const std::vector<int64_t>& axes, bool keep) {
  // ReduceSum has its axes as an input since opset 13, the others since 18.
  const bool as_input = kind == ReduceKind::kSum || exporter.opset() >= 18;
  std::vector<std::string> inputs{input};
  if (as_input) inputs.push_back(exporter.integers(absl::StrCat(wanted, "_axes"), axes));
  std::string name = exporter.add(std::string(reduce_name(kind)), wanted, std::move(inputs));
  if (!as_input) exporter.attribute("axes", axes);
  exporter.attribute("keepdims", int64_t{keep});
  return name;
}

}  // namespace

absl::Status export_op(Exporter& exporter, const Node& node, const Conv2D& op) {
  const Shape& weights = exporter.shape(node.inputs[1]);  // [O,KH,KW,I]
  return export_conv(exporter, node, op, {0, 3, 1, 2}, weights[1], weights[2], op.groups);
}

absl::Status export_op(Exporter& exporter, const Node& node, const DepthwiseConv2D& op) {
  const Shape& weights = exporter.shape(node.inputs[1]);  // [1,KH,KW,O]
  return export_conv(exporter, node, op, {3, 0, 1, 2}, weights[1], weights[2],
                     exporter.shape(node.inputs[0])[3]);
}

absl::Status export_op(Exporter& exporter, const Node& node, const FullyConnected& op) {
  const auto [bias, slope] = layer_inputs(node);
  const TensorId x = node.inputs[0], weights = node.inputs[1], y = node.outputs[0];
  const Permutation plain = identity_permutation(exporter.shape(x).size());
  const std::string wanted = exporter.result_name(y, op.activation);
  std::string name;
  if (plain.size() == 2) {
    const Shape image = exporter.flattened_image(x);
    const std::string w = image.empty() ? exporter.value(weights, {0, 1}, ConstantRole::kWeight)
                                        : exporter.weights_in_nchw(weights, image);
    name = exporter.add("Gemm", wanted, {exporter.value(x, plain), w, bias_value(exporter, bias)});
    exporter.attribute("transB", int64_t{1});
  } else {
    name = exporter.add(
        "MatMul", bias.valid() ? wanted + "_product" : wanted,
        {exporter.value(x, plain), exporter.value(weights, {1, 0}, ConstantRole::kWeight)});
    if (bias.valid()) name = exporter.add("Add", wanted, {name, bias_value(exporter, bias)});
  }
  return exporter.store(node, name, plain, op.activation, slope);
}

absl::Status export_op(Exporter& exporter, const Node& node, const MatMul&) {
  const TensorId a = node.inputs[0], b = node.inputs[1];
  const std::string name = exporter.add(
      "MatMul", exporter.result_name(node.outputs[0]),
      {exporter.value(a, identity_permutation(exporter.shape(a).size())),
       exporter.value(b, identity_permutation(exporter.shape(b).size()), ConstantRole::kWeight)});
  return exporter.store(node, name, identity_permutation(exporter.shape(node.outputs[0]).size()));
}

absl::Status export_op(Exporter& exporter, const Node& node, const Pool2D& op) {
  const bool average = op.kind == PoolKind::kAverage;
  const std::string name =
      exporter.add(average ? "AveragePool" : "MaxPool", exporter.result_name(node.outputs[0]),
                   {exporter.value(node.inputs[0], kNchwOrder)});
  if (average) exporter.attribute("count_include_pad", int64_t{op.count_padding});
  exporter.attribute("kernel_shape", std::vector<int64_t>{op.kernel_h, op.kernel_w});
  exporter.attribute("pads", onnx_pads(op.padding));
  exporter.attribute("strides", std::vector<int64_t>{op.stride_h, op.stride_w});
  return exporter.store(node, name, kNchwOrder);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Reduce& op) {
  const TensorId x = node.inputs[0];
  const size_t rank = exporter.shape(x).size();
  const Permutation order = common_order(exporter, {x}, rank);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  const bool global = rank == 4 && order == kNchwOrder && op.axes == std::vector<int>{1, 2};
  if (global && op.keep_dims && (op.kind == ReduceKind::kMean || op.kind == ReduceKind::kMax)) {
    const std::string pool = op.kind == ReduceKind::kMean ? "GlobalAveragePool" : "GlobalMaxPool";
    return exporter.store(node, exporter.add(pool, wanted, {exporter.value(x, order)}), order);
  }
  std::vector<int64_t> axes;
  Permutation result;  // without the reduced dimensions, counted anew
  for (size_t i = 0; i < rank; ++i) {
    const auto below = std::lower_bound(op.axes.begin(), op.axes.end(), order[i]);
    const bool reduced = below != op.axes.end() && *below == order[i];
    if (reduced) axes.push_back(static_cast<int64_t>(i));
    if (op.keep_dims) {
      result.push_back(order[i]);
    } else if (!reduced) {
      result.push_back(order[i] - static_cast<int>(below - op.axes.begin()));
    }
  }
  return exporter.store(
      node, add_reduce(exporter, op.kind, wanted, exporter.value(x, order), axes, op.keep_dims),
      result);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Softmax& op) {
  const TensorId x = node.inputs[0];
  const Permutation order = common_order(exporter, {x}, exporter.shape(x).size());
  const std::string name =
      exporter.add("Softmax", exporter.result_name(node.outputs[0]), {exporter.value(x, order)});
  exporter.attribute("axis", int64_t{onnx_axis(order, op.axis)});
  return exporter.store(node, name, order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const BatchNorm& op) {
  const TensorId x = node.inputs[0];
  const size_t rank = exporter.shape(x).size();
  if (rank < 2) {
    return absl::UnimplementedError(
        absl::StrCat("node '", node.name, "': ONNX has no BatchNormalization of a vector"));
  }
  Permutation order = common_order(exporter, {x}, rank);
  if (order[1] != op.axis) {
    order = rank == 4 && op.axis == 3 ? kNchwOrder : channels_second(rank, op.axis);
  }
  std::vector<std::string> inputs{exporter.value(x, order)};
  for (size_t i = 1; i < 5; ++i) inputs.push_back(exporter.value(node.inputs[i], {0}));
  const std::string name =
      exporter.add("BatchNormalization", exporter.result_name(node.outputs[0]), std::move(inputs));
  exporter.attribute("epsilon", op.epsilon);
  return exporter.store(node, name, order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const L2Normalize& op) {
  // ONNX's LpNormalization has no epsilon; one this small makes no difference to it.
  constexpr float kNegligible = 1e-20f;
  const TensorId x = node.inputs[0];
  const Permutation order = common_order(exporter, {x}, exporter.shape(x).size());
  const int64_t axis = onnx_axis(order, op.axis);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  const std::string input = exporter.value(x, order);
  if (op.epsilon <= kNegligible) {
    const std::string name = exporter.add("LpNormalization", wanted, {input});
    exporter.attribute("axis", axis);
    exporter.attribute("p", int64_t{2});
    return exporter.store(node, name, order);
  }
  const std::string norm =
      add_reduce(exporter, ReduceKind::kL2, wanted + "_norm", input, {axis}, true);
  const std::string least = exporter.float_scalar(wanted + "_least", std::sqrt(op.epsilon));
  const std::string divisor = exporter.add("Max", wanted + "_divisor", {norm, least});
  return exporter.store(node, exporter.add("Div", wanted, {input, divisor}), order);
}

}  // namespace durward
