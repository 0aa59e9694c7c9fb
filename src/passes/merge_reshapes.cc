// Reshape(Reshape(x))  =>  Reshape(x)
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool merge_reshapes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.op_as<Reshape>(id) == nullptr) continue;
    const TensorId input = graph.node(id).inputs[0];
    if (graph.producer_as<Reshape>(input) == nullptr) continue;
    become(graph, id, graph.node(id).op, {graph.node(graph.producer(input)).inputs[0]});
    changed = true;
  }
  return changed;
}

}  // namespace durward
