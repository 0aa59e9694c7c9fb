// Lstm and Gru  =>  the same without the last states that nothing reads
//
// A cell that is returned takes memory and copies.
#include <utility>

#include "passes/passes.h"

namespace durward {
namespace {

bool is_used(const Graph& graph, TensorId id) {
  return graph.is_output(id) || !graph.consumers(id).empty();
}

}  // namespace

bool drop_unused_states(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    if (graph.op_as<Lstm>(id) == nullptr && graph.op_as<Gru>(id) == nullptr) continue;
    Node node = graph.node(id);
    size_t used = node.outputs.size();
    while (used > 1 && !is_used(graph, node.outputs[used - 1])) --used;
    if (used == node.outputs.size()) continue;
    node.outputs.resize(used);
    graph.remove_node(id);
    graph.add_node(std::move(node.op), std::move(node.name), std::move(node.inputs),
                   std::move(node.outputs));
    changed = true;
  }
  return changed;
}

}  // namespace durward
