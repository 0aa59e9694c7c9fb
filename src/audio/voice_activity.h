// Where somebody speaks, so that pauses can be cut out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "data/voice_spec.h"

namespace durward {

// One thread at a time may use it.
class VoiceActivityDetector {
 public:
  virtual ~VoiceActivityDetector() = default;

  // Of a frame, at 16,000 a second.
  [[nodiscard]] virtual int frame_samples() const = 0;

  // 1 for each whole frame with speech, 0 for one without, in order; a rest shorter than a frame
  // has none. Each recording is judged by itself: nothing is left of the one before.
  [[nodiscard]] virtual absl::StatusOr<std::vector<uint8_t>> detect(
      std::span<const float> samples) = 0;
};

// WebRTC's detector (Gaussian mixtures on six bands), aggressiveness 3 of 0..3, frames of 30 ms.
// Unavailable where Debian's libwebrtc-audio-processing1 is not installed.
[[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_webrtc_vad();

// The detector that a specification names; nullptr for none. Errors: the detector's.
[[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_voice_activity_detector(
    VoiceActivity kind);

// Which frames are kept: those around which more than half of 8 (3 before, the frame, 4 after) have
// speech, and 3 on either side of each of them. So a word keeps its soft ends, a click is cut out,
// and so is what exceeds 5 frames of a pause. As Resemblyzer's trim_long_silences.
[[nodiscard]] std::vector<uint8_t> frames_to_keep(std::span<const uint8_t> speech);

}  // namespace durward
