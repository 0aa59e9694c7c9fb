// Additive angular margin (ArcFace: Deng et al., CVPR 2019): embeddings of one person are drawn to
// a centre of theirs, and from the centres of others by a margin more than telling them apart
// needs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "tune/torch.h"

namespace durward {

class MarginHead {
 public:
  // Of the people of the training samples. Each centre begins as the mean of the teacher's
  // embeddings of that person, rows [samples, dimensions] of unit length. InvalidArgument where
  // there is only one person.
  [[nodiscard]] static absl::StatusOr<MarginHead> create(std::span<const int32_t> person_of_sample,
                                                         std::span<const int64_t> training,
                                                         const at::Tensor& teacher);

  // [people, dimensions], to be trained; a leaf that requires its gradient.
  [[nodiscard]] at::Tensor& centres() { return centres_; }

  // Cross entropy of scale * cos(angle + margin) to the own centre among scale * cos(angle) to the
  // others. `students`: rows of unit length of `samples`, which are training samples.
  [[nodiscard]] at::Tensor loss(const at::Tensor& students, std::span<const int64_t> samples) const;

 private:
  std::vector<int64_t> centre_of_sample_;  // of all samples; -1 of those not trained on
  at::Tensor centres_;
};

}  // namespace durward
