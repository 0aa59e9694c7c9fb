// Embeddings of unit length, and their cosine similarity.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "biometrics/trial.h"

namespace durward {

// `rows` embeddings of `dims` floats, row after row, each of Euclidean length 1. Immutable, so any
// number of threads may read it.
class Embeddings {
 public:
  // Takes raw embeddings [rows, dims] and scales each row to length 1. InvalidArgument where values
  // is no whole number of rows, or a row is zero or not finite; the message names the row.
  [[nodiscard]] static absl::StatusOr<Embeddings> normalise(std::vector<float> values, int dims);

  // One row for each list of rows: their mean, scaled to length 1; of one row, that row. A template
  // of several samples. InvalidArgument where a list is empty, names a row that does not exist, or
  // its mean is zero; the message names the list.
  [[nodiscard]] absl::StatusOr<Embeddings> means(
      std::span<const std::vector<int64_t>> rows_of_mean) const;

  [[nodiscard]] int64_t rows() const { return static_cast<int64_t>(values_.size()) / dims_; }
  [[nodiscard]] int dims() const { return dims_; }
  [[nodiscard]] std::span<const float> row(int64_t index) const {
    return {values_.data() + index * dims_, static_cast<size_t>(dims_)};
  }

 private:
  Embeddings(std::vector<float> values, int dims) : values_(std::move(values)), dims_(dims) {}

  std::vector<float> values_;
  int dims_;
};

// The cosine of two unit-length rows, in -1..1 up to rounding. The products are summed in float32
// in index order: the one order used everywhere, so that a list of trials and all pairs of the same
// rows give the same bits.
[[nodiscard]] float cosine(std::span<const float> a, std::span<const float> b);

// The score of every trial: cosine of row `enrol` of one matrix and row `probe` of the other. For
// one system both are the same matrix; for enrolment by one system and probes by another they
// differ. InvalidArgument names the trial whose row does not exist, or dims that differ.
[[nodiscard]] absl::StatusOr<std::vector<float>> score_trials(std::span<const Trial> trials,
                                                              const Embeddings& enrolled,
                                                              const Embeddings& probes);

}  // namespace durward
