// A finished plan made over for a small device: int8 at its ports, in a smaller arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "engine/plan.h"

namespace durward {

struct ReplanOptions {
  // A float input that is only quantised becomes int8, a float output that is only a dequantised
  // tensor likewise; others stay. The caller then converts, or has int8 to begin with.
  bool int8_ports = false;
  // As PlanOptions has it; the plan's own where there is none.
  std::optional<int64_t> arena_bytes = {};
};

// The serialised plan; what it computes is the same. `plan` is one that verify_plan() accepted.
// Errors: those of build_plan.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> replan(const Plan& plan,
                                                            const ReplanOptions& options);

}  // namespace durward
