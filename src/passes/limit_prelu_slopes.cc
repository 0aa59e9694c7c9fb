// c -> PRelu(a) -> layers, with |a| > 1  =>  a * c -> PRelu(1 / a) -> layers
//
// of a channel. Where a < -1, PRelu(c) is max(c, a * c) = PRelu(1 / a) of a * c. Where a > 1, it is
// min(c, a * c) = -PRelu(1 / a) of -a * c, so that the layers behind it take that channel negated.
// After it every slope is in [-1, 1], a PRelu is max(x, a * x), and no slope stretches the range
// that a quantised tensor has to hold.
#include <algorithm>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// True where every use of the tensor is as the input of a layer whose weights may change sign.
bool only_layers_use(const Graph& graph, TensorId id) {
  if (graph.is_output(id)) return false;
  const std::vector<NodeId>& users = graph.consumers(id);
  return std::all_of(users.begin(), users.end(), [&](NodeId user) {
    return has_constant_parameters(graph, user) && graph.node(user).inputs[0] == id;
  });
}

bool limit(Graph& graph, NodeId prelu) {
  auto slope = prelu_slope(graph, prelu);
  const auto layer = own_layer(graph, graph.node(prelu).inputs[0]);
  if (!slope || !layer) return false;
  const TensorId y = output_of(graph, prelu);
  const bool may_negate = only_layers_use(graph, y);
  const std::vector<double> no_shift(slope->size(), 0.0);
  std::vector<double> factor(slope->size(), 1.0), sign(slope->size(), 1.0);
  bool changed = false;
  for (size_t c = 0; c < slope->size(); ++c) {
    const double a = (*slope)[c];
    if (a >= -1 && (a <= 1 || !may_negate)) continue;
    sign[c] = a > 1 ? -1 : 1;
    factor[c] = sign[c] * a;
    (*slope)[c] = static_cast<float>(1 / a);
    changed = true;
  }
  if (!changed) return false;
  scale_outputs(graph, *layer, factor, no_shift);
  set_constant(graph, prelu, 1, {static_cast<int64_t>(slope->size())}, *slope, "slope");
  if (std::count(sign.begin(), sign.end(), -1.0) == 0) return true;
  const std::vector<NodeId> users = graph.consumers(y);
  for (const NodeId user : users) scale_inputs(graph, user, sign, no_shift);
  return true;
}

}  // namespace

bool limit_prelu_slopes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (graph.op_as<PRelu>(id) != nullptr) changed |= limit(graph, id);
  }
  return changed;
}

}  // namespace durward
