#include "passes/layer_use.h"

#include <algorithm>

namespace durward {

bool only_layers_use(const Graph& graph, TensorId id) {
  if (graph.is_output(id)) return false;
  const std::vector<NodeId>& users = graph.consumers(id);
  return std::all_of(users.begin(), users.end(), [&](NodeId user) {
    const std::vector<TensorId>& inputs = graph.node(user).inputs;
    return has_constant_parameters(graph, user) && inputs[0] == id;
  });
}

std::optional<NodeId> own_layer(const Graph& graph, TensorId id) {
  const NodeId layer = graph.producer(id);
  if (!layer.valid() || !graph.used_once(id) || !has_constant_parameters(graph, layer)) {
    return std::nullopt;
  }
  const bool plain = std::visit(
      [](const auto& op) {
        if constexpr (requires { op.activation; }) return op.activation == Activation::kNone;
        return false;
      },
      graph.node(layer).op);
  return plain ? std::optional(layer) : std::nullopt;
}

void scale_users(Graph& graph, TensorId id, const std::vector<double>& scale) {
  const std::vector<double> no_shift(scale.size(), 0.0);
  const std::vector<NodeId> users = graph.consumers(id);
  for (const NodeId user : users) scale_inputs(graph, user, scale, no_shift);
}

}  // namespace durward
