// Reshape -> scale and shift per channel  =>  scale and shift per channel -> Reshape
//
// where the last dimension stays: so that the BatchNorm behind a flattened 1x1 image meets the
// convolution before it.
#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// The node's op and inputs, on `x` instead of its own input; nullopt where its constants would
// not broadcast the same way.
std::optional<std::vector<TensorId>> inputs_on(const Graph& graph, NodeId id, TensorId own,
                                               TensorId x) {
  std::vector<TensorId> inputs = graph.node(id).inputs;
  for (TensorId& input : inputs) {
    if (input == own) {
      input = x;
    } else if (shape_of(graph, input).size() > 1) {
      return std::nullopt;
    }
  }
  return inputs;
}

}  // namespace

bool hoist_affines_over_reshapes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    const auto affine = as_affine(graph, id);
    if (!affine || !graph.used_once(affine->input)) continue;
    if (graph.producer_as<Reshape>(affine->input) == nullptr) continue;
    const NodeId reshape = graph.producer(affine->input);
    const TensorId x = graph.node(reshape).inputs[0];
    if (shape_of(graph, x).empty() || channels_of(graph, x) != channels_of(graph, affine->input)) {
      continue;
    }
    const auto inputs = inputs_on(graph, id, affine->input, x);
    if (!inputs) continue;
    Op op = graph.node(id).op;
    if (auto* norm = std::get_if<BatchNorm>(&op)) {
      norm->axis = static_cast<int>(shape_of(graph, x).size()) - 1;
    }
    const std::string name = graph.node(id).name;
    const auto scaled = graph.add_op(std::move(op), graph.unique_name(name), *inputs);
    if (!scaled.ok()) continue;
    graph.rename_node(id, graph.node(reshape).name);
    become(graph, id, graph.node(reshape).op, {*scaled});
    changed = true;
  }
  return changed;
}

}  // namespace durward
