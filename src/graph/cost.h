// What a graph costs to run and to store, counted from shapes alone.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace durward {

// Multiply-accumulate operations of a node: convolutions, fully connected layers and matrix
// products; 0 for everything else.
[[nodiscard]] int64_t multiply_accumulates(const Graph& graph, NodeId id);
[[nodiscard]] int64_t multiply_accumulates(const Graph& graph);

// Elements and bytes of the constants that nodes use, each once.
struct ConstantSize {
  int64_t elements = 0;
  int64_t bytes = 0;
};
[[nodiscard]] ConstantSize constant_size(const Graph& graph);

}  // namespace durward
