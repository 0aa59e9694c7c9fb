#include "audio/voice_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "audio/level.h"
#include "audio/voice_front_end.h"

namespace durward {
namespace {

// Whether frame i is kept depends on the frames up to i + 7 (frames_to_keep).
constexpr size_t kFramesAhead = 7;
// What the detector hears is raised no more than by this (24 dB): silence before a word stays soft.
constexpr double kMostDetectorGain = 16;

double gain_to(double level_dbfs, double power) {
  if (!(power > 0)) return 1;
  return std::max(1., std::pow(10, (level_dbfs - 10 * std::log10(power)) / 20));
}

}  // namespace

VoiceStream::VoiceStream(const VoiceSpec& spec, MelSpectrum mel,
                         std::unique_ptr<VoiceActivityDetector> detector)
    : spec_(spec),
      mel_(std::move(mel)),
      detector_(std::move(detector)),
      frame_(static_cast<size_t>(detector_->frame_samples())) {}

absl::StatusOr<VoiceStream> VoiceStream::create(const VoiceSpec& spec,
                                                std::unique_ptr<VoiceActivityDetector> detector) {
  if (detector == nullptr || spec.sample_rate != 16'000) {
    return absl::InvalidArgumentError(
        "a voice is heard at 16,000 samples per second with a voice activity detector");
  }
  DURWARD_ASSIGN_OR_RETURN(MelSpectrum mel, MelSpectrum::create(spec));
  VoiceStream stream(spec, std::move(mel), std::move(detector));
  DURWARD_RETURN_IF_ERROR(stream.begin());
  return stream;
}

absl::Status VoiceStream::begin() {
  heard_.clear();
  powers_.clear();
  speech_.clear();
  kept_.clear();
  spectra_.clear();
  heard_power_ = kept_power_ = 0;
  last_speech_ = -1;
  decided_ = 0;
  spectra_count_ = partials_ = 0;
  return detector_->begin();
}

absl::Status VoiceStream::push(std::span<const float> samples) {
  if (std::ssize(heard_) + std::ssize(samples) > kMostSeconds * spec_.sample_rate) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMostSeconds, " s of sound in one recording"));
  }
  heard_.insert(heard_.end(), samples.begin(), samples.end());
  std::vector<float> raised(frame_);
  while (heard_.size() >= (speech_.size() + 1) * frame_) {
    const auto frame = std::span(heard_).subspan(speech_.size() * frame_, frame_);
    powers_.push_back(mean_power(frame));
    heard_power_ += powers_.back();
    const double gain =
        std::min(kMostDetectorGain,
                 gain_to(spec_.level_dbfs, heard_power_ / static_cast<double>(powers_.size())));
    std::transform(frame.begin(), frame.end(), raised.begin(),
                   [&](float sample) { return static_cast<float>(sample * gain); });
    DURWARD_ASSIGN_OR_RETURN(const bool speaks, detector_->hears(raised));
    if (speaks) last_speech_ = std::ssize(speech_);
    speech_.push_back(speaks ? 1 : 0);
  }
  if (speech_.size() > kFramesAhead) decide(speech_.size() - kFramesAhead);
  // Spectra whose windows are filled: none of what comes changes them.
  const auto kept = std::ssize(kept_);
  const int64_t half = spec_.fft / 2;
  add_spectra(kept < half ? 0 : (kept - half) / spec_.hop + 1);
  partials_ = spectra_count_ < spec_.partial_frames
                  ? 0
                  : (spectra_count_ - spec_.partial_frames) / spec_.partial_step + 1;
  return absl::OkStatus();
}

// The frames before `frames`.
void VoiceStream::decide(size_t frames) {
  if (frames <= decided_) return;
  const std::vector<uint8_t> keep = frames_to_keep(speech_);
  for (; decided_ < frames; ++decided_) {
    if (keep[decided_] == 0) continue;
    const auto frame = std::span(heard_).subspan(decided_ * frame_, frame_);
    kept_.insert(kept_.end(), frame.begin(), frame.end());
    kept_power_ += powers_[decided_] * static_cast<double>(frame_);
  }
}

void VoiceStream::add_spectra(int64_t count) {
  const auto bands = static_cast<size_t>(spec_.bands);
  if (count <= spectra_count_) return;
  spectra_.resize(static_cast<size_t>(count) * bands);
  for (; spectra_count_ < count; ++spectra_count_) {
    mel_.frame(kept_, spectra_count_,
               std::span(spectra_).subspan(static_cast<size_t>(spectra_count_) * bands, bands));
  }
}

absl::Status VoiceStream::finish() {
  decide(speech_.size());
  if (kept_.empty()) {
    return absl::InvalidArgumentError("nobody speaks, as far as the detector hears");
  }
  const std::vector<int64_t> starts = partial_starts(std::ssize(kept_), spec_);
  add_spectra(starts.back() + spec_.partial_frames);
  partials_ = std::ssize(starts);
  return absl::OkStatus();
}

VoiceQuality VoiceStream::quality() const {
  return voice_quality(powers_, speech_, frame_seconds());
}

double VoiceStream::frame_seconds() const {
  return static_cast<double>(frame_) / spec_.sample_rate;
}

double VoiceStream::silent_seconds() const {
  return static_cast<double>(std::ssize(speech_) - 1 - last_speech_) * frame_seconds();
}

double VoiceStream::kept_seconds() const {
  return static_cast<double>(kept_.size()) / spec_.sample_rate;
}

double VoiceStream::gain() const {
  return kept_.empty() ? 1
                       : gain_to(spec_.level_dbfs, kept_power_ / static_cast<double>(kept_.size()));
}

std::vector<float> VoiceStream::partial(int64_t index) const {
  const auto size = static_cast<size_t>(spec_.partial_frames) * static_cast<size_t>(spec_.bands);
  const auto first =
      static_cast<size_t>(index * spec_.partial_step) * static_cast<size_t>(spec_.bands);
  std::vector<float> values(spectra_.begin() + static_cast<std::ptrdiff_t>(first),
                            spectra_.begin() + static_cast<std::ptrdiff_t>(first + size));
  // Spectra are of power.
  const double raise = gain() * gain();
  if (raise > 1) {
    for (float& value : values) value = static_cast<float>(value * raise);
  }
  return values;
}

}  // namespace durward
