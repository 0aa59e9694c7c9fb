#include "audio/voice_front_end.h"

#include <algorithm>
#include <utility>

#include "audio/level.h"

namespace durward {
namespace {

std::vector<float> select(std::span<const float> samples, std::span<const uint8_t> kept) {
  std::vector<float> selected;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (kept[i] != 0) selected.push_back(samples[i]);
  }
  return selected;
}

}  // namespace

std::vector<int64_t> partial_starts(int64_t samples, const VoiceSpec& spec) {
  const int64_t frames = samples / spec.hop + 1;
  const int64_t end = std::max<int64_t>(1, frames - spec.partial_frames + spec.partial_step + 1);
  std::vector<int64_t> starts;
  for (int64_t start = 0; start < end; start += spec.partial_step) starts.push_back(start);
  const auto filled = static_cast<double>(samples - starts.back() * spec.hop);
  if (starts.size() > 1 &&
      filled < spec.least_filled * static_cast<double>(spec.partial_frames) * spec.hop) {
    starts.pop_back();
  }
  return starts;
}

absl::StatusOr<VoiceFrontEnd> VoiceFrontEnd::create(const VoiceSpec& spec) {
  DURWARD_RETURN_IF_ERROR(check_voice_spec(spec));
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<VoiceActivityDetector> detector,
                           create_voice_activity_detector(spec.voice_activity));
  return create(spec, std::move(detector));
}

absl::StatusOr<VoiceFrontEnd> VoiceFrontEnd::create(
    const VoiceSpec& spec, std::unique_ptr<VoiceActivityDetector> detector) {
  DURWARD_ASSIGN_OR_RETURN(MelSpectrum mel, MelSpectrum::create(spec));
  return VoiceFrontEnd(spec, std::move(mel), std::move(detector));
}

absl::StatusOr<std::vector<uint8_t>> VoiceFrontEnd::kept_samples(std::span<const float> samples) {
  if (mean_power(samples) == 0) {
    return absl::InvalidArgumentError("the recording is silent: every sample is 0");
  }
  if (detector_ == nullptr) return std::vector<uint8_t>(samples.size(), 1);
  DURWARD_ASSIGN_OR_RETURN(const std::vector<uint8_t> frames, detector_->detect(samples));
  const std::vector<uint8_t> keep = frames_to_keep(frames);
  if (std::find(keep.begin(), keep.end(), 1) == keep.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("nobody speaks in it, as far as the voice activity detector hears: ",
                     static_cast<double>(samples.size()) / spec_.sample_rate,
                     " s of noise or silence, or shorter than about .2 s"));
  }
  std::vector<uint8_t> kept(samples.size(), 0);
  const auto frame = static_cast<size_t>(detector_->frame_samples());
  for (size_t i = 0; i < keep.size(); ++i) {
    std::fill_n(kept.begin() + static_cast<std::ptrdiff_t>(i * frame), frame, keep[i]);
  }
  return kept;
}

absl::StatusOr<std::vector<float>> VoiceFrontEnd::speech(const Audio& recording) {
  DURWARD_ASSIGN_OR_RETURN(Audio audio, resample(recording, spec_.sample_rate));
  raise_level(audio.samples, spec_.level_dbfs);
  DURWARD_ASSIGN_OR_RETURN(const std::vector<uint8_t> kept, kept_samples(audio.samples));
  return select(audio.samples, kept);
}

absl::StatusOr<double> VoiceFrontEnd::speech_power(const Audio& recording) {
  DURWARD_ASSIGN_OR_RETURN(const Audio audio, resample(recording, spec_.sample_rate));
  std::vector<float> levelled = audio.samples;
  raise_level(levelled, spec_.level_dbfs);
  DURWARD_ASSIGN_OR_RETURN(const std::vector<uint8_t> kept, kept_samples(levelled));
  return mean_power(select(audio.samples, kept));
}

absl::StatusOr<VoicePartials> VoiceFrontEnd::partials(std::span<const float> speech) {
  if (speech.empty()) return absl::InvalidArgumentError("no samples to make partials of");
  const std::vector<int64_t> starts = partial_starts(static_cast<int64_t>(speech.size()), spec_);
  const auto bands = static_cast<size_t>(spec_.bands);
  const int64_t frames = starts.back() + spec_.partial_frames;
  std::vector<float> spectra(static_cast<size_t>(frames) * bands);
  for (int64_t i = 0; i < frames; ++i) {
    mel_.frame(speech, i, std::span(spectra).subspan(static_cast<size_t>(i) * bands, bands));
  }
  VoicePartials partials{.count = static_cast<int64_t>(starts.size()), .values = {}};
  const auto size = static_cast<std::ptrdiff_t>(bands) * spec_.partial_frames;
  partials.values.reserve(starts.size() * static_cast<size_t>(size));
  for (const int64_t start : starts) {
    const auto first = spectra.begin() + start * static_cast<std::ptrdiff_t>(bands);
    partials.values.insert(partials.values.end(), first, first + size);
  }
  return partials;
}

}  // namespace durward
