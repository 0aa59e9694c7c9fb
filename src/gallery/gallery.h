// 1:N search: which of very many templates a probe is most like, exactly, in int8.
//
// An embedding at unit length becomes int8 values q in -119..119 (its largest becomes 119), each
// kept as two four-bit halves, q = 16 h + l with l in -8..7, in two planes. A search reads the
// first plane of every template. The second one can add at most |p| |l| to a score (Cauchy and
// Schwarz), and |l| is kept; so it is read only for those templates that could still be among the
// best. What is found is what reading everything would find.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "gallery/nibbles.h"

namespace durward {

class Gallery {
 public:
  static constexpr int kMaxDims = 4096;
  static constexpr int64_t kMaxSize = int64_t{1} << 30;

  struct Match {
    int64_t row = 0;  // 0 for the first template that was added
    float score = 0;  // the cosine of the int8 embeddings

    bool operator==(const Match&) const = default;
  };

  // For embeddings of 1..kMaxDims values; InvalidArgument for others. Instruction sets above
  // `highest` are not used: the result is the same with any.
  [[nodiscard]] static absl::StatusOr<Gallery> create(int dims, Isa highest = kFastestIsa);

  // An embedding of any length above 0. InvalidArgument where it has another number of values, one
  // that is not finite, or only zeros; ResourceExhausted where the gallery is full.
  [[nodiscard]] absl::Status add(std::span<const float> embedding);

  // The `count` templates of the highest scores, highest first, of equal scores the earlier one
  // first; all where there are not so many. Errors as add().
  [[nodiscard]] absl::StatusOr<std::vector<Match>> search(std::span<const float> probe, int count,
                                                          int threads = 1) const;

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(rows_.size()); }
  // Of one template, planes and lengths.
  [[nodiscard]] int64_t bytes_per_template() const;

 private:
  struct Row {
    float inverse_norm;  // 1 / |q|
    float low_norm;      // |l|, rounded up
  };
  Gallery(int dims, const NibbleKernel& kernel)
      : dims_(dims), padded_(padded_dims(dims)), kernel_(kernel) {}

  absl::StatusOr<std::vector<int8_t>> quantize(std::span<const float> embedding) const;
  std::vector<Match> search_rows(const NibbleProbe& probe, int64_t first, int64_t last,
                                 int count) const;

  int dims_;
  int padded_;
  NibbleKernel kernel_;
  NibblePlane high_, low_;  // [size, padded_ / 2]
  std::vector<Row> rows_;
};

}  // namespace durward
