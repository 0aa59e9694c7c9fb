// Serialises a plan as plan.fbs has it.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/plan.h"

namespace durward {

[[nodiscard]] std::vector<std::byte> write_plan(const Plan& plan);

}  // namespace durward
