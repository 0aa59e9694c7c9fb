// Binary(x, Broadcast(y))  =>  Binary(x, y), where x alone has the result's shape
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool absorb_broadcasts(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.op_as<Binary>(id) == nullptr) continue;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const std::vector<TensorId> inputs = graph.node(id).inputs;
      if (graph.producer_as<Broadcast>(inputs[side]) == nullptr) continue;
      if (shape_of(graph, inputs[1 - side]) != shape_of(graph, output_of(graph, id))) continue;
      graph.set_input(id, side, graph.node(graph.producer(inputs[side])).inputs[0]);
      remove_if_unused(graph, inputs[side]);
      changed = true;
    }
  }
  return changed;
}

}  // namespace durward
