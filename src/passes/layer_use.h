// Layers around a tensor whose weights a rewrite may scale, channel by channel. Internal to
// src/passes.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"
#include "passes/affine.h"

namespace durward {

// True where every use of the tensor is as the input of a layer whose weights may change sign.
[[nodiscard]] bool only_layers_use(const Graph& graph, TensorId id);

// The layer that makes `id` for this use alone, if it has no activation and its weights may change.
[[nodiscard]] std::optional<NodeId> own_layer(const Graph& graph, TensorId id);

// Every layer that uses the tensor takes x instead of scale * x.
void scale_users(Graph& graph, TensorId id, const std::vector<double>& scale);

}  // namespace durward
