// Counts what the test program takes from operator new, and lets a chosen one of them fail.
#pragma once

#include <cstdint>

namespace durward {

// Allocations of this thread so far.
[[nodiscard]] int64_t allocations() noexcept;
[[nodiscard]] int64_t allocations_of_all_threads() noexcept;

// While one of these lives, the allocation of this thread after the next `count` ones finds no
// memory; those behind it do.
class FailingAllocation {
 public:
  explicit FailingAllocation(int64_t count) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  [[nodiscard]] bool happened() const noexcept;
};

}  // namespace durward
