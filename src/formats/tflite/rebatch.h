// Changing the batch that a graph was exported with.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "graph/graph.h"

namespace durward {

// The leading dimension that all inputs have in common; 0 where they differ or one has none.
[[nodiscard]] int64_t common_batch(const Graph& graph);

// Rewrites a graph whose inputs share the leading dimension common_batch() to `batch` items: input
// shapes, targets of Reshape and Broadcast, extents of Slice, and constants that repeat a value for
// each item. InvalidArgument, naming the node, where items of a batch are mixed or told apart.
[[nodiscard]] absl::Status rebatch(Graph& graph, int64_t batch);

}  // namespace durward
