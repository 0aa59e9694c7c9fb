// The parts of a model whose precision is chosen, each for itself: a layer with what follows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace durward {

// Cheapest first. 16x8 are int16 activations with int8 weights.
enum class Precision : uint8_t { kInt8, kInt16x8, kFloat32 };

[[nodiscard]] std::string_view to_string(Precision precision);  // "int8", "int16x8", "float32"

struct PrecisionUnit {
  std::string name;                   // of its first node
  std::string op;                     // likewise
  std::vector<NodeId> nodes;          // in the order of execution
  std::vector<Precision> candidates;  // that all its nodes have kernels for, cheapest first
};

// Every node of a float graph is in one unit, in the order of execution: a layer with weights
// begins one, and an addition or the like belongs to the last of those that it reads. Nodes that
// have no integer kernel are units by themselves.
[[nodiscard]] std::vector<PrecisionUnit> precision_units(const Graph& graph);

// The names of the units' nodes that `precisions`, one for each unit, keep in float.
[[nodiscard]] std::vector<std::string> float_nodes(const Graph& graph,
                                                   const std::vector<PrecisionUnit>& units,
                                                   const std::vector<Precision>& precisions);

// The same for a copy of the graph that was rewritten, in which a tensor that was there before has
// the same id: what replaced a node is kept in float with it.
[[nodiscard]] std::vector<std::string> float_nodes_of_copy(
    const Graph& copy, const Graph& graph, const std::vector<std::string>& float_nodes);

}  // namespace durward
