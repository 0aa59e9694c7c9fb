#include "audio/speaker_stream.h"

#include <cmath>
#include <numeric>

namespace durward {
namespace {

absl::Status scale_to_length_1(std::vector<float>& values) {
  const double length =
      std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0., std::plus<>(),
                                   [](float a, float b) { return double{a} * double{b}; }));
  if (!std::isfinite(length) || length == 0) {
    return absl::InvalidArgumentError(
        length == 0 ? "the speaker model gives a zero embedding"
                    : "the speaker model gives an embedding that is not finite");
  }
  for (float& value : values) value = static_cast<float>(value / length);
  return absl::OkStatus();
}

}  // namespace

absl::Status SpeakerStream::begin() {
  parts_.clear();
  embedding_.clear();
  return voice_.begin();
}

absl::StatusOr<SpeakerStream::Part> SpeakerStream::embed(int64_t index) {
  DURWARD_ASSIGN_OR_RETURN(std::vector<float> embedding, embedder_.embed(voice_.partial(index)));
  DURWARD_RETURN_IF_ERROR(scale_to_length_1(embedding));
  return Part{voice_.gain(), std::move(embedding)};
}

absl::Status SpeakerStream::push(std::span<const float> samples) {
  DURWARD_RETURN_IF_ERROR(voice_.push(samples));
  while (std::ssize(parts_) < voice_.partials()) {
    DURWARD_ASSIGN_OR_RETURN(Part part, embed(std::ssize(parts_)));
    parts_.push_back(std::move(part));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<float>> SpeakerStream::embedding() {
  if (!embedding_.empty()) return embedding_;
  DURWARD_RETURN_IF_ERROR(voice_.finish());
  std::vector<float> sum(static_cast<size_t>(embedder_.dims()));
  for (int64_t i = 0; i < voice_.partials(); ++i) {
    const auto index = static_cast<size_t>(i);
    if (index == parts_.size()) parts_.emplace_back();
    Part& part = parts_[index];
    const double off_db = 20 * std::log10(part.gain / voice_.gain());
    if (part.embedding.empty() || std::abs(off_db) > kGainToleranceDb) {
      DURWARD_ASSIGN_OR_RETURN(part, embed(i));
    }
    for (size_t k = 0; k < sum.size(); ++k) sum[k] += part.embedding[k];
  }
  DURWARD_RETURN_IF_ERROR(scale_to_length_1(sum));
  embedding_ = sum;
  return sum;
}

}  // namespace durward
