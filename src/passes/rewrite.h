// Small steps that the rewrites share. Internal to src/passes.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace durward {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The elements of a float32 constant.
[[nodiscard]] std::optional<std::span<const float>> constant_floats(const Graph& graph,
                                                                    TensorId id);

// The value of a float32 constant whose elements (one at least) are all the same.
[[nodiscard]] std::optional<float> uniform_value(const Graph& graph, TensorId id);

// A float32 constant that varies along the last dimension alone, as that dimension's `channels`
// values: shape [channels], [1,..,channels], or any shape with all elements the same.
[[nodiscard]] std::optional<std::vector<float>> channel_values(const Graph& graph, TensorId id,
                                                               int64_t channels);

// The size of the last dimension; 1 for a scalar.
[[nodiscard]] int64_t channels_of(const Graph& graph, TensorId id);

// Makes input `position` of the node a float32 constant of these values. A constant that only this
// node uses changes its data and keeps its name; otherwise a new one named like it is added.
void set_constant(Graph& graph, NodeId id, size_t position, Shape shape,
                  std::span<const float> values, std::string_view name_if_new);

// Every use of `from` becomes one of `to`, which has its value by now and takes its trained
// parameters over, and what only made `from` is removed.
void forward(Graph& graph, TensorId from, TensorId to);

// `to` has the value of `from`, and with it the parameters that training found for that, if any.
void take_trained(Graph& graph, TensorId from, TensorId to);

// The node becomes another op on other inputs, with the same output; what only made its former
// inputs is removed.
void become(Graph& graph, NodeId id, Op op, std::vector<TensorId> inputs);

// Removes the producer of an unused tensor, and then of that one's inputs, and so on.
void remove_if_unused(Graph& graph, TensorId id);

// Binary with this kind and no activation.
[[nodiscard]] bool is_binary(const Graph& graph, NodeId id, BinaryKind kind);

// The first output of the node.
[[nodiscard]] inline TensorId output_of(const Graph& graph, NodeId id) {
  return graph.node(id).outputs[0];
}

[[nodiscard]] inline const Shape& shape_of(const Graph& graph, TensorId id) {
  return graph.tensor(id).shape;
}

}  // namespace durward
