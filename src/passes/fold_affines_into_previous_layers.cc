// Conv2D | DepthwiseConv2D | FullyConnected -> BatchNorm | Mul | Add | Sub | Div by constants
//   =>  the layer with scaled weights and bias
#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

bool has_activation(const Op& op) {
  return std::visit(
      [](const auto& concrete) {
        if constexpr (requires { concrete.activation; }) {
          return concrete.activation != Activation::kNone;
        } else {
          return false;
        }
      },
      op);
}

}  // namespace

bool fold_affines_into_previous_layers(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    const auto affine = as_affine(graph, id);
    if (!affine || !graph.used_once(affine->input)) continue;
    const NodeId layer = graph.producer(affine->input);
    if (!layer.valid() || !has_constant_parameters(graph, layer)) continue;
    if (has_activation(graph.node(layer).op)) continue;
    scale_outputs(graph, layer, affine->scale, affine->shift);
    forward(graph, output_of(graph, id), affine->input);
    changed = true;
  }
  return changed;
}

}  // namespace durward
