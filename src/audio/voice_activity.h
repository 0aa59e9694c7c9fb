// Where somebody speaks, so that pauses can be cut out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "data/voice_spec.h"
#include "runtimes/runtime.h"

namespace durward {

// One thread at a time may use it.
class VoiceActivityDetector {
 public:
  virtual ~VoiceActivityDetector() = default;

  // Of a frame, at 16,000 a second.
  [[nodiscard]] virtual int frame_samples() const = 0;

  // Begins a recording: nothing is left of the one before.
  [[nodiscard]] virtual absl::Status begin() = 0;
  // Whether there is speech in the recording's next frame, of frame_samples().
  [[nodiscard]] virtual absl::StatusOr<bool> hears(std::span<const float> frame) = 0;

  // 1 for each whole frame of a recording with speech, 0 for one without, in order; a rest shorter
  // than a frame has none.
  [[nodiscard]] absl::StatusOr<std::vector<uint8_t>> detect(std::span<const float> samples);
};

// WebRTC's detector (Gaussian mixtures on six bands), aggressiveness 3 of 0..3, frames of 30 ms.
// Unavailable where Debian's libwebrtc-audio-processing1 is not installed.
[[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_webrtc_vad();

// Silero's detector (silero_vad 6, at 16 kHz), frames of 32 ms: a network with a memory, in any
// runtime. `model` takes 64 samples of the frame before and the frame, [1, 576]; the memory, [2, 1,
// 128]; and perhaps the sample rate, one int64; and gives a probability, [1, 1], and the memory. As
// its authors use it, speech begins at a probability of .5 and lasts until it falls below .35.
// InvalidArgument for a model of other inputs and outputs.
[[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_silero_vad(
    std::unique_ptr<RuntimeModel> model);

// The detector that a specification names; nullptr for none. FailedPrecondition for Silero's, which
// needs its model: it is given to whoever needs it. Errors: the detector's.
[[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_voice_activity_detector(
    VoiceActivity kind);

// Which frames are kept: those around which more than half of 8 (3 before, the frame, 4 after) have
// speech, and 3 on either side of each of them. So a word keeps its soft ends, a click is cut out,
// and so is what exceeds 5 frames of a pause. As Resemblyzer's trim_long_silences.
[[nodiscard]] std::vector<uint8_t> frames_to_keep(std::span<const uint8_t> speech);

}  // namespace durward
