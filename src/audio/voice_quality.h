// How good a voice was recorded: enough of it, loud enough, not clipped, not drowned by noise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace durward {

// Estimates outside are these: beyond them there is nothing left to tell apart.
inline constexpr double kLowestSnrDb = -10, kHighestSnrDb = 40;

struct VoiceQuality {
  double seconds = 0;     // of speech, short pauses within it included
  double level_dbfs = 0;  // of the speech, root mean square; minus infinity of none
  double snr_db = 0;      // power of the speech to that of the noise, kLowestSnrDb..kHighestSnrDb
};

// Of the frames of a recording: the mean square of each and whether a detector hears speech in it.
// The speech is the frames that frames_to_keep() keeps. The noise is the mean of those that it does
// not, but of the softest tenth of all frames where fewer than a tenth are left over: read speech
// hardly has pauses. The speech's own power is what remains when the noise's is taken off.
[[nodiscard]] VoiceQuality voice_quality(std::span<const double> powers,
                                         std::span<const uint8_t> speech, double frame_seconds);

// The share of samples that lie in runs of 3 or more at full scale: where a wave has lost its top.
[[nodiscard]] double clipped_share(std::span<const float> samples);

// Whether every sample is the same: no microphone gives that, a muted or missing one does.
[[nodiscard]] bool is_digital_silence(std::span<const float> samples);

}  // namespace durward
