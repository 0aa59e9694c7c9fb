#include <soxr.h>

#include "base/checked.h"
#include "data/audio.h"

namespace durward {

absl::StatusOr<Audio> resample(Audio audio, int sample_rate) {
  for (const int rate : {audio.sample_rate, sample_rate}) {
    if (rate < kMinSampleRate || rate > kMaxSampleRate) {
      return absl::InvalidArgumentError(absl::StrCat(rate, " samples per second; expected ",
                                                     kMinSampleRate, " to ", kMaxSampleRate));
    }
  }
  if (audio.samples.empty()) return absl::InvalidArgumentError("an empty recording");
  if (audio.sample_rate == sample_rate) return audio;
  const std::optional<int64_t> product =
      checked_mul(static_cast<int64_t>(audio.samples.size()), sample_rate);
  if (!product) return absl::InvalidArgumentError("the recording is too long to be resampled");
  const auto length = static_cast<size_t>((*product - 1) / audio.sample_rate + 1);
  Audio result{.sample_rate = sample_rate, .samples = std::vector<float>(length)};
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  size_t done = 0;
  const soxr_error_t error =
      soxr_oneshot(audio.sample_rate, sample_rate, 1, audio.samples.data(), audio.samples.size(),
                   nullptr, result.samples.data(), length, &done, nullptr, &quality, nullptr);
  if (error != nullptr) return absl::InternalError(absl::StrCat("resampling failed: ", error));
  return result;  // a last sample that soxr rounded away is the 0 that it was made as
}

}  // namespace durward
