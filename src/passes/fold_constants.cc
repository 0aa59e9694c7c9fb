// op(constants)  =>  constant
//
// A Dequantize stays: the integers behind it are what quantisation-aware training arrived at, and
// exports write them as they are.
#include "passes/passes.h"

namespace durward {

bool fold_constants(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (graph.op_as<Dequantize>(id) != nullptr) continue;
    // An error (an overflow in shape arithmetic) concerns a value that may never be used: such a
    // node stays, and whoever has to run it reports it.
    const auto folded = fold_constant(graph, id);
    changed |= folded.ok() && *folded;
  }
  return changed;
}

}  // namespace durward
