#include "quant/scale_groups.h"

#include <algorithm>

#include "quant/layers.h"

namespace durward {
namespace {

template <typename T>
bool is(const Op& op) {
  return std::holds_alternative<T>(op);
}

template <typename... Ts>
bool is_one_of(const Op& op) {
  return (is<Ts>(op) || ...);
}

}  // namespace

ScaleRule scale_rule(const Op& op) {
  if (fixed_params(op)) return ScaleRule::kFixed;
  if (is_one_of<Pad, Concat, Reshape, Transpose, Broadcast, Tile, Slice, Split, Gather, Identity,
                DepthToSpace, SpaceToDepth, Resize, Pool2D>(op)) {
    return ScaleRule::kEqual;
  }
  if (const auto* reduce = std::get_if<Reduce>(&op)) {
    const bool picks = reduce->kind == ReduceKind::kMax || reduce->kind == ReduceKind::kMin;
    return picks ? ScaleRule::kEqual : ScaleRule::kFree;
  }
  if (const auto* binary = std::get_if<Binary>(&op)) {
    const bool picks = binary->kind == BinaryKind::kMaximum || binary->kind == BinaryKind::kMinimum;
    return picks ? ScaleRule::kEqual : ScaleRule::kFree;
  }
  return ScaleRule::kFree;
}

std::optional<QuantParams> fixed_params(const Op& op) {
  const auto* unary = std::get_if<Unary>(&op);
  if (is<Softmax>(op) || (unary != nullptr && unary->kind == UnaryKind::kSigmoid)) {
    return QuantParams{{1.0f / 256}, {-128}, -1};
  }
  if (is<L2Normalize>(op) || (unary != nullptr && unary->kind == UnaryKind::kTanh)) {
    return QuantParams{{1.0f / 128}, {0}, -1};
  }
  return {};
}

bool has_int8_kernel(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const Op& op = node.op;
  if (graph.tensor(node.outputs[0]).type != DataType::kFloat32) return false;
  if (is_one_of<Conv2D, DepthwiseConv2D, FullyConnected>(op)) {
    // A bias or slope that is computed cannot be folded into the accumulator.
    const bool constants = std::all_of(
        node.inputs.begin() + 1, node.inputs.end(),
        [&graph](TensorId input) { return !input.valid() || graph.tensor(input).constant(); });
    return constants && Layer::of(graph, id).has_value();
  }
  if (const auto* binary = std::get_if<Binary>(&op)) {
    return binary->kind != BinaryKind::kDiv && binary->kind != BinaryKind::kPow &&
           !is_comparison(binary->kind) && graph.tensor(node.inputs[0]).type == DataType::kFloat32;
  }
  if (const auto* unary = std::get_if<Unary>(&op)) {
    switch (unary->kind) {
      case UnaryKind::kRelu:
      case UnaryKind::kRelu6:
      case UnaryKind::kAbs:
      case UnaryKind::kSigmoid:
      case UnaryKind::kTanh:
      case UnaryKind::kHardSwish:
        return true;
      default:
        return false;
    }
  }
  if (const auto* reduce = std::get_if<Reduce>(&op)) {
    return reduce->kind != ReduceKind::kSumSquare && reduce->kind != ReduceKind::kL2;
  }
  if (is<PRelu>(op)) {
    const Tensor& slope = graph.tensor(node.inputs[1]);
    const Shape& shape = graph.tensor(node.outputs[0]).shape;
    const int64_t slopes = elements(slope.shape);
    return slope.constant() && (slopes == 1 || (!shape.empty() && slopes == shape.back()));
  }
  return is_one_of<LeakyRelu, Clip, HardSigmoid, Softmax, L2Normalize>(op) ||
         scale_rule(op) == ScaleRule::kEqual;
}

}  // namespace durward
