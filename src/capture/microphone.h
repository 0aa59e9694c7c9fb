// Where samples come from: cameras and microphones as one source each, which waits with a time
// limit, ends a wait when it is told to, and says clearly when it is lost. This folder captures;
// what is done with pictures and sound is none of its concern.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace durward {

inline constexpr int kMicrophoneRate = 16'000;  // samples per second

// One channel, full scale -1..1.
struct SoundBlock {
  std::vector<float> samples;
  int64_t taken_ms = 0;  // when the last sample was taken, by CLOCK_MONOTONIC
};

struct MicrophoneOptions {
  int block_samples = 800;  // of each block, 16..16,000
  double speed = 1;  // a sound file is played so many times as fast as it was recorded, 0.1..40
  // Another clock than CLOCK_MONOTONIC, and how to wait for it; both or neither. For tests.
  std::function<int64_t()> now_ms = {};
  std::function<void(int64_t until_ms)> wait_until = {};
};

// One thread at a time, stop() from any.
class Microphone {
 public:
  virtual ~Microphone() = default;

  // Names the device; the same as long as it is the same device.
  [[nodiscard]] virtual const std::string& source() const = 0;
  // The next block, each taken later than the one before. DeadlineExceeded where none is whole
  // before `until_ms`; what came of it is in the next one. Cancelled after stop(). Unavailable
  // where the device is lost: unplugged, or it fails.
  [[nodiscard]] virtual absl::StatusOr<SoundBlock> next(int64_t until_ms) = 0;
  // Ends a next() that waits, soon, and all that follow until restart().
  virtual void stop() = 0;
  // Forgets a stop and what waited in buffers, and opens a lost device anew; a sound file is read
  // anew and begins from its first sample. Errors: those of open_microphone.
  [[nodiscard]] virtual absl::Status restart() = 0;
  // How often since restart() sound was lost, because nobody fetched it in time. A block is without
  // a gap; the gap lies before it.
  [[nodiscard]] virtual int64_t overruns() const = 0;
};

// "alsa:DEVICE", an ALSA PCM: "alsa:default", "alsa:plughw:1,0", or one of a file plug-in; or a
// sound file (WAV, FLAC, Ogg), which is played at the pace that it was recorded at, and after which
// there is silence. A PCM that gives samples faster than sound arrives is slowed down to it.
// Errors: NotFound where there is no such device or file, PermissionDenied, Unavailable where it is
// in use or fails, InvalidArgument where it does not give 16 kHz; each says what to do.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Microphone>> open_microphone(
    const std::string& place, const MicrophoneOptions& options = {});

}  // namespace durward
