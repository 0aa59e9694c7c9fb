// y = scale[c] * x + shift[c], c the index along the last dimension: what a BatchNorm and a Mul,
// Add, Sub or Div by constants come to, and what a layer with weights can take in. Internal to
// src/passes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace durward {

struct ChannelAffine {
  TensorId input;
  std::vector<double> scale, shift;  // one per channel
};

// The node as a ChannelAffine of its input, where all else is float32 constants.
[[nodiscard]] std::optional<ChannelAffine> as_affine(const Graph& graph, NodeId id);

// The same for the tensor's producer, and all before it that nothing else uses. The nodes of the
// chain, last first, are appended to `chain` where given.
[[nodiscard]] std::optional<ChannelAffine> as_affine_chain(const Graph& graph, TensorId id,
                                                           std::vector<NodeId>* chain = nullptr);

[[nodiscard]] bool all_zero(std::span<const double> values);

// True for a Conv2D, DepthwiseConv2D or FullyConnected whose weights, and bias if any, are float32
// constants.
[[nodiscard]] bool has_constant_parameters(const Graph& graph, NodeId id);

// The layer (see has_constant_parameters), without activation, that makes the tensor for one use
// alone: a rewrite may change what it gives.
[[nodiscard]] std::optional<NodeId> own_layer(const Graph& graph, TensorId id);

// The slope of each channel of a float32 PRelu whose slope is a constant per channel.
[[nodiscard]] std::optional<std::vector<float>> prelu_slope(const Graph& graph, NodeId prelu);

// The layer (see has_constant_parameters, without activation) gives scale * y + shift instead of y.
// Rounds each weight once.
void scale_outputs(Graph& graph, NodeId layer, std::span<const double> scale,
                   std::span<const double> shift);

// The layer takes x instead of scale * x + shift and gives the same, as long as it pads nothing or
// every shift is 0.
void scale_inputs(Graph& graph, NodeId layer, std::span<const double> scale,
                  std::span<const double> shift);

}  // namespace durward
