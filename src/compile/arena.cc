#include "compile/arena.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <numeric>

namespace durward {

size_t ArenaPlanner::add(size_t bytes, size_t first, size_t last) {
  const size_t aligned = (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  blocks_.push_back({aligned, first, last, 0});
  return blocks_.size() - 1;
}

absl::Status ArenaPlanner::plan(int64_t max_bytes) {
  std::vector<size_t> order(blocks_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](size_t a, size_t b) { return blocks_[a].bytes > blocks_[b].bytes; });
  std::vector<size_t> placed;  // by offset
  for (const size_t index : order) {
    Block& block = blocks_[index];
    size_t offset = 0;
    for (const size_t other_index : placed) {
      const Block& other = blocks_[other_index];
      if (other.last < block.first || block.last < other.first) continue;
      if (offset + block.bytes <= other.offset) break;
      offset = std::max(offset, other.offset + other.bytes);
    }
    block.offset = offset;
    total_ = std::max(total_, offset + block.bytes);
    if (static_cast<int64_t>(total_) > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the activations need ", total_, " bytes or more; at most ", max_bytes, " are allowed"));
    }
    placed.insert(std::upper_bound(
                      placed.begin(), placed.end(), offset,
                      [this](size_t value, size_t other) { return value < blocks_[other].offset; }),
                  index);
  }
  return absl::OkStatus();
}

}  // namespace durward
