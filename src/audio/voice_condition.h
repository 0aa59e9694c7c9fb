// Conditions that a speaker model is judged under: less speech, more noise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "audio/voice_front_end.h"
#include "data/audio.h"

namespace durward {

struct VoiceCondition {
  // Only so many seconds from the beginning of what is said; all of it where less is said.
  std::optional<double> seconds = {};
  // Noise, added to the recording before anything else at a random place of it; a shorter noise is
  // repeated. The ratio is of the power of the samples that the front end keeps of the recording
  // without noise to that of the added noise, in dB.
  std::optional<double> snr_db = {};
  std::shared_ptr<const Audio> noise = {};
};

// Adds to a condition what a text says: "cut=2s" (any number of seconds above 0) or
// "snr=10:noise.wav" (dB, -100..100, and a recording). InvalidArgument for another text or one said
// before; the errors of read_audio.
[[nodiscard]] absl::Status add_condition(std::string_view text, VoiceCondition& condition);

// The recording at the front end's rate, with the condition's noise added. Where in the noise a
// recording's part begins depends on `seed` alone. Errors: the front end's; InvalidArgument where
// the noise is silent there.
[[nodiscard]] absl::StatusOr<Audio> add_noise(VoiceFrontEnd& front_end, const Audio& recording,
                                              const VoiceCondition& condition, uint64_t seed);

// Where in the noise a recording's part begins depends on `seed` alone. Errors: the front end's;
// InvalidArgument where the noise is silent there.
[[nodiscard]] absl::StatusOr<VoicePartials> voice_partials(VoiceFrontEnd& front_end,
                                                           const Audio& recording,
                                                           const VoiceCondition& condition = {},
                                                           uint64_t seed = 0);

}  // namespace durward
