// From a graph to the engine's plan: kernel calls, fused where kernels can, rows streamed where
// that saves memory, every tensor at its place in the arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "compile/plan/draft.h"
#include "graph/graph.h"

namespace durward {

struct PlanOptions {
  // Layers are streamed as far as needed to reach this arena, or the smallest that can be reached
  // if that is larger. 0: a little above the smallest.
  int64_t arena_bytes = 0;
};

// The bytes of a serialised plan (engine/plan.h) for a graph, quantised or float or mixed. Errors:
// Unimplemented with every node that has no kernel, InvalidArgument for a node that is not valid,
// ResourceExhausted where the activations need more than 16 GiB or the constants more than 1 GiB.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> build_plan(const Graph& graph,
                                                                const PlanOptions& options);

// The two last steps of it. Fills in steps and places: those that need the least memory, or, the
// rows in longer bands, not more than `arena_bytes`.
[[nodiscard]] absl::Status schedule_plan(PlanDraft& draft, int64_t arena_bytes);
// Serialises a scheduled draft, verified and proved.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> finish_plan(PlanDraft& draft);

}  // namespace durward
