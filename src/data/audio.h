// Recordings: reading them from files that may be anything, and another sample rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// One channel of samples, full scale -1..1. A float file may go above full scale, by kMaxSample.
struct Audio {
  int sample_rate = 0;  // samples per second
  std::vector<float> samples = {};

  [[nodiscard]] double seconds() const {
    return sample_rate > 0 ? static_cast<double>(samples.size()) / sample_rate : 0;
  }
};

inline constexpr int kMinSampleRate = 8'000, kMaxSampleRate = 384'000;
inline constexpr float kMaxSample = 8;

struct AudioLimits {
  int64_t max_bytes = int64_t{256} << 20;   // of the file
  int64_t max_samples = int64_t{64} << 20;  // of a channel: 64 Mi, 70 minutes at 16 kHz
  int max_channels = 16;
};

// Decodes a WAV, FLAC or Ogg (Vorbis, Opus) recording, told by its content, not its name; integer
// samples of any width become floats, several channels their mean. Memory is taken for one channel,
// and not before its length is known to be within the limit. `name` stands in the errors:
// InvalidArgument (no such recording, a damaged one, no samples, a sample rate outside
// kMinSampleRate..kMaxSampleRate, samples that are not finite or beyond kMaxSample), DataLoss
// (truncated), ResourceExhausted (longer than the limit, or more channels).
[[nodiscard]] absl::StatusOr<Audio> decode_audio(std::span<const std::byte> bytes,
                                                 std::string_view name,
                                                 const AudioLimits& limits = {});

// The same from a file; also the errors of read_file.
[[nodiscard]] absl::StatusOr<Audio> read_audio(const std::filesystem::path& path,
                                               const AudioLimits& limits = {});

// The same recording with `sample_rate` samples per second, kMinSampleRate..kMaxSampleRate:
// band-limited (soxr, HQ: 20 bits), ceil(n * sample_rate / audio.sample_rate) samples, the first at
// the same instant. InvalidArgument for an empty recording or another rate.
[[nodiscard]] absl::StatusOr<Audio> resample(Audio audio, int sample_rate);

}  // namespace durward
