// The recording that data/make_reference.py makes, of integers alone: four seconds of soft noise
// and, every other half second, a saw-tooth besides.
#pragma once

#include <cstdint>

#include "audio/data/reference.h"
#include "data/audio.h"

namespace durward {

inline Audio reference_recording() {
  Audio audio{.sample_rate = 16'000, .samples = {}};
  uint32_t state = 1;
  for (int n = 0; n < 64'000; ++n) {
    state = state * 1'664'525 + 1'013'904'223;
    int value = static_cast<int>(state >> 24) - 128;
    const int segment = n / 8'000;
    if (segment % 2 == 1) {
      const int period = 160 - 10 * segment;
      value += 8'000 * (n % period) / period - 4'000;
    }
    audio.samples.push_back(static_cast<float>(value) / 32'768.f);
  }
  return audio;
}

}  // namespace durward
