// Conv2D | DepthwiseConv2D | FullyConnected -> BatchNorm | Mul | Add | Sub | Div by constants
//   =>  the layer with scaled weights and bias
#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool fold_affines_into_previous_layers(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    const auto affine = as_affine(graph, id);
    if (!affine) continue;
    const auto layer = own_layer(graph, affine->input);
    if (!layer) continue;
    scale_outputs(graph, *layer, affine->scale, affine->shift);
    graph.mutable_tensor(affine->input).trained.reset();  // it has another value now
    forward(graph, output_of(graph, id), affine->input);
    changed = true;
  }
  return changed;
}

}  // namespace durward
