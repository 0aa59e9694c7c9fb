#include "audio/voice_quality.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "audio/voice_activity.h"

namespace durward {
namespace {

// A 16-bit sample of 32,767 and its neighbour, with room for a converter's rounding.
constexpr float kFullScale = .9995f;
constexpr int kShortestRun = 3;
constexpr size_t kNoiseShare = 10;  // one in so many frames

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
}

}  // namespace

VoiceQuality voice_quality(std::span<const double> powers, std::span<const uint8_t> speech,
                           double frame_seconds) {
  const std::vector<uint8_t> kept = frames_to_keep(speech);
  std::vector<double> voice, noise;
  for (size_t i = 0; i < powers.size(); ++i) {
    (kept[i] != 0 ? voice : noise).push_back(powers[i]);
  }
  VoiceQuality quality{.seconds = static_cast<double>(voice.size()) * frame_seconds,
                       .level_dbfs = voice.empty() ? -INFINITY : 10 * std::log10(mean(voice)),
                       .snr_db = kLowestSnrDb};
  if (voice.empty()) return quality;
  const size_t tenth = std::max<size_t>(1, powers.size() / kNoiseShare);
  if (noise.size() < tenth) {
    noise.assign(powers.begin(), powers.end());
    std::nth_element(noise.begin(), noise.begin() + static_cast<std::ptrdiff_t>(tenth) - 1,
                     noise.end());
    noise.resize(tenth);
  }
  const double floor = mean(noise);
  const double ratio = floor > 0 ? mean(voice) / floor - 1 : INFINITY;
  quality.snr_db =
      ratio > 0 ? std::clamp(10 * std::log10(ratio), kLowestSnrDb, kHighestSnrDb) : kLowestSnrDb;
  return quality;
}

double clipped_share(std::span<const float> samples) {
  if (samples.empty()) return 0;
  int64_t clipped = 0, run = 0;
  const auto end_run = [&] {
    if (run >= kShortestRun) clipped += run;
    run = 0;
  };
  float side = 0;
  for (const float sample : samples) {
    const float here = sample >= kFullScale ? 1.f : sample <= -kFullScale ? -1.f : 0.f;
    if (here != side) end_run();
    side = here;
    if (here != 0) ++run;
  }
  end_run();
  return static_cast<double>(clipped) / static_cast<double>(samples.size());
}

bool is_digital_silence(std::span<const float> samples) {
  return std::all_of(samples.begin(), samples.end(),
                     [&](float sample) { return sample == samples[0]; });
}

}  // namespace durward
