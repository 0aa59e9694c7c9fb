// Transpose(x), where only dimensions of size 1 change places  =>  Reshape(x)
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool turn_transposes_into_reshapes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    const auto* transpose = graph.op_as<Transpose>(id);
    if (transpose == nullptr) continue;
    const Shape& shape = shape_of(graph, graph.node(id).inputs[0]);
    int last = -1;
    bool in_order = true;
    for (const int axis : transpose->perm) {
      if (shape[static_cast<size_t>(axis)] == 1) continue;
      in_order = in_order && axis > last;
      last = axis;
    }
    if (!in_order) continue;
    graph.mutable_op(id) = Reshape{shape_of(graph, output_of(graph, id))};
    changed = true;
  }
  return changed;
}

}  // namespace durward
