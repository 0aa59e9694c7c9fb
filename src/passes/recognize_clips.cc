// max(x, c), min(x, c)   =>  Clip
// Clip(Clip(x))          =>  Clip(x)
// Clip to 0..6, to 0..   =>  Relu6, Relu
#include <algorithm>
#include <limits>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// The node as a Clip, whatever it is written as, and the input it clips.
struct Clipped {
  Clip range;
  TensorId input;
};

std::optional<Clipped> as_clip(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (graph.tensor(node.outputs[0]).type != DataType::kFloat32) return std::nullopt;
  if (const auto* clip = std::get_if<Clip>(&node.op)) return Clipped{*clip, node.inputs[0]};
  if (const auto* unary = std::get_if<Unary>(&node.op)) {
    if (unary->kind == UnaryKind::kRelu) return Clipped{{0, kInfinity}, node.inputs[0]};
    if (unary->kind == UnaryKind::kRelu6) return Clipped{{0, 6}, node.inputs[0]};
    return std::nullopt;
  }
  const bool maximum = is_binary(graph, id, BinaryKind::kMaximum);
  if (!maximum && !is_binary(graph, id, BinaryKind::kMinimum)) return std::nullopt;
  for (const size_t side : {size_t{1}, size_t{0}}) {
    const auto bound = uniform_value(graph, node.inputs[side]);
    const TensorId x = node.inputs[1 - side];
    if (!bound || *bound != *bound) continue;
    if (shape_of(graph, x) != shape_of(graph, node.outputs[0])) continue;
    return Clipped{maximum ? Clip{*bound, kInfinity} : Clip{-kInfinity, *bound}, x};
  }
  return std::nullopt;
}

// Bounds that no finite number reaches are none.
Op canonical(Clip range) {
  if (range.max >= std::numeric_limits<float>::max()) range.max = kInfinity;
  if (range.min <= std::numeric_limits<float>::lowest()) range.min = -kInfinity;
  if (range == Clip{0, 6}) return Unary{UnaryKind::kRelu6};
  if (range == Clip{0, kInfinity}) return Unary{UnaryKind::kRelu};
  return range;
}

}  // namespace

bool recognize_clips(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    auto outer = as_clip(graph, id);
    if (!outer) continue;
    const NodeId producer = graph.producer(outer->input);
    if (producer.valid() && graph.used_once(outer->input)) {
      if (const auto inner = as_clip(graph, producer)) {
        // Clipping to `inner` first moves the bounds of `outer` into it.
        outer->range.min = std::clamp(inner->range.min, outer->range.min, outer->range.max);
        outer->range.max = std::clamp(inner->range.max, outer->range.min, outer->range.max);
        outer->input = inner->input;
      }
    }
    Op op = canonical(outer->range);
    const Node& node = graph.node(id);
    if (op == node.op && node.inputs[0] == outer->input) continue;
    become(graph, id, std::move(op), {outer->input});
    changed = true;
  }
  return changed;
}

}  // namespace durward
