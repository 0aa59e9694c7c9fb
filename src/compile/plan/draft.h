// A plan while it is made: calls and tensors of a graph, before their places are known.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/status.h"
#include "compile/lower/lower.h"
#include "engine/plan.h"
#include "graph/graph.h"

namespace durward {

// `plan` has everything but places in the arena and steps. Calls are in an order in which they can
// run; each writes an arena or output tensor that none before it reads.
struct PlanDraft {
  Plan plan;
  std::vector<std::byte> constants;

  [[nodiscard]] PlanTensor& tensor(int32_t index) {
    return plan.tensors[static_cast<size_t>(index)];
  }
  [[nodiscard]] const PlanTensor& tensor(int32_t index) const {
    return plan.tensors[static_cast<size_t>(index)];
  }
};

// Every node lowered; a reshape that copies nothing but bytes is the same tensor. Errors: those of
// lower().
[[nodiscard]] absl::StatusOr<PlanDraft> draft_plan(const Graph& graph);

// Folds each Add of an int8 layer's result and a tensor of the same shape into the layer.
void fuse_adds(PlanDraft& draft);

// Drops the arena's tensors that no call makes or reads any more.
void drop_unused_tensors(Plan& plan);

}  // namespace durward
