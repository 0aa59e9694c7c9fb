// The golden vectors of a bundle: proof that this machine computes what was validated.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "bundle/bundle.h"
#include "engine/kernels/isa.h"

namespace durward {

struct GoldenResult {
  int64_t vectors = 0;
  int64_t bytes = 0;  // compared, all equal
};

// Runs the bundle's plan on its golden inputs (docs/bundle.md), with kernels up to `isa` or all
// that the machine has. Errors: DataLoss naming the vector and the first byte that differs, or a
// vector that is missing; those of Session::create.
[[nodiscard]] absl::StatusOr<GoldenResult> check_golden(const Bundle& bundle,
                                                        const std::optional<Isa>& isa);

}  // namespace durward
