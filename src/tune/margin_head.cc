#include "tune/margin_head.h"

#include <cmath>
#include <map>
#include <numbers>

namespace durward {
namespace {

constexpr double kScale = 64, kMargin = 0.5;  // as published
constexpr double kLargestCosine = 1 - 1e-6;   // the derivative of acos is infinite at 1

}  // namespace

absl::StatusOr<MarginHead> MarginHead::create(std::span<const int32_t> person_of_sample,
                                              std::span<const int64_t> training,
                                              const at::Tensor& teacher) {
  MarginHead head;
  head.centre_of_sample_.assign(person_of_sample.size(), -1);
  std::map<int32_t, int64_t> centre_of_person;
  for (const int64_t sample : training) {
    const int32_t person = person_of_sample[static_cast<size_t>(sample)];
    const auto [entry, added] =
        centre_of_person.emplace(person, static_cast<int64_t>(centre_of_person.size()));
    head.centre_of_sample_[static_cast<size_t>(sample)] = entry->second;
  }
  const auto people = static_cast<int64_t>(centre_of_person.size());
  if (people < 2) {
    return absl::InvalidArgumentError(
        "the pictures to fine-tune on are all of one person: a margin between people needs "
        "several, each in a folder of their own; some hundreds are better");
  }
  head.centres_ = at::zeros({people, teacher.size(1)}, at::kFloat);
  for (const int64_t sample : training) {
    head.centres_[head.centre_of_sample_[static_cast<size_t>(sample)]] += teacher[sample];
  }
  head.centres_ = head.centres_ / head.centres_.norm(2, {1}, true).clamp_min(1e-12);
  head.centres_.requires_grad_();
  return head;
}

at::Tensor MarginHead::loss(const at::Tensor& students, std::span<const int64_t> samples) const {
  std::vector<int64_t> own;
  for (const int64_t sample : samples)
    own.push_back(centre_of_sample_[static_cast<size_t>(sample)]);
  const at::Tensor targets = torch::tensor(own).unsqueeze(1);
  const at::Tensor centres = centres_ / centres_.norm(2, {1}, true).clamp_min(1e-12);
  const at::Tensor cosines = students.mm(centres.t()).clamp(-kLargestCosine, kLargestCosine);
  const at::Tensor angle = cosines.gather(1, targets).acos();
  // Beyond a straight angle the cosine rises again: there the margin is one of the cosine.
  const at::Tensor moved = at::where(angle + kMargin < std::numbers::pi, (angle + kMargin).cos(),
                                     angle.cos() - kMargin * std::sin(kMargin));
  const at::Tensor logits = kScale * cosines.scatter(1, targets, moved);
  return at::nll_loss(at::log_softmax(logits, 1), targets.squeeze(1));
}

}  // namespace durward
