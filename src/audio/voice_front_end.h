// A recording to what a speaker model takes: level, pauses, mel spectra, partials; as VoiceSpec
// describes it, the same for calibration, evaluation and on a device.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audio/mel.h"
#include "audio/voice_activity.h"
#include "data/audio.h"
#include "data/voice_spec.h"

namespace durward {

// A model's inputs, in the order of time. The recording's embedding is the mean of theirs, each
// scaled to length 1, scaled to length 1.
struct VoicePartials {
  int64_t count = 0;          // at least 1
  std::vector<float> values;  // [count][partial_frames][bands]
};

// The frames at which the partials of a recording begin: every partial_step, as long as one is
// needed to reach the end, less the last where too little of it is filled. At least the first.
[[nodiscard]] std::vector<int64_t> partial_starts(int64_t samples, const VoiceSpec& spec);

// One thread at a time may use it.
class VoiceFrontEnd {
 public:
  // Errors: check_voice_spec's and create_voice_activity_detector's.
  [[nodiscard]] static absl::StatusOr<VoiceFrontEnd> create(const VoiceSpec& spec);
  // With the detector that the specification names, or none where it names none.
  [[nodiscard]] static absl::StatusOr<VoiceFrontEnd> create(
      const VoiceSpec& spec, std::unique_ptr<VoiceActivityDetector> detector);

  // What is said in a recording (of any sample rate): resampled, raised to the level, without
  // pauses. InvalidArgument: it is silent, or nobody speaks; the errors of resample and of the
  // detector.
  [[nodiscard]] absl::StatusOr<std::vector<float>> speech(const Audio& recording);

  // The power (mean square) of those samples, at the level that they have in the recording. Errors:
  // speech's.
  [[nodiscard]] absl::StatusOr<double> speech_power(const Audio& recording);

  // Of what speech() gave, or a part of it. InvalidArgument where there are no samples.
  [[nodiscard]] absl::StatusOr<VoicePartials> partials(std::span<const float> speech);

  [[nodiscard]] const VoiceSpec& spec() const { return spec_; }

 private:
  VoiceFrontEnd(const VoiceSpec& spec, MelSpectrum mel,
                std::unique_ptr<VoiceActivityDetector> detector)
      : spec_(spec), mel_(std::move(mel)), detector_(std::move(detector)) {}

  // Whether each sample is kept, of a recording at the specification's rate and level; a rest
  // shorter than the detector's frame is not. All are without a detector.
  absl::StatusOr<std::vector<uint8_t>> kept_samples(std::span<const float> samples);

  VoiceSpec spec_;
  MelSpectrum mel_;
  std::unique_ptr<VoiceActivityDetector> detector_;
};

}  // namespace durward
