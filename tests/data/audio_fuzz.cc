#include <cmath>
#include <cstdint>

#include "data/audio.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto audio =
      durward::decode_audio(std::as_bytes(std::span(data, size)), "fuzz", {.max_samples = 1 << 20});
  if (!audio.ok()) return 0;
  if (audio->samples.empty() || audio->samples.size() > 1 << 20) __builtin_trap();
  if (audio->sample_rate < durward::kMinSampleRate) __builtin_trap();
  for (const float sample : audio->samples) {
    if (!(std::abs(sample) <= durward::kMaxSample)) __builtin_trap();
  }
  return 0;
}
