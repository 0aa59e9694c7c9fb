// The one description of how a recording becomes a speaker model's input: level, pauses, mel
// spectrum, partials. As InputSpec for pictures: a small JSON file (docs/voice.md) or a named
// preset, and it travels in the bundle.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// What finds the speech, so that pauses are cut out.
enum class VoiceActivity : uint8_t {
  kNone,    // "none": nothing is cut out
  kWebRtc,  // "webrtc": WebRTC's detector, at its most aggressive
  kSilero,  // "silero": Silero's network, whose model is given beside the specification
};

// Samples and frames are those after resampling to `sample_rate`.
struct VoiceSpec {
  int sample_rate = 16'000;  // 8,000..48,000; 16,000 with a voice activity detector
  // Before anything else, a recording below this level (RMS, dB of full scale) is raised to it.
  double level_dbfs = -30;  // -100..0
  VoiceActivity voice_activity = VoiceActivity::kWebRtc;
  // The power spectrum of `window` samples (Hann, periodic) every `hop`, in the middle of a
  // transform of `fft` points; 2 <= hop, window <= fft <= 8,192, fft even.
  int window = 400;
  int hop = 160;
  int fft = 400;
  // Triangular bands of unit area, equally spaced on Slaney's mel scale between the two
  // frequencies, in Hz; 1..512 bands, 0 <= lowest < highest <= sample_rate / 2.
  int bands = 40;
  double lowest_hz = 0;
  double highest_hz = 8'000;
  // What the model takes at once: `partial_frames` spectra, every `partial_step`; the last partial
  // counts where at least `least_filled` of its samples, 0..1, are of the recording.
  int partial_frames = 160;  // 1..10,000
  int partial_step = 77;     // 1..partial_frames
  double least_filled = .75;

  bool operator==(const VoiceSpec&) const = default;
};

// The text of a voice specification, and back: to_json(*parse_voice_spec(text)) describes the same
// preprocessing. A key that is unknown, missing or of the wrong type is an InvalidArgument error
// that names it; `name` (of the file) stands before it.
[[nodiscard]] absl::StatusOr<VoiceSpec> parse_voice_spec(std::string_view json,
                                                         std::string_view name);
[[nodiscard]] std::string to_json(const VoiceSpec& spec);

// InvalidArgument, naming the field, unless the ranges above hold.
[[nodiscard]] absl::Status check_voice_spec(const VoiceSpec& spec);

// The conventions of models known by name. NotFound lists the names.
[[nodiscard]] absl::StatusOr<VoiceSpec> voice_preset(std::string_view name);
[[nodiscard]] std::vector<std::string_view> voice_preset_names();

}  // namespace durward
