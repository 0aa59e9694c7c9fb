// Mixed precision by measurement: which layers leave int8, so that the least is lost for what it
// costs in time or size (docs/mixed-precision.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/mixed_limits.h"
#include "pipeline/sensitivity.h"
#include "quant/assignment.h"

namespace durward {

// An assignment, as it was foreseen and as it is.
struct MixedPoint {
  AssignmentPoint foreseen;           // its cost in the unit of the limits
  std::vector<std::string> in_float;  // the units, in the order of execution
  double foreseen_us = 0, us = 0;     // latency; measured on this machine
  double bytes = 0;                   // of the plan
  EmbeddingLoss loss;
  std::optional<std::vector<TarLoss>> losses = {};  // of TAR against float
  std::optional<Evaluation> evaluation = {};        // on the trials
};

struct MixedChoice {
  Sensitivity sensitivity;
  std::vector<MixedPoint> front;  // measured, from all int8 to what costs most; includes the chosen
  size_t chosen = 0;              // of the front
  std::vector<std::string> keep_float;  // nodes, by name
  std::vector<std::string> devices;     // whose profiles were used
};

// Errors: those of measure_sensitivity and measure_kernel_times; FailedPrecondition where no
// assignment keeps to the limits, with what the nearest comes to.
[[nodiscard]] absl::StatusOr<MixedChoice> choose_precisions(const MixedModel& model,
                                                            const GraphJudge& judge,
                                                            const MixedLimits& limits,
                                                            int64_t arena_bytes,
                                                            const Progress& progress);

}  // namespace durward
