// The reference executor behind the interface of the runtimes: what the exports are compared with.
#pragma once

#include <memory>

#include "base/status.h"
#include "graph/graph.h"
#include "runtimes/runtime.h"

namespace durward {

// Runs `graph` over the reference kernels; the graph may go away afterwards. Ports have the names,
// shapes and layout (NCHW or NHWC) of the model that the graph came from. One thread, whatever
// options.threads says. Errors: as Interpreter::create.
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> make_reference_model(
    const Graph& graph, const RuntimeOptions& options = {});

}  // namespace durward
