// What tells a sound from every other: a digest by which the same recording is known again, at
// whatever sample it begins.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace durward {

// Of a stream that comes in blocks. In each block's reach the place is searched where a hash of the
// samples is highest; what follows there is digested. A recording that is played again, some
// samples sooner or later, has most of its places where they were. One thread at a time.
class SoundMarks {
 public:
  static constexpr size_t kDigested = 512;  // samples

  void begin() { heard_.clear(); }
  // SHA-256 of kDigested samples, of 16 bits, that end within the block or before it. Empty in the
  // beginning, and where the sound may well repeat: digital silence.
  [[nodiscard]] std::string next(std::span<const float> block);

 private:
  std::vector<int16_t> heard_;  // what may still be in reach
};

}  // namespace durward
