// A plan that was just made, where sessions want it.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <span>

#include "engine/plan.h"
#include "engine/program.h"

namespace durward {

// At a multiple of kPlanAlignment.
[[nodiscard]] inline AlignedMemory aligned_copy(std::span<const std::byte> plan) {
  AlignedMemory memory(
      static_cast<std::byte*>(::operator new(plan.size(), std::align_val_t{kPlanAlignment})));
  std::memcpy(memory.get(), plan.data(), plan.size());
  return memory;
}

}  // namespace durward
