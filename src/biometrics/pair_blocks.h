// All pairs of the rows of two matrices, a square of scores at a time: the memory of a pass over
// all pairs does not grow with their number.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "biometrics/embeddings.h"

namespace durward {

// The scores of kSide rows of one matrix against kSide rows of another, [kSide, kSide].
class PairBlock {
 public:
  static constexpr int64_t kSide = 64;

  // Equal, bit for bit, to cosine(a.row(first_a + r), b.row(first_b + c)) at (r, c). Rows past the
  // end of a matrix leave scores without meaning.
  void compute(const Embeddings& a, int64_t first_a, const Embeddings& b, int64_t first_b);

  [[nodiscard]] float at(int64_t r, int64_t c) const {
    return scores_[static_cast<size_t>(r * kSide + c)];
  }

 private:
  std::array<float, kSide * kSide> scores_;
  std::vector<float> columns_;  // rows of b, eight side by side: [kSide / 8, dims, 8]
};

[[nodiscard]] inline int64_t pair_block_count(int64_t rows) {
  return (rows + PairBlock::kSide - 1) / PairBlock::kSide;
}

// Calls visit(i, j, r, c) for the pairs i < j < rows whose i lies in block block_i and j in block
// block_j >= block_i; (r, c) is the pair's place in the PairBlock.
template <typename Visit>
void for_each_pair(int64_t block_i, int64_t block_j, int64_t rows, const Visit& visit) {
  const int64_t first_i = block_i * PairBlock::kSide, first_j = block_j * PairBlock::kSide;
  const int64_t end_i = std::min(first_i + PairBlock::kSide, rows);
  const int64_t end_j = std::min(first_j + PairBlock::kSide, rows);
  for (int64_t i = first_i; i < end_i; ++i) {
    for (int64_t j = std::max(first_j, i + 1); j < end_j; ++j)
      visit(i, j, i - first_i, j - first_j);
  }
}

// Runs work(block_i, worker) for every block of rows on a few threads, telling `progress` (may be
// empty) under the name `step`. Cancelled where progress asks for it.
[[nodiscard]] absl::Status for_each_block_row(
    int64_t rows, int threads, std::string_view step, const Progress& progress,
    const std::function<void(int64_t block_i, int worker)>& work);

// InvalidArgument unless the two systems' embeddings describe the same images, one person each.
[[nodiscard]] absl::Status check_same_images(const Embeddings& a, const Embeddings& b,
                                             std::span<const int32_t> person_of_row);

}  // namespace durward
