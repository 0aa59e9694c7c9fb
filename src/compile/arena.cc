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

// Returns the size of the arena.
size_t ArenaPlanner::place(const std::vector<size_t>& order) {
  std::vector<size_t> placed;  // by offset
  size_t total = 0;
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
    total = std::max(total, offset + block.bytes);
    placed.insert(std::upper_bound(
                      placed.begin(), placed.end(), offset,
                      [this](size_t value, size_t other) { return value < blocks_[other].offset; }),
                  index);
  }
  return total;
}

// Bytes that no arena can be smaller than.
size_t ArenaPlanner::most_alive() const {
  size_t most = 0;
  for (const Block& at : blocks_) {
    size_t alive = 0;
    for (const Block& other : blocks_) {
      if (other.first <= at.first && at.first <= other.last) alive += other.bytes;
    }
    most = std::max(most, alive);
  }
  return most;
}

absl::Status ArenaPlanner::plan(int64_t max_bytes) {
  constexpr int kAttempts = 64;
  std::vector<size_t> order(blocks_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](size_t a, size_t b) { return blocks_[a].bytes > blocks_[b].bytes; });
  const size_t bound = most_alive();
  std::vector<size_t> best = order;
  size_t smallest = place(order);
  size_t total = smallest;
  for (int attempt = 0; attempt < kAttempts && smallest > bound; ++attempt) {
    std::stable_partition(order.begin(), order.end(), [&](size_t index) {
      return blocks_[index].offset + blocks_[index].bytes == total;
    });
    total = place(order);
    if (total >= smallest) continue;
    smallest = total;
    best = order;
  }
  total_ = place(best);
  if (static_cast<int64_t>(total_) > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the activations need ", total_, " bytes; at most ", max_bytes, " are allowed"));
  }
  return absl::OkStatus();
}

}  // namespace durward
