// The reference executor as a runtime.
#pragma once

#include <memory>

#include "graph/graph.h"
#include "runtimes/runtime.h"

namespace durward {

// A graph, float or quantised, over the reference kernels: what defines our arithmetic
// (docs/numerics.md). Ports are the graph's, in its own layout (NHWC). It keeps no per-op records.
// Errors: as Interpreter::create.
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> make_reference_model(
    const Graph& graph);

}  // namespace durward
