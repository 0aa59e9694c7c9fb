#include "audio/voice_condition.h"

#include <absl/strings/numbers.h>

#include <cmath>
#include <string>

#include "audio/level.h"
#include "base/random.h"

namespace durward {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(std::string(text), &value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

absl::Status bad_condition(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text),
      "\" is no condition; expected cut=SECONDSs, as cut=2s, or snr=DB:FILE, as snr=10:noise.wav, "
      "each once"));
}

}  // namespace

absl::Status add_condition(std::string_view text, VoiceCondition& condition) {
  constexpr std::string_view kCut = "cut=", kSnr = "snr=";
  constexpr double kMaxDb = 100;
  if (text.starts_with(kCut) && text.ends_with('s') && !condition.seconds) {
    condition.seconds = number(text.substr(kCut.size(), text.size() - kCut.size() - 1));
    return condition.seconds && *condition.seconds > 0 ? absl::OkStatus() : bad_condition(text);
  }
  const size_t colon = text.find(':');
  if (!text.starts_with(kSnr) || colon == std::string_view::npos || condition.snr_db) {
    return bad_condition(text);
  }
  condition.snr_db = number(text.substr(kSnr.size(), colon - kSnr.size()));
  if (!condition.snr_db || std::abs(*condition.snr_db) > kMaxDb) return bad_condition(text);
  DURWARD_ASSIGN_OR_RETURN(Audio noise, read_audio(std::string(text.substr(colon + 1))));
  condition.noise = std::make_shared<const Audio>(std::move(noise));
  return absl::OkStatus();
}

absl::StatusOr<Audio> add_noise(VoiceFrontEnd& front_end, const Audio& recording,
                                const VoiceCondition& condition, uint64_t seed) {
  const int rate = front_end.spec().sample_rate;
  DURWARD_ASSIGN_OR_RETURN(Audio audio, resample(recording, rate));
  DURWARD_ASSIGN_OR_RETURN(const double speech, front_end.speech_power(audio));
  DURWARD_ASSIGN_OR_RETURN(const Audio noise, resample(*condition.noise, rate));
  std::vector<float> added(audio.samples.size());
  // Any place from which the noise lasts; any place at all of a noise that is repeated.
  const size_t places = noise.samples.size() > added.size()
                            ? noise.samples.size() - added.size() + 1
                            : noise.samples.size();
  const size_t place = Random(seed).below(places);
  for (size_t i = 0; i < added.size(); ++i) {
    added[i] = noise.samples[(place + i) % noise.samples.size()];
  }
  const double power = mean_power(added);
  if (power == 0) return absl::InvalidArgumentError("the noise is silent where it was taken");
  const double gain = std::sqrt(speech / power * std::pow(10, -*condition.snr_db / 10));
  for (size_t i = 0; i < added.size(); ++i) {
    audio.samples[i] = static_cast<float>(audio.samples[i] + gain * added[i]);
  }
  return audio;
}

absl::StatusOr<VoicePartials> voice_partials(VoiceFrontEnd& front_end, const Audio& recording,
                                             const VoiceCondition& condition, uint64_t seed) {
  std::vector<float> speech;
  if (condition.snr_db) {
    DURWARD_ASSIGN_OR_RETURN(const Audio noisy, add_noise(front_end, recording, condition, seed));
    DURWARD_ASSIGN_OR_RETURN(speech, front_end.speech(noisy));
  } else {
    DURWARD_ASSIGN_OR_RETURN(speech, front_end.speech(recording));
  }
  if (condition.seconds) {
    const double samples = *condition.seconds * front_end.spec().sample_rate;
    if (samples < static_cast<double>(speech.size())) {
      speech.resize(std::max<size_t>(1, static_cast<size_t>(samples)));
    }
  }
  return front_end.partials(speech);
}

}  // namespace durward
