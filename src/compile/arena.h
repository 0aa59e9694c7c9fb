// Places blocks of memory with known lifetimes in one arena, so that what is dead makes room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace durward {

inline constexpr size_t kArenaAlignment = 64;

class ArenaPlanner {
 public:
  // A block that is written at step `first` and read for the last time at step `last`; returns its
  // number.
  size_t add(size_t bytes, size_t first, size_t last);

  // Places every block at the lowest offset where it meets no block that is alive at the same time:
  // the largest first, then a number of times over with what ended up highest before all others, as
  // long as no arena is as small as the blocks that are alive at once. ResourceExhausted where the
  // smallest arena that was found is larger than max_bytes.
  [[nodiscard]] absl::Status plan(int64_t max_bytes);

  [[nodiscard]] size_t offset(size_t block) const { return blocks_[block].offset; }
  [[nodiscard]] size_t total_bytes() const { return total_; }

 private:
  struct Block {
    size_t bytes, first, last, offset;
  };
  size_t place(const std::vector<size_t>& order);
  [[nodiscard]] size_t most_alive() const;

  std::vector<Block> blocks_;
  size_t total_ = 0;
};

}  // namespace durward
