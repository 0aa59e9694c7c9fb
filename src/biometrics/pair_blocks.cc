#include "biometrics/pair_blocks.h"

#include <mutex>

#include "base/parallel.h"

namespace durward {
namespace {

constexpr int64_t kRows = 4, kColumns = 8;  // what one inner loop keeps in registers

}  // namespace

void PairBlock::compute(const Embeddings& a, int64_t first_a, const Embeddings& b,
                        int64_t first_b) {
  const int64_t dims = a.dims();
  columns_.assign(static_cast<size_t>(kSide * dims), 0.0F);
  for (int64_t c = 0; c < std::min(kSide, b.rows() - first_b); ++c) {
    const float* row = b.row(first_b + c).data();
    float* strip = columns_.data() + c / kColumns * dims * kColumns + c % kColumns;
    for (int64_t k = 0; k < dims; ++k) strip[k * kColumns] = row[k];
  }
  for (int64_t r = 0; r < kSide && first_a + r < a.rows(); r += kRows) {
    std::array<const float*, kRows> rows;
    for (int64_t i = 0; i < kRows; ++i) {
      rows[static_cast<size_t>(i)] = a.row(std::min(first_a + r + i, a.rows() - 1)).data();
    }
    for (int64_t c = 0; c < kSide; c += kColumns) {
      const float* strip = columns_.data() + c * dims;
      float sums[kRows][kColumns] = {};
      for (int64_t k = 0; k < dims; ++k) {
        for (int64_t i = 0; i < kRows; ++i) {
          const float value = rows[static_cast<size_t>(i)][k];
          for (int64_t j = 0; j < kColumns; ++j) sums[i][j] += value * strip[k * kColumns + j];
        }
      }
      for (int64_t i = 0; i < kRows; ++i) {
        std::copy_n(sums[i], kColumns, &scores_[static_cast<size_t>((r + i) * kSide + c)]);
      }
    }
  }
}

absl::Status for_each_block_row(int64_t rows, int threads, std::string_view step,
                                const Progress& progress,
                                const std::function<void(int64_t, int)>& work) {
  const int64_t blocks = pair_block_count(rows);
  std::mutex mutex;
  int64_t done = 0;
  return parallel_for(blocks, threads, [&](int64_t block_i, int worker) -> absl::Status {
    work(block_i, worker);
    if (!progress) return absl::OkStatus();
    const std::lock_guard<std::mutex> lock(mutex);
    return progress(step, ++done, blocks) ? absl::OkStatus() : absl::CancelledError("stopped");
  });
}

absl::Status check_same_images(const Embeddings& a, const Embeddings& b,
                               std::span<const int32_t> person_of_row) {
  if (a.dims() != b.dims()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot compare embeddings of ", a.dims(),
                                                   " dimensions with those of ", b.dims()));
  }
  if (a.rows() != b.rows() || static_cast<size_t>(a.rows()) != person_of_row.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("all pairs need the same images on both sides, but there are ", a.rows(),
                     " and ", b.rows(), " embeddings of ", person_of_row.size(), " images"));
  }
  for (size_t row = 0; row < person_of_row.size(); ++row) {
    if (person_of_row[row] < 0) {
      return absl::InvalidArgumentError(absl::StrCat("image ", row, " has no person"));
    }
  }
  return absl::OkStatus();
}

}  // namespace durward
