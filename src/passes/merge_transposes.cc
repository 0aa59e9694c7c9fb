// Transpose(Transpose(x))  =>  Transpose(x), by the product of the two permutations
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool merge_transposes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    const auto* outer = graph.op_as<Transpose>(id);
    if (outer == nullptr) continue;
    const TensorId input = graph.node(id).inputs[0];
    const auto* inner = graph.producer_as<Transpose>(input);
    if (inner == nullptr) continue;
    Transpose product;
    for (const int axis : outer->perm) {
      product.perm.push_back(inner->perm[static_cast<size_t>(axis)]);
    }
    become(graph, id, std::move(product), {graph.node(graph.producer(input)).inputs[0]});
    changed = true;
  }
  return changed;
}

}  // namespace durward
