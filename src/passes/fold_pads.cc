// Pad -> Conv2D | DepthwiseConv2D | Pool2D  =>  the same with more padding
//
// Around a convolution the value must be 0, which is what its own padding is. Around a maximum it
// must be below every other value, or 0 where nothing is negative; around an average it is 0 and
// counted.
#include <limits>

#include "base/checked.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// The padding of both, where `pad` pads height and width alone.
std::optional<Padding> combined(const Pad& pad, const Padding& own) {
  for (const size_t axis : {size_t{0}, size_t{3}}) {
    if (pad.before[axis] != 0 || pad.after[axis] != 0) return std::nullopt;
  }
  const auto top = checked_add(own.top, pad.before[1]);
  const auto bottom = checked_add(own.bottom, pad.after[1]);
  const auto left = checked_add(own.left, pad.before[2]);
  const auto right = checked_add(own.right, pad.after[2]);
  if (!top || !bottom || !left || !right) return std::nullopt;
  return Padding{*top, *bottom, *left, *right};
}

bool never_negative(const Graph& graph, TensorId id) {
  const auto* unary = graph.producer_as<Unary>(id);
  return unary != nullptr && (unary->kind == UnaryKind::kRelu || unary->kind == UnaryKind::kRelu6 ||
                              unary->kind == UnaryKind::kSigmoid);
}

// The op with the padding taken in; nullopt where that is another value.
std::optional<Op> padded(const Graph& graph, const Op& op, const Pad& pad, TensorId unpadded) {
  if (const auto* conv = std::get_if<Conv2D>(&op)) {
    const auto padding = combined(pad, conv->padding);
    if (pad.value != 0 || !padding) return std::nullopt;
    Conv2D result = *conv;
    result.padding = *padding;
    return result;
  }
  if (const auto* conv = std::get_if<DepthwiseConv2D>(&op)) {
    const auto padding = combined(pad, conv->padding);
    if (pad.value != 0 || !padding) return std::nullopt;
    DepthwiseConv2D result = *conv;
    result.padding = *padding;
    return result;
  }
  const auto* pool = std::get_if<Pool2D>(&op);
  if (pool == nullptr) return std::nullopt;
  const auto padding = combined(pad, pool->padding);
  if (!padding || std::max(padding->top, padding->bottom) >= pool->kernel_h ||
      std::max(padding->left, padding->right) >= pool->kernel_w) {
    return std::nullopt;
  }
  Pool2D result = *pool;
  result.padding = *padding;
  if (pool->kind == PoolKind::kMax) {
    const bool lowest = pad.value <= -std::numeric_limits<float>::max();
    if (!lowest && !(pad.value == 0 && never_negative(graph, unpadded))) return std::nullopt;
    return result;
  }
  if (pad.value != 0 || !(pool->count_padding || pool->padding == Padding{})) return std::nullopt;
  result.count_padding = true;
  return result;
}

}  // namespace

bool fold_pads(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    const Node& node = graph.node(id);
    if (node.inputs.empty() || !node.inputs[0].valid()) continue;
    const auto* pad = graph.producer_as<Pad>(node.inputs[0]);
    if (pad == nullptr || pad->before.size() != 4) continue;
    const TensorId unpadded = graph.node(graph.producer(node.inputs[0])).inputs[0];
    std::optional<Op> op = padded(graph, node.op, *pad, unpadded);
    if (!op) continue;
    std::vector<TensorId> inputs = node.inputs;
    inputs[0] = unpadded;
    become(graph, id, *std::move(op), std::move(inputs));
    changed = true;
  }
  return changed;
}

}  // namespace durward
