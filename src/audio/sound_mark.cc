#include "audio/sound_mark.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/random.h"
#include "base/sha256.h"

namespace durward {
namespace {

constexpr size_t kHashed = 8;  // samples that make a place

uint64_t hash_at(const std::vector<int16_t>& samples, size_t index) {
  uint64_t hash = 0;
  for (size_t i = 0; i < kHashed; ++i) {
    hash = hash * 0x100000001b3u + static_cast<uint16_t>(samples[index + i]);
  }
  return Random(hash).next();
}

int16_t to_16_bits(float sample) {
  return static_cast<int16_t>(std::clamp(std::nearbyint(sample * 32'768.f), -32'768.f, 32'767.f));
}

}  // namespace

std::string SoundMarks::next(std::span<const float> block) {
  const size_t before = heard_.size();
  std::transform(block.begin(), block.end(), std::back_inserter(heard_), to_16_bits);
  if (heard_.size() < kDigested || block.empty()) return {};
  // As many places as the block has samples, each a sample later than the last one of the block
  // before could see.
  const size_t end = heard_.size() - kDigested + 1;
  const size_t first = before < kDigested ? 0 : before - kDigested + 1;
  size_t place = first;
  uint64_t highest = 0;
  for (size_t i = first; i < end; ++i) {
    const uint64_t hash = hash_at(heard_, i);
    if (hash > highest) {
      highest = hash;
      place = i;
    }
  }
  const std::span<const int16_t> digested = std::span(heard_).subspan(place, kDigested);
  const bool silent = std::all_of(digested.begin(), digested.end(),
                                  [&](int16_t sample) { return sample == digested[0]; });
  std::string digest = silent ? std::string() : sha256_hex(std::as_bytes(digested));
  heard_.erase(heard_.begin(), heard_.end() - static_cast<std::ptrdiff_t>(kDigested - 1));
  return digest;
}

}  // namespace durward
