// Recordings that tests make.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace durward {

// Samples of 16 bits, little-endian.
[[nodiscard]] inline std::string raw_bytes(std::span<const float> samples) {
  std::string bytes;
  for (const float sample : samples) {
    const auto value =
        static_cast<int>(std::clamp(std::nearbyint(sample * 32'768.f), -32'768.f, 32'767.f));
    bytes += static_cast<char>(value);
    bytes += static_cast<char>(value >> 8);
  }
  return bytes;
}

// A WAV of 16 bits, one channel, 16 kHz.
[[nodiscard]] inline std::string wav_bytes(std::span<const float> samples) {
  const auto word = [](size_t value) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
  };
  const std::string data = raw_bytes(samples);
  return "RIFF" + word(36 + data.size()) + "WAVEfmt " + word(16) + std::string("\1\0\1\0", 4) +
         word(16'000) + word(32'000) + std::string("\2\0\x10\0", 4) + "data" + word(data.size()) +
         data;
}

// White noise within +-amplitude.
[[nodiscard]] inline std::vector<float> white_noise(size_t count, float amplitude, uint32_t seed) {
  std::vector<float> samples(count);
  uint32_t state = seed;
  for (float& sample : samples) {
    state = state * 1'664'525 + 1'013'904'223;
    sample = (static_cast<float>(state >> 16) / 32'768.f - 1) * amplitude;
  }
  return samples;
}

}  // namespace durward
