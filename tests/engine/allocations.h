// Counts what the test program takes from operator new, finds one of a known size, and lets a
// chosen one fail.
#pragma once

#include <cstddef>
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

// While one of these lives, finds what this thread takes of exactly `bytes`.
class WatchedAllocation {
 public:
  explicit WatchedAllocation(size_t bytes) noexcept;
  ~WatchedAllocation();
  WatchedAllocation(const WatchedAllocation&) = delete;
  WatchedAllocation& operator=(const WatchedAllocation&) = delete;

  // nullptr unless there was one and no other of that size.
  [[nodiscard]] std::byte* memory() const noexcept;
};

}  // namespace durward
