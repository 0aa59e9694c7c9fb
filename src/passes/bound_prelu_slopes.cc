// c -> PRelu(a) -> layers  =>  c' -> PRelu(1 / a) -> layers', for the channels where |a| > 1
//
// a < -1: PRelu(z, a) = PRelu(a z, 1 / a), so c' gives a z. a > 1: PRelu(z, a) = -PRelu(-a z, 1 /
// a), so c' gives -a z and the layers that use the channel take it negated. With every slope in
// [-1, 1] a PRelu is max(z, a z), and its negative side needs no wider range than its positive one.
#include <algorithm>
#include <cmath>

#include "passes/layer_use.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

bool bound_slopes(Graph& graph, NodeId prelu) {
  const std::vector<TensorId> inputs = graph.node(prelu).inputs;
  const TensorId y = output_of(graph, prelu);
  std::optional<std::vector<float>> slope =
      channel_values(graph, inputs[1], channels_of(graph, inputs[0]));
  const auto layer = own_layer(graph, inputs[0]);
  if (!slope || !layer) return false;
  const bool users_can_negate = only_layers_use(graph, y);
  std::vector<double> made(slope->size(), 1), used(slope->size(), 1);
  bool any = false;
  for (size_t c = 0; c < slope->size(); ++c) {
    const double a = (*slope)[c];
    if (std::fabs(a) <= 1 || !std::isfinite(a) || (a > 1 && !users_can_negate)) continue;
    made[c] = -std::fabs(a);
    used[c] = a > 1 ? -1 : 1;
    (*slope)[c] = static_cast<float>(1 / a);
    any = true;
  }
  if (!any) return false;
  scale_outputs(graph, *layer, made, std::vector<double>(made.size(), 0.0));
  if (std::count(used.begin(), used.end(), -1.0) > 0) scale_users(graph, y, used);
  const auto channels = static_cast<int64_t>(slope->size());
  set_constant(graph, prelu, 1, {channels}, *slope, graph.node(prelu).name + ".slope");
  return true;
}

}  // namespace

bool bound_prelu_slopes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (graph.op_as<PRelu>(id) != nullptr) changed = bound_slopes(graph, id) || changed;
  }
  return changed;
}

}  // namespace durward
